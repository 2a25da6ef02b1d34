"""The proof that a row with a life went only where its verbs allow.

Comes in: the rows' table, their event table, the table of transitions. Goes out: rows looked at and findings. It
never knows a verb by name. Next: ``registry/proofs/requests.py``, ``registry/proofs/work.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.proofs.finding import Finding
from registry.tables.requests import Request, RequestEvent
from registry.tables.work import WorkOrder, WorkOrderEvent


def steps(
    session: Session,
    event: type[RequestEvent | WorkOrderEvent],
    of: InstrumentedAttribute[str],
    *,
    transitions: Mapping[str, Mapping[str, str]],
    verbs: Mapping[str, str],
    code: str,
) -> tuple[int, list[Finding]]:
    """Prove that each event begins where the one before ended and is a step its verb allows.

    Args:
        session: the transaction.
        event: the event table.
        of: its column that names the row.
        transitions: verb → (status before → status after).
        verbs: kind of event → verb; kinds not named must not change the status.
        code: the code of findings.
    """
    last = sa.func.lag(event.status_after).over(partition_by=of, order_by=event.number)
    place = sa.func.row_number().over(partition_by=of, order_by=event.number)
    query = sa.select(
        of, event.number, event.kind, event.status_before, event.status_after, last, place
    ).order_by(of, event.number)
    seen, findings = 0, []
    for row_id, number, kind, before, after, ended, position in session.execute(query).yield_per(2000):
        seen += 1
        subject = f"{row_id} event {number}"
        if number != position:
            findings.append(Finding(code, subject, f"event number {position}", str(number)))
        if before != ended:
            findings.append(Finding(code, subject, f"to begin at {ended}", str(before)))
        verb = verbs.get(kind)
        allowed = before if verb is None and before is not None else None
        if verb is not None:
            allowed = transitions[verb].get(str(before))
        if before is not None and after != allowed:
            findings.append(Finding(code, subject, f"{kind} from {before} to {allowed}", after))
    return seen, findings


def ends(
    session: Session,
    living: type[Request | WorkOrder],
    event: type[RequestEvent | WorkOrderEvent],
    of: InstrumentedAttribute[str],
    code: str,
) -> tuple[int, list[Finding]]:
    """Prove that each row stands where its last event left it and counted as many changes as it has events."""
    last = sa.select(
        of.label("row_id"),
        event.status_after.label("status"),
        event.number.label("number"),
        sa.func.row_number().over(partition_by=of, order_by=event.number.desc()).label("place"),
    ).subquery()
    query = sa.select(
        living.reference, living.status, living.version, last.c.status, last.c.number
    ).outerjoin(last, (last.c.row_id == living.id) & (last.c.place == 1))
    wrong = query.where(
        living.status.is_distinct_from(last.c.status) | living.version.is_distinct_from(last.c.number)
    )
    seen = session.scalar(sa.select(sa.func.count()).select_from(living)) or 0
    findings = [
        Finding(code, reference, f"{told} after {number} events", f"{status} at version {version}")
        for reference, status, version, told, number in session.execute(wrong)
    ]
    return seen, findings
