"""Process instances: start, advance, cancel; each command from wait state to wait state in one transaction.

Comes in: a command and its facts. Goes out: the instance moved, its state frozen, its waits, incidents and
history written with a handful of statements. It never commits: the store does. Next:
``engine/kernel/machine.py``, then ``engine/tasks.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from engine import definitions, ids, kernel, projections, task_rows
from engine.environment import HouseEnvironment
from engine.errors import Busy, KeyTaken, Missing, NotWaiting, Refused, TooLarge
from engine.statements import Statement, inserting
from engine.store import UnitOfWork
from engine.tables import InstanceState, ProcessInstance, Subscription

MAX_VARIABLES = 1_000_000
"""Characters of the frozen state; a file belongs in the attachments, not in a variable."""
MAX_SIGNAL_ROUNDS = 100
"""Signals that set off signals: more is an endless conversation."""


@dataclass(slots=True)
class Moving:
    """An instance that is locked and thawed for one command.

    Attributes:
        run: its tokens; version, history_seq: of the row that was read; 0 for an instance that begins.
        claimed: True when the row of the root instance is written already, to hold its key.
        ended_tasks: tokens of user tasks whose rows are written already.
    """

    id: str
    definition_id: str
    business_key: str | None
    environment: HouseEnvironment
    run: kernel.Run
    status: str = "active"
    version: int = 0
    history_seq: int = 0
    claimed: bool = False
    ended_tasks: set[int] = field(default_factory=set)


class _Locked(NamedTuple):
    """What is read with the lock; texts and integers, as the driver gives them."""

    definition_id: str
    business_key: str | None
    status: str
    version: int
    history_seq: int
    document: str
    generation: str


_WHOLE = (
    sa.select(
        InstanceState.definition_id,
        InstanceState.business_key,
        InstanceState.status,
        InstanceState.version,
        InstanceState.history_seq,
        InstanceState.document,
        definitions.GENERATION,
    )
    .where(InstanceState.instance_id == sa.bindparam("instance_id"))
    .with_for_update(of=InstanceState)
)
_LOCK = Statement(_WHOLE)
_LOCK_IF_FREE = Statement(_WHOLE.with_for_update(of=InstanceState, skip_locked=True))
_INSERT = inserting(InstanceState)
_UPDATE = Statement(
    sa.update(InstanceState)
    .where(
        InstanceState.instance_id == sa.bindparam("of"), InstanceState.version == sa.bindparam("at_version")
    )
    .values(
        status=sa.bindparam("new_status"),
        version=sa.bindparam("new_version"),
        history_seq=sa.bindparam("new_seq"),
        document=sa.bindparam("new_document"),
    )
)
_DOCUMENT = sa.select(InstanceState.document).where(InstanceState.instance_id == sa.bindparam("instance_id"))
_BY_KEY = sa.select(ProcessInstance.id).where(
    ProcessInstance.process_id == sa.bindparam("process_id"),
    ProcessInstance.business_key == sa.bindparam("business_key"),
)
_LISTENERS = (
    sa.select(Subscription.instance_id, Subscription.token)
    .where(
        Subscription.kind == "signal",
        Subscription.name == sa.bindparam("name"),
        Subscription.instance_id != sa.bindparam("speaker"),
    )
    .order_by(Subscription.instance_id, Subscription.token)
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
    rounds: int = 0,
) -> str:
    """Start an instance of the newest version of a process and run it to its first wait.

    Args:
        variables: of the process instance.
        business_key: what the outside calls it; unique per process for ever, so that a repeated start
            meets the instance that exists.
        definition_id: a version other than the newest.
        element: a start event other than the plain one.
        started_by_message: the name and correlation key of the message that starts it.
        rounds: how many signals led here, one from the other.

    Returns:
        the id of the instance.

    Raises:
        Missing: no such process is deployed.
        KeyTaken: an instance has the business key, or one runs that the same message and key started;
            nothing was written, and the transaction may go on.
        Refused: it has no plain start event, or its variables are too large.
    """
    generation = unit.connection.scalar(sa.select(definitions.GENERATION))
    definition_id = definition_id or definitions.find_since(unit, generation, "process", process_id)
    process = unit.house.library.process(unit.connection, definition_id)
    begin = process.none_start() if element is None else next(s for s in process.starts if s.name == element)
    if begin is None:
        raise Refused(
            f"Expected the process “{process_id}” to have a plain start event, but only messages, signals or "
            "timers start it.",
            process_id=process_id,
        )
    instance_id = ids.new(unit.now)
    # The key is held before anything runs: of two starts that meet, the second one's handlers do nothing.
    if business_key is not None or started_by_message is not None:
        _claim(unit, process, instance_id, definition_id, business_key, started_by_message)
    environment = HouseEnvironment(unit, instance_id, business_key, generation)
    instance = Moving(
        instance_id,
        definition_id,
        business_key,
        environment,
        kernel.Run(process, environment),
        claimed=business_key is not None or started_by_message is not None,
    )
    with motion(unit, instance_id):
        instance.run.begin(begin, variables or {})
        settle(unit, instance, rounds=rounds)
    return instance_id


def _claim(
    unit: UnitOfWork,
    process: kernel.ProcessSpec,
    instance_id: str,
    definition_id: str,
    business_key: str | None,
    started_by_message: tuple[str, str] | None,
) -> None:
    """Write the row of the root instance, which holds its keys.

    Raises:
        KeyTaken: another instance holds one of them.
    """
    if projections.claim(unit, process, instance_id, definition_id, business_key, started_by_message):
        return
    if business_key is not None:
        raise KeyTaken(
            f"Expected the business key “{business_key}” to be new for “{process.process_id}”, but an instance has it.",
            process_id=process.process_id,
            business_key=business_key,
        )
    name, key = started_by_message or ("", "")
    raise KeyTaken(
        f"Expected no instance of “{process.process_id}” to run for the message “{name}” and the key “{key}”, "
        "but one does.",
        process_id=process.process_id,
        message_name=name,
        key=key,
    )


@contextmanager
def moving(unit: UnitOfWork, instance_id: str, *, suspended: bool = False) -> Iterator[kernel.Run]:
    """Lock and thaw an instance, let the caller move it, and write what changed.

    Args:
        suspended: True to take an instance that is suspended, too.

    Raises:
        Missing: there is no such instance.
        NotWaiting: it has ended, or is suspended.
        Busy: another command holds it for longer than the lock time.
    """
    instance = lock(unit, instance_id, suspended=suspended)
    with motion(unit, instance_id):
        yield instance.run
        settle(unit, instance)


@contextmanager
def looking(unit: UnitOfWork, instance_id: str) -> Iterator[kernel.Run]:
    """Lock and thaw an instance to look at it; whatever the caller does to the run is forgotten.

    Raises:
        Missing, NotWaiting, Busy: as for ``moving``.
    """
    instance = lock(unit, instance_id)
    with motion(unit, instance_id):
        yield instance.run


def cancel(unit: UnitOfWork, instance_id: str, reason: str) -> None:
    """End an instance by an operator's hand; nothing that is open completes.

    Raises:
        Missing: there is no such instance.
        NotWaiting: it has ended already, or listeners of its tasks have yet to hear that it was cancelled.
    """
    with moving(unit, instance_id, suspended=True) as run:
        if run.is_leaving:
            raise NotWaiting(
                "Expected the instance to go on, but it has been cancelled and waits for listeners of its tasks.",
                instance_id=instance_id,
                status="cancelling",
            )
        run.record("cancelled", run.task_tree, {"reason": reason})
        run.cancel()


def set_variables(unit: UnitOfWork, instance_id: str, variables: Mapping[str, Any]) -> None:
    """Change variables of the process instance by an operator's hand.

    Raises:
        Missing, NotWaiting: as for any command.
    """
    with moving(unit, instance_id, suspended=True) as run:
        run.set_variables(run.task_tree.id, variables)


def by_business_key(unit: UnitOfWork, process_id: str, business_key: str) -> str | None:
    """Return the id of the root instance with this business key, or None."""
    found: str | None = unit.connection.scalar(
        _BY_KEY, {"process_id": process_id, "business_key": business_key}
    )
    return found


# ---------------------------------------------------------------------- lock, thaw, settle, freeze


def lock(
    unit: UnitOfWork,
    instance_id: str,
    *,
    suspended: bool = False,
    wait: bool = True,
    along: Callable[[], object] | None = None,
) -> Moving:
    """Lock and thaw an instance; within ``motion`` the caller moves its run and calls ``settle``.

    Args:
        suspended: True to take an instance that is suspended, too.
        wait: False to be refused at once when another command holds it.
        along: sends what must follow the lock, whatever the lock finds, in the same round trip.

    Raises:
        Missing: there is no such instance.
        NotWaiting: it has ended, or is suspended.
        Busy: another command holds it, or an outer step of this one.
    """
    unit.flush()
    if instance_id in unit.in_motion:
        raise Busy(
            "Expected the instance to be at rest, but a step of this very command is moving it.",
            instance_id=instance_id,
        )
    query = _LOCK if wait else _LOCK_IF_FREE
    with unit.round_trip():
        answer = query.run(unit.connection, {"instance_id": instance_id})
        if along is not None:
            along()
    found = answer.fetchone()
    if found is None:
        if not wait:
            raise Busy(
                "Expected the instance to be free, but another command holds it.", instance_id=instance_id
            )
        raise Missing(f"There is no instance {instance_id}.", instance_id=instance_id)
    row = _Locked._make(found)
    if row.status != "active" and not (suspended and row.status == "suspended"):
        raise NotWaiting(
            f"Expected the instance to be active, but it is {row.status}.",
            instance_id=instance_id,
            status=row.status,
        )
    library, connection = unit.house.library, unit.connection
    environment = HouseEnvironment(unit, instance_id, row.business_key, row.generation)
    run = kernel.thaw(
        row.document,
        library.process(connection, row.definition_id),
        environment,
        lambda definition_id: library.process(connection, definition_id),
    )
    return Moving(
        instance_id,
        row.definition_id,
        row.business_key,
        environment,
        run,
        row.status,
        row.version,
        row.history_seq,
    )


@contextmanager
def motion(unit: UnitOfWork, instance_id: str) -> Iterator[None]:
    """Mark an instance as thawed; when the last one is at rest, do what had to wait for that."""
    unit.in_motion.add(instance_id)
    try:
        yield
    finally:
        unit.in_motion.discard(instance_id)
    unit.do_later()


def settle(unit: UnitOfWork, instance: Moving, *, rounds: int = 0) -> None:
    """Give the instance what already waits for it and write it; others hear what it said once it is at rest."""
    _save(unit, instance)
    for name, variables in instance.run.effects.signals:
        unit.later.append(partial(broadcast, unit, name, variables, speaker=instance.id, rounds=rounds))


def _save(unit: UnitOfWork, instance: Moving) -> None:
    run = instance.run
    projections.take_buffered_messages(unit, run)
    document = kernel.freeze(run)
    if len(document) > MAX_VARIABLES:
        raise TooLarge(
            f"Expected at most {MAX_VARIABLES} characters of variables, but the instance would hold {len(document)}.",
            instance_id=instance.id,
            size=len(document),
        )
    unit.flush()
    tasks = projections.offered(unit, run, instance.id, instance.business_key, instance.environment)
    unit.house.failpoints.reach("before write")
    if run.effects.changed or run.effects.reopened:
        task_rows.mirror(unit, run, instance.id)
    with unit.round_trip():
        projections.write_instances(unit, run, instance.id, instance.definition_id, claimed=instance.claimed)
        steps = projections.write_history(unit, run, instance.id, instance.history_seq)
        _write_state(unit, instance, document, instance.history_seq + steps)
        projections.write_waits(
            unit, run, instance.id, tasks, ended=instance.ended_tasks, version=instance.version
        )
        projections.write_incidents(unit, run, instance.id)
    unit.house.failpoints.reach("after write")


def _write_state(unit: UnitOfWork, instance: Moving, document: str, history_seq: int) -> None:
    status = instance.run.status if instance.run.status != "active" else instance.status
    if instance.version == 0:
        row = {
            "instance_id": instance.id,
            "definition_id": instance.definition_id,
            "business_key": instance.business_key,
            "status": status,
            "version": 1,
            "history_seq": history_seq,
            "document": document,
        }
        _INSERT.run(unit.connection, row)
        return
    # The row is locked, so its version cannot have changed; were it not, nothing would be overwritten.
    change = {
        "of": instance.id,
        "at_version": instance.version,
        "new_status": status,
        "new_version": instance.version + 1,
        "new_seq": history_seq,
        "new_document": document,
    }
    _UPDATE.run(unit.connection, change)


def broadcast(
    unit: UnitOfWork, name: str, variables: Mapping[str, Any], *, speaker: str | None = None, rounds: int = 0
) -> int:
    """Send a signal to every other instance that waits for it now; one that is suspended does not hear it.

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
    listeners: dict[str, list[int]] = {}
    for instance_id, token in unit.connection.execute(_LISTENERS, {"name": name, "speaker": speaker or ""}):
        listeners.setdefault(instance_id, []).append(token)
    heard = sum(
        _hear(unit, instance_id, tokens, variables, rounds + 1) for instance_id, tokens in listeners.items()
    )
    started = projections.started_by_signal(unit, name)
    for definition_id, process_id, element in started:
        start(unit, process_id, variables, definition_id=definition_id, element=element, rounds=rounds + 1)
    return heard + len(started)


def _hear(
    unit: UnitOfWork, instance_id: str, tokens: list[int], variables: Mapping[str, Any], rounds: int
) -> bool:
    """Give a signal to tokens of an instance; return False if it is over or suspended meanwhile."""
    try:
        instance = lock(unit, instance_id)
    except (Missing, NotWaiting):
        return False
    with motion(unit, instance_id):
        instance.run.hear(tokens, variables)
        settle(unit, instance, rounds=rounds)
    return True


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
    document = unit.connection.scalar(_DOCUMENT, {"instance_id": instance_id})
    if document is None:
        raise Missing(f"There is no instance {instance_id}.", instance_id=instance_id)
    return kernel.peek(document, token)
