"""A Commune and a CPAS with books, and orders that cost something: what the tests of accounting stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import costs, journal, postings, settlement, stock, work
from registry.tables.accounting import Posting, Proposal
from registry.tables.assets import Asset
from registry.tables.entities import Entity
from registry.tables.natures import Nature
from registry.tables.people import Person, Team
from registry.tables.stock import Item, Store
from registry.tables.suppliers import Supplier
from tests import factories
from tests.factories_stock import ACCOUNTANT, KG, WHO

YEAR = 2026


@dataclass
class Books:
    """Two legal entities, their books open for the year, and the people and things that cost."""

    commune: Entity
    cpas: Entity
    team: Team
    agent: Person
    nature: Nature
    school: Asset
    home: Asset
    item: Item
    store: Store
    supplier: Supplier

    @property
    def place(self) -> dict[str, str]:
        return {"item_id": self.item.id, "store_id": self.store.id}


def books(session: Session) -> Books:
    commune = factories.entity(session, code="COM", name="Commune de Valmont")
    cpas = factories.entity(
        session, code="CPAS", name="CPAS de Valmont", kind="cpas", accounting="commercial"
    )
    for entity in (commune, cpas):
        settlement.install_defaults(session, entity.id, valid_from=date(2020, 1, 1), **WHO)
        journal.open_year(session, entity_id=entity.id, year=YEAR, **WHO)
    team = factories.team(session, commune.id, code="ROOF")
    nature = factories.nature(session, code="TOITURE")
    building = factories.asset_class(session, code="building")
    facts = {"class_code": building.code}
    item = stock.create_item(session, code="TILE", name_fr="tuile", name_en="tile", unit="pièce", **WHO)
    store = stock.create_store(session, entity_id=commune.id, code="D1", name="Depot 1", **WHO)
    town = Books(
        commune=commune,
        cpas=cpas,
        team=team,
        agent=factories.person(session, commune.id, hourly_cents=3000),
        nature=nature,
        school=factories.asset(session, entity_id=commune.id, code="ECOLE-01", name="École", **facts),
        home=factories.asset(session, entity_id=cpas.id, code="HOME-01", name="Home", **facts),
        item=item,
        store=store,
        supplier=factories.supplier(session, code="COUVREUR", name="Toits & Fils"),
    )
    stock.receive(
        session, **town.place, quantity_milli=1000 * KG, unit_cost_cents=250, document="BL-1", **WHO
    )
    return town


def reread(session: Session) -> Books:
    """The town that ``books`` made, in another session: for tests that copy it instead of making it."""

    def one(kind: type[Any], code: str) -> Any:
        return session.execute(sa.select(kind).where(kind.code == code)).scalar_one()

    return Books(
        commune=one(Entity, "COM"),
        cpas=one(Entity, "CPAS"),
        team=one(Team, "ROOF"),
        agent=session.execute(sa.select(Person)).scalar_one(),
        nature=one(Nature, "TOITURE"),
        school=one(Asset, "ECOLE-01"),
        home=one(Asset, "HOME-01"),
        item=one(Item, "TILE"),
        store=one(Store, "D1"),
        supplier=one(Supplier, "COUVREUR"),
    )


def order(session: Session, town: Books, asset: Asset | None = None, **facts: Any) -> str:
    given = {
        "entity_id": town.commune.id,
        "asset_id": (asset or town.school).id,
        "nature_code": town.nature.code,
    }
    if facts.get("mode") != "contractor":
        given["team_code"] = town.team.code
    return factories.order(session, **{"title": "Réparer la toiture", **given, **facts}).id


def labour(
    session: Session, town: Books, order_id: str, minutes: int = 90, day: date = date(2026, 11, 20)
) -> None:
    work.log_labour(session, order_id, person_id=town.agent.id, minutes=minutes, day=day, **WHO)


def material(session: Session, town: Books, order_id: str, pieces: int = 4) -> str:
    move = stock.issue(session, **town.place, quantity_milli=pieces * KG, order_id=order_id, **WHO)
    return move.id


def invoice(
    session: Session, town: Books, order_id: str, cents: int = 123456, number: str = "F-1", **facts: Any
) -> None:
    given = {
        "supplier_id": town.supplier.id,
        "document_reference": number,
        "day": date(2026, 11, 19),
        **facts,
    }
    work.record_contractor_cost(session, order_id, amount_cents=cents, **given, **WHO)


def proposed(session: Session, order_id: str) -> list[Proposal]:
    costs.gather(session, order_id, **WHO)
    return settlement.propose(session, order_id, **WHO)


def posted(session: Session, order_id: str, day: date | None = None) -> list[Posting]:
    """Gather, propose and accept everything of an order."""
    return [postings.accept(session, leg.id, **ACCOUNTANT, day=day) for leg in proposed(session, order_id)]


def material_posting(session: Session, town: Books, pieces: int = 4) -> Posting:
    """An order that used some tiles, posted: the plainest posting there is."""
    order_id = order(session, town)
    material(session, town, order_id, pieces)
    (posting,) = posted(session, order_id)
    return posting
