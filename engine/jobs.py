"""Jobs: service work outside the transaction, done by workers that lease it.

Comes in: a worker that asks for work or reports on it. Goes out: leases with a fencing token, results that
move the instance, failures with back-off, incidents when no retry is left. It never runs the work itself.
Next: ``engine/incidents.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine import ids, instances, kernel
from engine.errors import Missing, NotWaiting, Refused, Stale
from engine.store import UnitOfWork
from engine.tables import InstanceState, Job, ProcessInstance
from engine.variables import parse_duration

DEFAULT_LEASE = timedelta(minutes=5)
_FREE = (
    sa.select(Job.id, Job.fence, Job.type, Job.element, Job.instance_id, Job.token, Job.retries, Job.headers)
    .join(ProcessInstance, ProcessInstance.id == Job.instance_id)
    .where(
        Job.type.in_(sa.bindparam("types", expanding=True)),
        Job.available_at <= sa.bindparam("now"),
        Job.retries > 0,
        ProcessInstance.status == "active",
    )
    .order_by(Job.available_at, Job.id)
)
_HELD = sa.select(Job.fence, Job.retries, Job.headers).where(Job.id == sa.bindparam("job"))
_HELD_LOCKED = _HELD.with_for_update()


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
        _FREE.limit(limit).with_for_update(of=Job, skip_locked=True), {"types": list(types), "now": unit.now}
    ).all()
    if not rows:
        return []
    unit.connection.execute(
        sa.update(Job)
        .where(Job.id.in_([row.id for row in rows]))
        .values(worker=worker, fence=Job.fence + 1, available_at=unit.now + lease)
    )
    documents = {
        row.instance_id: row.document
        for row in unit.connection.execute(
            sa.select(InstanceState.instance_id, InstanceState.document).where(
                InstanceState.instance_id.in_({row.instance_id for row in rows})
            )
        )
    }
    return [
        Leased(
            row.id,
            row.fence + 1,
            row.type,
            row.element,
            row.instance_id,
            row.retries,
            json.loads(row.headers),
            kernel.peek(documents[row.instance_id], row.token),
        )
        for row in rows
    ]


def any_free(unit: UnitOfWork, types: Sequence[str]) -> bool:
    """Say whether a job of these types could be leased now; for workers that wait, so it locks nothing."""
    return (
        unit.connection.execute(_FREE.limit(1), {"types": list(types), "now": unit.now}).first() is not None
    )


def extend(unit: UnitOfWork, job_id: str, fence: int, lease: timedelta = DEFAULT_LEASE) -> None:
    """Keep a job for ``lease`` from now on.

    Raises:
        Missing: there is no such job (any more).
        Stale: the lease has passed to another worker.
    """
    _change(unit, job_id, fence, available_at=unit.now + lease)


def complete(unit: UnitOfWork, job_id: str, fence: int, variables: Mapping[str, Any] | None = None) -> None:
    """Take a result and move the instance on.

    Raises:
        Missing: there is no such job (any more).
        Stale: the lease has passed to another worker.
    """
    with _moving(unit, job_id, fence) as (run, token):
        run.finish(token, variables or {})


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
    with _moving(unit, job_id, fence) as (run, token):
        run.throw(token, code, message, variables or {})


def deny(unit: UnitOfWork, job_id: str, fence: int, reason: str = "") -> None:
    """Say as a listener of a user task that the assignment, change or completion is not allowed.

    The task is then as it was before; a completed one is offered again.

    Raises:
        Missing, Stale: as for ``complete``.
        Refused: the job is no such listener.
    """
    with _moving(unit, job_id, fence) as (run, token):
        run.deny(token, reason)


def fail(
    unit: UnitOfWork,
    job_id: str,
    fence: int,
    *,
    message: str,
    retries: int | None = None,
    back_off: timedelta | None = None,
) -> None:
    """Report that the work failed technically; without retries left it becomes an incident.

    The lease ends with it: a result that comes after all is refused.

    Args:
        retries: how many tries are left; None for one less than before.
        back_off: how long nobody may try; None for the job's header ``retryBackoff`` (an ISO 8601 duration),
            or no time at all without one.

    Raises:
        Missing, Stale: as for ``complete``.
        Refused: the header is no duration.
    """
    job = _held(unit, job_id, fence)
    left = job.retries - 1 if retries is None else retries
    if left <= 0:
        with _moving(unit, job_id, fence) as (run, token):
            run.fail(token, message)
        return
    pause = _back_off(job_id, json.loads(job.headers)) if back_off is None else back_off
    _change(unit, job_id, fence, retries=left, worker=None, fence=fence + 1, available_at=unit.now + pause)


def _back_off(job_id: str, headers: Mapping[str, str]) -> timedelta:
    text = headers.get(kernel.BACK_OFF_HEADER, "PT0S")
    pause = parse_duration(text)
    if not isinstance(pause, timedelta) or pause < timedelta(0):
        raise Refused(
            f"Expected the header {kernel.BACK_OFF_HEADER} to be a duration such as PT5M, but it is “{text}”.",
            job_id=job_id,
            header=text,
        )
    return pause


@contextmanager
def _moving(unit: UnitOfWork, job_id: str, fence: int) -> Iterator[tuple[kernel.Run, int]]:
    """Move the instance of a job whose lease holds.

    The instance is locked before the job, as in every command; then no lease can pass on meanwhile.
    """
    instance_id, token = ids.origin(job_id)
    try:
        instance = instances.lock(unit, instance_id)
    except Missing:
        raise _gone(job_id) from None
    except NotWaiting as reason:
        raise (reason if reason.status == "suspended" else _gone(job_id)) from None
    _held(unit, job_id, fence, lock=True)
    with instances.motion(unit, instance_id):
        yield instance.run, token
        instances.settle(unit, instance)


def _change(unit: UnitOfWork, job_id: str, held: int, **columns: Any) -> None:
    """Change a job whose lease holds; the condition stands in the UPDATE, so no lease passes on in between."""
    changed = unit.connection.execute(
        sa.update(Job).where(Job.id == job_id, Job.fence == held).values(**columns)
    )
    if changed.rowcount != 1:
        _held(unit, job_id, held)
        raise _gone(job_id)


def _held(unit: UnitOfWork, job_id: str, fence: int, *, lock: bool = False) -> Any:
    row = unit.connection.execute(_HELD_LOCKED if lock else _HELD, {"job": job_id}).one_or_none()
    if row is None:
        raise _gone(job_id)
    if row.fence != fence:
        raise Stale(
            f"Expected the lease {fence} of the job {job_id} to hold, but it has passed on.",
            job_id=job_id,
            fence=fence,
        )
    return row


def _gone(job_id: str) -> Missing:
    return Missing(f"There is no job {job_id}; it is done, or its instance has moved on.", job_id=job_id)
