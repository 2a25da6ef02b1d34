"""The rows that mirror a run: what others may see and act on, written in bulk after each command.

Comes in: the effects of a run. Goes out: rows of instances, tasks, jobs, timers, subscriptions, incidents and
history. It never reads rows of the instance back: the frozen state is the truth. Next: ``engine/queries.py``.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from engine import ids, kernel, task_rows
from engine import variables as values
from engine.environment import HouseEnvironment
from engine.statements import Statement, inserting
from engine.store import UnitOfWork, insert_new
from engine.tables import (
    History,
    Incident,
    Job,
    Message,
    MessageSeen,
    ProcessInstance,
    StartSubscription,
    Subscription,
    TaskCandidate,
    Timer,
    UserTask,
)

LEASES = 2**20
"""Leases a job may have before its fence could be that of the next job of its step, as of a second listener: a report
that comes twice is known by job and fence."""
ROOT = 1
"""The token of the root process is the first one made."""

# Every statement of the way from one wait to the next is compiled once.
_INSERT_INSTANCES = inserting(ProcessInstance)
_INSERT_HISTORY = inserting(History)
_INSERT_TASKS = inserting(UserTask, besides=("ended_at", "ended_by"))
_INSERT_CANDIDATES = inserting(TaskCandidate)
_INSERT_JOBS = inserting(Job)
_INSERT_TIMERS = inserting(Timer)
_INSERT_SUBSCRIPTIONS = inserting(Subscription)
_INSERT_INCIDENTS = inserting(Incident)
_INSERT_SEEN = inserting(MessageSeen)
_END_INSTANCES = Statement(
    sa.update(ProcessInstance)
    .where(ProcessInstance.id == sa.bindparam("ended"))
    .values(status=sa.bindparam("new_status"), ended_at=sa.bindparam("at"))
)
_END_TASKS = Statement(
    sa.update(UserTask)
    .where(UserTask.id == sa.bindparam("task"))
    .values(status=sa.bindparam("new_status"), ended_at=sa.bindparam("at"), ended_by=sa.bindparam("who"))
)
_DROP_CANDIDATES = Statement(sa.delete(TaskCandidate).where(TaskCandidate.task_id == sa.bindparam("task")))
_DROP_JOBS = Statement(sa.delete(Job).where(Job.id == sa.bindparam("job")))
_DROP_TIMERS = Statement(
    sa.delete(Timer).where(Timer.instance_id == sa.bindparam("instance"), Timer.token == sa.bindparam("of"))
)
_DROP_SUBSCRIPTIONS = Statement(
    sa.delete(Subscription).where(
        Subscription.instance_id == sa.bindparam("instance"), Subscription.token == sa.bindparam("of")
    )
)
_RESOLVE = Statement(
    sa.update(Incident)
    .where(
        Incident.instance_id == sa.bindparam("instance"),
        Incident.token == sa.bindparam("of"),
        Incident.resolved_at.is_(None),
    )
    .values(resolved_at=sa.bindparam("at"))
)
_BUFFERED = (
    sa.select(Message.id, Message.variables)
    .where(
        Message.name == sa.bindparam("name"),
        Message.key == sa.bindparam("key"),
        Message.expires_at > sa.bindparam("now"),
        ~sa.exists().where(
            MessageSeen.message_id == Message.id, MessageSeen.process_id == sa.bindparam("process")
        ),
    )
    .order_by(Message.published_at, Message.id)
    .limit(1)
)


Offered = tuple[list[dict[str, Any]], list[dict[str, Any]]]
"""Rows of user tasks and of their candidates."""


def process_instance_id(instance_id: str, token: int) -> str:
    """Return the id of the root instance, or of the one a call activity started at ``token``."""
    return instance_id if token == ROOT else ids.of_work(instance_id, token)


def claim(
    unit: UnitOfWork,
    process: kernel.ProcessSpec,
    instance_id: str,
    definition_id: str,
    business_key: str | None,
    started_by_message: tuple[str, str] | None,
) -> bool:
    """Insert the row of a root instance before it runs; return False if another has one of its keys."""
    name, key = started_by_message or (None, None)
    row = {
        "id": instance_id,
        "root_id": instance_id,
        "parent_id": None,
        "token": ROOT,
        "definition_id": definition_id,
        "process_id": process.process_id,
        "business_key": business_key,
        "start_message": name,
        "start_key": key,
        "status": "active",
        "started_at": unit.now,
        "started_by": unit.actor,
        "ended_at": None,
    }
    return insert_new(unit.connection, ProcessInstance, row)


def write_instances(
    unit: UnitOfWork, run: kernel.Run, instance_id: str, definition_id: str, *, claimed: bool
) -> None:
    """Insert instances that began and close those that ended.

    Args:
        claimed: True when the row of the root is there already.
    """
    effects = run.effects
    fresh = {token: begun for token, begun in effects.started.items() if not (claimed and token == ROOT)}
    started = [
        {
            "id": process_instance_id(instance_id, token),
            "root_id": instance_id,
            "parent_id": process_instance_id(instance_id, begun.parent) if begun.parent is not None else None,
            "token": token,
            "definition_id": begun.process.key if token != ROOT else definition_id,
            "process_id": begun.process.process_id,
            "business_key": None,
            "start_message": None,
            "start_key": None,
            "status": effects.ended[token].status if token in effects.ended else "active",
            "started_at": unit.now,
            "started_by": unit.actor,
            "ended_at": unit.now if token in effects.ended else None,
        }
        for token, begun in fresh.items()
    ]
    if started:
        _INSERT_INSTANCES.run(unit.connection, started)
    over = [
        {"ended": process_instance_id(instance_id, token), "new_status": ended.status, "at": unit.now}
        for token, ended in effects.ended.items()
        if token not in fresh
    ]
    if over:
        _END_INSTANCES.run(unit.connection, over)


def write_history(unit: UnitOfWork, run: kernel.Run, instance_id: str, seq: int) -> int:
    """Append what happened; return how many lines.

    An element that was entered and left within the command has one line: that it completed.
    """
    rows = []
    for step in run.effects.history:
        if step.event == "entered" and step.token not in run.tasks:
            continue
        seq += 1
        rows.append(
            {
                "instance_id": instance_id,
                "seq": seq,
                "at": unit.now,
                "actor": unit.actor,
                "event": step.event,
                "process_instance_id": process_instance_id(instance_id, step.process),
                "element": step.element,
                "token": step.token,
                "data": values.dumps(step.data) if step.data is not None else None,
            }
        )
    if rows:
        _INSERT_HISTORY.run(unit.connection, rows)
    return len(rows)


def write_waits(
    unit: UnitOfWork,
    run: kernel.Run,
    instance_id: str,
    tasks: Offered,
    *,
    ended: Collection[int],
    version: int,
) -> None:
    """Close what is waited for no longer, then open what is.

    Args:
        tasks: what ``offered`` returned.
        ended: tokens of user tasks whose rows say already that they ended.
        version: of the instance before this command; grows with each.
    """
    _close(unit, run, instance_id, ended)
    opened: dict[str, list[kernel.Wait]] = {}
    for wait in run.effects.opened.values():
        opened.setdefault(wait.kind, []).append(wait)
    rows, candidates = tasks
    if rows:
        _INSERT_TASKS.run(unit.connection, rows)
    if candidates:
        _INSERT_CANDIDATES.run(unit.connection, candidates)
    if waits := opened.get("job"):
        _INSERT_JOBS.run(unit.connection, [_job(unit, instance_id, version, wait) for wait in waits])
    if waits := opened.get("timer"):
        _INSERT_TIMERS.run(
            unit.connection,
            [
                {
                    "instance_id": instance_id,
                    "token": w.token,
                    "element": w.element,
                    "due_at": w.facts["due_at"],
                }
                for w in waits
            ],
        )
    if waits := [*opened.get("message", ()), *opened.get("signal", ())]:
        _INSERT_SUBSCRIPTIONS.run(
            unit.connection, [_subscription(unit, run, instance_id, wait) for wait in waits]
        )


def _close(unit: UnitOfWork, run: kernel.Run, instance_id: str, ended: Collection[int]) -> None:
    closed: dict[str, list[int]] = {}
    for token, kind in run.effects.closed.items():
        closed.setdefault("subscription" if kind in ("message", "signal") else kind, []).append(token)
    if tokens := closed.get("task"):
        done = {step.token for step in run.effects.history if step.event == "completed"}
        ending = [
            {
                "task": ids.of_work(instance_id, token),
                "new_status": "completed" if token in done else "cancelled",
                "at": unit.now,
                "who": unit.actor,
            }
            for token in tokens
            if token not in ended
        ]
        if ending:
            _END_TASKS.run(unit.connection, ending)
        _DROP_CANDIDATES.run(unit.connection, [{"task": ids.of_work(instance_id, token)} for token in tokens])
    if tokens := closed.get("job"):
        _DROP_JOBS.run(unit.connection, [{"job": ids.of_work(instance_id, token)} for token in tokens])
    if tokens := closed.get("timer"):
        _DROP_TIMERS.run(unit.connection, [{"instance": instance_id, "of": token} for token in tokens])
    if tokens := closed.get("subscription"):
        _DROP_SUBSCRIPTIONS.run(unit.connection, [{"instance": instance_id, "of": token} for token in tokens])


def offered(
    unit: UnitOfWork,
    run: kernel.Run,
    instance_id: str,
    business_key: str | None,
    environment: HouseEnvironment,
) -> Offered:
    """Return the rows of the user tasks that opened and of who may claim them; reads which form each has."""
    rows: list[dict[str, Any]] = []
    candidates: list[dict[str, Any]] = []
    for wait in run.effects.opened.values():
        if wait.kind != "task":
            continue
        facts, element = wait.facts, run.tasks[wait.token].task_spec
        form_id, user = facts.get("form_id"), element.details.user
        groups, users = facts.get("candidate_groups") or [], facts.get("candidate_users") or []
        task_id = ids.of_work(instance_id, wait.token)
        rows.append(
            {
                "id": task_id,
                "instance_id": instance_id,
                "process_instance_id": process_instance_id(instance_id, wait.process),
                "process_id": element.process.process_id,
                "token": wait.token,
                "element": wait.element,
                "name": facts["label"],
                "business_key": business_key,
                "form_id": form_id,
                "form_definition_id": environment.form(
                    form_id, user.form_binding, user.form_version_tag, element.process.deployment
                )
                if form_id is not None and user is not None
                else None,
                "assignee": facts.get("assignee"),
                "candidate_users": json.dumps(users),
                "candidate_groups": json.dumps(groups),
                "priority": facts.get("priority", 50),
                "due_date": facts.get("due_date"),
                "follow_up_date": facts.get("follow_up_date"),
                "status": "open",
                "version": 1,
                "created_at": unit.now,
            }
        )
        candidates += task_rows.candidates(task_id, facts)
    return rows, candidates


def _job(unit: UnitOfWork, instance_id: str, version: int, wait: kernel.Wait) -> dict[str, Any]:
    return {
        "id": ids.of_work(instance_id, wait.token),
        "instance_id": instance_id,
        "process_instance_id": process_instance_id(instance_id, wait.process),
        "token": wait.token,
        "element": wait.element,
        "type": wait.facts["type"],
        "headers": json.dumps(wait.facts["headers"]),
        "retries": wait.facts["retries"],
        "worker": None,
        "fence": version * LEASES,
        "available_at": unit.now,
        "created_at": unit.now,
    }


def _subscription(unit: UnitOfWork, run: kernel.Run, instance_id: str, wait: kernel.Wait) -> dict[str, Any]:
    return {
        "instance_id": instance_id,
        "token": wait.token,
        "element": wait.element,
        "kind": wait.kind,
        "name": wait.facts["name"],
        "key": wait.facts.get("key", ""),
        "process_id": run.tasks[wait.token].task_spec.process.process_id,
        "created_at": unit.now,
    }


def write_incidents(unit: UnitOfWork, run: kernel.Run, instance_id: str) -> None:
    """Close incidents that were resolved, then open new ones."""
    effects = run.effects
    if effects.resolved:
        _RESOLVE.run(
            unit.connection,
            [{"instance": instance_id, "of": token, "at": unit.now} for token in sorted(effects.resolved)],
        )
    if effects.incidents:
        _INSERT_INCIDENTS.run(
            unit.connection,
            [
                {
                    "id": ids.new(unit.now),
                    "instance_id": instance_id,
                    "process_instance_id": process_instance_id(instance_id, run.tasks[token].process().id),
                    "token": token,
                    "element": element,
                    "kind": fault.kind,
                    "message": fault.message,
                    "code": fault.code,
                    "facts": fault.facts,
                    "created_at": unit.now,
                    "resolved_at": None,
                }
                for token, (element, fault) in effects.incidents.items()
            ],
        )


def take_buffered_messages(unit: UnitOfWork, run: kernel.Run) -> None:
    """Deliver messages that came before the run waited for them, oldest first, until none fits."""
    looked: set[int] = set()
    while fresh := [w for w in run.effects.opened.values() if w.kind == "message" and w.token not in looked]:
        for wait in fresh:
            looked.add(wait.token)
            if wait.token not in run.effects.opened:
                continue
            process_id = run.tasks[wait.token].task_spec.process.process_id
            message = unit.connection.execute(
                _BUFFERED,
                {
                    "name": wait.facts["name"],
                    "key": wait.facts["key"],
                    "now": unit.now,
                    "process": process_id,
                },
            ).one_or_none()
            if message is not None:
                _INSERT_SEEN.run(unit.connection, {"message_id": message.id, "process_id": process_id})
                run.trigger(wait.token, values.loads(message.variables))


def started_by_signal(unit: UnitOfWork, name: str) -> list[tuple[str, str, str]]:
    """Return (definition, process, start event) of the processes that a signal starts."""
    return [
        (row.definition_id, row.process_id, row.element)
        for row in unit.connection.execute(
            sa.select(
                StartSubscription.definition_id, StartSubscription.process_id, StartSubscription.element
            ).where(StartSubscription.kind == "signal", StartSubscription.name == name)
        )
    ]
