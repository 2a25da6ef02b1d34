"""Timers that repeat: ISO 8601 repeating intervals and cron expressions.

Comes in: the text of a ``timeCycle``. Goes out: when it fires first and when after that. It never reads the
clock, and a time that was missed is not forgotten: the next one follows the last, not the present. Next:
``engine/kernel/events.py``.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from engine import variables

FOR_EVER = -1
_DIGITS = re.compile(r"[0-9]{1,9}")
"""How often something repeats: no more than a column of the database holds."""
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Whether a text can be read, and leads forward, does not depend on the day."""
LONGEST_SEARCH = 3_000
"""Days that a cron may skip before it is taken for one that never comes: eight years, for a leap day."""
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONDAY, FRIDAY = 0, 4
_DAY = re.compile("|".join(DAYS))
_DATE = re.compile(r"L-(?:[1-9]|[12]\d|30)|(?:[1-9]|[12]\d|3[01])W", re.ASCII)
MACROS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * SUN",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
"""Short words of Spring's cron, which the zeebe dialect follows."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repetition.

    Attributes:
        times: how often, ``FOR_EVER`` without end; every: ISO 8601 duration or cron of six fields.
        start: the first due date if the text names one.
    """

    times: int
    every: str
    start: datetime | None = None

    def first(self, now: datetime, zone: str) -> datetime | None:
        """Return the first due date at or after ``now``; None when a cron never comes.

        A start in the past is counted on, so that a daily timer keeps its hour and nothing fires in a rush.
        """
        if self.start is None:
            return following(now, self.every, zone)
        due = self.start
        step = variables.parse_duration(self.every)
        if isinstance(step, timedelta) and due < now:
            due += step * -((due - now) // step)
        while due < now and step is not None:
            due = variables.shift(due, step)
        return due


def read(text: str, zone: str) -> Cycle | None:
    """Return the cycle that ``text`` describes, or None.

    ``R3/PT2H``, ``R/2026-07-14T08:00:00Z/P1D`` (the start may carry a zone, ``[Europe/Brussels]``), ``@daily`` or
    ``0 0 9 * * MON-FRI``: second, minute, hour, day, month, day of the week. ``R0`` and ``R1`` fire once.
    """
    text = text.strip()
    if not text.startswith("R"):
        cron = MACROS.get(text, text)
        return Cycle(FOR_EVER, cron) if _cron(cron) else None
    # The zone's name may hold a slash too: the repetition ends at the first, the interval begins at the last.
    head_and_start, _, interval = text.rpartition("/")
    parts = [*head_and_start.split("/", 1), interval]
    head = parts[0][1:]
    if len(parts) not in (2, 3) or not (head == "" or _DIGITS.fullmatch(head)):
        return None
    step = variables.parse_duration(parts[-1])
    start = variables.to_instant(parts[1], zone=zone) if len(parts) == 3 else None
    if not _forward(step) or (len(parts) == 3 and start is None):
        return None
    return Cycle(max(int(head), 1) if head else FOR_EVER, parts[-1], start)


def following(due: datetime, every: str, zone: str) -> datetime | None:
    """Return the due date after ``due``, UTC; None when none comes before the year 10,000."""
    step = variables.parse_duration(every)
    if step is not None:
        try:
            return variables.shift(due, step)
        except (OverflowError, ValueError):
            return None
    cron = _cron(every)
    if cron is None:
        return None
    found = due.astimezone(ZoneInfo(zone))
    try:
        for _ in range(LONGEST_SEARCH):
            found = next(CronSim(cron.days, found))
            # Spring wants day of the month and day of the week both to fit; cron elsewhere takes either.
            same = cron.days == cron.weekdays
            other = found if same else next(CronSim(cron.weekdays, found - timedelta(seconds=1)))
            if other == found and (not cron.dates or any(_on(date, found) for date in cron.dates)):
                return found.astimezone(UTC)
            found = max(other - timedelta(seconds=1), found.replace(hour=23, minute=59, second=59))
    except StopIteration:
        pass
    return None


@dataclass(frozen=True, slots=True)
class _Cron:
    """A cron of six fields, as two for CronSim and what CronSim does not know.

    Attributes:
        days: restricted by day of the month; weekdays: restricted by day of the week.
        dates: days of the month such as ``L-3`` and ``15W``, of which one must fit; empty for all others.
    """

    days: str
    weekdays: str
    dates: tuple[str, ...] = ()


@lru_cache(maxsize=500)
def _cron(text: str) -> _Cron | None:
    """Read a cron as Spring does; None if it is none."""
    fields = text.upper().replace("?", "*").split()
    if len(fields) != 6:
        return None
    dates = tuple(fields[3].split(","))
    if all(_DATE.fullmatch(date) for date in dates):
        fields[3] = "*"
    else:
        dates = ()
    # In Spring's week Sunday is 7, so that FRI-SUN is a range.
    fields[5] = _DAY.sub(lambda name: str(DAYS.index(name[0]) + 1), fields[5])
    days, weekdays = [*fields[:5], "*"], [*fields[:3], "*", *fields[4:]]
    if "*" in (fields[3], fields[5]):
        days = weekdays = fields
    cron = _Cron(" ".join(days), " ".join(weekdays), dates)
    try:
        CronSim(cron.days, SOME_DAY)
        CronSim(cron.weekdays, SOME_DAY)
    except (CronSimError, ValueError):  # a number too long for Python is no CronSimError
        return None
    return cron


def _on(date: str, moment: datetime) -> bool:
    """Tell whether ``moment`` is so many days before the last of its month, or on the working day nearest a date."""
    if date[0] == "L":
        return moment.day == monthrange(moment.year, moment.month)[1] - int(date[2:])
    wanted, weekday = int(date[:-1]), moment.weekday()
    if weekday == MONDAY:
        # A Sunday moves to the Monday after it; a Saturday that is the first cannot move into the month before.
        return moment.day in (wanted, wanted + 1) or (wanted, moment.day) == (1, 3)
    return weekday <= FRIDAY and moment.day in ((wanted, wanted - 1) if weekday == FRIDAY else (wanted,))


def _forward(step: variables.Duration | None) -> bool:
    """Tell whether a step leads into the future: a timer that repeats at once would never rest."""
    try:
        return step is not None and variables.shift(SOME_DAY, step) > SOME_DAY
    except (OverflowError, ValueError):  # beyond the year 9999
        return False
