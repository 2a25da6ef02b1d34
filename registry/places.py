"""Places: GeoJSON geometries, their bounds and centre, and distances on the ground.

Comes in: a GeoJSON geometry in WGS 84 (longitude, latitude), or two points. Goes out: bounds, a centre, metres.
It never converts from another reference system: that is done at import. Next: ``registry/assets.py``.

Source: RFC 7946, sections 3.1 (geometry objects) and 4 (WGS 84).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from registry.rules import Unfit

_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_EARTH_METRES = 6_371_008.8  # mean radius, IUGG
_MOST_POSITIONS = 200_000


class Point(NamedTuple):
    """Degrees east and north."""

    longitude: float
    latitude: float


class Bounds(NamedTuple):
    """The box around a geometry, in degrees."""

    west: float
    south: float
    east: float
    north: float


def check_point(longitude: float, latitude: float) -> Point:
    """Return the point, or refuse degrees that are not on the earth.

    Raises:
        Unfit: a degree is not a number, or lies outside.
    """
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        raise Unfit("Expected degrees, but found no finite number.", field="longitude")
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise Unfit(
            f"Expected a longitude from -180 to 180 and a latitude from -90 to 90, "
            f"but found {longitude} and {latitude}.",
            field="longitude",
            found=(longitude, latitude),
        )
    return Point(float(longitude), float(latitude))


def bounds(geometry: Mapping[str, Any]) -> Bounds:
    """Return the box around a geometry, after checking its form.

    Raises:
        Unfit: the geometry is no GeoJSON geometry, is empty or is too large.
    """
    points = list(_positions(geometry))
    if not points:
        raise Unfit("Expected a geometry with positions, but it is empty.", field="geometry")
    east = [point.longitude for point in points]
    north = [point.latitude for point in points]
    return Bounds(min(east), min(north), max(east), max(north))


def centre(geometry: Mapping[str, Any]) -> Point:
    """Return the centre of a geometry: of its areas where it has some, else of its positions."""
    rings = list(_rings(geometry))
    weight = x = y = 0.0
    for ring in rings:
        area, ring_x, ring_y = _centroid(ring)
        weight, x, y = weight + area, x + area * ring_x, y + area * ring_y
    if weight > 0:
        return Point(x / weight, y / weight)
    points = list(_positions(geometry))
    return Point(
        sum(point.longitude for point in points) / len(points),
        sum(point.latitude for point in points) / len(points),
    )


def metres(a: Point, b: Point) -> float:
    """Return the distance between two points along the ground (haversine formula)."""
    north, south = math.radians(a.latitude), math.radians(b.latitude)
    half = (
        math.sin((north - south) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin(math.radians(a.longitude - b.longitude) / 2) ** 2
    )
    return 2 * _EARTH_METRES * math.asin(math.sqrt(min(1.0, half)))


def around(point: Point, radius: float) -> Bounds:
    """Return a box that holds every point within ``radius`` metres: for the index, before the exact distance."""
    north = math.degrees(radius / _EARTH_METRES)
    east = north / max(0.01, math.cos(math.radians(point.latitude)))
    return Bounds(
        point.longitude - east, point.latitude - north, point.longitude + east, point.latitude + north
    )


def _positions(geometry: Mapping[str, Any]) -> Iterator[Point]:
    """Yield every position, refusing what is no geometry."""
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        for part in geometry.get("geometries", []):
            yield from _positions(part)
        return
    if kind not in _DEPTH:
        raise Unfit(f"Expected a GeoJSON geometry, but found {kind}.", field="geometry", found=kind)
    level: list[Any] = [geometry.get("coordinates")]
    for _ in range(_DEPTH[kind]):
        if not all(isinstance(part, Sequence) and not isinstance(part, str) for part in level):
            raise Unfit(
                f"Expected the coordinates of a {kind}, but they are nested otherwise.", field="geometry"
            )
        level = [inner for part in level for inner in part]
        if len(level) > _MOST_POSITIONS:
            raise Unfit(f"Expected at most {_MOST_POSITIONS} positions in a geometry.", field="geometry")
    for position in level:
        yield _position(position)


def _position(position: Any) -> Point:
    if (
        not isinstance(position, Sequence)
        or len(position) not in {2, 3}
        or not all(isinstance(degree, int | float) for degree in position)
    ):
        raise Unfit(f"Expected a position [longitude, latitude], but found {position!r}.", field="geometry")
    return check_point(position[0], position[1])


def _rings(geometry: Mapping[str, Any]) -> Iterator[list[Point]]:
    """Yield the outer ring of each polygon."""
    kind = geometry["type"]
    if kind == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from _rings(part)
    elif kind == "Polygon":
        yield [_position(position) for position in geometry["coordinates"][0]]
    elif kind == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield [_position(position) for position in polygon[0]]


def _centroid(ring: Sequence[Point]) -> tuple[float, float, float]:
    """Return area and centre of a ring (shoelace formula, from its first point to keep digits)."""
    start = ring[0]
    twice = x = y = 0.0
    for a, b in pairwise(ring):
        ax, ay = a.longitude - start.longitude, a.latitude - start.latitude
        bx, by = b.longitude - start.longitude, b.latitude - start.latitude
        cross = ax * by - bx * ay
        twice, x, y = twice + cross, x + (ax + bx) * cross, y + (ay + by) * cross
    if twice == 0:
        return 0.0, start.longitude, start.latitude
    return abs(twice) / 2, start.longitude + x / (3 * twice), start.latitude + y / (3 * twice)
