"""Values: what a cell of a file says, read as a profile tells.

Comes in: one row and options. Goes out: text, numbers, days, truth values, places in WGS 84. It never corrects a value:
what cannot be read is refused with its field. Next: ``integrations/imports/assets.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import pyproj
from pyproj.exceptions import ProjError

from integrations.imports.errors import UnfitProfile
from integrations.imports.profile import AttributeOptions, PlaceOptions
from registry import places
from registry.rules import Unfit

_YES = frozenset({"oui", "o", "yes", "y", "true", "vrai", "1"})
_NO = frozenset({"non", "n", "no", "false", "faux", "0"})
_WGS84 = "EPSG:4326"
_DIGITS = 7  # degrees: a centimetre
_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"


def text(value: Any) -> str:
    """Return a cell as text without outer spaces; a whole number loses its ``.0``."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def number(value: Any, field: str, decimal: str) -> float | None:
    """Return a cell as a number, or None when it is empty.

    Raises:
        Unfit: it is no finite number.
    """
    written = text(value)
    if not written:
        return None
    try:
        found = float(value) if isinstance(value, int | float) else float(written.replace(decimal, "."))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Unfit(f"Expected a number, but found {written}.", field=field, found=written)
    return found


def day(value: Any, field: str) -> date | None:
    """Return a cell as a day, written ``2026-11-21``, ``20261121`` or ``21/11/2026``, or None when it is empty.

    Raises:
        Unfit: it is none of these.
    """
    written = text(value)
    if not written:
        return None
    for form in ("%Y-%m-%d", "%Y%m%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007 - a day of a file has no zone
        except ValueError:
            continue
    raise Unfit(f"Expected a day like 2026-11-21, but found {written}.", field=field, found=written)


def attribute(value: Any, options: AttributeOptions, field: str, decimal: str) -> Any:
    """Return a cell as the value of an own field, or None when it is empty.

    Raises:
        Unfit: it is not of the field's type.
    """
    written = text(value)
    if not written:
        return None
    if options.type == "string":
        return written
    if options.type == "boolean":
        word = written.casefold()
        if word in _YES or word in _NO:
            return word in _YES
        raise Unfit(f"Expected yes or no, but found {written}.", field=field, found=written)
    found = number(value, field, decimal)
    if found is None or options.type == "number":
        return None if found is None else round(found, options.digits)
    if not found.is_integer():
        raise Unfit(f"Expected a whole number, but found {written}.", field=field, found=written)
    return int(found)


def geometry(shape: Mapping[str, Any] | None, crs: str) -> dict[str, Any] | None:
    """Return a geometry in WGS 84, rounded to a centimetre, or None when there is none.

    Raises:
        Unfit: its coordinates do not belong to the reference system.
        UnfitProfile: there is no such reference system.
    """
    if shape is None:
        return None
    if shape.get("type") == "GeometryCollection":
        parts = [geometry(part, crs) for part in shape.get("geometries", [])]
        return {"type": "GeometryCollection", "geometries": parts}
    turned = _turn(shape.get("coordinates"), _transform(crs))
    return {"type": shape.get("type"), "coordinates": turned}


def check_within(point: places.Point, options: PlaceOptions) -> None:
    """Refuse a point outside the box of the profile: a wrong reference system, or another town.

    Raises:
        Unfit: the point lies outside.
    """
    if not options.within:
        return
    west, south, east, north = options.within
    if not (west <= point.longitude <= east and south <= point.latitude <= north):
        raise Unfit(
            f"Expected a place between {west}, {south} and {east}, {north}, "
            f"but found {point.longitude:.5f}, {point.latitude:.5f}.",
            field="geometry",
        )


def geohash(point: places.Point, length: int = 11) -> str:
    """Return the geohash of a point: 11 characters name a rectangle of 15 by 15 centimetres.

    Source: G. Niemeyer's geohash (2008), as in the OGC's and PostGIS's ``ST_GeoHash``.
    """
    spans = [[-180.0, 180.0], [-90.0, 90.0]]
    bits = 0
    for turn in range(5 * length):
        span, degree = spans[turn % 2], point[turn % 2]
        middle = (span[0] + span[1]) / 2
        east = degree >= middle
        span[0 if east else 1] = middle
        bits = bits << 1 | east
    return "".join(_GEOHASH[bits >> shift & 31] for shift in range(5 * (length - 1), -1, -5))


def _turn(level: Any, transform: Callable[[float, float], tuple[float, float]]) -> Any:
    """Return nested coordinates with every position turned into degrees."""
    if not isinstance(level, Sequence) or isinstance(level, str) or not level:
        raise Unfit("Expected coordinates, but found none.", field="geometry")
    if isinstance(level[0], int | float):
        if len(level) < 2 or not isinstance(level[1], int | float):
            raise Unfit(f"Expected a position of two numbers, but found {level!r}.", field="geometry")
        east, north = transform(level[0], level[1])
        if not (math.isfinite(east) and math.isfinite(north)):
            raise Unfit(
                f"Expected a position of the reference system, but found {level!r}.", field="geometry"
            )
        return [round(east, _DIGITS), round(north, _DIGITS)]
    return [_turn(inner, transform) for inner in level]


@lru_cache(maxsize=8)
def _transform(crs: str) -> Callable[[float, float], tuple[float, float]]:
    if crs == _WGS84:
        return lambda east, north: (east, north)
    try:
        transformer = pyproj.Transformer.from_crs(crs, _WGS84, always_xy=True)
    except ProjError as error:
        raise UnfitProfile(
            f"Expected a reference system like EPSG:2154, but found {crs}.", crs=crs
        ) from error

    def transform(east: float, north: float) -> tuple[float, float]:
        longitude, latitude = transformer.transform(east, north)
        return float(longitude), float(latitude)

    return transform
