"""Letters: what the house writes to people, put into the outbox with the step's own key.

Comes in: a request or a group, and words. Goes out: outbox rows of kind ``mail``; the same step never writes a
letter twice. It never sends anything: the delivery of the outbox does, outside this transaction. Next:
``integrations/tasks/notify.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import sqlalchemy as sa

from engine import ids, outbox
from engine.store import Call, UnitOfWork
from registry.tables.entities import Entity
from registry.tables.people import Membership, Person, RoleGrant, Team
from registry.tables.requests import Request
from registry.tables.suppliers import Supplier

Occasion = Literal["acknowledged", "answered", "refused", "attached", "reopened"]

_WORDS: Final[dict[Occasion, tuple[str, str]]] = {
    "acknowledged": (
        "Votre demande {reference} est enregistrée",
        "Bonjour,\n\nNous avons bien reçu votre demande « {title} ». Son numéro est {reference}.",
    ),
    "answered": (
        "Votre demande {reference} est traitée",
        "Bonjour,\n\nÀ propos de « {title} » :\n\n{text}\n\nSi ce n’est pas réparé, dites-le dans les cinq jours.",
    ),
    "refused": (
        "Votre demande {reference} n’est pas retenue",
        "Bonjour,\n\nNous ne donnerons pas suite à « {title} » :\n\n{text}",
    ),
    "attached": (
        "Votre demande {reference} rejoint une demande en cours",
        "Bonjour,\n\n« {title} » nous était déjà signalé. Vous recevrez la même réponse que la première demande.",
    ),
    "reopened": (
        "Votre demande {reference} est rouverte",
        "Bonjour,\n\nMerci de nous avoir dit que « {title} » n’est pas réparé. Nous reprenons la demande.",
    ),
}


def to_requester(unit: UnitOfWork, call: Call, request: Request, occasion: Occasion, text: str = "") -> int:
    """Write to whoever made the request; returns 0 when no address was left, else 1."""
    address = request.requester_email
    if address is None and request.requester_person_id is not None:
        address = unit.session.scalar(
            sa.select(Person.email).where(Person.id == request.requester_person_id, Person.active)
        )
    subject, body = (
        words.format(reference=request.reference, title=request.title, text=text)
        for words in _WORDS[occasion]
    )
    return put(unit, call, [address], subject, body, request=request)


def put(
    unit: UnitOfWork,
    call: Call,
    addresses: Sequence[str | None],
    subject: str,
    text: str,
    *,
    request: Request | None = None,
) -> int:
    """Put one letter per address into the outbox; returns how many addresses there were."""
    known = sorted({address for address in addresses if address})
    for address in known:
        payload: dict[str, Any] = {"to": address, "subject": subject, "text": text}
        if request is not None:
            payload |= {"reference": request.reference, "followToken": request.token}
        about = request.id if request is not None else ""
        outbox.put(unit, "mail", payload, ids.derived(call.step_id, "mail", address, about))
    return len(known)


def addresses_of(unit: UnitOfWork, group: str) -> list[str]:
    """Return the mail addresses behind a candidate group.

    Args:
        unit: the transaction.
        group: a role, ``role:ENTITY``, ``TEAM``, ``TEAM:leader`` or ``supplier:CODE``.
    """
    if group.startswith("supplier:"):
        code = group.removeprefix("supplier:")
        found = unit.session.scalars(sa.select(Supplier.email).where(Supplier.code == code))
    else:
        team, _, part = group.partition(":")
        members = (
            sa.select(Membership.person_id)
            .join(Team, Team.id == Membership.team_id)
            .where(Team.code == team, Membership.left_at.is_(None))
        )
        if part == "leader":
            members = members.where(Membership.leader)
        roles = sa.select(RoleGrant.person_id).where(RoleGrant.role == team, RoleGrant.revoked_at.is_(None))
        here = sa.select(Entity.id).where(Entity.code == part)
        roles = roles.where(RoleGrant.entity_id.is_(None) | RoleGrant.entity_id.in_(here))
        found = unit.session.scalars(
            sa.select(Person.email).where(Person.active, Person.id.in_(sa.union(members, roles)))
        )
    return sorted(address for address in found if address)
