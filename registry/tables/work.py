"""Tables of work: orders, their events, hours worked and contractor costs.

Comes in: nothing. Goes out: the mapped classes; an hour's price is frozen on its row. It never holds a cost item:
those are gathered by ``registry/costs.py``. Next: ``registry/work.py``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base
from registry.tables.requests import Mode
from registry.tables.stamps import Changing, Stamped, one_of

OrderStatus = Literal["open", "assigned", "planned", "in_progress", "finished", "closed", "cancelled"]


class WorkOrder(Changing, Base):
    """Work to be done, in-house or by a contractor, with its planned and real instants."""

    __tablename__ = "work_order"
    __table_args__ = (
        one_of("mode", get_args(Mode)),
        one_of("status", get_args(OrderStatus)),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
        sa.CheckConstraint("(planned_start IS NULL) = (planned_end IS NULL)", name="plan_is_whole"),
        sa.CheckConstraint("planned_start < planned_end", name="plan_in_order"),
        sa.CheckConstraint("finished_at >= begun_at", name="work_in_order"),
        sa.Index("ix_work_order_entity_status_due", "entity_id", "status", "due_at"),
        sa.Index("ix_work_order_team_status", "team_code", "status"),
        sa.Index("ix_work_order_person_status", "person_id", "status"),
        sa.Index("ix_work_order_supplier_status", "supplier_id", "status"),
        sa.Index("ix_work_order_asset_created", "asset_id", "created_at"),
        sa.Index("ix_work_order_created", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    request_id: Mapped[str | None] = mapped_column(sa.ForeignKey("request.id"), index=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    asset_id: Mapped[str | None] = mapped_column(sa.ForeignKey("asset.id"))
    nature_code: Mapped[str | None] = mapped_column(sa.ForeignKey("nature.code"), index=True)
    title: Mapped[str]
    priority: Mapped[int]
    due_at: Mapped[datetime | None]
    mode: Mapped[str]
    status: Mapped[str]
    team_code: Mapped[str | None] = mapped_column(sa.ForeignKey("team.code"))
    supplier_id: Mapped[str | None] = mapped_column(sa.ForeignKey("supplier.id"))
    person_id: Mapped[str | None] = mapped_column(sa.ForeignKey("person.id"))
    planned_start: Mapped[datetime | None]
    planned_end: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    report: Mapped[str | None]
    version: Mapped[int]


class WorkOrderEvent(Base):
    """One change of a work order, numbered: who, when, why, and the status before and after."""

    __tablename__ = "work_order_event"
    __table_args__ = (sa.UniqueConstraint("order_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str]
    kind: Mapped[str]
    status_before: Mapped[str | None]
    status_after: Mapped[str]
    text: Mapped[str]
    facts: Mapped[dict[str, Any]]


class LabourEntry(Stamped, Base):
    """Minutes a person worked on an order, with the hourly rate of that day and the amount it makes.

    ``entity_id`` is the employer on that day, frozen like the rate. The amount is minutes × rate / 60 rounded half up, and the database holds it to that. A row is never edited:
    a wrong one is struck (``struck_at``) while its cost is not yet gathered, and written again.
    """

    __tablename__ = "labour_entry"
    __table_args__ = (
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name="minutes"),
        sa.CheckConstraint("hourly_cents >= 0", name="hourly_cents"),
        sa.CheckConstraint(
            "amount_cents = (minutes * hourly_cents + 30) / 60", name="amount_is_time_by_rate"
        ),
        sa.CheckConstraint("(struck_at IS NULL) = (struck_by IS NULL)", name="struck_by_somebody"),
        sa.Index("ix_labour_entry_person_day", "person_id", "day"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"))
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    day: Mapped[date]
    minutes: Mapped[int]
    hourly_cents: Mapped[int]
    amount_cents: Mapped[int]
    struck_at: Mapped[datetime | None]
    struck_by: Mapped[str | None]
    struck_reason: Mapped[str | None]


class ContractorCost(Stamped, Base):
    """What a supplier charges for an order, in cents; a credit note is negative."""

    __tablename__ = "contractor_cost"
    __table_args__ = (
        sa.UniqueConstraint("supplier_id", "document_reference", "order_id"),
        sa.CheckConstraint("amount_cents <> 0", name="amount_cents"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    supplier_id: Mapped[str] = mapped_column(sa.ForeignKey("supplier.id"))
    amount_cents: Mapped[int]
    document_reference: Mapped[str]
    day: Mapped[date]
