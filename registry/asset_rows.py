"""Rows of assets: what a draft becomes before it is written.

Comes in: a draft of an asset, or the point and geometry it is to have. Goes out: columns, checked. It never talks to
the database. Next: ``registry/assets.py``, the only caller.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from registry import fields, ids, places, rules
from registry.tables.assets import AssetClass


class UnfitFields(rules.Unfit):
    """Values of an asset's own fields do not fit its class; ``problems`` lists each."""

    code = "unfit_fields"


@dataclass(frozen=True, slots=True)
class Draft:
    """An asset to be created; see ``assets.create`` for the meaning of each fact."""

    entity_id: str
    class_code: str
    code: str
    name: str
    owned_from: date
    parent_id: str | None = None
    address: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    geometry: dict[str, Any] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None


def row(draft: Draft, class_: AssetClass, at: datetime, by: str) -> dict[str, Any]:
    """Return the row of a new asset.

    Raises:
        Unfit: a value has not the form it needs.
        UnfitFields: a value does not fit the class.
    """
    check_fields(class_, draft.attributes)
    return {
        "id": draft.id or ids.new(at),
        "entity_id": draft.entity_id,
        "class_code": draft.class_code,
        "code": rules.text(draft.code, "code", limit=80),
        "name": rules.text(draft.name, "name"),
        "parent_id": draft.parent_id,
        "address": rules.optional_text(draft.address, "address", limit=500),
        **place(draft.longitude, draft.latitude, draft.geometry),
        "attributes": dict(draft.attributes),
        "qr_token": secrets.token_urlsafe(9),
        "status": "in_service",
        "version": 1,
        "created_at": at,
        "created_by": by,
        "changed_at": at,
        "changed_by": by,
    }


def place(longitude: float | None, latitude: float | None, geometry: dict[str, Any] | None) -> dict[str, Any]:
    """Return the columns of a place: the point said, else the centre; the box around point or geometry."""
    if (longitude is None) != (latitude is None):
        raise rules.Unfit("Expected a longitude and a latitude, but one is absent.", field="longitude")
    box = places.bounds(geometry) if geometry is not None else None
    if longitude is not None and latitude is not None:
        point: places.Point | None = places.check_point(longitude, latitude)
    else:
        point = places.centre(geometry) if geometry is not None else None
    if box is None and point is not None:
        box = places.Bounds(point.longitude, point.latitude, point.longitude, point.latitude)
    return {
        "longitude": point.longitude if point else None,
        "latitude": point.latitude if point else None,
        "west": box.west if box else None,
        "south": box.south if box else None,
        "east": box.east if box else None,
        "north": box.north if box else None,
        "geometry": geometry,
    }


def event(
    asset_id: str, number: int, kind: str, text: str = "", *, facts: Mapping[str, Any], at: datetime, by: str
) -> dict[str, Any]:
    """Return an event's row; its number is the version of the asset that it made."""
    return {
        "id": ids.derived("asset_event", asset_id, number),
        "asset_id": asset_id,
        "number": number,
        "at": at,
        "by": by,
        "kind": kind,
        "text": text,
        "facts": dict(facts),
    }


def check_fields(class_: AssetClass, attributes: Mapping[str, Any]) -> None:
    """Refuse values that do not fit the fields of a class.

    Raises:
        UnfitFields: at least one does not; ``problems`` lists all.
    """
    found = fields.problems(class_.fields, attributes)
    if found:
        first = found[0]
        raise UnfitFields(
            f"Expected {first.expected} in field {first.field} of class {class_.code}, but found {first.found}.",
            field=first.field,
            problems=tuple(found),
        )
