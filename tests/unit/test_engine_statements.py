"""Statements of the hot path: at most twelve complete a user task, and what they carry arrives as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from engine import instances, tasks
from engine.statements import inserting
from engine.tables import History
from tests import databases
from tests import diagrams as d
from tests.bench import case, completions
from tests.factories_engine import House

BUDGET = 12


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield "sqlite://"
        return
    with databases.scratch() as scratch:
        yield scratch


def test_every_completion_of_a_case_stays_within_the_budget(url: str) -> None:
    counts: dict[str, int] = {}
    with case.house(url) as house:
        case.walk(house, case.start(house, 1), lambda _step, complete: complete())

        def count(step: str, complete: Callable[[], None]) -> None:
            with completions.counted(house.database) as seen:
                complete()
            counts[step] = max(counts.get(step, 0), len(seen))

        made = case.start(house, 2)
        case.walk(house, made, count)
        with house.read() as reading:
            closed = instances.variables_of(reading, made)
    assert closed["status"] == "closed"
    assert len(closed["inspectionResults"]) == 3
    assert max(counts.values()) <= BUDGET, counts
    assert len(counts) == len(case.FORMS)


def _chain(length: int) -> bytes:
    names = [f"step{number}" for number in range(length)]
    users = "".join(d.user(name) for name in names)
    return d.process("p", d.start(), users, d.end(), flows=" ".join(["start", *names, "end"]))


def test_a_process_of_two_hundred_steps_costs_what_one_of_ten_costs(url: str) -> None:
    counts = {}
    for length in (10, 200):
        house = House(url)
        house.deploy(_chain(length))
        house.start()
        seen_by_step = []
        for number in range(8):
            task = house.task(f"step{number}")
            with completions.counted(house.engine.database) as seen:
                house.do(tasks.complete, task, {f"answer{number}": number})
            seen_by_step.append(len(seen))
        counts[length] = seen_by_step[1:]  # the first one reads the definition, once per process
        house.do(instances.cancel, task.rpartition(".")[0], "measured")
        house.close()
    assert counts[10] == counts[200]
    assert max(counts[10]) <= BUDGET


def test_forms_and_called_processes_are_looked_up_once_a_deployment(url: str) -> None:
    body = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics "
        'inputCollection="=[1,2,3,4,5,6,7,8,9,10]" inputElement="item"/></bpmn:extensionElements>'
        "</bpmn:multiInstanceLoopCharacteristics></bpmn:callActivity>"
    )
    call = (
        '<bpmn:callActivity id="call"><bpmn:extensionElements><zeebe:calledElement processId="inner"/>'
        f"</bpmn:extensionElements>{body}"
    )
    outer = d.process("p", d.start(), d.user("first"), call, d.end(), flows="start first call end")
    inner = d.process("inner", d.start(), d.user("write", form="form_1"), d.end(), flows="start write end")
    form = b'{"id": "form_1", "type": "default", "components": []}'
    house = House(url)
    house.deploy(outer, inner, one_form=form)
    counts = []
    for _ in range(2):
        house.start()
        task = house.task("first")
        with completions.counted(house.engine.database) as seen:
            house.do(tasks.complete, task)
        counts.append(len(seen))
    assert len(house.waiting()) == 20
    assert counts[1] <= BUDGET
    house.close()


# ---------------------------------------------------------------------- how statements travel


def _lines(count: int, **changed: object) -> list[dict[str, object]]:
    """Return lines of history with everything that can trip on its way: quotes, backslashes, no value, microseconds."""
    at = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=timezone(timedelta(hours=2)))
    same = {
        "instance_id": "i",
        "at": at,
        "actor": "l’agent “5\\” : %s",
        "event": "completed",
        "process_instance_id": "i",
        "element": "a\tb",
        "token": 2**40,
        "data": None,
    }
    return [{**same, "seq": number, **changed} for number in range(count)]


def test_many_rows_arrive_as_one_row_does(url: str) -> None:
    with case.house(url) as house:
        insert = inserting(History)
        with house.begin("person-17") as unit:
            insert.run(unit.connection, _lines(1)[0])
            insert.run(unit.connection, _lines(3, instance_id="of several", data='{"§": 1.10}'))
        with house.read() as reading:
            rows = reading.connection.execute(sa.select(History.__table__)).mappings().all()
    one, *several = (dict(row) for row in rows)
    assert one == _lines(1)[0]
    assert several == _lines(3, instance_id="of several", data='{"§": 1.10}')


def test_a_row_that_is_there_already_is_refused_without_its_values(url: str) -> None:
    with case.house(url) as house:
        with pytest.raises(sa.exc.IntegrityError) as refused, house.begin("person-17") as unit:
            inserting(History).run(unit.connection, [*_lines(2), *_lines(1)])
        with house.read() as reading:
            assert reading.connection.scalar(sa.select(sa.func.count()).select_from(History)) == 0
    assert "[SQL: INSERT INTO history" in str(refused.value)
    assert "completed" not in str(refused.value)


def test_a_failure_in_a_round_trip_is_told_as_sqlalchemy_would_and_undoes_the_whole(url: str) -> None:
    with case.house(url) as house:
        with pytest.raises(sa.exc.IntegrityError), house.begin("person-17") as unit, unit.round_trip():
            inserting(History).run(unit.connection, [*_lines(2), *_lines(1)])
        with house.read() as reading:
            assert reading.connection.scalar(sa.select(sa.func.count()).select_from(History)) == 0


def test_what_is_written_in_a_reading_is_not_kept(url: str) -> None:
    with case.house(url) as house:
        with suppress(sa.exc.InternalError), house.read() as reading:  # PostgreSQL refuses, SQLite forgets
            inserting(History).run(reading.connection, _lines(1)[0])
        with house.read() as reading:
            assert reading.connection.scalar(sa.select(sa.func.count()).select_from(History)) == 0


@pytest.mark.postgres
def test_a_reading_leaves_prepared_what_was_prepared() -> None:
    """Every ROLLBACK makes the driver forget, and the server parse and plan each statement anew."""
    prepared = sa.text(
        "select statement from pg_prepared_statements where statement like 'UPDATE instance_state%'"
    )
    with databases.scratch() as scratch, case.house(scratch) as house:
        for number in range(3):
            case.walk(house, case.start(house, number), lambda _step, complete: complete())
        with house.read() as reading:
            assert len(reading.connection.execute(prepared).all()) == 1
        with house.read() as reading:
            assert len(reading.connection.execute(prepared).all()) == 1
