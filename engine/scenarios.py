"""Scenarios: one story of a process and what must be true at each point of it.

Comes in: JSON files beside the diagrams. Goes out: for each, passed or the step that failed with what was
expected and found; and which elements and flows no story visits. It never touches a real database, mail or
network. Next: ``engine/scenario_steps.py``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine import definitions, dmn, kernel
from engine.definitions import Checked, File
from engine.errors import EngineError
from engine.problems import Language, Problem, errors_among
from engine.rehearsal import Backstage, Stage
from engine.scenario_expectations import Failed
from engine.scenario_language import Unusable, check_step
from engine.scenario_steps import Teller

REHEARSED = frozenset(
    {
        "element.unreachable",
        "flow.default_condition",
        "gateway.deadlock",
        "gateway.no_exit",
        "gateway.waits_for_itself",
        "link.unused",
        "rules_contradict",
        "rules_overlap",
    }
)
"""Errors that forbid a deployment but not a rehearsal: a story may pin what becomes of a token that waits in vain, or
of rules that contradict one another."""


MAX_BYTES = 1_000_000
"""A story longer than this is none that anybody wrote."""


NEEDS_HANDLERS = "told with the real handlers only; run guichet test --with-handlers"
PLAYS_HANDLERS = (
    "told without the real handlers only, whose work it does itself; run guichet test without --with-handlers"
)


class LeftOut(Exception):
    """A story is told the other way, with the handlers of the house or without: neither passed nor failed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scenario.

    Attributes:
        step: number of the failing step, counted from 1; None when it passed.
        seconds: how long it took.
        visited: elements and flows that the story went through, by process id.
    """

    id: str
    file: str
    title: str
    passed: bool
    step: int | None
    message: str
    seconds: float
    visited: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the record that ``guichet test --json`` writes."""
        return {
            "id": self.id,
            "file": self.file,
            "title": self.title,
            "passed": self.passed,
            "step": self.step,
            "message": self.message,
            "seconds": round(self.seconds, 4),
        }


class Runner:
    """Runs scenario files; a diagram that several of them use is read once.

    Attributes:
        backstage: gives a story's stage what does task types for real; by default every service task is a job.
    """

    def __init__(
        self,
        *,
        backstage: Callable[[Stage], AbstractContextManager[Backstage]] | None = None,
    ) -> None:
        self.backstage = backstage
        self._read: dict[tuple[Path, float], Checked] = {}
        self._models: dict[tuple[Path, float], dmn.Model] = {}

    def run(self, path: Path) -> Outcome:
        """Run one scenario file.

        Raises:
            Unusable: the file is no scenario, or a resource is missing or has errors.
            LeftOut: it says that it is told the other way, with the house's handlers or without.
        """
        begun = time.perf_counter()
        scenario = load(path)
        _fits_mode(scenario, with_handlers=self.backstage is not None)
        stage = self._stage(path, scenario)
        teller = Teller(stage)
        prepared = time.perf_counter()
        with self.backstage(stage) if self.backstage is not None else nullcontext() as stage.backstage:
            begun += (
                time.perf_counter() - prepared
            )  # what stands behind the stage is made once for many stories
            step, message = _told(teller, scenario["steps"])
        return Outcome(
            str(scenario.get("id") or path.stem),
            str(path),
            str(scenario.get("title") or scenario.get("id") or path.stem),
            step is None,
            step,
            message,
            time.perf_counter() - begun,
            teller.visited(),
        )

    def processes(self) -> list[kernel.ProcessSpec]:
        """Return every process that was read."""
        return [process for checked in self._read.values() for _, process in checked.processes]

    def _stage(self, path: Path, scenario: Mapping[str, Any]) -> Stage:
        clock, zone = _clock(path, scenario)
        stage = Stage(clock, zone=zone)
        for name in scenario["resources"]:
            self._deploy(stage, (path.parent / name).resolve())
        return stage

    def _deploy(self, stage: Stage, path: Path) -> None:
        checked = self._checked(path)
        for _, process in checked.processes:
            try:
                stage.deploy(process)
            except kernel.Fault as fault:  # on the story's clock a start timer may give no time
                french, _ = kernel.worded(fault.code, fault.facts, "fr")
                raise Unusable(f"{path.name}: {fault.message}", f"{path.name} : {french}") from fault
        if path.suffix == ".dmn":
            model = self._models.setdefault(_key(path), dmn.read(path.read_bytes(), name=path.name))
            for decision in model.decisions:
                stage.decisions.setdefault(decision.id, []).append((decision.version_tag, model))

    def _checked(self, path: Path) -> Checked:
        if not path.is_file():
            raise Unusable(f"the resource {path.name} does not exist", f"le fichier {path.name} n’existe pas")
        key = _key(path)
        if key not in self._read:
            checked = definitions.check([File(path.name, path.read_bytes())])
            errors = [p for p in errors_among(checked.problems) if not _rehearsed(p, checked)]
            if errors:
                raise Unusable(
                    f"{path.name}: {_first(errors, 'en')}", f"{path.name} : {_first(errors, 'fr')}"
                )
            self._read[key] = checked
        return self._read[key]


def _fits_mode(scenario: Mapping[str, Any], *, with_handlers: bool) -> None:
    """Leave out a story that says of itself, with “handlers”, that it is told the other way."""
    wanted = scenario.get("handlers")
    if isinstance(wanted, bool) and wanted is not with_handlers:
        raise LeftOut(NEEDS_HANDLERS if wanted else PLAYS_HANDLERS)


def _told(teller: Teller, steps: Iterable[Any]) -> tuple[int | None, str]:
    """Tell the steps; return the number of the one that failed, if any, and why."""
    for number, action in enumerate(steps, start=1):
        try:
            teller.tell(action)
        except Failed as failed:
            return number, str(failed)
        except (kernel.Fault, EngineError) as refusal:
            return number, refusal.message
    return None, ""


def _rehearsed(problem: Problem, checked: Checked) -> bool:
    """Tell whether a diagram can be played in spite of an error.

    Forms and decisions may come with other files; an id that two pools share, each once, confuses nobody inside them.
    """
    if problem.code == "reference.missing":
        return problem.facts.get("instead") == definitions.DEPLOY_TOO
    if problem.code == "id.duplicate":
        known = [problem.element in (*p.task_specs, *p.flows) for _, p in checked.processes]
        same = [p for p in checked.problems if p.code == problem.code and p.element == problem.element]
        return sum(known) == len(same) + 1
    return problem.code in REHEARSED


def _clock(path: Path, scenario: Mapping[str, Any]) -> tuple[datetime, str]:
    """Return the instant at which a scenario begins and the zone of its house.

    Raises:
        Unusable: one of them is none.
    """
    text, zone = str(scenario.get("clock", "2026-01-05T08:00:00Z")), str(scenario.get("zone", "UTC"))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unusable(
            f"{path.name}: “clock” is no date and time: {text}",
            f"{path.name} : « clock » n’est pas une date et heure : {text}",
        ) from error
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise Unusable(
            f"{path.name}: “zone” is no time zone: {zone}",
            f"{path.name} : « zone » n’est pas un fuseau horaire : {zone}",
        ) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC), zone


def _key(path: Path) -> tuple[Path, float]:
    return path, path.stat().st_mtime


def _first(problems: list[Problem], language: Language) -> str:
    first = problems[0]
    file = {"en": "file", "fr": "fichier"}[language]
    return f"{first.label or first.element or file}: {first.message(language)}"


def load(path: Path) -> dict[str, Any]:
    """Read a scenario file.

    Raises:
        Unusable: it is no JSON, or lacks resources or steps.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Unusable(
                f"{path.name} has more than {MAX_BYTES} bytes",
                f"{path.name} a plus de {MAX_BYTES} octets",
            )
        scenario = json.loads(path.read_bytes(), parse_float=Decimal, parse_constant=_no_number)
    except (OSError, ValueError, RecursionError) as error:
        where = f" (ligne {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unusable(
            f"{path.name} cannot be read: {error}", f"{path.name} n’est pas du JSON lisible{where}"
        ) from error
    if not isinstance(scenario, dict):
        raise Unusable(
            f"{path.name} is no scenario: expected an object",
            f"{path.name} n’est pas un scénario : on attend un objet",
        )
    for key in ("resources", "steps"):
        if not isinstance(scenario.get(key), list):
            raise Unusable(
                f"{path.name} is no scenario: expected a list called “{key}”",
                f"{path.name} n’est pas un scénario : on attend une liste nommée « {key} »",
            )
    for name in scenario["resources"]:
        if not isinstance(name, str):
            raise Unusable(
                f"{path.name} is no scenario: expected file names as “resources”, but found {name!r}",
                f"{path.name} n’est pas un scénario : « resources » nomme des fichiers, mais on trouve {name!r}",
            )
    return scenario


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def unusable(path: Path, reason: str) -> Outcome:
    """Return the verdict on a file that could not be told, under the id and title it gives itself."""
    try:
        scenario = load(path)
    except Unusable:
        scenario = {}
    name = str(scenario.get("id") or path.stem)
    return Outcome(name, str(path), str(scenario.get("title") or name), False, None, reason, 0.0)


def problems(path: Path) -> list[Problem]:
    """Return everything that makes a scenario file unusable, without running it."""
    try:
        scenario = load(path)
        _clock(path, scenario)
    except Unusable as unusable:
        return [_problem(path, unusable.texts)]
    found = [
        _problem(
            path,
            {"en": f"the resource {name} does not exist", "fr": f"le fichier {name} n’existe pas"},
        )
        for name in scenario["resources"]
        if not (path.parent / name).is_file()
    ]
    for number, action in enumerate(scenario["steps"], start=1):
        try:
            check_step(action)
        except Unusable as unusable:
            steps = {"en": f"step {number}:", "fr": f"étape {number} :"}
            reason = {language: f"{steps[language]} {text}" for language, text in unusable.texts.items()}
            found.append(_problem(path, reason))
    return found


def _problem(path: Path, reason: Mapping[str, str]) -> Problem:
    return Problem("scenario.unusable", file=str(path), facts={"reason": reason})


def find(paths: Iterable[Path]) -> list[Path]:
    """Return every scenario file at or under ``paths``, sorted; other JSON files are left alone.

    Raises:
        Unusable: a path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_file():
            found.append(path)
        elif path.is_dir():
            found += [file for file in sorted(path.rglob("*.json")) if is_scenario(file)]
        else:
            raise Unusable(f"{path} does not exist", f"{path} n’existe pas")
    return found


def is_scenario(path: Path) -> bool:
    """Tell whether a JSON file means to be a scenario; a broken one is reported when it runs."""
    if path.stat().st_size > MAX_BYTES:
        return False
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return True
    return isinstance(content, dict) and "steps" in content


def coverage(processes: Iterable[kernel.ProcessSpec], outcomes: Iterable[Outcome]) -> dict[str, list[str]]:
    """Return, by process id, the elements and flows that no outcome visited."""
    visited: dict[str, set[str]] = {}
    for outcome in outcomes:
        for process_id, names in outcome.visited.items():
            visited.setdefault(process_id, set()).update(names)
    missing: dict[str, list[str]] = {}
    for process in processes:
        seen = visited.get(process.process_id)
        if seen is None:
            continue
        everything = [name for name, e in process.task_specs.items() if not e.is_process] + list(
            process.flows
        )
        missing[process.process_id] = [name for name in everything if name not in seen]
    return missing
