"""Lists of stock: what each store has, moves, reservations, what to reorder, materials of an order.

Comes in: filters, a page. Goes out: rows that need no second query. It never moves anything. Next:
``registry/queries/accounting.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry import search
from registry.queries import page as pages
from registry.tables.people import Person
from registry.tables.stock import Item, MaterialNeed, Reservation, StockBalance, StockMove, Store
from registry.tables.work import WorkOrder

_AVAILABLE = StockBalance.on_hand_milli - StockBalance.held_milli
# An item stands once in each store: both together are the key of the list.
_BALANCE = cast("InstrumentedAttribute[str]", StockBalance.item_id + StockBalance.store_id)
_STOCK = pages.Order(
    {
        "code": Item.code,
        "name": Item.name_fr,
        "store": Store.name,
        "on_hand": StockBalance.on_hand_milli,
        "held": StockBalance.held_milli,
        "value": StockBalance.value_cents,
    },
    "code",
    _BALANCE,
)
_MOVES = pages.Order(
    {"at": StockMove.created_at, "kind": StockMove.kind, "quantity": StockMove.quantity_milli},
    "-at",
    StockMove.id,
)


@dataclass(frozen=True, slots=True)
class StockRow:
    """One item in one store."""

    item_id: str
    item_code: str
    item_fr: str
    item_en: str
    unit: str
    reorder_milli: int
    store_id: str
    store_code: str
    store_name: str
    entity_id: str
    on_hand_milli: int
    held_milli: int
    value_cents: int

    @property
    def available_milli(self) -> int:
        """Return what may still be held or issued."""
        return self.on_hand_milli - self.held_milli

    @property
    def below_reorder(self) -> bool:
        """Say whether the store has less available than the reorder level."""
        return self.available_milli < self.reorder_milli


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One move with the names beside the ids."""

    id: str
    at: datetime
    kind: str
    quantity_milli: int
    value_cents: int
    document: str | None
    reason: str | None
    item_id: str
    item_code: str
    store_id: str
    store_code: str
    store_name: str
    order_id: str | None
    order_reference: str | None
    by: str
    by_name: str | None


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """One reservation with the names beside the ids."""

    id: str
    status: str
    quantity_milli: int
    consumed_milli: int
    held_at: datetime
    expires_at: datetime | None
    item_id: str
    item_code: str
    item_fr: str
    item_en: str
    unit: str
    store_id: str
    store_code: str
    store_name: str
    order_id: str
    order_reference: str
    order_title: str


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """What an order holds, used or waits for: ``noun`` is reservation, move or need, ``status`` its word."""

    noun: str
    id: str
    status: str
    item_id: str
    item_code: str
    item_fr: str
    item_en: str
    unit: str
    store_name: str
    quantity_milli: int
    used_milli: int
    amount_cents: int | None


def stores(session: Session, *, entity_ids: Collection[str] | None) -> Sequence[Store]:
    """Return the stores of entities by name; None gives all."""
    query = sa.select(Store).order_by(Store.name, Store.id)
    return session.scalars(
        query if entity_ids is None else query.where(Store.entity_id.in_(entity_ids))
    ).all()


def stock_page(
    session: Session,
    *,
    entity_ids: Collection[str] | None,
    text: str = "",
    store_code: str | None = None,
    below_reorder: bool = False,
    page: int = 1,
    size: int = 25,
    sort: str = "",
) -> pages.Page[StockRow]:
    """Return a page of items in stores.

    Args:
        session: the transaction.
        entity_ids: entities whose stores the reader may see, None for all.
        text: words that must begin words of code or name.
        store_code: one store, None for all.
        below_reorder: only what has less available than its reorder level.
        page: which page, from 1.
        size: rows on a page.
        sort: code, name, store, on_hand, held or value; ``code`` is the default.

    Raises:
        Unfit: the page, the size or the sort word lies outside.
    """
    where = search.conditions("item", StockBalance.item_id, text)
    if entity_ids is not None:
        where.append(StockBalance.store_id.in_(sa.select(Store.id).where(Store.entity_id.in_(entity_ids))))
    if store_code is not None:
        where.append(StockBalance.store_id.in_(sa.select(Store.id).where(Store.code == store_code)))
    if below_reorder:
        level = sa.select(Item.reorder_milli).where(Item.id == StockBalance.item_id).correlate(StockBalance)
        where.append(level.scalar_subquery() > _AVAILABLE)
    query = (
        sa.select(
            StockBalance.item_id,
            Item.code,
            Item.name_fr,
            Item.name_en,
            Item.unit,
            Item.reorder_milli,
            StockBalance.store_id,
            Store.code,
            Store.name,
            Store.entity_id,
            StockBalance.on_hand_milli,
            StockBalance.held_milli,
            StockBalance.value_cents,
        )
        .select_from(StockBalance)
        .join(Item, Item.id == StockBalance.item_id)
        .join(Store, Store.id == StockBalance.store_id)
    )
    return pages.read(
        session, query, where, lambda row: StockRow(*row), order=_STOCK, sort=sort, page=page, size=size
    )


def moves_page(
    session: Session,
    *,
    entity_ids: Collection[str] | None,
    item_id: str | None = None,
    store_id: str | None = None,
    order_id: str | None = None,
    page: int = 1,
    size: int = 25,
    sort: str = "",
) -> pages.Page[MoveRow]:
    """Return a page of moves, the latest first; ``sort`` is at, kind or quantity.

    Raises:
        Unfit: the page, the size or the sort word lies outside.
    """
    chosen = ((StockMove.item_id, item_id), (StockMove.store_id, store_id), (StockMove.order_id, order_id))
    where: list[sa.ColumnElement[bool]] = [column == value for column, value in chosen if value is not None]
    if entity_ids is not None:
        where.append(StockMove.store_id.in_(sa.select(Store.id).where(Store.entity_id.in_(entity_ids))))
    query = (
        sa.select(
            StockMove.id,
            StockMove.created_at,
            StockMove.kind,
            StockMove.quantity_milli,
            StockMove.value_cents,
            StockMove.document,
            StockMove.reason,
            StockMove.item_id,
            Item.code,
            StockMove.store_id,
            Store.code,
            Store.name,
            StockMove.order_id,
            WorkOrder.reference,
            StockMove.created_by,
            Person.name,
        )
        .select_from(StockMove)
        .join(Item, Item.id == StockMove.item_id)
        .join(Store, Store.id == StockMove.store_id)
        .outerjoin(WorkOrder, WorkOrder.id == StockMove.order_id)
        .outerjoin(Person, Person.id == StockMove.created_by)
    )
    return pages.read(
        session, query, where, lambda row: MoveRow(*row), order=_MOVES, sort=sort, page=page, size=size
    )


def reservations_of_item(
    session: Session, item_id: str, *, entity_ids: Collection[str] | None = None
) -> list[ReservationRow]:
    """Return what is held of an item now, the oldest first."""
    where = [Reservation.item_id == item_id, Reservation.status == "held"]
    if entity_ids is not None:
        where.append(Store.entity_id.in_(entity_ids))
    return _reservations(session, where)


def reservations_of_order(session: Session, order_id: str) -> list[ReservationRow]:
    """Return every reservation of an order, the oldest first."""
    return _reservations(session, [Reservation.order_id == order_id])


def materials_of(session: Session, order_id: str) -> list[MaterialRow]:
    """Return what an order holds, used or waits for: reservations, then other moves, then waiting needs."""
    rows: list[MaterialRow] = []
    held = _with_names(sa.select(Reservation, Item, Store.name, StockMove.value_cents), Reservation)
    held = held.outerjoin(StockMove, StockMove.reservation_id == Reservation.id)
    for reservation, item, store, value in session.execute(
        held.where(Reservation.order_id == order_id).order_by(Reservation.held_at, Reservation.id)
    ):
        amount = -value if value is not None else None
        facts = (reservation.quantity_milli, reservation.consumed_milli, amount)
        rows.append(_material("reservation", reservation.id, reservation.status, item, store, facts))
    moves = _with_names(sa.select(StockMove, Item, Store.name), StockMove)
    for move, item, store in session.execute(
        moves.where(StockMove.order_id == order_id, StockMove.reservation_id.is_(None)).order_by(
            StockMove.created_at, StockMove.id
        )
    ):
        facts = (abs(move.quantity_milli), -move.quantity_milli, -move.value_cents)
        rows.append(_material("move", move.id, move.kind, item, store, facts))
    needs = _with_names(sa.select(MaterialNeed, Item, Store.name), MaterialNeed)
    for need, item, store in session.execute(
        needs.where(MaterialNeed.order_id == order_id, MaterialNeed.status == "waiting").order_by(
            MaterialNeed.created_at, MaterialNeed.id
        )
    ):
        rows.append(_material("need", need.id, need.status, item, store, (need.quantity_milli, 0, None)))
    return rows


def reorder_list(session: Session, *, entity_ids: Collection[str] | None) -> list[StockRow]:
    """Return every item in a store with less available than its reorder level, the scarcest share first."""
    found = stock_page(session, entity_ids=entity_ids, below_reorder=True, size=pages.LARGEST).rows
    return sorted(
        found, key=lambda row: (row.available_milli / row.reorder_milli, row.item_code, row.store_code)
    )


def _with_names(query: sa.Select[*tuple[Any, ...]], kind: type[Any]) -> sa.Select[*tuple[Any, ...]]:
    return query.join(Item, Item.id == kind.item_id).join(Store, Store.id == kind.store_id)


def _material(
    noun: str, row_id: str, status: str, item: Item, store_name: str, facts: tuple[int, int, int | None]
) -> MaterialRow:
    quantity_milli, used_milli, amount_cents = facts
    return MaterialRow(
        noun=noun,
        id=row_id,
        status=status,
        item_id=item.id,
        item_code=item.code,
        item_fr=item.name_fr,
        item_en=item.name_en,
        unit=item.unit,
        store_name=store_name,
        quantity_milli=quantity_milli,
        used_milli=used_milli,
        amount_cents=amount_cents,
    )


def _reservations(session: Session, where: Sequence[sa.ColumnElement[bool]]) -> list[ReservationRow]:
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            Reservation.id,
            Reservation.status,
            Reservation.quantity_milli,
            Reservation.consumed_milli,
            Reservation.held_at,
            Reservation.expires_at,
            Reservation.item_id,
            Item.code,
            Item.name_fr,
            Item.name_en,
            Item.unit,
            Reservation.store_id,
            Store.code,
            Store.name,
            Reservation.order_id,
            WorkOrder.reference,
            WorkOrder.title,
        )
        .join(Item, Item.id == Reservation.item_id)
        .join(Store, Store.id == Reservation.store_id)
        .join(WorkOrder, WorkOrder.id == Reservation.order_id)
        .where(*where)
        .order_by(Reservation.held_at, Reservation.id)
    )
    return [ReservationRow(*row) for row in session.execute(query)]
