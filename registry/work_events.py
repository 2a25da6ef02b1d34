"""Events of work orders: which change is allowed from where, and the numbered row that each change writes.

Comes in: an order and a verb. Goes out: the order in its new status with its event, or a refusal. It never counts
hours or money. Next: ``registry/work.py``, whose verbs stand on these.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from registry import ids, rows, rules
from registry.tables.work import WorkOrder, WorkOrderEvent

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


def hold(session: Session, order_id: str, verb: str | None = None, version: int | None = None) -> WorkOrder:
    """Return the order locked, after refusing a verb its status forbids: before anything is set on the row."""
    order = rows.locked(session, WorkOrder, order_id, "work order")
    if verb is not None:
        rules.step(TRANSITIONS, verb, order.status, "work order", order.reference)
    rules.fresh(order.version, version, "work order", order.reference)
    return order


def hold_for_hours(session: Session, order_id: str) -> WorkOrder:
    """Return the order locked, unless it is closed or cancelled."""
    order = hold(session, order_id)
    if order.status not in _WORKED_ON:
        raise rules.WrongState(
            f"Expected an order that takes hours, but {order.reference} is {order.status}.",
            noun="work order",
            subject=order.reference,
            status=order.status,
        )
    return order


def repeated(session: Session, order_id: str, verb: str, event_id: str | None) -> WorkOrder | None:
    """Return the order when ``verb`` has written the event with that id before, else None.

    Raises:
        DifferentFacts: the id names an event of another order or verb.
    """
    event = rows.repeated(
        session, WorkOrderEvent, event_id, "work order event", order_id=order_id, kind=PAST[verb]
    )
    return rows.get(session, WorkOrder, order_id, "work order") if event is not None else None


def step(
    session: Session,
    order: WorkOrder,
    verb: str,
    text: str,
    *,
    facts: dict[str, Any] | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - the name every verb of the registry gives to its idempotency key
) -> WorkOrder:
    """Take the step of ``verb`` and write its event, under ``id`` when one is given."""
    before = order.status
    order.status = rules.step(TRANSITIONS, verb, before, "work order", order.reference)
    tell(session, order, PAST[verb], before, text, facts=facts, at=at, by=by, id=id)
    return order


def tell(
    session: Session,
    order: WorkOrder,
    kind: str,
    before: str | None,
    text: str,
    *,
    facts: dict[str, Any] | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see step
) -> None:
    """Write an event; its number is the version of the order that it makes."""
    order.version += 1
    order.changed_at, order.changed_by = at, by
    event = WorkOrderEvent(
        id=id or ids.derived("work_order_event", order.id, order.version),
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
