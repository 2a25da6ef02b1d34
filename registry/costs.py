"""Costs: what an order has cost, gathered from the rows that say so.

Comes in: labour entries, stock moves and contractor costs of an order. Goes out: cost items, one for each of
them, with who bore it and for whom. It never takes a source twice and never posts. Next:
``registry/settlement.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import assets, entities, ids, rows
from registry.tables.costs import CostItem
from registry.tables.entities import Entity
from registry.tables.stock import StockMove, Store
from registry.tables.work import ContractorCost, LabourEntry, WorkOrder


@dataclass(frozen=True, slots=True)
class _Source:
    """What a cost item takes from the row it is made of."""

    kind: str
    type: str
    id: str
    entity_id: str
    day: date
    amount_cents: int
    quantity: int | None = None
    item_id: str | None = None
    supplier_id: str | None = None
    document_reference: str | None = None


def of_order(session: Session, order_id: str) -> list[CostItem]:
    """Return every cost item of an order, oldest day first."""
    query = sa.select(CostItem).where(CostItem.order_id == order_id)
    return list(session.execute(query.order_by(CostItem.day, CostItem.id)).scalars())


def total(session: Session, order_id: str) -> int:
    """Return what an order has cost so far, in cents."""
    amount = sa.func.coalesce(sa.func.sum(CostItem.amount_cents), 0)
    return int(session.execute(sa.select(amount).where(CostItem.order_id == order_id)).scalar_one())


def gather(session: Session, order_id: str, *, at: datetime, by: str) -> list[CostItem]:
    """Make cost items of what the order has used since it was last gathered; returns the new ones.

    Labour counts for the employer, material for the entity of its store, a contractor for the entity of the
    order. The beneficiary is the owner of the order's asset on the day of the cost, or the order's entity when it
    names no asset. The source rows cannot change after this.

    Raises:
        Missing: there is no such order, or nobody of the house owned its asset on that day.
    """
    order = rows.locked(session, WorkOrder, order_id, "work order")
    known = {(item.source_type, item.source_id) for item in of_order(session, order_id)}
    made = []
    for source in _sources(session, order):
        if (source.type, source.id) in known:
            continue
        item = CostItem(
            id=ids.derived("cost", source.type, source.id),
            order_id=order.id,
            kind=source.kind,
            source_type=source.type,
            source_id=source.id,
            entity_id=source.entity_id,
            beneficiary_id=_beneficiary(session, order, source.day),
            asset_id=order.asset_id,
            nature_code=order.nature_code,
            day=source.day,
            amount_cents=source.amount_cents,
            quantity=source.quantity,
            item_id=source.item_id,
            supplier_id=source.supplier_id,
            team_code=order.team_code if source.kind == "labour" else None,
            document_reference=source.document_reference,
            created_at=at,
            created_by=by,
        )
        made.append(item)
    session.add_all(made)
    session.flush()
    return made


def _beneficiary(session: Session, order: WorkOrder, day: date) -> str:
    return order.entity_id if order.asset_id is None else assets.owner_on(session, order.asset_id, day)


def _sources(session: Session, order: WorkOrder) -> Iterator[_Source]:
    yield from _labour(session, order)
    yield from _material(session, order)
    yield from _contractors(session, order)


def _labour(session: Session, order: WorkOrder) -> Iterator[_Source]:
    query = sa.select(LabourEntry).where(LabourEntry.order_id == order.id, LabourEntry.struck_at.is_(None))
    # Locked, so that nobody strikes an entry while its cost is being made of it.
    locked = query.order_by(LabourEntry.day, LabourEntry.id).with_for_update()
    for entry in session.execute(locked.execution_options(populate_existing=True)).scalars():
        yield _Source(
            kind="labour",
            type="labour_entry",
            id=entry.id,
            entity_id=entry.entity_id,
            day=entry.day,
            amount_cents=entry.amount_cents,
            quantity=entry.minutes,
        )


def _material(session: Session, order: WorkOrder) -> Iterator[_Source]:
    query = (
        sa.select(StockMove, Entity)
        .join(Store, Store.id == StockMove.store_id)
        .join(Entity, Entity.id == Store.entity_id)
        .where(StockMove.order_id == order.id)
        .order_by(StockMove.created_at, StockMove.id)
    )
    for move, entity in session.execute(query):
        yield _Source(
            kind="material",
            type="stock_move",
            id=move.id,
            entity_id=entity.id,
            day=entities.local_day(entity, move.created_at),
            amount_cents=-move.value_cents,
            quantity=-move.quantity_milli,
            item_id=move.item_id,
        )


def _contractors(session: Session, order: WorkOrder) -> Iterator[_Source]:
    query = sa.select(ContractorCost).where(ContractorCost.order_id == order.id)
    for cost in session.execute(query.order_by(ContractorCost.day, ContractorCost.id)).scalars():
        yield _Source(
            kind="contractor",
            type="contractor_cost",
            id=cost.id,
            entity_id=order.entity_id,
            day=cost.day,
            amount_cents=cost.amount_cents,
            supplier_id=cost.supplier_id,
            document_reference=cost.document_reference,
        )
