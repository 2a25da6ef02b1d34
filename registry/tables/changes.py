"""Table of changes to nouns that have no life of their own: people, natures, suppliers, classes.

Comes in: nothing. Goes out: ``Change``. It never holds what happened to a request, an order or an asset: these
have numbered events beside them. Next: ``registry/changes.py``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base


class Change(Base):
    """One change of one row: who, when, what kind, why, and the facts."""

    __tablename__ = "change"
    __table_args__ = (sa.UniqueConstraint("noun", "row_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    noun: Mapped[str]
    row_id: Mapped[str]
    number: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
    facts: Mapped[dict[str, Any]]
