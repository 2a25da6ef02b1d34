"""Accounting: charts, journals, periods, settlement rules, proposals and postings.

Comes in: rows written by ``registry/{settlement,journal,postings}.py`` alone. Goes out: the same rows. Rules,
lines and postings never change and a proposal is answered once: triggers see to it. Next:
``registry/settlement.py``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry import triggers
from registry.tables.base import Base
from registry.tables.stamps import Stamped, one_of

Layer = Literal["general", "analytic", "budget"]
AccountKind = Literal["asset", "liability", "equity", "income", "expense"]
RuleKind = Literal["labour", "material", "contractor", "reinvoice_out", "reinvoice_in"]
Purpose = Literal["cost", "reinvoice_out", "reinvoice_in"]
RejectCode = Literal[
    "ACCOUNT_UNKNOWN",
    "ARTICLE_NO_CREDIT",
    "PERIOD_CLOSED",
    "PARTY_UNKNOWN",
    "AXIS_MISSING",
    "PIECE_MISSING",
    "AMOUNT",
    "DUPLICATE",
    "OTHER",
]

_SIDES = "(debit_cents > 0 AND credit_cents = 0) OR (debit_cents = 0 AND credit_cents > 0)"


class Account(Stamped, Base):
    """An account of an entity's chart."""

    __tablename__ = "account"
    __table_args__ = (sa.UniqueConstraint("entity_id", "code"), one_of("kind", get_args(AccountKind)))

    id: Mapped[str] = mapped_column(primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]


class Journal(Stamped, Base):
    """A journal of an entity: its postings are numbered by year and chained by hash."""

    __tablename__ = "journal"
    __table_args__ = (sa.UniqueConstraint("entity_id", "code"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    code: Mapped[str]
    name: Mapped[str]


class Period(Stamped, Base):
    """A month of an entity's books: open, then closed for ever."""

    __tablename__ = "period"
    __table_args__ = (
        sa.UniqueConstraint("entity_id", "year", "month"),
        sa.CheckConstraint("month BETWEEN 1 AND 12", name="month"),
        sa.CheckConstraint("status IN ('open', 'closed')", name="status"),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    year: Mapped[int]
    month: Mapped[int]
    status: Mapped[str] = mapped_column(default="open")
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]


class SettlementRule(Stamped, Base):
    """Where a kind of cost goes, from a day on; a new version supersedes, no version changes."""

    __tablename__ = "settlement_rule"
    __table_args__ = (
        sa.UniqueConstraint("code", "version"),
        one_of("kind", get_args(RuleKind)),
        one_of("layer", get_args(Layer)),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("kind <> 'labour' OR layer = 'analytic'", name="payroll_has_posted_labour"),
        sa.Index("ix_settlement_rule_kind", "kind", "entity_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    version: Mapped[int]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    entity_id: Mapped[str | None] = mapped_column(sa.ForeignKey("entity.id"))
    kind: Mapped[str]
    nature_code: Mapped[str | None] = mapped_column(sa.ForeignKey("nature.code"))
    asset_class: Mapped[str | None] = mapped_column(sa.ForeignKey("asset_class.code"))
    debit_account: Mapped[str]
    credit_account: Mapped[str]
    journal_code: Mapped[str]
    layer: Mapped[str]
    priority: Mapped[int]
    label: Mapped[str]


class Proposal(Stamped, Base):
    """What would be posted and why; pending, then accepted or rejected. It has no number yet."""

    __tablename__ = "proposal"
    __table_args__ = (
        one_of("layer", get_args(Layer)),
        one_of("purpose", get_args(Purpose)),
        sa.CheckConstraint("status IN ('pending', 'accepted', 'rejected')", name="status"),
        sa.CheckConstraint("total_cents > 0", name="total_positive"),
        sa.CheckConstraint("(status = 'pending') = (answered_at IS NULL)", name="answered_when_not_pending"),
        sa.CheckConstraint("(status = 'rejected') = (reject_code IS NOT NULL)", name="rejected_with_code"),
        one_of("reject_code", get_args(RejectCode)),
        sa.Index("ix_proposal_entity_status", "entity_id", "status", "day"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    sequence: Mapped[int]
    """1 for the first settlement of the order, 2 for the next one, made of later or rejected costs."""
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    journal_id: Mapped[str] = mapped_column(sa.ForeignKey("journal.id"))
    layer: Mapped[str]
    purpose: Mapped[str]
    group_id: Mapped[str | None] = mapped_column(index=True)
    """Shared by the two legs of a re-invoice between entities."""
    day: Mapped[date]
    label: Mapped[str]
    total_cents: Mapped[int]
    explanation: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default="pending")
    reject_code: Mapped[str | None]
    reject_text: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]


class _Line:
    """What a line of a proposal and of a posting share."""

    position: Mapped[int] = mapped_column(primary_key=True)
    account_code: Mapped[str]
    account_name: Mapped[str]
    debit_cents: Mapped[int]
    credit_cents: Mapped[int]
    label: Mapped[str]
    axes: Mapped[dict[str, Any]]
    """Codes by axis: asset, nature, entity, team. The asset stands only in its owner's accounts."""
    party_code: Mapped[str | None]
    party_name: Mapped[str | None]
    piece_reference: Mapped[str]
    piece_date: Mapped[date]


class ProposalLine(_Line, Base):
    """One side of a proposal, with the rule that made it."""

    __tablename__ = "proposal_line"
    __table_args__ = (sa.CheckConstraint(_SIDES, name="one_side"),)

    proposal_id: Mapped[str] = mapped_column(sa.ForeignKey("proposal.id"), primary_key=True)
    asset_id: Mapped[str | None] = mapped_column(sa.ForeignKey("asset.id"))
    rule_id: Mapped[str] = mapped_column(sa.ForeignKey("settlement_rule.id"))


class ProposalSource(Base):
    """One cost item in a proposal."""

    __tablename__ = "proposal_source"

    proposal_id: Mapped[str] = mapped_column(sa.ForeignKey("proposal.id"), primary_key=True)
    cost_item_id: Mapped[str] = mapped_column(sa.ForeignKey("cost_item.id"), primary_key=True, index=True)
    purpose: Mapped[str]
    amount_cents: Mapped[int]


class Posting(Base):
    """A balanced, numbered, chained document; it never changes and is reversed at most once."""

    __tablename__ = "posting"
    __table_args__ = (
        sa.UniqueConstraint("entity_id", "journal_id", "fiscal_year", "number"),
        sa.UniqueConstraint("journal_id", "position"),
        one_of("layer", get_args(Layer)),
        sa.CheckConstraint("kind IN ('cost', 'reinvoice_out', 'reinvoice_in', 'reversal')", name="kind"),
        sa.CheckConstraint("(kind = 'reversal') = (reversal_of IS NOT NULL)", name="reversal_of"),
        sa.CheckConstraint("(kind = 'reversal') = (proposal_id IS NULL)", name="from_a_proposal"),
        sa.CheckConstraint("total_cents > 0", name="total_positive"),
        sa.CheckConstraint("number > 0 AND position > 0", name="counted_from_one"),
        sa.Index("ix_posting_entity_day", "entity_id", "day"),
        sa.Index("ix_posting_posted", "entity_id", "posted_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    journal_id: Mapped[str] = mapped_column(sa.ForeignKey("journal.id"))
    fiscal_year: Mapped[int]
    number: Mapped[int]
    position: Mapped[int]
    """Place in the chain of the journal, over all years."""
    layer: Mapped[str]
    kind: Mapped[str]
    day: Mapped[date]
    piece_reference: Mapped[str]
    piece_date: Mapped[date]
    """The true day of the cost, also when it is posted in a later month."""
    label: Mapped[str]
    total_cents: Mapped[int]
    order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    proposal_id: Mapped[str | None] = mapped_column(sa.ForeignKey("proposal.id"), unique=True)
    group_id: Mapped[str | None] = mapped_column(index=True)
    reversal_of: Mapped[str | None] = mapped_column(sa.ForeignKey("posting.id"), unique=True)
    reason: Mapped[str | None]
    previous_hash: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    posted_at: Mapped[datetime]
    posted_by: Mapped[str]


class PostingLine(_Line, Base):
    """One side of a posting. It is written before its posting, which seals it."""

    __tablename__ = "posting_line"
    __table_args__ = (
        sa.CheckConstraint(_SIDES, name="one_side"),
        sa.Index("ix_posting_line_asset", "asset_id"),
    )

    posting_id: Mapped[str] = mapped_column(
        sa.ForeignKey("posting.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    asset_id: Mapped[str | None] = mapped_column(sa.ForeignKey("asset.id"))


class PostingSource(Base):
    """One source that a posting settles: once for each purpose, and again only after a reversal (``turn``)."""

    __tablename__ = "posting_source"
    __table_args__ = (
        sa.UniqueConstraint("source_type", "source_id", "purpose", "turn"),
        sa.CheckConstraint("turn >= 1", name="turn"),
        one_of("purpose", get_args(Purpose)),
    )

    posting_id: Mapped[str] = mapped_column(
        sa.ForeignKey("posting.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    source_type: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(primary_key=True)
    cost_item_id: Mapped[str] = mapped_column(sa.ForeignKey("cost_item.id"), index=True)
    purpose: Mapped[str]
    turn: Mapped[int]
    amount_cents: Mapped[int]


class PostingCounter(Base):
    """The last number given in a journal and year: locked by whoever posts, so that no number is lost."""

    __tablename__ = "posting_counter"

    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"), primary_key=True)
    journal_id: Mapped[str] = mapped_column(sa.ForeignKey("journal.id"), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class PostingChain(Base):
    """The head of a journal's chain: its length and the hash that the next posting follows."""

    __tablename__ = "posting_chain"

    journal_id: Mapped[str] = mapped_column(sa.ForeignKey("journal.id"), primary_key=True)
    last_position: Mapped[int]
    last_hash: Mapped[str]


for _mapped in (
    Period,
    SettlementRule,
    Proposal,
    ProposalLine,
    ProposalSource,
    Posting,
    PostingLine,
    PostingSource,
):
    triggers.attach(_mapped.__table__)
