"""Journals: the chart of an entity, its journals, and the months in which it may post.

Comes in: accounts, journals, openings and closings. Goes out: the same as rows, and the day on which something
may be posted. It never opens a closed month again. Next: ``registry/postings.py``.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime
from typing import get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import ids, rows, rules
from registry.errors import Missing, Refused
from registry.tables.accounting import Account, AccountKind, Journal, Period, Proposal
from registry.tables.entities import Entity


class AccountUnknown(Refused):
    """The entity's chart has no such account."""

    code = "account_unknown"


class PeriodClosed(Refused):
    """The month is closed, or was never opened."""

    code = "period_closed"


class StillPending(Refused):
    """A month cannot be closed while proposals of it wait for an answer; facts: ``proposals``."""

    code = "period_still_pending"


def create_account(
    session: Session, *, entity_id: str, code: str, name: str, kind: AccountKind, at: datetime, by: str
) -> Account:
    """Add an account to an entity's chart.

    Raises:
        Missing: there is no such entity.
        Taken: the chart has the code already.
        Unfit: a value has not the form it needs.
    """
    entity = rows.get(session, Entity, entity_id, "entity")
    if _account(session, entity_id, code) is not None:
        raise _taken("account", entity, code)
    account = Account(
        id=ids.new(at),
        entity_id=entity_id,
        code=rules.text(code, "code", limit=40),
        name=rules.text(name, "name"),
        kind=rules.word(kind, "kind", get_args(AccountKind)),
        created_at=at,
        created_by=by,
    )
    session.add(account)
    session.flush()
    return account


def create_journal(
    session: Session, *, entity_id: str, code: str, name: str, at: datetime, by: str
) -> Journal:
    """Open a journal for an entity.

    Raises:
        Missing: there is no such entity.
        Taken: the entity has a journal with that code.
        Unfit: a text is empty or too long.
    """
    entity = rows.get(session, Entity, entity_id, "entity")
    if _journal(session, entity_id, code) is not None:
        raise _taken("journal", entity, code)
    journal = Journal(
        id=ids.new(at),
        entity_id=entity_id,
        code=rules.text(code, "code", limit=20),
        name=rules.text(name, "name"),
        created_at=at,
        created_by=by,
    )
    session.add(journal)
    session.flush()
    return journal


def account(session: Session, entity_id: str, code: str) -> Account:
    """Return an account of an entity.

    Raises:
        AccountUnknown: its chart has none with that code.
    """
    found = _account(session, entity_id, code)
    if found is None:
        entity = rows.get(session, Entity, entity_id, "entity")
        raise AccountUnknown(
            f"Expected account {code} in the chart of {entity.name}, but there is none.",
            entity=entity.code,
            account=code,
        )
    return found


def has_account(session: Session, entity_id: str, code: str) -> bool:
    """Say whether an entity's chart has an account."""
    return _account(session, entity_id, code) is not None


def by_code(session: Session, entity_id: str, code: str) -> Journal:
    """Return a journal of an entity.

    Raises:
        Missing: it has none with that code.
    """
    found = _journal(session, entity_id, code)
    if found is None:
        entity = rows.get(session, Entity, entity_id, "entity")
        raise Missing(
            f"Expected journal {code} in {entity.name}, but there is none.", noun="journal", code=code
        )
    return found


def open_period(session: Session, *, entity_id: str, year: int, month: int, at: datetime, by: str) -> Period:
    """Open a month for posting; opening an open month again changes nothing.

    Raises:
        Missing: there is no such entity.
        PeriodClosed: the month was closed; it never opens again.
        Unfit: there is no such month.
    """
    rows.get(session, Entity, entity_id, "entity")
    if not 1 <= month <= 12 or not 1900 <= year <= 9999:
        raise rules.Unfit(f"Expected a month of a year, but got {year}-{month}.", field="month", found=month)
    period = _period(session, entity_id, year, month)
    if period is not None:
        if period.status == "closed":
            raise _closed(session, entity_id, year, month, "was closed and never opens again")
        return period
    period = Period(
        id=ids.derived("period", entity_id, year, month),
        entity_id=entity_id,
        year=year,
        month=month,
        status="open",
        created_at=at,
        created_by=by,
    )
    session.add(period)
    session.flush()
    return period


def open_year(session: Session, *, entity_id: str, year: int, at: datetime, by: str) -> list[Period]:
    """Open the twelve months of a year."""
    return [
        open_period(session, entity_id=entity_id, year=year, month=month, at=at, by=by)
        for month in range(1, 13)
    ]


def close_period(session: Session, *, entity_id: str, year: int, month: int, at: datetime, by: str) -> Period:
    """Close a month for ever; closing it twice changes nothing.

    Raises:
        PeriodClosed: the month was never opened.
        StillPending: proposals whose day lies in it, or before it, wait for an answer.
    """
    period = rows.lock(
        session, Period, Period.entity_id == entity_id, Period.year == year, Period.month == month
    )
    if period is None:
        raise _closed(session, entity_id, year, month, "was never opened")
    if period.status == "closed":
        return period
    last = date(year, month, monthrange(year, month)[1])
    waiting: Sequence[Proposal] = session.scalars(
        sa.select(Proposal)
        .where(Proposal.entity_id == entity_id, Proposal.status == "pending", Proposal.day <= last)
        .order_by(Proposal.day, Proposal.id)
    ).all()
    if waiting:
        raise StillPending(
            f"Expected every proposal up to {last} to be answered, but {len(waiting)} wait: "
            f"{', '.join(proposal.label for proposal in waiting[:5])}.",
            proposals=[proposal.id for proposal in waiting],
        )
    period.status, period.closed_at, period.closed_by = "closed", at, by
    session.flush()
    return period


def posting_day(session: Session, entity_id: str, wanted: date, *, exactly: bool) -> date:
    """Return the day on which an entity may post something of ``wanted``, its month locked against closing.

    A late cost goes to the first day of the first open month after its own; its piece date stays the true one.

    Args:
        session: the transaction.
        entity_id: whose books.
        wanted: the day of the event.
        exactly: whether a person named that very day, so that no other will do.

    Raises:
        PeriodClosed: the month is closed or was never opened, and ``exactly``, or no later month is open.
    """
    own = (Period.year == wanted.year) & (Period.month == wanted.month)
    opened = (Period.entity_id == entity_id) & (Period.status == "open")
    if rows.lock(session, Period, opened, own, share=True) is not None:
        return wanted
    later = sa.tuple_(Period.year, Period.month) > sa.tuple_(
        sa.literal(wanted.year), sa.literal(wanted.month)
    )
    first = sa.select(Period.id).where(opened, later).order_by(Period.year, Period.month).limit(1)
    found = None
    while not exactly and found is None and (period_id := session.scalar(first)) is not None:
        # Somebody may close it while we wait for the lock: then the next open month is asked for.
        found = rows.lock(session, Period, Period.id == period_id, Period.status == "open", share=True)
    if found is None:
        raise _closed(session, entity_id, wanted.year, wanted.month, "is not open for posting")
    return date(found.year, found.month, 1)


def _account(session: Session, entity_id: str, code: str) -> Account | None:
    return session.scalars(
        sa.select(Account).where(Account.entity_id == entity_id, Account.code == code)
    ).one_or_none()


def _journal(session: Session, entity_id: str, code: str) -> Journal | None:
    return session.scalars(
        sa.select(Journal).where(Journal.entity_id == entity_id, Journal.code == code)
    ).one_or_none()


def _period(session: Session, entity_id: str, year: int, month: int) -> Period | None:
    return rows.lock(
        session, Period, Period.entity_id == entity_id, Period.year == year, Period.month == month
    )


def _taken(noun: str, entity: Entity, code: str) -> rules.Taken:
    return rules.Taken(
        f"Expected a new {noun} code for {entity.name}, but {code} is already in use.",
        noun=noun,
        field="code",
        value=code,
    )


def _closed(session: Session, entity_id: str, year: int, month: int, why: str) -> PeriodClosed:
    entity = rows.get(session, Entity, entity_id, "entity")
    return PeriodClosed(
        f"Expected an open month {year}-{month:02d} in the books of {entity.name}, but it {why}.",
        entity=entity.code,
        year=year,
        month=month,
    )
