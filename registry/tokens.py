"""Tokens: how programs are let in.

Comes in: a session, a name, scopes, an end. Goes out: the token, once; later, whose token a text is. It never keeps
a secret nor decides what a scope opens: ``web/security.py`` does. Next: ``registry/answers.py``.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import changes, entities, ids, people, rules
from registry.errors import Missing
from registry.tables.tokens import ApiToken

Scope = Literal["read", "jobs", "processes", "messages", "tasks", "feel"]
SCOPES: tuple[str, ...] = get_args(Scope)
BOUNDED: frozenset[str] = frozenset({"read", "feel"})
"""Scopes that a token limited to entities may have: what the others open belongs to no entity alone."""
_TOKEN = re.compile(r"guichet_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")


def create(
    session: Session,
    *,
    name: str,
    scopes: Collection[str],
    expires_at: datetime,
    person_id: str | None = None,
    entity_ids: Collection[str] | None = None,
    at: datetime,
    by: str,
) -> tuple[ApiToken, str]:
    """Make a token and return it with its text, which nobody can read again.

    Args:
        session: the transaction.
        name: what it is for.
        scopes: what it opens, words of ``SCOPES``.
        expires_at: from then on it is refused.
        person_id: in whose name it acts; None for a program of its own.
        entity_ids: the entities it may see; None for all.
        at: the instant.
        by: who.

    Raises:
        Unfit: no scope, an unknown one, one that no entity bounds, no entity, or an end that has passed.
        Missing: there is no such person or entity.
    """
    if not scopes:
        raise rules.Unfit("Expected at least one scope, but there is none.", field="scopes", found=[])
    if expires_at <= at:
        raise rules.Unfit("Expected an end in the future, but it has passed.", field="expires_at")
    if person_id is not None:
        people.get(session, person_id)
    if entity_ids is not None:
        _check_bounds(session, entity_ids, scopes)
    prefix = secrets.token_hex(4)
    text = f"guichet_{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiToken(
        id=ids.new(at),
        prefix=prefix,
        hash=_hashed(text),
        name=rules.text(name, "name"),
        scopes=sorted({rules.word(scope, "scope", SCOPES) for scope in scopes}, key=SCOPES.index),
        entity_ids=None if entity_ids is None else sorted(set(entity_ids)),
        person_id=person_id,
        expires_at=expires_at,
        created_at=at,
        created_by=by,
    )
    session.add(row)
    session.flush()
    return row, text


def find(session: Session, text: str, *, at: datetime) -> ApiToken | None:
    """Return the token with that text when it is open at ``at``, or None: a refusal says no more."""
    if not _TOKEN.fullmatch(text):
        return None
    row = session.scalar(sa.select(ApiToken).where(ApiToken.hash == _hashed(text)))
    return row if row is not None and row.revoked_at is None and at < row.expires_at else None


def record_use(session: Session, token_id: str, day: date) -> None:
    """Note the last day of use: forgotten tokens can then be told from those at work."""
    session.execute(sa.update(ApiToken).where(ApiToken.id == token_id).values(used_on=day))


def revoke(session: Session, prefix: str, *, reason: str, at: datetime, by: str) -> ApiToken:
    """Close a token for ever; closing it again changes nothing.

    Raises:
        Missing: there is no such token.
        Unfit: no reason is given.
    """
    row = session.scalar(sa.select(ApiToken).where(ApiToken.prefix == prefix).with_for_update())
    if row is None:
        raise Missing(
            f"Expected a token with prefix {prefix}, but there is none.", noun="token", value=prefix
        )
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = at, by
        changes.write(session, "api_token", row.id, kind="revoked", text=reason, facts={}, at=at, by=by)
    return row


def listed(session: Session) -> Sequence[ApiToken]:
    """Return every token, the newest first."""
    return session.scalars(sa.select(ApiToken).order_by(ApiToken.created_at.desc(), ApiToken.prefix)).all()


def _check_bounds(session: Session, entity_ids: Collection[str], scopes: Collection[str]) -> None:
    if not entity_ids:
        raise rules.Unfit("Expected at least one entity, but there is none.", field="entity_ids", found=[])
    for entity_id in entity_ids:
        entities.get(session, entity_id)
    free = sorted(set(scopes) - BOUNDED)
    if free:
        raise rules.Unfit(
            f"Expected scopes that entities bound ({', '.join(sorted(BOUNDED))}), but found {', '.join(free)}.",
            field="scopes",
            found=free,
        )


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
