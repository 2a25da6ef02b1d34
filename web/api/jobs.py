"""Jobs for external workers: activate, complete, deny, fail, throw an error, extend.

Comes in: a worker that asks for work or reports on it. Goes out: leases with a fencing token, or what became of them.
It never holds a transaction open while it waits. Next: ``engine/jobs.py``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from flask import current_app
from pydantic import Field, StringConstraints

from engine import jobs
from engine.store import UnitOfWork
from web import database
from web.api.doors import Room
from web.api.models import Fence, Given, Reason, Text, Told, Variables
from web.api.values import plain

POLL_SECONDS = 0.25
room = Room("jobs", "Work for external workers: leased, fenced, retried.")


class Activate(Given):
    """Which work a worker wants, and how long it can wait for it."""

    types: list[Text] = Field(min_length=1, max_length=50, description="Task types, any of them.")
    worker: Text = Field(description="Name of the worker, for operators.")
    max_jobs: int = Field(10, ge=1, le=100)
    lease_seconds: int = Field(
        300, ge=1, le=86_400, description="After it, another worker may have what is not done."
    )
    timeout_seconds: int = Field(
        0, ge=0, le=30, description="How long to wait when there is nothing; 0 answers at once."
    )


class Job(Told):
    """A job in the hands of the worker until the lease is over."""

    id: str
    fence: int
    type: str
    element: str
    instance_id: str
    retries: int
    headers: dict[str, str]
    variables: dict[str, Any]


class Activated(Told):
    """The jobs leased, the oldest first; none when nothing came in time."""

    jobs: list[Job]


class Complete(Given):
    """The result of a job."""

    fence: Fence
    variables: Variables


class Fail(Given):
    """A technical failure: the job is tried again, or becomes an incident."""

    fence: Fence
    message: Reason
    retries: int | None = Field(
        None, ge=0, le=1000, description="How many tries are left; absent: one less than before."
    )
    back_off_seconds: int | None = Field(
        None, ge=0, le=2_592_000, description="How long nobody may try; absent: the diagram's retryBackoff."
    )


class ThrowError(Given):
    """A business error that the diagram may catch."""

    fence: Fence
    error_code: Text
    message: Annotated[str, StringConstraints(max_length=1000)] = ""
    variables: Variables


class Deny(Given):
    """What a listener of a user task does not allow."""

    fence: Fence
    reason: Annotated[str, StringConstraints(max_length=1000)] = ""


class Extend(Given):
    """More time for a long job."""

    fence: Fence
    lease_seconds: int = Field(300, ge=1, le=86_400)


@room.post("/jobs/activate", scope="jobs")
def activate(body: Activate) -> Activated:
    """Lease jobs, waiting for them if asked to.

    Nothing waits inside the database: the server looks again a few times a second. When too many workers wait at
    once, the answer comes at once and empty; ask again after a moment.
    """
    house = database.house()
    deadline = house.clock.now() + timedelta(seconds=body.timeout_seconds)
    desk = current_app.extensions["waiting"]
    with desk.seat() as seated:
        while True:
            leased = _lease(body)
            if leased or not seated or house.clock.now() >= deadline:
                return Activated(jobs=leased)
            desk.pause(POLL_SECONDS)


def _lease(body: Activate) -> list[Job]:
    with database.read() as reading:
        if not jobs.any_free(reading, body.types):
            return []
    with database.begin() as unit:
        leased = jobs.acquire(
            unit,
            body.types,
            worker=body.worker,
            limit=body.max_jobs,
            lease=timedelta(seconds=body.lease_seconds),
        )
    return [
        Job(
            id=one.id,
            fence=one.fence,
            type=one.type,
            element=one.element,
            instance_id=one.instance_id,
            retries=one.retries,
            headers=one.headers,
            variables=plain(one.variables),
        )
        for one in leased
    ]


@room.post("/jobs/{job_id}/complete", scope="jobs", same="fence")
def complete(unit: UnitOfWork, job_id: str, body: Complete) -> None:
    """Report the result of a job and move its instance on.

    The same report with the same fencing token may be repeated: it gets the answer it had.
    """
    jobs.complete(unit, job_id, body.fence, body.variables)


@room.post("/jobs/{job_id}/fail", scope="jobs", same="fence")
def fail(unit: UnitOfWork, job_id: str, body: Fail) -> None:
    """Report that a job failed technically; without tries left it becomes an incident."""
    pause = None if body.back_off_seconds is None else timedelta(seconds=body.back_off_seconds)
    jobs.fail(unit, job_id, body.fence, message=body.message, retries=body.retries, back_off=pause)


@room.post("/jobs/{job_id}/error", scope="jobs", same="fence")
def throw_error(unit: UnitOfWork, job_id: str, body: ThrowError) -> None:
    """Report a business error that a boundary event may catch by its code."""
    jobs.throw_error(unit, job_id, body.fence, body.error_code, body.message, body.variables)


@room.post("/jobs/{job_id}/deny", scope="jobs", same="fence")
def deny(unit: UnitOfWork, job_id: str, body: Deny) -> None:
    """Refuse, as its listener, that a user task is assigned, changed or completed; it is as it was before."""
    jobs.deny(unit, job_id, body.fence, body.reason)


@room.post("/jobs/{job_id}/extend", scope="jobs")
def extend(unit: UnitOfWork, job_id: str, body: Extend) -> None:
    """Keep a job for a new lease, counted from now."""
    jobs.extend(unit, job_id, body.fence, timedelta(seconds=body.lease_seconds))
