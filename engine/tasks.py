"""User tasks: claim, release, assign, change, draft, complete.

Comes in: a person's command on a task. Goes out: the task claimed or done, the instance moved on. It never
decides who may do what: ``web/security.py`` does; it does refuse what is taken, stale or over. Next:
``engine/projections.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine import ids, instances, kernel, task_rows
from engine import variables as values
from engine.errors import Denied, EngineError, Missing, NotWaiting, Refused, Stale, TaskTaken
from engine.statements import Statement
from engine.store import UnitOfWork
from engine.tables import InstanceState, ProcessInstance, TaskCandidate, TaskDraft, UserTask

DENIABLE = timedelta(days=7)
"""How long the answers of a completed task are kept for a worker that denies it after all."""
_TASK = (
    sa.select(
        UserTask.id,
        UserTask.instance_id,
        UserTask.token,
        UserTask.element,
        UserTask.name,
        UserTask.assignee,
        UserTask.status,
        UserTask.version,
        UserTask.ended_by,
        ProcessInstance.definition_id,
    )
    .join(ProcessInstance, ProcessInstance.id == UserTask.process_instance_id)
    .where(UserTask.id == sa.bindparam("task_id"))
)
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


def claim(unit: UnitOfWork, task_id: str) -> bool:
    """Make the actor the assignee; claiming one's own task again changes nothing.

    Returns:
        False when a worker must answer first, whose job an ``assigning`` listener is; the task is free until then.

    Raises:
        Missing: there is no such task.
        TaskTaken: somebody else has it; NotWaiting: it is done.
        Denied: a listener does not allow it; Undecided: an earlier change waits for its listener.
    """
    task = _open_task(unit, task_id)
    if task.assignee == unit.actor:
        return True
    if task.assignee is not None:
        raise TaskTaken(
            f"Expected “{task.name}” to be free, but somebody has claimed it already.",
            task_id=task_id,
            assignee=task.assignee,
        )
    return _give(unit, task, unit.actor, "claim")


def assign(unit: UnitOfWork, task_id: str, person: str | None) -> None:
    """Give a task to a person, or to nobody in particular; the version grows.

    Raises:
        Missing: there is no such task.
        NotWaiting: it is done.
        TaskTaken: two hands met and the other was first.
        Denied, Undecided: as for ``claim``.
    """
    _give(unit, _open_task(unit, task_id), person, "assign" if person is not None else "unassign")


def _give(unit: UnitOfWork, task: Any, person: str | None, action: str) -> bool:
    """Change the assignee of a task as it was read; a second look would see, and overrun, another's claim."""
    if _has_listeners(unit, task):
        return _ask(unit, task, "assigning", {"assignee": person}, action)
    changed = unit.connection.execute(
        _ASSIGN, {"task": task.id, "read": task.version, "new": task.version + 1, "person": person}
    )
    if changed.rowcount != 1:
        raise _overtaken(unit, task)
    unit.connection.execute(_OFFER, {"of": task.id, "offered": person is None})
    return True


def release(unit: UnitOfWork, task_id: str) -> bool:
    """Give a task back to its candidates.

    Returns:
        False when a worker must answer first, as for ``claim``; the task stays the actor's until then.

    Raises:
        Missing, NotWaiting, Denied, Undecided: as for ``claim``.
        TaskTaken: it is somebody else's.
    """
    task = _open_task(unit, task_id)
    if task.assignee is None:
        return True
    if task.assignee != unit.actor:
        raise TaskTaken(
            f"Expected “{task.name}” to be yours, but somebody else has claimed it.",
            task_id=task_id,
            assignee=task.assignee,
        )
    return _give(unit, task, None, "unassign")


def _overtaken(unit: UnitOfWork, task: Any) -> TaskTaken:
    return TaskTaken(
        f"Expected “{task.name}” to be unchanged, but somebody has just claimed, released or changed it.",
        task_id=task.id,
        assignee=_open_task(unit, task.id).assignee,
    )


def update(unit: UnitOfWork, task_id: str, change: Mapping[str, Any]) -> None:
    """Change who may claim a task, when it is due or how urgent it is; the version grows.

    Args:
        change: any of ``candidate_groups`` and ``candidate_users`` (lists of texts), ``due_date`` and
            ``follow_up_date`` (aware instants or None), ``priority`` (0 to 100).

    Raises:
        Missing: there is no such task.
        NotWaiting: it is done.
        Refused: a name or value is none of these.
        TaskTaken: two hands met and the other was first.
        Denied, Undecided: as for ``claim``, of listeners for ``updating``.
    """
    task = _open_task(unit, task_id)
    for name, value in change.items():
        if name not in _CHANGES or not _CHANGES[name](value):
            raise Refused(
                f"Expected lists of candidates, dates or a priority from 0 to 100 for “{task.name}”, but “{name}” "
                "is none of them or has another value.",
                task_id=task_id,
                field=name,
            )
    if not change:
        return
    if _has_listeners(unit, task):
        _ask(unit, task, "updating", change, "update")
    elif not task_rows.write(unit, task_id, change, version=task.version):
        raise _overtaken(unit, task)


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(type(name) is str and name for name in value)


def _is_instant(value: object) -> bool:
    return value is None or (isinstance(value, datetime) and value.tzinfo is not None)


_HEARD = frozenset({"assigning", "updating"})
_CHANGES: dict[str, Callable[[Any], bool]] = {
    "candidate_groups": _is_names,
    "candidate_users": _is_names,
    "due_date": _is_instant,
    "follow_up_date": _is_instant,
    "priority": lambda value: type(value) is int and 0 <= value <= 100,
}


def _has_listeners(unit: UnitOfWork, task: Any) -> bool:
    """Tell whether the diagram has listeners for changes of the task: any of them may still wait for an answer."""
    process = unit.house.library.process(unit.connection, task.definition_id)
    return not _HEARD.isdisjoint(process.task_specs[task.element].details.listeners)


def _ask(unit: UnitOfWork, task: Any, phase: kernel.Phase, change: Mapping[str, Any], action: str) -> bool:
    """Let listeners hear of a change; return whether it is made. Behind the lock nothing else happens to the task."""
    instance = instances.lock(unit, task.instance_id)
    if _open_task(unit, task.id).version != task.version:
        raise _overtaken(unit, task)
    with instances.motion(unit, instance.id):
        made = instance.run.change(task.token, phase, change, action)
        _refuse_denied(instance.run, task.token, task.id)
        instances.settle(unit, instance)
    return made


def _refuse_denied(run: kernel.Run, token: int, task_id: str) -> None:
    """Undo the command that a listener has denied at once.

    Raises:
        Denied: with the listener's own words.
    """
    if token in run.effects.denied:
        raise Denied(run.effects.denied[token], task_id=task_id)


def complete(
    unit: UnitOfWork, task_id: str, variables: Mapping[str, Any] | None = None, *, version: int | None = None
) -> bool:
    """Complete a task with the answers of its form and move the instance on.

    Args:
        variables: the answers, already checked against the form.
        version: the task's version when the form was shown; None does not compare.

    Returns:
        False when a worker must answer first; should it deny the completion, the task is open again and the answers
        are gone, unless ``keep_draft`` has kept them.

    Raises:
        Missing: there is no such task.
        NotWaiting: it is done already, or the instance has moved on without it.
        TaskTaken: somebody else has claimed it.
        Stale: it was claimed, released or changed since the form was shown.
        Denied, Undecided: as for ``claim``, of listeners for ``completing``.
    """
    instance_id, token = ids.origin(task_id)
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
        _refuse_denied(instance.run, token, task_id)
        instances.settle(unit, instance)
        return not instance.run.awaits(token, "completing")


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
    keep_draft(unit, task_id, data)


def keep_draft(unit: UnitOfWork, task_id: str, data: Mapping[str, Any]) -> None:
    """Keep what the actor has typed, also into a task whose completion a worker may yet deny."""
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
    """Forget what was typed into tasks that are over for ``DENIABLE``; return how many drafts went."""
    over = sa.select(UserTask.id).where(
        UserTask.id == TaskDraft.task_id,
        UserTask.status != "open",
        UserTask.ended_at <= unit.now - DENIABLE,
    )
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
