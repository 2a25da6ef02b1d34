"""The frozen state: small, of a known format, true after any thaw; and the limits of one command."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from engine import kernel, variables
from engine.errors import Failed
from tests.diagrams import end, process, start, user
from tests.properties.test_kernel_oracle import World

CALL = (
    '<bpmn:callActivity id="c"><bpmn:extensionElements><zeebe:calledElement processId="child"/>'
    "</bpmn:extensionElements></bpmn:callActivity>"
)


def spec(content: bytes) -> kernel.ProcessSpec:
    return kernel.read(content, "p.bpmn").processes[0]


class WorldWithChild(World):
    """A world with one process to call."""

    child = spec(process("child", start("s2"), user("inner"), end("e2"), flows="s2 inner e2"))

    def called_process(self, called: kernel.Called, process_id: str, caller: object) -> kernel.ProcessSpec:
        return self.child


def begun(content: bytes, **variables: object) -> kernel.Run:
    definition = spec(content)
    run = kernel.Run(definition, WorldWithChild())
    first = definition.none_start()
    assert first is not None
    run.begin(first, variables)
    return run


SIMPLE = process("p", start(), user("a"), user("b"), end(), flows="start a b end")


def test_a_state_of_the_first_format_is_thawed() -> None:
    run = begun(SIMPLE, n=1)
    older = json.loads(kernel.freeze(run))
    assert older[0] == 3
    older[0] = 1
    thawed = kernel.thaw(json.dumps(older), run.spec, World(), lambda _: run.spec)
    assert kernel.freeze(thawed) == kernel.freeze(run)


def test_a_state_of_a_later_format_is_refused() -> None:
    run = begun(SIMPLE)
    later = json.loads(kernel.freeze(run))
    later[0] = 99
    with pytest.raises(Failed, match="format 99"):
        kernel.thaw(json.dumps(later), run.spec, World(), lambda _: run.spec)


def test_a_state_whose_element_has_gone_is_refused_by_name() -> None:
    text = kernel.freeze(begun(SIMPLE))
    other = spec(process("p", start(), user("b"), end(), flows="start b end"))
    with pytest.raises(Failed, match="“a”"):
        kernel.thaw(text, other, World(), lambda _: other)


def test_a_called_process_stores_only_names_of_what_is_still_its_callers() -> None:
    run = begun(process("p", start(), CALL, end(), flows="start c end"), big="x" * 5_000, small=1)
    text = kernel.freeze(run)
    assert text.count("x" * 5_000) == 1
    thawed = kernel.thaw(text, run.spec, WorldWithChild(), lambda _: WorldWithChild.child)
    inner = next(token for token in thawed.tasks.values() if token.task_spec.name == "inner")
    assert inner.visible() == {"big": "x" * 5_000, "small": 1}
    assert kernel.peek(text, inner.id) == inner.visible()
    thawed.finish(inner.id, {"small": 2})
    assert thawed.status == "completed"
    assert thawed.task_tree.data["small"] == 2


def test_what_the_called_process_changes_is_its_own() -> None:
    run = begun(process("p", start(), CALL, end(), flows="start c end"), n=1)
    inner = next(token for token in run.tasks.values() if token.task_spec.name == "inner")
    inner.propagate("n", 2)
    text = kernel.freeze(run)
    assert kernel.peek(text, inner.id) == {"n": 2}
    assert kernel.peek(text, 1) == {"n": 1}


@pytest.mark.parametrize("text", ["many", "NaN", "Infinity", "9" * 5_000, ""])
def test_what_a_process_writes_under_our_tag_for_numbers_stays_the_text_it_is(text: str) -> None:
    written = variables.dumps({"a": {variables.TAG: "number", "v": text}})
    assert variables.loads(written) == {"a": text}


def test_numbers_keep_their_cents_and_all_their_digits() -> None:
    numbers = [10**30, -(10**30), Decimal("1.10"), Decimal("1E+6144"), Decimal("-0.5"), 7]
    read = variables.loads(variables.dumps(numbers))
    assert [(type(one), str(one)) for one in read] == [(type(one), str(one)) for one in numbers]


def test_a_round_of_rework_leaves_the_state_as_small_as_it_was() -> None:
    gateway = '<bpmn:exclusiveGateway id="m"/>'
    run = begun(process("p", start(), gateway, user("a"), flows="start m a m"))
    sizes = set()
    for _ in range(50):
        task = next(token for token in run.tasks.values() if token.task_spec.name == "a")
        run.finish(task.id, {})
        sizes.add(len(run.tasks))
    assert sizes == {2}


def test_an_endless_loop_becomes_an_incident_and_nothing_is_lost() -> None:
    gateway, split = '<bpmn:exclusiveGateway id="m"/><bpmn:task id="spin"/>', '<bpmn:parallelGateway id="f"/>'
    definition = spec(process("p", start(), split, gateway, user("a"), flows="start f m spin m; f a"))
    run = kernel.Run(definition, World())
    run.max_steps = 500
    first = definition.none_start()
    assert first is not None
    run.begin(first, {})
    assert [fault.kind for _, fault in run.effects.incidents.values()] == ["expression"]
    assert "500 steps" in next(iter(run.effects.incidents.values()))[1].message
    assert [wait.element for wait in run.effects.opened.values()] == ["a"]
    run.finish(next(iter(run.effects.opened)), {})
    assert run.status == "active"
    run.cancel()
    assert run.status == "terminated"
