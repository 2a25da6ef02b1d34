"""Requests: what somebody asks for, from the window to the answer.

Comes in: a session, the facts, who and when. Goes out: rows of ``request`` with a numbered event for each change.
It never starts a process and never sends a letter: the bridge and the outbox do. Next: ``registry/work.py``, and
``registry/duplicates.py`` for requests that say the same.

    registered ─▶ qualified ─▶ accepted ─▶ in_progress ─▶ answered ─▶ closed
         │            │                                       │          │
         ├────────────┼─▶ refused ──────────────▶ closed      └─▶ reopened ◀┘
         └────────────┴─▶ duplicate ────────────▶ closed          (starts again)
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import (
    assets,
    calendars,
    entities,
    ids,
    natures,
    people,
    places,
    references,
    rows,
    rules,
    search,
)
from registry import request_events as events
from registry.duplicates import Candidate
from registry.duplicates import find as find_duplicates
from registry.errors import Missing
from registry.request_events import PAST, TRANSITIONS
from registry.tables.requests import Channel, Mode, Request, RequestEvent

__all__ = [
    "PAST",
    "TRANSITIONS",
    "Candidate",
    "accept",
    "answer",
    "attach",
    "attached_to",
    "by_reference",
    "by_token",
    "close",
    "erase_person",
    "erase_requester",
    "find_duplicates",
    "get",
    "locale_of",
    "note",
    "qualify",
    "refuse",
    "register",
    "reopen",
    "start",
    "timeline",
    "withdraw",
]

LOCALES = ("fr", "en")
_OUTCOMES = {"answered": "done", "refused": "refused", "duplicate": "duplicate"}


def register(
    session: Session,
    *,
    entity_id: str,
    nature_code: str | None = None,
    asset_id: str | None = None,
    title: str,
    description: str = "",
    channel: Channel,
    requester_name: str | None = None,
    requester_email: str | None = None,
    requester_phone: str | None = None,
    requester_locale: str | None = None,
    requester_person_id: str | None = None,
    address: str | None = None,
    longitude: float | None = None,  # degrees east, WGS 84
    latitude: float | None = None,  # degrees north
    urgency_words: Sequence[str] = (),
    site_occupied: bool | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - the name every verb of the registry gives to its idempotency key
) -> Request:
    """Register a request, give it its reference number and its token.

    Args:
        asset_id: the asset, when known; without a point of its own the request takes the asset's.
        description: in the requester's words.
        requester_name: who asks; name, mail address, phone and person are personal data and can be erased.
        requester_person_id: the person, when the requester works here.
        urgency_words: words of alarm the requester used or ticked.
        site_occupied: whether people use the place now; None when unknown.
        id: key of the step that registers; repeated, it returns the same request.

    Raises:
        Missing: there is no such entity, nature, asset or person.
        WrongState: the asset is retired.
        Unfit: a value has not the form it needs.
        DifferentFacts: the id was used for another request.
    """
    before = rows.repeated(session, Request, id, "request", entity_id=entity_id, channel=channel)
    if before is not None:
        return before
    year = entities.local_day(entities.get(session, entity_id), at).year
    _check_links(session, nature_code, asset_id, requester_person_id)
    point = _point(session, asset_id, longitude, latitude)
    request = Request(
        id=id or ids.new(at),
        reference=f"{year}-{references.next_number(session, 'request', year):06d}",
        token=secrets.token_urlsafe(24),
        entity_id=entity_id,
        nature_code=nature_code,
        asset_id=asset_id,
        channel=rules.word(channel, "channel", get_args(Channel)),
        requester_locale=_locale(requester_locale),
        requester_person_id=requester_person_id,
        longitude=point.longitude if point else None,
        latitude=point.latitude if point else None,
        urgency_words=list(urgency_words),
        site_occupied=site_occupied,
        status="registered",
        version=0,
        created_at=at,
        created_by=by,
        **_worded(title, description, requester_name, requester_email, requester_phone, address),
    )
    session.add(request)
    events.tell(session, request, "registered", None, "", public=True, at=at, by=by)
    search.index(session, "request", request.id, *_texts(request))
    return request


def _worded(
    title: str, description: str, name: str | None, email: str | None, phone: str | None, address: str | None
) -> dict[str, str | None]:
    """Return the texts of a new request, tidy."""
    return {
        "title": rules.text(title, "title"),
        "description": rules.optional_text(description, "description", limit=10_000) or "",
        "requester_name": rules.optional_text(name, "requester_name"),
        "requester_email": rules.email(email),
        "requester_phone": rules.optional_text(phone, "requester_phone", limit=40),
        "address": rules.optional_text(address, "address", limit=500),
    }


def _locale(word: str | None) -> str | None:
    return rules.word(word, "requester_locale", LOCALES) if word else None


def locale_of(session: Session, request: Request) -> str:
    """Return the language to write to the requester in: the one they asked in, else the person's, else French."""
    if request.requester_locale is not None:
        return request.requester_locale
    if request.requester_person_id is None:
        return LOCALES[0]
    spoken = people.get(session, request.requester_person_id).locale
    return spoken if spoken in LOCALES else LOCALES[0]


def get(session: Session, request_id: str) -> Request:
    """Return the request with that id, or raise Missing."""
    return rows.get(session, Request, request_id, "request")


def by_reference(session: Session, reference: str) -> Request:
    """Return the request with that reference number, or raise Missing."""
    return _only(session, Request.reference == reference.strip(), f"with reference {reference}")


def by_token(session: Session, token: str) -> Request:
    """Return the request whose follow link carries that token, or raise Missing."""
    return _only(session, Request.token == token, "with that follow link")


def qualify(
    session: Session,
    request_id: str,
    *,
    nature_code: str | None = None,
    asset_id: str | None = None,
    priority: int | None = None,
    team_code: str | None = None,
    mode: Mode | None = None,
    due_at: datetime | None = None,
    text: str = "",
    version: int | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see register
) -> Request:
    """Say what a request is: its nature, asset, priority, team and way of working; None keeps what stands.

    What is still open is filled from the nature: its priority, its team, and its delay in working hours, counted from
    the moment the request came in.

    Raises:
        Missing: there is no such request, nature, asset or team.
        Stale: the request changed since that version.
        WrongState: the request is past this; or the asset is retired.
        Unfit: a value has not the form it needs.
    """
    if (known := events.repeated(session, request_id, "qualify", id)) is not None:
        return known
    request = events.hold(session, request_id, "qualify", version)
    _check_links(session, nature_code, asset_id)
    if team_code is not None:
        people.team_by_code(session, team_code)
    wanted: dict[str, Any] = {
        "nature_code": nature_code,
        "asset_id": asset_id,
        "priority": rules.priority(priority) if priority is not None else None,
        "team_code": team_code,
        "mode": rules.word(mode, "mode", get_args(Mode)) if mode is not None else None,
        "due_at": due_at,
    }
    facts = _fill(session, request, {name: value for name, value in wanted.items() if value is not None})
    return events.step(session, request, "qualify", text, facts=facts, at=at, by=by, id=id)


def accept(
    session: Session,
    request_id: str,
    *,
    text: str = "",
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see register
) -> Request:
    """Accept a request: work will follow.

    Given the ``id`` of the event it writes, a repetition returns the request as it stands.

    Raises:
        Missing: there is no such request.
        WrongState: it is not registered, qualified or reopened.
    """
    if (known := events.repeated(session, request_id, "accept", id)) is not None:
        return known
    return events.step(
        session, events.hold(session, request_id, "accept"), "accept", text, public=True, at=at, by=by, id=id
    )


def refuse(
    session: Session,
    request_id: str,
    *,
    reason: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see register
) -> Request:
    """Refuse a request with a reason that the requester reads.

    Raises:
        Missing: there is no such request.
        WrongState: it is not registered, qualified or reopened.
        Unfit: no reason is given.
    """
    if (known := events.repeated(session, request_id, "refuse", id)) is not None:
        return known
    request = events.hold(session, request_id, "refuse")
    told = rules.text(reason, "reason", limit=5000)
    events.step(session, request, "refuse", told, public=True, at=at, by=by, id=id)
    request.answer = told
    session.flush()
    return request


def attach(
    session: Session,
    request_id: str,
    *,
    duplicate_of: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see register
) -> Request:
    """Attach a request to an earlier one that says the same.

    A request attached to one that is itself attached goes to the first of the line.

    Raises:
        Missing: there is no such request.
        WrongState: it is not registered, qualified or reopened.
        Cycle: the other is attached to this one.
        Unfit: a request would be its own duplicate.
    """
    if (known := events.repeated(session, request_id, "attach", id)) is not None:
        return known
    request, other = events.hold(session, request_id, "attach"), get(session, duplicate_of)
    if other.status == "duplicate" and other.duplicate_of_id is not None:
        other = get(session, other.duplicate_of_id)
    if other.id == request.id:
        raise rules.Cycle(
            f"Expected another request that {request.reference} repeats, but found itself.",
            subject=request.reference,
        )
    request.duplicate_of_id = other.id
    facts = {"duplicate_of": other.reference}
    events.step(session, request, "attach", "", public=True, facts=facts, at=at, by=by, id=id)
    followers = session.scalars(
        sa.select(Request).where(Request.duplicate_of_id == request.id, Request.status == "duplicate")
    )
    for follower in followers.all():
        follower.duplicate_of_id = other.id
        events.tell(
            session, follower, "attached", follower.status, "", public=True, facts=facts, at=at, by=by
        )
    return request


def attached_to(session: Session, request_id: str) -> Sequence[Request]:
    """Return the requests that repeat this one, the oldest first."""
    query = sa.select(Request).where(Request.duplicate_of_id == request_id)
    return session.scalars(query.order_by(Request.created_at, Request.reference)).all()


def start(
    session: Session,
    request_id: str,
    *,
    text: str = "",
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see register
) -> Request:
    """Say that work has begun.

    Raises:
        Missing: there is no such request.
        WrongState: it is not accepted or reopened.
    """
    if (known := events.repeated(session, request_id, "start", id)) is not None:
        return known
    return events.step(
        session, events.hold(session, request_id, "start"), "start", text, public=True, at=at, by=by, id=id
    )


def answer(
    session: Session,
    request_id: str,
    *,
    text: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see register
) -> Request:
    """Tell the requester the outcome; a refused or attached request keeps its status.

    Raises:
        Missing: there is no such request.
        WrongState: nothing was decided yet, or it is closed.
        Unfit: the answer is empty.
    """
    if (known := events.repeated(session, request_id, "answer", id)) is not None:
        return known
    request = events.hold(session, request_id, "answer")
    told = rules.text(text, "text", limit=5000)
    events.step(session, request, "answer", told, public=True, at=at, by=by, id=id)
    request.answer = told
    session.flush()
    return request


def close(
    session: Session,
    request_id: str,
    *,
    text: str = "",
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see register
) -> Request:
    """Close a request that was answered, refused or attached; its outcome says which.

    Raises:
        Missing: there is no such request.
        WrongState: nobody answered it yet, or it is closed.
    """
    if (known := events.repeated(session, request_id, "close", id)) is not None:
        return known
    request = events.hold(session, request_id, "close")
    outcome = _OUTCOMES.get(request.status)
    request.outcome, request.closed_at = outcome, at
    return events.step(session, request, "close", text, public=True, at=at, by=by, id=id)


def withdraw(session: Session, request_id: str, *, reason: str, at: datetime, by: str) -> Request:
    """Close a request that the requester takes back before work begins.

    Raises:
        Missing: there is no such request.
        WrongState: work has begun, or it was decided otherwise.
        Unfit: no reason is given.
    """
    request = events.hold(session, request_id, "withdraw")
    told = rules.text(reason, "reason", limit=5000)
    request.outcome, request.closed_at = "withdrawn", at
    return events.step(session, request, "withdraw", told, public=True, at=at, by=by)


def reopen(
    session: Session,
    request_id: str,
    *,
    reason: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see register
) -> Request:
    """Open a request again: it is not fixed, badly fixed, or wrongly refused or attached.

    Raises:
        Missing: there is no such request.
        WrongState: it is still open.
        Unfit: no reason is given.
    """
    if (known := events.repeated(session, request_id, "reopen", id)) is not None:
        return known
    request = events.hold(session, request_id, "reopen")
    told = rules.text(reason, "reason", limit=5000)
    request.outcome, request.closed_at, request.duplicate_of_id = None, None, None
    return events.step(session, request, "reopen", told, public=True, at=at, by=by, id=id)


def note(
    session: Session, request_id: str, *, text: str, public: bool = False, at: datetime, by: str
) -> RequestEvent:
    """Write a remark into the timeline, for the house or for the requester too.

    Raises:
        Missing: there is no such request.
        Unfit: the remark is empty.
    """
    request = events.hold(session, request_id)
    told = rules.text(text, "text", limit=5000)
    return events.tell(session, request, "noted", request.status, told, public=public, at=at, by=by)


def erase_requester(session: Session, request_id: str, *, at: datetime, by: str) -> Request:
    """Erase who asked and keep what was asked (GDPR art. 17): name, mail address, phone and person go.

    Raises:
        Missing: there is no such request.
    """
    request = events.hold(session, request_id)
    request.requester_name = people.ERASED_NAME
    request.requester_email = request.requester_phone = request.requester_person_id = None
    request.erased_at = at
    events.tell(session, request, "erased", request.status, "", public=False, at=at, by=by)
    search.replace(session, "request", request.id, *_texts(request))
    return request


def erase_person(session: Session, person_id: str, *, at: datetime, by: str) -> int:
    """Erase a person of the house as requester of every request, and return of how many."""
    asked = session.scalars(sa.select(Request.id).where(Request.requester_person_id == person_id)).all()
    for request_id in asked:
        erase_requester(session, request_id, at=at, by=by)
    return len(asked)


def timeline(session: Session, request_id: str, *, public: bool = False) -> Sequence[RequestEvent]:
    """Return the events of a request in order; with ``public`` only those the requester may read."""
    query = sa.select(RequestEvent).where(RequestEvent.request_id == request_id).order_by(RequestEvent.number)
    return session.scalars(query.where(RequestEvent.public) if public else query).all()


def _only(session: Session, where: sa.ColumnElement[bool], named: str) -> Request:
    request = session.scalar(sa.select(Request).where(where))
    if request is None:
        raise Missing(f"Expected a request {named}, but there is none.", noun="request")
    return request


def _check_links(
    session: Session, nature_code: str | None, asset_id: str | None, person_id: str | None = None
) -> None:
    if person_id is not None:
        people.get(session, person_id)
    if nature_code is not None:
        natures.by_code(session, nature_code)
    if asset_id is not None:
        asset = assets.get(session, asset_id)
        if asset.status != "in_service":
            raise rules.WrongState(
                f"Expected an asset in service, but {asset.code} is {asset.status}.",
                noun="asset",
                subject=asset.code,
                status=asset.status,
            )


def _point(
    session: Session, asset_id: str | None, longitude: float | None, latitude: float | None
) -> places.Point | None:
    if longitude is not None and latitude is not None:
        return places.check_point(longitude, latitude)
    if longitude is not None or latitude is not None:
        raise rules.Unfit("Expected a longitude and a latitude, but one is absent.", field="longitude")
    asset = assets.get(session, asset_id) if asset_id is not None else None
    if asset is None or asset.longitude is None or asset.latitude is None:
        return None
    return places.Point(asset.longitude, asset.latitude)


def _fill(session: Session, request: Request, wanted: dict[str, Any]) -> dict[str, Any]:
    """Set ``wanted`` on the request, then what the nature gives to facts still open; return what changed."""
    code = wanted.get("nature_code", request.nature_code)
    if code is not None:
        nature = natures.by_code(session, code)
        defaults = {
            "priority": nature.priority,
            "team_code": nature.team_code,
            "due_at": calendars.due(
                session,
                request.entity_id,
                request.created_at,
                delay_hours=nature.delay_hours,
                priority=wanted.get("priority") or request.priority or nature.priority,
            ),
        }
        for name, value in defaults.items():
            if name not in wanted and getattr(request, name) is None and value is not None:
                wanted[name] = value
    changed = {}
    for name, value in wanted.items():
        before = getattr(request, name)
        if before != value:
            setattr(request, name, value)
            changed[name] = {"before": _plain(before), "after": _plain(value)}
    if request.longitude is None and "asset_id" in changed:
        point = _point(session, request.asset_id, None, None)
        if point is not None:
            request.longitude, request.latitude = point
    return changed


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _texts(request: Request) -> tuple[str | None, ...]:
    """Return what a request is found by. A name erased is found no more."""
    name = None if request.erased_at else request.requester_name
    return (
        request.reference,
        request.title,
        request.description,
        request.address,
        name,
        request.requester_email,
    )
