"""Proofs about settlement: costs and their sources, rules, proposals and their answers.

Comes in: a session. Goes out: checks, each with rows looked at and findings. It never repairs. Next:
``registry/proofs/accounting.py``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from registry.proofs.finding import Check, Finding
from registry.tables.accounting import Posting, Proposal, ProposalLine, ProposalSource, SettlementRule
from registry.tables.base import Base
from registry.tables.costs import CostItem
from registry.tables.stock import StockMove
from registry.tables.work import ContractorCost, LabourEntry


def cost_sources(session: Session) -> tuple[int, list[Finding]]:
    """Prove that each cost item says what its source says: order and amount; struck labour costs nothing."""
    sources: tuple[tuple[str, type[Any], sa.ColumnElement[int], sa.ColumnElement[bool]], ...] = (
        ("labour_entry", LabourEntry, LabourEntry.amount_cents.expression, LabourEntry.struck_at.is_(None)),
        ("stock_move", StockMove, -StockMove.value_cents, sa.true()),
        ("contractor_cost", ContractorCost, ContractorCost.amount_cents.expression, sa.true()),
    )
    findings = []
    for name, kind, amount, counts in sources:
        query = sa.select(CostItem.source_id, CostItem.amount_cents, amount).outerjoin(
            kind, (kind.id == CostItem.source_id) & (kind.order_id == CostItem.order_id) & counts
        )
        wrong = query.where(CostItem.source_type == name, CostItem.amount_cents.is_distinct_from(amount))
        findings += [
            Finding(
                "cost_sources", f"{name} {source}", f"{expected} cents", f"{found} cents in the cost item"
            )
            for source, found, expected in session.execute(wrong)
        ]
    return _count(session, CostItem), findings


def proposal_balance(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a proposal balances to its total over two lines or more."""
    return balance(session, "proposal_balance", Proposal, ProposalLine, ProposalLine.proposal_id)


def proposal_answers(session: Session) -> tuple[int, list[Finding]]:
    """Prove that an accepted proposal has its posting of the same total, any other none, and legs agree."""
    query = sa.select(Proposal.key, Proposal.status, Posting.key).outerjoin(
        Posting, Posting.proposal_id == Proposal.id
    )
    wrong = query.where(
        sa.case(
            (
                Proposal.status == "accepted",
                Posting.id.is_(None)
                | (Posting.total_cents != Proposal.total_cents)
                | (Posting.entity_id != Proposal.entity_id)
                | (Posting.journal_id != Proposal.journal_id)
                | (Posting.layer != Proposal.layer),
            ),
            else_=Posting.id.is_not(None),
        )
    )
    findings = [
        Finding(
            "proposal_answers",
            f"proposal {proposal}",
            f"what {status} means for its posting",
            f"posting {posting}",
        )
        for proposal, status, posting in session.execute(wrong)
    ]
    split = (
        sa.select(Proposal.group_id)
        .where(Proposal.group_id.is_not(None))
        .group_by(Proposal.group_id)
        .having(sa.func.count(sa.distinct(Proposal.status)) > 1)
    )
    findings += [
        Finding("proposal_answers", f"group {group}", "one answer for both legs", "two")
        for group in session.scalars(split)
    ]
    return _count(session, Proposal), findings


def live_proposals(session: Session) -> tuple[int, list[Finding]]:
    """Prove that no cost is proposed twice for one purpose while a proposal of it waits or stands."""
    reversal = aliased(Posting)
    query = (
        sa.select(ProposalSource.cost_item_id, ProposalSource.purpose, sa.func.count().label("live"))
        .join(Proposal, Proposal.id == ProposalSource.proposal_id)
        .outerjoin(Posting, Posting.proposal_id == Proposal.id)
        .outerjoin(reversal, reversal.reversal_of == Posting.id)
        .where(Proposal.status != "rejected", reversal.id.is_(None))
        .group_by(ProposalSource.cost_item_id, ProposalSource.purpose)
        .having(sa.func.count() > 1)
    )
    findings = [
        Finding("live_proposals", f"cost item {item} for {purpose}", "one live proposal", str(live))
        for item, purpose, live in session.execute(query)
    ]
    return _count(session, ProposalSource), findings


def rule_versions(session: Session) -> tuple[int, list[Finding]]:
    """Prove that the versions of a rule run from 1 without gaps and begin in order."""
    versions = sa.select(
        SettlementRule.code,
        SettlementRule.version,
        SettlementRule.valid_from,
        sa.func.coalesce(
            sa.func.lag(SettlementRule.version).over(
                partition_by=SettlementRule.code, order_by=SettlementRule.version
            ),
            0,
        ).label("before"),
        sa.func.lag(SettlementRule.valid_from)
        .over(partition_by=SettlementRule.code, order_by=SettlementRule.version)
        .label("began"),
    ).subquery()
    wrong = sa.select(versions).where(
        (versions.c.version != versions.c.before + 1) | (versions.c.valid_from < versions.c.began)
    )
    findings = [
        Finding(
            "rule_versions",
            f"rule {row.code} v{row.version}",
            f"v{row.before + 1}, not before {row.began}",
            str(row.valid_from),
        )
        for row in session.execute(wrong)
    ]
    return _count(session, SettlementRule), findings


def balance(
    session: Session, code: str, kind: type[Any], line: type[Any], owner: sa.ColumnElement[str] | Any
) -> tuple[int, list[Finding]]:
    """Prove that each document of a kind balances to its total over two lines or more."""
    sums = (
        sa.select(
            owner.label("owner"),
            sa.func.count().label("lines"),
            sa.func.sum(line.debit_cents).label("debit"),
            sa.func.sum(line.credit_cents).label("credit"),
        )
        .group_by(owner)
        .subquery()
    )
    query = sa.select(kind.key, kind.total_cents, sums.c.lines, sums.c.debit, sums.c.credit)
    query = query.outerjoin(sums, sums.c.owner == kind.id)
    wrong = query.where(
        (sa.func.coalesce(sums.c.lines, 0) < 2)
        | sums.c.debit.is_distinct_from(sums.c.credit)
        | sums.c.debit.is_distinct_from(kind.total_cents)
    )
    findings = [
        Finding(
            code,
            key,
            f"{total} cents on both sides",
            f"{debit} debit, {credit} credit over {lines or 0} lines",
        )
        for key, total, lines, debit, credit in session.execute(wrong)
    ]
    return _count(session, kind), findings


def _count(session: Session, kind: type[Base]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


CHECKS = (
    Check("cost_sources", "A cost item says what its source says, each source once.", cost_sources),
    Check("rule_versions", "Versions of a settlement rule follow one another.", rule_versions),
    Check("proposal_balance", "A proposal balances to the cent.", proposal_balance),
    Check("proposal_answers", "An accepted proposal has one posting, any other none.", proposal_answers),
    Check("live_proposals", "No cost is proposed twice at a time.", live_proposals),
)
