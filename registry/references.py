"""Reference numbers for people: one counter row for each kind of paper and year.

Comes in: a kind and a year. Goes out: the next number. It never numbers postings, whose counter must leave no
gap; here a rolled-back transaction leaves none either, but nobody relies on it. Next: ``registry/requests.py``.
"""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from registry.tables.numbers import ReferenceCounter


def next_number(session: Session, kind: str, year: int) -> int:
    """Return the number after the last one given to ``kind`` in ``year``, starting at 1.

    The counter row stays locked until the transaction ends: two requests registered at the same instant wait for
    one another, a millisecond each.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(ReferenceCounter)
        .values(kind=kind, year=year, last=1)
        .on_conflict_do_update(
            index_elements=[ReferenceCounter.kind, ReferenceCounter.year],
            set_={"last": ReferenceCounter.last + 1},
        )
        .returning(ReferenceCounter.last)
    )
    return int(session.execute(statement).scalar_one())
