"""Steps from costs to postings: settle, propose, accept, reject.

Comes in: an order, or the proposals made of it. Goes out: cost items, proposals with their explanation, numbered
postings. It never changes an amount: the registry's rows do. Next: ``registry/settlement.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import ids
from engine.store import Call, UnitOfWork
from integrations.tasks.declaration import Field, TaskType
from integrations.tasks.work import ORDER
from registry import costs, entities, postings, settlement
from registry.tables.accounting import Proposal

_PROPOSALS = Field("proposalIds", "list", "Propositions", "Proposals")


def settle(unit: UnitOfWork, _call: Call, *, order_id: str) -> Mapping[str, Any]:
    """Gather what the order has cost since it was last gathered."""
    costs.gather(unit.session, order_id, at=unit.now, by=unit.actor)
    return {"totalCents": costs.total(unit.session, order_id)}


def propose(unit: UnitOfWork, call: Call, *, order_id: str) -> Mapping[str, Any]:
    """Make the proposals of what is not yet posted."""
    proposed = ids.derived(call.step_id, "proposals")
    found = settlement.propose(unit.session, order_id, at=unit.now, by=unit.actor, id=proposed)
    parts: dict[str, list[Proposal]] = {}
    for one in found:
        parts.setdefault(entities.get(unit.session, one.entity_id).code, []).append(one)
    return {
        "proposalIds": [one.id for one in found],
        "proposedCents": sum(one.total_cents for one in found),
        "reviews": [
            {
                "entityCode": code,
                "proposalIds": [one.id for one in parts[code]],
                "cents": sum(one.total_cents for one in parts[code]),
            }
            for code in sorted(parts)
        ],
    }


def accept(unit: UnitOfWork, _call: Call, *, proposal_ids: list[Any]) -> Mapping[str, Any]:
    """Post each proposal under the next number of its journal."""
    made = [postings.accept(unit.session, one, at=unit.now, by=unit.actor) for one in proposal_ids]
    return {"postings": [{"id": one.id, "number": one.number, "year": one.fiscal_year} for one in made]}


def reject(
    unit: UnitOfWork, _call: Call, *, proposal_ids: list[Any], code: str, text: str
) -> Mapping[str, Any]:
    """Set the proposals aside with a reason; they use no number."""
    for one in proposal_ids:
        settlement.reject(unit.session, one, code=code, text=text, at=unit.now, by=unit.actor)
    return {}


TYPES = (
    TaskType(
        "cost.settle",
        "Relever les coûts",
        "Settle the costs",
        "Réunit heures, sorties de stock et coûts d’entreprise de l’ordre, chacun une seule fois.",
        "Gathers the order's hours, parts and contractor costs, each once.",
        settle,
        inputs=(ORDER,),
        outputs=(Field("totalCents", "integer", "Total en centimes", "Total in cents"),),
    ),
    TaskType(
        "posting.propose",
        "Proposer les écritures",
        "Propose the postings",
        "Applique les règles d’imputation ; chaque ligne dit sa règle et ses sources.",
        "Applies the settlement rules; each line tells its rule and sources.",
        propose,
        inputs=(ORDER,),
        outputs=(
            _PROPOSALS,
            Field("proposedCents", "integer", "Montant proposé en centimes", "Proposed amount in cents"),
            Field(
                "reviews",
                "list",
                "À contrôler, par entité : entityCode, proposalIds, cents",
                "To review, by entity: entityCode, proposalIds, cents",
            ),
        ),
    ),
    TaskType(
        "posting.accept",
        "Passer les écritures",
        "Post",
        "Donne à chaque proposition son numéro ; l’écriture ne changera plus.",
        "Gives each proposal its number; the posting will not change any more.",
        accept,
        inputs=(_PROPOSALS,),
        outputs=(Field("postings", "list", "Écritures", "Postings"),),
    ),
    TaskType(
        "posting.reject",
        "Rejeter les propositions",
        "Reject the proposals",
        "Écarte les propositions avec un code motif et une explication, sans prendre de numéro.",
        "Sets the proposals aside with a reason code and an explanation; no number is used.",
        reject,
        inputs=(
            _PROPOSALS,
            Field("code", "text", "Code motif", "Reason code"),
            Field("text", "text", "Explication", "Explanation"),
        ),
    ),
)
