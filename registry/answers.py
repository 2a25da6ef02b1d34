"""Answers: a command that is repeated meets its own answer.

Comes in: who sent a command, under which key, and its digest. Goes out: the answer that was given, or leave to carry
it out. It never keeps a refusal: a refused command changed nothing and may be tried again. Next: ``web/api/doors.py``.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from registry import rows
from registry.tables.tokens import ApiAnswer


class Answer(NamedTuple):
    """What was answered: an HTTP status and a body in JSON."""

    status: int
    body: str


_NOT_YET = 0


def begin(session: Session, *, holder: str, key: str, digest: str, at: datetime) -> Answer | None:
    """Take the key, or return the answer it has had.

    The row is written first: a second command with the same key waits for the first one's transaction, and two
    that meet agree on who was first.

    Raises:
        DifferentFacts: the key was used for another command.
    """
    fresh = rows.insert(session, ApiAnswer).values(
        holder=holder, key=key, digest=digest, status=_NOT_YET, body="", created_at=at
    )
    # RETURNING and not a count of rows: drivers do not agree on what an insertion through a session counts.
    if session.scalar(fresh.on_conflict_do_nothing().returning(ApiAnswer.key)) is not None:
        return None
    kept = session.execute(
        sa.select(ApiAnswer.digest, ApiAnswer.status, ApiAnswer.body).where(
            ApiAnswer.holder == holder, ApiAnswer.key == key
        )
    ).one()
    if kept.digest != digest:
        raise rows.DifferentFacts(
            f"Expected the key {key} to come with the same command as before, but it is another one.", key=key
        )
    return Answer(kept.status, kept.body)


def keep(session: Session, *, holder: str, key: str, answer: Answer) -> None:
    """Keep the answer under a key that ``begin`` took in this transaction."""
    session.execute(
        sa.update(ApiAnswer)
        .where(ApiAnswer.holder == holder, ApiAnswer.key == key)
        .values(status=answer.status, body=answer.body)
    )


def forget(session: Session, *, before: datetime) -> int:
    """Forget answers given before an instant; return how many."""
    result = session.execute(sa.delete(ApiAnswer).where(ApiAnswer.created_at < before))
    assert isinstance(result, CursorResult)
    return result.rowcount
