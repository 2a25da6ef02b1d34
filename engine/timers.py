"""Timers: what is due, and firing it.

Comes in: the present instant. Goes out: instances moved on, each in its own transaction; new instances of
processes that a timer starts. It never sleeps: ``worker.py`` asks again. Next: ``engine/messages.py``.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from engine import instances, kernel
from engine.errors import Busy, EngineError
from engine.store import Engine, UnitOfWork
from engine.tables import ProcessInstance, StartSubscription, Timer

ACTOR = "system:timer"
BATCH = 100


def fire_due(house: Engine, *, limit: int = BATCH) -> int:
    """Fire what is due now, oldest first, each in its own transaction.

    A timer whose instance is busy is left for the next turn; one whose instance is suspended waits.

    Returns:
        how many fired.
    """
    with house.read() as reading:
        due = reading.connection.execute(
            sa.select(Timer.instance_id, Timer.token)
            .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
            .where(Timer.due_at <= reading.now, ProcessInstance.status == "active")
            .order_by(Timer.due_at, Timer.instance_id, Timer.token)
            .limit(limit)
        ).all()
        starts = reading.connection.execute(
            sa.select(StartSubscription.definition_id, StartSubscription.element)
            .where(StartSubscription.kind == "timer", StartSubscription.due_at <= reading.now)
            .order_by(StartSubscription.due_at)
            .limit(limit)
        ).all()
    fired = 0
    for instance_id, token in due:
        try:
            with house.begin(ACTOR) as unit:
                fired += fire(unit, instance_id, token)
        except Busy:
            continue
    for definition_id, element in starts:
        try:
            with house.begin(ACTOR) as unit:
                fired += _start(unit, definition_id, element)
        except Busy:
            continue
    return fired


def next_due(house: Engine) -> datetime | None:
    """Return when the next timer falls due, or None."""
    with house.read() as reading:
        first = reading.connection.scalar(sa.select(sa.func.min(Timer.due_at)))
        start = reading.connection.scalar(sa.select(sa.func.min(StartSubscription.due_at)))
    return min(filter(None, (first, start)), default=None)


def fire(unit: UnitOfWork, instance_id: str, token: int) -> bool:
    """Fire one timer if it still waits and is due; return whether it did.

    The row is looked at again behind the instance's lock: a person may have completed the task a moment ago.
    """
    try:
        with instances.moving(unit, instance_id) as run:
            due = unit.connection.scalar(
                sa.select(Timer.due_at).where(Timer.instance_id == instance_id, Timer.token == token)
            )
            if due is None or due > unit.now or token not in run.tasks:
                return False
            run.trigger(token)
            return True
    except Busy:
        raise
    except EngineError:
        # The instance has ended or is suspended since it was listed.
        return False


def _start(unit: UnitOfWork, definition_id: str, element: str) -> bool:
    row = unit.connection.execute(
        sa.select(StartSubscription)
        .with_only_columns(
            StartSubscription.process_id,
            StartSubscription.due_at,
            StartSubscription.remaining,
            StartSubscription.interval,
        )
        .where(StartSubscription.definition_id == definition_id, StartSubscription.element == element)
        .with_for_update()
    ).one_or_none()
    if row is None or row.due_at is None or row.due_at > unit.now:
        return False
    after = kernel.StartTrigger(
        element, "timer", due_at=row.due_at, remaining=row.remaining, interval=row.interval
    ).next(unit.house.zone)
    unit.connection.execute(
        sa.update(StartSubscription)
        .where(StartSubscription.definition_id == definition_id, StartSubscription.element == element)
        .values(due_at=after.due_at, remaining=after.remaining)
    )
    instances.start(unit, row.process_id, definition_id=definition_id, element=element)
    return True
