"""Whether a completion costs the same in a long diagram, in a late round and beside many other instances.

Comes in: a database URL. Goes out: milliseconds at both ends of each scale, taken in turns. It never asserts: times
are printed, not judged. Next: ``tests/bench/__main__.py``.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from engine import instances, tasks
from tests import diagrams as d
from tests.factories_engine import House


@dataclass(frozen=True)
class Scale:
    """Median milliseconds at the small and at the large end."""

    name: str
    small: float
    large: float


def _chain(process_id: str, length: int) -> bytes:
    names = [f"step{number}" for number in range(length)]
    users = "".join(d.user(name) for name in names)
    return d.process(process_id, d.start(), users, d.end(), flows=" ".join(["start", *names, "end"]))


def _loop() -> bytes:
    again = (
        '<bpmn:sequenceFlow id="again" sourceRef="good" targetRef="meet">'
        '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">=not(ok)</bpmn:conditionExpression>'
        "</bpmn:sequenceFlow>"
    )
    return d.process(
        "loop",
        d.start(),
        '<bpmn:exclusiveGateway id="meet"/>',
        d.user("work"),
        '<bpmn:exclusiveGateway id="good" default="good-end"/>',
        d.end(),
        again,
        flows="start meet work good end",
    )


def _complete(house: House, task_id: str, **answers: object) -> float:
    began = time.perf_counter()
    with house.engine.begin("ana") as unit:
        tasks.complete(unit, task_id, answers)
    return (time.perf_counter() - began) * 1000


def nodes(url: str, *, small: int = 10, large: int = 2000, rounds: int = 60) -> Scale:
    """Compare the first steps of a short diagram with those of a long one."""
    house = House(url)
    house.deploy(_chain("short", small), _chain("long", large))
    times: dict[str, list[float]] = {"short": [], "long": []}
    for number in range(rounds):
        for process_id, taken in times.items():
            instance_id = house.start(process_id)
            for step in range(4):
                spent = _complete(house, house.task(f"step{step}", instance_id), answer=step)
                if number > 2:
                    taken.append(spent)
            house.do(instances.cancel, instance_id, "measured")
    house.close()
    return Scale(
        f"{small} to {large:,} nodes", statistics.median(times["short"]), statistics.median(times["long"])
    )


def rounds(url: str, *, last: int = 300) -> Scale:
    """Compare the first rounds of a rework loop with its last ones."""
    house = House(url)
    house.deploy(_loop())
    early: list[float] = []
    late: list[float] = []
    old = house.start("loop")
    for _ in range(last - 20):
        _complete(house, house.task("work", old), ok=False)
    for _ in range(20):
        young = house.start("loop")
        _complete(house, house.task("work", young), ok=False)
        early.append(_complete(house, house.task("work", young), ok=False))
        late.append(_complete(house, house.task("work", old), ok=False))
        house.do(instances.cancel, young, "measured")
    house.close()
    return Scale(f"round 1 to {last} of a loop", statistics.median(early), statistics.median(late))
