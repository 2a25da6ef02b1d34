"""Working hours of the demo town.

Comes in: an instant and how long something takes. Goes out: the working instant when it is done. It never reads the
clock. Next: ``web/demo/life.py``.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final

import holidays

OPENS: Final = time(8, 0)
CLOSES: Final = time(17, 0)


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FR", years=year))


def is_working_day(day: date) -> bool:
    """Say whether the town's services work on that day."""
    return day.weekday() < 5 and day not in _holidays(day.year)


def working(local: datetime) -> datetime:
    """Return the first working instant at or after a local instant, keeping its minutes."""
    if is_working_day(local.date()) and local.time() < CLOSES:
        return max(local, datetime.combine(local.date(), OPENS, local.tzinfo))
    return working(datetime.combine(local.date() + timedelta(days=1), OPENS, local.tzinfo))


def after(local: datetime, *, days: int = 0, minutes: int = 0) -> datetime:
    """Return the working instant so many working days and working minutes after a local instant."""
    at = working(local)
    for _ in range(days):
        day = at.date() + timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
        at = datetime.combine(day, at.time(), at.tzinfo)
    left = timedelta(minutes=minutes)
    closing = datetime.combine(at.date(), CLOSES, at.tzinfo)
    while left > closing - at:
        left -= closing - at
        at = working(closing)
        closing = datetime.combine(at.date(), CLOSES, at.tzinfo)
    return at + left
