"""Read-only lists for screens: the inbox, a task, where an instance stands, incidents, definitions.

Comes in: who asks and which page. Goes out: plain rows, paged. It never locks, writes or decides who may see
what: the caller hands over the groups. Next: ``web/pages/inbox.py``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from engine import kernel, projections, task_rows
from engine import variables as values
from engine.errors import Missing
from engine.store import UnitOfWork
from engine.tables import (
    Definition,
    Deployment,
    History,
    Incident,
    InstanceState,
    Job,
    ProcessInstance,
    TaskCandidate,
    Timer,
    UserTask,
)

Shelf = Literal["mine", "team", "late"]
COUNT_LIMIT = 1000
"""Rows are counted up to here: “more than 1,000” helps as much as the exact number and costs less."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of an inbox; times are aware UTC."""

    id: str
    instance_id: str
    process_instance_id: str
    process_id: str
    element: str
    name: str
    business_key: str | None
    form_id: str | None
    form_definition_id: str | None
    assignee: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    priority: int
    due_date: datetime | None
    status: str
    version: int
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of tasks; ``total`` stops counting at ``COUNT_LIMIT`` + 1."""

    rows: Sequence[TaskRow]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """Return how many pages can be turned to."""
        return max(1, -(-self.total // self.size))


_COLUMNS = (
    UserTask.id,
    UserTask.instance_id,
    UserTask.process_instance_id,
    UserTask.process_id,
    UserTask.element,
    UserTask.name,
    UserTask.business_key,
    UserTask.form_id,
    UserTask.form_definition_id,
    UserTask.assignee,
    UserTask.candidate_groups,
    UserTask.candidate_users,
    UserTask.priority,
    UserTask.due_date,
    UserTask.status,
    UserTask.version,
    UserTask.created_at,
    UserTask.ended_at,
    UserTask.ended_by,
)


def inbox(
    unit: UnitOfWork,
    shelf: Shelf,
    *,
    person: str,
    groups: Collection[str],
    text: str = "",
    business_keys: Collection[str] | None = None,
    page: int = 1,
    size: int = 25,
) -> Inbox:
    """Return open tasks, due first, those without a due date last.

    Args:
        shelf: ``mine`` (assigned to the person), ``team`` (free, offered to the person or a group), ``late``
            (both, past their due date).
        groups: candidate groups of the person.
        text: part of the task's name.
        business_keys: only tasks of these, besides those whose name has ``text``; None for no such filter.
    """
    page, size = max(1, page), max(1, min(size, 200))
    most = max(COUNT_LIMIT + 1, page * size)
    found = _first(unit, shelf, person, groups, _narrowed(text, business_keys), most)
    wanted = found[(page - 1) * size : page * size]
    rows = {
        row.id: _row(row)
        for row in unit.connection.execute(sa.select(*_COLUMNS).where(UserTask.id.in_(wanted)))
    }
    return Inbox([rows[task_id] for task_id in wanted], page, size, min(len(found), COUNT_LIMIT + 1))


def counts(unit: UnitOfWork, *, person: str, groups: Collection[str]) -> dict[Shelf, int]:
    """Return how many tasks stand on each shelf, counted up to ``COUNT_LIMIT`` + 1."""
    shelves: tuple[Shelf, ...] = ("mine", "team", "late")
    return {shelf: len(_first(unit, shelf, person, groups, [], COUNT_LIMIT + 1)) for shelf in shelves}


def _first(
    unit: UnitOfWork,
    shelf: Shelf,
    person: str,
    groups: Collection[str],
    conditions: Sequence[sa.ColumnElement[bool]],
    most: int,
) -> Sequence[str]:
    """Return the ids of the first ``most`` tasks of a shelf, due first.

    Tasks of a person are read along the index of assignees, free ones in that of candidates alone, one stream
    per group in the order of its due dates, each no further than ``most``: a page costs as many rows as it
    counts, however many are open. A task offered to two of the groups comes from two streams and is taken once.
    """
    due = sa.func.coalesce(UserTask.due_date, task_rows.NEVER).label("due")
    mine = sa.select(UserTask.id, due).where(
        UserTask.assignee == person, UserTask.status == "open", *conditions
    )
    offered = sa.select(TaskCandidate.task_id.label("id"), TaskCandidate.due_date.label("due")).order_by(
        TaskCandidate.due_date, TaskCandidate.task_id
    )
    if conditions:
        offered = offered.join(UserTask, UserTask.id == TaskCandidate.task_id).where(*conditions)
    free = [
        offered.where(TaskCandidate.name == name, TaskCandidate.free)
        for name in sorted({*groups, f"user:{person}"})
    ]
    if shelf == "mine":
        streams = [mine.order_by(due, UserTask.id)]
    elif shelf == "team":
        streams = free
    else:
        streams = [
            mine.where(UserTask.due_date < unit.now).order_by(due, UserTask.id),
            *(stream.where(TaskCandidate.due_date < unit.now) for stream in free),
        ]
    cut = [stream.limit(most).subquery() for stream in streams]
    together = sa.union(*(sa.select(stream.c.id, stream.c.due) for stream in cut)).subquery()
    query = sa.select(together.c.id).order_by(together.c.due, together.c.id).limit(most)
    return unit.connection.scalars(query).all()


def _narrowed(text: str, business_keys: Collection[str] | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition that a search adds: part of a name, or one of the business keys."""
    wanted: list[sa.ColumnElement[bool]] = []
    if text:
        wanted.append(UserTask.name.icontains(text, autoescape=True))
    if business_keys is not None:
        wanted.append(UserTask.business_key.in_(sorted(business_keys)))
    return [sa.or_(*wanted)] if wanted else []


def task(unit: UnitOfWork, task_id: str) -> TaskRow:
    """Return one task, open or done.

    Raises:
        Missing: there is no such task.
    """
    row = unit.connection.execute(sa.select(*_COLUMNS).where(UserTask.id == task_id)).one_or_none()
    if row is None:
        raise Missing(f"There is no task {task_id}.", task_id=task_id)
    return _row(row)


def open_tasks_of(unit: UnitOfWork, instance_id: str) -> list[TaskRow]:
    """Return the open tasks of a root instance, oldest first."""
    rows = unit.connection.execute(
        sa.select(*_COLUMNS)
        .where(UserTask.instance_id == instance_id, UserTask.status == "open")
        .order_by(UserTask.token)
    )
    return [_row(row) for row in rows]


def completed_tasks_of(unit: UnitOfWork, instance_id: str, element: str, *, since: datetime) -> list[TaskRow]:
    """Return the tasks of ``element`` that people have completed in a root instance, the latest first.

    ``ended_by`` of a row is who completed it, whatever has run, failed or been tried again since: no variable of the
    process can say otherwise.

    Args:
        since: only tasks that were offered at that instant or later.
    """
    rows = unit.connection.execute(
        sa.select(*_COLUMNS)
        .where(
            UserTask.instance_id == instance_id,
            UserTask.element == element,
            UserTask.status == "completed",
            UserTask.created_at >= since,
        )
        .order_by(UserTask.ended_at.desc(), UserTask.token.desc())
    )
    return [_row(row) for row in rows]


def _row(row: Any) -> TaskRow:
    facts = row._asdict()
    facts["candidate_groups"] = tuple(json.loads(facts["candidate_groups"]))
    facts["candidate_users"] = tuple(json.loads(facts["candidate_users"]))
    return TaskRow(**facts)


# ---------------------------------------------------------------------- instances


@dataclass(frozen=True, slots=True)
class Part:
    """One process of an instance, the root or a called one, and where it stands.

    Attributes:
        active: element id → how many tokens; incidents: element ids; done: element id → how often completed.
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
    active: dict[str, int]
    incidents: frozenset[str]
    done: dict[str, int]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One line of an instance's history."""

    seq: int
    at: datetime
    actor: str
    event: str
    process_instance_id: str
    element: str
    data: Any


def parts(unit: UnitOfWork, instance_id: str) -> list[Part]:
    """Return the root process of an instance and those it called, with their tokens: for the diagram.

    Raises:
        Missing: there is no such instance.
    """
    rows = unit.connection.execute(
        sa.select(ProcessInstance, Definition.name, Definition.version)
        .with_only_columns(
            ProcessInstance.id,
            ProcessInstance.parent_id,
            ProcessInstance.token,
            ProcessInstance.process_id,
            ProcessInstance.definition_id,
            Definition.name,
            Definition.version,
            ProcessInstance.status,
            ProcessInstance.started_at,
            ProcessInstance.ended_at,
        )
        .join(Definition, Definition.id == ProcessInstance.definition_id)
        .where(ProcessInstance.root_id == instance_id)
        .order_by(ProcessInstance.token)
    ).all()
    if not rows:
        raise Missing(f"There is no instance {instance_id}.", instance_id=instance_id)
    document = unit.connection.scalar(
        sa.select(InstanceState.document).where(InstanceState.instance_id == instance_id)
    )
    active: dict[str, dict[str, int]] = {}
    stopped: dict[str, set[str]] = {}
    for token, element, state in kernel.places(document) if document else []:
        owner = projections.process_instance_id(instance_id, token)
        counts = active.setdefault(owner, {})
        counts[element] = counts.get(element, 0) + 1
        if state == "incident":
            stopped.setdefault(owner, set()).add(element)
    done: dict[str, dict[str, int]] = {}
    for owner, element, count in unit.connection.execute(
        sa.select(History.process_instance_id, History.element, sa.func.count())
        .where(History.instance_id == instance_id, History.event == "completed")
        .group_by(History.process_instance_id, History.element)
    ):
        done.setdefault(owner, {})[element] = count
    return [
        Part(
            row.id,
            row.parent_id,
            row.process_id,
            row.definition_id,
            row.name,
            row.version,
            row.status,
            row.started_at,
            row.ended_at,
            active.get(row.id, {}),
            frozenset(stopped.get(row.id, ())),
            done.get(row.id, {}),
        )
        for row in rows
    ]


def outline(unit: UnitOfWork, definition_id: str) -> list[tuple[str, str, str]]:
    """Return (element id, kind, label) of a process in the order of its flows: the diagram as text."""
    process = unit.house.library.process(unit.connection, definition_id)
    seen: dict[str, None] = {}
    queue = [start.name for start in process.starts]
    while queue:
        name = queue.pop(0)
        if name in seen:
            continue
        seen[name] = None
        element = process.task_specs[name]
        queue += [flow.target for flow in element.outgoing]
        queue += [boundary.name for boundary in element.boundaries]
        queue += [
            e.name for e in process.task_specs.values() if e.scope_id == name and e.kind == "start_event"
        ]
    rest = [
        name for name, element in process.task_specs.items() if name not in seen and not element.is_process
    ]
    return [(name, process.task_specs[name].kind, process.task_specs[name].label) for name in [*seen, *rest]]


def history(
    unit: UnitOfWork, instance_id: str, *, events: Collection[str] = (), after: int = -1, limit: int = 500
) -> list[HistoryRow]:
    """Return the history of a root instance in order, at most ``limit`` lines, only ``events`` if given.

    Args:
        after: the ``seq`` of the last line already read.
    """
    query = (
        sa.select(
            History.seq,
            History.at,
            History.actor,
            History.event,
            History.process_instance_id,
            History.element,
            History.data,
        )
        .where(History.instance_id == instance_id, History.seq > after)
        .order_by(History.seq)
        .limit(limit)
    )
    if events:
        query = query.where(History.event.in_(sorted(events)))
    return [
        HistoryRow(
            row.seq,
            row.at,
            row.actor,
            row.event,
            row.process_instance_id,
            row.element,
            values.loads(row.data) if row.data is not None else None,
        )
        for row in unit.connection.execute(query)
    ]


def instance_of(unit: UnitOfWork, business_key: str, process_id: str | None = None) -> str | None:
    """Return the newest root instance with a business key, or None."""
    query = (
        sa.select(ProcessInstance.id)
        .where(ProcessInstance.business_key == business_key)
        .order_by(ProcessInstance.started_at.desc())
        .limit(1)
    )
    if process_id is not None:
        query = query.where(ProcessInstance.process_id == process_id)
    found: str | None = unit.connection.scalar(query)
    return found


def due_timers(unit: UnitOfWork, instance_id: str) -> list[tuple[str, datetime]]:
    """Return (element, due date) of the timers that run in an instance, next first: what happens by itself."""
    return [
        (row.element, row.due_at)
        for row in unit.connection.execute(
            sa.select(Timer.element, Timer.due_at)
            .where(Timer.instance_id == instance_id)
            .order_by(Timer.due_at)
        )
    ]


# ---------------------------------------------------------------------- operations and definitions


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An open incident."""

    id: str
    instance_id: str
    process_instance_id: str
    process_id: str
    business_key: str | None
    element: str
    kind: str
    message: str
    code: str | None
    facts: Mapping[str, Any] | None
    created_at: datetime


def open_incidents(
    unit: UnitOfWork,
    *,
    instance_id: str | None = None,
    business_keys: sa.Select[Any] | None = None,
    page: int = 1,
    size: int = 50,
) -> list[IncidentRow]:
    """Return open incidents of all instances or of some, newest first; ``incidents.tell`` says why.

    Args:
        instance_id: only those of this one.
        business_keys: only those of instances with a key that this query of the caller's finds.
    """
    query = (
        sa.select(
            Incident.id,
            Incident.instance_id,
            Incident.process_instance_id,
            ProcessInstance.process_id,
            ProcessInstance.business_key,
            Incident.element,
            Incident.kind,
            Incident.message,
            Incident.code,
            Incident.facts,
            Incident.created_at,
        )
        .join(ProcessInstance, ProcessInstance.id == Incident.instance_id)
        .where(Incident.resolved_at.is_(None), ProcessInstance.status.in_(("active", "suspended")))
        .order_by(Incident.created_at.desc(), Incident.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    if instance_id is not None:
        query = query.where(Incident.instance_id == instance_id)
    if business_keys is not None:
        query = query.where(ProcessInstance.business_key.in_(business_keys))
    return [IncidentRow(*row) for row in unit.connection.execute(query)]


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """The newest version of a process, decision or form, and how much runs on it."""

    id: str
    kind: str
    key: str
    version: int
    name: str
    file: str
    created_at: datetime
    created_by: str
    message: str
    active: int


def definitions(unit: UnitOfWork, kind: str = "process") -> list[DefinitionRow]:
    """Return the newest version of every definition of a kind, by name."""
    newest = (
        sa.select(Definition.key, sa.func.max(Definition.version).label("version"))
        .where(Definition.kind == kind)
        .group_by(Definition.key)
        .subquery()
    )
    active = (
        sa.select(ProcessInstance.process_id, sa.func.count().label("active"))
        .where(ProcessInstance.status == "active")
        .group_by(ProcessInstance.process_id)
        .subquery()
    )
    rows = unit.connection.execute(
        sa.select(
            Definition.id,
            Definition.kind,
            Definition.key,
            Definition.version,
            Definition.name,
            Definition.file,
            Definition.created_at,
            Deployment.created_by,
            Deployment.message,
            sa.func.coalesce(active.c.active, 0),
        )
        .join(newest, sa.and_(newest.c.key == Definition.key, newest.c.version == Definition.version))
        .join(Deployment, Deployment.id == Definition.deployment_id)
        .outerjoin(active, active.c.process_id == Definition.key)
        .where(Definition.kind == kind)
        .order_by(Definition.name, Definition.key)
    )
    return [DefinitionRow(*row) for row in rows]


def waiting_jobs(unit: UnitOfWork, *, limit: int = 50) -> list[tuple[str, str, str, int, datetime]]:
    """Return (id, type, element, retries, available from) of the jobs that workers have not done, oldest first."""
    rows = unit.connection.execute(
        sa.select(Job.id, Job.type, Job.element, Job.retries, Job.available_at)
        .order_by(Job.available_at)
        .limit(limit)
    )
    return [(row.id, row.type, row.element, row.retries, row.available_at) for row in rows]
