"""What an operator does with running instances: suspend, resume, move a token, migrate to another version.

Comes in: a command and its facts. Goes out: instances changed, each atomic, or the reasons why not. It never
changes an instance by halves. Next: ``engine/kernel/surgery.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from engine import instances, kernel
from engine.errors import EngineError, Missing, NotWaiting, Refused
from engine.store import Engine, UnitOfWork
from engine.tables import Incident, InstanceState, Job, ProcessInstance, Subscription, Timer, UserTask

_PROJECTIONS = (UserTask, Job, Timer, Subscription, Incident)
"""The rows that say at which element of the diagram a token waits or has stopped."""


# ---------------------------------------------------------------------- suspend and resume


def suspend(unit: UnitOfWork, instance_id: str, reason: str) -> None:
    """Stop an instance: no task completes, no timer fires, no message arrives until it is resumed.

    Raises:
        Missing: there is no such instance.
        NotWaiting: it has ended or is suspended already.
    """
    with instances.moving(unit, instance_id) as run:
        run.record("suspended", run.task_tree, {"reason": reason})
    _set_status(unit, instance_id, "suspended")


def resume(unit: UnitOfWork, instance_id: str, reason: str = "") -> None:
    """Let a suspended instance go on; timers that fell due meanwhile fire at the worker's next turn.

    Raises:
        Missing: there is no such instance.
        NotWaiting: it is not suspended.
    """
    instance = instances.lock(unit, instance_id, suspended=True)
    if instance.status != "suspended":
        raise NotWaiting(
            f"Expected the instance to be suspended, but it is {instance.status}.",
            instance_id=instance_id,
            status=instance.status,
        )
    with instances.motion(unit, instance_id):
        instance.run.record("resumed", instance.run.task_tree, {"reason": reason} if reason else None)
        instances.settle(unit, instance)
    _set_status(unit, instance_id, "active")


def _set_status(unit: UnitOfWork, instance_id: str, status: str) -> None:
    """Change the status of a locked instance and of the processes it called."""
    unit.connection.execute(
        sa.update(InstanceState).where(InstanceState.instance_id == instance_id).values(status=status)
    )
    unit.connection.execute(
        sa.update(ProcessInstance)
        .where(ProcessInstance.root_id == instance_id, ProcessInstance.status.in_(("active", "suspended")))
        .values(status=status)
    )


# ---------------------------------------------------------------------- moving a token


def move(unit: UnitOfWork, instance_id: str, token: int, target: str) -> None:
    """End what a token does and begin at another element of the same scope.

    Raises:
        Missing: there is no such instance, token or element.
        Refused: the element cannot be entered so; ``reason`` says why.
    """
    with instances.moving(unit, instance_id) as run:
        standing = run.tasks.get(token)
        if standing is None:
            raise Missing(f"There is no token {token} in the instance.", instance_id=instance_id, token=token)
        element = standing.task_spec.process.task_specs.get(target)
        if element is None:
            raise Missing(
                f"There is no element “{target}” in the process.", instance_id=instance_id, element=target
            )
        reason = kernel.may_stand_on(standing, element)
        if reason is not None:
            raise Refused(
                f"Expected to move to “{element.label}”, but: {reason.message}",
                instance_id=instance_id,
                reason=reason,
            )
        kernel.move(run, standing, element)


# ---------------------------------------------------------------------- migration


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one instance can go over, or has: ``reasons`` is empty when it can; ``done`` when it has."""

    instance_id: str
    reasons: tuple[kernel.Reason, ...]
    done: bool = False


def suggest_mapping(unit: UnitOfWork, source_id: str, target_id: str) -> dict[str, str]:
    """Return a mapping for elements whose id has changed; the others keep theirs.

    Raises:
        Missing: there is no such definition.
    """
    library = unit.house.library
    return kernel.suggest(
        library.process(unit.connection, source_id), library.process(unit.connection, target_id)
    )


def dry_run(
    unit: UnitOfWork, instance_ids: Sequence[str], source_id: str, target_id: str, mapping: Mapping[str, str]
) -> list[Verdict]:
    """Return a verdict for each instance, changing none.

    Raises:
        Missing: there is no such definition or instance.
    """
    verdicts = []
    for instance_id in instance_ids:
        with instances.looking(unit, instance_id) as run:
            plan = _plan(unit, source_id, target_id, mapping)
            verdicts.append(Verdict(instance_id, tuple(kernel.reasons(run, plan))))
    return verdicts


def migrate(
    house: Engine,
    actor: str,
    instance_ids: Sequence[str],
    source_id: str,
    target_id: str,
    mapping: Mapping[str, str],
) -> list[Verdict]:
    """Take instances over to another version, each in its own transaction: one that cannot stays as it is."""
    verdicts = []
    for instance_id in instance_ids:
        try:
            with house.begin(actor) as unit:
                verdicts.append(_migrate(unit, instance_id, source_id, target_id, mapping))
        except EngineError as error:
            verdicts.append(Verdict(instance_id, (kernel.Reason(error.code, "", error.message),)))
    return verdicts


def _migrate(
    unit: UnitOfWork, instance_id: str, source_id: str, target_id: str, mapping: Mapping[str, str]
) -> Verdict:
    plan = _plan(unit, source_id, target_id, mapping)
    with instances.moving(unit, instance_id) as run:
        found = kernel.reasons(run, plan)
        if found:
            return Verdict(instance_id, tuple(found))
        kernel.migrate(run, plan)
        elements = {token.id: token.task_spec.name for token in run.tasks.values()}
    for table in _PROJECTIONS:
        _rename(unit, table, instance_id, elements)
    unit.connection.execute(
        sa.update(ProcessInstance)
        .where(ProcessInstance.root_id == instance_id, ProcessInstance.definition_id == source_id)
        .values(definition_id=target_id)
    )
    unit.connection.execute(
        sa.update(InstanceState)
        .where(InstanceState.instance_id == instance_id, InstanceState.definition_id == source_id)
        .values(definition_id=target_id)
    )
    return Verdict(instance_id, (), done=True)


def _rename(unit: UnitOfWork, table: type, instance_id: str, elements: Mapping[int, str]) -> None:
    columns = table.__table__.c  # type: ignore[attr-defined]  # every mapped class has its table
    rows = unit.connection.execute(
        sa.select(columns.token, columns.element).where(columns.instance_id == instance_id)
    ).all()
    for token, element in rows:
        wanted = elements.get(token, element)
        if wanted != element:
            unit.connection.execute(
                sa.update(table)
                .where(columns.instance_id == instance_id, columns.token == token)
                .values(element=wanted)
            )


def _plan(unit: UnitOfWork, source_id: str, target_id: str, mapping: Mapping[str, str]) -> kernel.Plan:
    library = unit.house.library
    return kernel.Plan(
        library.process(unit.connection, source_id),
        library.process(unit.connection, target_id),
        dict(mapping),
    )
