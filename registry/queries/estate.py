"""Lists of assets, assets on a map, and the history of one with what it cost.

Comes in: filters, a page, an asset. Goes out: rows that need no second query; costs by year, kind, nature and who did
the work, straight from hours, stock moves and contractors' documents, so that open work counts too. It never says what
was posted: see ``registry/costs.py``. Next: ``registry/queries/page.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import search
from registry.places import Bounds
from registry.queries import page as pages
from registry.queries.requests import RequestRow, requests_page
from registry.queries.work import OrderRow, orders_page
from registry.tables.assets import Asset, AssetClass, AssetEvent, OwnerPeriod
from registry.tables.entities import Entity
from registry.tables.people import Person, Team
from registry.tables.stock import StockMove
from registry.tables.suppliers import Supplier
from registry.tables.work import ContractorCost, LabourEntry, WorkOrder

_Key = TypeVar("_Key")

_ORDER = pages.Order(
    {
        "name": Asset.name,
        "code": Asset.code,
        "class": Asset.class_code,
        "changed": Asset.changed_at,
    },
    "name",
    Asset.id,
)


@dataclass(frozen=True, slots=True)
class AssetRow:
    """An asset as lists show it."""

    id: str
    code: str
    name: str
    status: str
    address: str | None
    longitude: float | None
    latitude: float | None
    class_code: str
    class_fr: str
    class_en: str
    entity_id: str
    entity_code: str
    entity_name: str
    parent_id: str | None


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """Who owned an asset from a day until the day before another, open when None."""

    entity_code: str
    entity_name: str
    owned_from: date
    owned_until: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class AssetEventRow:
    """One event of an asset, with the name of who did it when a person did."""

    number: int
    at: datetime
    by: str
    by_name: str | None
    kind: str
    text: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CostRow:
    """Cents spent on an asset in a year, of a kind, for a nature of work, by a team or a firm."""

    year: int
    kind: str
    nature_code: str | None
    intervener: str | None
    amount_cents: int


@dataclass(frozen=True, slots=True)
class AssetHistory:
    """Everything that happened to an asset: owners, events, recent requests and orders, costs."""

    owners: Sequence[OwnerRow]
    events: Sequence[AssetEventRow]
    requests: pages.Page[RequestRow]
    orders: pages.Page[OrderRow]
    order_cents: dict[str, int]
    costs: Sequence[CostRow]

    def by_year(self) -> dict[int, int]:
        """Return cents by year, the latest first."""
        return dict(sorted(_sums(self.costs, lambda row: row.year).items(), reverse=True))

    def by_kind(self) -> dict[str, int]:
        """Return cents by kind: labour, material, contractor."""
        return _sums(self.costs, lambda row: row.kind)

    def by_nature(self) -> dict[str | None, int]:
        """Return cents by nature of work."""
        return _sums(self.costs, lambda row: row.nature_code)

    def by_intervener(self) -> dict[str | None, int]:
        """Return cents by team or firm."""
        return _sums(self.costs, lambda row: row.intervener)


def assets_page(
    session: Session,
    *,
    entity_ids: Collection[str] | None,
    text: str = "",
    class_code: str | None = None,
    parent_id: str | None = None,
    status: str | None = "in_service",
    page: int = 1,
    size: int = 25,
    sort: str = "",
) -> pages.Page[AssetRow]:
    """Return a page of assets.

    Args:
        session: the transaction.
        entity_ids: owners the reader may see, None for all.
        text: words that must begin words of code, name or address.
        class_code: the class wanted.
        parent_id: the asset whose parts are wanted.
        status: in_service or retired, None for both.
        page: which page, from 1.
        size: rows on a page.
        sort: name, code, class or changed.

    Raises:
        Unfit: the page, the size or the sort word lies outside.
    """
    where = search.conditions("asset", Asset.id, text)
    if entity_ids is not None:
        where.append(Asset.entity_id.in_(entity_ids))
    chosen = ((Asset.class_code, class_code), (Asset.parent_id, parent_id), (Asset.status, status))
    where += [column == value for column, value in chosen if value is not None]
    return pages.read(session, _columns(), where, _row, order=_ORDER, sort=sort, page=page, size=size)


def assets_within(
    session: Session,
    bounds: Bounds,
    *,
    entity_ids: Collection[str] | None,
    class_code: str | None = None,
    most: int = 2000,
) -> Sequence[AssetRow]:
    """Return assets in service whose point lies in a box of the map, at most ``most``."""
    query = _columns().where(
        Asset.longitude.between(bounds.west, bounds.east),
        Asset.latitude.between(bounds.south, bounds.north),
        Asset.status == "in_service",
    )
    if entity_ids is not None:
        query = query.where(Asset.entity_id.in_(entity_ids))
    if class_code is not None:
        query = query.where(Asset.class_code == class_code)
    return [_row(row) for row in session.execute(query.limit(most))]


def asset_history(
    session: Session, asset_id: str, *, entity_ids: Collection[str] | None = None, size: int = 25
) -> AssetHistory:
    """Return what happened to an asset, in a fixed number of queries.

    Args:
        session: the transaction.
        asset_id: the asset.
        entity_ids: entities the reader may see, None for all: requests and orders of others are left out, owner
            periods and events never are, because history before a transfer stays readable.
        size: how many recent requests and orders.
    """
    orders = orders_page(session, entity_ids=entity_ids, asset_id=asset_id, size=size)
    costs, order_cents = _costs(session, asset_id, entity_ids)
    return AssetHistory(
        owners=_owners(session, asset_id),
        events=_events(session, asset_id),
        requests=requests_page(session, entity_ids=entity_ids, asset_id=asset_id, size=size),
        orders=orders,
        order_cents={order.id: order_cents.get(order.id, 0) for order in orders.rows},
        costs=costs,
    )


def _owners(session: Session, asset_id: str) -> list[OwnerRow]:
    query = (
        sa.select(
            Entity.code, Entity.name, OwnerPeriod.owned_from, OwnerPeriod.owned_until, OwnerPeriod.reason
        )
        .join(Entity, Entity.id == OwnerPeriod.entity_id)
        .where(OwnerPeriod.asset_id == asset_id)
        .order_by(OwnerPeriod.owned_from.desc())
    )
    return [OwnerRow(*row) for row in session.execute(query)]


def _events(session: Session, asset_id: str) -> list[AssetEventRow]:
    query = (
        sa.select(
            AssetEvent.number,
            AssetEvent.at,
            AssetEvent.by,
            Person.name,
            AssetEvent.kind,
            AssetEvent.text,
            AssetEvent.facts,
        )
        .outerjoin(Person, Person.id == AssetEvent.by)
        .where(AssetEvent.asset_id == asset_id)
        .order_by(AssetEvent.number.desc())
    )
    return [AssetEventRow(*row) for row in session.execute(query)]


def _costs(
    session: Session, asset_id: str, entity_ids: Collection[str] | None
) -> tuple[list[CostRow], dict[str, int]]:
    """Return cents by year, kind, nature and intervener, and by order."""
    spent = sa.union_all(
        sa.select(
            LabourEntry.order_id.label("order_id"),
            sa.literal("labour").label("kind"),
            sa.extract("year", LabourEntry.day).label("year"),
            LabourEntry.amount_cents.label("cents"),
            sa.null().label("supplier_id"),
        )
        .join(WorkOrder, WorkOrder.id == LabourEntry.order_id)
        .where(WorkOrder.asset_id == asset_id, LabourEntry.struck_at.is_(None)),
        sa.select(
            StockMove.order_id,
            sa.literal("material"),
            sa.extract("year", StockMove.created_at),
            -StockMove.value_cents,
            sa.null(),
        )
        .join(WorkOrder, WorkOrder.id == StockMove.order_id)
        .where(WorkOrder.asset_id == asset_id),
        sa.select(
            ContractorCost.order_id,
            sa.literal("contractor"),
            sa.extract("year", ContractorCost.day),
            ContractorCost.amount_cents,
            ContractorCost.supplier_id,
        )
        .join(WorkOrder, WorkOrder.id == ContractorCost.order_id)
        .where(WorkOrder.asset_id == asset_id),
    ).subquery()
    who = sa.func.coalesce(Supplier.name, Team.name)
    query = (
        sa.select(
            spent.c.order_id,
            spent.c.year,
            spent.c.kind,
            WorkOrder.nature_code,
            who,
            sa.func.sum(spent.c.cents),
        )
        .join(WorkOrder, WorkOrder.id == spent.c.order_id)
        .outerjoin(Supplier, Supplier.id == spent.c.supplier_id)
        .outerjoin(Team, Team.code == WorkOrder.team_code)
        .group_by(spent.c.order_id, spent.c.year, spent.c.kind, WorkOrder.nature_code, who)
    )
    if entity_ids is not None:
        query = query.where(WorkOrder.entity_id.in_(entity_ids))
    found = [
        (order_id, CostRow(int(year_), kind, nature, intervener, int(cents)))
        for order_id, year_, kind, nature, intervener, cents in session.execute(query)
    ]
    grouped = _sums(
        [row for _, row in found], lambda row: (row.year, row.kind, row.nature_code, row.intervener)
    )
    costs = [CostRow(*key, cents) for key, cents in grouped.items()]
    by_order: dict[str, int] = {}
    for order_id, row in found:
        by_order[order_id] = by_order.get(order_id, 0) + row.amount_cents
    return sorted(costs, key=lambda row: (-row.year, row.kind, row.nature_code or "")), by_order


def _sums(rows: Iterable[CostRow], key: Callable[[CostRow], _Key]) -> dict[_Key, int]:
    sums: dict[_Key, int] = {}
    for row in rows:
        sums[key(row)] = sums.get(key(row), 0) + row.amount_cents
    return sums


def _columns() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Asset.id,
            Asset.code,
            Asset.name,
            Asset.status,
            Asset.address,
            Asset.longitude,
            Asset.latitude,
            Asset.class_code,
            AssetClass.name_fr,
            AssetClass.name_en,
            Asset.entity_id,
            Entity.code,
            Entity.name,
            Asset.parent_id,
        )
        .join(AssetClass, AssetClass.code == Asset.class_code)
        .join(Entity, Entity.id == Asset.entity_id)
    )


def _row(row: sa.Row[*tuple[Any, ...]]) -> AssetRow:
    return AssetRow(*row)
