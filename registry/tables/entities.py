"""Tables of the legal bodies that share the window, and of their services.

Comes in: nothing. Goes out: ``Entity``, ``Service`` and the words of their kinds. It never decides who may do
what: that is ``registry/people.py``. Next: ``registry/entities.py``.
"""

from __future__ import annotations

from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base
from registry.tables.stamps import Stamped, one_of

EntityKind = Literal["commune", "cpas", "regie", "asbl"]
Accounting = Literal["public", "commercial"]


class Entity(Stamped, Base):
    """A legal body: Commune, CPAS, régie communale autonome, association."""

    __tablename__ = "entity"
    __table_args__ = (one_of("kind", get_args(EntityKind)), one_of("accounting", get_args(Accounting)))

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    accounting: Mapped[str]
    country: Mapped[str] = mapped_column(sa.String(2))
    timezone: Mapped[str]


class Service(Stamped, Base):
    """A department of one entity: it groups teams."""

    __tablename__ = "service"
    __table_args__ = (sa.UniqueConstraint("entity_id", "code"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    code: Mapped[str]
    name: Mapped[str]
