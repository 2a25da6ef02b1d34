"""Table of sign-ins: the sessions in which people use the pages now.

Comes in: nothing. Goes out: ``SignIn``. It never holds the key that a browser shows, only its hash, and never an
address of a machine. Next: ``registry/sign_ins.py``.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base


class SignIn(Base):
    """One session of a person in one browser. The row goes when the session ends: what is here is open."""

    __tablename__ = "sign_in"

    id: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the key in the browser. The key has 256 random bits, so a slow hash would add nothing."""
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), index=True)
    browser: Mapped[str]
    """Family of browser and system, “Firefox, Windows”: enough to recognise one's own, too little to track."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """Last use, to a quarter of an hour."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
