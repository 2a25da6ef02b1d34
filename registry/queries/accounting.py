"""Lists of accounting: proposals and postings, and one of each with its lines and sources.

Comes in: filters, a page. Goes out: rows that need no second query. It never answers a proposal. Next:
``registry/queries/ledger.py``, for what leaves the house.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from registry import postings, rows, search, settlement
from registry.errors import Missing
from registry.queries import page as pages
from registry.tables.accounting import (
    Account,
    Journal,
    Period,
    Posting,
    PostingLine,
    Proposal,
    ProposalLine,
)
from registry.tables.costs import CostItem
from registry.tables.entities import Entity
from registry.tables.people import Person
from registry.tables.stock import Item
from registry.tables.suppliers import Supplier
from registry.tables.work import LabourEntry, WorkOrder

_REVERSAL = aliased(Posting)
_PROPOSALS = pages.Order(
    {
        "day": Proposal.day,
        "created": Proposal.created_at,
        "amount": Proposal.total_cents,
        "status": Proposal.status,
        "label": Proposal.label,
    },
    "-created",
    Proposal.id,
)
_POSTINGS = pages.Order(
    {
        "posted": Posting.posted_at,
        "day": Posting.day,
        "number": Posting.number,
        "amount": Posting.total_cents,
        "label": Posting.label,
    },
    "-posted",
    Posting.id,
)


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal as lists show it."""

    id: str
    status: str
    label: str
    day: date
    total_cents: int
    layer: str
    purpose: str
    group_id: str | None
    sequence: int
    reject_code: str | None
    created_at: datetime
    entity_id: str
    entity_code: str
    entity_name: str
    journal_code: str
    journal_name: str
    order_id: str
    order_reference: str
    posting_id: str | None


@dataclass(frozen=True, slots=True)
class PostingRow:
    """A posting as lists show it."""

    id: str
    kind: str
    label: str
    day: date
    piece_reference: str
    piece_date: date
    total_cents: int
    layer: str
    fiscal_year: int
    number: int
    posted_at: datetime
    group_id: str | None
    entity_id: str
    entity_code: str
    entity_name: str
    journal_code: str
    journal_name: str
    order_id: str
    order_reference: str
    reversal_of: str | None
    reversed_by: str | None

    @property
    def reference(self) -> str:
        """Return the number people quote: journal, year and number, ``AC/2026/000041``."""
        return reference(self.journal_code, self.fiscal_year, self.number)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A cost that a proposal or posting settles."""

    cost_item_id: str
    kind: str
    source_type: str
    source_id: str
    day: date
    amount_cents: int
    quantity: int | None
    """Minutes of labour, thousandths of the item's unit, None for a contractor."""
    unit: str | None
    label: str
    """Who worked, what was used, or which invoice."""


@dataclass(frozen=True, slots=True)
class ProposalSheet:
    """A proposal with its lines and what it settles."""

    row: ProposalRow
    lines: Sequence[ProposalLine]
    sources: Sequence[SourceRow]


@dataclass(frozen=True, slots=True)
class PostingSheet:
    """A posting with its lines and what it settles; a reversal settles nothing."""

    row: PostingRow
    lines: Sequence[PostingLine]
    sources: Sequence[SourceRow]


def reference(journal_code: str, fiscal_year: int, number: int) -> str:
    """Return the number people quote for a posting: ``AC/2026/000041``."""
    return f"{journal_code}/{fiscal_year}/{number:06d}"


def proposals_page(
    session: Session,
    *,
    entity_ids: Collection[str] | None,
    status: Collection[str] = (),
    order_id: str | None = None,
    text: str = "",
    page: int = 1,
    size: int = 25,
    sort: str = "",
) -> pages.Page[ProposalRow]:
    """Return a page of proposals.

    Args:
        session: the transaction.
        entity_ids: entities whose books the reader may see, None for all.
        status: statuses wanted, none for all.
        order_id: the order wanted.
        text: words that must begin words of the order's reference or title.
        page: which page, from 1.
        size: rows on a page.
        sort: created, day, amount, status or label; ``-created`` is the default.

    Raises:
        Unfit: the page, the size or the sort word lies outside.
    """
    where = search.conditions("work_order", Proposal.order_id, text)
    if entity_ids is not None:
        where.append(Proposal.entity_id.in_(entity_ids))
    if status:
        where.append(Proposal.status.in_(status))
    if order_id is not None:
        where.append(Proposal.order_id == order_id)
    return pages.read(
        session,
        _proposals(),
        where,
        lambda row: ProposalRow(*row),
        order=_PROPOSALS,
        sort=sort,
        page=page,
        size=size,
    )


def postings_page(
    session: Session,
    *,
    entity_ids: Collection[str] | None,
    journal_code: str | None = None,
    fiscal_year: int | None = None,
    layer: str | None = None,
    order_id: str | None = None,
    text: str = "",
    page: int = 1,
    size: int = 25,
    sort: str = "",
) -> pages.Page[PostingRow]:
    """Return a page of postings.

    Args:
        session: the transaction.
        entity_ids: entities whose books the reader may see, None for all.
        journal_code: the journal wanted.
        fiscal_year: the year wanted.
        layer: general, analytic or budget; None for all.
        order_id: the order wanted.
        text: words that must begin words of the order's reference or title.
        page: which page, from 1.
        size: rows on a page.
        sort: posted, day, number, amount or label; ``-posted`` is the default.

    Raises:
        Unfit: the page, the size or the sort word lies outside.
    """
    where = search.conditions("work_order", Posting.order_id, text)
    if entity_ids is not None:
        where.append(Posting.entity_id.in_(entity_ids))
    if journal_code is not None:
        where.append(Posting.journal_id.in_(sa.select(Journal.id).where(Journal.code == journal_code)))
    chosen = ((Posting.fiscal_year, fiscal_year), (Posting.layer, layer), (Posting.order_id, order_id))
    where += [column == value for column, value in chosen if value is not None]
    return pages.read(
        session,
        _postings(),
        where,
        lambda row: PostingRow(*row),
        order=_POSTINGS,
        sort=sort,
        page=page,
        size=size,
    )


def proposal_sheet(session: Session, proposal_id: str) -> ProposalSheet:
    """Return a proposal with its lines and sources.

    Raises:
        Missing: there is no such proposal.
    """
    row = session.execute(_proposals().where(Proposal.id == proposal_id)).one_or_none()
    if row is None:
        raise Missing(
            f"Expected a proposal with id {proposal_id}, but there is none.", noun="proposal", id=proposal_id
        )
    items = [item.id for item in settlement.sources_of(session, proposal_id)]
    return ProposalSheet(
        ProposalRow(*row), settlement.lines_of(session, proposal_id), _sources(session, items)
    )


def posting_sheet(session: Session, posting_id: str) -> PostingSheet:
    """Return a posting with its lines and sources.

    Raises:
        Missing: there is no such posting.
    """
    row = session.execute(_postings().where(Posting.id == posting_id)).one_or_none()
    if row is None:
        raise Missing(
            f"Expected a posting with id {posting_id}, but there is none.", noun="posting", id=posting_id
        )
    items = [source.cost_item_id for source in postings.sources_of(session, posting_id)]
    return PostingSheet(PostingRow(*row), postings.lines_of(session, posting_id), _sources(session, items))


def accounts(session: Session, entity_id: str) -> Sequence[Account]:
    """Return the chart of an entity by code."""
    return session.scalars(
        sa.select(Account).where(Account.entity_id == entity_id).order_by(Account.code)
    ).all()


def journals(session: Session, entity_id: str) -> Sequence[Journal]:
    """Return the journals of an entity by code."""
    return session.scalars(
        sa.select(Journal).where(Journal.entity_id == entity_id).order_by(Journal.code)
    ).all()


def periods(session: Session, entity_id: str) -> Sequence[Period]:
    """Return the months of an entity's books, the latest first."""
    rows.get(session, Entity, entity_id, "entity")
    query = sa.select(Period).where(Period.entity_id == entity_id)
    return session.scalars(query.order_by(Period.year.desc(), Period.month.desc())).all()


def _proposals() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Proposal.id,
            Proposal.status,
            Proposal.label,
            Proposal.day,
            Proposal.total_cents,
            Proposal.layer,
            Proposal.purpose,
            Proposal.group_id,
            Proposal.sequence,
            Proposal.reject_code,
            Proposal.created_at,
            Proposal.entity_id,
            Entity.code,
            Entity.name,
            Journal.code,
            Journal.name,
            Proposal.order_id,
            WorkOrder.reference,
            Posting.id,
        )
        .select_from(Proposal)
        .join(Entity, Entity.id == Proposal.entity_id)
        .join(Journal, Journal.id == Proposal.journal_id)
        .join(WorkOrder, WorkOrder.id == Proposal.order_id)
        .outerjoin(Posting, Posting.proposal_id == Proposal.id)
    )


def _postings() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Posting.id,
            Posting.kind,
            Posting.label,
            Posting.day,
            Posting.piece_reference,
            Posting.piece_date,
            Posting.total_cents,
            Posting.layer,
            Posting.fiscal_year,
            Posting.number,
            Posting.posted_at,
            Posting.group_id,
            Posting.entity_id,
            Entity.code,
            Entity.name,
            Journal.code,
            Journal.name,
            Posting.order_id,
            WorkOrder.reference,
            Posting.reversal_of,
            _REVERSAL.id,
        )
        .select_from(Posting)
        .join(Entity, Entity.id == Posting.entity_id)
        .join(Journal, Journal.id == Posting.journal_id)
        .join(WorkOrder, WorkOrder.id == Posting.order_id)
        .outerjoin(_REVERSAL, _REVERSAL.reversal_of == Posting.id)
    )


def _sources(session: Session, cost_item_ids: Sequence[str]) -> list[SourceRow]:
    worked = (LabourEntry.id == CostItem.source_id) & (CostItem.source_type == "labour_entry")
    query = (
        sa.select(CostItem, Item.unit, Item.code, Item.name_fr, Supplier.name, Person.name)
        .outerjoin(Item, Item.id == CostItem.item_id)
        .outerjoin(Supplier, Supplier.id == CostItem.supplier_id)
        .outerjoin(LabourEntry, worked)
        .outerjoin(Person, Person.id == LabourEntry.person_id)
        .where(CostItem.id.in_(cost_item_ids))
        .order_by(CostItem.day, CostItem.id)
    )
    return [
        SourceRow(
            cost_item_id=cost.id,
            kind=cost.kind,
            source_type=cost.source_type,
            source_id=cost.source_id,
            day=cost.day,
            amount_cents=cost.amount_cents,
            quantity=cost.quantity,
            unit=unit,
            label=" ".join(part for part in (*names, cost.document_reference) if part),
        )
        for cost, unit, *names in session.execute(query)
    ]
