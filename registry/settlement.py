"""Settlement: from what an order has cost to what should be posted, with the reasons.

Comes in: cost items that nothing has settled yet, and the rules of the day. Goes out: proposals, one for each
entity, journal and layer, each explained; later an answer to each. It never gives a number and never settles a
source that a live proposal holds. Next: ``registry/postings.py``.

Decisions:
1. Labour is settled on the analytic layer: payroll has posted it in the general accounts already. Labour for an
   asset of another legal entity is re-invoiced instead.
2. A cost borne for another entity's asset makes two more proposals in one group: the provider's receivable and
   the receiver's payable, of the same amount. They are accepted, rejected and reversed together.
3. The asset stands as an axis only in its owner's accounts, so that the costs of an asset over all entities are
   counted once.
4. A later call proposes what came since, or what was rejected or reversed: the delta, under the next sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import charges, ids, imputation, journal, rows, rules
from registry.errors import Refused
from registry.imputation import Charge, Names
from registry.settlement_rules import create_rule, install_defaults
from registry.tables.accounting import Proposal, ProposalLine, ProposalSource, Purpose, RejectCode
from registry.tables.costs import CostItem
from registry.tables.work import WorkOrder

__all__ = [
    "AlreadyAnswered",
    "create_rule",
    "explained",
    "get",
    "group_of",
    "install_defaults",
    "lines_of",
    "of_order",
    "propose",
    "reject",
    "sources_of",
    "unsettled",
]

PURPOSES: tuple[str, ...] = get_args(Purpose)
REJECT_CODES: tuple[str, ...] = get_args(RejectCode)


class AlreadyAnswered(Refused):
    """The proposal was accepted or rejected before, otherwise than asked now."""

    code = "proposal_answered"


@dataclass(frozen=True, slots=True)
class _Closing:
    """What all proposals of one call share."""

    order: WorkOrder
    names: Names
    journal_ids: Mapping[tuple[str, str], str]
    """By entity id and journal code."""
    sequence: int
    at: datetime
    by: str
    id: str | None


def propose(
    session: Session,
    order_id: str,
    *,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - the name every verb of the registry gives to its idempotency key
) -> list[Proposal]:
    """Propose how the costs of an order that nothing has settled yet should be posted.

    Gather the costs first (``costs.gather``). Costs of zero cents settle themselves.

    Args:
        session: the transaction.
        order_id: the order.
        at: the instant.
        by: who.
        id: key of the step that proposes; repeated, it returns the proposals it made, whatever became of them.

    Returns:
        The new proposals, in a stable order; none when everything is settled or proposed.

    Raises:
        Missing: there is no such order, or an entity has no such journal.
        NoRule: a cost matches no rule.
        UndecidedRule: a cost matches two rules equally.
        AccountUnknown: a rule names an account that the entity's chart lacks.
    """
    order = rows.locked(session, WorkOrder, order_id, "work order")
    if made := _made_by(session, id):
        return made
    wanted = charges.open_items(session, order_id, statuses=("pending", "accepted"))
    if not wanted:
        return []
    decided = charges.decide(session, order, wanted)
    names = charges.name(session, order, decided)
    groups: dict[tuple[str, int, str, str, str], list[Charge]] = {}
    for charge in decided:
        groups.setdefault(_together(charge), []).append(charge)
    last = session.scalar(sa.select(sa.func.max(Proposal.sequence)).where(Proposal.order_id == order_id))
    kept_in = {
        (entity_id, code): journal.by_code(session, entity_id, code).id
        for entity_id, code in sorted({(charge.entity_id, charge.rule.journal_code) for charge in decided})
    }
    closing = _Closing(order, names, kept_in, (last or 0) + 1, at, by, id)
    return [_write(session, closing, number, groups[key]) for number, key in enumerate(sorted(groups))]


def reject(session: Session, proposal_id: str, *, code: str, text: str, at: datetime, by: str) -> Proposal:
    """Reject a proposal, and with it the other leg of its re-invoice; it uses no number.

    Args:
        session: the transaction.
        proposal_id: which.
        code: one of ``REJECT_CODES``; a process can go back to a step by it.
        text: why, in words.
        at: the instant.
        by: who.

    Raises:
        Missing: there is no such proposal.
        AlreadyAnswered: it was accepted, or rejected with another code.
        Unfit: the code is unknown or the text is empty.
    """
    rules.word(code, "code", REJECT_CODES)
    why = rules.text(text, "text", limit=2000)
    legs = group_of(session, proposal_id)
    asked = next(leg for leg in legs if leg.id == proposal_id)
    if asked.status == "rejected" and asked.reject_code == code:
        return asked
    for leg in legs:
        if leg.status != "pending":
            raise answered(leg, "rejected")
        leg.status, leg.reject_code, leg.reject_text = "rejected", code, why
        leg.answered_at, leg.answered_by = at, by
    session.flush()
    return asked


def get(session: Session, proposal_id: str) -> Proposal:
    """Return the proposal with that id, or raise Missing."""
    return rows.get(session, Proposal, proposal_id, "proposal")


def group_of(session: Session, proposal_id: str) -> list[Proposal]:
    """Return a proposal with the other leg of its re-invoice, if any, locked, in an order all callers share.

    Raises:
        Missing: there is no such proposal.
    """
    proposal = get(session, proposal_id)
    same = Proposal.id == proposal_id
    if proposal.group_id is not None:
        same = Proposal.group_id == proposal.group_id
    query = sa.select(Proposal).where(same).order_by(Proposal.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def answered(proposal: Proposal, wanted: str) -> AlreadyAnswered:
    """Return the refusal to answer a proposal a second time."""
    return AlreadyAnswered(
        f"Expected a pending proposal to be {wanted}, but {proposal.label} was {proposal.status} "
        f"on {proposal.answered_at:%Y-%m-%d at %H:%M} UTC.",
        proposal_id=proposal.id,
        status=proposal.status,
        reject_code=proposal.reject_code,
    )


def of_order(session: Session, order_id: str) -> list[Proposal]:
    """Return every proposal of an order, in the order of their making."""
    query = sa.select(Proposal).where(Proposal.order_id == order_id)
    return list(session.scalars(query.order_by(Proposal.sequence, Proposal.key)))


def lines_of(session: Session, proposal_id: str) -> list[ProposalLine]:
    """Return the lines of a proposal, debits first."""
    query = sa.select(ProposalLine).where(ProposalLine.proposal_id == proposal_id)
    return list(session.scalars(query.order_by(ProposalLine.position)))


def sources_of(session: Session, proposal_id: str) -> list[CostItem]:
    """Return the cost items of a proposal, oldest day first."""
    query = sa.select(CostItem).join(ProposalSource, ProposalSource.cost_item_id == CostItem.id)
    query = query.where(ProposalSource.proposal_id == proposal_id)
    return list(session.scalars(query.order_by(CostItem.day, CostItem.id)))


def unsettled(session: Session, order_id: str) -> list[CostItem]:
    """Return the gathered costs of an order that no standing posting has settled in full.

    An order is closed in the accounts when there are none left.
    """
    left = charges.open_items(session, order_id, statuses=("accepted",))
    return list({item.id: item for item, _ in left}.values())


def explained(proposal: Proposal, locale: str = "fr") -> list[str]:
    """Return the sentences that say which rules made a proposal, and why these."""
    french = locale.startswith("fr")
    sentences = []
    for rule in proposal.explanation["rules"]:
        named = [f"{axis} {code}" for axis, code in rule["matched"].items() if code is not None]
        why = ", ".join(named) or ("aucun critère" if french else "no criterion")
        over = ", ".join(rule["passed_over"])
        if french:
            sentence = (
                f"Règle {rule['code']} version {rule['version']} depuis le {rule['valid_from']} ({why})"
            )
            sentence += f", préférée à {over}." if over else "."
        else:
            sentence = f"Rule {rule['code']} version {rule['version']} since {rule['valid_from']} ({why})"
            sentence += f", preferred to {over}." if over else "."
        sentences.append(sentence)
        if rule["account_from"]:
            account = rule["debit_account"]
            came = rule["account_from"]
            sentences.append(
                f"Compte {account} repris de {came}." if french else f"Account {account} comes from {came}."
            )
    return sentences


def _together(charge: Charge) -> tuple[str, int, str, str, str]:
    """What one proposal holds together; own costs sort before those between entities, provider first."""
    item = charge.item
    between = f"{item.entity_id}>{item.beneficiary_id}" if charge.purpose != "cost" else ""
    return (
        between,
        PURPOSES.index(charge.purpose),
        charge.entity_id,
        charge.rule.journal_code,
        charge.rule.layer,
    )


def _made_by(session: Session, step_id: str | None) -> list[Proposal]:
    """Return the proposals that a call with that id has made before, in their order."""
    made: list[Proposal] = []
    while step_id is not None:
        known = session.get(Proposal, ids.derived("proposal", step_id, len(made)))
        if known is None:
            break
        made.append(known)
    return made


def _write(session: Session, closing: _Closing, number: int, together: list[Charge]) -> Proposal:
    between, _, entity_id, journal_code, layer = _together(together[0])
    purpose = together[0].purpose
    order, names = closing.order, closing.names
    lines = imputation.lines(together, names)
    codes = [names.entity_codes[part] for part in between.split(">")] if between else []
    key = ":".join(
        [
            names.entity_codes[entity_id],
            order.reference,
            str(closing.sequence),
            journal_code,
            layer,
            purpose,
            *codes,
        ]
    )
    proposal = Proposal(
        id=ids.derived("proposal", closing.id, number) if closing.id else ids.derived("proposal", key),
        key=key,
        order_id=order.id,
        sequence=closing.sequence,
        entity_id=entity_id,
        journal_id=closing.journal_ids[entity_id, journal_code],
        layer=layer,
        purpose=purpose,
        group_id=ids.derived("reinvoice", order.id, closing.sequence, between) if between else None,
        day=max(charge.item.day for charge in together),
        label=f"{order.reference} · {order.title}",
        total_cents=sum(line.debit_cents for line in lines),
        explanation=_explain(closing, together),
        status="pending",
        created_at=closing.at,
        created_by=closing.by,
    )
    session.add(proposal)
    session.flush()
    for position, line in enumerate(lines, start=1):
        session.add(ProposalLine(proposal_id=proposal.id, position=position, **asdict(line)))
    for charge in together:
        session.add(
            ProposalSource(
                proposal_id=proposal.id,
                cost_item_id=charge.item.id,
                purpose=purpose,
                amount_cents=charge.item.amount_cents,
            )
        )
    session.flush()
    return proposal


def _explain(closing: _Closing, together: list[Charge]) -> dict[str, Any]:
    entity_code = closing.names.entity_codes[together[0].entity_id]
    decided: dict[tuple[str, str], dict[str, Any]] = {}
    for charge in together:
        rule = charge.rule
        decided[rule.id, charge.debit_account] = {
            "code": rule.code,
            "version": rule.version,
            "valid_from": rule.valid_from.isoformat(),
            "matched": {
                "entity": entity_code if rule.entity_id is not None else None,
                "nature": rule.nature_code,
                "asset_class": rule.asset_class,
            },
            "passed_over": [f"{other.code} v{other.version}" for other in charge.passed_over],
            "debit_account": charge.debit_account,
            "credit_account": rule.credit_account,
            "account_from": charge.account_from,
        }
    return {
        "order": closing.order.reference,
        "sequence": closing.sequence,
        "entity": entity_code,
        "rules": list(decided.values()),
        "sources": [
            {
                "type": charge.item.source_type,
                "id": charge.item.source_id,
                "kind": charge.item.kind,
                "day": charge.item.day.isoformat(),
                "amount_cents": charge.item.amount_cents,
                "quantity": charge.item.quantity,
                "rule": f"{charge.rule.code} v{charge.rule.version}",
            }
            for charge in together
        ],
    }
