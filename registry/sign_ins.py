"""Sign-ins: the open sessions of people, each of which can be ended alone.

Comes in: a person who has proved who they are, later the key that a browser shows. Goes out: the key, once; then whose
session it is. It never sees a password nor an address of a machine, and keeps no session that is over. Next:
``web/pages/sign_in.py``.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import ids
from registry.tables.people import Person
from registry.tables.sign_ins import SignIn

COARSE = timedelta(minutes=15)
"""How old the last use may be noted: a write every quarter of an hour, not one a page."""


def begin(session: Session, *, person_id: str, browser: str, life: timedelta, at: datetime) -> str:
    """Open a session and return its key, which nobody can read again.

    Args:
        session: the transaction.
        person_id: who has signed in.
        browser: family of browser and system.
        life: how long it stays open without use.
        at: the instant.
    """
    key = secrets.token_urlsafe(32)
    row = SignIn(
        id=ids.new(at),
        hash=_hashed(key),
        person_id=person_id,
        browser=browser[:100],
        created_at=at,
        seen_at=at,
        expires_at=at + life,
    )
    session.add(row)
    session.flush()
    return key


def find(session: Session, key: str, *, at: datetime) -> tuple[SignIn, Person] | None:
    """Return the open session with that key and its person, in one look; None when it is over or the person inactive."""
    query = (
        sa.select(SignIn, Person)
        .join(Person, Person.id == SignIn.person_id)
        .where(SignIn.hash == _hashed(key), SignIn.expires_at > at, Person.active)
    )
    found = session.execute(query).one_or_none()
    return None if found is None else (found[0], found[1])


def touch(session: Session, sign_in_id: str, *, life: timedelta, at: datetime) -> None:
    """Note that a session is in use; one that was ended meanwhile stays ended."""
    session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=at, expires_at=at + life))


def of_person(session: Session, person_id: str, *, at: datetime) -> Sequence[SignIn]:
    """Return the open sessions of a person, the last used first."""
    query = sa.select(SignIn).where(SignIn.person_id == person_id, SignIn.expires_at > at)
    return session.scalars(query.order_by(SignIn.seen_at.desc(), SignIn.id.desc())).all()


def end(session: Session, sign_in_id: str, *, person_id: str) -> bool:
    """End one session of a person; False when there is none such (any more), so ending twice does no harm."""
    ended = session.execute(
        sa.delete(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == person_id).returning(SignIn.id)
    )
    return ended.first() is not None


def end_all(session: Session, person_id: str) -> int:
    """End every session of a person and return how many there were."""
    ended = session.execute(sa.delete(SignIn).where(SignIn.person_id == person_id).returning(SignIn.id))
    return len(ended.all())


def forget(session: Session, *, before: datetime) -> int:
    """Forget sessions that ran out before ``before`` and return how many there were."""
    ended = session.execute(sa.delete(SignIn).where(SignIn.expires_at < before).returning(SignIn.id))
    return len(ended.all())


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
