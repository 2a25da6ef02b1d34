"""Proofs about work: the path of orders, hours and what they cost, contractors.

Comes in: a session. Goes out: checks, each with rows looked at and findings. It never repairs. Next:
``registry/proofs/stock.py``.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.proofs import paths
from registry.proofs.finding import Check, Finding
from registry.tables.work import ContractorCost, LabourEntry, WorkOrder, WorkOrderEvent
from registry.work import PAST, TRANSITIONS, labour_cents

_DONE = ("finished", "closed")
_VERBS = {kind: verb for verb, kind in PAST.items()}


def order_path(session: Session) -> tuple[int, list[Finding]]:
    """Prove that each step of an order is one its verb allows, from where the step before ended."""
    return paths.steps(
        session,
        WorkOrderEvent,
        WorkOrderEvent.order_id,
        transitions=TRANSITIONS,
        verbs=_VERBS,
        code="order_path",
    )


def order_end(session: Session) -> tuple[int, list[Finding]]:
    """Prove that an order stands where its last event left it."""
    return paths.ends(session, WorkOrder, WorkOrderEvent, WorkOrderEvent.order_id, "order_end")


def order_facts(session: Session) -> tuple[int, list[Finding]]:
    """Prove that an order has what its status says: somebody assigned, a report when finished, its instants."""
    done = WorkOrder.status.in_(_DONE)
    nobody = WorkOrder.team_code.is_(None) & WorkOrder.supplier_id.is_(None) & WorkOrder.person_id.is_(None)
    rules = (
        ("somebody assigned", WorkOrder.status.in_(("assigned", "planned", "in_progress", *_DONE)) & nobody),
        ("a plan", (WorkOrder.status == "planned") & WorkOrder.planned_start.is_(None)),
        ("a report and an instant", done & (WorkOrder.report.is_(None) | WorkOrder.finished_at.is_(None))),
        ("the instant it closed", (WorkOrder.status == "closed") & WorkOrder.closed_at.is_(None)),
        ("no instant of closing", (WorkOrder.status != "closed") & WorkOrder.closed_at.is_not(None)),
    )
    findings = [
        Finding("order_facts", reference, expected, f"none while {status}")
        for expected, wrong in rules
        for reference, status in session.execute(
            sa.select(WorkOrder.reference, WorkOrder.status).where(wrong)
        )
    ]
    return session.scalar(sa.select(sa.func.count()).select_from(WorkOrder)) or 0, findings


def labour_amounts(session: Session) -> tuple[int, list[Finding]]:
    """Prove that each labour entry costs minutes × rate ÷ 60, rounded half up."""
    seen, findings = 0, []
    query = sa.select(LabourEntry.id, LabourEntry.minutes, LabourEntry.hourly_cents, LabourEntry.amount_cents)
    for entry_id, minutes, rate, amount in session.execute(query).yield_per(2000):
        seen += 1
        expected = labour_cents(minutes, rate)
        if amount != expected:
            findings.append(Finding("labour_amounts", entry_id, f"{expected} cents", f"{amount} cents"))
    return seen, findings


def labour_days(session: Session) -> tuple[int, list[Finding]]:
    """Prove that nobody worked more than 24 hours in a day."""
    total = sa.func.sum(LabourEntry.minutes)
    query = (
        sa.select(LabourEntry.person_id, LabourEntry.day, total)
        .where(LabourEntry.struck_at.is_(None))
        .group_by(LabourEntry.person_id, LabourEntry.day)
    )
    findings = [
        Finding("labour_days", f"person {person} on {day}", "at most 1440 minutes", f"{minutes}")
        for person, day, minutes in session.execute(query.having(total > 1440))
    ]
    return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0, findings


def contractor_orders(session: Session) -> tuple[int, list[Finding]]:
    """Prove that contractors charge only for orders given to contractors."""
    query = (
        sa.select(WorkOrder.reference, ContractorCost.document_reference)
        .join(WorkOrder, WorkOrder.id == ContractorCost.order_id)
        .where(WorkOrder.mode != "contractor")
    )
    findings = [
        Finding("contractor_orders", reference, "no contractor cost on in-house work", document)
        for reference, document in session.execute(query)
    ]
    return session.scalar(sa.select(sa.func.count()).select_from(ContractorCost)) or 0, findings


CHECKS = (
    Check(
        "order_path",
        "A work order went only where its verbs allow, each step from the end of the last.",
        order_path,
    ),
    Check("order_end", "A work order stands where its last event left it.", order_end),
    Check("order_facts", "A work order has the facts its status promises.", order_facts),
    Check(
        "labour_amounts",
        "A labour entry costs minutes × rate ÷ 60, rounded half up to the cent.",
        labour_amounts,
    ),
    Check("labour_days", "Nobody worked more than 24 hours in a day.", labour_days),
    Check("contractor_orders", "Contractors charge only for orders given to contractors.", contractor_orders),
)
