"""Calendars: when an entity works, and when something is due that may take so many working hours.

Comes in: an entity's working hours and its own days; a start and a delay. Goes out: an instant in working time. It
never reads the clock, and public holidays come from the package ``holidays`` by the country of the entity. Next:
``registry/requests.py``, whose delays are counted here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import changes, entities, rules
from registry.errors import Missing, Refused
from registry.tables.calendars import CalendarDay, WorkingHours
from registry.tables.entities import Entity

Hours = Mapping[int, Sequence[tuple[int, int]]]
"""Weekday (1 Monday to 7 Sunday) → stretches of minutes since local midnight, in order."""
OFFICE_HOURS: Final[Hours] = dict.fromkeys(range(1, 6), ((8 * 60, 12 * 60), (13 * 60, 17 * 60)))
"""What an entity works that has said nothing: Monday to Friday, 8 to 12 and 13 to 17."""
AT_ONCE: Final = 1
"""The priority of danger: its delay runs around the clock."""
_FURTHEST: Final = timedelta(days=3660)


class NeverOpen(Refused):
    """The calendar has not enough working time in ten years."""

    code = "calendar_never_open"


def set_hours(
    session: Session, entity_id: str, hours: Hours, *, reason: str, at: datetime, by: str
) -> list[WorkingHours]:
    """Say when an entity works from now on; due dates computed before stay as they are.

    Args:
        session: the transaction.
        entity_id: the entity.
        hours: weekday → stretches of minutes since local midnight; a weekday left out is not worked.
        reason: why, for the log.
        at: the instant.
        by: who decides.

    Raises:
        Missing: there is no such entity.
        Unfit: no hour is worked, a weekday is none, or stretches overlap or leave the day.
    """
    entities.get(session, entity_id)
    stretches = [(day, *stretch) for day in sorted(hours) for stretch in sorted(hours[day])]
    _check(stretches)
    session.execute(sa.delete(WorkingHours).where(WorkingHours.entity_id == entity_id))
    rows = [
        WorkingHours(
            entity_id=entity_id,
            weekday=day,
            opens_minute=opens,
            closes_minute=closes,
            created_at=at,
            created_by=by,
        )
        for day, opens, closes in stretches
    ]
    session.add_all(rows)
    facts = {"hours": [list(one) for one in stretches]}
    changes.write(session, "calendar", entity_id, kind="hours", text=reason, facts=facts, at=at, by=by)
    return rows


def hours_of(session: Session, entity_id: str) -> Hours:
    """Return when an entity works; ``OFFICE_HOURS`` when it has said nothing."""
    query = sa.select(WorkingHours).where(WorkingHours.entity_id == entity_id)
    found: dict[int, list[tuple[int, int]]] = {}
    for row in session.scalars(query.order_by(WorkingHours.weekday, WorkingHours.opens_minute)):
        found.setdefault(row.weekday, []).append((row.opens_minute, row.closes_minute))
    return found or OFFICE_HOURS


def close_day(
    session: Session, entity_id: str, day: date, *, name: str, at: datetime, by: str
) -> CalendarDay:
    """Close an entity on a day: a local holiday, a bridge day.

    Raises:
        Missing: there is no such entity.
        Unfit: the day has no name.
    """
    return _mark(session, entity_id, day, worked=False, name=name, at=at, by=by)


def work_day(session: Session, entity_id: str, day: date, *, name: str, at: datetime, by: str) -> CalendarDay:
    """Let an entity work on a public holiday, in the hours of its weekday: the day of solidarity.

    Raises:
        Missing: there is no such entity.
        Unfit: the day has no name.
    """
    return _mark(session, entity_id, day, worked=True, name=name, at=at, by=by)


def forget_day(session: Session, entity_id: str, day: date, *, reason: str, at: datetime, by: str) -> None:
    """Make a day of an entity like others again; the log keeps what it was.

    Raises:
        Missing: the day was like others.
    """
    row = session.get(CalendarDay, (entity_id, day))
    if row is None:
        raise Missing(
            f"Expected {day} to be a day of its own in the calendar, but it is like others.",
            noun="calendar day",
            day=day,
        )
    facts = {"day": day.isoformat(), "worked": row.worked, "name": row.name}
    session.delete(row)
    changes.write(session, "calendar", entity_id, kind="forgotten", text=reason, facts=facts, at=at, by=by)


def days_of(session: Session, entity_id: str, year: int) -> list[tuple[date, str, bool]]:
    """Return (day, name, worked) of the public holidays and own days of an entity in a year, in order."""
    entity = entities.get(session, entity_id)
    found = {day: (name, False) for day, name in _public(entity.country, year).items()}
    own = sa.select(CalendarDay).where(
        CalendarDay.entity_id == entity_id, CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))
    )
    found |= {row.day: (row.name, row.worked) for row in session.scalars(own)}
    return [(day, *found[day]) for day in sorted(found)]


def due(session: Session, entity_id: str, start: datetime, *, delay_hours: int, priority: int) -> datetime:
    """Return when work is due: after so many working hours, or plain hours when there is danger.

    Args:
        session: the transaction.
        entity_id: whose calendar counts.
        start: since when, aware.
        delay_hours: how long it may take.
        priority: 1 (danger, around the clock) to 4.

    Raises:
        Missing: there is no such entity.
        NeverOpen: the calendar has not enough working time.
    """
    if priority == AT_ONCE:
        return start.astimezone(UTC) + timedelta(hours=delay_hours)
    return due_after(session, entity_id, start, minutes=delay_hours * 60)


def due_after(session: Session, entity_id: str, start: datetime, *, minutes: int) -> datetime:
    """Return the first instant by which an entity has worked so many minutes since ``start``, in UTC.

    It lies in working time, both ends included: eight hours given at the opening end at the closing of the day,
    and nothing given on a Sunday is due when work begins. A delay given in two parts ends where the whole does.

    Raises:
        Missing: there is no such entity.
        Unfit: the minutes are negative.
        NeverOpen: the calendar has not enough working time in ten years.
    """
    if minutes < 0:
        raise rules.Unfit(f"Expected a delay of 0 or more minutes, but found {minutes}.", field="minutes")
    entity = entities.get(session, entity_id)
    since, left = start.astimezone(UTC), timedelta(minutes=minutes)
    for opens, closes in _stretches(session, entity, since):
        begins = max(opens, since)
        if closes - begins >= left:
            return begins + left
        left -= closes - begins
    raise NeverOpen(
        f"Expected {entity.name} to work {minutes} minutes within ten years, but its calendar does not.",
        entity_id=entity_id,
        minutes=minutes,
    )


def _stretches(session: Session, entity: Entity, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working stretches that end at or after ``start``, in UTC and in order."""
    zone = ZoneInfo(entity.timezone)
    first = start.astimezone(zone).date()
    hours = hours_of(session, entity.id)
    own = sa.select(CalendarDay.day, CalendarDay.worked).where(
        CalendarDay.entity_id == entity.id, CalendarDay.day >= first
    )
    marked = {row.day: row.worked for row in session.execute(own)}
    before = datetime.min.replace(tzinfo=UTC)
    for count in range(_FURTHEST.days):
        day = first + timedelta(days=count)
        if not marked.get(day, day not in _public(entity.country, day.year)):
            continue
        for opening, closing in hours.get(day.isoweekday(), ()):
            # An hour that summer time skips or repeats must not be counted twice.
            opens, closes = max(_instant(day, opening, zone), before), _instant(day, closing, zone)
            if opens < closes:
                before = closes
                if closes >= start:
                    yield opens, closes


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    return local.replace(tzinfo=zone).astimezone(UTC)


@functools.lru_cache(maxsize=256)
def _public(country: str, year: int) -> Mapping[date, str]:
    # Read when a delay is first counted: it knows the calendars of the world and takes longer to read than all the
    # verbs of the registry, which is a third of the start of commands that count no delay.
    import holidays  # noqa: PLC0415 - see above

    return dict(holidays.country_holidays(country, years=year, language="fr"))


def _mark(
    session: Session, entity_id: str, day: date, *, worked: bool, name: str, at: datetime, by: str
) -> CalendarDay:
    entities.get(session, entity_id)
    row = session.get(CalendarDay, (entity_id, day))
    if row is None:
        row = CalendarDay(entity_id=entity_id, day=day)
        session.add(row)
    row.worked, row.name = worked, rules.text(name, "name")
    row.created_at, row.created_by = at, by
    kind = "worked" if worked else "closed"
    facts = {"day": day.isoformat()}
    changes.write(session, "calendar", entity_id, kind=kind, text=row.name, facts=facts, at=at, by=by)
    return row


def _check(stretches: Sequence[tuple[int, int, int]]) -> None:
    if not stretches:
        raise rules.Unfit("Expected working hours on at least one day, but there are none.", field="hours")
    last = (0, 0)
    for day, opens, closes in stretches:
        if not 1 <= day <= 7 or not 0 <= opens < closes <= 24 * 60 or (day == last[0] and opens < last[1]):
            raise rules.Unfit(
                f"Expected stretches of a day in order, but found {opens} to {closes} minutes on weekday {day}.",
                field="hours",
                weekday=day,
                found=(opens, closes),
            )
        last = (day, closes)
