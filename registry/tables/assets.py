"""Tables of the estate: classes with their own fields, assets, owner periods, events and import keys.

Comes in: nothing. Goes out: the mapped classes. It never computes a place from a geometry: the verb does, once,
when it writes. Next: ``registry/assets.py``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry import triggers
from registry.tables.base import Base
from registry.tables.stamps import Changing, Stamped, one_of

AssetStatus = Literal["in_service", "retired"]


class AssetClass(Stamped, Base):
    """A family of assets; ``fields`` is a JSON Schema object whose properties every asset must obey."""

    __tablename__ = "asset_class"

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_fr: Mapped[str]
    name_en: Mapped[str]
    fields: Mapped[dict[str, Any]]


class Asset(Changing, Base):
    """A thing the town keeps. ``entity_id`` is the owner of the open owner period, kept here for lists."""

    __tablename__ = "asset"
    __table_args__ = (
        sa.UniqueConstraint("class_code", "code"),
        one_of("status", get_args(AssetStatus)),
        sa.CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", name="point_is_whole"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
        sa.CheckConstraint("west <= east AND south <= north", name="bounds"),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),
        sa.Index("ix_asset_entity_class_name", "entity_id", "class_code", "name"),
        sa.Index("ix_asset_point", "longitude", "latitude"),
        sa.Index("ix_asset_bounds", "west", "east", "south", "north"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"))
    class_code: Mapped[str] = mapped_column(sa.ForeignKey("asset_class.code"))
    code: Mapped[str]
    name: Mapped[str] = mapped_column(index=True)
    parent_id: Mapped[str | None] = mapped_column(sa.ForeignKey("asset.id"), index=True)
    address: Mapped[str | None]
    longitude: Mapped[float | None] = mapped_column(sa.Double())
    latitude: Mapped[float | None] = mapped_column(sa.Double())
    west: Mapped[float | None] = mapped_column(sa.Double())
    south: Mapped[float | None] = mapped_column(sa.Double())
    east: Mapped[float | None] = mapped_column(sa.Double())
    north: Mapped[float | None] = mapped_column(sa.Double())
    geometry: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    attributes: Mapped[dict[str, Any]]
    qr_token: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    version: Mapped[int]


class OwnerPeriod(Stamped, Base):
    """Who owned an asset from ``owned_from`` until the day before ``owned_until`` (open when NULL)."""

    __tablename__ = "owner_period"
    __table_args__ = (
        sa.UniqueConstraint("asset_id", "owned_from"),
        sa.UniqueConstraint("asset_id", "owned_until"),
        sa.CheckConstraint("owned_until IS NULL OR owned_until > owned_from", name="days_in_order"),
        sa.Index(
            "uq_owner_period_open",
            "asset_id",
            unique=True,
            sqlite_where=sa.text("owned_until IS NULL"),
            postgresql_where=sa.text("owned_until IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(sa.ForeignKey("asset.id"))
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"), index=True)
    owned_from: Mapped[date]
    owned_until: Mapped[date | None]
    reason: Mapped[str]


class AssetEvent(Base):
    """One change in the life of an asset: who, when, what kind, why, and the values before and after."""

    __tablename__ = "asset_event"
    __table_args__ = (sa.UniqueConstraint("asset_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(sa.ForeignKey("asset.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
    facts: Mapped[dict[str, Any]]


class AssetSource(Base):
    """The key an import file knows an asset by, and the fingerprint of what it said last."""

    __tablename__ = "asset_source"
    __table_args__ = (sa.UniqueConstraint("profile", "key"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    profile: Mapped[str]
    key: Mapped[str]
    asset_id: Mapped[str] = mapped_column(sa.ForeignKey("asset.id"), index=True)
    fingerprint: Mapped[str]
    read_at: Mapped[datetime]


triggers.attach(OwnerPeriod.__table__)
