"""The values of FEEL.

Comes in: Python's own immutable types and four of ours. Goes out: the FEEL kind of each. A value is never
changed once made, so values may be shared freely. Next: ``compare.py``, ``arithmetic.py``, ``temporal.py``.

    null  None          date                       datetime.date
    boolean  bool       time                       datetime.time
    number  int Decimal date and time              datetime.datetime (naive: local, without zone)
    string  str         days and time duration     datetime.timedelta
    list  list          years and months duration  Months
    context  dict       range, function            Range, Function

Beyond the years 1 to 9999 dates are ``FarDate`` and ``FarDateTime`` of ``far.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final

from engine.feel.far import FarDate, FarDateTime

Value = Any
"""A FEEL value: any of the types in the table above, and nothing else."""

CONTEXT: Final = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])
"""Decimal128 arithmetic (DMN 1.5, 10.3.2.3.1). Used by method only: no thread-local state is touched."""

WHOLE: Final = 10**34
"""Whole numbers below this stay Python integers."""

NULL, BOOLEAN, NUMBER, STRING = "null", "boolean", "number", "string"
DATE, TIME, DATE_TIME = "date", "time", "date and time"
DAYS, MONTHS = "days and time duration", "years and months duration"
LIST, CONTEXT_KIND, RANGE, FUNCTION = "list", "context", "range", "function"


@dataclass(frozen=True, slots=True, order=True)
class Months:
    """A years and months duration."""

    months: int


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """A range of ordered values; ``operator`` is set when it was written with one end: ``(< 10)``."""

    low: Value
    high: Value
    low_closed: bool
    high_closed: bool
    operator: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function: ``call(run, arguments)`` gets one value for each parameter, in order.

    Attributes:
        parameters: the names, for calls with named arguments.
        call: what runs; it charges ``run`` for what it makes.
        name: for people.
        optional: how many of the last parameters may be left out (they are then not passed).
        variadic: any number of arguments may be passed.
    """

    parameters: Sequence[str]
    call: Callable[[Any, list[Value]], Value]
    name: str = ""
    optional: int = 0
    variadic: bool = False


class _Missing:
    """The one value that is no value: a name or an entry that is not there."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

KINDS: Final[Mapping[type, str]] = {
    type(None): NULL,
    bool: BOOLEAN,
    int: NUMBER,
    Decimal: NUMBER,
    str: STRING,
    date: DATE,
    time: TIME,
    datetime: DATE_TIME,
    FarDate: DATE,
    FarDateTime: DATE_TIME,
    timedelta: DAYS,
    Months: MONTHS,
    list: LIST,
    dict: CONTEXT_KIND,
    Range: RANGE,
    Function: FUNCTION,
}
ORDERED: Final = frozenset({NUMBER, STRING, DATE, TIME, DATE_TIME, DAYS, MONTHS})
NUMBERS: Final = frozenset({int, Decimal})


def kind(value: Value) -> str:
    """Name the FEEL type of ``value``."""
    return KINDS[type(value)]


def decimal(number: int | Decimal) -> Decimal:
    """Give a number as a decimal, exactly."""
    return number if type(number) is Decimal else Decimal(number)


def finite(number: Decimal) -> Decimal | None:
    """Give null for infinities and not-a-number (DMN 1.5, 10.3.2.3.1)."""
    return number if number.is_finite() else None


def whole(number: int) -> int | Decimal:
    """Keep a whole number an integer while it has at most 34 digits."""
    return number if -WHOLE < number < WHOLE else CONTEXT.create_decimal(number)


def as_index(number: int | Decimal) -> int:
    """Cut a number to a whole one; beyond any size that a list can have, the cut is at that size."""
    if type(number) is int:
        return number
    if not -WHOLE < number < WHOLE:
        return WHOLE if number > 0 else -WHOLE
    return int(number)


def literal(text: str) -> int | Decimal | None:
    """Read the digits of a number literal; null when it is beyond what decimals hold."""
    if text.isdecimal() and len(text) <= 34:
        return int(text)
    return finite(CONTEXT.create_decimal(text))
