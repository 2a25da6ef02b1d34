"""Jobs: service work outside the transaction, done by workers that lease it.

Comes in: a worker that asks for work or reports on it. Goes out: leases with a fencing token, results that
move the instance, failures with back-off, incidents when no retry is left. It never runs the work itself.
Next: ``engine/incidents.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine import instances
from engine.errors import Missing, Stale
from engine.store import UnitOfWork
from engine.tables import Job, ProcessInstance

DEFAULT_LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Leased:
    """A job in the hands of a worker until ``lease`` is over.

    Attributes:
        fence: must come back with the result; a newer lease makes it worthless.
        variables: what the job can see.
    """

    id: str
    fence: int
    type: str
    element: str
    instance_id: str
    retries: int
    headers: dict[str, str]
    variables: dict[str, Any]


def acquire(
    unit: UnitOfWork, types: Sequence[str], *, worker: str, limit: int = 10, lease: timedelta = DEFAULT_LEASE
) -> list[Leased]:
    """Lease up to ``limit`` jobs of these types, oldest first; others skip what is being leased.

    Args:
        worker: the name of who asks, for operators.
        lease: after it another worker may have the job.
    """
    rows = unit.connection.execute(
        sa.select(
            Job.id, Job.fence, Job.type, Job.element, Job.instance_id, Job.token, Job.retries, Job.headers
        )
        .join(ProcessInstance, ProcessInstance.id == Job.instance_id)
        .where(
            Job.type.in_(types),
            Job.available_at <= unit.now,
            Job.retries > 0,
            ProcessInstance.status == "active",
        )
        .order_by(Job.available_at, Job.id)
        .limit(limit)
        .with_for_update(of=Job, skip_locked=True)
    ).all()
    if rows:
        unit.connection.execute(
            sa.update(Job)
            .where(Job.id.in_([row.id for row in rows]))
            .values(worker=worker, fence=Job.fence + 1, available_at=unit.now + lease)
        )
    return [
        Leased(
            row.id,
            row.fence + 1,
            row.type,
            row.element,
            row.instance_id,
            row.retries,
            json.loads(row.headers),
            instances.visible_at(unit, row.instance_id, row.token),
        )
        for row in rows
    ]


def complete(unit: UnitOfWork, job_id: str, fence: int, variables: Mapping[str, Any] | None = None) -> None:
    """Take a result and move the instance on.

    Raises:
        Missing: there is no such job (any more).
        Stale: the lease has passed to another worker.
    """
    job = _held(unit, job_id, fence)
    with instances.moving(unit, job.instance_id) as run:
        _held(unit, job_id, fence)
        run.finish(job.token, variables or {})


def throw_error(
    unit: UnitOfWork,
    job_id: str,
    fence: int,
    code: str,
    message: str = "",
    variables: Mapping[str, Any] | None = None,
) -> None:
    """Report a BPMN error that the diagram may catch.

    Raises:
        Missing, Stale: as for ``complete``.
    """
    job = _held(unit, job_id, fence)
    with instances.moving(unit, job.instance_id) as run:
        _held(unit, job_id, fence)
        run.throw(job.token, code, message, variables or {})


def fail(
    unit: UnitOfWork,
    job_id: str,
    fence: int,
    *,
    message: str,
    retries: int,
    back_off: timedelta = timedelta(0),
) -> None:
    """Report that the work failed technically; without retries left it becomes an incident.

    Args:
        retries: how many tries are left; back_off: how long nobody may try.

    Raises:
        Missing, Stale: as for ``complete``.
    """
    job = _held(unit, job_id, fence)
    if retries > 0:
        unit.connection.execute(
            sa.update(Job)
            .where(Job.id == job_id, Job.fence == fence)
            .values(retries=retries, worker=None, available_at=unit.now + back_off)
        )
        return
    with instances.moving(unit, job.instance_id) as run:
        _held(unit, job_id, fence)
        run.fail(job.token, message)


def _held(unit: UnitOfWork, job_id: str, fence: int) -> Any:
    row = unit.connection.execute(
        sa.select(Job.instance_id, Job.token, Job.fence).where(Job.id == job_id)
    ).one_or_none()
    if row is None:
        raise Missing(f"There is no job {job_id}; it is done, or its instance has moved on.", job_id=job_id)
    if row.fence != fence:
        raise Stale(
            f"Expected the lease {fence} of the job {job_id} to hold, but it has passed on.",
            job_id=job_id,
            fence=fence,
        )
    return row
