"""Lists of requests, and the timeline of one with the names of people.

Comes in: filters, a page. Goes out: rows that need no second query. It never decides who may see what: ``entity_ids``
and the groups come from the caller. Next: ``registry/queries/work.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import search
from registry.queries import page as pages
from registry.tables.assets import Asset
from registry.tables.entities import Entity
from registry.tables.natures import Nature
from registry.tables.people import Person, Team
from registry.tables.requests import Request, RequestEvent

UNDECIDED = ("registered", "qualified", "reopened")
OPEN = (*UNDECIDED, "accepted", "in_progress")
_ORDER = pages.Order(
    {
        "created": Request.created_at,
        "reference": Request.reference,
        "due": Request.due_at,
        "priority": Request.priority,
        "status": Request.status,
        "title": Request.title,
    },
    "-created",
    Request.id,
)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request as lists show it."""

    id: str
    reference: str
    title: str
    status: str
    outcome: str | None
    priority: int | None
    channel: str
    mode: str | None
    created_at: datetime
    due_at: datetime | None
    requester_name: str | None
    address: str | None
    entity_id: str
    entity_code: str
    entity_name: str
    nature_code: str | None
    nature_fr: str | None
    nature_en: str | None
    asset_id: str | None
    asset_code: str | None
    asset_name: str | None
    team_code: str | None
    team_name: str | None


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One event of a request or an order, with the name of who did it when a person did."""

    number: int
    at: datetime
    by: str
    by_name: str | None
    kind: str
    status_before: str | None
    status_after: str
    text: str
    public: bool
    facts: dict[str, Any]


def requests_page(
    session: Session,
    *,
    entity_ids: Collection[str] | None,
    text: str = "",
    status: Collection[str] = (),
    team_code: str | None = None,
    nature_code: str | None = None,
    asset_id: str | None = None,
    requester_person_id: str | None = None,
    late_at: datetime | None = None,
    page: int = 1,
    size: int = 25,
    sort: str = "",
) -> pages.Page[RequestRow]:
    """Return a page of requests.

    Args:
        session: the transaction.
        entity_ids: entities the reader may see, None for all.
        text: words that must begin words of reference, title, description, address or requester.
        status: statuses wanted, none for all.
        team_code: the team wanted.
        nature_code: the nature wanted.
        asset_id: the asset wanted.
        requester_person_id: the person who asked.
        late_at: an instant; given, only open requests that were due before it.
        page: which page, from 1.
        size: rows on a page.
        sort: created, reference, due, priority, status or title; ``-created`` is the default.

    Raises:
        Unfit: the page, the size or the sort word lies outside.
    """
    where = search.conditions("request", Request.id, text)
    if entity_ids is not None:
        where.append(Request.entity_id.in_(entity_ids))
    if status:
        where.append(Request.status.in_(status))
    if late_at is not None:
        where += [Request.status.in_(OPEN), Request.due_at < late_at]
    chosen = (
        (Request.team_code, team_code),
        (Request.nature_code, nature_code),
        (Request.asset_id, asset_id),
        (Request.requester_person_id, requester_person_id),
    )
    where += [column == value for column, value in chosen if value is not None]
    return pages.read(session, _columns(), where, _row, order=_ORDER, sort=sort, page=page, size=size)


def requests_of(session: Session, request_ids: Collection[str]) -> dict[str, RequestRow]:
    """Return requests by id, in one query: what tasks of the engine are about. Unknown ids are left out."""
    if not request_ids:
        return {}
    rows = session.execute(_columns().where(Request.id.in_(sorted(request_ids))))
    return {row.id: row for row in map(_row, rows)}


def requests_by_status(session: Session, *, entity_ids: Collection[str] | None) -> dict[str, int]:
    """Return how many requests stand in each status."""
    query = sa.select(Request.status, sa.func.count()).group_by(Request.status)
    if entity_ids is not None:
        query = query.where(Request.entity_id.in_(entity_ids))
    return dict(session.execute(query).all())


def request_timeline(session: Session, request_id: str, *, public: bool = False) -> Sequence[TimelineRow]:
    """Return the events of a request in order, with names; with ``public`` only those the requester may read."""
    query = (
        sa.select(RequestEvent, Person.name)
        .outerjoin(Person, Person.id == RequestEvent.by)
        .where(RequestEvent.request_id == request_id)
        .order_by(RequestEvent.number)
    )
    rows = session.execute(query.where(RequestEvent.public) if public else query)
    return [
        TimelineRow(
            number=event.number,
            at=event.at,
            by=event.by,
            by_name=name,
            kind=event.kind,
            status_before=event.status_before,
            status_after=event.status_after,
            text=event.text,
            public=event.public,
            facts=event.facts,
        )
        for event, name in rows
    ]


def _columns() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Request.id,
            Request.reference,
            Request.title,
            Request.status,
            Request.outcome,
            Request.priority,
            Request.channel,
            Request.mode,
            Request.created_at,
            Request.due_at,
            Request.requester_name,
            Request.address,
            Request.entity_id,
            Entity.code,
            Entity.name,
            Request.nature_code,
            Nature.name_fr,
            Nature.name_en,
            Request.asset_id,
            Asset.code,
            Asset.name,
            Request.team_code,
            Team.name,
        )
        .join(Entity, Entity.id == Request.entity_id)
        .outerjoin(Nature, Nature.code == Request.nature_code)
        .outerjoin(Asset, Asset.id == Request.asset_id)
        .outerjoin(Team, Team.code == Request.team_code)
    )


def _row(row: sa.Row[*tuple[Any, ...]]) -> RequestRow:
    return RequestRow(*row)
