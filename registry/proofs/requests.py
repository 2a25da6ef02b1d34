"""Proofs about requests: their path, their end, their duplicates, their numbers.

Comes in: a session. Goes out: checks, each with rows looked at and findings. It never repairs. Next:
``registry/proofs/work.py``.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from registry.proofs import paths
from registry.proofs.finding import Check, Finding
from registry.requests import PAST, TRANSITIONS
from registry.tables.numbers import ReferenceCounter
from registry.tables.requests import Request, RequestEvent
from registry.tables.work import WorkOrder

_VERBS = {kind: verb for verb, kind in PAST.items()}


def request_path(session: Session) -> tuple[int, list[Finding]]:
    """Prove that each step of a request is one its verb allows, from where the step before ended."""
    # A request that follows its main request to another keeps its status under the kind "attached".
    followed = TRANSITIONS | {"attach": TRANSITIONS["attach"] | {"duplicate": "duplicate"}}
    return paths.steps(
        session,
        RequestEvent,
        RequestEvent.request_id,
        transitions=followed,
        verbs=_VERBS,
        code="request_path",
    )


def request_end(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a request stands where its last event left it."""
    return paths.ends(session, Request, RequestEvent, RequestEvent.request_id, "request_end")


def request_duplicates(session: Session) -> tuple[int, list[Finding]]:
    """Prove that an attached request names a request that is not itself attached."""
    main = aliased(Request)
    query = (
        sa.select(Request.reference, main.reference)
        .join(main, main.id == Request.duplicate_of_id)
        .where(Request.status == "duplicate", main.status == "duplicate")
    )
    findings = [
        Finding("request_duplicates", reference, "a request that is not attached itself", other)
        for reference, other in session.execute(query)
    ]
    seen = session.scalar(
        sa.select(sa.func.count()).select_from(Request).where(Request.duplicate_of_id.is_not(None))
    )
    return seen or 0, findings


def references(session: Session) -> tuple[int, list[Finding]]:
    """Prove that no reference number is beyond its counter."""
    counters = {
        (kind, str(year)): last
        for kind, year, last in session.execute(
            sa.select(ReferenceCounter.kind, ReferenceCounter.year, ReferenceCounter.last)
        )
    }
    seen, findings = 0, []
    papers: tuple[tuple[str, InstrumentedAttribute[str]], ...] = (
        ("request", Request.reference),
        ("work_order", WorkOrder.reference),
    )
    for kind, column in papers:
        for (reference,) in session.execute(sa.select(column)).yield_per(2000):
            seen += 1
            year, number = reference.removeprefix("OT-").split("-")
            last = counters.get((kind, year), 0)
            if int(number) > last:
                findings.append(Finding("references", reference, f"a number up to {last}", number))
    return seen, findings


CHECKS = (
    Check(
        "request_path",
        "A request went only where its verbs allow, each step from the end of the last.",
        request_path,
    ),
    Check("request_end", "A request stands where its last event left it.", request_end),
    Check(
        "request_duplicates", "A request is attached to one that is not attached itself.", request_duplicates
    ),
    Check("references", "No reference number is beyond its counter.", references),
)
