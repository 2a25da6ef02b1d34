"""Timers: what is due, and firing it.

Comes in: the present instant. Goes out: instances moved on, each in its own transaction; new instances of
processes that a timer starts. It never sleeps: ``worker.py`` asks again. Next: ``engine/messages.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa

from engine import instances, kernel
from engine.errors import Busy, Missing, NotWaiting
from engine.store import Engine, UnitOfWork
from engine.tables import Instant, ProcessInstance, StartSubscription, Timer

LOG = logging.getLogger("guichet.timers")
ACTOR = "system:timer"
BATCH = 100
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_DUE = (
    sa.select(Timer.due_at, Timer.instance_id, Timer.token)
    .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
    .where(
        ProcessInstance.status == "active",
        Timer.due_at <= sa.bindparam("now"),
        sa.tuple_(Timer.due_at, Timer.instance_id, Timer.token)
        > sa.tuple_(
            sa.bindparam("after_due", type_=Instant()), sa.bindparam("after_id"), sa.bindparam("after_token")
        ),
    )
    .order_by(Timer.due_at, Timer.instance_id, Timer.token)
)
_DUE_AT = sa.select(Timer.due_at).where(
    Timer.instance_id == sa.bindparam("instance"), Timer.token == sa.bindparam("of")
)


def fire_due(house: Engine, *, limit: int = BATCH) -> int:
    """Fire what is due now, oldest first, each in its own transaction.

    A timer whose instance another command holds is left for the next turn, one whose instance is suspended
    waits; one that fails is logged and does not keep the others from firing.

    Args:
        limit: how many are listed at a time.

    Returns:
        how many fired.
    """
    fired = 0
    after: dict[str, object] = {"after_due": _LONG_AGO, "after_id": "", "after_token": 0}
    with house.read() as reading:
        now = reading.now
    while True:
        with house.read() as reading:
            due = reading.connection.execute(_DUE.limit(limit), {"now": now, **after}).all()
        fired += sum(
            _alone(house, partial(fire, instance_id=row.instance_id, token=row.token)) for row in due
        )
        if len(due) < limit:
            break
        after = {f"after_{what}": value for what, value in zip(("due", "id", "token"), due[-1], strict=True)}
    with house.read() as reading:
        starts = reading.connection.execute(
            sa.select(StartSubscription.definition_id, StartSubscription.element)
            .where(StartSubscription.kind == "timer", StartSubscription.due_at <= now)
            .order_by(StartSubscription.due_at)
        ).all()
    return fired + sum(
        _alone(house, partial(_start, definition_id=definition_id, element=element))
        for definition_id, element in starts
    )


def _alone(house: Engine, work: Callable[[UnitOfWork], bool]) -> bool:
    """Do one timer's work in its own transaction; return whether it fired."""
    try:
        with house.begin(ACTOR) as unit:
            return work(unit)
    except Busy:
        return False
    except Exception:
        # The worker's door: what one instance cannot do must not stop the timers of all others.
        LOG.exception("timer.failed")
        return False


def next_due(house: Engine) -> datetime | None:
    """Return when the next timer falls due, or None."""
    with house.read() as reading:
        first = reading.connection.scalar(sa.select(sa.func.min(Timer.due_at)))
        start = reading.connection.scalar(sa.select(sa.func.min(StartSubscription.due_at)))
    return min(filter(None, (first, start)), default=None)


def fire(unit: UnitOfWork, instance_id: str, token: int) -> bool:
    """Fire one timer if it still waits and is due; return whether it did.

    The row is looked at behind the instance's lock: a person may have completed the task a moment ago.

    Raises:
        Busy: another command holds the instance.
    """
    try:
        instance = instances.lock(unit, instance_id, wait=False)
    except (Missing, NotWaiting):
        return False
    due = unit.connection.scalar(_DUE_AT, {"instance": instance_id, "of": token})
    if due is None or due > unit.now or token not in instance.run.tasks:
        return False
    with instances.motion(unit, instance_id):
        instance.run.trigger(token)
        instances.settle(unit, instance)
    return True


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
