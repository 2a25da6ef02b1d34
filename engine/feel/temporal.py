"""Dates, times and durations as text.

Comes in: ISO 8601 text as DMN writes it. Goes out: Python's date types, and text again. It never guesses:
what is not exactly such a text is null. Next: ``arithmetic.py``.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from engine.feel import far
from engine.feel.far import FarDateTime, Moment
from engine.feel.values import Months

DATE_TEXT: Final = re.compile(r"(-?(?:\d{4}|[1-9]\d{4,8}))-(\d\d)-(\d\d)", re.ASCII)
TIME_TEXT: Final = re.compile(
    r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z0-9_+\-]+(?:/[A-Za-z0-9_+\-]+)*)?",
    re.ASCII,
)
DURATION_TEXT: Final = re.compile(
    r"(-)?P(?:(\d{1,18})Y)?(?:(\d{1,18})M)?(?:(\d{1,18})D)?"
    r"(?:T(?:(\d{1,18})H)?(?:(\d{1,18})M)?(?:(\d{1,18}(?:\.\d{0,18})?)S)?)?",
    re.ASCII,
)
MICROSECONDS: Final = 1_000_000
DAY_MICROSECONDS: Final = 86_400 * MICROSECONDS
LARGEST_OFFSET_HOURS: Final = 18


def read_date(text: str) -> Moment | None:
    """Read ``2026-11-21``."""
    match = DATE_TEXT.fullmatch(text)
    if match is None:
        return None
    try:
        return far.make_date(int(match[1]), int(match[2]), int(match[3]))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=600)
def zone(name: str) -> tzinfo:
    """Find ``Z``, ``+02:00`` or ``@Europe/Brussels``.

    Raises:
        ValueError: there is no such zone.
    """
    if name == "Z":
        return UTC
    if name[0] == "@":
        try:
            return ZoneInfo(name[1:])
        except (KeyError, OSError) as error:
            raise ValueError(name) from error
    hours, minutes, *seconds = (int(part) for part in name[1:].split(":"))
    if hours > LARGEST_OFFSET_HOURS or minutes > 59:
        raise ValueError(name)
    offset = timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))
    return timezone(-offset if name[0] == "-" else offset)


def read_time(text: str) -> time | None:
    """Read ``08:30:00``, with a fraction, an offset or ``@`` and a zone if they are there."""
    match = TIME_TEXT.fullmatch(text)
    if match is None:
        return None
    hour, minute, second, fraction, place = match.groups()
    try:
        microsecond = int(((fraction or "") + "000000")[:6])
        return time(int(hour), int(minute), int(second), microsecond, zone(place) if place else None)
    except ValueError:
        return None


def read_date_time(text: str) -> Moment | None:
    """Read ``2026-11-21T08:30:00@Europe/Brussels``, or a date alone as its midnight."""
    day_text, letter, time_text = text.partition("T")
    day = read_date(day_text)
    if day is None:
        return None
    if not letter:
        return far.at(day, time())
    ends_day = time_text.startswith("24:00:00")  # ISO 8601: the end of a day is the start of the next
    moment = read_time("00" + time_text[2:] if ends_day else time_text)
    if moment is None or (ends_day and moment.microsecond):
        return None
    try:
        return far.at(far.move(day, timedelta(days=1)) if ends_day else day, moment)
    except OverflowError:
        return None


def read_duration(text: str) -> timedelta | Months | None:
    """Read ``P3D``, ``PT90M`` or ``P1Y6M``; years and months do not mix with days and time."""
    match = DURATION_TEXT.fullmatch(text)
    if match is None or text[-1] in "PT":
        return None
    minus, years, months, days, hours, minutes, seconds = match.groups()
    sign = -1 if minus else 1
    if years or months:
        if days or hours or minutes or seconds:
            return None
        return Months(sign * (int(years or 0) * 12 + int(months or 0)))
    try:
        return sign * timedelta(
            days=int(days or 0),
            hours=int(hours or 0),
            minutes=int(minutes or 0),
            microseconds=int(Decimal(seconds or 0) * MICROSECONDS),
        )
    except OverflowError:
        return None


def read(text: str) -> Moment | time | timedelta | Months | None:
    """Read what stands in ``@"…"``: a date, a time, a date and time, or a duration."""
    found = read_date(text) or read_time(text)
    if found is not None:
        return found
    return read_duration(text) if "P" in text[:2] else read_date_time(text)


def microseconds(duration: timedelta) -> int:
    """Count a duration in microseconds."""
    return (duration.days * 86_400 + duration.seconds) * MICROSECONDS + duration.microseconds


def clock_microseconds(moment: time) -> int:
    """Count a time of day in microseconds since midnight, its own offset left alone."""
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * MICROSECONDS + moment.microsecond


def from_clock(count: int, place: tzinfo | None) -> time:
    """Give the time of day after ``count`` microseconds, around midnight if needed."""
    seconds, microsecond = divmod(count % DAY_MICROSECONDS, MICROSECONDS)
    return time(seconds // 3600, seconds % 3600 // 60, seconds % 60, microsecond, place)


def month_days(year: int, month: int) -> int:
    """Return how many days a month has, in any year."""
    return calendar.monthrange(far.FIRST_YEAR + year % far.CYCLE_YEARS, month)[1]


def write_offset(moment: time | datetime | FarDateTime) -> str:
    """Write the zone as it is read."""
    place = moment.tzinfo
    if place is None:
        return ""
    if isinstance(place, ZoneInfo):
        return f"@{place.key}"
    offset = place.utcoffset(None)
    seconds = 0 if offset is None else int(offset.total_seconds())
    if seconds == 0:
        return "Z"
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{sign}{hours:02d}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")


def _fraction(count: int) -> str:
    return f".{count:06d}".rstrip("0") if count else ""


def write_date(day: Moment) -> str:
    """Write ``2026-11-21``."""
    sign = "-" if day.year < 0 else ""
    return f"{sign}{abs(day.year):04d}-{day.month:02d}-{day.day:02d}"


def write_time(moment: time | datetime | FarDateTime) -> str:
    """Write ``08:30:00`` with its fraction and zone."""
    clock = f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    return clock + _fraction(moment.microsecond) + write_offset(moment)


def write_days(duration: timedelta) -> str:
    """Write ``P1DT2H``; nothing at all is ``PT0S``."""
    count = microseconds(duration)
    if count == 0:
        return "PT0S"
    seconds, rest = divmod(abs(count), MICROSECONDS)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    clock += f"{seconds}{_fraction(rest)}S" if seconds or rest else ""
    return ("-" if count < 0 else "") + "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")


def write_months(duration: Months) -> str:
    """Write ``P1Y6M``; nothing at all is ``P0M``."""
    if duration.months == 0:
        return "P0M"
    years, months = divmod(abs(duration.months), 12)
    sign = "-" if duration.months < 0 else ""
    return sign + "P" + (f"{years}Y" if years else "") + (f"{months}M" if months else "")
