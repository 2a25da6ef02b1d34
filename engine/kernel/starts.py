"""What may start a process from outside: its timer, message and signal start events.

Comes in: a process. Goes out: one trigger for each such event, evaluated without variables. It never starts
anything: ``engine/instances.py`` does. Next: ``engine/definitions.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from engine.kernel import cycles
from engine.kernel.elements import Element
from engine.kernel.faults import Fault, worded
from engine.kernel.process import ProcessSpec
from engine.kernel.terms import in_both
from engine.kernel.token import Token
from engine.problems import LANGUAGES, Problem

EXAMPLES = {
    "date": "2026-07-14T08:00:00+02:00",
    "duration": "PT2H",
    "cycle": "R3/PT2H, 0 0 9 * * MON-FRI",
}
"""What the text of a timer looks like."""
KNOWN_NAME = {"en": "a name that needs no variables", "fr": "un nom qui ne dépend d’aucune variable"}
NO_VARIABLES = {
    "en": "Write the name as text: before the start there are no variables.",
    "fr": "Écrivez le nom en clair : avant le début il n’y a pas de variables.",
}


@dataclass(frozen=True, slots=True)
class StartTrigger:
    """One start event that something outside may set off.

    Attributes:
        remaining: how often a timer fires, -1 for ever; interval: ISO 8601 or cron, of a cycle.
    """

    element: str
    kind: str
    name: str | None = None
    due_at: datetime | None = None
    remaining: int = 1
    interval: str | None = None

    def next(self, zone: str) -> StartTrigger:
        """Return the trigger after it has fired: its next due date, counted from the last, or none."""
        due = None
        if self.interval and self.remaining != 1 and self.due_at is not None:
            due = cycles.following(self.due_at, self.interval, zone)
        return replace(
            self, due_at=due, remaining=self.remaining - 1 if self.remaining > 0 else self.remaining
        )


class _Before:
    """Stands for the token that does not exist yet: no variables, but an instant and a zone."""

    def __init__(self, now: datetime, zone: str) -> None:
        self.now = now
        self.zone = zone
        self.environment = self
        self.workflow = self
        self.internal_data: dict[str, Any] = {}

    def visible_among(self, names: Iterable[str]) -> dict[str, Any]:
        """Return nothing: there are no variables before the start."""
        return {}


def start_triggers(
    process: ProcessSpec, now: datetime, zone: str, *, only: Element | None = None
) -> list[StartTrigger]:
    """Return what may start ``process``, or what ``only`` this start event waits for.

    Raises:
        Fault: a name or timer cannot be evaluated without variables.
    """
    found: list[StartTrigger] = []
    for start in process.starts if only is None else (start for start in process.starts if start is only):
        event = start.details.event
        before = cast(Token, _Before(now, zone))
        if event.kind == "timer":
            due = start.first_due(before)
            memory = before.internal_data
            found.append(
                StartTrigger(
                    start.name,
                    "timer",
                    None,
                    due,
                    int(memory.get("left", 1)),
                    cast("str | None", memory.get("every")),
                )
            )
        elif event.kind in ("message", "signal"):
            assert event.name is not None, "checked at deployment"
            found.append(StartTrigger(start.name, event.kind, event.name.words(before, "a name")))
    return found


def start_problems(process: ProcessSpec, now: datetime, zone: str, file: str) -> list[Problem]:
    """Return which start events nobody could set at ``now``: what they wait for cannot be evaluated."""
    found: list[Problem] = []
    for start in process.starts:
        try:
            start_triggers(process, now, zone, only=start)
        except Fault as fault:
            found.append(_problem(start, fault, file))
    return found


def _problem(start: Element, fault: Fault, file: str) -> Problem:
    event = start.details.event
    code = "attribute.missing"
    facts: dict[str, object] = {"what": KNOWN_NAME, "instead": NO_VARIABLES}
    if event.timer is not None and event.when is not None:
        text = {
            language: f"{event.when.text} ({worded(fault.code, fault.facts, language)[0]})"
            for language in LANGUAGES
        }
        code = "timer.text"
        facts = {"text": text, "what": in_both(f"a {event.timer}"), "example": EXAMPLES[event.timer]}
    return Problem(code, file=file, line=start.line, element=start.name, label=start.label, facts=facts)
