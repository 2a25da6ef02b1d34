"""Natures: the codified kinds of work, as a tree that triage, comparison and accounts hang on.

Comes in: a session, the facts, who and when. Goes out: rows of ``nature``, ancestors and kin. It never prices
work. Next: ``registry/assets.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from registry import changes, ids, people, rows, rules
from registry.errors import Missing
from registry.tables.natures import Nature


def create(
    session: Session,
    *,
    code: str,
    name_fr: str,
    name_en: str,
    parent_code: str | None = None,
    priority: int = 3,
    delay_hours: int = 80,
    team_code: str | None = None,
    expense_account: str | None = None,
    cpv: str | None = None,
    at: datetime,
    by: str,
) -> Nature:
    """Create a nature of work.

    Args:
        session: the transaction.
        code: short code, unique; requests, orders and settlement rules name it.
        name_fr: what French screens call it.
        name_en: what English screens call it.
        parent_code: the wider nature, None at the top.
        priority: default priority, 1 (at once) to 4 (when it suits).
        delay_hours: default delay until the work is due, in working hours (in danger around the clock).
        team_code: default team.
        expense_account: default account of the expense.
        cpv: code of the Common Procurement Vocabulary, Regulation (EC) 213/2008, with its leading zeros.
        at: the instant.
        by: who decides.

    Raises:
        Missing: there is no such parent or team.
        Taken: the code is in use.
        Unfit: a value has not the form it needs.
    """
    rules.free(session, Nature.code, code, "a nature")
    parent = by_code(session, parent_code) if parent_code is not None else None
    if team_code is not None:
        people.team_by_code(session, team_code)
    if delay_hours <= 0:
        raise rules.Unfit(
            f"Expected a delay of at least one hour, but found {delay_hours}.", field="delay_hours"
        )
    nature = Nature(
        id=ids.new(at),
        code=rules.text(code, "code", limit=60),
        name_fr=rules.text(name_fr, "name_fr"),
        name_en=rules.text(name_en, "name_en"),
        parent_id=parent.id if parent is not None else None,
        priority=rules.priority(priority),
        delay_hours=delay_hours,
        team_code=team_code,
        expense_account=expense_account,
        cpv=cpv,
        active=True,
        created_at=at,
        created_by=by,
    )
    session.add(nature)
    session.flush()
    return nature


def by_code(session: Session, code: str) -> Nature:
    """Return the nature with that code, or raise Missing."""
    nature = session.scalar(sa.select(Nature).where(Nature.code == code))
    if nature is None:
        raise Missing(f"Expected a nature with code {code}, but there is none.", noun="nature", value=code)
    return nature


def every(session: Session, *, active: bool = True) -> Sequence[Nature]:
    """Return natures by code; with ``active`` only those offered for new requests."""
    query = sa.select(Nature).order_by(Nature.code)
    return session.scalars(query.where(Nature.active) if active else query).all()


def ancestors(session: Session, code: str) -> list[Nature]:
    """Return the nature and its wider natures, the nearest first, in one query."""
    start = by_code(session, code)
    line = (
        sa.select(Nature.id, Nature.parent_id, sa.literal(0).label("depth"))
        .where(Nature.id == start.id)
        .cte("line", recursive=True)
    )
    wider = aliased(Nature)
    line = line.union_all(
        sa.select(wider.id, wider.parent_id, line.c.depth + 1).join(line, wider.id == line.c.parent_id)
    )
    query = sa.select(Nature).join(line, Nature.id == line.c.id).order_by(line.c.depth)
    return list(session.scalars(query))


def kin(session: Session, code: str) -> frozenset[str]:
    """Return the codes of a nature, its parent, its siblings and its children: what people mix up."""
    nature = by_code(session, code)
    near = Nature.parent_id == nature.id
    if nature.parent_id is not None:
        near = near | (Nature.parent_id == nature.parent_id) | (Nature.id == nature.parent_id)
    return frozenset(session.scalars(sa.select(Nature.code).where(near))) | {code}


def move(
    session: Session, code: str, *, parent_code: str | None, reason: str, at: datetime, by: str
) -> Nature:
    """Hang a nature under another parent, or at the top.

    Raises:
        Missing: there is no such nature.
        Cycle: the new parent lies below the nature.
    """
    nature = rows.locked(session, Nature, by_code(session, code).id, "nature")
    if parent_code is None:
        nature.parent_id = None
    else:
        line = ancestors(session, parent_code)
        if nature.id in {wider.id for wider in line}:
            raise rules.Cycle(
                f"Expected to hang {code} under {parent_code}, but {parent_code} lies below {code}.",
                code=code,
                parent=parent_code,
            )
        nature.parent_id = line[0].id
    changes.write(
        session, "nature", nature.id, kind="moved", text=reason, facts={"parent": parent_code}, at=at, by=by
    )
    return nature


def retire(session: Session, code: str, *, reason: str, at: datetime, by: str) -> Nature:
    """Offer a nature no more; what names it keeps its name."""
    nature = by_code(session, code)
    nature.active = False
    changes.write(session, "nature", nature.id, kind="retired", text=reason, facts={}, at=at, by=by)
    return nature
