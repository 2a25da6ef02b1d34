"""Entities and services: the legal bodies that share the window.

Comes in: a session, the facts, who and when. Goes out: rows of ``entity`` and ``service``. It never decides who
may see what. Next: ``registry/people.py``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import ids, rows, rules
from registry.errors import Missing
from registry.tables.entities import Accounting, Entity, EntityKind, Service


def create(
    session: Session,
    *,
    code: str,
    name: str,
    kind: EntityKind,
    accounting: Accounting,
    country: str = "FR",
    timezone: str = "Europe/Paris",
    at: datetime,
    by: str,
) -> Entity:
    """Create a legal body.

    Args:
        session: the transaction.
        code: short code, unique in the house.
        name: what people call it.
        kind: commune, cpas, regie or asbl.
        accounting: public (commitment before the order leaves) or commercial.
        country: ISO 3166 code of two letters; it chooses calendars and charts of accounts.
        timezone: IANA zone in which its days begin.
        at: the instant.
        by: who creates it.

    Raises:
        Taken: the code is in use.
        Unfit: a value has not the form it needs.
    """
    rules.free(session, Entity.code, code, "an entity")
    _zone(timezone)
    entity = Entity(
        id=ids.new(at),
        code=rules.text(code, "code", limit=40),
        name=rules.text(name, "name"),
        kind=rules.word(kind, "kind", get_args(EntityKind)),
        accounting=rules.word(accounting, "accounting", get_args(Accounting)),
        country=rules.word(country, "country", ("BE", "FR")),
        timezone=timezone,
        created_at=at,
        created_by=by,
    )
    session.add(entity)
    session.flush()
    return entity


def get(session: Session, entity_id: str) -> Entity:
    """Return the entity with that id, or raise Missing."""
    return rows.get(session, Entity, entity_id, "entity")


def by_code(session: Session, code: str) -> Entity:
    """Return the entity with that code, or raise Missing."""
    entity = session.scalar(sa.select(Entity).where(Entity.code == code))
    if entity is None:
        raise Missing(f"Expected an entity with code {code}, but there is none.", noun="entity", value=code)
    return entity


def every(session: Session) -> list[Entity]:
    """Return all entities by name."""
    return list(session.scalars(sa.select(Entity).order_by(Entity.name)))


def create_service(
    session: Session, *, entity_id: str, code: str, name: str, at: datetime, by: str
) -> Service:
    """Create a department of an entity; its code is unique in the entity.

    Raises:
        Missing: there is no such entity.
        Taken: the entity already has a service with that code.
    """
    entity = get(session, entity_id)
    same = sa.exists().where(Service.entity_id == entity_id, Service.code == code)
    if session.scalar(sa.select(same)):
        raise rules.Taken(
            f"Expected a new service code for {entity.code}, but {code} is already in use.",
            noun="service",
            field="code",
            value=code,
        )
    service = Service(
        id=ids.new(at),
        entity_id=entity.id,
        code=rules.text(code, "code", limit=40),
        name=rules.text(name, "name"),
        created_at=at,
        created_by=by,
    )
    session.add(service)
    session.flush()
    return service


def services_of(session: Session, entity_id: str) -> list[Service]:
    """Return the services of an entity by name."""
    return list(
        session.scalars(sa.select(Service).where(Service.entity_id == entity_id).order_by(Service.name))
    )


def local_day(entity: Entity, instant: datetime) -> date:
    """Return the day it is in the entity's zone at ``instant``."""
    return instant.astimezone(_zone(entity.timezone)).date()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise rules.Unfit(
            f"Expected an IANA time zone like Europe/Paris, but found {name}.", field="timezone", found=name
        ) from error
