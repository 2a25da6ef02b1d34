"""Intake: a request enters the house and its process starts, in one transaction.

Comes in: the facts of a request, from the portal, the window, an API or a mail. Goes out: a registered request whose
process runs. It never decides what becomes of it: the process does. Next: ``registry/requests.py``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from engine import instances, messages
from engine.store import UnitOfWork
from registry import assets, entities, requests
from registry.rules import WrongState
from registry.tables.requests import Request

PROCESS: Final = "intervention"
NOT_FIXED: Final = "not-fixed"


def open_request(unit: UnitOfWork, **facts: Any) -> Request:
    """Register a request and start the process that carries it.

    The business key is the request's id, so that one request never starts two processes.

    Args:
        unit: the transaction; its actor is the one who writes the request down.
        **facts: as ``registry.requests.register`` takes them.

    Raises:
        RegistryError: the request cannot be registered.
        Missing: the process is not deployed.
    """
    request = requests.register(unit.session, **facts, at=unit.now, by=unit.actor)
    if instances.by_business_key(unit, PROCESS, request.id) is None:
        instances.start(unit, PROCESS, start_variables(unit, request), business_key=request.id)
    return request


def start_variables(unit: UnitOfWork, request: Request) -> dict[str, Any]:
    """Return what the process knows of a request: what triage needs, and no name or address of a person."""
    asset = assets.get(unit.session, request.asset_id) if request.asset_id is not None else None
    return {
        "requestId": request.id,
        "reference": request.reference,
        "title": request.title,
        "description": request.description,
        "channel": request.channel,
        "entityCode": entities.get(unit.session, request.entity_id).code,
        "natureCode": request.nature_code,
        "assetId": request.asset_id,
        "assetClass": asset.class_code if asset is not None else None,
        "urgencyWords": list(request.urgency_words),
        "occupied": request.site_occupied,
    }


def say_not_fixed(unit: UnitOfWork, request_id: str, reason: str) -> None:
    """Tell the process that the requester finds the work not done; it opens the request again.

    Raises:
        Missing: there is no such request.
        WrongState: the request is not answered, or the five days are over.
    """
    request = requests.get(unit.session, request_id)
    if request.status != "answered":
        raise WrongState(
            f"Expected an answered request, but {request.reference} is {request.status}.",
            noun="request",
            subject=request.reference,
            status=request.status,
        )
    messages.publish(unit, NOT_FIXED, request_id, {"reason": reason}, ttl=timedelta(0))
