"""What a command on a run has changed, for the rows that mirror it.

Comes in: what the machine notes while tokens move. Goes out: ``Effects``: history, waits opened and closed, incidents,
instances begun and ended, signals. It never says how a row looks. Next: ``engine/projections.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from engine.kernel.faults import Fault

if TYPE_CHECKING:
    from engine.kernel.process import ProcessSpec

Status = Literal["active", "completed", "terminated"]
WaitKind = Literal["task", "job", "timer", "message", "signal"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of history."""

    event: str
    element: str
    token: int
    process: int
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Something the instance now waits for outside itself."""

    kind: WaitKind
    token: int
    element: str
    process: int
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Started:
    """A process instance began: the root, or one called by an activity."""

    token: int
    parent: int | None
    process: ProcessSpec


@dataclass(frozen=True, slots=True)
class Ended:
    """A process instance, the root or a called one, is over."""

    status: Status
    variables: dict[str, Any]


@dataclass(slots=True)
class Effects:
    """What a command changed and the database does not know yet.

    Attributes:
        changed: facts of user tasks that were offered before; ``reopened``: those whose completion was denied.
        denied: why listeners did not allow what was asked of a user task.
    """

    history: list[Step] = field(default_factory=list)
    opened: dict[int, Wait] = field(default_factory=dict)
    closed: dict[int, WaitKind] = field(default_factory=dict)
    incidents: dict[int, tuple[str, Fault]] = field(default_factory=dict)
    resolved: set[int] = field(default_factory=set)
    started: dict[int, Started] = field(default_factory=dict)
    ended: dict[int, Ended] = field(default_factory=dict)
    signals: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    changed: dict[int, dict[str, Any]] = field(default_factory=dict)
    reopened: set[int] = field(default_factory=set)
    denied: dict[int, str] = field(default_factory=dict)
