"""Table of suppliers.

Comes in: nothing. Goes out: ``Supplier``. It never holds an order or an invoice. Next:
``registry/suppliers.py``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base
from registry.tables.stamps import Changing


class Supplier(Changing, Base):
    """A firm that works for the town. Who changed its bank details last is kept apart: it may not pay."""

    __tablename__ = "supplier"

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(index=True)
    vat_number: Mapped[str | None] = mapped_column(unique=True)
    email: Mapped[str | None]
    iban: Mapped[str | None]
    iban_changed_at: Mapped[datetime | None]
    iban_changed_by: Mapped[str | None]
    active: Mapped[bool]
