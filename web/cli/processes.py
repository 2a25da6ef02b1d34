"""Commands of the process owner: check and test diagrams, decisions and forms.

Comes in: paths. Goes out: every problem with its place and advice, every story with its verdict. It never opens the
town's database. Next: ``engine/definitions.py``, ``web/cli/deployment.py``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree as ET

import click

import bpmn
import forms
from engine import definitions, scenarios
from engine.definitions import File, Known
from engine.problems import Language, Problem, errors_among
from engine.scenario_language import Unusable
from engine.scenarios import LeftOut, Outcome
from web.cli.files import gather

PATHS = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
MOST_NAMED = 10
"""How many stories that were left out are named."""
LANGUAGE = click.option(
    "--lang",
    type=click.Choice(["fr", "en"]),
    default="fr",
    show_default=True,
    help="Language of the messages.",
)


class Unreadable(click.ClickException):
    """A path cannot be read."""

    exit_code = 2


# ---------------------------------------------------------------------- check


@click.command("check")
@PATHS
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Also write the problems as a JSON list."
)
@LANGUAGE
def check(paths: tuple[Path, ...], json_file: Path | None, lang: str) -> None:
    """Report every problem of diagrams, decisions, forms and scenarios under PATHS.

    References may also lead to the definitions shipped with Guichet. Exit code 0 without errors, 1 with
    errors, 2 when a path cannot be read.
    """
    language: Language = "en" if lang == "en" else "fr"
    given = gather(paths)
    problems = [
        *given.unreadable,
        *definitions.check(given.files, SHIPPED).problems,
        *_check_scenarios(given.stories),
    ]
    if json_file is not None:
        _write_json(json_file, [problem.as_json(language) for problem in problems])
    for problem in problems:
        tell_problem(problem, language)
    _sum_up(len(given.files) + len(given.stories), problems, language)
    raise SystemExit(2 if given.unreadable else 1 if errors_among(problems) else 0)


def _sum_up(count: int, problems: list[Problem], language: Language) -> None:
    errors = len(errors_among(problems))
    warnings = len(problems) - errors
    if language == "fr":
        files = f"{count} fichier{'s' if count > 1 else ''}"
        found = f"{_some(errors, 'erreur')}, {_some(warnings, 'avertissement')}"
        click.echo(f"{files} : {found if problems else 'rien à corriger'}.")
    else:
        files = f"{count} file{'' if count == 1 else 's'}"
        found = f"{_some(errors, 'error')}, {_some(warnings, 'warning')}"
        click.echo(f"{files}: {found if problems else 'nothing to mend'}.")


def _some(count: int, noun: str) -> str:
    """Return a number with its noun; zero of something is singular in French and plural in English."""
    plural = count > 1 or (count == 0 and noun in ("error", "warning"))
    return f"{count} {noun}{'s' if plural else ''}"


def _write_json(path: Path, records: list[dict[str, Any]]) -> None:
    """Write records so that any reader of JSON takes them, whatever bytes a name was made of.

    Raises:
        Unreadable: the file cannot be written.
    """
    text = json.dumps(records, ensure_ascii=False, indent=1) + "\n"
    try:
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise Unreadable(f"{path} cannot be written: {error.strerror}.") from error


class Shipped:
    """The keys of one kind that the installation brings along, read when the first of them is asked for."""

    def __init__(self, kind: Literal["bpmn", "dmn", "form"]) -> None:
        self.kind = kind

    def __contains__(self, key: object) -> bool:
        return key in _shipped(self.kind)


@functools.cache
def _shipped(kind: Literal["bpmn", "dmn", "form"]) -> frozenset[str]:
    files = [
        File(name, content)
        for domain in bpmn.domains()
        for name, content in [*bpmn.files(domain), *forms.files(domain)]
        if definitions.kind_of(name) == kind
    ]
    checked = definitions.check(files)
    processes = [process.process_id for _, process in checked.processes]
    decisions = [decision for _, decision, *_ in checked.decisions]
    return frozenset([*processes, *decisions, *(form for _, form, *_ in checked.forms)])


def _check_task(name: str, inputs: Collection[str]) -> list[Problem]:
    """Check a service task; the bridge, with all verbs behind it, is only read when a diagram has one."""
    from integrations.tasks import check_task  # noqa: PLC0415 - a quarter of the start of this command

    return check_task(name, inputs)


SHIPPED = Known(Shipped("bpmn"), Shipped("dmn"), Shipped("form"), _check_task)
"""What the installation brings along, so that references to it are whole."""


def _check_scenarios(stories: Iterable[Path]) -> list[Problem]:
    return [problem for story in stories for problem in scenarios.problems(story)]


def tell_problem(problem: Problem, language: Language) -> None:
    """Print a problem: where it stands, what it is, what to do."""
    place = f"{problem.file}:{problem.line}" if problem.line else problem.file
    words = {
        "error": {"fr": "erreur", "en": "error"},
        "warning": {"fr": "avertissement", "en": "warning"},
    }
    element = f" [{problem.element}]" if problem.element else ""
    head = f"{place}  {words[problem.severity][language]} {problem.code}{element}"
    click.secho(_plain(head), fg="red" if problem.severity == "error" else "yellow")
    click.echo(f"    {_plain(problem.message(language))}")
    click.echo(f"    → {_plain(problem.advice(language))}")


def _plain(text: str) -> str:
    """Return a text without what a terminal would obey, or it or XML cannot hold: names come from files."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return printable.encode("utf-8", "backslashreplace").decode()


# ---------------------------------------------------------------------- test


@click.command("test")
@PATHS
@click.option("--junit", type=click.Path(path_type=Path), help="Also write the verdicts as JUnit XML.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Also write the verdicts as a JSON list."
)
@click.option("--coverage", is_flag=True, help="List elements and flows that no scenario visits.")
@click.option(
    "--with-handlers",
    is_flag=True,
    help="Let the house do the task types it knows, in a scratch town in memory; by default each is a job.",
)
def test(
    paths: tuple[Path, ...],
    junit: Path | None,
    json_file: Path | None,
    *,
    coverage: bool,
    with_handlers: bool,
) -> None:
    """Run every scenario under PATHS on a virtual clock, in memory.

    A story with "handlers": true is told with --with-handlers only, one with "handlers": false without it only;
    whatever is left out for that is listed and counts as neither passed nor failed.

    Exit code 0 when all pass, 1 when one fails, 2 when a file is unusable (the others run all the same) or when
    every story was left out.
    """
    runner = _runner(with_handlers=with_handlers)
    try:
        stories = scenarios.find(paths)
    except Unusable as unusable:
        raise Unreadable(str(unusable)) from unusable
    outcomes: list[Outcome] = []
    left_out: dict[str, list[Path]] = {}
    unusable_files = 0
    for path in stories:
        try:
            outcome = runner.run(path)
        except LeftOut as reason:
            left_out.setdefault(str(reason), []).append(path)
            continue
        except Unusable as unusable:
            unusable_files += 1
            outcome = scenarios.unusable(path, str(unusable))
        except Exception as failure:  # noqa: BLE001 - a door: one story must not hide the others
            outcome = scenarios.unusable(path, f"the engine failed: {type(failure).__name__}: {failure}")
        outcomes.append(outcome)
        _tell(outcome)
    _write(outcomes, json_file, junit)
    if coverage:
        _tell_coverage(runner, outcomes)
    _tell_left_out(left_out)
    failed = sum(not outcome.passed for outcome in outcomes)
    click.echo(f"{len(outcomes) - failed} passed, {failed} failed")
    if unusable_files or (left_out and not outcomes):
        raise SystemExit(2)
    raise SystemExit(1 if failed else 0)


def _write(outcomes: list[Outcome], json_file: Path | None, junit: Path | None) -> None:
    if json_file is not None:
        _write_json(json_file, [outcome.as_json() for outcome in outcomes])
    if junit is not None:
        _write_junit(junit, outcomes)


def _runner(*, with_handlers: bool) -> scenarios.Runner:
    if not with_handlers:
        return scenarios.Runner()
    from web import scratch  # noqa: PLC0415 - the registry and the demo town, which plain stories do without

    click.echo("A scratch town is made in memory; it takes a second or two.", err=True)
    return scenarios.Runner(backstage=scratch.backstage)


def _tell(outcome: Outcome) -> None:
    if outcome.passed:
        click.echo(_plain(f"ok    {outcome.id}  {outcome.title}  ({outcome.seconds * 1000:.0f} ms)"))
        return
    click.secho(_plain(f"FAIL  {outcome.id}  {outcome.title}"), fg="red")
    click.echo(f"      {_plain(f'{_place(outcome)}{outcome.message} ({outcome.file})')}")


def _tell_left_out(left_out: Mapping[str, list[Path]]) -> None:
    for reason, paths in left_out.items():
        several = "stories were" if len(paths) > 1 else "story was"
        click.secho(f"{len(paths)} {several} left out: {reason}", fg="yellow")
        for path in paths[:MOST_NAMED]:
            click.echo(f"      {_plain(str(path))}")
        if len(paths) > MOST_NAMED:
            click.echo(f"      and {len(paths) - MOST_NAMED} more")


def _place(outcome: Outcome) -> str:
    """Name the step that failed; a file that cannot be used has none."""
    return "" if outcome.step is None else f"step {outcome.step}: "


def _tell_coverage(runner: scenarios.Runner, outcomes: list[Outcome]) -> None:
    for process_id, missing in scenarios.coverage(runner.processes(), outcomes).items():
        words = ", ".join(missing) if missing else "everything is visited"
        click.echo(f"coverage of {process_id}: {words}")


def _write_junit(path: Path, outcomes: list[Outcome]) -> None:
    suite = ET.Element(
        "testsuite",
        name="guichet",
        tests=str(len(outcomes)),
        failures=str(sum(not outcome.passed for outcome in outcomes)),
        time=f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    )
    for outcome in outcomes:
        names = {"classname": _plain(outcome.file), "name": _plain(outcome.title)}
        case = ET.SubElement(suite, "testcase", names, time=f"{outcome.seconds:.4f}")
        if not outcome.passed:
            ET.SubElement(case, "failure", message=_plain(_place(outcome) + outcome.message))
    try:
        ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise Unreadable(f"{path} cannot be written: {error.strerror}.") from error


COMMANDS: list[click.Command] = [check, test]
