"""Stock: items, stores, balances, moves, counts, reservations and needs.

Comes in: rows written by ``registry/stock.py`` and ``registry/reservations.py`` alone. Goes out: the same
rows. A move never changes, a reservation is answered once: triggers see to it. Next: ``registry/stock.py``.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry import triggers
from registry.tables.base import Base
from registry.tables.stamps import Stamped


class Item(Stamped, Base):
    """Something kept in store: cold asphalt, by the kilogram."""

    __tablename__ = "item"
    __table_args__ = (sa.CheckConstraint("reorder_milli >= 0", name="reorder_not_negative"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_fr: Mapped[str]
    name_en: Mapped[str]
    unit: Mapped[str]
    reorder_milli: Mapped[int] = mapped_column(default=0)
    """Reorder when less than this is available, in thousandths of the unit; 0: never."""
    account: Mapped[str | None]
    """Expense account that wins over the settlement rule's when the item is used."""


class Store(Stamped, Base):
    """A place where an entity keeps items."""

    __tablename__ = "store"

    id: Mapped[str] = mapped_column(primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class StockBalance(Base):
    """What one store holds of one item: always the sum of its moves, kept to be locked and read fast."""

    __tablename__ = "stock_balance"
    __table_args__ = (
        sa.CheckConstraint("held_milli >= 0", name="held_not_negative"),
        sa.CheckConstraint("held_milli <= on_hand_milli", name="available_not_negative"),
        sa.CheckConstraint("value_cents >= 0", name="value_not_negative"),
        sa.CheckConstraint("on_hand_milli > 0 OR value_cents = 0", name="nothing_is_worth_nothing"),
    )

    item_id: Mapped[str] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
    store_id: Mapped[str] = mapped_column(sa.ForeignKey("store.id"), primary_key=True, index=True)
    on_hand_milli: Mapped[int] = mapped_column(default=0)
    held_milli: Mapped[int] = mapped_column(default=0)
    value_cents: Mapped[int] = mapped_column(default=0)

    @property
    def available_milli(self) -> int:
        """What may still be held or issued."""
        return self.on_hand_milli - self.held_milli


class StockMove(Stamped, Base):
    """One change of what a store holds; positive comes in, negative goes out. It never changes."""

    __tablename__ = "stock_move"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('receipt', 'issue', 'return', 'transfer_in', 'transfer_out', 'count')", name="kind"
        ),
        sa.CheckConstraint(
            "(kind IN ('receipt', 'return', 'transfer_in') AND quantity_milli > 0 AND value_cents >= 0)"
            " OR (kind IN ('issue', 'transfer_out') AND quantity_milli < 0 AND value_cents <= 0)"
            " OR (kind = 'count' AND quantity_milli > 0 AND value_cents >= 0)"
            " OR (kind = 'count' AND quantity_milli < 0 AND value_cents <= 0)",
            name="signs",
        ),
        sa.CheckConstraint("(kind = 'return') = (returns_id IS NOT NULL)", name="return_of_an_issue"),
        sa.Index("ix_stock_move_item_store", "item_id", "store_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(sa.ForeignKey("item.id"))
    store_id: Mapped[str] = mapped_column(sa.ForeignKey("store.id"))
    kind: Mapped[str]
    quantity_milli: Mapped[int]
    value_cents: Mapped[int]
    document: Mapped[str | None]
    reason: Mapped[str | None]
    order_id: Mapped[str | None] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    reservation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("reservation.id"), unique=True)
    returns_id: Mapped[str | None] = mapped_column(sa.ForeignKey("stock_move.id"), index=True)
    """The issue that this return takes back."""
    transfer_id: Mapped[str | None] = mapped_column(index=True)
    """Shared by the two moves of one transfer."""


class StockCount(Stamped, Base):
    """What a person found on the shelf, beside what the books said; the move corrects the difference."""

    __tablename__ = "stock_count"
    __table_args__ = (sa.CheckConstraint("counted_milli >= 0", name="counted_not_negative"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(sa.ForeignKey("item.id"))
    store_id: Mapped[str] = mapped_column(sa.ForeignKey("store.id"))
    expected_milli: Mapped[int]
    counted_milli: Mapped[int]
    reason: Mapped[str]
    move_id: Mapped[str | None] = mapped_column(sa.ForeignKey("stock_move.id"), unique=True)


class Reservation(Base):
    """A quantity kept aside for a work order: held, then consumed, released or expired. Answered once."""

    __tablename__ = "reservation"
    __table_args__ = (
        sa.CheckConstraint("quantity_milli > 0", name="quantity_positive"),
        sa.CheckConstraint("status IN ('held', 'consumed', 'released', 'expired')", name="status"),
        sa.CheckConstraint("(status = 'held') = (answered_at IS NULL)", name="answered_when_not_held"),
        sa.CheckConstraint(
            "CASE WHEN status = 'consumed' THEN consumed_milli > 0 AND consumed_milli <= quantity_milli"
            " ELSE consumed_milli = 0 END",
            name="consumed_within_held",
        ),
        sa.Index("ix_reservation_due", "status", "expires_at"),
        sa.Index("ix_reservation_item_store", "item_id", "store_id", "status"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(sa.ForeignKey("item.id"))
    store_id: Mapped[str] = mapped_column(sa.ForeignKey("store.id"))
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    quantity_milli: Mapped[int]
    consumed_milli: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default="held")
    expires_at: Mapped[datetime | None]
    held_at: Mapped[datetime]
    held_by: Mapped[str]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    answer_reason: Mapped[str | None]


class MaterialNeed(Stamped, Base):
    """What an order waits for because the store had too little: waiting, then served or withdrawn."""

    __tablename__ = "material_need"
    __table_args__ = (
        sa.CheckConstraint("quantity_milli > 0", name="quantity_positive"),
        sa.CheckConstraint("status IN ('waiting', 'served', 'withdrawn')", name="status"),
        sa.CheckConstraint(
            "(status = 'served') = (reservation_id IS NOT NULL)", name="served_by_reservation"
        ),
        sa.Index("ix_material_need_waiting", "status", "item_id", "store_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(sa.ForeignKey("item.id"))
    store_id: Mapped[str] = mapped_column(sa.ForeignKey("store.id"))
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    quantity_milli: Mapped[int]
    status: Mapped[str] = mapped_column(default="waiting")
    reservation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("reservation.id"), unique=True)
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]


for _mapped in (StockMove, StockCount, Reservation, MaterialNeed):
    triggers.attach(_mapped.__table__)
