"""The command that deploys diagrams, decisions and forms into the town's database.

Comes in: paths and a reason. Goes out: new versions, or every problem and nothing stored. It never deploys a file that
has an error. It stands apart from ``check`` and ``test``, which need neither a database nor what opens it. Next:
``engine/definitions.py``.
"""

from __future__ import annotations

from pathlib import Path

import click

from engine import definitions
from engine.definitions import File
from engine.problems import Language, errors_among
from integrations.tasks import check_task
from web import settings
from web.cli.files import gather
from web.cli.processes import LANGUAGE, PATHS, tell_problem
from web.database import open_house

ACTOR = "system:cli"


@click.command("deploy")
@PATHS
@click.option("--message", "-m", required=True, help="Why, in one sentence.")
@LANGUAGE
def deploy(paths: tuple[Path, ...], message: str, lang: str) -> None:
    """Deploy the diagrams, decisions and forms under PATHS together, or nothing at all."""
    language: Language = "en" if lang == "en" else "fr"
    given = gather(paths)
    for problem in given.unreadable:
        tell_problem(problem, language)
    if given.unreadable:
        raise SystemExit(2)
    named = [File(Path(file.name).name, file.content) for file in given.files]
    house = open_house(settings.read())
    with house.begin(ACTOR) as unit:
        known = definitions.known_in(unit, check_task)
        problems = definitions.check(named, known).problems
        for problem in problems:
            tell_problem(problem, language)
        if errors_among(problems):
            raise SystemExit(1)
        deployed = definitions.deploy(unit, named, message=message, task_type=check_task)
    versions = len(deployed.definitions)
    click.echo(
        {
            "en": f"Files deployed: {len(named)}; new versions: {versions}.",
            "fr": f"Fichiers déployés : {len(named)} ; nouvelles versions : {versions}.",
        }[language]
    )


COMMANDS: list[click.Command] = [deploy]
