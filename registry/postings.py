"""Postings: accepted proposals, numbered without gaps, chained, never changed.

Comes in: a proposal to accept, or a posting to reverse. Goes out: balanced postings with their lines and the
sources they settle. It never edits a posting, loses a number, or settles a source twice. Next:
``integrations/accounting``.

Decisions:
1. A posting is written from the inside out: lines and sources first, then its own row, which seals them. The
   database judges the whole at that instant (``registry/triggers.py``) and no half posting can be committed.
2. The number comes from a counter row of the entity, journal and year, taken in the same transaction: a rollback
   gives it back. The chain runs over the years of a journal.
3. A cost of a closed month is posted on the first day of the next open month, with its true piece date. A day
   that a person names is taken as named, or refused.
4. The legs of a re-invoice are accepted together and reversed together, whichever is named: the sum of the
   receivables is the sum of the payables at every instant.
5. Sides are swapped in a reversal, amounts stay positive. The sources go back to be settled anew.
6. A posting bears the name of who decided on it, in each entity of a re-invoice its own; who had a hand in the work
   of the order is refused here, whichever way the decision came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from registry import chain, ids, journal, rows, rules, settlement, work_done
from registry.errors import Failed, Refused
from registry.tables.accounting import (
    Posting,
    PostingChain,
    PostingCounter,
    PostingLine,
    PostingSource,
    Proposal,
    ProposalSource,
)
from registry.tables.costs import CostItem
from registry.tables.work import WorkOrder

_LINE_FACTS = (
    "position",
    "account_code",
    "account_name",
    "label",
    "axes",
    "asset_id",
    "party_code",
    "party_name",
    "piece_reference",
    "piece_date",
)


class AlreadyReversed(Refused):
    """The posting is a reversal itself, which stays."""

    code = "posting_reversal_stays"


class AlreadySettled(Refused):
    """A source of the proposal stands in another posting."""

    code = "posting_source_settled"


class OwnWork(Refused):
    """Whoever planned, did or accepted the work would accept its postings too."""

    code = "own_work"


class Unbalanced(Failed):
    """The debits of a document differ from its credits."""

    code = "posting_unbalanced"


def accept(
    session: Session,
    proposal_id: str,
    *,
    at: datetime,
    by: str,
    day: date | None = None,
    decided: Mapping[str, str] | None = None,
) -> Posting:
    """Accept a proposal and post it, with the other leg of its re-invoice; accepting twice changes nothing.

    Args:
        session: the transaction.
        proposal_id: which.
        at: the instant.
        by: who decides.
        day: the posting day; None takes the day of the latest cost, or the first open day after it.
        decided: entity id → who decided there, when the legs of a re-invoice were decided by several.

    Raises:
        Missing: there is no such proposal.
        AlreadyAnswered: it was rejected.
        OwnWork: who decides had a hand in the work.
        PeriodClosed: no month is open for it, or the named day lies in a month that is not open.
        AlreadySettled: one of its sources stands in another posting.
    """
    legs = settlement.group_of(session, proposal_id)
    for leg in legs:
        if leg.status == "rejected":
            raise settlement.answered(leg, "accepted")
    deciders = {leg.id: (decided or {}).get(leg.entity_id, by) for leg in legs}
    for leg in legs:
        if leg.status != "accepted":
            require_other_hands(session, deciders[leg.id], leg.order_id)
    posted: dict[str, Posting] = {}
    with _together(session, legs):
        for leg in sorted(legs, key=lambda leg: (leg.entity_id, leg.journal_id, leg.id)):
            done = leg.status == "accepted"
            posted[leg.id] = (
                _posting_of(session, leg) if done else _post(session, leg, day, at, deciders[leg.id])
            )
    return posted[proposal_id]


def require_other_hands(session: Session, person_id: str, order_id: str) -> None:
    """Refuse whoever had a hand in the work of the order.

    Raises:
        OwnWork: the person planned, began, reported, did or accepted it, or entered its costs.
    """
    if person_id in work_done.hands_of(session, order_id):
        order = rows.get(session, WorkOrder, order_id, "work order")
        raise OwnWork(
            f"Expected somebody without a hand in {order.reference} to accept its postings, but this person had one.",
            order_id=order_id,
        )


def reverse(session: Session, posting_id: str, *, reason: str, at: datetime, by: str) -> Posting:
    """Reverse a posting, with the other leg of its re-invoice; reversing twice returns the same reversal.

    Args:
        session: the transaction.
        posting_id: which.
        reason: why, in words.
        at: the instant.
        by: who.

    Raises:
        Missing: there is no such posting.
        AlreadyReversed: it is a reversal.
        PeriodClosed: its month is closed and no later month is open.
        Unfit: no reason is given.
    """
    why = rules.text(reason, "reason", limit=2000)
    asked = get(session, posting_id)
    if asked.reversal_of is not None:
        raise AlreadyReversed(
            f"Expected a posting to reverse, but {asked.label} is a reversal itself. Settle its costs anew.",
            posting_id=posting_id,
        )
    legs = [asked]
    if asked.group_id is not None:
        group = sa.select(Posting).where(Posting.group_id == asked.group_id, Posting.reversal_of.is_(None))
        legs = list(session.scalars(group))
    with _together(session, legs):
        reversals = {
            leg.id: _reverse(session, leg, why, at, by)
            for leg in sorted(legs, key=lambda leg: (leg.entity_id, leg.journal_id, leg.id))
        }
    return reversals[posting_id]


def get(session: Session, posting_id: str) -> Posting:
    """Return the posting with that id, or raise Missing."""
    return rows.get(session, Posting, posting_id, "posting")


def lines_of(session: Session, posting_id: str) -> list[PostingLine]:
    """Return the lines of a posting, debits first."""
    query = sa.select(PostingLine).where(PostingLine.posting_id == posting_id)
    return list(session.scalars(query.order_by(PostingLine.position)))


def sources_of(session: Session, posting_id: str) -> list[PostingSource]:
    """Return the sources that a posting settles."""
    query = sa.select(PostingSource).where(PostingSource.posting_id == posting_id)
    return list(session.scalars(query.order_by(PostingSource.source_type, PostingSource.source_id)))


def reversal_of(session: Session, posting_id: str) -> Posting | None:
    """Return the reversal of a posting, if there is one."""
    return session.scalars(sa.select(Posting).where(Posting.reversal_of == posting_id)).one_or_none()


def _together(session: Session, legs: Sequence[object]) -> AbstractContextManager[object]:
    """Give several legs one savepoint: when the month of one is closed, the other is not posted either."""
    return session.begin_nested() if len(legs) > 1 else nullcontext()


def _posting_of(session: Session, proposal: Proposal) -> Posting:
    return session.scalars(sa.select(Posting).where(Posting.proposal_id == proposal.id)).one()


def _post(session: Session, proposal: Proposal, day: date | None, at: datetime, by: str) -> Posting:
    posting_id = ids.derived("posting", proposal.id)
    lines = [
        PostingLine(
            posting_id=posting_id,
            debit_cents=line.debit_cents,
            credit_cents=line.credit_cents,
            **{fact: getattr(line, fact) for fact in _LINE_FACTS},
        )
        for line in settlement.lines_of(session, proposal.id)
    ]
    order = rows.get(session, WorkOrder, proposal.order_id, "work order")
    posting = Posting(
        id=posting_id,
        key=proposal.key,
        entity_id=proposal.entity_id,
        journal_id=proposal.journal_id,
        layer=proposal.layer,
        kind=proposal.purpose,
        day=journal.posting_day(session, proposal.entity_id, day or proposal.day, exactly=day is not None),
        piece_reference=order.reference,
        piece_date=proposal.day,
        label=proposal.label,
        order_id=proposal.order_id,
        proposal_id=proposal.id,
        group_id=proposal.group_id,
        reversal_of=None,
        reason=None,
        posted_at=at,
        posted_by=by,
    )
    proposal.status, proposal.answered_at, proposal.answered_by = "accepted", at, by
    return _seal(session, posting, lines, _sources(session, proposal, posting_id))


def _reverse(session: Session, posting: Posting, why: str, at: datetime, by: str) -> Posting:
    _chain(
        session, posting.journal_id
    )  # whoever reverses the same posting waits here, then finds the reversal
    before = reversal_of(session, posting.id)
    if before is not None:
        return before
    reversal_id = ids.derived("reversal", posting.id)
    swapped = [
        PostingLine(
            posting_id=reversal_id,
            debit_cents=line.credit_cents,
            credit_cents=line.debit_cents,
            **{fact: getattr(line, fact) for fact in _LINE_FACTS},
        )
        for line in lines_of(session, posting.id)
    ]
    reversal = Posting(
        id=reversal_id,
        key=f"reversal:{posting.key}",
        entity_id=posting.entity_id,
        journal_id=posting.journal_id,
        layer=posting.layer,
        kind="reversal",
        day=journal.posting_day(session, posting.entity_id, posting.day, exactly=False),
        piece_reference=posting.piece_reference,
        piece_date=posting.piece_date,
        label=posting.label,
        order_id=posting.order_id,
        proposal_id=None,
        group_id=posting.group_id,
        reversal_of=posting.id,
        reason=why,
        posted_at=at,
        posted_by=by,
    )
    return _seal(session, reversal, swapped, [])


def _sources(session: Session, proposal: Proposal, posting_id: str) -> list[PostingSource]:
    query = (
        sa.select(ProposalSource, CostItem)
        .join(CostItem, CostItem.id == ProposalSource.cost_item_id)
        .where(ProposalSource.proposal_id == proposal.id)
    )
    found = session.execute(query).all()
    turns = _turns(session, [item.id for _, item in found], proposal.purpose)
    return [
        PostingSource(
            posting_id=posting_id,
            source_type=item.source_type,
            source_id=item.source_id,
            cost_item_id=item.id,
            purpose=proposal.purpose,
            turn=turns.get(item.id, 1),
            amount_cents=source.amount_cents,
        )
        for source, item in found
    ]


def _turns(session: Session, cost_item_ids: Sequence[str], purpose: str) -> dict[str, int]:
    """How many times each source was settled and given back, plus one; none for sources settled never."""
    reversal = aliased(Posting)
    query = (
        sa.select(PostingSource.cost_item_id, sa.func.count(), sa.func.count(reversal.id))
        .outerjoin(reversal, reversal.reversal_of == PostingSource.posting_id)
        .where(PostingSource.cost_item_id.in_(cost_item_ids), PostingSource.purpose == purpose)
        .group_by(PostingSource.cost_item_id)
    )
    turns = {}
    for cost_item_id, settled, given_back in session.execute(query):
        if settled != given_back:
            raise AlreadySettled(
                f"Expected cost item {cost_item_id} to be unsettled, but a posting has settled it.",
                cost_item_id=cost_item_id,
                purpose=purpose,
            )
        turns[cost_item_id] = settled + 1
    return turns


def _seal(
    session: Session, posting: Posting, lines: Sequence[PostingLine], sources: Sequence[PostingSource]
) -> Posting:
    """Number, chain and write a posting whose lines and sources are ready."""
    debit, credit = (sum(getattr(line, side) for line in lines) for side in ("debit_cents", "credit_cents"))
    if debit != credit or len(lines) < 2:
        raise Unbalanced(
            f"Expected debits to equal credits over two lines or more, "
            f"but {posting.label} has {debit} and {credit} cents over {len(lines)}.",
            debit_cents=debit,
            credit_cents=credit,
        )
    posting.total_cents = debit
    head = _chain(session, posting.journal_id)
    posting.fiscal_year = posting.day.year
    posting.number = _next_number(session, posting)
    posting.position, posting.previous_hash = head.last_position + 1, head.last_hash
    posting.hash = chain.link(head.last_hash, chain.canonical(posting, lines, sources))
    head.last_position, head.last_hash = posting.position, posting.hash
    session.add_all([*lines, *sources])
    session.flush()
    session.add(posting)  # from the inside out: this row seals the others
    session.flush()
    return posting


def _chain(session: Session, journal_id: str) -> PostingChain:
    """Return the head of a journal's chain, locked: whoever holds it posts alone in that journal."""
    head = rows.lock(session, PostingChain, PostingChain.journal_id == journal_id)
    if head is None:
        start: dict[str, Any] = {"journal_id": journal_id, "last_position": 0, "last_hash": chain.GENESIS}
        rows.ensure(session, PostingChain, start)
        head = rows.lock(session, PostingChain, PostingChain.journal_id == journal_id)
    assert head is not None
    return head


def _next_number(session: Session, posting: Posting) -> int:
    """Count on: the row stays locked until the transaction ends, and a rollback counts back."""
    key = (PostingCounter.entity_id, PostingCounter.journal_id, PostingCounter.fiscal_year)
    first = {column.key: getattr(posting, column.key) for column in key}
    statement = (
        rows.insert(session, PostingCounter)
        .values(**first, last_number=1)
        .on_conflict_do_update(index_elements=key, set_={"last_number": PostingCounter.last_number + 1})
        .returning(PostingCounter.last_number)
    )
    return int(session.execute(statement).scalar_one())
