"""Tables of suppliers and of the changes made to them.

Comes in: nothing. Goes out: ``Supplier``, ``SupplierEvent``. It never holds an order or an invoice. Next:
``registry/suppliers.py``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
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


class SupplierEvent(Base):
    """One change of a supplier: who, when, why, and the values before and after."""

    __tablename__ = "supplier_event"

    id: Mapped[str] = mapped_column(primary_key=True)
    supplier_id: Mapped[str] = mapped_column(sa.ForeignKey("supplier.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
    facts: Mapped[dict[str, Any]]
