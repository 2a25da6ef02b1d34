"""Names of people, for lists that carry ids.

Comes in: ids. Goes out: names in one query. It never gives a mail address. Next: ``registry/people.py``.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.tables.people import Person


def names_of(session: Session, person_ids: Collection[str]) -> dict[str, str]:
    """Return the names of persons by id; ids of no person (``system:worker``) are left out."""
    if not person_ids:
        return {}
    query = sa.select(Person.id, Person.name).where(Person.id.in_(set(person_ids)))
    return dict(session.execute(query).all())
