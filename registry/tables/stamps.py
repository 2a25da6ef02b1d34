"""Columns and constraints that many tables repeat: who and when, and lists of allowed words.

Comes in: nothing. Goes out: mixins of columns and a builder of CHECK constraints that render on SQLite and
PostgreSQL alike. It never names a noun of the town. Next: ``registry/tables/entities.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped


class Stamped:
    """Who made the row and when: for rows that never change."""

    created_at: Mapped[datetime]
    created_by: Mapped[str]


class Changing(Stamped):
    """Who made the row and who changed it last; the reasons stand in the noun's event rows."""

    changed_at: Mapped[datetime]
    changed_by: Mapped[str]


def one_of(column: str, words: Sequence[str]) -> sa.CheckConstraint:
    """Return the constraint that ``column`` holds one of ``words``; NULL passes where the column allows it."""
    return sa.CheckConstraint(sa.column(column, sa.Text()).in_(list(words)), name=f"{column}_word")
