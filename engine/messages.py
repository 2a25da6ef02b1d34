"""Messages: from outside to the one instance that waits for them, now or soon.

Comes in: a name, a correlation key, variables. Goes out: instances moved or started, or the message kept
until somebody waits or its time is over. It never goes to two instances of one process. Next:
``engine/jobs.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from engine import ids, instances
from engine import variables as values
from engine.errors import KeyTaken, Missing, NotWaiting, Refused
from engine.store import Engine, UnitOfWork, insert_new
from engine.tables import (
    Message,
    MessageReceipt,
    MessageSeen,
    ProcessInstance,
    StartSubscription,
    Subscription,
)

DEFAULT_TTL = timedelta(hours=1)
ACTOR = "system:messages"
_WAITING = (
    sa.select(Subscription.process_id, Subscription.instance_id, Subscription.token)
    .where(
        Subscription.kind == "message",
        Subscription.name == sa.bindparam("name"),
        Subscription.key == sa.bindparam("key"),
    )
    .order_by(Subscription.created_at, Subscription.instance_id, Subscription.token)
)
_STARTED_BY = (
    sa.select(StartSubscription.process_id, StartSubscription.definition_id, StartSubscription.element)
    .where(StartSubscription.kind == "message", StartSubscription.name == sa.bindparam("name"))
    .order_by(StartSubscription.process_id, StartSubscription.element)
)


def _unseen_by(process: Any) -> sa.ColumnElement[bool]:
    seen = sa.exists().where(MessageSeen.message_id == Message.id, MessageSeen.process_id == process)
    return sa.and_(Message.expires_at > sa.bindparam("now"), ~seen)


_PAIRS = (
    sa.select(Message.id, Subscription.process_id)
    .join(Subscription, sa.and_(Subscription.name == Message.name, Subscription.key == Message.key))
    .join(ProcessInstance, ProcessInstance.id == Subscription.instance_id)
    .where(
        Subscription.kind == "message",
        ProcessInstance.status == "active",
        _unseen_by(Subscription.process_id),
    )
    .order_by(Message.published_at, Message.id)
)
_RUNNING = aliased(ProcessInstance)
_STARTS = (
    sa.select(Message.id, StartSubscription.process_id)
    .join(StartSubscription, StartSubscription.name == Message.name)
    .where(
        StartSubscription.kind == "message",
        Message.key != "",
        _unseen_by(StartSubscription.process_id),
        ~sa.exists().where(
            _RUNNING.process_id == StartSubscription.process_id,
            _RUNNING.start_message == Message.name,
            _RUNNING.start_key == Message.key,
            _RUNNING.status.in_(("active", "suspended")),
        ),
    )
    .order_by(Message.published_at, Message.id)
)


@dataclass(frozen=True, slots=True)
class Published:
    """Where a message went.

    Attributes:
        correlated: instances that were waiting; started: instances it started; kept: True if it waits for a
            later catch; repeated: True if its id was known and nothing happened.
    """

    correlated: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    kept: bool = False
    repeated: bool = False


def publish(
    unit: UnitOfWork,
    name: str,
    key: str = "",
    variables: Mapping[str, Any] | None = None,
    *,
    ttl: timedelta = DEFAULT_TTL,
    message_id: str | None = None,
) -> Published:
    """Correlate a message, or keep it.

    Args:
        name: of the message; key: compared with the correlation keys of waiting instances.
        ttl: how long it is kept for later catches; zero keeps nothing.
        message_id: given by the sender: the same id again does nothing.

    Raises:
        Refused: the name is empty.
        Busy: an instance that waits for it is held by another command.
    """
    if not name:
        raise Refused("Expected a message name, but it is empty.")
    if message_id is not None:
        receipt = {"message_id": message_id, "published_at": unit.now}
        if not insert_new(unit.connection, MessageReceipt, receipt):
            return Published(repeated=True)
    facts = dict(variables or {})
    correlated = _deliver(unit, name, key, facts)
    started = _start(unit, name, key, facts, had_by={process for process, _ in correlated})
    kept = ttl > timedelta(0)
    if kept:
        _keep(unit, name, key, facts, ttl, {process for process, _ in [*correlated, *started]})
    return Published(
        tuple(instance for _, instance in correlated), tuple(instance for _, instance in started), kept
    )


def expire(unit: UnitOfWork) -> int:
    """Forget messages whose time is over; return how many."""
    gone = sa.select(Message.id).where(Message.expires_at <= unit.now)
    unit.connection.execute(sa.delete(MessageSeen).where(MessageSeen.message_id.in_(gone)))
    return unit.connection.execute(sa.delete(Message).where(Message.expires_at <= unit.now)).rowcount


def bring_together(house: Engine, *, limit: int = 100) -> int:
    """Give kept messages to who waits for them; return how many found somebody.

    A message and a wait that are written at the same instant do not see each other; an instance may have been
    suspended when its message came; the one instance a message starts per key may have been running. The
    worker asks for such pairs every second, so they wait no longer than that.
    """
    with house.read() as reading:
        pairs = reading.connection.execute(_PAIRS.limit(limit), {"now": reading.now}).all()
        starts = reading.connection.execute(_STARTS.limit(limit), {"now": reading.now}).all()
    found = 0
    for message_id, process_id in [*pairs, *starts]:
        with house.begin(ACTOR) as unit:
            found += _give(unit, message_id, process_id)
    return found


def _give(unit: UnitOfWork, message_id: str, process_id: str) -> bool:
    """Give one kept message to one process, unless that has happened meanwhile."""
    message = unit.connection.execute(
        sa.select(Message.name, Message.key, Message.variables)
        .where(Message.id == message_id, Message.expires_at > unit.now)
        .with_for_update()
    ).one_or_none()
    if message is None or _seen(unit, message_id, process_id):
        return False
    facts = values.loads(message.variables)
    done = _deliver(unit, message.name, message.key, facts, process_id)
    had_by = {process for process, _ in done}
    done += _start(unit, message.name, message.key, facts, process_id, had_by=had_by)
    for process, _ in done:
        insert_new(unit.connection, MessageSeen, {"message_id": message_id, "process_id": process})
    return bool(done)


def _seen(unit: UnitOfWork, message_id: str, process_id: str) -> bool:
    seen = sa.select(MessageSeen.message_id).where(
        MessageSeen.message_id == message_id, MessageSeen.process_id == process_id
    )
    return unit.connection.scalar(seen) is not None


def _deliver(
    unit: UnitOfWork, name: str, key: str, variables: dict[str, Any], process_id: str | None = None
) -> list[tuple[str, str]]:
    """Move the oldest waiting instance of each process, or of one; return (process, instance)."""
    waiting: dict[str, list[tuple[str, int]]] = {}
    for row in unit.connection.execute(_WAITING, {"name": name, "key": key}):
        if process_id in (None, row.process_id):
            waiting.setdefault(row.process_id, []).append((row.instance_id, row.token))
    done: list[tuple[str, str]] = []
    # Messages that meet lock their instances in the same order, so that none waits for the other in a ring.
    for process, candidates in sorted(waiting.items(), key=lambda item: item[1][0]):
        for instance_id, token in candidates:
            if instance_id in unit.in_motion:
                # A handler speaks to its own instance, which hears it as soon as it is at rest.
                unit.later.append(partial(_hand_over, unit, instance_id, token, variables))
            elif not _hand_over(unit, instance_id, token, variables):
                continue
            done.append((process, instance_id))
            break
    return done


def _hand_over(unit: UnitOfWork, instance_id: str, token: int, variables: dict[str, Any]) -> bool:
    """Trigger one waiting token; return False if it waits no longer, or its instance is suspended."""
    try:
        instance = instances.lock(unit, instance_id)
    except (Missing, NotWaiting):
        return False
    waiting = instance.run.tasks.get(token)
    if waiting is None or waiting.internal_data.get("wait") != "message":
        return False
    with instances.motion(unit, instance_id):
        instance.run.trigger(token, variables)
        instances.settle(unit, instance)
    return True


def _start(
    unit: UnitOfWork,
    name: str,
    key: str,
    variables: dict[str, Any],
    process_id: str | None = None,
    *,
    had_by: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Start the processes that the message starts, unless one with the same key is running.

    A process of which an instance has had the message is not started by it: it goes to each process once.
    """
    started: list[tuple[str, str]] = []
    for row in unit.connection.execute(_STARTED_BY, {"name": name}).all():
        if process_id not in (None, row.process_id) or row.process_id in had_by:
            continue
        try:
            instance_id = instances.start(
                unit,
                row.process_id,
                variables,
                definition_id=row.definition_id,
                element=row.element,
                started_by_message=(name, key),
            )
        except KeyTaken:
            continue
        started.append((row.process_id, instance_id))
    return started


def _keep(
    unit: UnitOfWork, name: str, key: str, variables: dict[str, Any], ttl: timedelta, seen_by: set[str]
) -> None:
    message_id = ids.new(unit.now)
    unit.connection.execute(
        sa.insert(Message).values(
            id=message_id,
            name=name,
            key=key,
            variables=values.dumps(variables),
            published_at=unit.now,
            expires_at=unit.now + ttl,
        )
    )
    if seen_by:
        unit.connection.execute(
            sa.insert(MessageSeen),
            [{"message_id": message_id, "process_id": process} for process in sorted(seen_by)],
        )
