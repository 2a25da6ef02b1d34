"""People in lists: their names, and who is signed in.

Comes in: ids, or who may look into which entities. Goes out: names in one query, a page of people with open sessions.
It never gives the key of a session. Next: ``registry/people.py``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.queries.page import Page
from registry.tables.entities import Entity
from registry.tables.people import Person
from registry.tables.sign_ins import SignIn


@dataclass(frozen=True, slots=True)
class SignedInRow:
    """A person with open sessions: how many, and the last use, to a quarter of an hour."""

    person_id: str
    name: str
    email: str | None
    entity_name: str
    sessions: int
    seen_at: datetime


def names_of(session: Session, person_ids: Collection[str]) -> dict[str, str]:
    """Return the names of persons by id; ids of no person (``system:worker``) are left out."""
    if not person_ids:
        return {}
    query = sa.select(Person.id, Person.name).where(Person.id.in_(set(person_ids)))
    return dict(session.execute(query).all())


def signed_in_page(
    session: Session,
    *,
    entity_ids: Collection[str] | None,
    at: datetime,
    text: str = "",
    page: int = 1,
    size: int = 25,
) -> Page[SignedInRow]:
    """Return the people of these entities who have open sessions, the last used first.

    Args:
        entity_ids: entities whose people the asker may see, None for all.
        text: part of the name or of the mail address, in any case.
    """
    where = [SignIn.expires_at > at]
    if entity_ids is not None:
        where.append(Person.entity_id.in_(entity_ids))
    if text:
        found = sa.func.lower(Person.name).contains(text.lower(), autoescape=True)
        where.append(found | Person.email.contains(text.lower(), autoescape=True))
    open_ones = sa.select(SignIn.person_id).join(Person, Person.id == SignIn.person_id).where(*where)
    total = session.scalar(sa.select(sa.func.count()).select_from(open_ones.distinct().subquery()))
    last = sa.func.max(SignIn.seen_at).label("seen_at")
    query = (
        sa.select(Person.id, Person.name, Person.email, Entity.name, sa.func.count(), last)
        .join(SignIn, SignIn.person_id == Person.id)
        .join(Entity, Entity.id == Person.entity_id)
        .where(*where)
        .group_by(Person.id, Person.name, Person.email, Entity.name)
        .order_by(last.desc(), Person.id)
        .offset((page - 1) * size)
        .limit(size)
    )
    rows = [SignedInRow(*row) for row in session.execute(query)]
    return Page(rows, page, size, total or 0)
