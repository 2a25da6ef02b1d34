"""Duplicates: earlier requests that seem to say the same, each with a score and what it rests on.

Comes in: a request. Goes out: candidates from 0 to 1, the likeliest first, with their reasons. It never attaches
anything: a person or a decision does. Next: ``registry/requests.py``.

A candidate is open, was registered in the last 60 days, and concerns the same asset or a place within 50 metres.
Its score adds: place up to 0.45, nature up to 0.25, words of the title up to 0.20, recency up to 0.10. (The
weights follow the ranking of Brussels' FixMyStreet: place first, then category, then date.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import natures, places, rows, search
from registry.tables.requests import Request

RADIUS_METRES = 50.0
RECENT = timedelta(days=60)
_LIVE = ("registered", "qualified", "accepted", "in_progress", "answered", "reopened")
_MOST = 200
_EMPTY_WORDS = search.words(
    "a au aux avec ce cette d dans de des du en est et il j je l la le les ma mon n ne pas plus pour qu que qui",
    "sa se ses son sur un une y the of in on is at and to",
)

ReasonCode = Literal["same_asset", "near", "same_nature", "related_nature", "same_words", "recent"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing a score rests on: its code, its points, and the fact itself for people."""

    code: ReasonCode
    points: float
    fact: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier request that may say the same."""

    request_id: str
    reference: str
    title: str
    score: float
    reasons: tuple[Reason, ...]


def find(session: Session, request_id: str, *, at: datetime, least: float = 0.3) -> list[Candidate]:
    """Return the earlier requests that a request seems to repeat, the likeliest first.

    Args:
        session: the transaction.
        request_id: the request.
        at: the instant recency is counted back from.
        least: the lowest score worth showing.

    Raises:
        Missing: there is no such request.
    """
    request = rows.get(session, Request, request_id, "request")
    related = natures.kin(session, request.nature_code) if request.nature_code else frozenset()
    found = []
    for other in _near(session, request, at):
        reasons = tuple(_reasons(request, other, related, at))
        score = round(sum(reason.points for reason in reasons), 2)
        placed = any(reason.code in {"same_asset", "near"} for reason in reasons)
        if placed and score >= least:
            found.append(Candidate(other.id, other.reference, other.title, min(score, 1.0), reasons))
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.reference))


def _near(session: Session, request: Request, at: datetime) -> list[Request]:
    """Return live, recent requests of the same asset or inside a box of the radius, by index."""
    where: list[sa.ColumnElement[bool]] = []
    if request.asset_id is not None:
        where.append(Request.asset_id == request.asset_id)
    if request.longitude is not None and request.latitude is not None:
        box = places.around(places.Point(request.longitude, request.latitude), RADIUS_METRES)
        where.append(
            Request.longitude.between(box.west, box.east) & Request.latitude.between(box.south, box.north)
        )
    if not where:
        return []
    query = (
        sa.select(Request)
        .where(
            sa.or_(*where),
            Request.id != request.id,
            Request.status.in_(_LIVE),
            Request.created_at >= at - RECENT,
            Request.created_at <= request.created_at,
        )
        .order_by(Request.created_at.desc())
        .limit(_MOST)
    )
    return list(session.scalars(query))


def _reasons(request: Request, other: Request, related: frozenset[str], at: datetime) -> list[Reason]:
    reasons = []
    if request.asset_id is not None and request.asset_id == other.asset_id:
        reasons.append(Reason("same_asset", 0.45, ""))
    else:
        distance = _distance(request, other)
        if distance is not None and distance <= RADIUS_METRES:
            points = 0.40 * (1 - 0.5 * distance / RADIUS_METRES)
            reasons.append(Reason("near", round(points, 2), f"{distance:.0f} m"))
    if request.nature_code is not None and request.nature_code == other.nature_code:
        reasons.append(Reason("same_nature", 0.25, request.nature_code))
    elif other.nature_code in related:
        reasons.append(Reason("related_nature", 0.12, str(other.nature_code)))
    own, theirs = _title_words(request), _title_words(other)
    shared = own & theirs
    if shared:
        points = 0.20 * len(shared) / min(len(own), len(theirs))
        reasons.append(Reason("same_words", round(points, 2), ", ".join(sorted(shared))))
    age = max(at - other.created_at, timedelta(0))
    points = 0.10 * (1 - age / RECENT)
    reasons.append(Reason("recent", round(points, 2), f"{age.days} d"))
    return reasons


def _distance(request: Request, other: Request) -> float | None:
    if (
        request.longitude is None
        or request.latitude is None
        or other.longitude is None
        or other.latitude is None
    ):
        return None
    return places.metres(
        places.Point(request.longitude, request.latitude), places.Point(other.longitude, other.latitude)
    )


def _title_words(request: Request) -> frozenset[str]:
    return frozenset(
        word for word in search.words(request.title) if word not in _EMPTY_WORDS and len(word) > 1
    )
