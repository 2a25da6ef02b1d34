"""Built-ins that convert: ``date``, ``time``, ``number``, ``string``, ``duration`` and Camunda's JSON and base64.

Comes in: values of one type. Goes out: values of another, or ``BAD``. They read no clock. Next: ``strings.py``.
DMN 1.5, 10.3.4.1.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from engine.feel import far, temporal
from engine.feel.arithmetic import midnight
from engine.feel.builtins.table import BAD, Library
from engine.feel.convert import dump, load
from engine.feel.errors import FeelValueError
from engine.feel.far import Moment
from engine.feel.run import Run
from engine.feel.text import write
from engine.feel.values import CONTEXT, Months, Value, as_index, decimal, finite, literal

LIBRARY: Final = Library()
add = LIBRARY.add

NUMBER_TEXT: Final = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d{1,6})?", re.ASCII)
PLAIN_NUMBER_TEXT: Final = re.compile(r"-?(\d+(\.\d+)?|\.\d+)", re.ASCII)


def found(value: Value) -> Value:
    """Give ``BAD`` instead of null."""
    return BAD if value is None else value


@add("date", "from: string")
def date_from_text(_run: Run, text: str) -> Value:
    """Read a date."""
    return found(temporal.read_date(text))


@add("date", "from: moment")
def date_from_moment(_run: Run, moment: Moment) -> Value:
    """Take the date of a date and time."""
    return far.day_of(moment)


@add("date", "year: number", "month: number", "day: number")
def date_from_parts(_run: Run, year: Value, month: Value, day: Value) -> Value:
    """Make a date from its parts."""
    return far.make_date(as_index(year), as_index(month), as_index(day))


@add("date and time", "from: string")
def date_time_from_text(_run: Run, text: str) -> Value:
    """Read a date and time."""
    return found(temporal.read_date_time(text))


@add("date and time", "from: moment")
def date_time_from_date(_run: Run, moment: Moment) -> Value:
    """Give the midnight of a date."""
    return midnight(moment)


@add("date and time", "date: moment", "time: time")
def date_time_from_both(_run: Run, day: Moment, clock: Value) -> Value:
    """Join a date and a time."""
    return far.at(far.day_of(day), clock.timetz() if isinstance(clock, datetime) else clock)


@add("date and time", "date: date", "timezone: string")
def date_time_in_zone(_run: Run, moment: Value, name: str) -> Value:
    """Give the same instant in another zone (Camunda)."""
    if not isinstance(moment, datetime):
        return BAD
    place = temporal.zone(name if name == "Z" or name[:1] in {"+", "-"} else f"@{name}")
    return moment.replace(tzinfo=place) if moment.tzinfo is None else moment.astimezone(place)


@add("time", "from: string")
def time_from_text(_run: Run, text: str) -> Value:
    """Read a time of day."""
    return found(temporal.read_time(text))


@add("time", "from: time")
def time_from_moment(_run: Run, moment: Value) -> Value:
    """Take the time of a date and time."""
    return moment.timetz() if isinstance(moment, datetime) else moment


@add("time", "from: date")
def time_from_date(_run: Run, _day: date) -> Value:
    """Give midnight in UTC."""
    return time(tzinfo=UTC)


@add("time", "hour: number", "minute: number", "second: number", "offset: days?")
def time_from_parts(
    _run: Run, hour: Value, minute: Value, second: Value, offset: timedelta | None = None
) -> Value:
    """Make a time of day from its parts."""
    whole = as_index(second)
    microsecond = int(CONTEXT.multiply(CONTEXT.subtract(decimal(second), decimal(whole)), decimal(1_000_000)))
    place = None if offset is None else timezone(offset)
    return time(as_index(hour), as_index(minute), whole, microsecond, place)


@add("number", "from: string")
def number_from_text(run: Run, text: str) -> Value:
    """Read a number."""
    text = text.strip()
    run.spend_characters(len(text))
    return found(literal_number(text)) if NUMBER_TEXT.fullmatch(text) else BAD


def literal_number(text: str) -> Value:
    """Read digits with their sign."""
    return literal(text) if text[0] != "-" else finite(CONTEXT.create_decimal(text))


@add("number", "from: string", "grouping separator: string?", "decimal separator: string?")
def number_from_local_text(
    run: Run, text: str, grouping: str | None = None, point: str | None = None
) -> Value:
    """Read a number written with separators."""
    if grouping not in {None, " ", ",", "."} or point not in {None, ",", "."}:
        return BAD
    if grouping is not None and grouping == point:
        return BAD
    run.spend_characters(len(text))
    if grouping:
        text = text.replace(grouping, "")
    if point == ",":
        if "." in text:
            return BAD
        text = text.replace(",", ".")
    return found(literal_number(text)) if PLAIN_NUMBER_TEXT.fullmatch(text) else BAD


@add("number", "from: number")
def number_from_number(_run: Run, number: Value) -> Value:
    """Give the number itself."""
    return number


@add("string", "from: any")
def string(run: Run, value: Value) -> Value:
    """Write a value."""
    return None if value is None else write(value, run)


@add("duration", "from: string")
def duration(_run: Run, text: str) -> Value:
    """Read a duration."""
    return found(temporal.read_duration(text))


@add("duration", "from: duration")
def duration_from_duration(_run: Run, value: Value) -> Value:
    """Give the duration itself."""
    return value


@add("years and months duration", "from: moment", "to: moment")
def months_between(_run: Run, start: Moment, end: Moment) -> Value:
    """Count the whole months between two dates."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return Months(months)


@add("to json", "value: any")
def to_json(run: Run, value: Value) -> Value:
    """Write a value as JSON (Camunda)."""
    try:
        text = dump(value, run)
    except FeelValueError:  # a function or a range has no JSON
        return BAD
    run.spend_characters(len(text))
    return text


@add("from json", "value: string")
def from_json(run: Run, text: str) -> Value:
    """Read JSON (Camunda)."""
    run.spend_characters(len(text))
    run.spend(len(text) >> 3)
    return load(text)


@add("to base64", "value: string")
def to_base64(run: Run, text: str) -> Value:
    """Write the UTF-8 bytes of a text in base 64 (Camunda)."""
    run.spend_characters(2 * len(text))
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


@add("from base64", "value: string")
def from_base64(run: Run, text: str) -> Value:
    """Read UTF-8 text from base 64 (Camunda)."""
    run.spend_characters(len(text))
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except binascii.Error:
        return BAD
