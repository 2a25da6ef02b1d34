"""Built-ins over dates: calendar questions, ``now`` and ``today``, and ``is``.

Comes in: dates, and the instant that the run was given. Goes out: numbers, names and dates. They never read a
clock: without an instant ``now`` is null. Next: ``contexts.py``. DMN 1.5, 10.3.4.8 and 10.3.4.10; ``cycle`` is
Camunda's.
"""

from __future__ import annotations

import calendar
from datetime import date
from decimal import Decimal
from typing import Final

from engine.feel.builtins.table import BAD, Library
from engine.feel.compare import equal
from engine.feel.run import Run
from engine.feel.text import WRITERS
from engine.feel.values import DATE_TIME, TIME, Value, kind

LIBRARY: Final = Library()
add = LIBRARY.add

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
"""English, as the standard demands, whatever the machine's language is."""


@add("is", "value1: any?", "value2: any?")
def identical(run: Run, *pair: Value) -> Value:
    """Tell whether two values are the same, zone included."""
    a, b = (*pair, None, None)[:2]
    if kind(a) != kind(b):
        return False
    if kind(a) in {TIME, DATE_TIME}:
        return WRITERS[kind(a)](a) == WRITERS[kind(b)](b)
    return equal(a, b, run) is True


@add("day of year", "date: date")
def day_of_year(_run: Run, day: date) -> Value:
    """Count the days of the year."""
    return day.timetuple().tm_yday


@add("day of week", "date: date")
def day_of_week(_run: Run, day: date) -> Value:
    """Name the day."""
    return DAYS[day.weekday()]


@add("month of year", "date: date")
def month_of_year(_run: Run, day: date) -> Value:
    """Name the month."""
    return MONTHS[day.month - 1]


@add("week of year", "date: date")
def week_of_year(_run: Run, day: date) -> Value:
    """Count the weeks of the year (ISO 8601)."""
    return day.isocalendar()[1]


@add("last day of month", "date: date")
def last_day_of_month(_run: Run, day: date) -> Value:
    """Give the last day of the month (Camunda)."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


@add("now")
def now(run: Run) -> Value:
    """Give the present instant of the evaluation, in its zone."""
    moment = run.present()
    return BAD if moment is None else moment


@add("today")
def today(run: Run) -> Value:
    """Give the present day of the evaluation, in its zone."""
    moment = run.present()
    return BAD if moment is None else moment.date()


@add("cycle", "interval: duration")
def cycle(_run: Run, interval: Value) -> Value:
    """Write a cycle without end, ``R/PT1H``, for a timer (Camunda)."""
    return f"R/{WRITERS[kind(interval)](interval)}"


@add("cycle", "repetitions: number?", "interval: duration")
def cycle_counted(_run: Run, repetitions: int | Decimal | None, interval: Value) -> Value:
    """Write a cycle of so many times, ``R3/PT1H``, for a timer (Camunda); null repetitions never end."""
    if repetitions is not None and (repetitions < 0 or repetitions != int(repetitions)):
        return BAD
    times = "" if repetitions is None else int(repetitions)
    return f"R{times}/{WRITERS[kind(interval)](interval)}"
