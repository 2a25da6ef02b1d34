"""Steps that write to somebody: a group, an address, or the requester.

Comes in: whom to write to and the words. Goes out: outbox rows. It never sends: the delivery of the outbox does.
Next: ``integrations/tasks/letters.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.store import Call, UnitOfWork
from integrations.tasks import letters
from integrations.tasks.declaration import Field, TaskType, WrongInput
from registry import requests


def mail(
    unit: UnitOfWork,
    call: Call,
    *,
    group: str | None,
    to: str | None,
    request_id: str | None,
    subject: str,
    text: str,
) -> Mapping[str, Any]:
    """Write to everybody in a group, to one address, or to the requester.

    Raises:
        WrongInput: nobody is named.
    """
    if group is None and to is None and request_id is None:
        raise WrongInput(
            "Expected notify.mail to get a group, an address or a request, but got none.",
            task_type=call.type,
        )
    request = requests.get(unit.session, request_id) if request_id is not None else None
    addresses: list[str | None] = [to, request.requester_email if request is not None else None]
    if group is not None:
        addresses += letters.addresses_of(unit, group)
    return {"written": letters.put(unit, call, addresses, subject, text, request=request)}


TYPES = (
    TaskType(
        "notify.mail",
        "Envoyer un courriel",
        "Send a mail",
        "Écrit à un groupe (équipe, EQUIPE:leader, rôle, rôle:ENTITÉ, supplier:CODE), à une adresse ou au demandeur.",
        "Writes to a group (team, TEAM:leader, role, role:ENTITY, supplier:CODE), to an address or to the requester.",
        mail,
        inputs=(
            Field("group", "text", "Groupe", "Group", required=False),
            Field("to", "text", "Adresse", "Address", required=False),
            Field(
                "requestId",
                "text",
                "Demande dont écrire au demandeur",
                "Request whose requester to write to",
                required=False,
            ),
            Field("subject", "text", "Objet", "Subject"),
            Field("text", "text", "Texte", "Text"),
        ),
        outputs=(Field("written", "integer", "Nombre de courriels", "Number of mails"),),
    ),
)
