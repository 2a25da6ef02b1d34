"""``+ - * / **`` over numbers, texts, dates and durations.

Comes in: two values. Goes out: the result, or null when the operator does not apply or the result is beyond
what FEEL holds. It never raises for data, nor uses binary floats. Next: ``operators.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from engine.feel import far, temporal
from engine.feel.compare import time_key
from engine.feel.far import FarDateTime, Moment
from engine.feel.values import (
    CONTEXT,
    DATE,
    DATE_TIME,
    DAYS,
    MONTHS,
    NUMBER,
    NUMBERS,
    STRING,
    TIME,
    WHOLE,
    Months,
    Value,
    decimal,
    finite,
    kind,
)

Number = int | Decimal
Operation = Callable[[Value, Value], Value]
LARGEST_WHOLE_POWER = 112
"""Bits that a whole power may have and surely stay below 34 digits."""
LARGEST_MONTHS = 10**12


def add(a: Number, b: Number) -> Number | None:
    """Add two numbers."""
    if type(a) is int and type(b) is int:
        total = a + b
        if -WHOLE < total < WHOLE:
            return total
    return finite(CONTEXT.add(decimal(a), decimal(b)))


def subtract(a: Number, b: Number) -> Number | None:
    """Subtract two numbers."""
    if type(a) is int and type(b) is int:
        difference = a - b
        if -WHOLE < difference < WHOLE:
            return difference
    return finite(CONTEXT.subtract(decimal(a), decimal(b)))


def multiply(a: Number, b: Number) -> Number | None:
    """Multiply two numbers."""
    if type(a) is int and type(b) is int:
        product = a * b
        if -WHOLE < product < WHOLE:
            return product
    return finite(CONTEXT.multiply(decimal(a), decimal(b)))


def divide(a: Number, b: Number) -> Number | None:
    """Divide two numbers; null for a division by zero."""
    if b == 0:
        return None
    if type(a) is int and type(b) is int and a % b == 0:
        return a // b
    return finite(CONTEXT.divide(decimal(a), decimal(b)))


def power(a: Number, b: Number) -> Number | None:
    """Raise a number to a power."""
    if type(a) is int and type(b) is int and b >= 0 and a.bit_length() * b <= LARGEST_WHOLE_POWER:
        return int(a**b)
    return finite(CONTEXT.power(decimal(a), decimal(b)))


def negate(value: Value) -> Value:
    """Change the sign of a number or duration; null for anything else."""
    shape = type(value)
    if shape is int or shape is timedelta:
        return -value
    if shape is Decimal:
        return CONTEXT.minus(value)
    return Months(-value.months) if shape is Months else None


def months(count: int) -> Months | None:
    """Make a years and months duration, if it is not beyond all use."""
    return Months(count) if -LARGEST_MONTHS < count < LARGEST_MONTHS else None


def add_months(moment: Moment, count: int) -> Moment:
    """Move a date or date and time by months; the day is cut to the length of the month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + count, 12)
    return far.move_months(moment, count, temporal.month_days(year, month + 1))


def add_clock(moment: time, duration: timedelta) -> time:
    """Move a time of day by a duration, around midnight if needed."""
    count = temporal.clock_microseconds(moment) + temporal.microseconds(duration)
    return temporal.from_clock(count, moment.tzinfo)


def midnight(day: Moment) -> Moment:
    """Give a date as a date and time: midnight in UTC (DMN 1.5, 10.3.2.3.6)."""
    return day if isinstance(day, datetime | FarDateTime) else far.at(day, time(tzinfo=UTC))


def between(a: Value, b: Value) -> timedelta | None:
    """Subtract two dates or dates and times; null when only one of them has a zone."""
    a, b = midnight(a), midnight(b)
    if (a.tzinfo is None) != (b.tzinfo is None):
        return None
    return far.between(a, b)


def between_times(a: time, b: time) -> timedelta | None:
    """Subtract two times of day; null when only one of them has a zone."""
    if (a.tzinfo is None) != (b.tzinfo is None):
        return None
    return timedelta(microseconds=time_key(a) - time_key(b))


def scale_days(duration: timedelta, factor: Number) -> timedelta:
    """Multiply a days and time duration."""
    if type(factor) is int:
        return duration * factor
    return timedelta(
        microseconds=int(CONTEXT.multiply(Decimal(temporal.microseconds(duration)), decimal(factor)))
    )


def scale_months(duration: Months, factor: Number) -> Months | None:
    """Multiply a years and months duration."""
    return months(int(CONTEXT.multiply(Decimal(duration.months), decimal(factor))))


def split_days(duration: timedelta, divisor: Number) -> timedelta | None:
    """Divide a days and time duration by a number."""
    if divisor == 0:
        return None
    return timedelta(
        microseconds=int(CONTEXT.divide(Decimal(temporal.microseconds(duration)), decimal(divisor)))
    )


def split_months(duration: Months, divisor: Number) -> Months | None:
    """Divide a years and months duration by a number."""
    if divisor == 0:
        return None
    return months(int(CONTEXT.divide(Decimal(duration.months), decimal(divisor))))


def _swap(operation: Operation) -> Operation:
    return lambda a, b: operation(b, a)


MIXED: Final[dict[tuple[str, str, str], Operation]] = {
    (STRING, "+", STRING): lambda a, b: a + b,
    (DATE, "+", DAYS): far.move,
    (DATE_TIME, "+", DAYS): far.move,
    (TIME, "+", DAYS): add_clock,
    (DATE, "+", MONTHS): lambda a, b: add_months(a, b.months),
    (DATE_TIME, "+", MONTHS): lambda a, b: add_months(a, b.months),
    (DAYS, "+", DAYS): lambda a, b: a + b,
    (MONTHS, "+", MONTHS): lambda a, b: months(a.months + b.months),
    (DATE, "-", DATE): between,
    (DATE, "-", DATE_TIME): between,
    (DATE_TIME, "-", DATE): between,
    (DATE_TIME, "-", DATE_TIME): between,
    (TIME, "-", TIME): between_times,
    (DATE, "-", DAYS): lambda a, b: far.move(a, -b),
    (DATE_TIME, "-", DAYS): lambda a, b: far.move(a, -b),
    (TIME, "-", DAYS): lambda a, b: add_clock(a, -b),
    (DATE, "-", MONTHS): lambda a, b: add_months(a, -b.months),
    (DATE_TIME, "-", MONTHS): lambda a, b: add_months(a, -b.months),
    (DAYS, "-", DAYS): lambda a, b: a - b,
    (MONTHS, "-", MONTHS): lambda a, b: months(a.months - b.months),
    (DAYS, "*", NUMBER): scale_days,
    (MONTHS, "*", NUMBER): scale_months,
    (DAYS, "/", NUMBER): split_days,
    (MONTHS, "/", NUMBER): split_months,
    (DAYS, "/", DAYS): lambda a, b: divide(temporal.microseconds(a), temporal.microseconds(b)),
    (MONTHS, "/", MONTHS): lambda a, b: divide(a.months, b.months),
}
"""What an operator does with two kinds other than two numbers (DMN 1.5, tables 51 to 53)."""

MIXED.update(
    {
        (right, operator, left): _swap(operation)
        for (left, operator, right), operation in list(MIXED.items())
        if operator in "+*" and left != right
    }
)

NUMERIC: Final[dict[str, Operation]] = {"+": add, "-": subtract, "*": multiply, "/": divide, "**": power}


def apply(operator: str, a: Value, b: Value) -> Value:
    """Apply ``operator``; null when it does not apply to these kinds."""
    if type(a) in NUMBERS and type(b) in NUMBERS:
        return NUMERIC[operator](a, b)
    operation = MIXED.get((kind(a), operator, kind(b)))
    if operation is None:
        return None
    try:
        return operation(a, b)
    except (OverflowError, ValueError):  # beyond the years 1 to 9999, or a duration beyond all use
        return None
