"""Process instances: start, advance, cancel; each command from wait state to wait state in one transaction.

Comes in: a command and its facts. Goes out: the instance moved, its state frozen, its waits, incidents and
history written with a handful of statements. It never commits: the store does. Next:
``engine/kernel/machine.py``, then ``engine/tasks.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine import definitions, ids, kernel, projections
from engine.environment import HouseEnvironment
from engine.errors import Missing, NotWaiting, Refused
from engine.store import UnitOfWork
from engine.tables import InstanceState, ProcessInstance, Subscription

MAX_VARIABLES = 1_000_000
"""Characters of the frozen state; a file belongs in the attachments, not in a variable."""
MAX_SIGNAL_ROUNDS = 100
"""Signals that set off signals: more is an endless conversation."""


@dataclass(slots=True)
class Moving:
    """An instance that is locked and thawed for one command."""

    id: str
    definition_id: str
    business_key: str | None
    run: kernel.Run
    version: int
    history_seq: int
    started_by_message: tuple[str, str] | None = None


_LOCK = (
    sa.select(
        InstanceState.definition_id,
        InstanceState.version,
        InstanceState.history_seq,
        InstanceState.document,
        ProcessInstance.business_key,
        ProcessInstance.status,
    )
    .join(ProcessInstance, ProcessInstance.id == InstanceState.instance_id)
    .where(InstanceState.instance_id == sa.bindparam("instance_id"))
    .with_for_update(of=InstanceState)
)
_UPDATE = (
    sa.update(InstanceState)
    .where(
        InstanceState.instance_id == sa.bindparam("of"), InstanceState.version == sa.bindparam("at_version")
    )
    .values(
        version=sa.bindparam("new_version"),
        history_seq=sa.bindparam("new_seq"),
        document=sa.bindparam("new_document"),
    )
)


def start(
    unit: UnitOfWork,
    process_id: str,
    variables: Mapping[str, Any] | None = None,
    *,
    business_key: str | None = None,
    definition_id: str | None = None,
    element: str | None = None,
    started_by_message: tuple[str, str] | None = None,
) -> str:
    """Start an instance of the newest version of a process and run it to its first wait.

    Args:
        variables: of the process instance.
        business_key: what the outside calls it; unique per process for ever, so that a repeated start
            meets the instance that exists.
        definition_id: a version other than the newest.
        element: a start event other than the plain one.
        started_by_message: the name and correlation key of the message that starts it.

    Returns:
        the id of the instance.

    Raises:
        Missing: no such process is deployed.
        Refused: it has no plain start event, or the business key is taken.
    """
    definition_id = definition_id or definitions.find(unit.connection, "process", process_id)
    process = unit.house.library.process(unit.connection, definition_id)
    begin = process.none_start() if element is None else next(s for s in process.starts if s.name == element)
    if begin is None:
        raise Refused(
            f"Expected the process “{process_id}” to have a plain start event, but only messages, signals or "
            "timers start it.",
            process_id=process_id,
        )
    if business_key is not None and by_business_key(unit, process_id, business_key) is not None:
        raise Refused(
            f"Expected the business key “{business_key}” to be new for “{process_id}”, but an instance has it.",
            process_id=process_id,
            business_key=business_key,
        )
    instance_id = ids.new(unit.now)
    run = kernel.Run(process, HouseEnvironment(unit, instance_id, business_key))
    run.begin(begin, variables or {})
    moving = Moving(instance_id, definition_id, business_key, run, 0, 0, started_by_message)
    _settle(unit, moving)
    return instance_id


@contextmanager
def moving(unit: UnitOfWork, instance_id: str) -> Iterator[kernel.Run]:
    """Lock and thaw an instance, let the caller move it, and write what changed.

    Raises:
        Missing: there is no such instance.
        NotWaiting: it has ended.
        Busy: another command holds it for longer than the lock time.
    """
    instance = _thaw(unit, instance_id)
    yield instance.run
    _settle(unit, instance)


@contextmanager
def looking(unit: UnitOfWork, instance_id: str) -> Iterator[kernel.Run]:
    """Lock and thaw an instance to look at it; whatever the caller does to the run is forgotten.

    Raises:
        Missing, NotWaiting, Busy: as for ``moving``.
    """
    yield _thaw(unit, instance_id).run


def cancel(unit: UnitOfWork, instance_id: str, reason: str) -> None:
    """End an instance by an operator's hand; nothing that is open completes.

    Raises:
        Missing: there is no such instance.
        NotWaiting: it has ended already.
    """
    with moving(unit, instance_id) as run:
        run.record("cancelled", run.task_tree, {"reason": reason})
        run.cancel()


def set_variables(unit: UnitOfWork, instance_id: str, variables: Mapping[str, Any]) -> None:
    """Change variables of the process instance by an operator's hand.

    Raises:
        Missing, NotWaiting: as for any command.
    """
    with moving(unit, instance_id) as run:
        run.set_variables(run.task_tree.id, variables)


def by_business_key(unit: UnitOfWork, process_id: str, business_key: str) -> str | None:
    """Return the id of the root instance with this business key, or None."""
    found: str | None = unit.connection.scalar(
        sa.select(ProcessInstance.id).where(
            ProcessInstance.process_id == process_id, ProcessInstance.business_key == business_key
        )
    )
    return found


# ---------------------------------------------------------------------- thaw, settle, freeze


def _thaw(unit: UnitOfWork, instance_id: str) -> Moving:
    unit.flush()
    row = unit.connection.execute(_LOCK, {"instance_id": instance_id}).one_or_none()
    if row is None:
        raise Missing(f"There is no instance {instance_id}.", instance_id=instance_id)
    if row.status != "active":
        raise NotWaiting(
            f"Expected the instance to be active, but it is {row.status}.",
            instance_id=instance_id,
            status=row.status,
        )
    library, connection = unit.house.library, unit.connection
    run = kernel.thaw(
        row.document,
        library.process(connection, row.definition_id),
        HouseEnvironment(unit, instance_id, row.business_key),
        lambda definition_id: library.process(connection, definition_id),
    )
    return Moving(instance_id, row.definition_id, row.business_key, run, row.version, row.history_seq)


def _settle(unit: UnitOfWork, moving: Moving) -> None:
    """Give the instance what already waits for it, write it, then tell others what it said."""
    projections.take_buffered_messages(unit, moving.run)
    _save(unit, moving)
    spoken = moving.run.effects.signals
    for name, variables in spoken:
        broadcast(unit, name, variables, speaker=moving.id)


def _save(unit: UnitOfWork, moving: Moving) -> None:
    run = moving.run
    document = kernel.freeze(run)
    if len(document) > MAX_VARIABLES:
        raise Refused(
            f"Expected at most {MAX_VARIABLES} characters of variables, but the instance would hold {len(document)}.",
            instance_id=moving.id,
            size=len(document),
        )
    unit.flush()
    unit.house.failpoints.reach("before write")
    projections.write_instances(
        unit, run, moving.id, moving.definition_id, moving.business_key, moving.started_by_message
    )
    steps = projections.write_history(unit, run, moving.id, moving.history_seq)
    if moving.version == 0:
        unit.connection.execute(
            sa.insert(InstanceState).values(
                instance_id=moving.id,
                definition_id=moving.definition_id,
                version=1,
                history_seq=steps,
                document=document,
            )
        )
    else:
        result = unit.connection.execute(
            _UPDATE,
            {
                "of": moving.id,
                "at_version": moving.version,
                "new_version": moving.version + 1,
                "new_seq": moving.history_seq + steps,
                "new_document": document,
            },
        )
        assert result.rowcount == 1, "the row is locked, so its version cannot have changed"
    projections.write_waits(unit, run, moving.id, moving.business_key)
    projections.write_incidents(unit, run, moving.id)
    unit.house.failpoints.reach("after write")


def broadcast(
    unit: UnitOfWork, name: str, variables: Mapping[str, Any], *, speaker: str | None = None, rounds: int = 0
) -> int:
    """Send a signal to every other instance that waits for it now.

    Args:
        speaker: the instance that threw it; its own tokens have heard it already.

    Returns:
        how many instances heard it.

    Raises:
        Refused: signals set off one another without end.
    """
    if rounds > MAX_SIGNAL_ROUNDS:
        raise Refused(
            f"Expected signals to come to rest, but “{name}” sets off others without end.", name=name
        )
    rows = unit.connection.execute(
        sa.select(Subscription.instance_id, Subscription.token)
        .where(
            Subscription.kind == "signal",
            Subscription.name == name,
            Subscription.instance_id != (speaker or ""),
        )
        .order_by(Subscription.instance_id, Subscription.token)
    ).all()
    listeners: dict[str, list[int]] = {}
    for instance_id, token in rows:
        listeners.setdefault(instance_id, []).append(token)
    for instance_id, tokens in listeners.items():
        instance = _thaw(unit, instance_id)
        for token in tokens:
            if token in instance.run.tasks:
                instance.run.trigger(token, variables)
        projections.take_buffered_messages(unit, instance.run)
        _save(unit, instance)
        for spoken, facts in instance.run.effects.signals:
            broadcast(unit, spoken, facts, speaker=instance_id, rounds=rounds + 1)
    started = projections.started_by_signal(unit, name)
    for definition_id, process_id, element in started:
        start(unit, process_id, dict(variables), definition_id=definition_id, element=element)
    return len(listeners) + len(started)


def variables_of(unit: UnitOfWork, instance_id: str) -> dict[str, Any]:
    """Return the variables of a root instance as they stand, without locking it.

    Raises:
        Missing: there is no such instance.
    """
    return visible_at(unit, instance_id, projections.ROOT)


def visible_at(unit: UnitOfWork, instance_id: str, token: int) -> dict[str, Any]:
    """Return what is visible at a token, without locking; empty when the token has left.

    Raises:
        Missing: there is no such instance.
    """
    document = unit.connection.scalar(
        sa.select(InstanceState.document).where(InstanceState.instance_id == instance_id)
    )
    if document is None:
        raise Missing(f"There is no instance {instance_id}.", instance_id=instance_id)
    return kernel.peek(document, token)
