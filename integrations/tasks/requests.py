"""Steps about requests: acknowledge, find duplicates, qualify, answer, refuse, attach, reopen, close.

Comes in: the inputs that a diagram maps. Goes out: changed requests, and a letter to the requester where one is
due. It never decides what happens next: the diagram does. Next: ``registry/requests.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine import ids
from engine.store import Call, UnitOfWork
from integrations.tasks import letters
from integrations.tasks.declaration import Field, TaskType
from registry import calendars, requests
from registry.tables.requests import Mode, Request

_REQUEST = Field("requestId", "text", "Demande", "Request")


def acknowledge(unit: UnitOfWork, call: Call, *, request_id: str) -> Mapping[str, Any]:
    """Tell the requester that the request arrived, with its reference number."""
    request = requests.get(unit.session, request_id)
    letters.to_requester(unit, call, request, "acknowledged")
    return {"reference": request.reference}


def find_duplicates(unit: UnitOfWork, _call: Call, *, request_id: str) -> Mapping[str, Any]:
    """List the open requests that this one seems to repeat, the likeliest first."""
    found = requests.find_duplicates(unit.session, request_id, at=unit.now)
    duplicates = [
        {
            "requestId": one.request_id,
            "reference": one.reference,
            "title": one.title,
            "score": _score(one.score),
            "reasons": [reason.code for reason in one.reasons],
        }
        for one in found
    ]
    best = max((_score(one.score) for one in found), default=Decimal(0))
    return {"duplicates": duplicates, "duplicateScore": best}


def _score(score: float) -> Decimal:
    return Decimal(str(round(score, 2)))


def qualify(
    unit: UnitOfWork,
    call: Call,
    *,
    request_id: str,
    nature_code: str | None,
    asset_id: str | None,
    priority: int,
    team: str,
    work_mode: Mode,
    delay_hours: int,
) -> Mapping[str, Any]:
    """Write down what the request is, and accept it."""
    entity_id = requests.get(unit.session, request_id).entity_id
    requests.qualify(
        unit.session,
        request_id,
        nature_code=nature_code,
        asset_id=asset_id,
        priority=priority,
        team_code=team,
        mode=work_mode,
        due_at=calendars.due(unit.session, entity_id, unit.now, delay_hours=delay_hours, priority=priority),
        at=unit.now,
        by=unit.actor,
        id=ids.derived(call.step_id, "qualified"),
    )
    accepted = ids.derived(call.step_id, "accepted")
    requests.accept(unit.session, request_id, at=unit.now, by=unit.actor, id=accepted)
    return {}


def answer(unit: UnitOfWork, call: Call, *, request_id: str, text: str) -> Mapping[str, Any]:
    """Tell the requester, and those whose request repeats this one, what was done."""
    for request in _with_attached(unit, request_id):
        answered = ids.derived(call.step_id, "answered", request.id)
        requests.answer(unit.session, request.id, text=text, at=unit.now, by=unit.actor, id=answered)
        letters.to_requester(unit, call, request, "answered", text)
    return {}


def refuse(unit: UnitOfWork, call: Call, *, request_id: str, reason: str) -> Mapping[str, Any]:
    """Refuse the request, tell the requester why, and close it."""
    refused, closed = (ids.derived(call.step_id, event) for event in ("refused", "closed"))
    request = requests.refuse(unit.session, request_id, reason=reason, at=unit.now, by=unit.actor, id=refused)
    requests.close(unit.session, request_id, at=unit.now, by=unit.actor, id=closed)
    letters.to_requester(unit, call, request, "refused", reason)
    return {}


def attach(unit: UnitOfWork, call: Call, *, request_id: str, duplicate_of: str) -> Mapping[str, Any]:
    """Attach the request to an earlier one; its requester will be told what the earlier one is told."""
    request = requests.attach(
        unit.session,
        request_id,
        duplicate_of=duplicate_of,
        at=unit.now,
        by=unit.actor,
        id=ids.derived(call.step_id, "attached"),
    )
    letters.to_requester(unit, call, request, "attached")
    return {}


def reopen(unit: UnitOfWork, call: Call, *, request_id: str, reason: str) -> Mapping[str, Any]:
    """Open the request again with what the requester says."""
    reopened = ids.derived(call.step_id, "reopened")
    request = requests.reopen(
        unit.session, request_id, reason=reason, at=unit.now, by=unit.actor, id=reopened
    )
    letters.to_requester(unit, call, request, "reopened")
    return {}


def close(unit: UnitOfWork, call: Call, *, request_id: str) -> Mapping[str, Any]:
    """Close the request and those attached to it."""
    for request in _with_attached(unit, request_id):
        closed = ids.derived(call.step_id, "closed", request.id)
        requests.close(unit.session, request.id, at=unit.now, by=unit.actor, id=closed)
    return {}


def _with_attached(unit: UnitOfWork, request_id: str) -> list[Request]:
    attached = requests.attached_to(unit.session, request_id)
    return [
        requests.get(unit.session, request_id),
        *(one for one in attached if one.status == "duplicate"),
    ]


TYPES = (
    TaskType(
        "request.acknowledge",
        "Accuser réception",
        "Acknowledge the request",
        "Écrit au demandeur que sa demande est arrivée, avec son numéro de référence.",
        "Writes to the requester that the request arrived, with its reference number.",
        acknowledge,
        inputs=(_REQUEST,),
        outputs=(Field("reference", "text", "Numéro de référence", "Reference number"),),
    ),
    TaskType(
        "request.find_duplicates",
        "Chercher les doublons",
        "Find duplicates",
        "Compare avec les demandes ouvertes : bien, lieu, nature, mots, date.",
        "Compares with open requests: asset, place, nature, words, date.",
        find_duplicates,
        inputs=(_REQUEST,),
        outputs=(
            Field("duplicates", "list", "Demandes semblables", "Similar requests"),
            Field("duplicateScore", "number", "Meilleur score, de 0 à 1", "Best score, 0 to 1"),
        ),
    ),
    TaskType(
        "request.qualify",
        "Qualifier et accepter",
        "Qualify and accept",
        "Inscrit nature, bien, priorité, équipe, mode et échéance, puis accepte la demande.",
        "Writes nature, asset, priority, team, mode and due date, then accepts the request.",
        qualify,
        inputs=(
            _REQUEST,
            Field("natureCode", "text", "Nature", "Nature", required=False),
            Field("assetId", "text", "Bien", "Asset", required=False),
            Field("priority", "integer", "Priorité, de 1 à 4", "Priority, 1 to 4"),
            Field("team", "text", "Code de l’équipe", "Team code"),
            Field(
                "workMode", "text", "Régie (in_house) ou entreprise (contractor)", "in_house or contractor"
            ),
            Field("delayHours", "integer", "Délai en heures ouvrées", "Delay in working hours"),
        ),
    ),
    TaskType(
        "request.answer",
        "Répondre au demandeur",
        "Answer the requester",
        "Dit au demandeur, et à ceux dont la demande est rattachée, ce qui a été fait.",
        "Tells the requester, and those whose request is attached, what was done.",
        answer,
        inputs=(_REQUEST, Field("text", "text", "Réponse", "Answer")),
    ),
    TaskType(
        "request.refuse",
        "Refuser la demande",
        "Refuse the request",
        "Refuse avec un motif que le demandeur lit, et clôt la demande.",
        "Refuses with a reason that the requester reads, and closes the request.",
        refuse,
        inputs=(_REQUEST, Field("reason", "text", "Motif", "Reason")),
    ),
    TaskType(
        "request.attach",
        "Rattacher à une autre demande",
        "Attach to another request",
        "La demande suit désormais celle à laquelle elle est rattachée.",
        "From now on the request follows the one it is attached to.",
        attach,
        inputs=(_REQUEST, Field("duplicateOf", "text", "Demande d’origine", "Earlier request")),
    ),
    TaskType(
        "request.reopen",
        "Rouvrir la demande",
        "Reopen the request",
        "Rouvre la demande avec ce que dit le demandeur.",
        "Opens the request again with what the requester says.",
        reopen,
        inputs=(_REQUEST, Field("reason", "text", "Ce que dit le demandeur", "What the requester says")),
    ),
    TaskType(
        "request.close",
        "Clore la demande",
        "Close the request",
        "Clôt la demande et celles qui lui sont rattachées.",
        "Closes the request and those attached to it.",
        close,
        inputs=(_REQUEST,),
    ),
)
