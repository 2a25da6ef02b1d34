"""User tasks: claim, release, delegate, draft, complete.

Comes in: a person's command on a task. Goes out: the task claimed or done, the instance moved on. It never
decides who may do what: ``web/security.py`` does; it does refuse what is taken, stale or over. Next:
``engine/projections.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine import instances, projections
from engine import variables as values
from engine.errors import EngineError, Missing, NotWaiting, Stale, TaskTaken
from engine.statements import Statement
from engine.store import UnitOfWork
from engine.tables import InstanceState, TaskCandidate, TaskDraft, UserTask

_TASK = sa.select(
    UserTask.id,
    UserTask.instance_id,
    UserTask.token,
    UserTask.name,
    UserTask.assignee,
    UserTask.status,
    UserTask.version,
    UserTask.ended_by,
).where(UserTask.id == sa.bindparam("task_id"))
_ASSIGN = (
    sa.update(UserTask)
    .where(
        UserTask.id == sa.bindparam("task"),
        UserTask.version == sa.bindparam("read"),
        UserTask.status == "open",
    )
    .values(assignee=sa.bindparam("person"), version=sa.bindparam("new"))
)
_OFFER = (
    sa.update(TaskCandidate)
    .where(TaskCandidate.task_id == sa.bindparam("of"))
    .values(free=sa.bindparam("offered"))
)
# What makes the completion lawful stands in the WHERE: no claim can slip in between the look and the write. The
# statement follows the lock without waiting for what the lock has read, so it asks for itself whether the instance
# is active; the lock is held by then, and PostgreSQL looks anew at each statement.
_OVER = (
    sa.update(UserTask)
    .where(
        UserTask.id == sa.bindparam("task"),
        UserTask.status == "open",
        sa.or_(UserTask.assignee.is_(None), UserTask.assignee == sa.bindparam("who")),
        sa.exists().where(
            InstanceState.instance_id == sa.bindparam("instance"), InstanceState.status == "active"
        ),
    )
    .values(status="completed", ended_at=sa.bindparam("at"), ended_by=sa.bindparam("who"))
)
_END = Statement(_OVER)
_END_AS_SHOWN = Statement(_OVER.where(UserTask.version == sa.bindparam("shown")))


def claim(unit: UnitOfWork, task_id: str) -> None:
    """Make the actor the assignee; claiming one's own task again changes nothing.

    Raises:
        Missing: there is no such task.
        TaskTaken: somebody else has it; NotWaiting: it is done.
    """
    task = _open_task(unit, task_id)
    if task.assignee == unit.actor:
        return
    if task.assignee is not None:
        raise TaskTaken(
            f"Expected “{task.name}” to be free, but somebody has claimed it already.",
            task_id=task_id,
            assignee=task.assignee,
        )
    _give(unit, task, unit.actor)


def assign(unit: UnitOfWork, task_id: str, person: str | None) -> None:
    """Give a task to a person, or to nobody in particular; the version grows.

    Raises:
        Missing: there is no such task.
        NotWaiting: it is done.
        TaskTaken: two hands met and the other was first.
    """
    _give(unit, _open_task(unit, task_id), person)


def _give(unit: UnitOfWork, task: Any, person: str | None) -> None:
    """Change the assignee of a task as it was read; a second look would see, and overrun, another's claim."""
    changed = unit.connection.execute(
        _ASSIGN, {"task": task.id, "read": task.version, "new": task.version + 1, "person": person}
    )
    if changed.rowcount != 1:
        now = _open_task(unit, task.id)
        raise TaskTaken(
            f"Expected “{task.name}” to be unchanged, but somebody has just claimed or released it.",
            task_id=task.id,
            assignee=now.assignee,
        )
    unit.connection.execute(_OFFER, {"of": task.id, "offered": person is None})


def release(unit: UnitOfWork, task_id: str) -> None:
    """Give a task back to its candidates.

    Raises:
        Missing, NotWaiting: as for ``claim``.
        TaskTaken: it is somebody else's.
    """
    task = _open_task(unit, task_id)
    if task.assignee is None:
        return
    if task.assignee != unit.actor:
        raise TaskTaken(
            f"Expected “{task.name}” to be yours, but somebody else has claimed it.",
            task_id=task_id,
            assignee=task.assignee,
        )
    _give(unit, task, None)


def complete(
    unit: UnitOfWork, task_id: str, variables: Mapping[str, Any] | None = None, *, version: int | None = None
) -> None:
    """Complete a task with the answers of its form and move the instance on.

    Args:
        variables: the answers, already checked against the form.
        version: the task's version when the form was shown; None does not compare.

    Raises:
        Missing: there is no such task.
        NotWaiting: it is done already, or the instance has moved on without it.
        TaskTaken: somebody else has claimed it.
        Stale: it was claimed, released or changed since the form was shown.
    """
    instance_id, token = projections.origin(task_id)
    facts = {"task": task_id, "instance": instance_id, "who": unit.actor, "at": unit.now}
    end = _END
    if version is not None:
        end, facts["shown"] = _END_AS_SHOWN, version
    ended: list[Any] = []
    try:
        instance = instances.lock(
            unit, instance_id, along=lambda: ended.append(end.run(unit.connection, facts))
        )
    except (Missing, NotWaiting) as reason:
        _open_task(unit, task_id)  # says more of the task than the instance knows
        raise reason from None
    if token not in instance.run.tasks or ended[0].rowcount != 1:
        raise _why_not(unit, task_id, version)
    instance.ended_tasks.add(token)
    with instances.motion(unit, instance_id):
        instance.run.finish(token, variables or {})
        instances.settle(unit, instance)


def _why_not(unit: UnitOfWork, task_id: str, version: int | None) -> EngineError:
    """Return the refusal that tells why a task could not be completed."""
    task = _open_task(unit, task_id)
    if task.assignee is not None and task.assignee != unit.actor:
        return TaskTaken(
            f"Expected “{task.name}” to be yours or free, but somebody else has claimed it.",
            task_id=task_id,
            assignee=task.assignee,
        )
    if version is not None and version != task.version:
        return Stale(
            f"Expected “{task.name}” as it was when you opened it, but it has changed since.",
            task_id=task_id,
            shown=version,
            current=task.version,
        )
    return NotWaiting(f"Expected “{task.name}” to be open, but the process has moved on.", task_id=task_id)


def save_draft(unit: UnitOfWork, task_id: str, data: Mapping[str, Any]) -> None:
    """Keep what the actor has typed so far, without moving anything.

    Raises:
        Missing: there is no such task.
        NotWaiting: it is done.
    """
    _open_task(unit, task_id)
    drop_draft(unit, task_id)
    unit.connection.execute(
        sa.insert(TaskDraft).values(
            task_id=task_id, person=unit.actor, data=values.dumps(dict(data)), saved_at=unit.now
        )
    )


def drop_draft(unit: UnitOfWork, task_id: str) -> None:
    """Forget the actor's draft."""
    unit.connection.execute(
        sa.delete(TaskDraft).where(TaskDraft.task_id == task_id, TaskDraft.person == unit.actor)
    )


def forget_drafts(unit: UnitOfWork) -> int:
    """Forget what was typed into tasks that are over; return how many drafts went."""
    over = sa.select(UserTask.id).where(UserTask.id == TaskDraft.task_id, UserTask.status != "open")
    return unit.connection.execute(sa.delete(TaskDraft).where(over.exists())).rowcount


def draft(unit: UnitOfWork, task_id: str, person: str) -> dict[str, Any] | None:
    """Return what ``person`` has typed and not submitted, or None."""
    data = unit.connection.scalar(
        sa.select(TaskDraft.data).where(TaskDraft.task_id == task_id, TaskDraft.person == person)
    )
    return None if data is None else dict(values.loads(data))


def variables_of(unit: UnitOfWork, task_id: str) -> dict[str, Any]:
    """Return what the task can see, to show beside its form; locks nothing.

    Raises:
        Missing: there is no such task.
    """
    row = unit.connection.execute(_TASK, {"task_id": task_id}).one_or_none()
    if row is None:
        raise Missing(f"There is no task {task_id}.", task_id=task_id)
    return instances.visible_at(unit, row.instance_id, row.token)


def _open_task(unit: UnitOfWork, task_id: str) -> Any:
    row = unit.connection.execute(_TASK, {"task_id": task_id}).one_or_none()
    if row is None:
        raise Missing(f"There is no task {task_id}.", task_id=task_id)
    if row.status != "open":
        done = "completed" if row.status == "completed" else "no longer needed"
        raise NotWaiting(
            f"Expected “{row.name}” to be open, but it is {done}.",
            task_id=task_id,
            status=row.status,
            ended_by=row.ended_by,
        )
    return row
