"""User tasks with listeners for everything, in the hands of people, workers, clocks and operators at random.

Whatever comes, the rehearsal and the database tell the same story after every step, the rows agree with the frozen
state, and once every worker has answered and the instance is cancelled, nothing is left of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.scenario_expectations import Failed
from tests import diagrams as d
from tests import engine_proofs, twin

EVERY = (
    "creating:c1 assigning:a1 assigning:a2 updating:u1 completing:z1 completing:z2 canceling:x1 canceling:x2"
)
MULTI = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
    '<zeebe:loopCharacteristics inputCollection="=[1, 2]"/></bpmn:extensionElements>'
    '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">=enough = true</bpmn:completionCondition>'
    "</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>"
)
INSIDE = "".join(
    [
        d.start("begin"),
        d.user("deep", listeners="canceling:x1"),
        d.user("next"),
        d.end("stop", "<bpmn:terminateEventDefinition/>"),
        '<bpmn:parallelGateway id="part"/>',
        *(
            f'<bpmn:sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}"/>'
            for source, target in (("begin", "part"), ("part", "deep"), ("part", "next"), ("next", "stop"))
        ),
    ]
)
INSTEAD = "".join(
    [
        d.start("five", d.timer("PT5H"), 'isInterrupting="true"'),
        d.user("rescue", listeners="assigning:a1"),
        '<bpmn:sequenceFlow id="five-rescue" sourceRef="five" targetRef="rescue"/>',
    ]
)
DIAGRAM = d.process(
    "p",
    d.start(),
    '<bpmn:parallelGateway id="fork"/>',
    d.user("all", listeners=EVERY),
    d.boundary("late", "all", d.timer("PT1H")),
    d.user("help"),
    f'<bpmn:subProcess id="box">{INSIDE}</bpmn:subProcess>',
    d.boundary("later", "box", d.timer("PT2H")),
    d.user("mend", listeners="canceling:x1"),
    d.user("many", listeners="canceling:x1 completing:z1").replace("</bpmn:userTask>", MULTI),
    '<bpmn:parallelGateway id="join"/>',
    d.end(),
    f'<bpmn:subProcess id="instead" triggeredByEvent="true">{INSTEAD}</bpmn:subProcess>',
    flows="start fork all join end; late help join; fork box join; later mend; fork many join",
)
Action = dict[str, Any]


@pytest.fixture(scope="module")
def database() -> Iterator[sa.Engine]:
    with twin.sqlite() as opened:
        yield opened


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listeners")
    (folder / "p.bpmn").write_bytes(DIAGRAM)
    path = folder / "story.json"
    path.write_text(json.dumps({"resources": ["p.bpmn"], "steps": [{"do": "start", "process": "p"}]}))
    return path


def _choices(both: twin.Twin) -> list[Action]:
    """Return what somebody could do now; some of it will be refused."""
    [acted] = both.stage.instances
    picks: dict[str, int] = {}
    found: list[Action] = []
    for _, wait in sorted(acted.waits.items(), key=lambda one: (acted.since[one[0]], one[0])):
        if wait.kind == "job":
            one = {"element": wait.element, "type": wait.facts["type"]}
            found += [{"do": "complete", **one}, {"do": "deny", **one, "reason": "no"}]
            found += [{"do": "fail_job", "element": wait.element, "retries": 0, "message": "down"}]
        if wait.kind == "task":
            one = {"element": wait.element}
            found += [{"do": "assign", **one, "assignee": "eva"}, {"do": "assign", **one}]
            found += [{"do": "update", **one, "change": {"priority": 70, "dueDate": "2026-02-01T10:00:00Z"}}]
        if wait.kind in ("task", "job"):
            pick = picks[wait.element] = picks.get(wait.element, -1) + 1
            found += [
                {"do": "complete", "element": wait.element, "pick": pick, "variables": {"enough": pick == 1}}
            ]
    found += [{"do": "resolve_incident", "element": element} for element, _ in acted.incidents.values()]
    return [*found, {"do": "advance_clock", "by": "PT1H"}, {"do": "cancel_instance"}]


def _do(both: twin.Twin, action: Action) -> None:
    """Do a step on both sides; what the rehearsal refuses the engine must refuse, and nothing else."""
    both.stage.now += twin.TICK
    both.clock.advance(twin.TICK)
    target = both._target(action)
    try:
        both.teller.tell(action)
    except Failed:
        action = {**action, "expect_rejected": True}
    getattr(both, f"_{action['do']}")(action, target)
    rehearsed, stored = both.both()
    assert stored == rehearsed, action
    assert engine_proofs.findings(both.house.database) == [], action


@given(numbers=st.lists(st.integers(0, 9_999), max_size=40))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_rehearsal_rows_and_state_agree_whatever_comes(
    database: sa.Engine, story: Path, numbers: list[int]
) -> None:
    twin.forget(database)
    with twin.twin(story, database) as (both, steps):
        both.step(steps[0])
        [acted] = both.stage.instances
        for number in numbers:
            if acted.run.status != "active":
                return
            choices = _choices(both)
            # An instance cancelled early has little to tell.
            _do(both, choices[number % len(choices)] if number % 7 else choices[number % (len(choices) - 1)])
        _let_end(both)


def _let_end(both: twin.Twin) -> None:
    [acted] = both.stage.instances
    if acted.run.status == "active" and not acted.run.is_leaving:
        _do(both, {"do": "cancel_instance"})
    while acted.run.status == "active":
        for element, _ in list(acted.incidents.values()):
            _do(both, {"do": "resolve_incident", "element": element})
        jobs = [wait.element for wait in acted.waits.values() if wait.kind == "job"]
        assert jobs, "an instance that is cancelled waits for nothing but listeners"
        _do(both, {"do": "complete", "element": jobs[0]})
    assert acted.run.status in ("completed", "terminated")
    assert not acted.waits
