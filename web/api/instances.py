"""Process instances: where they stand, what happened, and an operator's commands on them.

Comes in: the id of an instance. Goes out: its state, its history, or the command done. It never repairs by halves.
Next: ``engine/queries.py``, ``engine/operations.py``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_login import current_user
from pydantic import Field

from engine import incidents, instances, operations, queries
from engine.errors import Missing
from engine.store import UnitOfWork
from integrations import belonging
from web.api import shape
from web.api.doors import Room
from web.api.models import Given, Pages, Reason, Told
from web.api.values import plain
from web.security import require_within, scope

room = Room("instances", "Running and past process instances, their history and incidents.")


class Part(Told):
    """One process of an instance, the root or a called one.

    Elements are named by their id in the diagram.
    """

    id: str
    parent_id: str | None
    process_id: str
    definition_id: str
    name: str
    version: int
    status: str
    started_at: datetime
    ended_at: datetime | None
    active: dict[str, int] = Field(description="Element → tokens that wait there.")
    incidents: list[str] = Field(description="Elements where an incident is open.")
    done: dict[str, int] = Field(description="Element → how often it was completed.")


class Due(Told):
    """A timer that runs."""

    element: str
    due_at: datetime


class OpenTask(Told):
    """A user task that waits."""

    id: str
    element: str
    name: str
    assignee: str | None


class Instance(Told):
    """An instance as it stands: its root first, then the processes it called."""

    id: str
    status: str
    variables: dict[str, Any]
    parts: list[Part]
    tasks: list[OpenTask]
    timers: list[Due]


class After(Given):
    """Where to go on in a long history."""

    after: int = Field(-1, ge=-1, le=2**62, description="The seq of the last line already read.")
    limit: int = Field(200, ge=1, le=500)


class Event(Told):
    """One line of a history; it never changes."""

    seq: int
    at: datetime
    actor: str
    event: str
    process_instance_id: str
    element: str
    data: Any


class History(Told):
    """Lines in order; ask again with after = the last seq until none come."""

    events: list[Event]


class Because(Given):
    """Why."""

    reason: Reason


class Nothing(Given):
    """An empty body."""


class Incident(Told):
    """A token that could not go on, and why: French with ``Accept-Language: fr``."""

    id: str
    instance_id: str
    process_id: str
    business_key: str | None
    element: str
    kind: str
    code: str | None = Field(
        description="Stable name of the cause; null on incidents from before there were any."
    )
    message: str = Field(
        description="What was expected and found; what came from outside stays as it was said."
    )
    advice: str = Field(description="What to do; empty when nobody knows.")
    created_at: datetime


class Incidents(Told):
    """A page of open incidents, the newest first."""

    incidents: list[Incident]
    page: int
    size: int


@room.get("/instances/{instance_id}", scope="read")
def show(reading: UnitOfWork, instance_id: str) -> Instance:
    """Show where an instance stands: tokens, variables, open tasks, timers."""
    require_within("api.read", belonging.entity_of(reading, instance_id))
    parts = queries.parts(reading, instance_id)
    try:
        variables = instances.variables_of(reading, instance_id)
    except Missing:
        variables = {}  # an instance that has ended keeps its history only
    return Instance(
        id=instance_id,
        status=parts[0].status,
        variables=plain(variables),
        parts=[
            Part(
                id=one.id,
                parent_id=one.parent_id,
                process_id=one.process_id,
                definition_id=one.definition_id,
                name=one.name,
                version=one.version,
                status=one.status,
                started_at=one.started_at,
                ended_at=one.ended_at,
                active=one.active,
                incidents=sorted(one.incidents),
                done=one.done,
            )
            for one in parts
        ],
        tasks=[
            OpenTask(id=one.id, element=one.element, name=one.name, assignee=one.assignee)
            for one in queries.open_tasks_of(reading, instance_id)
        ],
        timers=[
            Due(element=element, due_at=due) for element, due in queries.due_timers(reading, instance_id)
        ],
    )


@room.get("/instances/{instance_id}/history", scope="read")
def history(reading: UnitOfWork, instance_id: str, query: After) -> History:
    """Show what happened in an instance, in order."""
    require_within("api.read", belonging.entity_of(reading, instance_id))
    rows = queries.history(reading, instance_id, after=query.after, limit=query.limit)
    if not rows and query.after < 0:
        raise Missing(f"There is no instance {instance_id}.", instance_id=instance_id)
    return History(
        events=[
            Event(
                seq=one.seq,
                at=one.at,
                actor=one.actor,
                event=one.event,
                process_instance_id=one.process_instance_id,
                element=one.element,
                data=plain(one.data),
            )
            for one in rows
        ]
    )


@room.post("/instances/{instance_id}/cancel", scope="processes")
def cancel(unit: UnitOfWork, instance_id: str, body: Because) -> None:
    """End an instance for ever; nothing that is open completes.

    It stays active while listeners that hear of the cancellation of its tasks have yet to answer.
    """
    require_within("api.processes", belonging.entity_of(unit, instance_id))
    instances.cancel(unit, instance_id, body.reason)


@room.post("/instances/{instance_id}/suspend", scope="processes")
def suspend(unit: UnitOfWork, instance_id: str, body: Because) -> None:
    """Stop an instance until it is resumed."""
    require_within("api.processes", belonging.entity_of(unit, instance_id))
    operations.suspend(unit, instance_id, body.reason)


@room.post("/instances/{instance_id}/resume", scope="processes")
def resume(unit: UnitOfWork, instance_id: str, body: Nothing) -> None:  # noqa: ARG001 - an empty body is checked too
    """Let a suspended instance go on."""
    require_within("api.processes", belonging.entity_of(unit, instance_id))
    operations.resume(unit, instance_id)


@room.get("/incidents", scope="read")
def open_incidents(reading: UnitOfWork, query: Pages) -> Incidents:
    """List open incidents of the entities that the token may see."""
    found = belonging.open_incidents(
        reading, entity_ids=scope(current_user, "api.read"), page=query.page, size=query.size
    )
    return Incidents(page=query.page, size=query.size, incidents=[_told(one) for one in found])


def _told(one: queries.IncidentRow) -> Incident:
    told = incidents.tell(one.message, one.code, one.facts, shape.language())
    return Incident(
        id=one.id,
        instance_id=one.instance_id,
        process_id=one.process_id,
        business_key=one.business_key,
        element=one.element,
        kind=one.kind,
        code=one.code,
        message=told.message,
        advice=told.advice,
        created_at=one.created_at,
    )


@room.post("/incidents/{incident_id}/resolve", scope="processes")
def resolve(unit: UnitOfWork, incident_id: str, body: Nothing) -> None:  # noqa: ARG001 - as above
    """Try again where an incident stopped an instance; a second failure is a new incident."""
    require_within("api.processes", belonging.entity_of_incident(unit, incident_id))
    incidents.resolve(unit, incident_id)
