"""Process variables at rest and at the edges: JSON that keeps every FEEL value, and reading times.

Comes in: values as FEEL knows them. Goes out: JSON text and back, instants, durations, readable text. It never
loses a cent: a decimal, date, time or duration travels as a tagged text. Next: ``engine/kernel/state.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from engine.feel import Months
from engine.feel.temporal import read_date, read_date_time, read_duration, read_time
from engine.feel.text import write

TAG = "§"
"""Key of a tagged value, ``{"§": kind, "v": text}``: JSON has no decimal, date or duration."""

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_NON_STR_KEYS
_MARK = f'"{TAG}"'.encode()
_LARGEST = 2**63 - 1
_MIXED = re.compile(
    r"(-?)P((?:\d{1,9}Y)?(?:\d{1,9}M)?)(?:(\d{1,9})W)?(?:(\d{1,9})D)?(T.*)?",
    re.ASCII,
)
_LOOSE = re.compile(
    r"([^T]+T\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?(?:\[([A-Za-z0-9_+\-/]+)\])?",
    re.ASCII,
)


def dumps(value: Any) -> str:
    """Return ``value`` as one line of JSON.

    Raises:
        TypeError: it holds something that is no FEEL value.
    """
    try:
        return orjson.dumps(value, default=_tag, option=_OPTIONS).decode()
    except TypeError:
        # Integers beyond 64 bits: rare, so they alone pay for a second walk.
        return orjson.dumps(_tag_large(value), default=_tag, option=_OPTIONS).decode()


def loads(text: str | bytes) -> Any:
    """Return what ``dumps`` wrote; without tags nothing is walked."""
    raw = text.encode() if isinstance(text, str) else text
    value = orjson.loads(raw)
    tags = raw.count(_MARK)
    if not tags:
        return value
    holder = [value]
    _untag(holder, tags)
    return holder[0]


def _tag(value: Any) -> dict[str, str] | list[Any]:
    if isinstance(value, Decimal):
        return {TAG: "number", "v": str(value)}
    if isinstance(value, datetime):
        zone = value.tzinfo
        kept = f"@{zone.key}" if isinstance(zone, ZoneInfo) else ""
        return {TAG: "date and time", "v": (value.replace(tzinfo=None) if kept else value).isoformat() + kept}
    if isinstance(value, date):
        return {TAG: "date", "v": value.isoformat()}
    if isinstance(value, time):
        zone = value.tzinfo
        kept = f"@{zone.key}" if isinstance(zone, ZoneInfo) else ""
        return {TAG: "time", "v": (value.replace(tzinfo=None) if kept else value).isoformat() + kept}
    if isinstance(value, (timedelta, Months)):
        return {TAG: "duration", "v": write(value)}
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"Expected a value that FEEL knows, but {type(value).__name__} is none.")


def _tag_large(value: Any) -> Any:
    if type(value) is int and not -_LARGEST - 1 <= value <= _LARGEST:
        return {TAG: "number", "v": str(value)}
    if isinstance(value, dict):
        return {key: _tag_large(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tag_large(item) for item in value]
    return value


def _untag(root: list[Any], left: int) -> None:
    """Put real values where tagged ones stand, in place: the parsed text is nobody else's yet.

    Every command walks its instance's whole state here; level by level, and no further than to the last of
    the ``left`` tags that the text has, because they mostly stand near the top.
    """
    level: list[dict[str, Any] | list[Any]] = [root]
    while level:
        below: list[dict[str, Any] | list[Any]] = []
        for holder in level:
            places: Iterable[tuple[Any, Any]] = (
                enumerate(holder) if isinstance(holder, list) else holder.items()
            )
            for place, item in places:
                kind = type(item)
                if kind is list:
                    below.append(item)
                elif kind is dict:
                    if TAG not in item or len(item) != 2 or type(item.get("v")) is not str:
                        below.append(item)
                        continue
                    holder[place] = _read(item[TAG], item["v"])
                    left -= 1
                    if left == 0:
                        return
        level = below


def _read(kind: str, text: str) -> Any:
    """Return the value of a tag; what somebody else wrote under our tag stays the text it is."""
    if kind == "number":
        try:
            return int(text) if "." not in text and "E" not in text else Decimal(text)
        except (InvalidOperation, ValueError):  # int() also refuses numbers of thousands of digits
            return text
    if kind == "date":
        return read_date(text)
    if kind == "time":
        return read_time(text)
    if kind == "duration":
        return read_duration(text)
    return read_date_time(text)


# ---------------------------------------------------------------------- reading and writing at the edges


def to_text(value: Any) -> str:
    """Return a value as FEEL writes it; null is ``null``."""
    return "null" if value is None else write(value)


@dataclass(frozen=True, slots=True)
class Period:
    """Months and then days or time, as ISO 8601 and timers may mix them; FEEL keeps the two apart."""

    months: Months
    rest: timedelta


Duration = timedelta | Months | Period


def parse_duration(text: str) -> Duration | None:
    """Return an ISO 8601 duration, or None; beside what FEEL reads, weeks and mixed ones (``P1M2DT3H``)."""
    plain = read_duration(text)
    if plain is not None:
        return plain
    match = _MIXED.fullmatch(text)
    if match is None or text[-1] in "PT":
        return None
    sign, long, weeks, days, clock = match.groups()
    months = read_duration(f"{sign}P{long}") if long else Months(0)
    rest = read_duration(f"{sign}P{7 * int(weeks or 0) + int(days or 0)}D{clock or ''}")
    if not isinstance(months, Months) or not isinstance(rest, timedelta):
        return None
    return Period(months, rest) if months.months else rest


def to_instant(value: Any, *, zone: str) -> datetime | None:
    """Return an aware UTC instant from a date and time, a date (its first moment in ``zone``) or ISO text.

    A text may leave the seconds out and may name a zone in brackets, ``2026-07-14T08:00+02:00[Europe/Brussels]``:
    the offset decides, the zone only where there is none.
    """
    moment: object = value
    if isinstance(value, str):
        moment = read_date_time(value) or read_date(value) or _read_loose(value)
    if type(moment) is date:
        moment = datetime.combine(moment, time())
    if not isinstance(moment, datetime):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first and last hours of the calendar are of no year in UTC
        return None


def _read_loose(text: str) -> object:
    match = _LOOSE.fullmatch(text)
    if match is None:
        return None
    start, seconds, offset, place = match.groups()
    if place is not None and read_time(f"00:00:00@{place}") is None:
        return None
    return read_date_time(start + (seconds or ":00") + (offset or (f"@{place}" if place else "")))


def shift(moment: datetime, duration: Duration) -> datetime:
    """Return ``moment`` plus a duration; a month that is too short gives its last day (ISO 8601, FEEL)."""
    if isinstance(duration, timedelta):
        return moment + duration
    if isinstance(duration, Period):
        return shift(moment, duration.months) + duration.rest
    months = moment.month - 1 + duration.months
    year, month = moment.year + months // 12, months % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return moment.replace(year=year, month=month, day=min(moment.day, last))
