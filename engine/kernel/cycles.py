"""Timers that repeat: ISO 8601 repeating intervals and cron expressions.

Comes in: the text of a ``timeCycle``. Goes out: when it fires first and when after that. It never reads the
clock, and a time that was missed is not forgotten: the next one follows the last, not the present. Next:
``engine/kernel/events.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from engine import variables

FOR_EVER = -1
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Whether a text can be read, and leads forward, does not depend on the day."""
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

    ``R3/PT2H``, ``R/2026-07-14T08:00:00Z/P1D`` (the start may carry a zone, ``[Europe/Brussels]``), ``0 0 9 * * MON-FRI`` (second, minute, hour, day, month, day of
    the week) or ``@daily``. ``R0`` and ``R1`` fire once.
    """
    text = text.strip()
    if not text.startswith("R"):
        cron = MACROS.get(text, text)
        return Cycle(FOR_EVER, cron) if _sides(cron) else None
    # The zone's name may hold a slash too: the repetition ends at the first, the interval begins at the last.
    head_and_start, _, interval = text.rpartition("/")
    parts = [*head_and_start.split("/", 1), interval]
    head = parts[0][1:]
    if len(parts) not in (2, 3) or not (head == "" or (head.isascii() and head.isdigit())):
        return None
    step = variables.parse_duration(parts[-1])
    start = variables.to_instant(parts[1], zone=zone) if len(parts) == 3 else None
    if not _forward(step) or (len(parts) == 3 and start is None):
        return None
    return Cycle(max(int(head), 1) if head else FOR_EVER, parts[-1], start)


def following(due: datetime, every: str, zone: str) -> datetime | None:
    """Return the due date after ``due``, UTC; None when a cron never comes again."""
    step = variables.parse_duration(every)
    if step is not None:
        return variables.shift(due, step)
    local = due.astimezone(ZoneInfo(zone))
    days, weekdays = _sides(every) or ("", "")
    try:
        found = next(CronSim(days, local))
        # Spring wants day of the month and day of the week both to fit; cron elsewhere takes either.
        while days != weekdays:
            other = next(CronSim(weekdays, found - timedelta(seconds=1)))
            if other == found:
                break
            found = next(CronSim(days, other - timedelta(seconds=1)))
    except StopIteration:
        return None
    return found.astimezone(UTC)


def _sides(cron: str) -> tuple[str, str] | None:
    """Return the expression restricted by day of the month and by day of the week; None if it is no cron."""
    fields = cron.replace("?", "*").split()
    if len(fields) != 6:
        return None
    if fields[3] == "*" or fields[5] == "*":
        sides = (" ".join(fields),) * 2
    else:
        sides = (" ".join([*fields[:5], "*"]), " ".join([*fields[:3], "*", *fields[4:]]))
    try:
        for side in sides:
            CronSim(side, SOME_DAY)
    except CronSimError:
        return None
    return sides


def _forward(step: variables.Duration | None) -> bool:
    """Tell whether a step leads into the future: a timer that repeats at once would never rest."""
    try:
        return step is not None and variables.shift(SOME_DAY, step) > SOME_DAY
    except (OverflowError, ValueError):  # beyond the year 9999
        return False
