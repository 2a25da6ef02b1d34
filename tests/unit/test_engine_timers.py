"""Timers: due from the database, late ones too, each on its own; start timers; one that fails stops nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import operations, tasks, timers
from engine.store import Call, UnitOfWork
from engine.tables import Timer
from tests import diagrams as d
from tests.factories_engine import MORNING, House

REMINDED = d.process(
    "p",
    d.start(),
    d.user("write"),
    d.boundary("remind", "write", d.timer("PT4H"), interrupting=False),
    d.user("nag"),
    d.boundary("late", "write", d.timer("P1D")),
    d.user("help"),
    flows="start write; remind nag; late help",
)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def _daily(text: str, kind: str = "timeCycle") -> bytes:
    inside = (
        f'<bpmn:timerEventDefinition><bpmn:{kind} xsi:type="bpmn:tFormalExpression">{text}</bpmn:{kind}>'
        "</bpmn:timerEventDefinition>"
    )
    return d.process("p", d.start("s", inside), d.user("sweep"), flows="s sweep")


def test_nothing_fires_before_it_is_due(house: House) -> None:
    house.deploy(REMINDED)
    house.start()
    assert timers.next_due(house.engine) == MORNING + timedelta(hours=4)
    assert house.wait(timedelta(hours=4) - timedelta(microseconds=1)) == 0
    assert house.waiting() == ["write"]


def test_a_reminder_leaves_the_task_and_a_deadline_takes_it(house: House) -> None:
    house.deploy(REMINDED)
    house.start()
    assert house.wait(timedelta(hours=4)) == 1
    assert house.waiting() == ["nag", "write"]
    assert house.wait(timedelta(hours=20)) == 1
    assert house.waiting() == ["help", "nag"]
    assert timers.next_due(house.engine) is None


def test_what_fell_due_while_nobody_worked_fires_oldest_first(house: House) -> None:
    house.deploy(REMINDED)
    made = house.start()
    assert house.wait(timedelta(days=30)) == 2
    assert house.waiting() == ["help", "nag"]
    fired = [element for event, element in house.history(made) if event == "completed"]
    assert fired.index("remind") < fired.index("late")


def test_a_completed_task_takes_its_timers_with_it(house: House) -> None:
    house.deploy(REMINDED)
    house.start()
    house.complete("write")
    assert house.count(Timer) == 0
    assert house.wait(timedelta(days=30)) == 0


def test_timers_of_a_suspended_instance_wait_until_it_is_resumed(house: House) -> None:
    house.deploy(REMINDED)
    made = house.start()
    house.do(operations.suspend, made, "strike")
    assert house.wait(timedelta(days=2)) == 0
    house.do(operations.resume, made)
    assert house.wait(timedelta(0)) == 2


def test_a_timer_that_is_no_longer_there_fires_nothing(house: House) -> None:
    house.deploy(REMINDED)
    made = house.start()
    [token] = house.column(sa.select(Timer.token).where(Timer.element == "late"))
    assert not house.do(timers.fire, made, token)
    assert not house.do(timers.fire, made, 999)
    house.complete("write")
    house.clock.advance(timedelta(days=2))
    assert not house.do(timers.fire, made, token)


def test_more_timers_than_one_page_all_fire(house: House) -> None:
    house.deploy(REMINDED)
    for _ in range(7):
        house.start()
    house.clock.advance(timedelta(hours=5))
    assert timers.fire_due(house.engine, limit=2) == 7


def test_a_timer_that_fails_is_undone_and_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def fail_for_one(unit: UnitOfWork, call: Call) -> dict[str, object]:
        if call.inputs["number"] == 1:
            unit.connection.execute(sa.update(Timer).values(element="spoiled"))
            raise LookupError("the handler has a fault")
        return {}

    house = House(handlers={"count": fail_for_one})
    house.deploy(
        d.process(
            "p",
            d.start(),
            d.catch("pause", d.timer("PT1H")),
            d.service("work", "count"),
            d.user("look"),
            flows="start pause work look",
        )
    )
    for number in (1, 2, 3):
        house.start(variables={"number": number})
        house.clock.advance(timedelta(seconds=1))
    with caplog.at_level(logging.ERROR):
        assert house.wait(timedelta(hours=2)) == 2
    assert "timer.failed" in caplog.text
    assert house.waiting() == ["look", "look"]
    assert house.column(sa.select(Timer.element)) == ["pause"]
    house.close()


def test_answers_too_large_for_a_timer_leave_it_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    house = House(handlers={"count": lambda _unit, _call: {"text": "x" * 1_000_001}})
    house.deploy(
        d.process(
            "p",
            d.start(),
            d.catch("pause", d.timer("PT1H")),
            d.service("work", "count"),
            flows="start pause work",
        )
    )
    house.start()
    house.clock.advance(timedelta(hours=2))
    before = house.everything()
    assert timers.fire_due(house.engine) == 0
    assert house.everything() == before
    house.close()


def test_a_cycle_starts_an_instance_at_each_turn_and_then_no_more(house: House) -> None:
    house.deploy(_daily("R3/P1D"))
    assert house.wait(timedelta(hours=23)) == 0
    for turn in (1, 2, 3):
        assert house.wait(timedelta(days=1)) == 1
        assert house.waiting() == ["sweep"] * turn
    assert house.wait(timedelta(days=10)) == 0


def test_a_date_starts_one_instance(house: House) -> None:
    house.deploy(_daily("2026-01-06T06:00:00Z", "timeDate"))
    assert house.wait(timedelta(days=3)) == 1
    assert house.wait(timedelta(days=3)) == 0
    assert house.waiting() == ["sweep"]


def test_a_claim_does_not_move_a_due_date(house: House) -> None:
    house.deploy(REMINDED)
    house.start()
    house.clock.advance(timedelta(hours=1))
    house.do(tasks.claim, house.task("write"))
    assert timers.next_due(house.engine) == MORNING + timedelta(hours=4)
