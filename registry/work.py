"""Work: orders, the hours they took and what contractors charged.

Comes in: a session, the facts, who and when. Goes out: rows of ``work_order`` with a numbered event for each
change. It never reserves stock and never posts. Next: ``registry/work_done.py`` for hours and contractor costs,
``registry/reservations.py``.

    open ─▶ assigned ─▶ planned ─▶ in_progress ─▶ finished ─▶ closed        cancelled: any time before finished
                                        ▲              │
                                        └── redo ──────┘
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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
from registry import work_events as events
from registry.errors import Missing
from registry.tables.requests import Mode
from registry.tables.work import WorkOrder, WorkOrderEvent
from registry.work_done import (
    contractor_costs_of,
    hands_of,
    labour_cents,
    labour_of,
    log_labour,
    record_contractor_cost,
    strike_labour,
)
from registry.work_events import PAST, TRANSITIONS

__all__ = [
    "PAST",
    "TRANSITIONS",
    "assign",
    "begin",
    "by_reference",
    "cancel",
    "close",
    "contractor_costs_of",
    "exists",
    "finish",
    "get",
    "hands_of",
    "labour_cents",
    "labour_of",
    "log_labour",
    "of_request",
    "open_order",
    "plan",
    "record_contractor_cost",
    "redo",
    "strike_labour",
    "timeline",
]


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
        title: what is to be done, in one line.
        priority: 1 (at once) to 4 (when it suits).
        due_at: when it is due.
        mode: in_house or contractor.
        team_code: the team it is for; given, the order is assigned at once.
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
    events.tell(session, order, "opened", None, "", at=at, by=by)
    search.index(session, "work_order", order.id, order.reference, order.title)
    return order


def get(session: Session, order_id: str) -> WorkOrder:
    """Return the work order with that id, or raise Missing."""
    return rows.get(session, WorkOrder, order_id, "work order")


def exists(session: Session, order_id: str) -> bool:
    """Say whether there is a work order with that id."""
    return session.get(WorkOrder, order_id) is not None


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
    id: str | None = None,  # noqa: A002 - see open_order
) -> WorkOrder:
    """Give an order to a team, a supplier or a person; None keeps what stands.

    A supplier takes orders of mode contractor only, a person orders of mode in_house only.
    Given the ``id`` of the event it writes, a repetition returns the order as it stands.

    Raises:
        Missing: there is no such order, team, supplier or person.
        Stale: the order changed since that version.
        WrongState: it is finished, closed or cancelled.
        Unfit: nobody is named, or the one named does not fit the mode.
    """
    if (known := events.repeated(session, order_id, "assign", id)) is not None:
        return known
    order = events.hold(session, order_id, "assign", version)
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
    return events.step(session, order, "assign", "", facts=facts, at=at, by=by, id=id)


def plan(
    session: Session,
    order_id: str,
    *,
    starts_at: datetime,
    ends_at: datetime,
    version: int | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see open_order
) -> WorkOrder:
    """Say when the work is to be done.

    Raises:
        Missing: there is no such order.
        Stale: the order changed since that version.
        WrongState: nobody is assigned, work has begun, or the order is cancelled.
        Unfit: the end is not after the start.
    """
    if (known := events.repeated(session, order_id, "plan", id)) is not None:
        return known
    order = events.hold(session, order_id, "plan", version)
    if ends_at <= starts_at:
        raise rules.Unfit(
            f"Expected work to end after it starts, but {ends_at} is not after {starts_at}.", field="ends_at"
        )
    order.planned_start, order.planned_end = starts_at, ends_at
    facts = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    return events.step(session, order, "plan", "", facts=facts, at=at, by=by, id=id)


def begin(
    session: Session,
    order_id: str,
    *,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see open_order
) -> WorkOrder:
    """Begin the work.

    Raises:
        Missing: there is no such order.
        WrongState: nobody is assigned, or work has begun.
    """
    if (known := events.repeated(session, order_id, "begin", id)) is not None:
        return known
    order = events.hold(session, order_id, "begin")
    order.begun_at = at if order.begun_at is None else order.begun_at
    return events.step(session, order, "begin", "", at=at, by=by, id=id)


def finish(
    session: Session,
    order_id: str,
    *,
    report: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see open_order
) -> WorkOrder:
    """Report the work done.

    Raises:
        Missing: there is no such order.
        WrongState: nobody is assigned, or it is finished or cancelled.
        Unfit: the report is empty.
    """
    if (known := events.repeated(session, order_id, "finish", id)) is not None:
        return known
    order = events.hold(session, order_id, "finish")
    order.report = rules.text(report, "report", limit=10_000)
    order.finished_at = at
    return events.step(session, order, "finish", order.report, at=at, by=by, id=id)


def redo(session: Session, order_id: str, *, reason: str, at: datetime, by: str) -> WorkOrder:
    """Send finished work back: it is not accepted.

    Raises:
        Missing: there is no such order.
        WrongState: it is not finished.
        Unfit: no reason is given.
    """
    order = events.hold(session, order_id, "redo")
    told = rules.text(reason, "reason", limit=5000)
    order.finished_at = None
    return events.step(session, order, "redo", told, at=at, by=by)


def close(
    session: Session,
    order_id: str,
    *,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see open_order
) -> WorkOrder:
    """Close an order whose work is accepted: no more hours.

    Raises:
        Missing: there is no such order.
        WrongState: it is not finished.
    """
    if (known := events.repeated(session, order_id, "close", id)) is not None:
        return known
    order = events.hold(session, order_id, "close")
    order.closed_at = at
    return events.step(session, order, "close", "", at=at, by=by, id=id)


def cancel(session: Session, order_id: str, *, reason: str, at: datetime, by: str) -> WorkOrder:
    """Cancel an order before its work is finished; hours already logged stay.

    Raises:
        Missing: there is no such order.
        WrongState: it is finished, closed or cancelled.
        Unfit: no reason is given.
    """
    order = events.hold(session, order_id, "cancel")
    return events.step(session, order, "cancel", rules.text(reason, "reason", limit=5000), at=at, by=by)


def timeline(session: Session, order_id: str) -> Sequence[WorkOrderEvent]:
    """Return the events of a work order in order."""
    query = sa.select(WorkOrderEvent).where(WorkOrderEvent.order_id == order_id)
    return session.scalars(query.order_by(WorkOrderEvent.number)).all()
