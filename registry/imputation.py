"""Imputation: from costs and the rules that match them to the lines of a proposal.

Comes in: cost items with their rule and their names, already read. Goes out: balanced lines with axes, pieces
and parties. It never touches the database. Next: ``registry/settlement.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from registry.tables.accounting import SettlementRule
from registry.tables.costs import CostItem


@dataclass(frozen=True, slots=True)
class Names:
    """The codes and names that lines are written with."""

    order_reference: str
    entity_codes: Mapping[str, str]
    entity_names: Mapping[str, str]
    asset_codes: Mapping[str, str]
    supplier_codes: Mapping[str, str]
    supplier_names: Mapping[str, str]
    account_names: Mapping[tuple[str, str], str]
    """By entity id and account code."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One cost item, why and where it is charged, and the rule and account that take it."""

    item: CostItem
    purpose: str
    entity_id: str
    rule: SettlementRule
    passed_over: tuple[SettlementRule, ...]
    debit_account: str
    account_from: str | None
    """What named the debit account when it was not the rule."""


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a proposal before it is written."""

    account_code: str
    account_name: str
    debit_cents: int
    credit_cents: int
    label: str
    axes: dict[str, str]
    asset_id: str | None
    party_code: str | None
    party_name: str | None
    piece_reference: str
    piece_date: date
    rule_id: str


def lines(charges: Iterable[Charge], names: Names) -> list[Line]:
    """Return the lines of one proposal: two for each kind of charge, debits equal to credits.

    Costs and their returns or credit notes are not netted: what comes back is written on the other side, so
    that every line stays positive (FEC, field 12 and 13: never both, never neither).
    """
    pairs: dict[tuple[object, ...], list[Charge]] = {}
    for charge in sorted(charges, key=lambda charge: charge.item.amount_cents < 0):
        pairs.setdefault(_together(charge), []).append(charge)
    written = [line for together in pairs.values() for line in _pair(together, names)]
    return sorted(written, key=lambda line: line.debit_cents == 0)


def _together(charge: Charge) -> tuple[object, ...]:
    item = charge.item
    piece = (item.supplier_id, item.document_reference) if charge.purpose == "cost" else None
    sign = item.amount_cents > 0
    return (
        charge.rule.id,
        charge.debit_account,
        sign,
        item.asset_id,
        item.nature_code,
        item.beneficiary_id,
        piece,
    )


def _pair(charges: list[Charge], names: Names) -> tuple[Line, Line]:
    first = charges[0]
    item, rule, purpose, entity_id = first.item, first.rule, first.purpose, first.entity_id
    amount = sum(charge.item.amount_cents for charge in charges)
    day = max(charge.item.day for charge in charges)
    by_contractor = purpose == "cost" and item.supplier_id is not None
    party_id = _party(first)
    ours = purpose == "reinvoice_out"
    owned = item.beneficiary_id == entity_id
    cost_axes = _axes(
        asset=names.asset_codes.get(item.asset_id) if item.asset_id and owned else None,
        nature=item.nature_code,
        entity=names.entity_codes[item.beneficiary_id],
    )
    other_axes = _axes(
        team=item.team_code if purpose == "cost" else None, entity=names.entity_codes[entity_id]
    )

    def side(account: str, *, debit: bool, bears_cost: bool) -> Line:
        party = None if bears_cost else party_id
        return Line(
            account_code=account,
            account_name=names.account_names[entity_id, account],
            debit_cents=abs(amount) if debit else 0,
            credit_cents=0 if debit else abs(amount),
            label=_label(charges, names),
            axes=cost_axes if bears_cost else other_axes,
            asset_id=item.asset_id if bears_cost and owned else None,
            party_code=names.supplier_codes.get(party, names.entity_codes.get(party)) if party else None,
            party_name=names.supplier_names.get(party, names.entity_names.get(party)) if party else None,
            piece_reference=(by_contractor and item.document_reference) or names.order_reference,
            piece_date=day,
            rule_id=rule.id,
        )

    return (
        side(first.debit_account, debit=amount > 0, bears_cost=not ours),
        side(rule.credit_account, debit=amount < 0, bears_cost=ours),
    )


def _party(charge: Charge) -> str | None:
    if charge.purpose == "reinvoice_out":
        return charge.item.beneficiary_id
    if charge.purpose == "reinvoice_in":
        return charge.item.entity_id
    return charge.item.supplier_id


def _axes(**codes: str | None) -> dict[str, str]:
    return {axis: code for axis, code in codes.items() if code is not None}


def _label(charges: list[Charge], names: Names) -> str:
    first = charges[0]
    parts = [first.rule.label, names.order_reference]
    if first.purpose == "cost" and first.item.kind == "labour":
        hours, minutes = divmod(sum(charge.item.quantity or 0 for charge in charges), 60)
        parts.append(f"{hours} h {minutes:02d}")
    if first.purpose == "cost" and first.item.supplier_id is not None:
        parts.append(names.supplier_names[first.item.supplier_id])
    return " · ".join(parts)
