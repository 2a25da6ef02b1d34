"""The ledger: postings as accounting systems take them, in the order of their numbers.

Comes in: an entity, days, layers. Goes out: entries with lines, streamed, and the balance of each account. It never
formats: ``integrations/accounting`` does. Next: ``integrations/accounting/fec.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import entities
from registry.queries.accounting import reference
from registry.tables.accounting import Account, Journal, Posting, PostingLine
from registry.tables.work import WorkOrder

_BATCH = 500


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One side of an entry, in cents."""

    account_code: str
    account_name: str
    account_kind: str
    """asset, liability, equity, income or expense."""
    debit_cents: int
    credit_cents: int
    label: str
    axes: Mapping[str, str]
    party_code: str | None
    party_name: str | None
    piece_reference: str
    piece_date: date


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting as it leaves the house."""

    key: str
    reference: str
    """Journal, year and number: ``AC/2026/000041``."""
    entity_code: str
    journal_code: str
    journal_name: str
    fiscal_year: int
    number: int
    layer: str
    kind: str
    day: date
    valid_day: date
    """The local day on which it was numbered."""
    label: str
    order_reference: str
    reversal_of: str | None
    hash: str
    lines: tuple[EntryLine, ...]


def entries(
    session: Session,
    *,
    entity_id: str,
    start: date,
    end: date,
    layers: Collection[str] = ("general",),
) -> Iterator[Entry]:
    """Yield the postings of an entity from ``start`` to ``end``, by instant of posting, journal and number.

    Args:
        session: the transaction; nothing may be written in it while the entries are read.
        entity_id: whose books.
        start: first posting day.
        end: last posting day.
        layers: general, analytic, budget.
    """
    entity = entities.get(session, entity_id)
    kinds = _kinds(session, entity_id)
    query = (
        sa.select(Posting, Journal, WorkOrder.reference)
        .join(Journal, Journal.id == Posting.journal_id)
        .join(WorkOrder, WorkOrder.id == Posting.order_id)
        .where(*_chosen(entity_id, start, end, layers))
        .order_by(Posting.posted_at, Journal.code, Posting.fiscal_year, Posting.number)
    )
    for batch in session.execute(query.execution_options(yield_per=_BATCH)).partitions():
        lines = _lines(session, [posting.id for posting, _, _ in batch], kinds)
        for posting, journal, order_reference in batch:
            yield Entry(
                key=posting.key,
                reference=reference(journal.code, posting.fiscal_year, posting.number),
                entity_code=entity.code,
                journal_code=journal.code,
                journal_name=journal.name,
                fiscal_year=posting.fiscal_year,
                number=posting.number,
                layer=posting.layer,
                kind=posting.kind,
                day=posting.day,
                valid_day=entities.local_day(entity, posting.posted_at),
                label=posting.label,
                order_reference=order_reference,
                reversal_of=posting.reversal_of,
                hash=posting.hash,
                lines=tuple(lines[posting.id]),
            )


def balances(
    session: Session,
    *,
    entity_id: str,
    start: date,
    end: date,
    layers: Collection[str] = ("general",),
) -> dict[str, int]:
    """Return debit minus credit in cents by account code, added up by the database."""
    query = (
        sa.select(
            PostingLine.account_code,
            sa.cast(sa.func.sum(PostingLine.debit_cents - PostingLine.credit_cents), sa.BigInteger),
        )
        .join(Posting, Posting.id == PostingLine.posting_id)
        .where(*_chosen(entity_id, start, end, layers))
        .group_by(PostingLine.account_code)
        .order_by(PostingLine.account_code)
    )
    return {code: int(net) for code, net in session.execute(query)}


def _chosen(entity_id: str, start: date, end: date, layers: Collection[str]) -> list[sa.ColumnElement[bool]]:
    return [Posting.entity_id == entity_id, Posting.day.between(start, end), Posting.layer.in_(list(layers))]


def _kinds(session: Session, entity_id: str) -> dict[str, str]:
    query = sa.select(Account.code, Account.kind).where(Account.entity_id == entity_id)
    return dict(session.execute(query).all())


def _lines(session: Session, posting_ids: list[str], kinds: Mapping[str, str]) -> dict[str, list[EntryLine]]:
    query = sa.select(PostingLine).where(PostingLine.posting_id.in_(posting_ids))
    found: dict[str, list[EntryLine]] = defaultdict(list)
    for line in session.scalars(query.order_by(PostingLine.posting_id, PostingLine.position)):
        found[line.posting_id].append(
            EntryLine(
                account_code=line.account_code,
                account_name=line.account_name,
                account_kind=kinds[line.account_code],
                debit_cents=line.debit_cents,
                credit_cents=line.credit_cents,
                label=line.label,
                axes=line.axes,
                party_code=line.party_code,
                party_name=line.party_name,
                piece_reference=line.piece_reference,
                piece_date=line.piece_date,
            )
        )
    return found
