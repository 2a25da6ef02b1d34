"""Rows: find them, lock them, meet them again.

Comes in: a session, a mapped class and what names the row. Goes out: the row, locked when asked, or a
refusal that says which fact differs. It never commits. Next: ``registry/stock.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from registry.errors import Missing, Refused
from registry.tables.base import Base

Row = TypeVar("Row", bound=Base)


class DifferentFacts(Refused):
    """A command was repeated under the same id with other facts."""

    code = "different_facts"


def get(session: Session, kind: type[Row], row_id: str, noun: str) -> Row:
    """Return the row with that key.

    Raises:
        Missing: there is none.
    """
    row = session.get(kind, row_id)
    if row is None:
        raise Missing(f"Expected a {noun} with id {row_id}, but there is none.", noun=noun, id=row_id)
    return row


def lock(
    session: Session, kind: type[Row], *where: sa.ColumnElement[bool], share: bool = False
) -> Row | None:
    """Return the row that meets ``where``, read again and locked until the transaction ends.

    PostgreSQL locks the row (``FOR UPDATE``, or ``FOR SHARE`` when others may read it at the same time).
    SQLite has one writer, who holds the whole file since ``BEGIN IMMEDIATE``: nothing is left to lock.
    """
    session.flush()
    query = (
        sa.select(kind).where(*where).with_for_update(read=share).execution_options(populate_existing=True)
    )
    return session.execute(query).scalar_one_or_none()


def locked(session: Session, kind: type[Row], row_id: str, noun: str) -> Row:
    """Return the row with that key, read again and locked until the transaction ends.

    Raises:
        Missing: there is none.
    """
    (key,) = sa.inspect(kind).primary_key
    row = lock(session, kind, key == row_id)
    if row is None:
        raise Missing(f"Expected a {noun} with id {row_id}, but there is none.", noun=noun, id=row_id)
    return row


def insert(session: Session, kind: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an insertion that can say what to do when the row is there already."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(kind) if on_postgresql else sqlite.insert(kind)


def ensure(session: Session, kind: type[Base], values: Mapping[str, Any]) -> None:
    """Insert a row unless one with its key is there; two transactions that meet here both go on."""
    session.execute(insert(session, kind).values(**values).on_conflict_do_nothing())


def repeated(session: Session, kind: type[Row], row_id: str | None, noun: str, /, **facts: Any) -> Row | None:
    """Return the row that an earlier call with the same id made, or None when this call is the first.

    Args:
        session: the transaction.
        kind: the mapped class.
        row_id: the id the caller gave; None is always a first call.
        noun: what people call the row.
        **facts: what the earlier call must have said too.

    Raises:
        DifferentFacts: the earlier call said something else.
    """
    row = session.get(kind, row_id) if row_id is not None else None
    if row is None:
        return None
    for name, value in facts.items():
        before = getattr(row, name)
        if before != value:
            raise DifferentFacts(
                f"Expected {noun} {row_id} to be repeated with the same facts, "
                f"but {name} was {before} and is now {value}.",
                noun=noun,
                id=row_id,
                fact=name,
                before=before,
                now=value,
            )
    return row
