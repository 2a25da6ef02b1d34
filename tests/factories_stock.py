"""A small town with stock, made by the registry's own verbs: what the tests of stock and money stand on."""

from __future__ import annotations

import atexit
import functools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import entities, stock
from registry.tables import Base
from registry.tables.entities import Entity
from registry.tables.stock import Item, Store
from tests import databases, factories

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DAY = date(2026, 11, 21)
BY = "storekeeper-1"
WHO = {"at": AT, "by": BY}
ACCOUNTANT = {"at": AT, "by": "accountant-1"}
"""Who accepts postings: nobody who had a hand in the work."""
KG = 1000


@dataclass
class Depot:
    """Cold asphalt in Depot 1 of the Commune, and a work order that wants some."""

    entity: Entity
    item: Item
    store: Store
    other_store: Store
    order_id: str

    @property
    def place(self) -> dict[str, str]:
        return {"item_id": self.item.id, "store_id": self.store.id}


@contextmanager
def session_on(database: sa.Engine) -> Iterator[Session]:
    """One transaction, committed at the end like the house does."""
    with Session(database, expire_on_commit=False) as session, session.begin():
        yield session


@functools.cache
def _template(build: Callable[[Session], object]) -> sqlite3.Connection:
    """A database in memory with the registry's tables and what ``build`` wrote, to be copied by each test."""
    database = databases.sqlite()
    Base.metadata.create_all(database)
    with session_on(database) as session:
        build(session)
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    raw = database.raw_connection()
    raw.driver_connection.backup(kept)
    raw.close()
    database.dispose()
    atexit.register(kept.close)
    return kept


def _nothing(_: Session) -> None:
    """An empty registry."""


@contextmanager
def memory(build: Callable[[Session], object] = _nothing) -> Iterator[Session]:
    """A session on a registry in memory that holds what ``build`` wrote, which runs once for all tests."""
    database = databases.sqlite()
    raw = database.raw_connection()
    _template(build).backup(raw.driver_connection)
    raw.close()
    with session_on(database) as session:
        yield session
    database.dispose()


def open_order(session: Session, entity: Entity, title: str = "Fill a pothole") -> str:
    return factories.order(session, entity_id=entity.id, title=title).id


def depot(session: Session, *, received_milli: int = 0, unit_cost_cents: int = 150) -> Depot:
    commune = entities.create(
        session, code="COM", name="Commune", kind="commune", accounting="public", at=AT, by=BY
    )
    asphalt = stock.create_item(
        session, code="ASPH", name_fr="enrobé à froid", name_en="cold asphalt", unit="kg", **WHO
    )
    depot_1 = stock.create_store(session, entity_id=commune.id, code="D1", name="Depot 1", **WHO)
    depot_2 = stock.create_store(session, entity_id=commune.id, code="D2", name="Depot 2", **WHO)
    town = Depot(commune, asphalt, depot_1, depot_2, open_order(session, commune))
    if received_milli:
        stock.receive(
            session,
            **town.place,
            quantity_milli=received_milli,
            unit_cost_cents=unit_cost_cents,
            document="BL-1",
            **WHO,
        )
    return town
