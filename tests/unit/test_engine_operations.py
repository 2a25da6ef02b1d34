"""Operators suspend, move and migrate running instances, and nothing changes by halves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine import definitions, instances, operations, queries, store, tables, tasks, timers
from engine.clock import SettableClock
from engine.definitions import File
from engine.errors import Missing, NotWaiting, Refused
from tests import diagrams as d
from tests import engine_proofs

MORNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
FIRST = d.process(
    "p",
    d.start(),
    d.user("write", label="Write the report"),
    d.user("check"),
    d.boundary("remind", "write", d.timer("PT4H"), interrupting=False),
    d.end("reminded"),
    d.end(),
    flows="start write check end; remind reminded",
)
RENAMED = (
    FIRST.replace(b'"write"', b'"write_report"')
    .replace(b"write-", b"write_report-")
    .replace(b"-write", b"-write_report")
)
ESCALATED = d.process(
    "p",
    d.start(),
    d.user("write", label="Write the report"),
    d.user("check"),
    d.boundary("escalate", "write", d.timer("PT8H")),
    d.end("escalated"),
    d.end(),
    flows="start write check end; escalate escalated",
)
WITHOUT = d.process("p", d.start(), d.user("check"), d.end(), flows="start check end")


class House:
    """An engine in memory with one version deployed and one instance at its first task."""

    def __init__(self) -> None:
        self.clock = SettableClock(MORNING)
        self.engine = store.Engine(store.connect("sqlite://"), clock=self.clock)
        tables.Base.metadata.create_all(self.engine.database)
        self.first = self.deploy(FIRST)
        with self.engine.begin("ana") as unit:
            self.instance = instances.start(unit, "p", {"asked": True})

    def deploy(self, content: bytes) -> str:
        with self.engine.begin("ana") as unit:
            return definitions.deploy(unit, [File("p.bpmn", content)], message="test").definitions[0]

    def waiting(self) -> list[str]:
        with self.engine.read() as reading:
            return [row.element for row in queries.open_tasks_of(reading, self.instance)]

    def due(self) -> list[tuple[str, datetime]]:
        with self.engine.read() as reading:
            return queries.due_timers(reading, self.instance)

    def complete(self, element: str) -> None:
        with self.engine.begin("ana") as unit:
            [row] = [row for row in queries.open_tasks_of(unit, self.instance) if row.element == element]
            tasks.complete(unit, row.id)

    def status(self) -> str:
        with self.engine.read() as reading:
            return queries.parts(reading, self.instance)[0].status


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.engine.database.dispose()


def test_a_suspended_instance_refuses_completion_and_fires_no_timer_until_it_is_resumed(house: House) -> None:
    with house.engine.begin("ana") as unit:
        operations.suspend(unit, house.instance, "the budget is frozen")
    with pytest.raises(NotWaiting, match="suspended"):
        house.complete("write")
    house.clock.advance(timedelta(hours=5))
    assert timers.fire_due(house.engine) == 0
    with house.engine.begin("ana") as unit:
        operations.resume(unit, house.instance)
    assert timers.fire_due(house.engine) == 1
    house.complete("write")
    assert house.waiting() == ["check"]


def test_an_active_instance_cannot_be_resumed_and_a_missing_one_is_missing(house: House) -> None:
    with house.engine.begin("ana") as unit:
        with pytest.raises(NotWaiting, match="but it is active"):
            operations.resume(unit, house.instance)
        with pytest.raises(Missing):
            operations.resume(unit, "nowhere")


def test_a_token_moves_to_another_step_and_its_old_task_is_cancelled(house: House) -> None:
    with house.engine.begin("ana") as unit:
        [row] = queries.open_tasks_of(unit, house.instance)
        operations.move(unit, house.instance, int(row.id.rpartition(".")[2]), "check")
    assert house.waiting() == ["check"]
    assert house.due() == []
    with house.engine.read() as reading:
        events = [(h.event, h.element) for h in queries.history(reading, house.instance, events=["moved"])]
    assert events == [("moved", "write")]


@pytest.mark.parametrize("target", ["start", "remind"])
def test_a_token_is_not_moved_to_where_no_path_leads(house: House, target: str) -> None:
    with house.engine.begin("ana") as unit:
        [row] = queries.open_tasks_of(unit, house.instance)
        token = int(row.id.rpartition(".")[2])
        with pytest.raises(Refused, match="No path leads"):
            operations.move(unit, house.instance, token, target)
    assert house.waiting() == ["write"]


def test_a_renamed_task_is_found_by_its_label_and_keeps_its_clock(house: House) -> None:
    house.clock.advance(timedelta(hours=1))
    second = house.deploy(RENAMED)
    with house.engine.read() as reading:
        mapping = operations.suggest_mapping(reading, house.first, second)
        [verdict] = operations.dry_run(reading, [house.instance], house.first, second, mapping)
    assert mapping == {"write": "write_report"}
    assert verdict.reasons == ()
    assert house.waiting() == ["write"], "a dry run changes nothing"
    [done] = operations.migrate(house.engine, "ana", [house.instance], house.first, second, mapping)
    assert done.done
    assert house.waiting() == ["write_report"]
    assert house.due() == [("remind", MORNING + timedelta(hours=4))]
    house.complete("write_report")
    house.complete("check")
    assert house.status() == "completed"


def test_an_event_that_is_new_in_the_version_is_watched_and_one_that_is_gone_is_not(house: House) -> None:
    house.clock.advance(timedelta(hours=1))
    second = house.deploy(ESCALATED)
    [done] = operations.migrate(house.engine, "ana", [house.instance], house.first, second, {})
    assert done.done
    assert house.due() == [("escalate", MORNING + timedelta(hours=9))]
    house.clock.advance(timedelta(hours=8))
    assert timers.fire_due(house.engine) == 1
    assert house.status() == "completed"


def test_a_reminder_that_has_been_sent_is_not_sent_again_by_a_migration(house: House) -> None:
    house.clock.advance(timedelta(hours=4))
    assert timers.fire_due(house.engine) == 1
    second = house.deploy(RENAMED)
    mapping = {"write": "write_report"}
    [done] = operations.migrate(house.engine, "ana", [house.instance], house.first, second, mapping)
    assert done.done
    assert house.due() == []


def test_a_scope_that_an_event_has_interrupted_hears_no_new_one(house: House) -> None:
    def version(*more: str) -> str:
        inside = [
            d.subprocess(
                f"on_{name}",
                d.start(f"s_{name}", d.timer(after)),
                d.user(f"do_{name}"),
                attributes='triggeredByEvent="true"',
                flows=f"s_{name} do_{name}",
            )
            for name, after in (("late", "PT1H"), ("later", "PT2H"))
            if name in more
        ]
        return house.deploy(d.process("q", d.start(), d.user("work"), *inside, flows="start work"))

    first = version("late")
    with house.engine.begin("ana") as unit:
        stopped = instances.start(unit, "q")
    house.clock.advance(timedelta(hours=1))
    assert timers.fire_due(house.engine) == 1
    with house.engine.begin("ana") as unit:
        calm = instances.start(unit, "q")
    second = version("late", "later")
    verdicts = operations.migrate(house.engine, "ana", [stopped, calm], first, second, {})
    assert [verdict.done for verdict in verdicts] == [True, True]
    with house.engine.read() as reading:
        heard = [[name for name, _ in queries.due_timers(reading, one)] for one in (stopped, calm)]
    assert heard == [[], ["s_late", "s_later"]]


def test_an_instance_whose_step_is_gone_stays_as_it_is_and_says_why(house: House) -> None:
    second = house.deploy(WITHOUT)
    [verdict] = operations.migrate(house.engine, "ana", [house.instance], house.first, second, {})
    assert not verdict.done
    assert [reason.code for reason in verdict.reasons] == ["element_gone"]
    with house.engine.read() as reading:
        kept = reading.connection.scalar(
            sa.select(tables.InstanceState.definition_id).where(
                tables.InstanceState.instance_id == house.instance
            )
        )
    assert kept == house.first
    house.complete("write")
    assert house.waiting() == ["check"]


def test_a_batch_takes_over_those_that_can_and_names_those_that_cannot(house: House) -> None:
    with house.engine.begin("ana") as unit:
        other = instances.start(unit, "p")
    house.complete("write")
    second = house.deploy(WITHOUT)
    verdicts = operations.migrate(
        house.engine, "ana", [house.instance, other, "nowhere"], house.first, second, {}
    )
    assert [verdict.done for verdict in verdicts] == [True, False, False]
    assert verdicts[2].reasons[0].code == "missing"


def test_what_has_stopped_stands_at_the_step_of_the_new_version(house: House) -> None:
    def version(step: str) -> bytes:
        return d.process(
            "q", d.start(), d.script(step, "assert(1, false)", "x"), d.end(), flows=f"start {step} end"
        )

    first = house.deploy(version("count"))
    with house.engine.begin("ana") as unit:
        stopped = instances.start(unit, "q")
    second = house.deploy(version("reckon"))
    [done] = operations.migrate(house.engine, "ana", [stopped], first, second, {"count": "reckon"})
    assert done.done
    with house.engine.read() as reading:
        [incident] = queries.open_incidents(reading, instance_id=stopped)
        [part] = queries.parts(reading, stopped)
    assert (incident.element, part.incidents) == ("reckon", frozenset({"reckon"}))
    assert engine_proofs.findings(house.engine.database) == []
