"""Dates before the year 1 and after 9999, which Python does not have.

Comes in: such a year, or arithmetic that left Python's years. Goes out: ``FarDate`` and ``FarDateTime``, or
Python's own types as soon as the year allows. They serve inside expressions only. Next: ``temporal.py``.

The Gregorian calendar repeats every 400 years, exactly 146,097 days: a far moment is a moment between 2000 and 2399
and a number of such cycles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

CYCLE_YEARS: Final = 400
CYCLE_DAYS: Final = 146_097
FIRST_YEAR: Final = 2000
LARGEST_YEAR: Final = 999_999_999
"""XML Schema allows any year; TCK and Java stop here (DMN 1.5, 10.3.2.3.5)."""


@dataclass(frozen=True, slots=True)
class FarDate:
    """A date outside the years 1 to 9999: ``near``, moved by ``cycles`` of 400 years."""

    cycles: int
    near: Any

    @property
    def year(self) -> int:
        """Return the year."""
        return int(self.near.year) + CYCLE_YEARS * self.cycles

    @property
    def month(self) -> int:
        """Return the month."""
        return int(self.near.month)

    @property
    def day(self) -> int:
        """Return the day of the month."""
        return int(self.near.day)

    def isoweekday(self) -> int:
        """Return the day of the week, Monday being 1; a cycle is a whole number of weeks."""
        return int(self.near.isoweekday())


@dataclass(frozen=True, slots=True)
class FarDateTime(FarDate):
    """A date and time outside the years 1 to 9999."""

    @property
    def hour(self) -> int:
        """Return the hour."""
        return int(self.near.hour)

    @property
    def minute(self) -> int:
        """Return the minute."""
        return int(self.near.minute)

    @property
    def second(self) -> int:
        """Return the second."""
        return int(self.near.second)

    @property
    def microsecond(self) -> int:
        """Return the fraction of the second."""
        return int(self.near.microsecond)

    @property
    def tzinfo(self) -> tzinfo | None:
        """Return the zone."""
        zone: tzinfo | None = self.near.tzinfo
        return zone

    def utcoffset(self) -> timedelta | None:
        """Return the offset of the zone."""
        offset: timedelta | None = self.near.utcoffset()
        return offset

    def timetz(self) -> time:
        """Return the time of day with its zone."""
        clock: time = self.near.timetz()
        return clock


Moment = date | datetime | FarDate
FAR: Final = frozenset({FarDate, FarDateTime})


def split(moment: Moment) -> tuple[int, Any]:
    """Give any moment as cycles and a moment between 2000 and 2399."""
    if isinstance(moment, FarDate):
        return moment.cycles, moment.near
    cycles, year = divmod(moment.year - FIRST_YEAR, CYCLE_YEARS)
    return cycles, moment.replace(year=FIRST_YEAR + year)


def join(cycles: int, near: Any) -> Moment:
    """Give the moment that is ``cycles`` after ``near``, as one of Python's types if its year allows.

    Raises:
        OverflowError: the year is beyond all use.
    """
    more, year = divmod(near.year - FIRST_YEAR, CYCLE_YEARS)
    year += FIRST_YEAR + CYCLE_YEARS * (cycles + more)
    if 1 <= year <= 9999:
        moment: Moment = near.replace(year=year)
        return moment
    if abs(year) > LARGEST_YEAR:
        raise OverflowError(year)
    make = FarDateTime if isinstance(near, datetime) else FarDate
    return make(cycles + more, near.replace(year=near.year - CYCLE_YEARS * more))


def make_date(year: int, month: int, day: int) -> Moment:
    """Make a date of any year.

    Raises:
        ValueError: there is no such day.
        OverflowError: the year is beyond all use.
    """
    if 1 <= year <= 9999:
        return date(year, month, day)
    cycles, rest = divmod(year - FIRST_YEAR, CYCLE_YEARS)
    return join(cycles, date(FIRST_YEAR + rest, month, day))


def at(day: Moment, clock: time) -> Moment:
    """Join a day and a time of day."""
    if not isinstance(day, FarDate):
        return datetime.combine(day, clock)
    near = day.near
    return FarDateTime(
        day.cycles, datetime.combine(near.date() if isinstance(near, datetime) else near, clock)
    )


def day_of(moment: Moment) -> Moment:
    """Give the date of a date and time."""
    if isinstance(moment, FarDateTime):
        return FarDate(moment.cycles, moment.near.date())
    return moment.date() if isinstance(moment, datetime) else moment


def move(moment: Moment, duration: timedelta) -> Moment:
    """Move a moment by a duration; a date counts from its midnight."""
    if not isinstance(moment, FarDate):
        try:
            return moment + duration  # a date takes the whole days, which is the same for it
        except OverflowError:
            pass
    cycles, near = split(moment)
    more, days = divmod(duration.days, CYCLE_DAYS)
    rest = timedelta(days=days, seconds=duration.seconds, microseconds=duration.microseconds)
    if isinstance(near, datetime):
        return join(cycles + more, near + rest)
    return join(cycles + more, (datetime(near.year, near.month, near.day, tzinfo=UTC) + rest).date())


def move_months(moment: Moment, months: int, last_day: int) -> Moment:
    """Move a moment by months; ``last_day`` is that of the month arrived at."""
    cycles, near = split(moment)
    year, month = divmod(near.year * 12 + near.month - 1 + months, 12)
    more, rest = divmod(year - FIRST_YEAR, CYCLE_YEARS)
    arrived = near.replace(year=FIRST_YEAR + rest, month=month + 1, day=min(near.day, last_day))
    return join(cycles + more, arrived)


def key(moment: Moment) -> tuple[int, datetime]:
    """Give what equality and order go by: cycles and UTC, or local time without a zone."""
    actual = moment.near if isinstance(moment, FarDate) else moment
    cycles, near = split(moment)
    if not isinstance(actual, datetime):
        return cycles, datetime(near.year, near.month, near.day)  # noqa: DTZ001 - only compared with its like
    offset = actual.utcoffset()  # of the actual year: the near one may have other summer times
    instant = near.replace(tzinfo=None) - (offset or timedelta())
    more, year = divmod(instant.year - FIRST_YEAR, CYCLE_YEARS)
    return cycles + more, instant.replace(year=FIRST_YEAR + year)


def between(a: Moment, b: Moment) -> timedelta:
    """Subtract two moments.

    Raises:
        OverflowError: they are further apart than a duration may be.
    """
    (cycles, instant), (others, other) = key(a), key(b)
    return timedelta(days=(cycles - others) * CYCLE_DAYS) + (instant - other)
