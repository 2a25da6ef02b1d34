"""Working time: hours of a weekday, public holidays, own days, summer time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import calendars, changes, rules
from registry.calendars import NeverOpen
from registry.errors import Missing
from registry.tables.calendars import WorkingHours
from tests import databases, factories

WHO = {"at": factories.NOW, "by": factories.BY}
PARIS = ZoneInfo("Europe/Paris")


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    if request.param == "sqlite":
        with factories.memory() as session:
            yield session
        return
    with databases.scratch() as url, factories.session_on(factories.database(url)) as session:
        yield session


@pytest.fixture
def town(session: Session) -> str:
    return factories.entity(session).id


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (paris(2026, 11, 23, 9), 2, paris(2026, 11, 23, 11)),
        (paris(2026, 11, 23, 11), 2, paris(2026, 11, 23, 14)),
        (paris(2026, 11, 23, 8), 8, paris(2026, 11, 23, 17)),
        (paris(2026, 11, 23, 16), 8, paris(2026, 11, 24, 16)),
        (paris(2026, 11, 21, 10), 0, paris(2026, 11, 23, 8)),
        (paris(2026, 11, 20, 16), 2, paris(2026, 11, 23, 9)),
        (paris(2026, 11, 10, 17), 1, paris(2026, 11, 12, 9)),
        (paris(2026, 12, 24, 17), 8, paris(2026, 12, 28, 17)),
        (paris(2026, 11, 23, 8), 80, paris(2026, 12, 4, 17)),
    ],
    ids=[
        "in the morning",
        "over lunch",
        "a whole day",
        "into the next day",
        "nothing on a Saturday",
        "over the weekend",
        "over the eleventh of November",
        "over Christmas and a weekend",
        "ten days",
    ],
)
def test_office_hours_are_counted_where_nothing_else_was_said(
    session: Session, town: str, start: datetime, hours: int, due: datetime
) -> None:
    found = calendars.due_after(session, town, start, minutes=hours * 60)
    assert found == due
    assert found.tzinfo is UTC


def test_summer_time_moves_the_hours_with_the_clock_on_the_wall(session: Session, town: str) -> None:
    due = calendars.due_after(session, town, paris(2026, 3, 27, 16), minutes=120)
    assert due == paris(2026, 3, 30, 9) == datetime(2026, 3, 30, 7, tzinfo=UTC)


def test_an_hour_that_the_clock_repeats_is_worked_once_more(session: Session, town: str) -> None:
    calendars.set_hours(session, town, {7: [(0, 360)]}, reason="Nuit des fêtes", **WHO)
    due = calendars.due_after(session, town, paris(2026, 10, 25, 0), minutes=7 * 60)
    assert due == paris(2026, 10, 25, 6)
    skipped = calendars.due_after(session, town, paris(2026, 3, 29, 0), minutes=5 * 60)
    assert skipped == paris(2026, 3, 29, 6)


def test_each_entity_has_its_hours_and_its_country(session: Session, town: str) -> None:
    belgian = factories.entity(session, country="BE", timezone="Europe/Brussels").id
    calendars.set_hours(session, belgian, {2: [(480, 720)]}, reason="Permanence du mardi", **WHO)
    tuesday = paris(2026, 7, 14, 8)
    assert calendars.due_after(session, town, tuesday, minutes=60) == paris(2026, 7, 15, 9)
    assert calendars.due_after(session, belgian, tuesday, minutes=60) == paris(2026, 7, 14, 9)
    assert calendars.due_after(session, belgian, tuesday + timedelta(days=1), minutes=0) == paris(
        2026, 7, 28, 8
    )


def test_an_own_day_closes_and_a_public_holiday_can_be_worked(session: Session, town: str) -> None:
    calendars.close_day(session, town, date(2026, 5, 15), name="Pont de l’Ascension", **WHO)
    calendars.work_day(session, town, date(2026, 5, 25), name="Journée de solidarité", **WHO)
    assert calendars.due_after(session, town, paris(2026, 5, 13, 17), minutes=60) == paris(2026, 5, 18, 9)
    assert calendars.due_after(session, town, paris(2026, 5, 22, 17), minutes=60) == paris(2026, 5, 25, 9)
    days = calendars.days_of(session, town, 2026)
    assert (date(2026, 5, 15), "Pont de l’Ascension", False) in days
    assert (date(2026, 5, 25), "Journée de solidarité", True) in days
    assert (date(2026, 7, 14), "Fête nationale", False) in days
    calendars.forget_day(session, town, date(2026, 5, 15), reason="Pas de pont cette année", **WHO)
    assert calendars.due_after(session, town, paris(2026, 5, 13, 17), minutes=60) == paris(2026, 5, 15, 9)
    with pytest.raises(Missing):
        calendars.forget_day(session, town, date(2026, 5, 15), reason="Encore", **WHO)
    log = [change.kind for change in changes.of(session, "calendar", town)]
    assert log == ["closed", "worked", "forgotten"]


def test_a_day_marked_twice_is_what_was_said_last(session: Session, town: str) -> None:
    calendars.close_day(session, town, date(2026, 11, 24), name="Fête locale", **WHO)
    calendars.work_day(session, town, date(2026, 11, 24), name="Finalement ouvert", **WHO)
    assert calendars.due_after(session, town, paris(2026, 11, 23, 17), minutes=60) == paris(2026, 11, 24, 9)


def test_new_hours_replace_the_old_ones(session: Session, town: str) -> None:
    calendars.set_hours(session, town, {1: [(480, 720)]}, reason="Essai", **WHO)
    calendars.set_hours(session, town, {1: [(540, 720)], 3: [(0, 1440)]}, reason="Vrai", **WHO)
    assert calendars.hours_of(session, town) == {1: [(540, 720)], 3: [(0, 1440)]}
    assert len(session.scalars(sa.select(WorkingHours)).all()) == 2


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {1: []},
        {0: [(480, 720)]},
        {8: [(480, 720)]},
        {1: [(720, 480)]},
        {1: [(480, 480)]},
        {1: [(480, 1500)]},
        {1: [(480, 720), (700, 900)]},
    ],
)
def test_hours_that_make_no_sense_are_refused(session: Session, town: str, hours: calendars.Hours) -> None:
    with pytest.raises(rules.Unfit):
        calendars.set_hours(session, town, hours, reason="Essai", **WHO)
    assert calendars.hours_of(session, town) == calendars.OFFICE_HOURS


def test_a_delay_below_zero_or_without_end_is_refused(session: Session, town: str) -> None:
    with pytest.raises(rules.Unfit):
        calendars.due_after(session, town, factories.NOW, minutes=-1)
    with pytest.raises(NeverOpen, match="within ten years"):
        calendars.due_after(session, town, factories.NOW, minutes=60 * 8 * 366 * 10)


def test_danger_runs_around_the_clock(session: Session, town: str) -> None:
    sunday = paris(2026, 11, 22, 3)
    assert calendars.due(session, town, sunday, delay_hours=4, priority=1) == paris(2026, 11, 22, 7)
    assert calendars.due(session, town, sunday, delay_hours=4, priority=2) == paris(2026, 11, 23, 12)
