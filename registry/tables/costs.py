"""Costs: what a work order has cost, item by item, each from one source.

Comes in: rows written by ``registry/costs.py`` alone. Goes out: the same rows. It never holds two items of one
source, and an item never changes. Next: ``registry/costs.py``.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry import triggers
from registry.tables.base import Base
from registry.tables.stamps import Stamped, one_of
from registry.tables.work import ContractorCost, LabourEntry

CostKind = Literal["labour", "material", "contractor"]
SourceType = Literal["labour_entry", "stock_move", "contractor_cost"]


class CostItem(Stamped, Base):
    """One cost of an order: who bore it, for whom, on which day, and the row it comes from.

    ``entity_id`` bore the cost (employer, owner of the store, who ordered the contractor). ``beneficiary_id`` owned
    the asset on that day: costs before a transfer stay with the former owner. Returned goods and credit notes
    are negative.
    """

    __tablename__ = "cost_item"
    __table_args__ = (
        sa.UniqueConstraint("source_type", "source_id"),
        one_of("kind", get_args(CostKind)),
        one_of("source_type", get_args(SourceType)),
        sa.Index("ix_cost_item_asset_day", "asset_id", "day"),
        sa.Index("ix_cost_item_entity_day", "entity_id", "day"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    kind: Mapped[str]
    source_type: Mapped[str]
    source_id: Mapped[str]
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    beneficiary_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"), index=True)
    asset_id: Mapped[str | None] = mapped_column(sa.ForeignKey("asset.id"))
    nature_code: Mapped[str | None] = mapped_column(sa.ForeignKey("nature.code"))
    day: Mapped[date]
    amount_cents: Mapped[int]
    quantity: Mapped[int | None]
    """Minutes of labour, thousandths of the item's unit; None for a contractor."""
    item_id: Mapped[str | None] = mapped_column(sa.ForeignKey("item.id"))
    supplier_id: Mapped[str | None] = mapped_column(sa.ForeignKey("supplier.id"))
    team_code: Mapped[str | None] = mapped_column(sa.ForeignKey("team.code"))
    document_reference: Mapped[str | None]


for _mapped in (CostItem, LabourEntry, ContractorCost):
    triggers.attach(_mapped.__table__)
