"""Whatever the hours and days: due in working time, never on a closed day, monotone, additive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from registry import calendars
from tests import factories

WHO = {"at": factories.NOW, "by": factories.BY}
PARIS = ZoneInfo("Europe/Paris")
FIRST = date(2026, 1, 1)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with factories.memory() as session:
        yield session


@st.composite
def stretches(draw: st.DrawFn) -> list[tuple[int, int]]:
    bounds = sorted(draw(st.sets(st.integers(0, 1440), min_size=2, max_size=6)))
    return list(zip(bounds[::2], bounds[1::2], strict=False))


hours = st.dictionaries(st.integers(1, 7), stretches(), min_size=1)
own_days = st.dictionaries(st.integers(0, 90), st.booleans(), max_size=8)
starts = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
minutes = st.integers(0, 4000)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours, own_days, starts, minutes, minutes)
def test_due_dates_keep_their_promises(
    session: Session,
    hours: dict[int, list[tuple[int, int]]],
    own_days: dict[int, bool],
    start: datetime,
    first: int,
    second: int,
) -> None:
    town = factories.entity(session).id
    calendars.set_hours(session, town, hours, reason="Essai", **WHO)
    for offset, worked in own_days.items():
        day = start.astimezone(PARIS).date() + timedelta(days=offset)
        mark = calendars.work_day if worked else calendars.close_day
        mark(session, town, day, name="Jour", **WHO)

    def due(since: datetime, delay: int) -> datetime:
        return calendars.due_after(session, town, since, minutes=delay)

    found = due(start, first)
    assert found >= start
    assert found - start >= timedelta(minutes=first)
    assert due(found, second) == due(start, first + second)
    assert due(start, first + second) >= found
    assert due(found, 0) == found
    _lies_in_working_time(session, town, hours, found)


def _lies_in_working_time(
    session: Session, town: str, hours: dict[int, list[tuple[int, int]]], found: datetime
) -> None:
    """Check against the days as people read them: a public or own closed day, the hours of the weekday."""
    # Midnight at the end of a working day belongs to that day.
    for moment in (found, found - timedelta(microseconds=1)):
        local = moment.astimezone(PARIS)
        worked = {day: worked for day, _, worked in calendars.days_of(session, town, local.year)}
        minute = local.hour * 60 + local.minute + local.second / 60 + local.microsecond / 6e7
        stretches = hours.get(local.isoweekday(), []) if worked.get(local.date(), True) else []
        if any(opens <= minute <= closes for opens, closes in stretches):
            return
    raise AssertionError(f"{found} is not in working time")
