"""Facts to test with: a small town made by the registry's own verbs.

Comes in: a session and what a test cares about. Goes out: rows with everything else filled in. It never writes a
row by hand. Next: ``tests/factories_stock.py``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import assets, entities, natures, people, requests, suppliers, work
from registry.tables import Base
from registry.tables.assets import Asset, AssetClass
from registry.tables.entities import Entity
from registry.tables.natures import Nature
from registry.tables.people import Person, Team
from registry.tables.requests import Request
from registry.tables.suppliers import Supplier
from registry.tables.work import WorkOrder
from tests import databases

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)
BY = "system:test"
_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    """Return a code that no other call returned."""
    return f"{prefix}-{next(_numbers)}"


def database(url: str | None = None) -> sa.Engine:
    """Return a database with the registry's tables: in memory, or at ``url``."""
    engine = databases.sqlite() if url is None else sa.create_engine(url)
    Base.metadata.create_all(engine)
    return engine


@contextmanager
def session_on(engine: sa.Engine) -> Iterator[Session]:
    """Open a session whose work is rolled back at the end, and the engine's connections closed."""
    with Session(engine) as session:
        yield session
    engine.dispose()


@contextmanager
def memory() -> Iterator[Session]:
    """Open a session on an empty registry in memory."""
    with session_on(database()) as session:
        yield session


def entity(session: Session, **facts: Any) -> Entity:
    code = facts.pop("code", None) or unique("VILLE")
    facts = {"name": f"Ville {code}", "kind": "commune", "accounting": "public", "at": NOW, "by": BY} | facts
    return entities.create(session, code=code, **facts)


def team(session: Session, entity_id: str | None = None, **facts: Any) -> Team:
    code = facts.pop("code", None) or unique("EQUIPE")
    facts = {"name": f"Équipe {code}", "at": NOW, "by": BY} | facts
    return people.create_team(session, entity_id=entity_id or entity(session).id, code=code, **facts)


def person(
    session: Session, entity_id: str | None = None, *, hourly_cents: int | None = 3000, **facts: Any
) -> Person:
    number = next(_numbers)
    facts = {"name": f"Agent {number}", "email": f"agent{number}@ville.example", "at": NOW, "by": BY} | facts
    row = people.create_person(session, entity_id=entity_id or entity(session).id, **facts)
    if hourly_cents is not None:
        people.set_rate(
            session, person_id=row.id, hourly_cents=hourly_cents, valid_from=date(2020, 1, 1), at=NOW, by=BY
        )
    return row


def nature(session: Session, **facts: Any) -> Nature:
    code = facts.pop("code", None) or unique("NATURE")
    facts = {"name_fr": f"Nature {code}", "name_en": f"Nature {code}", "at": NOW, "by": BY} | facts
    return natures.create(session, code=code, **facts)


def asset_class(session: Session, **facts: Any) -> AssetClass:
    code = facts.pop("code", None) or unique("classe")
    facts = {"name_fr": f"Classe {code}", "name_en": f"Class {code}", "at": NOW, "by": BY} | facts
    return assets.create_class(session, code=code, **facts)


def asset(session: Session, **facts: Any) -> Asset:
    code = facts.pop("code", None) or unique("BIEN")
    if "entity_id" not in facts:
        facts["entity_id"] = entity(session).id
    if "class_code" not in facts:
        facts["class_code"] = asset_class(session).code
    facts = {"name": f"Bien {code}", "owned_from": date(2010, 1, 1), "at": NOW, "by": BY} | facts
    return assets.create(session, code=code, **facts)


def supplier(session: Session, **facts: Any) -> Supplier:
    code = facts.pop("code", None) or unique("FOURN")
    return suppliers.create(
        session, code=code, **({"name": f"Fournisseur {code}", "at": NOW, "by": BY} | facts)
    )


def request(session: Session, **facts: Any) -> Request:
    if "entity_id" not in facts:
        facts["entity_id"] = entity(session).id
    return requests.register(
        session, **({"title": "Fuite d'eau dans le préau", "channel": "portal", "at": NOW, "by": BY} | facts)
    )


def order(session: Session, **facts: Any) -> WorkOrder:
    if "entity_id" not in facts:
        facts["entity_id"] = entity(session).id
    facts = {"title": "Réparer la fuite", "priority": 2, "mode": "in_house", "at": NOW, "by": BY} | facts
    return work.open_order(session, **facts)


@dataclass(frozen=True)
class Town:
    """One entity with a team, an agent, a nature, a school and a supplier."""

    entity: Entity
    team: Team
    agent: Person
    nature: Nature
    school: Asset
    supplier: Supplier


def town(session: Session) -> Town:
    """Make the smallest town in which a request can travel to its costs."""
    commune = entity(session)
    plumbers = team(session, commune.id)
    agent = person(session, commune.id)
    people.join(session, person_id=agent.id, team_id=plumbers.id, at=NOW, by=BY)
    leak = nature(session, team_code=plumbers.code, priority=2, delay_hours=24)
    school = asset(session, entity_id=commune.id, name="École des Tilleuls", longitude=3.87, latitude=43.61)
    return Town(commune, plumbers, agent, leak, school, supplier(session))
