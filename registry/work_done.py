"""Work done: the hours an order took and what contractors charged for it.

Comes in: an order, minutes of a person on a day, a supplier's document. Goes out: labour entries with the rate and
employer of their day, contractor costs. It never changes an amount once its cost is gathered. Next:
``registry/costs.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import entities, ids, people, rows, rules, suppliers
from registry import work_events as events
from registry.tables.costs import CostItem
from registry.tables.work import ContractorCost, LabourEntry, WorkOrderEvent

_DAY_MINUTES = 24 * 60


def labour_cents(minutes: int, hourly_cents: int) -> int:
    """Return minutes × rate ÷ 60 in cents, rounded half up; the database holds each row to it."""
    return (minutes * hourly_cents + 30) // 60


def log_labour(
    session: Session,
    order_id: str,
    *,
    person_id: str,
    minutes: int,
    day: date,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - the name every verb of the registry gives to its idempotency key
) -> LabourEntry:
    """Log minutes a person worked on an order, at the rate and for the employer of that day.

    Args:
        session: the transaction.
        order_id: the order.
        person_id: who worked.
        minutes: whole minutes, 1 to 1440; all entries of the person on that day fit in 24 hours.
        day: the local day of the work, not in the future.
        at: the instant.
        by: who logs it.
        id: key of the step that logs; repeated, it returns the same entry.

    Raises:
        Missing: there is no such order or person, or no hourly rate on that day.
        WrongState: the order is closed or cancelled.
        Unfit: the minutes do not fit in the day, or the day is in the future.
        DifferentFacts: the id was used for another entry.
    """
    facts = {"order_id": order_id, "person_id": person_id, "minutes": minutes, "day": day}
    before = rows.repeated(session, LabourEntry, id, "labour entry", **facts)
    if before is not None:
        return before
    order = events.hold_for_hours(session, order_id)
    person = people.get(session, person_id)
    if day > entities.local_day(entities.get(session, order.entity_id), at):
        raise rules.Unfit(
            f"Expected a day that has come, but {day} is in the future.", field="day", found=day
        )
    known = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(LabourEntry.minutes), 0)).where(
            LabourEntry.person_id == person_id, LabourEntry.day == day, LabourEntry.struck_at.is_(None)
        )
    )
    if minutes < 1 or int(known or 0) + minutes > _DAY_MINUTES:
        raise rules.Unfit(
            f"Expected minutes that fit in the 24 hours of {day}, "
            f"but found {minutes} beside {known} already logged.",
            field="minutes",
            found=minutes,
            known=known,
        )
    rate = people.rate_on(session, person_id, day)
    entry = LabourEntry(
        id=id or ids.new(at),
        entity_id=person.entity_id,
        hourly_cents=rate,
        amount_cents=labour_cents(minutes, rate),
        created_at=at,
        created_by=by,
        **facts,
    )
    session.add(entry)
    session.flush()
    return entry


def strike_labour(session: Session, entry_id: str, *, reason: str, at: datetime, by: str) -> LabourEntry:
    """Strike a labour entry logged by mistake: it stays readable and counts no more.

    Raises:
        Missing: there is no such entry.
        WrongState: it is struck already, its cost is gathered, or its order is closed or cancelled.
        Unfit: no reason is given.
    """
    entry = rows.locked(session, LabourEntry, entry_id, "labour entry")
    order = events.hold_for_hours(session, entry.order_id)
    if entry.struck_at is not None:
        raise rules.WrongState(
            f"Expected a labour entry that counts, but one of {order.reference} is struck already.",
            noun="labour entry",
            subject=order.reference,
            status="struck",
        )
    gathered = sa.exists().where(CostItem.source_type == "labour_entry", CostItem.source_id == entry.id)
    if session.scalar(sa.select(gathered)):
        raise rules.WrongState(
            f"Expected a labour entry that may be struck, but its cost in {order.reference} is gathered already.",
            noun="labour entry",
            subject=order.reference,
            status="gathered",
        )
    entry.struck_reason = rules.text(reason, "reason", limit=500)
    entry.struck_at, entry.struck_by = at, by
    session.flush()
    return entry


def labour_of(session: Session, order_id: str) -> Sequence[LabourEntry]:
    """Return the labour entries of an order that count, by day."""
    query = sa.select(LabourEntry).where(LabourEntry.order_id == order_id, LabourEntry.struck_at.is_(None))
    return session.scalars(query.order_by(LabourEntry.day, LabourEntry.id)).all()


def record_contractor_cost(
    session: Session,
    order_id: str,
    *,
    supplier_id: str,
    amount_cents: int,
    document_reference: str,
    day: date,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - the name every verb of the registry gives to its idempotency key
) -> ContractorCost:
    """Record what a supplier charges for an order; an invoice may come after the order is closed.

    Args:
        session: the transaction.
        amount_cents: cents, negative for a credit note, never 0.
        document_reference: number of the invoice or report; a supplier's document is recorded once per order.
        day: date of the document.
        at: the instant.
        by: who records it.
        id: key of the step that records; repeated, it returns the same cost.

    Raises:
        Missing: there is no such order or supplier.
        WrongState: the order is cancelled or done in-house.
        Taken: the document is recorded for this order already.
        Unfit: the amount is 0 or no document is named.
        DifferentFacts: the id was used for another cost.
    """
    facts = {"order_id": order_id, "supplier_id": supplier_id, "amount_cents": amount_cents}
    before = rows.repeated(session, ContractorCost, id, "contractor cost", **facts)
    if before is not None:
        return before
    order = events.hold(session, order_id)
    supplier = suppliers.get(session, supplier_id)
    document = rules.text(document_reference, "document_reference", limit=100)
    if order.status == "cancelled" or order.mode != "contractor":
        raise rules.WrongState(
            f"Expected an order for a contractor, but {order.reference} is {order.mode} and {order.status}.",
            noun="work order",
            subject=order.reference,
            status=order.status,
        )
    if amount_cents == 0:
        raise rules.Unfit("Expected an amount, but it is 0 cents.", field="amount_cents", found=0)
    same = sa.exists().where(
        ContractorCost.order_id == order_id,
        ContractorCost.supplier_id == supplier_id,
        ContractorCost.document_reference == document,
    )
    if session.scalar(sa.select(same)):
        raise rules.Taken(
            f"Expected a new document of {supplier.name}, but {document} is recorded for {order.reference}.",
            noun="contractor cost",
            field="document_reference",
            value=document,
        )
    cost = ContractorCost(
        id=id or ids.new(at),
        document_reference=document,
        day=day,
        created_at=at,
        created_by=by,
        **facts,
    )
    session.add(cost)
    session.flush()
    return cost


def contractor_costs_of(session: Session, order_id: str) -> Sequence[ContractorCost]:
    """Return what contractors charged for an order, by day."""
    query = sa.select(ContractorCost).where(ContractorCost.order_id == order_id)
    return session.scalars(query.order_by(ContractorCost.day, ContractorCost.document_reference)).all()


def hands_of(session: Session, order_id: str) -> frozenset[str]:
    """Return who had a hand in the work of an order: planned, began or reported it, worked on it, accepted it.

    Who accepts the work gathers its costs; programs that gather them are among the hands too, and do no harm there.
    """
    queries = (
        sa.select(WorkOrderEvent.by).where(
            WorkOrderEvent.order_id == order_id, WorkOrderEvent.kind.in_(("planned", "begun", "finished"))
        ),
        sa.select(LabourEntry.person_id).where(
            LabourEntry.order_id == order_id, LabourEntry.struck_at.is_(None)
        ),
        sa.select(LabourEntry.created_by).where(LabourEntry.order_id == order_id),
        sa.select(ContractorCost.created_by).where(ContractorCost.order_id == order_id),
        sa.select(CostItem.created_by).where(CostItem.order_id == order_id),
    )
    return frozenset(session.scalars(sa.union(*queries)))
