"""Events of requests: which change is allowed from where, and the numbered row that each change writes.

Comes in: a request and a verb. Goes out: the request in its new status with its event, or a refusal. It never decides
anything about work or letters. Next: ``registry/requests.py``, whose verbs stand on these.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from registry import ids, rows, rules
from registry.tables.requests import Request, RequestEvent

_OPEN = ("registered", "qualified", "reopened")

# verb → (status before → status after). A verb is refused from any status not named here.
TRANSITIONS: dict[str, dict[str, str]] = {
    "qualify": dict.fromkeys(_OPEN, "qualified") | {"accepted": "accepted", "in_progress": "in_progress"},
    "accept": dict.fromkeys(_OPEN, "accepted"),
    "refuse": dict.fromkeys(_OPEN, "refused"),
    "attach": dict.fromkeys(_OPEN, "duplicate"),
    "start": {"accepted": "in_progress", "reopened": "in_progress"},
    "answer": {
        "accepted": "answered",
        "in_progress": "answered",
        "reopened": "answered",
        "answered": "answered",
        "refused": "refused",
        "duplicate": "duplicate",
    },
    "close": {"answered": "closed", "refused": "closed", "duplicate": "closed"},
    "reopen": dict.fromkeys(("answered", "closed", "refused", "duplicate"), "reopened"),
    "withdraw": dict.fromkeys((*_OPEN, "accepted"), "closed"),
}
# verb → the kind of the event it writes.
PAST = {
    "qualify": "qualified",
    "accept": "accepted",
    "refuse": "refused",
    "attach": "attached",
    "start": "started",
    "answer": "answered",
    "close": "closed",
    "reopen": "reopened",
    "withdraw": "withdrawn",
}


def hold(session: Session, request_id: str, verb: str | None = None, version: int | None = None) -> Request:
    """Return the request locked, after refusing a verb its status forbids: before anything is set on the row."""
    request = rows.locked(session, Request, request_id, "request")
    if verb is not None:
        rules.step(TRANSITIONS, verb, request.status, "request", request.reference)
    rules.fresh(request.version, version, "request", request.reference)
    return request


def repeated(session: Session, request_id: str, verb: str, event_id: str | None) -> Request | None:
    """Return the request when ``verb`` has written the event with that id before, else None.

    Raises:
        DifferentFacts: the id names an event of another request or verb.
    """
    event = rows.repeated(
        session, RequestEvent, event_id, "request event", request_id=request_id, kind=PAST[verb]
    )
    return rows.get(session, Request, request_id, "request") if event is not None else None


def step(
    session: Session,
    request: Request,
    verb: str,
    text: str,
    *,
    public: bool = False,
    facts: dict[str, Any] | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - the name every verb of the registry gives to its idempotency key
) -> Request:
    """Take the step of ``verb`` and write its event, under ``id`` when one is given."""
    before = request.status
    request.status = rules.step(TRANSITIONS, verb, before, "request", request.reference)
    tell(session, request, PAST[verb], before, text, public=public, facts=facts, at=at, by=by, id=id)
    return request


def tell(
    session: Session,
    request: Request,
    kind: str,
    before: str | None,
    text: str,
    *,
    public: bool,
    facts: dict[str, Any] | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see step
) -> RequestEvent:
    """Write an event; its number is the version of the request that it makes."""
    request.version += 1
    request.changed_at, request.changed_by = at, by
    event = RequestEvent(
        id=id or ids.derived("request_event", request.id, request.version),
        request_id=request.id,
        number=request.version,
        at=at,
        by=by,
        kind=kind,
        status_before=before,
        status_after=request.status,
        text=text,
        public=public,
        facts=facts or {},
    )
    session.flush()
    session.add(event)
    session.flush()
    return event
