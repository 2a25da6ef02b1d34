"""The facts of a diagram, as read: flows, events, mappings, loops and the extensions of the zeebe namespace.

Comes in: what ``dialect.py`` reads from the XML. Goes out: frozen records that elements hold. They never
change after deployment, so every thread shares them. Next: ``engine/kernel/elements.py``.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from typing import Literal

from engine.kernel.expressions import Expression

EventKind = Literal[
    "none", "timer", "message", "signal", "error", "escalation", "compensation", "link", "terminate"
]
TimerKind = Literal["date", "duration", "cycle"]
Binding = Literal["latest", "deployment", "versionTag"]
TaskPhase = Literal["creating", "assigning", "updating", "completing", "canceling"]
Phase = Literal["start", TaskPhase, "end"]
"""When a listener runs: execution listeners at start and end, task listeners in between."""

BACK_OFF_HEADER = "retryBackoff"
"""The header of a job that says how long to wait before the next try; Camunda's own workers read the same word."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow; ``condition`` is None for an unconditional one."""

    id: str
    name: str
    source: str
    target: str
    condition: Expression | None
    default: bool
    line: int = 0


@dataclass(frozen=True, slots=True)
class Mapping:
    """One ``zeebe:input`` or ``zeebe:output``; ``target`` is a path of names."""

    source: Expression
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """What an event element catches or throws.

    ``name`` is the message or signal name, ``code`` the error or escalation code (None catches all),
    ``key`` the correlation key, ``activity`` the activity to compensate (None: the whole scope).
    """

    kind: EventKind = "none"
    name: Expression | None = None
    code: Expression | None = None
    key: Expression | None = None
    timer: TimerKind | None = None
    when: Expression | None = None
    link: str | None = None
    activity: str | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """``multiInstanceLoopCharacteristics`` with ``zeebe:loopCharacteristics``."""

    collection: Expression
    element: str | None
    output_collection: str | None
    output_element: Expression | None
    completion: Expression | None
    sequential: bool


@dataclass(frozen=True, slots=True)
class Job:
    """``zeebe:taskDefinition`` with its headers: work for a handler or a worker."""

    type: Expression
    retries: Expression
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserWork:
    """The zeebe extensions of a user task; each may be text or FEEL."""

    assignee: Expression | None = None
    candidate_groups: Expression | None = None
    candidate_users: Expression | None = None
    due_date: Expression | None = None
    follow_up_date: Expression | None = None
    priority: Expression | None = None
    form_id: Expression | None = None
    form_binding: Binding = "latest"
    form_version_tag: str | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedForm:
    """``zeebe:userTaskForm``: a form written inside the diagram; ``key`` tells it from those of other processes."""

    key: str
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Called:
    """``zeebe:calledElement`` or ``zeebe:calledDecision``."""

    id: Expression
    binding: Binding = "latest"
    version_tag: str | None = None
    propagate_parent: bool = True
    propagate_child: bool = True
    result_variable: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """``zeebe:script``: a FEEL expression and the variable its value goes to."""

    expression: Expression
    result_variable: str


@dataclass(frozen=True, slots=True)
class AdHoc:
    """``zeebe:adHoc``: which elements begin, when it is enough, what becomes of the rest, what is collected."""

    active: Expression
    completion: Expression | None
    cancels_rest: bool
    output_collection: str | None = None
    output_element: Expression | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """Everything an element may carry besides its kind."""

    inputs: tuple[Mapping, ...] = ()
    outputs: tuple[Mapping, ...] = ()
    event: Event = field(default_factory=Event)
    loop: Loop | None = None
    job: Job | None = None
    user: UserWork | None = None
    called: Called | None = None
    script: Script | None = None
    attached_to: str | None = None
    interrupting: bool = True
    for_compensation: bool = False
    handler: str | None = None
    triggered_by_event: bool = False
    properties: dict[str, str] = field(default_factory=dict)
    listeners: MappingOf[Phase, tuple[Job, ...]] = field(default_factory=dict)
    ad_hoc: AdHoc | None = None
