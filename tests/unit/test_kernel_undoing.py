"""What has been done and can be undone: taken over to another version, given back, read from older states."""

from __future__ import annotations

import json

import pytest

from engine import kernel
from tests.diagrams import boundary, end, process, service, start, subprocess, timer, user
from tests.properties.test_kernel_oracle import World

COMPENSATE = "<bpmn:compensateEventDefinition/>"
BACK = f'<bpmn:intermediateThrowEvent id="back">{COMPENSATE}</bpmn:intermediateThrowEvent>'


def undone(host: str, handler: str) -> str:
    """The event on the border of ``host``, and the activity that undoes it."""
    return (
        boundary(f"c_{host}", host, COMPENSATE)
        + f'<bpmn:association id="by_{host}" sourceRef="c_{host}" targetRef="{handler}"/>'
        + service(handler, "undo").replace(
            "<bpmn:serviceTask ", '<bpmn:serviceTask isForCompensation="true" '
        )
    )


def undone_inside(box: str) -> str:
    """A compensation event subprocess."""
    return subprocess(
        f"undo_{box}",
        start(f"us_{box}", COMPENSATE),
        service(f"refund_{box}", "undo"),
        attributes='triggeredByEvent="true"',
        flows=f"us_{box} refund_{box}",
    )


def two(a: str = "a", b: str = "b", *more: str, handlers: str | None = None) -> kernel.ProcessSpec:
    """A process that does two tasks, asks a person, and undoes both; ``handlers`` replaces those it draws."""
    drawn = undone(a, f"un_{a}") + undone(b, f"un_{b}") if handlers is None else handlers
    halt = subprocess(
        "halt",
        start("hs", timer("PT1H")),
        user("think"),
        BACK.replace('"back"', '"rest"'),
        end("he"),
        attributes='triggeredByEvent="true"',
        flows="hs think rest he",
    )
    ends = (user("judge"), BACK, end(), halt)
    flows = f"start {a} {b} judge back end"
    return read(process("p", start(), service(a, "x"), service(b, "x"), drawn, *ends, *more, flows=flows))


def boxed(
    *inside: str, box: str = "box", task: str = "a", outside: str = "", then: str = ""
) -> kernel.ProcessSpec:
    """A process whose one task is done in a subprocess."""
    drawn = subprocess(box, start("s2"), service(task, "x"), *inside, flows=f"s2 {task}")
    flows = f"start {box} {then} judge back end"
    return read(process("p", start(), drawn, outside, user("judge"), BACK, end(), flows=flows))


def read(content: bytes) -> kernel.ProcessSpec:
    reading = kernel.read(content, "p.bpmn")
    assert [problem for problem in reading.problems if problem.severity == "error"] == []
    return reading.processes[0]


def begun(definition: kernel.ProcessSpec, *done: str) -> kernel.Run:
    run = kernel.Run(definition, World())
    first = definition.none_start()
    assert first is not None
    run.begin(first, {})
    for element in done:
        run.finish(at(run, element), {})
    return run


def at(run: kernel.Run, element: str) -> int:
    [token] = [token.id for token in run.tasks.values() if token.task_spec.name == element]
    return token


def waiting(run: kernel.Run) -> list[str]:
    return [t.task_spec.name for t in run.tasks.values() if t.internal_data.get("wait") in ("job", "task")]


def again(run: kernel.Run) -> kernel.Run:
    """The run as the next command finds it."""
    return kernel.thaw(kernel.freeze(run), run.spec, World(), lambda _: run.spec)


def taken_over(run: kernel.Run, target: kernel.ProcessSpec, **mapping: str) -> kernel.Run:
    plan = kernel.Plan(run.spec, target, mapping)
    assert kernel.reasons(run, plan) == []
    kernel.migrate(run, plan)
    return again(run)


def refused(run: kernel.Run, target: kernel.ProcessSpec, **mapping: str) -> list[tuple[str, str]]:
    before = kernel.freeze(run)
    found = kernel.reasons(run, kernel.Plan(run.spec, target, mapping))
    assert kernel.freeze(run) == before
    return [(reason.code, reason.element) for reason in found]


def test_what_can_be_undone_is_undone_by_the_handler_of_its_counterpart() -> None:
    run = taken_over(begun(two(), "a", "b"), two("first", "second"), a="first", b="second")
    run.finish(at(run, "judge"), {})
    assert waiting(run) == ["un_second"]
    run.finish(at(run, "un_second"), {})
    assert waiting(run) == ["un_first"]
    run.finish(at(run, "un_first"), {})
    assert run.status == "completed"


def test_a_compensation_under_way_goes_on_in_the_other_version() -> None:
    run = begun(two(), "a", "b", "judge")
    names = {"a": "first", "b": "second", "un_b": "un_second"}
    run = taken_over(run, two("first", "second"), **names)
    run.finish(at(run, "un_second"), {})
    assert waiting(run) == ["un_first"]


def test_a_version_that_no_longer_undoes_what_was_done_is_refused_by_name() -> None:
    target = two("first", "second", handlers=undone("second", "un_second"))
    run = begun(two(), "a", "b")
    assert refused(run, target, a="first", b="second") == [("handler_gone", "a")]
    run = begun(two(), "a", "b", "judge")
    names = {"a": "first", "b": "second", "un_b": "un_second"}
    assert refused(run, target, **names) == [("handler_gone", "a")]


def test_an_activity_with_nothing_left_to_undo_may_lose_its_handler() -> None:
    target = two("a", "b", handlers=undone("a", "un_a"))
    assert refused(begun(two(), "a"), target) == []
    assert refused(begun(two(), "a", "b"), target) == [("handler_gone", "b")]


def test_what_can_be_undone_stays_in_its_subprocess() -> None:
    inside = boxed(undone("a", "un_a"))
    moved = taken_over(
        begun(inside, "a"), boxed(undone("act", "un_act"), box="crate", task="act"), box="crate", a="act"
    )
    moved.finish(at(moved, "judge"), {})
    assert waiting(moved) == ["un_act"]
    elsewhere = boxed(box="box", task="x", then="a", outside=service("a", "x") + undone("a", "un_a"))
    assert refused(begun(inside, "a"), elsewhere) == [("scope_differs", "a")]
    assert refused(begun(inside, "a"), boxed()) == [("handler_gone", "a")]


def test_a_handler_on_the_border_takes_over_from_those_inside() -> None:
    run = taken_over(begun(boxed(undone("a", "un_a")), "a"), boxed(outside=undone("box", "un_box")))
    run.finish(at(run, "judge"), {})
    assert waiting(run) == ["un_box"]
    run.finish(at(run, "un_box"), {})
    assert run.status == "completed"


def test_a_compensation_event_subprocess_must_have_its_counterpart() -> None:
    source = boxed(undone("a", "un_a"), undone_inside("box"))
    named = boxed(undone("a", "un_a"), undone_inside("crate"), box="crate")
    run = taken_over(begun(source, "a"), named, box="crate")
    run.finish(at(run, "judge"), {})
    assert waiting(run) == ["refund_crate"]
    assert refused(begun(source, "a"), boxed(undone("a", "un_a"))) == [("handler_gone", "box")]
    assert refused(begun(source, "a"), boxed(undone_inside("box"))) == [("handler_gone", "a")]
    by_border = boxed(outside=undone("box", "un_box"))
    assert refused(begun(source, "a"), by_border) == []


def test_paths_of_an_ad_hoc_subprocess_go_over_with_what_they_did_and_collected() -> None:
    def collecting(box: str, a: str, outputs: str) -> kernel.ProcessSpec:
        adhoc = f'<zeebe:adHoc activeElementsCollection=\'=["{a}","b"]\' {outputs}/>'
        inside = service(a, "x") + undone(a, f"un_{a}") + user("b") + BACK
        flow = '<bpmn:sequenceFlow id="b-back" sourceRef="b" targetRef="back"/>'
        drawn = f"<bpmn:extensionElements>{adhoc}</bpmn:extensionElements>{inside}{flow}"
        return read(
            process(
                "p",
                start(),
                f'<bpmn:adHocSubProcess id="{box}">{drawn}</bpmn:adHocSubProcess>',
                boundary("late", box, timer("PT1H")),
                end(),
                flows=f"start {box} end",
            )
        )

    outputs = 'outputCollection="all" outputElement="=it"'
    run = begun(collecting("box", "a", outputs))
    run.finish(at(run, "a"), {"it": 1})
    assert kernel.places(kernel.freeze(run)) == [(1, "box", "active"), (1, "b", "active")]
    stopped = begun(collecting("box", "a", outputs))
    stopped.finish(at(stopped, "a"), {"all": 5})
    assert (1, "box", "incident") in kernel.places(kernel.freeze(stopped))
    plain = collecting("crate", "act", "")
    assert refused(run, plain, box="crate", a="act") == []
    run = taken_over(run, collecting("crate", "act", outputs), box="crate", a="act")
    assert [t.task_spec.name for t in run.tasks.values() if t.mark == "watch"] == ["late"]
    run.finish(at(run, "b"), {"it": 2})
    run.finish(at(run, "un_act"), {})
    assert run.status == "completed"
    assert run.task_tree.data["all"] == [1, 2]


def test_a_scope_that_is_being_undone_is_watched_by_nothing_new() -> None:
    source = boxed(undone("a", "un_a"))
    run = begun(source, "a", "judge")
    target = boxed(undone("a", "un_a"), outside=boundary("late", "box", timer("PT1H")))
    run = taken_over(run, target)
    assert [token.task_spec.name for token in run.tasks.values() if token.mark == "watch"] == []
    run.finish(at(run, "un_a"), {})
    assert run.status == "completed"


def test_an_event_subprocess_taken_over_still_does_not_catch_its_own_error() -> None:
    def rescue(name: str) -> kernel.ProcessSpec:
        caught = start(f"s_{name}", "<bpmn:errorEventDefinition/>")
        inside = subprocess(
            name,
            caught,
            service("mend", "x"),
            attributes='triggeredByEvent="true"',
            flows=f"s_{name} mend",
        )
        return read(process("p", start(), service("a", "x"), inside, flows="start a"))

    run = begun(rescue("on_error"))
    run.throw(at(run, "a"), "E", "", {})
    run = taken_over(run, rescue("saved"), on_error="saved", s_on_error="s_saved")
    run.throw(at(run, "mend"), "E", "", {})
    assert [fault.kind for _, fault in run.effects.incidents.values()] == ["unhandled_error"]


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_compensation_frozen_by_the_second_format_goes_on(interrupted: bool) -> None:
    run = begun(two(), "a", "b", "judge")
    older = json.loads(kernel.freeze(run))
    older[0] = 2
    [todo] = [record[5]["todo"] for record in older[3] if record[5] and "todo" in record[5]]
    assert [entry.pop() for entry in todo] == [0]
    run = kernel.thaw(json.dumps(older), run.spec, World(), lambda _: run.spec)
    if interrupted:
        run.trigger(at(run, "hs"))
        assert waiting(run) == ["think"]
        run.finish(at(run, "think"), {})
    else:
        run.finish(at(run, "un_b"), {})
    assert waiting(run) == ["un_a"]


def test_an_operator_ends_a_compensation_by_moving_it_on_but_moves_no_handler() -> None:
    run = begun(two(), "a", "b", "judge")
    handler, thrower = run.tasks[at(run, "un_b")], run.tasks[at(run, "back")]
    judge = run.spec.task_specs["judge"]
    reason = kernel.may_stand_on(handler, judge)
    assert reason is not None
    assert reason.code == "not_movable"
    assert kernel.may_stand_on(thrower, judge) is None
    kernel.move(run, thrower, judge)
    run = again(run)
    assert waiting(run) == ["judge"]
    run.finish(at(run, "judge"), {})
    assert waiting(run) == ["un_a"]
