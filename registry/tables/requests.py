"""Tables of requests: what somebody asked for, and every change since.

Comes in: nothing. Goes out: ``Request``, ``RequestEvent``, the words of channel and status. It never says which
change is allowed: the table of transitions stands in ``registry/requests.py``, which is next.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base
from registry.tables.stamps import Changing, one_of

Channel = Literal["portal", "phone", "mail", "counter", "qr", "api"]
RequestStatus = Literal[
    "registered",
    "qualified",
    "accepted",
    "in_progress",
    "answered",
    "closed",
    "refused",
    "duplicate",
    "reopened",
]
Outcome = Literal["done", "refused", "duplicate", "withdrawn"]
Mode = Literal["in_house", "contractor"]


class Request(Changing, Base):
    """A request with its reference number for people and its token for the follow link."""

    __tablename__ = "request"
    __table_args__ = (
        one_of("channel", get_args(Channel)),
        one_of("status", get_args(RequestStatus)),
        one_of("outcome", get_args(Outcome)),
        one_of("mode", get_args(Mode)),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
        sa.CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", name="point_is_whole"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
        sa.CheckConstraint("duplicate_of_id IS NULL OR duplicate_of_id <> id", name="not_its_own_duplicate"),
        sa.CheckConstraint(
            "status <> 'duplicate' OR duplicate_of_id IS NOT NULL", name="duplicate_names_the_other"
        ),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_has_an_instant"),
        sa.CheckConstraint("(status = 'closed') = (outcome IS NOT NULL)", name="closed_has_an_outcome"),
        sa.Index("ix_request_entity_status_created", "entity_id", "status", "created_at"),
        sa.Index("ix_request_created", "created_at"),
        sa.Index("ix_request_status_due", "status", "due_at"),
        sa.Index("ix_request_asset_created", "asset_id", "created_at"),
        sa.Index("ix_request_nature_created", "nature_code", "created_at"),
        sa.Index("ix_request_point", "longitude", "latitude"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    token: Mapped[str] = mapped_column(unique=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    nature_code: Mapped[str | None] = mapped_column(sa.ForeignKey("nature.code"))
    asset_id: Mapped[str | None] = mapped_column(sa.ForeignKey("asset.id"))
    title: Mapped[str]
    description: Mapped[str]
    channel: Mapped[str]
    requester_name: Mapped[str | None]
    requester_email: Mapped[str | None] = mapped_column(index=True)
    requester_phone: Mapped[str | None]
    requester_locale: Mapped[str | None]
    """The language letters to the requester are written in; None when nobody asked."""
    requester_person_id: Mapped[str | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    address: Mapped[str | None]
    longitude: Mapped[float | None] = mapped_column(sa.Double())
    latitude: Mapped[float | None] = mapped_column(sa.Double())
    urgency_words: Mapped[list[Any]]
    site_occupied: Mapped[bool | None]
    status: Mapped[str]
    outcome: Mapped[str | None]
    priority: Mapped[int | None]
    team_code: Mapped[str | None] = mapped_column(sa.ForeignKey("team.code"), index=True)
    mode: Mapped[str | None]
    due_at: Mapped[datetime | None]
    duplicate_of_id: Mapped[str | None] = mapped_column(sa.ForeignKey("request.id"), index=True)
    answer: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    version: Mapped[int]


class RequestEvent(Base):
    """One change of a request, numbered; ``public`` says whether the requester may read it."""

    __tablename__ = "request_event"
    __table_args__ = (sa.UniqueConstraint("request_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(sa.ForeignKey("request.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str]
    kind: Mapped[str]
    status_before: Mapped[str | None]
    status_after: Mapped[str]
    text: Mapped[str]
    public: Mapped[bool]
    facts: Mapped[dict[str, Any]]
