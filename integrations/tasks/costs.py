"""Steps from costs to postings: settle, propose, accept, reject.

Comes in: an order, or the proposals made of it. Goes out: cost items, proposals with their explanation, numbered
postings. It never changes an amount: the registry's rows do. Next: ``registry/settlement.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from engine import ids, queries
from engine.errors import Refused
from engine.store import Call, UnitOfWork
from integrations import deciders
from integrations.tasks.declaration import Field, TaskType
from integrations.tasks.work import ORDER
from registry import costs, entities, postings, settlement
from registry.tables.accounting import Proposal

RULE: Final = "system:rule"
"""In whose name is posted what nobody needs to review: not of the person whose step came before."""
_PROPOSALS = Field("proposalIds", "list", "Propositions", "Proposals")
_DECIDED_IN = Field(
    "decidedIn", "text", "Tâche où le comptable décide", "Task in which the accountant decides"
)


class NotReviewed(Refused):
    """Nobody who may has decided on a proposal in the task that the diagram names."""

    code = "posting_not_reviewed"


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


def accept(
    unit: UnitOfWork,
    call: Call,
    *,
    proposal_ids: list[Any],
    decided_in: str,
    unreviewed_cents: int | None,
) -> Mapping[str, Any]:
    """Post each proposal under the next number of its journal, in the name of the accountant of its entity.

    Who decided is read from the task, not from a variable nor from who moves the process now: an operator who tries
    the step again is not the one who accepts.
    """
    legs = {leg.id: leg for one in proposal_ids for leg in settlement.group_of(unit.session, one)}
    waiting = [leg for leg in legs.values() if leg.status == "pending"]
    decided: dict[str, str] = {}
    if sum(one.total_cents for one in waiting) > (unreviewed_cents or 0):
        for one in waiting:
            if one.entity_id not in decided:
                code = entities.get(unit.session, one.entity_id).code
                decided[one.entity_id] = _decider(unit, call, decided_in, code, one.created_at)
    made = [postings.accept(unit.session, one, at=unit.now, by=RULE, decided=decided) for one in proposal_ids]
    return {"postings": [{"id": one.id, "number": one.number, "year": one.fiscal_year} for one in made]}


def reject(
    unit: UnitOfWork,
    call: Call,
    *,
    proposal_ids: list[Any],
    decided_in: str,
    entity_code: str,
    code: str,
    text: str,
) -> Mapping[str, Any]:
    """Set the proposals aside with a reason, in the name of the accountant who did so; they use no number."""
    found = [settlement.get(unit.session, one) for one in proposal_ids]
    by = _decider(unit, call, decided_in, entity_code, _made_at(found)) if found else RULE
    for one in found:
        settlement.reject(unit.session, one.id, code=code, text=text, at=unit.now, by=by)
    return {}


def _made_at(proposals: Sequence[Proposal]) -> datetime:
    return max(one.created_at for one in proposals)


def _decider(unit: UnitOfWork, call: Call, element: str, entity_code: str, since: datetime) -> str:
    """Return who completed the task in which the accountants of an entity decide on proposals made at ``since``.

    Raises:
        NotReviewed: nobody has, since the proposals were made.
        NotAccountant: somebody has who is none.
    """
    asked = deciders.group(entity_code)
    for task in queries.completed_tasks_of(unit, call.instance_id, element, since=since):
        if asked in task.candidate_groups and task.ended_by is not None:
            entity = entities.by_code(unit.session, entity_code)
            # Who stood in on the day of the decision has decided, however late the step is tried again.
            day = entities.local_day(entity, task.ended_at or unit.now)
            deciders.require_accountant(unit.session, task.ended_by, entity_code, day)
            return task.ended_by
    raise NotReviewed(
        f"Expected an accountant of {entity_code} to have decided in “{element}”, but nobody has.",
        entity_code=entity_code,
        element=element,
    )


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
        "Donne à chaque proposition son numéro, au nom du comptable qui l’a acceptée ; l’écriture ne changera plus.",
        "Gives each proposal its number, in the name of the accountant who accepted it; the posting will not change any more.",
        accept,
        inputs=(
            _PROPOSALS,
            _DECIDED_IN,
            Field(
                "unreviewedCents",
                "integer",
                "Montant en centimes qui passe sans contrôle",
                "Amount in cents that needs no review",
                required=False,
            ),
        ),
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
            _DECIDED_IN,
            Field(
                "entityCode", "text", "Entité dont le comptable rejette", "Entity whose accountant rejects"
            ),
            Field("code", "text", "Code motif", "Reason code"),
            Field("text", "text", "Explication", "Explanation"),
        ),
    ),
)
