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
from registry import requests
from registry.tables.entities import Entity
from registry.tables.people import Membership, Person, RoleGrant, Team
from registry.tables.requests import Request
from registry.tables.suppliers import Supplier

Occasion = Literal["acknowledged", "answered", "refused", "attached", "reopened"]

_WORDS: Final[dict[str, dict[Occasion, tuple[str, str]]]] = {
    "fr": {
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
    },
    "en": {
        "acknowledged": (
            "Your request {reference} is registered",
            "Hello,\n\nWe have received your request “{title}”. Its number is {reference}.",
        ),
        "answered": (
            "Your request {reference} has been dealt with",
            "Hello,\n\nAbout “{title}”:\n\n{text}\n\nIf it is not fixed, tell us within five days.",
        ),
        "refused": (
            "Your request {reference} is not accepted",
            "Hello,\n\nWe will not follow up “{title}”:\n\n{text}",
        ),
        "attached": (
            "Your request {reference} joins one under way",
            "Hello,\n\n“{title}” had been reported to us before. You will get the same answer as the first request.",
        ),
        "reopened": (
            "Your request {reference} is open again",
            "Hello,\n\nThank you for telling us that “{title}” is not fixed. We take the request up again.",
        ),
    },
}


def to_requester(unit: UnitOfWork, call: Call, request: Request, occasion: Occasion, text: str = "") -> int:
    """Write to whoever made the request, in their language; returns 0 when no address was left, else 1."""
    address = request.requester_email
    if address is None and request.requester_person_id is not None:
        address = unit.session.scalar(
            sa.select(Person.email).where(Person.id == request.requester_person_id, Person.active)
        )
    subject, body = (
        words.format(reference=request.reference, title=request.title, text=text)
        for words in _WORDS[requests.locale_of(unit.session, request)][occasion]
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
    own = _follow_link(unit, request) if request is not None else {}
    for address in known:
        payload: dict[str, Any] = {
            "to": address,
            "subject": subject,
            "text": text,
            "writtenAt": unit.now.isoformat(),
        }
        payload |= own.get(address, {})
        about = request.id if request is not None else ""
        outbox.put(unit, "mail", payload, ids.derived(call.step_id, "mail", address, about))
    return len(known)


def _follow_link(unit: UnitOfWork, request: Request) -> dict[str | None, dict[str, str]]:
    """Return what is added to letters to the requester; their link speaks for them, so nobody else is given it."""
    person = request.requester_person_id
    colleague = unit.session.scalar(sa.select(Person.email).where(Person.id == person)) if person else None
    locale = requests.locale_of(unit.session, request)
    found = {"reference": request.reference, "followToken": request.token, "locale": locale}
    return dict.fromkeys((request.requester_email, colleague), found)


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
