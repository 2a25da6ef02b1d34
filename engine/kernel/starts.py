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
from engine.kernel.process import ProcessSpec
from engine.kernel.token import Token


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
