"""Tables of calendars: an entity's working hours, and the days that are not like others.

Comes in: nothing. Goes out: ``WorkingHours``, ``CalendarDay``. It never holds public holidays: those come from the
country of the entity. Next: ``registry/calendars.py``.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base
from registry.tables.stamps import Stamped


class WorkingHours(Stamped, Base):
    """One stretch of local time in which an entity works, on every such weekday (1 Monday to 7 Sunday)."""

    __tablename__ = "working_hours"
    __table_args__ = (
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        sa.CheckConstraint(
            "opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440", name="in_the_day"
        ),
    )

    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    opens_minute: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Minutes since local midnight."""
    closes_minute: Mapped[int]


class CalendarDay(Stamped, Base):
    """A local day on which an entity does otherwise: closed though others work, or at work on a public holiday."""

    __tablename__ = "calendar_day"

    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    worked: Mapped[bool]
    name: Mapped[str]
