"""Rows of user tasks that change while they are offered: who has them, who may claim them, until when.

Comes in: what has become different about a task, or that it is offered again. Goes out: its row and those of its
candidates, which the inbox is read from. It never decides whether a change is allowed: ``engine/tasks.py`` and the
listeners of the task do. Next: ``engine/projections.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from engine import ids, kernel
from engine.store import UnitOfWork
from engine.tables import TaskCandidate, UserTask

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The due date of tasks without one, so that they come last in the inbox."""
_LISTS = ("candidate_groups", "candidate_users")
_FACTS = sa.select(
    UserTask.assignee,
    UserTask.candidate_groups,
    UserTask.candidate_users,
    UserTask.due_date,
    UserTask.follow_up_date,
    UserTask.form_id,
    UserTask.priority,
).where(UserTask.id == sa.bindparam("task_id"))


def facts(unit: UnitOfWork, task_id: str) -> dict[str, Any]:
    """Return what a task is like; empty when it has no row yet."""
    row = unit.connection.execute(_FACTS, {"task_id": task_id}).mappings().one_or_none()
    if row is None:
        return {}
    return {name: json.loads(value) if name in _LISTS else value for name, value in row.items()}


def mirror(unit: UnitOfWork, run: kernel.Run, instance_id: str) -> None:
    """Write what a run says of tasks that were offered before: changed, or offered again."""
    for token, change in run.effects.changed.items():
        write(unit, ids.of_work(instance_id, token), change)
    for token in run.effects.reopened:
        task_id = ids.of_work(instance_id, token)
        again = {"status": "open", "ended_at": None, "ended_by": None, "version": UserTask.version + 1}
        unit.connection.execute(sa.update(UserTask).where(UserTask.id == task_id).values(again))
        _offer(unit, task_id)


def write(unit: UnitOfWork, task_id: str, change: Mapping[str, Any], *, version: int | None = None) -> bool:
    """Change a task that is open; its version grows.

    Args:
        change: columns and their new values; lists as lists.
        version: as it was read, if nothing else keeps others from changing it.

    Returns:
        False when it is open no longer, or has another version by now.
    """
    unchanged = () if version is None else (UserTask.version == version,)
    changed = unit.connection.execute(
        sa.update(UserTask)
        .where(UserTask.id == task_id, UserTask.status == "open", *unchanged)
        .values(
            {name: json.dumps(value) if name in _LISTS else value for name, value in change.items()}
            | {"version": UserTask.version + 1}
        )
    )
    if changed.rowcount == 1:
        _offer(unit, task_id)
    return changed.rowcount == 1


def _offer(unit: UnitOfWork, task_id: str) -> None:
    """Write anew who may claim an open task."""
    unit.connection.execute(sa.delete(TaskCandidate).where(TaskCandidate.task_id == task_id))
    if rows := candidates(task_id, facts(unit, task_id)):
        unit.connection.execute(sa.insert(TaskCandidate), rows)


def candidates(task_id: str, task: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """Return the rows of those who may claim a task."""
    groups, users = task.get("candidate_groups") or [], task.get("candidate_users") or []
    names = {*groups, *(f"user:{user}" for user in users)}
    due, free = task.get("due_date") or NEVER, task.get("assignee") is None
    return [{"name": name, "task_id": task_id, "due_date": due, "free": free} for name in sorted(names)]
