"""Work: orders, the hours they took and what contractors charged.

Comes in: a session, the facts, who and when. Goes out: rows of ``work_order`` with a numbered event for each
change, labour entries with their frozen rate, contractor costs. It never reserves stock and never posts. Next:
``registry/reservations.py``, ``registry/costs.py``.

    open ─▶ assigned ─▶ planned ─▶ in_progress ─▶ finished ─▶ closed        cancelled: any time before finished
                                        ▲              │
                                        └── redo ──────┘
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import (
    assets,
    entities,
    ids,
    natures,
    people,
    references,
    requests,
    rows,
    rules,
    search,
    suppliers,
)
from registry.errors import Missing
from registry.tables.costs import CostItem
from registry.tables.requests import Mode
from registry.tables.work import ContractorCost, LabourEntry, WorkOrder, WorkOrderEvent

# verb → (status before → status after). A verb is refused from any status not named here.
TRANSITIONS: dict[str, dict[str, str]] = {
    "assign": {
        "open": "assigned",
        "assigned": "assigned",
        "planned": "planned",
        "in_progress": "in_progress",
    },
    "plan": dict.fromkeys(("assigned", "planned"), "planned"),
    "begin": {"assigned": "in_progress", "planned": "in_progress"},
    "finish": dict.fromkeys(("assigned", "planned", "in_progress"), "finished"),
    "redo": {"finished": "in_progress"},
    "close": {"finished": "closed"},
    "cancel": dict.fromkeys(("open", "assigned", "planned", "in_progress"), "cancelled"),
}
# verb → the kind of the event it writes.
PAST = {
    "assign": "assigned",
    "plan": "planned",
    "begin": "begun",
    "finish": "finished",
    "redo": "sent_back",
    "close": "closed",
    "cancel": "cancelled",
}
_WORKED_ON = ("open", "assigned", "planned", "in_progress", "finished")
_DAY_MINUTES = 24 * 60


def open_order(
    session: Session,
    *,
    request_id: str | None = None,
    entity_id: str,
    asset_id: str | None = None,
    nature_code: str | None = None,
    title: str,
    priority: int,
    due_at: datetime | None = None,
    mode: Mode,
    team_code: str | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - the name every verb of the registry gives to its idempotency key
) -> WorkOrder:
    """Open a work order and give it its reference number.

    Args:
        session: the transaction.
        request_id: the request it answers, or None for work nobody asked for.
        entity_id: the body that has the work done.
        asset_id: the asset worked on.
        nature_code: the kind of work.
        title: what is to be done, in one line.
        priority: 1 (at once) to 4 (when it suits).
        due_at: when it is due.
        mode: in_house or contractor.
        team_code: the team it is for; given, the order is assigned at once.
        at: the instant.
        by: who opens it.
        id: key of the step that opens; repeated, it returns the same order.

    Raises:
        Missing: there is no such request, entity, asset, nature or team.
        Unfit: a value has not the form it needs.
        DifferentFacts: the id was used for another order.
    """
    before = rows.repeated(
        session, WorkOrder, id, "work order", request_id=request_id, entity_id=entity_id, mode=mode
    )
    if before is not None:
        return before
    entity = entities.get(session, entity_id)
    if request_id is not None:
        requests.get(session, request_id)
    if asset_id is not None:
        assets.get(session, asset_id)
    if nature_code is not None:
        natures.by_code(session, nature_code)
    if team_code is not None:
        people.team_by_code(session, team_code)
    year = entities.local_day(entity, at).year
    order = WorkOrder(
        id=id or ids.new(at),
        reference=f"OT-{year}-{references.next_number(session, 'work_order', year):06d}",
        request_id=request_id,
        entity_id=entity_id,
        asset_id=asset_id,
        nature_code=nature_code,
        title=rules.text(title, "title"),
        priority=rules.priority(priority),
        due_at=due_at,
        mode=rules.word(mode, "mode", get_args(Mode)),
        status="assigned" if team_code is not None else "open",
        team_code=team_code,
        version=0,
        created_at=at,
        created_by=by,
    )
    session.add(order)
    _tell(session, order, "opened", None, "", at=at, by=by)
    search.index(session, "work_order", order.id, order.reference, order.title)
    return order


def get(session: Session, order_id: str) -> WorkOrder:
    """Return the work order with that id, or raise Missing."""
    return rows.get(session, WorkOrder, order_id, "work order")


def by_reference(session: Session, reference: str) -> WorkOrder:
    """Return the work order with that reference number, or raise Missing."""
    order = session.scalar(sa.select(WorkOrder).where(WorkOrder.reference == reference.strip()))
    if order is None:
        raise Missing(
            f"Expected a work order with reference {reference}, but there is none.", noun="work order"
        )
    return order


def of_request(session: Session, request_id: str) -> Sequence[WorkOrder]:
    """Return the work orders that answer a request, the oldest first."""
    query = sa.select(WorkOrder).where(WorkOrder.request_id == request_id)
    return session.scalars(query.order_by(WorkOrder.created_at, WorkOrder.reference)).all()


def assign(
    session: Session,
    order_id: str,
    *,
    team_code: str | None = None,
    supplier_id: str | None = None,
    person_id: str | None = None,
    version: int | None = None,
    at: datetime,
    by: str,
) -> WorkOrder:
    """Give an order to a team, a supplier or a person; None keeps what stands.

    A supplier takes orders of mode contractor only, a person orders of mode in_house only.

    Raises:
        Missing: there is no such order, team, supplier or person.
        Stale: the order changed since that version.
        WrongState: it is finished, closed or cancelled.
        Unfit: nobody is named, or the one named does not fit the mode.
    """
    order = _hold(session, order_id, "assign", version)
    if team_code is None and supplier_id is None and person_id is None:
        raise rules.Unfit("Expected a team, a supplier or a person, but none is named.", field="team_code")
    if supplier_id is not None and order.mode != "contractor":
        raise rules.Unfit(
            f"Expected an order for a contractor, but {order.reference} is done in-house.",
            field="supplier_id",
        )
    if person_id is not None and order.mode != "in_house":
        raise rules.Unfit(
            f"Expected an order done in-house, but {order.reference} is for a contractor.", field="person_id"
        )
    facts: dict[str, Any] = {}
    if team_code is not None:
        facts["team_code"] = people.team_by_code(session, team_code).code
    if supplier_id is not None:
        facts["supplier_id"] = suppliers.get(session, supplier_id).id
    if person_id is not None:
        facts["person_id"] = people.get(session, person_id).id
    for name, value in facts.items():
        setattr(order, name, value)
    return _step(session, order, "assign", "", facts=facts, at=at, by=by)


def plan(
    session: Session,
    order_id: str,
    *,
    starts_at: datetime,
    ends_at: datetime,
    version: int | None = None,
    at: datetime,
    by: str,
) -> WorkOrder:
    """Say when the work is to be done.

    Raises:
        Missing: there is no such order.
        Stale: the order changed since that version.
        WrongState: nobody is assigned, work has begun, or the order is cancelled.
        Unfit: the end is not after the start.
    """
    order = _hold(session, order_id, "plan", version)
    if ends_at <= starts_at:
        raise rules.Unfit(
            f"Expected work to end after it starts, but {ends_at} is not after {starts_at}.", field="ends_at"
        )
    order.planned_start, order.planned_end = starts_at, ends_at
    facts = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    return _step(session, order, "plan", "", facts=facts, at=at, by=by)


def begin(session: Session, order_id: str, *, at: datetime, by: str) -> WorkOrder:
    """Begin the work.

    Raises:
        Missing: there is no such order.
        WrongState: nobody is assigned, or work has begun.
    """
    order = _hold(session, order_id, "begin")
    order.begun_at = at if order.begun_at is None else order.begun_at
    return _step(session, order, "begin", "", at=at, by=by)


def finish(session: Session, order_id: str, *, report: str, at: datetime, by: str) -> WorkOrder:
    """Report the work done.

    Raises:
        Missing: there is no such order.
        WrongState: nobody is assigned, or it is finished or cancelled.
        Unfit: the report is empty.
    """
    order = _hold(session, order_id, "finish")
    order.report = rules.text(report, "report", limit=10_000)
    order.finished_at = at
    return _step(session, order, "finish", order.report, at=at, by=by)


def redo(session: Session, order_id: str, *, reason: str, at: datetime, by: str) -> WorkOrder:
    """Send finished work back: it is not accepted.

    Raises:
        Missing: there is no such order.
        WrongState: it is not finished.
        Unfit: no reason is given.
    """
    order = _hold(session, order_id, "redo")
    told = rules.text(reason, "reason", limit=5000)
    order.finished_at = None
    return _step(session, order, "redo", told, at=at, by=by)


def close(session: Session, order_id: str, *, at: datetime, by: str) -> WorkOrder:
    """Close an order whose work is accepted: no more hours.

    Raises:
        Missing: there is no such order.
        WrongState: it is not finished.
    """
    order = _hold(session, order_id, "close")
    order.closed_at = at
    return _step(session, order, "close", "", at=at, by=by)


def cancel(session: Session, order_id: str, *, reason: str, at: datetime, by: str) -> WorkOrder:
    """Cancel an order before its work is finished; hours already logged stay.

    Raises:
        Missing: there is no such order.
        WrongState: it is finished, closed or cancelled.
        Unfit: no reason is given.
    """
    order = _hold(session, order_id, "cancel")
    return _step(session, order, "cancel", rules.text(reason, "reason", limit=5000), at=at, by=by)


def timeline(session: Session, order_id: str) -> Sequence[WorkOrderEvent]:
    """Return the events of a work order in order."""
    query = sa.select(WorkOrderEvent).where(WorkOrderEvent.order_id == order_id)
    return session.scalars(query.order_by(WorkOrderEvent.number)).all()


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
    before = rows.repeated(
        session,
        LabourEntry,
        id,
        "labour entry",
        order_id=order_id,
        person_id=person_id,
        minutes=minutes,
        day=day,
    )
    if before is not None:
        return before
    order = _hold_for_hours(session, order_id)
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
        order_id=order_id,
        person_id=person_id,
        entity_id=person.entity_id,
        day=day,
        minutes=minutes,
        hourly_cents=rate,
        amount_cents=labour_cents(minutes, rate),
        created_at=at,
        created_by=by,
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
    order = _hold_for_hours(session, entry.order_id)
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
        order_id: the order.
        supplier_id: who charges.
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
    before = rows.repeated(
        session,
        ContractorCost,
        id,
        "contractor cost",
        order_id=order_id,
        supplier_id=supplier_id,
        amount_cents=amount_cents,
    )
    if before is not None:
        return before
    order = _hold(session, order_id)
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
        order_id=order_id,
        supplier_id=supplier_id,
        amount_cents=amount_cents,
        document_reference=document,
        day=day,
        created_at=at,
        created_by=by,
    )
    session.add(cost)
    session.flush()
    return cost


def contractor_costs_of(session: Session, order_id: str) -> Sequence[ContractorCost]:
    """Return what contractors charged for an order, by day."""
    query = sa.select(ContractorCost).where(ContractorCost.order_id == order_id)
    return session.scalars(query.order_by(ContractorCost.day, ContractorCost.document_reference)).all()


def _hold(session: Session, order_id: str, verb: str | None = None, version: int | None = None) -> WorkOrder:
    """Return the order locked, after refusing a verb its status forbids: before anything is set on the row."""
    order = rows.locked(session, WorkOrder, order_id, "work order")
    if verb is not None:
        rules.step(TRANSITIONS, verb, order.status, "work order", order.reference)
    rules.fresh(order.version, version, "work order", order.reference)
    return order


def _hold_for_hours(session: Session, order_id: str) -> WorkOrder:
    order = _hold(session, order_id)
    if order.status not in _WORKED_ON:
        raise rules.WrongState(
            f"Expected an order that takes hours, but {order.reference} is {order.status}.",
            noun="work order",
            subject=order.reference,
            status=order.status,
        )
    return order


def _step(
    session: Session,
    order: WorkOrder,
    verb: str,
    text: str,
    *,
    facts: dict[str, Any] | None = None,
    at: datetime,
    by: str,
) -> WorkOrder:
    before = order.status
    order.status = rules.step(TRANSITIONS, verb, before, "work order", order.reference)
    _tell(session, order, PAST[verb], before, text, facts=facts, at=at, by=by)
    return order


def _tell(
    session: Session,
    order: WorkOrder,
    kind: str,
    before: str | None,
    text: str,
    *,
    facts: dict[str, Any] | None = None,
    at: datetime,
    by: str,
) -> None:
    """Write an event; its number is the version of the order that it makes."""
    order.version += 1
    order.changed_at, order.changed_by = at, by
    event = WorkOrderEvent(
        id=ids.derived("work_order_event", order.id, order.version),
        order_id=order.id,
        number=order.version,
        at=at,
        by=by,
        kind=kind,
        status_before=before,
        status_after=order.status,
        text=text,
        facts=facts or {},
    )
    session.flush()
    session.add(event)
    session.flush()
