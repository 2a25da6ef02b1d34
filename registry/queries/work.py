"""Lists of work orders, and the timeline of one with the names of people.

Comes in: filters, a page. Goes out: rows that need no second query. It never adds up costs: see
``registry/queries/estate.py``, which is next.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import search
from registry.queries import page as pages
from registry.queries.requests import TimelineRow
from registry.tables.assets import Asset
from registry.tables.entities import Entity
from registry.tables.natures import Nature
from registry.tables.people import Person, Team
from registry.tables.requests import Request
from registry.tables.suppliers import Supplier
from registry.tables.work import WorkOrder, WorkOrderEvent

TO_DO = ("open", "assigned", "planned", "in_progress")
_ORDER = pages.Order(
    {
        "created": WorkOrder.created_at,
        "reference": WorkOrder.reference,
        "due": WorkOrder.due_at,
        "planned": WorkOrder.planned_start,
        "priority": WorkOrder.priority,
        "status": WorkOrder.status,
        "title": WorkOrder.title,
    },
    "-created",
    WorkOrder.id,
)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A work order as lists show it."""

    id: str
    reference: str
    title: str
    status: str
    mode: str
    priority: int
    created_at: datetime
    due_at: datetime | None
    planned_start: datetime | None
    planned_end: datetime | None
    finished_at: datetime | None
    request_id: str | None
    request_reference: str | None
    entity_id: str
    entity_code: str
    entity_name: str
    nature_code: str | None
    nature_fr: str | None
    nature_en: str | None
    asset_id: str | None
    asset_code: str | None
    asset_name: str | None
    team_code: str | None
    team_name: str | None
    supplier_id: str | None
    supplier_name: str | None
    person_id: str | None
    person_name: str | None


def orders_page(
    session: Session,
    *,
    entity_ids: Collection[str] | None,
    text: str = "",
    status: Collection[str] = (),
    mode: str | None = None,
    team_code: str | None = None,
    supplier_id: str | None = None,
    person_id: str | None = None,
    asset_id: str | None = None,
    request_id: str | None = None,
    late_at: datetime | None = None,
    page: int = 1,
    size: int = 25,
    sort: str = "",
) -> pages.Page[OrderRow]:
    """Return a page of work orders.

    Args:
        session: the transaction.
        entity_ids: entities the reader may see, None for all. For a supplier's person pass None and ``supplier_id``.
        text: words that must begin words of reference or title.
        status: statuses wanted, none for all.
        mode: in_house or contractor.
        team_code: the team wanted.
        supplier_id: the supplier wanted.
        person_id: the person wanted.
        asset_id: the asset wanted.
        request_id: the request wanted.
        late_at: an instant; given, only orders to be done that were due before it.
        page: which page, from 1.
        size: rows on a page.
        sort: created, reference, due, planned, priority, status or title; ``-created`` is the default.

    Raises:
        Unfit: the page, the size or the sort word lies outside.
    """
    where = search.conditions("work_order", WorkOrder.id, text)
    if entity_ids is not None:
        where.append(WorkOrder.entity_id.in_(entity_ids))
    if status:
        where.append(WorkOrder.status.in_(status))
    if late_at is not None:
        where += [WorkOrder.status.in_(TO_DO), WorkOrder.due_at < late_at]
    chosen = (
        (WorkOrder.mode, mode),
        (WorkOrder.team_code, team_code),
        (WorkOrder.supplier_id, supplier_id),
        (WorkOrder.person_id, person_id),
        (WorkOrder.asset_id, asset_id),
        (WorkOrder.request_id, request_id),
    )
    where += [column == value for column, value in chosen if value is not None]
    return pages.read(session, _columns(), where, _row, order=_ORDER, sort=sort, page=page, size=size)


def orders_of(session: Session, order_ids: Collection[str]) -> dict[str, OrderRow]:
    """Return work orders by id, in one query: what the sheet of one shows. Unknown ids are left out."""
    if not order_ids:
        return {}
    rows = session.execute(_columns().where(WorkOrder.id.in_(sorted(order_ids))))
    return {row.id: row for row in map(_row, rows)}


def order_timeline(session: Session, order_id: str) -> Sequence[TimelineRow]:
    """Return the events of a work order in order, with names."""
    rows = session.execute(
        sa.select(WorkOrderEvent, Person.name)
        .outerjoin(Person, Person.id == WorkOrderEvent.by)
        .where(WorkOrderEvent.order_id == order_id)
        .order_by(WorkOrderEvent.number)
    )
    return [
        TimelineRow(
            number=event.number,
            at=event.at,
            by=event.by,
            by_name=name,
            kind=event.kind,
            status_before=event.status_before,
            status_after=event.status_after,
            text=event.text,
            public=False,
            facts=event.facts,
        )
        for event, name in rows
    ]


def _columns() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            WorkOrder.id,
            WorkOrder.reference,
            WorkOrder.title,
            WorkOrder.status,
            WorkOrder.mode,
            WorkOrder.priority,
            WorkOrder.created_at,
            WorkOrder.due_at,
            WorkOrder.planned_start,
            WorkOrder.planned_end,
            WorkOrder.finished_at,
            WorkOrder.request_id,
            Request.reference,
            WorkOrder.entity_id,
            Entity.code,
            Entity.name,
            WorkOrder.nature_code,
            Nature.name_fr,
            Nature.name_en,
            WorkOrder.asset_id,
            Asset.code,
            Asset.name,
            WorkOrder.team_code,
            Team.name,
            WorkOrder.supplier_id,
            Supplier.name,
            WorkOrder.person_id,
            Person.name,
        )
        .join(Entity, Entity.id == WorkOrder.entity_id)
        .outerjoin(Request, Request.id == WorkOrder.request_id)
        .outerjoin(Nature, Nature.code == WorkOrder.nature_code)
        .outerjoin(Asset, Asset.id == WorkOrder.asset_id)
        .outerjoin(Team, Team.code == WorkOrder.team_code)
        .outerjoin(Supplier, Supplier.id == WorkOrder.supplier_id)
        .outerjoin(Person, Person.id == WorkOrder.person_id)
    )


def _row(row: sa.Row[*tuple[Any, ...]]) -> OrderRow:
    return OrderRow(*row)
