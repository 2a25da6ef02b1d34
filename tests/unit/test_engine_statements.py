"""The statement budget: completing a user task costs at most twelve, however long the process is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine import instances, tasks
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
