"""Proofs about postings: balance, numbers, chains, sources, reversals and re-invoices.

Comes in: a session. Goes out: checks, each with rows looked at and findings. It never repairs. Next:
``integrations/accounting``, where programs we did not write prove the books once more.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from registry import chain
from registry.proofs import settlement
from registry.proofs.finding import Check, Finding
from registry.tables.accounting import (
    Account,
    Journal,
    Period,
    Posting,
    PostingChain,
    PostingCounter,
    PostingLine,
    PostingSource,
)
from registry.tables.base import Base
from registry.tables.costs import CostItem


def posting_balance(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a posting balances to its total over two lines or more."""
    return settlement.balance(session, "posting_balance", Posting, PostingLine, PostingLine.posting_id)


def posting_sides(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a posted line has one side, above zero, on an account of the posting's own entity."""
    query = (
        sa.select(PostingLine, Account.id)
        .join(Posting, Posting.id == PostingLine.posting_id)
        .outerjoin(
            Account, (Account.entity_id == Posting.entity_id) & (Account.code == PostingLine.account_code)
        )
    )
    low = sa.case(
        (PostingLine.debit_cents < PostingLine.credit_cents, PostingLine.debit_cents),
        else_=PostingLine.credit_cents,
    )
    wrong = query.where(
        (low != 0) | (PostingLine.debit_cents + PostingLine.credit_cents <= 0) | Account.id.is_(None)
    )
    findings = [
        Finding(
            "posting_sides",
            f"posting {line.posting_id} line {line.position}",
            "one side above zero, on an account of its entity",
            f"debit {line.debit_cents}, credit {line.credit_cents}, account {line.account_code}",
        )
        for line, _ in session.execute(wrong)
    ]
    return _count(session, PostingLine), findings


def posting_numbers(session: Session) -> tuple[int, list[Finding]]:
    """Prove that numbers run from 1 without gaps by entity, journal and year, up to the counter."""
    key = (Posting.entity_id, Posting.journal_id, Posting.fiscal_year)
    given = (
        sa.select(
            *key,
            sa.func.count().label("postings"),
            sa.func.min(Posting.number).label("first"),
            sa.func.max(Posting.number).label("last"),
        )
        .group_by(*key)
        .subquery()
    )
    query = sa.select(given, PostingCounter.last_number).outerjoin(
        PostingCounter,
        (PostingCounter.entity_id == given.c.entity_id)
        & (PostingCounter.journal_id == given.c.journal_id)
        & (PostingCounter.fiscal_year == given.c.fiscal_year),
    )
    wrong = query.where(
        (given.c.first != 1)
        | (given.c.last != given.c.postings)
        | given.c.last.is_distinct_from(PostingCounter.last_number)
    )
    findings = [
        Finding(
            "posting_numbers",
            f"journal {row.journal_id} in {row.fiscal_year}",
            f"numbers 1 to {row.postings} and a counter at {row.postings}",
            f"{row.first} to {row.last}, counter at {row.last_number}",
        )
        for row in session.execute(wrong)
    ]
    return _count(session, Posting), findings


def posting_chains(session: Session) -> tuple[int, list[Finding]]:
    """Prove that each posting still has the hash it was posted with, after the one before, up to the head."""
    seen, findings = 0, []
    for journal_id in session.scalars(sa.select(Journal.id).order_by(Journal.id)).all():
        last, position = chain.GENESIS, 0
        for posting, intact in chain.follow(session, journal_id):
            seen += 1
            last, position = posting.hash, posting.position
            if not intact:
                findings.append(
                    Finding("posting_chains", f"posting {posting.id}", "its own hash", "another text")
                )
        head = session.get(PostingChain, journal_id)
        ends = (head.last_position, head.last_hash) if head is not None else (0, chain.GENESIS)
        if ends != (position, last):
            findings.append(
                Finding(
                    "posting_chains", f"journal {journal_id}", f"a head at {position}", f"a head at {ends[0]}"
                )
            )
    return seen, findings


def posting_days(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a posting lies in its fiscal year and in a month that was open when it was posted."""
    year, month = sa.extract("year", Posting.day), sa.extract("month", Posting.day)
    query = sa.select(Posting.id, Posting.day, Posting.fiscal_year, Period.closed_at).outerjoin(
        Period, (Period.entity_id == Posting.entity_id) & (Period.year == year) & (Period.month == month)
    )
    wrong = query.where(
        (Posting.fiscal_year != year) | Period.id.is_(None) | (Posting.posted_at > Period.closed_at)
    )
    findings = [
        Finding(
            "posting_days",
            f"posting {posting}",
            f"a month of {fiscal} open at the time",
            f"{day}, closed {closed}",
        )
        for posting, day, fiscal, closed in session.execute(wrong)
    ]
    return _count(session, Posting), findings


def posting_sources(session: Session) -> tuple[int, list[Finding]]:
    """Prove that each source is settled at most once for a purpose, and again only after a reversal."""
    reversal = aliased(Posting)
    key = (PostingSource.source_type, PostingSource.source_id, PostingSource.purpose)
    standing = sa.func.sum(sa.case((reversal.id.is_(None), 1), else_=0)).label("standing")
    query = (
        sa.select(
            *key, standing, sa.func.count().label("turns"), sa.func.max(PostingSource.turn).label("last")
        )
        .outerjoin(reversal, reversal.reversal_of == PostingSource.posting_id)
        .group_by(*key)
        .subquery()
    )
    wrong = sa.select(query).where((query.c.standing > 1) | (query.c.turns != query.c.last))
    findings = [
        Finding(
            "posting_sources",
            f"{row.source_type} {row.source_id} for {row.purpose}",
            "at most one standing posting",
            f"{row.standing} standing, {row.turns} in all",
        )
        for row in session.execute(wrong)
    ]
    return _count(session, PostingSource), findings


def posting_amounts(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a posting's total is the sum of its sources, and that each source equals its cost item."""
    sums = (
        sa.select(PostingSource.posting_id, sa.func.sum(sa.func.abs(CostItem.amount_cents)).label("total"))
        .join(CostItem, CostItem.id == PostingSource.cost_item_id)
        .where(
            PostingSource.source_type == CostItem.source_type,
            PostingSource.source_id == CostItem.source_id,
            PostingSource.amount_cents == CostItem.amount_cents,
        )
        .group_by(PostingSource.posting_id)
        .subquery()
    )
    query = sa.select(Posting.id, Posting.total_cents, sums.c.total).outerjoin(
        sums, sums.c.posting_id == Posting.id
    )
    wrong = query.where(Posting.kind != "reversal", Posting.total_cents.is_distinct_from(sums.c.total))
    findings = [
        Finding(
            "posting_amounts",
            f"posting {posting}",
            f"{total} cents, the sum of its sources",
            f"{found} cents",
        )
        for posting, found, total in session.execute(wrong)
    ]
    return _count(session, Posting), findings


def labour_layer(session: Session) -> tuple[int, list[Finding]]:
    """Prove that labour is never posted a second time in the general accounts of its employer."""
    query = (
        sa.select(Posting.id, Posting.layer)
        .join(PostingSource, PostingSource.posting_id == Posting.id)
        .where(PostingSource.source_type == "labour_entry", PostingSource.purpose == "cost")
    )
    wrong = query.where(Posting.layer != "analytic")
    findings = [
        Finding("labour_layer", f"posting {posting}", "labour on the analytic layer", layer)
        for posting, layer in session.execute(wrong)
    ]
    return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0, findings


def reversals(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a reversal mirrors its original line by line, and that no reversal is reversed."""
    original, back = aliased(Posting), aliased(Posting)
    left, right = aliased(PostingLine), aliased(PostingLine)
    mirrored = (
        sa.select(back.id)
        .join(original, original.id == back.reversal_of)
        .join(left, left.posting_id == original.id)
        .outerjoin(
            right,
            (right.posting_id == back.id)
            & (right.position == left.position)
            & (right.account_code == left.account_code)
            & (right.debit_cents == left.credit_cents)
            & (right.credit_cents == left.debit_cents)
            & right.asset_id.is_not_distinct_from(left.asset_id),
        )
        .where(
            right.posting_id.is_(None)
            | (original.kind == "reversal")
            | (original.total_cents != back.total_cents)
        )
        .distinct()
    )
    findings = [
        Finding(
            "posting_reversals", f"reversal {reversal}", "the sides of its original, swapped", "other lines"
        )
        for reversal in session.scalars(mirrored)
    ]
    count = sa.select(sa.func.count()).select_from(Posting).where(Posting.kind == "reversal")
    return session.scalar(count) or 0, findings


def reinvoices(session: Session) -> tuple[int, list[Finding]]:
    """Prove that in each group between entities the receivables are the payables, reversals included."""
    net = sa.func.sum(PostingLine.debit_cents - PostingLine.credit_cents).label("net")
    groups = (
        sa.select(Posting.group_id, net, sa.func.count(sa.distinct(Posting.entity_id)).label("entities"))
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(Posting.group_id.is_not(None), PostingLine.party_code.is_not(None))
        .group_by(Posting.group_id)
        .subquery()
    )
    wrong = sa.select(groups).where((groups.c.net != 0) | (groups.c.entities != 2))
    findings = [
        Finding(
            "reinvoices",
            f"group {row.group_id}",
            "receivables equal to payables, in two entities",
            f"{row.net} cents apart, {row.entities} entities",
        )
        for row in session.execute(wrong)
    ]
    return session.scalar(sa.select(sa.func.count()).select_from(groups)) or 0, findings


def _count(session: Session, kind: type[Base]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


CHECKS = (
    Check("posting_balance", "A posting balances to the cent over two lines or more.", posting_balance),
    Check("posting_sides", "A posted line has one side, on an account of its entity.", posting_sides),
    Check(
        "posting_numbers", "Postings are numbered without gaps by entity, journal and year.", posting_numbers
    ),
    Check("posting_chains", "No posting changed: every hash follows the one before.", posting_chains),
    Check("posting_days", "A posting lies in a month that was open when it was posted.", posting_days),
    Check("posting_sources", "Each source is settled at most once for each purpose.", posting_sources),
    Check("posting_amounts", "A posting's total is the sum of what it settles.", posting_amounts),
    Check("labour_layer", "Labour is posted on the analytic layer only: payroll posted it.", labour_layer),
    Check("posting_reversals", "A reversal mirrors its original.", reversals),
    Check("reinvoices", "Between entities, what one may claim is what the other owes.", reinvoices),
)
