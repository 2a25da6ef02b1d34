"""Attempts: counted in windows of time, exactly, whatever number of processes count.

Comes in: a key that says nothing to a reader, a window. Goes out: how many attempts there were in it. It never decides
how many are too many: ``web/doorkeeper.py`` and ``web/limits.py`` do. Next: those two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import rows
from registry.tables.attempts import Attempt


@dataclass(frozen=True, slots=True)
class Counted:
    """How many attempts a window holds, and when it ends."""

    number: int
    until: datetime


def count(session: Session, key: str, *, window: timedelta, amount: int = 1, at: datetime) -> Counted:
    """Count an attempt and return the sum, in one statement: two at the same instant count as two.

    The row stays locked until the transaction ends; count several keys in one order.

    Args:
        session: the transaction.
        key: what is counted.
        window: how long the first attempt of a window is remembered.
        amount: how many attempts this is.
        at: the instant.
    """
    over = Attempt.until <= at
    statement = (
        rows.insert(session, Attempt)
        .values(key=key, number=amount, until=at + window)
        .on_conflict_do_update(
            index_elements=[Attempt.key],
            set_={
                "number": sa.case((over, amount), else_=Attempt.number + amount),
                "until": sa.case((over, at + window), else_=Attempt.until),
            },
        )
        .returning(Attempt.number, Attempt.until)
    )
    return Counted(*session.execute(statement).one())


def counted(session: Session, key: str, *, at: datetime) -> Counted | None:
    """Return the window that is open for a key, or None."""
    query = sa.select(Attempt.number, Attempt.until).where(Attempt.key == key, Attempt.until > at)
    found = session.execute(query).one_or_none()
    return None if found is None else Counted(*found)


def clear(session: Session, key: str) -> None:
    """Forget the attempts of a key."""
    session.execute(sa.delete(Attempt).where(Attempt.key == key))


def forget(session: Session, *, before: datetime) -> int:
    """Forget windows that ended before ``before`` and return how many there were."""
    gone = session.execute(sa.delete(Attempt).where(Attempt.until < before).returning(Attempt.key))
    return len(gone.all())
