"""Table of the natures of work: the codified tree that makes interventions comparable.

Comes in: nothing. Goes out: ``Nature``. It never holds an amount. Next: ``registry/natures.py``.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base
from registry.tables.stamps import Stamped


class Nature(Stamped, Base):
    """A kind of work with its default team, priority, delay and account."""

    __tablename__ = "nature"
    __table_args__ = (
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
        sa.CheckConstraint("delay_hours > 0", name="delay_hours"),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_fr: Mapped[str]
    name_en: Mapped[str]
    parent_id: Mapped[str | None] = mapped_column(sa.ForeignKey("nature.id"), index=True)
    priority: Mapped[int]
    delay_hours: Mapped[int]
    team_code: Mapped[str | None] = mapped_column(sa.ForeignKey("team.code"))
    expense_account: Mapped[str | None]
    cpv: Mapped[str | None]
    active: Mapped[bool]
