"""Charges: which costs of an order still have to be settled, and which rule and account take each.

Comes in: the cost items of an order and the proposals that hold some of them. Goes out: charges, decided and
named. It never writes a row. Next: ``registry/imputation.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from registry import journal, natures
from registry.imputation import Charge, Names
from registry.settlement_rules import Question, choose, of_entities
from registry.tables.accounting import Account, Posting, Proposal, ProposalSource, SettlementRule
from registry.tables.assets import Asset
from registry.tables.costs import CostItem
from registry.tables.entities import Entity
from registry.tables.natures import Nature
from registry.tables.stock import Item
from registry.tables.suppliers import Supplier
from registry.tables.work import WorkOrder


@dataclass(frozen=True, slots=True)
class _Facts:
    """What every charge of one order is decided with."""

    rules: Sequence[SettlementRule]
    natures: Sequence[Nature]
    asset_class: str | None
    items: dict[str, Item]


def open_items(session: Session, order_id: str, *, statuses: Iterable[str]) -> list[tuple[CostItem, str]]:
    """Return the costs of an order, with the purposes for which no proposal in these statuses holds them.

    A posting that was reversed gives its sources back. A cost of zero cents has nothing to settle.
    """
    held = _held(session, order_id, statuses)
    query = sa.select(CostItem).where(CostItem.order_id == order_id, CostItem.amount_cents != 0)
    return [
        (item, purpose)
        for item in session.scalars(query.order_by(CostItem.day, CostItem.id))
        for purpose in purposes(item)
        if (item.id, purpose) not in held
    ]


def purposes(item: CostItem) -> tuple[str, ...]:
    """Return what a cost has to be posted for: in its own entity, and between entities when they differ."""
    if item.entity_id == item.beneficiary_id:
        return ("cost",)
    if item.kind == "labour":  # payroll has posted the provider's cost, only the re-invoice is left
        return ("reinvoice_out", "reinvoice_in")
    return ("cost", "reinvoice_out", "reinvoice_in")


def decide(session: Session, order: WorkOrder, wanted: Sequence[tuple[CostItem, str]]) -> list[Charge]:
    """Return each wanted charge with its rule and account.

    Raises:
        NoRule: a cost matches no rule.
        UndecidedRule: a cost matches two rules equally.
    """
    facts = _facts(session, order, [item for item, _ in wanted])
    return [_charge(session, facts, item, purpose) for item, purpose in wanted]


def name(session: Session, order: WorkOrder, charges: Sequence[Charge]) -> Names:
    """Read the codes and names that the lines of these charges are written with.

    Raises:
        AccountUnknown: a rule names an account that the entity's chart lacks.
    """
    items = [charge.item for charge in charges]
    entity_ids = {item.entity_id for item in items} | {item.beneficiary_id for item in items}
    entities = session.scalars(sa.select(Entity).where(Entity.id.in_(entity_ids))).all()
    supplier_ids = {item.supplier_id for item in items if item.supplier_id is not None}
    suppliers = session.scalars(sa.select(Supplier).where(Supplier.id.in_(supplier_ids))).all()
    asset_ids = {item.asset_id for item in items if item.asset_id is not None}
    assets = session.scalars(sa.select(Asset).where(Asset.id.in_(asset_ids))).all()
    accounts = {
        (charge.entity_id, code)
        for charge in charges
        for code in (charge.debit_account, charge.rule.credit_account)
    }
    chart = sa.select(Account).where(
        Account.entity_id.in_({entity_id for entity_id, _ in accounts}),
        Account.code.in_({code for _, code in accounts}),
    )
    known = {(account.entity_id, account.code): account.name for account in session.scalars(chart)}
    return Names(
        order_reference=order.reference,
        entity_codes={entity.id: entity.code for entity in entities},
        entity_names={entity.id: entity.name for entity in entities},
        asset_codes={asset.id: asset.code for asset in assets},
        supplier_codes={supplier.id: supplier.code for supplier in suppliers},
        supplier_names={supplier.id: supplier.name for supplier in suppliers},
        account_names={
            key: known.get(key) or journal.account(session, *key).name for key in sorted(accounts)
        },
    )


def _held(session: Session, order_id: str, statuses: Iterable[str]) -> set[tuple[str, str]]:
    reversal = aliased(Posting)
    query = (
        sa.select(ProposalSource.cost_item_id, ProposalSource.purpose)
        .join(Proposal, Proposal.id == ProposalSource.proposal_id)
        .outerjoin(Posting, Posting.proposal_id == Proposal.id)
        .outerjoin(reversal, reversal.reversal_of == Posting.id)
        .where(Proposal.order_id == order_id, Proposal.status.in_(list(statuses)), reversal.id.is_(None))
    )
    return {(item_id, purpose) for item_id, purpose in session.execute(query)}


def _facts(session: Session, order: WorkOrder, items: list[CostItem]) -> _Facts:
    entity_ids = {item.entity_id for item in items} | {item.beneficiary_id for item in items}
    item_ids = {item.item_id for item in items if item.item_id is not None}
    asset = session.get(Asset, order.asset_id) if order.asset_id is not None else None
    return _Facts(
        rules=of_entities(session, entity_ids),
        natures=natures.ancestors(session, order.nature_code) if order.nature_code is not None else [],
        asset_class=asset.class_code if asset is not None else None,
        items={item.id: item for item in session.scalars(sa.select(Item).where(Item.id.in_(item_ids)))},
    )


def _charge(session: Session, facts: _Facts, item: CostItem, purpose: str) -> Charge:
    entity_id = item.beneficiary_id if purpose == "reinvoice_in" else item.entity_id
    question = Question(
        kind=item.kind if purpose == "cost" else purpose,
        entity_id=entity_id,
        day=item.day,
        natures=tuple(nature.code for nature in facts.natures),
        asset_class=facts.asset_class,
    )
    match = choose(facts.rules, question)
    rule = match.rule
    account, origin = rule.debit_account, None
    if purpose == "cost" and rule.nature_code is None and rule.asset_class is None:
        # A rule that names neither nature nor class leaves the choice to whoever knows the thing better.
        own, named = _own_account(facts, item)
        if own is not None and own != account and journal.has_account(session, entity_id, own):
            account, origin = own, named
    return Charge(item, purpose, entity_id, rule, match.passed_over, account, origin)


def _own_account(facts: _Facts, item: CostItem) -> tuple[str | None, str | None]:
    if item.item_id is not None:
        kept = facts.items[item.item_id]
        return kept.account, f"item {kept.code}"
    if item.kind == "contractor":
        for nature in facts.natures:
            if nature.expense_account is not None:
                return nature.expense_account, f"nature {nature.code}"
    return None, None
