"""Table of attempts: how often something was tried lately, for whoever must slow down.

Comes in: nothing. Goes out: ``Attempt``. It never holds who tried or what: the key is a keyed hash made by the web.
Next: ``registry/attempts.py``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base


class Attempt(Base):
    """A count that starts anew when its window is over."""

    __tablename__ = "attempt"

    key: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    until: Mapped[datetime] = mapped_column(index=True)
    """End of the window that the first attempt opened."""
