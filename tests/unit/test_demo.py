"""The demo town is one the product can make, the same each time, and its journey tells what was written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import bpmn
import engine.tables
import registry.tables
from engine import kernel, queries, store
from engine.clock import SettableClock
from engine.tables import History, Incident, Timer, UserTask
from integrations import intake
from integrations.tasks import HANDLERS
from registry import checks, entities, requests
from registry.tables.accounting import Posting
from registry.tables.assets import Asset
from registry.tables.requests import Request
from registry.tables.stock import Item, StockMove
from registry.tables.work import WorkOrder
from web import migrations, settings
from web.cli.demo import demo
from web.database import open_house
from web.demo import calls, facts, hours, journey, roll, town
from web.demo.telling import Teller
from web.demo.watch import watched

PARIS = ZoneInfo("Europe/Paris")
SMALL = town.Scale(days=50, orders=10)
LAST_DAY = date(2026, 11, 20)
PRINTS: list[list[object]] = []
"""What each town looked like when it was built."""
ENDED = datetime(2026, 11, 20, 18, tzinfo=PARIS)
NEXT_DAY = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


def _built() -> store.Engine:
    database = store.connect("sqlite://")
    engine.tables.Base.metadata.create_all(database)
    registry.tables.Base.metadata.create_all(database)
    house = store.Engine(database, clock=SettableClock(NEXT_DAY), handlers=HANDLERS)
    town.build(house, SMALL, LAST_DAY)
    PRINTS.append(_fingerprint(house))
    return house


@pytest.fixture(scope="module")
def house() -> Iterator[store.Engine]:
    """Return one town for the tests that only look."""
    built = _built()
    yield built
    built.database.dispose()


@pytest.fixture(scope="module")
def lived_in() -> Iterator[store.Engine]:
    """Return another for those that ask for more."""
    built = _built()
    yield built
    built.database.dispose()


def _fingerprint(house: store.Engine) -> list[object]:
    with house.read() as reading:
        session = reading.session
        asked = sa.select(Request.reference, Request.title, Request.status, Request.created_at)
        posted = sa.select(Posting.key, Posting.number, Posting.day, Posting.total_cents, Posting.posted_at)
        moved = sa.select(
            StockMove.kind, StockMove.quantity_milli, StockMove.value_cents, StockMove.created_at
        )
        return [
            session.execute(asked.order_by(Request.reference)).all(),
            session.execute(posted.order_by(Posting.key)).all(),
            sorted(session.execute(moved).all()),
        ]


def test_the_town_closes_the_orders_it_was_asked_for(house: store.Engine) -> None:
    with house.read() as reading:
        closed = sa.select(sa.func.count()).where(WorkOrder.status == "closed")
        assert reading.session.scalar(closed) == SMALL.orders


def test_something_waits_at_every_user_task_of_the_shipped_processes(house: store.Engine) -> None:
    drawn = {
        name
        for file, content in bpmn.files("intervention")
        if file.endswith(".bpmn")
        for process in kernel.read(content, file).processes
        for name, element in process.task_specs.items()
        if element.kind == "user_task"
    }
    with house.read() as reading:
        open_now = sa.select(UserTask.element).where(UserTask.status == "open").distinct()
        assert drawn - set(reading.connection.scalars(open_now)) == set()


def test_the_town_has_no_incident_and_every_invariant_holds(house: store.Engine) -> None:
    with house.read() as reading:
        assert reading.connection.scalars(sa.select(Incident.message)).all() == []
        assert checks.run(reading.session) == []


def test_no_timer_of_the_town_was_forgotten(house: store.Engine) -> None:
    with house.read() as reading:
        first = reading.connection.scalar(sa.select(sa.func.min(Timer.due_at)))
    assert first > ENDED


def test_the_town_has_the_scale_it_promises(house: store.Engine) -> None:
    with house.read() as reading:
        counted = reading.session.execute(
            sa.select(Asset.class_code, sa.func.count()).group_by(Asset.class_code)
        )
        assert dict(counted.all()) == {
            "building": 246,
            "school": 40,
            "green_space": 650,
            "vehicle": 520,
            "street_light": 240,
            "road": 120,
        }
        assert reading.session.scalar(sa.select(sa.func.count()).select_from(Item)) == 300


def test_two_towns_are_the_same_to_the_cent(house: store.Engine, lived_in: store.Engine) -> None:
    assert house is not lived_in
    one, other = PRINTS
    assert all(one)
    assert one == other


def test_the_journey_ends_with_an_answered_request_and_proved_books(
    lived_in: store.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert journey.tell(lived_in, Teller("fr", PARIS))
    told = capsys.readouterr().out
    with lived_in.read() as reading:
        newest = reading.session.scalars(sa.select(Request).order_by(Request.reference.desc())).first()
        assert newest is not None
        assert newest.status == "answered"
        posted = reading.session.scalars(
            sa.select(Posting)
            .join(WorkOrder, WorkOrder.id == Posting.order_id)
            .where(WorkOrder.request_id == newest.id)
        ).all()
        assert posted
        for expected in (newest.reference, *(posting.hash[:8] for posting in posted)):
            assert expected in told
    assert "Les comptes sont justes" in told


def test_each_journey_tells_another_story_in_the_language_asked_for(
    lived_in: store.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, sentence in (("fr", "Les comptes sont justes"), ("en", "The books balance")):
        assert journey.tell(lived_in, Teller(language, PARIS))  # type: ignore[arg-type]  # both are languages
        assert sentence in capsys.readouterr().out
    with lived_in.read() as reading:
        newest = sa.select(Request.title).order_by(Request.reference.desc()).limit(2)
        one, other = reading.session.scalars(newest)
    assert one != other


def test_journeys_post_in_the_order_of_numbers_even_when_the_clock_is_behind(
    lived_in: store.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    late = store.Engine(lived_in.database, clock=SettableClock(ENDED - timedelta(days=3)), handlers=HANDLERS)
    for house in (lived_in, late, lived_in):
        assert journey.tell(house, Teller("en", PARIS))
    assert capsys.readouterr().out.count("The books balance") == 3
    with lived_in.read() as reading:
        chains = sa.select(Posting.journal_id, Posting.position, Posting.posted_at)
        rows = reading.session.execute(chains.order_by(Posting.journal_id, Posting.position)).all()
    pairs = [(one, after) for one, after in pairwise(rows) if one.journal_id == after.journal_id]
    assert pairs
    assert all(one.posted_at <= after.posted_at for one, after in pairs)


def test_the_five_days_are_rehearsed_and_rolled_back(
    lived_in: store.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert journey.tell(lived_in, Teller("fr", PARIS))
    assert "request.close" in capsys.readouterr().out
    with lived_in.read() as reading:
        newest = reading.session.scalars(sa.select(Request).order_by(Request.reference.desc())).first()
        assert newest is not None
        instance = queries.instance_of(reading, newest.id, intake.PROCESS)
        [(element, due)] = queries.due_timers(reading, str(instance))
    assert newest.status == "answered"
    assert element == "five_days"
    assert due > reading.now


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-21T22:00", "2026-11-20"),
        ("2026-11-16T09:00", "2026-11-13"),
        ("2026-11-12T00:30", "2026-11-10"),
    ],
)
def test_the_town_has_lived_until_the_last_working_day(now: str, expected: str) -> None:
    instant = datetime.fromisoformat(now).replace(tzinfo=PARIS)
    assert town.last_day(instant, PARIS).isoformat() == expected


def test_rows_told_are_rows_written(lived_in: store.Engine) -> None:
    tables = [*engine.tables.Base.metadata.sorted_tables, *registry.tables.Base.metadata.sorted_tables]

    def counted() -> dict[str, int]:
        with lived_in.read() as reading:
            return {
                table.name: reading.connection.scalar(sa.select(sa.func.count()).select_from(table))
                for table in tables
            }

    with lived_in.read() as reading:
        thing = roll.read(reading).things["school"][3]
    before = counted()
    with watched(lived_in.database) as written, lived_in.begin("system:portal") as unit:
        intake.open_request(
            unit, entity_id=thing.entity_id, asset_id=thing.id, title="Vitre fendue", channel="portal"
        )
    after = counted()
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    told = {
        name: written.inserted[name] - written.deleted[name]
        for name in written.inserted | written.deleted
        if written.inserted[name] != written.deleted[name]
    }
    told["reference_counter"] = 0  # an upsert: told as written, and the row was there
    grown.setdefault("reference_counter", 0)
    assert told == grown
    assert written.statements > len(grown)
    with lived_in.begin("system:test") as unit:
        assert unit.connection.scalar(sa.select(sa.func.count()).select_from(History)) == after["history"]


def test_calls_are_the_same_on_every_run_and_add_up(house: store.Engine) -> None:
    with house.read() as reading:
        known = roll.read(reading)

    def asked() -> list[calls.Call]:
        first, last = date(2026, 3, 13), date(2026, 11, 12)
        return list(calls.calls(known, first=first, last=last, orders=600, zone=PARIS))

    one, other = asked(), asked()
    assert one == other
    closing = [call for call in one if call.stop is None]
    orders = {"not_fixed": 2, "refused": 0, "duplicate": 0}
    assert sum(orders.get(call.fate, 1) for call in closing) == 600
    assert [call.at for call in one] == sorted(call.at for call in one)


@pytest.mark.parametrize(
    ("start", "days", "minutes", "expected"),
    [
        ("2026-11-06T16:30", 0, 60, "2026-11-09T08:30"),
        ("2026-11-07T11:00", 0, 0, "2026-11-09T08:00"),
        ("2026-11-10T10:00", 1, 0, "2026-11-12T10:00"),
        ("2026-11-05T08:00", 0, 540, "2026-11-05T17:00"),
    ],
)
def test_working_time_skips_nights_weekends_and_public_holidays(
    start: str, days: int, minutes: int, expected: str
) -> None:
    local = datetime.fromisoformat(start).replace(tzinfo=PARIS)
    assert f"{hours.after(local, days=days, minutes=minutes):%Y-%m-%dT%H:%M}" == expected


def test_the_facts_shipped_are_small_and_name_no_person() -> None:
    folder = resources.files("web.demo")
    sheets = [one for one in folder.iterdir() if one.name.endswith(".csv")]
    assert {one.name for one in sheets} == {"buildings.csv", "green_spaces.csv"}
    assert sum(len(one.read_bytes()) for one in sheets) < 60_000
    assert "Licence Ouverte" in (folder / "README.md").read_text(encoding="utf-8")
    assert all(facts.email(one["name"]).endswith(".example") for one in facts.read("town")["office"])


def test_the_demo_does_not_touch_another_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHET_HOME", str(tmp_path))
    house = open_house(settings.read())
    migrations.upgrade(house.database)
    with house.begin("system:test") as unit:
        entities.create(
            unit.session,
            code="VRAIE",
            name="Vraie ville",
            kind="commune",
            accounting="public",
            at=unit.now,
            by=unit.actor,
        )
    refused = CliRunner().invoke(demo, [])
    assert refused.exit_code == 1
    assert "contient une autre ville" in refused.output
    with house.read() as reading:
        assert requests.attached_to(reading.session, "none") == []
        assert [one.code for one in entities.every(reading.session)] == ["VRAIE"]
    house.database.dispose()


def test_the_journey_alone_asks_for_the_town_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHET_HOME", str(tmp_path))
    refused = CliRunner().invoke(demo, ["--journey-only", "--lang", "en"])
    assert refused.exit_code == 1
    assert "There is no demo town" in refused.output
