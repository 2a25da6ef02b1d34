"""The log of changes to nouns without a life of their own: who, when, what, why.

Comes in: the row's noun and id, the kind of change, the reason, the facts. Goes out: one row of ``change``. It
never holds personal data: an erased name must not live on here. Next: ``registry/suppliers.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import ids, rules
from registry.tables.changes import Change


def write(
    session: Session,
    noun: str,
    row_id: str,
    *,
    kind: str,
    text: str,
    facts: Mapping[str, Any],
    at: datetime,
    by: str,
) -> Change:
    """Write one change down, and everything not yet written with it.

    Args:
        session: the transaction.
        noun: name of the table the row stands in.
        row_id: its id.
        kind: what was done, one word.
        text: why.
        facts: values before and after, fit for JSON.
        at: the instant.
        by: who.

    Raises:
        Unfit: no reason is given.
    """
    reason = rules.text(text, "reason", limit=1000)
    last = session.scalar(
        sa.select(sa.func.max(Change.number)).where(Change.noun == noun, Change.row_id == row_id)
    )
    row = Change(
        id=ids.new(at),
        noun=noun,
        row_id=row_id,
        number=(last or 0) + 1,
        at=at,
        by=by,
        kind=kind,
        text=reason,
        facts=dict(facts),
    )
    session.add(row)
    session.flush()
    return row


def of(session: Session, noun: str, row_id: str) -> Sequence[Change]:
    """Return the changes of a row, the oldest first."""
    query = sa.select(Change).where(Change.noun == noun, Change.row_id == row_id)
    return session.scalars(query.order_by(Change.number)).all()
