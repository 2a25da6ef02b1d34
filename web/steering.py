"""Steering: an operator suspends, resumes or cancels the process of a case.

Comes in: a case, a command, a reason. Goes out: how the process stands, who stopped it and why; the command carried
out in the caller's transaction. It never touches the request or its work orders. Next: ``engine/operations.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from engine import instances, operations, queries
from engine.errors import Missing
from engine.store import UnitOfWork
from registry.queries import names_of
from web.i18n import gettext as _

COMMANDS: Final = ("suspend", "resume", "cancel")
_EVENTS: Final = ("suspended", "resumed", "cancelled")
_LONGEST: Final = 500


class Point(NamedTuple):
    """One point to correct: the field it stands at, its label, what is wrong."""

    target: str
    label: str
    message: str


@dataclass(frozen=True)
class Steering:
    """How the process of a case stands, and the last thing an operator did to it, if any."""

    status: str
    event: str = ""
    at: datetime | None = None
    who: str = ""
    reason: str = ""

    @property
    def running(self) -> bool:
        """Say whether there is anything left to steer."""
        return self.status in ("active", "suspended")


def standing(reading: UnitOfWork, case: str) -> Steering | None:
    """Return how the process of a case stands; None when no process carries it."""
    instance_id = queries.instance_of(reading, case)
    if instance_id is None:
        return None
    status = next(one.status for one in queries.parts(reading, instance_id) if one.id == instance_id)
    lines = queries.history(reading, instance_id, events=_EVENTS)
    if not lines:
        return Steering(status)
    last = lines[-1]
    who = names_of(reading.session, {last.actor}).get(last.actor, last.actor)
    reason = str(last.data.get("reason", "")) if isinstance(last.data, Mapping) else ""
    return Steering(status, last.event, last.at, who, reason)


def points(fields: Mapping[str, str]) -> list[Point]:
    """Return what must be corrected before a command can be carried out."""
    found = []
    reason = fields.get("reason", "").strip()
    if not reason:
        found.append(Point("steer-reason", _("Reason"), _("this must be filled in")))
    elif len(reason) > _LONGEST:
        found.append(Point("steer-reason", _("Reason"), _("at most %(limit)s characters", limit=_LONGEST)))
    if fields.get("sure") != "yes":
        found.append(Point("steer-sure", _("Confirmation"), _("this must be ticked")))
    if fields.get("command") not in COMMANDS:
        found.append(Point("steer-reason", _("Process"), _("choose what to do")))
    return found


def steer(unit: UnitOfWork, case: str, command: str, reason: str) -> str:
    """Carry out a command on the process of a case; returns what happened, in words.

    Raises:
        Missing: no process carries the case.
        NotWaiting, Busy: as the verbs of the engine.
    """
    instance_id = queries.instance_of(unit, case)
    if instance_id is None:
        raise Missing(f"There is no process for {case}.", business_key=case)
    if command == "suspend":
        operations.suspend(unit, instance_id, reason)
        return _("The process is suspended: no task, timer or message moves it until it is resumed.")
    if command == "resume":
        operations.resume(unit, instance_id, reason)
        return _("The process goes on.")
    instances.cancel(unit, instance_id, reason)
    return _("The process is cancelled. The request and its work orders stay as they are.")
