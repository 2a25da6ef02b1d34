"""Messages: from outside to the one instance that waits for them, now or soon.

Comes in: a name, a correlation key, variables. Goes out: instances moved or started, or the message kept
until somebody waits or its time is over. It never goes to two instances of one process. Next:
``engine/jobs.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine import ids, instances
from engine import variables as values
from engine.errors import EngineError, Refused
from engine.store import UnitOfWork
from engine.tables import (
    Message,
    MessageReceipt,
    MessageSeen,
    ProcessInstance,
    StartSubscription,
    Subscription,
)

DEFAULT_TTL = timedelta(hours=1)


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
    if message_id is not None and not _first_time(unit, message_id):
        return Published(repeated=True)
    facts = dict(variables or {})
    correlated = _deliver(unit, name, key, facts)
    started = _start(unit, name, key, facts)
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


def _first_time(unit: UnitOfWork, message_id: str) -> bool:
    known = unit.connection.scalar(
        sa.select(MessageReceipt.message_id).where(MessageReceipt.message_id == message_id)
    )
    if known is not None:
        return False
    unit.connection.execute(sa.insert(MessageReceipt).values(message_id=message_id, published_at=unit.now))
    return True


def _deliver(unit: UnitOfWork, name: str, key: str, variables: dict[str, Any]) -> list[tuple[str, str]]:
    """Move the oldest waiting instance of each process; return (process, instance)."""
    rows = unit.connection.execute(
        sa.select(Subscription.process_id, Subscription.instance_id, Subscription.token)
        .where(Subscription.kind == "message", Subscription.name == name, Subscription.key == key)
        .order_by(Subscription.created_at, Subscription.instance_id, Subscription.token)
    ).all()
    done: dict[str, str] = {}
    for process_id, instance_id, token in rows:
        if process_id in done:
            continue
        try:
            with instances.moving(unit, instance_id) as run:
                waiting = token in run.tasks and run.tasks[token].internal_data.get("wait") == "message"
                if waiting:
                    run.trigger(token, variables)
                    done[process_id] = instance_id
        except EngineError as error:
            if error.code == "busy":
                raise
            # It ended between the listing and the lock: the next one of the process may have the message.
    return list(done.items())


def _start(unit: UnitOfWork, name: str, key: str, variables: dict[str, Any]) -> list[tuple[str, str]]:
    """Start the processes that the message starts, unless one with the same key is active."""
    rows = unit.connection.execute(
        sa.select(
            StartSubscription.process_id, StartSubscription.definition_id, StartSubscription.element
        ).where(StartSubscription.kind == "message", StartSubscription.name == name)
    ).all()
    started: list[tuple[str, str]] = []
    for process_id, definition_id, element in rows:
        if key and _active_with(unit, process_id, name, key):
            continue
        instance_id = instances.start(
            unit,
            process_id,
            variables,
            definition_id=definition_id,
            element=element,
            started_by_message=(name, key),
        )
        started.append((process_id, instance_id))
    return started


def _active_with(unit: UnitOfWork, process_id: str, name: str, key: str) -> bool:
    return (
        unit.connection.scalar(
            sa.select(ProcessInstance.id)
            .where(
                ProcessInstance.process_id == process_id,
                ProcessInstance.start_message == name,
                ProcessInstance.start_key == key,
                ProcessInstance.status.in_(("active", "suspended")),
            )
            .limit(1)
        )
        is not None
    )


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
