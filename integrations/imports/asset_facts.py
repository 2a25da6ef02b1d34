"""Facts of assets: what the rows of a file say, put together by key.

Comes in: the rows of a file and a profile. Goes out: one ``Facts`` for each asset, and notes on rows refused, merged or
numbered. It never looks at the registry. Next: ``integrations/imports/assets.py``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson

from integrations.imports import values
from integrations.imports.errors import UnfitProfile
from integrations.imports.files import Row, Source, column_name
from integrations.imports.profile import Profile
from integrations.imports.report import Note, Report
from registry import places
from registry.errors import Refused
from registry.rules import Unfit

_JOINT = " / "
_BY_PLACE = "place:"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says about one asset, and the lines that say it."""

    lines: tuple[int, ...]
    key: str
    code: str
    name: str
    address: str | None
    owned_from: date | None
    point: places.Point | None
    geometry: dict[str, Any] | None
    attributes: Mapping[str, Any]

    def fingerprint(self) -> str:
        """Return a digest of the facts: equal digests mean that the file says the same."""
        said = (
            self.code,
            self.name,
            self.address,
            self.point and tuple(self.point),
            self.geometry,
            dict(self.attributes),
        )
        return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def check_columns(source: Source, profile: Profile) -> None:
    """Refuse a file without a column the profile names; columns of degrees may be absent where there are shapes.

    Raises:
        UnfitProfile: at least one is absent.
    """
    named = [
        profile.key.column,
        profile.facts.name,
        profile.facts.address,
        profile.facts.owned_from,
        *(options.column for options in profile.attributes.values()),
    ]
    absent = [name for name in named if name and column_name(name) not in source.columns]
    if absent:
        raise UnfitProfile(
            f"Expected the columns {', '.join(absent)} of profile {profile.name}, "
            f"but the file has {', '.join(sorted(source.columns))}.",
            profile=profile.name,
            absent=tuple(absent),
        )


def combined(source: Source, profile: Profile, report: Report) -> Iterator[Facts]:
    """Yield one asset after the other, made of the rows that share a key; count and note the others."""
    groups: dict[str, list[Facts]] = {}
    for row in source.rows:
        if row.fault is not None:
            report.refuse(row.line, "", "", row.fault)
            continue
        try:
            facts = _facts(row, profile)
        except Refused as error:
            report.refuse(row.line, _key(row, profile), str(error.facts.get("field", "")), error.message)
            continue
        groups.setdefault(facts.key, []).append(facts)
    for key, rows in groups.items():
        if len(rows) == 1 or profile.key.repeated == "merge":
            yield _merged(rows, profile, report)
        elif profile.key.repeated == "refuse":
            yield rows[0]
            for facts in rows[1:]:
                reason = f"Expected each key once, but line {rows[0].lines[0]} has it already."
                report.refuse(facts.lines[0], key, profile.key.column, reason)
        else:
            yield from _numbered(rows, report)


def _key(row: Row, profile: Profile) -> str:
    """Return the key a row has, or nothing when what stands there means none."""
    if not profile.key.column:
        return ""
    written = values.text(row.values.get(column_name(profile.key.column)))
    return "" if written in profile.key.none else written


def _facts(row: Row, profile: Profile) -> Facts:
    """Return what one row says.

    Raises:
        Unfit: a value cannot be read, or nothing names the asset.
    """
    point, geometry = _place(row, profile)
    place = values.geohash(point) if point is not None else ""
    key = _key(row, profile)
    code = profile.key.code.format(key=key)
    if not key:
        if profile.key.otherwise == "refuse" or not place:
            what = "a key" if profile.key.otherwise == "refuse" else "a key or a place"
            raise Unfit(f"Expected {what}, but found none.", field=profile.key.column or "geometry")
        key, code = f"{_BY_PLACE}{place}", profile.key.code_by_place.format(place=place)
    facts = profile.facts
    name = _cell(row, facts.name) or facts.name_otherwise.format(key=key, place=place)
    if not name:
        raise Unfit("Expected a name, but found none.", field=facts.name)
    own = {
        attribute: values.attribute(_raw(row, options.column), options, options.column, profile.file.decimal)
        for attribute, options in profile.attributes.items()
    }
    return Facts(
        lines=(row.line,),
        key=key,
        code=code,
        name=name,
        address=_cell(row, facts.address) or None,
        owned_from=values.day(_raw(row, facts.owned_from), facts.owned_from),
        point=point,
        geometry=geometry,
        attributes={attribute: value for attribute, value in own.items() if value is not None},
    )


def _raw(row: Row, column: str) -> Any:
    return row.values.get(column_name(column)) if column else None


def _cell(row: Row, column: str) -> str:
    return values.text(_raw(row, column))


def _place(row: Row, profile: Profile) -> tuple[places.Point | None, dict[str, Any] | None]:
    """Return the point and the shape of a row; a shape that is a point is kept as the point alone."""
    options = profile.place
    geometry = values.geometry(row.geometry, options.crs)
    longitude = values.number(_raw(row, options.longitude), options.longitude, profile.file.decimal)
    latitude = values.number(_raw(row, options.latitude), options.latitude, profile.file.decimal)
    point = None
    if geometry is not None:
        places.bounds(geometry)
        point = places.centre(geometry)
        geometry = None if geometry["type"] == "Point" else geometry
    elif longitude is not None and latitude is not None:
        point = places.check_point(longitude, latitude)
    if point is not None:
        values.check_within(point, options)
    return point, geometry


def _merged(rows: Sequence[Facts], profile: Profile, report: Report) -> Facts:
    """Return one asset made of several rows, and say so of each but the first."""
    first = rows[0]
    attributes = {
        attribute: _together([facts.attributes.get(attribute) for facts in rows], options.merge)
        for attribute, options in profile.attributes.items()
    }
    if profile.facts.count_as:
        attributes[profile.facts.count_as] = len(rows)
    for facts in rows[1:]:
        what = "place" if first.key.startswith(_BY_PLACE) else "key"
        reason = f"Same {what} as line {first.lines[0]}: one asset."
        if facts.name != first.name:
            reason += f" Its name there is {first.name}, here {facts.name}: both are kept."
        report.notes.append(Note(facts.lines[0], "merged", facts.key, profile.key.column, reason))
    report.merged += len(rows) - 1
    names = Counter(facts.name for facts in rows if not _is_stopgap(facts, profile)) or Counter([first.name])
    geometry = _collected([facts.geometry for facts in rows if facts.geometry is not None])
    return replace(
        first,
        lines=tuple(facts.lines[0] for facts in rows),
        name=_JOINT.join(name for name, _ in names.most_common())[:200],
        address=next((facts.address for facts in rows if facts.address), None),
        owned_from=min((facts.owned_from for facts in rows if facts.owned_from), default=None),
        point=places.centre(geometry) if geometry is not None else first.point,
        geometry=geometry,
        attributes={attribute: value for attribute, value in attributes.items() if value is not None},
    )


def _is_stopgap(facts: Facts, profile: Profile) -> bool:
    """Tell whether a row's name is only what the profile puts where the file has none."""
    start = profile.facts.name_otherwise.split("{", maxsplit=1)[0]
    return bool(start) and facts.name.startswith(start)


def _together(found: Sequence[Any], how: str) -> Any:
    said = [value for value in found if value is not None]
    if not said:
        return None
    if how == "sum":
        return round(sum(said), 6)
    if how == "join":
        return _JOINT.join(dict.fromkeys(str(value) for value in said))
    return said[0]


def _collected(shapes: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the shapes as one: several polygons as a MultiPolygon, other mixtures as a collection."""
    if len(shapes) < 2:
        return shapes[0] if shapes else None
    if all(shape["type"] in {"Polygon", "MultiPolygon"} for shape in shapes):
        polygons = [
            polygon
            for shape in shapes
            for polygon in (
                shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
            )
        ]
        return {"type": "MultiPolygon", "coordinates": polygons}
    return {"type": "GeometryCollection", "geometries": list(shapes)}


def _numbered(rows: Sequence[Facts], report: Report) -> Iterator[Facts]:
    """Yield rows of one key as assets of their own, the second one numbered 2."""
    yield rows[0]
    for number, facts in enumerate(rows[1:], start=2):
        reason = f"Same key or place as line {rows[0].lines[0]}: asset number {number} of it."
        report.notes.append(Note(facts.lines[0], "remark", facts.key, "", reason))
        yield replace(
            facts,
            key=f"{facts.key}#{number}",
            code=f"{facts.code}-{number}",
            name=f"{facts.name} n° {number}",
        )
