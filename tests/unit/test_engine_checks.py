"""Every problem of a diagram by example: the code, the element, its line, and words in both languages.

Each case is broken in one way only; a test at the end sees to it that no code of the catalogue is without one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine import definitions
from engine.definitions import File, Known
from engine.problems import Problem
from engine.wordings import CATALOGUE
from web.cli import main

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:test"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
"""
CATALOGUE_OF_TYPES = {"stock.hold": frozenset({"item"})}


def draw(*lines: str, defs: str = "", process: str = 'id="p" name="Process" isExecutable="true"') -> bytes:
    """Put each element on a line of its own."""
    body = "\n".join(lines)
    return f"{HEAD}{defs}\n<bpmn:process {process}>\n{body}\n</bpmn:process>\n</bpmn:definitions>\n".encode()


def flow(source: str, target: str, condition: str = "") -> str:
    inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    name = f"{source}_{target}"
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inside}</bpmn:sequenceFlow>'


def chain(*names: str) -> str:
    return "\n".join(flow(a, b) for a, b in pairwise(names))


def extended(*inside: str) -> str:
    return f"<bpmn:extensionElements>{''.join(inside)}</bpmn:extensionElements>"


def node(kind: str, element: str, inside: str = "", attributes: str = "") -> str:
    return f'<bpmn:{kind} id="{element}" name="Label of {element}" {attributes}>{inside}</bpmn:{kind}>'


def timer(text: str, what: str = "Duration") -> str:
    return f"<bpmn:timerEventDefinition><bpmn:time{what}>{text}</bpmn:time{what}></bpmn:timerEventDefinition>"


START, END = node("startEvent", "s"), node("endEvent", "e")
TASK = node("task", "x")
LASTING = node("userTask", "x", extended('<zeebe:assignmentDefinition assignee="a"/>'))
JOB = extended('<zeebe:taskDefinition type="stock.hold"/>')
ERROR = '<bpmn:error id="err" errorCode="E"/>'
SIGNAL = '<bpmn:signal id="sig" name="go"/>'
MESSAGE = '<bpmn:message id="m" name="m"><bpmn:extensionElements><zeebe:subscription correlationKey="=k"/></bpmn:extensionElements></bpmn:message>'
COMPENSATE = "<bpmn:compensateEventDefinition/>"


def around(middle: str, *more: str, defs: str = "") -> bytes:
    """Draw start, the element ``x`` in question, end, in a row."""
    return draw(START, middle, END, chain("s", "x", "e"), *more, defs=defs)


@dataclass(frozen=True)
class Case:
    """A broken file and the one problem it has."""

    code: str
    element: str
    content: bytes
    severity: str = "error"
    name: str = "broken.bpmn"


def association(source: str, target: str) -> str:
    return f'<bpmn:association id="a_{source}" sourceRef="{source}" targetRef="{target}"/>'


CASES = [
    Case("file.unreadable", "", b"<bpmn:definitions"),
    Case("file.hostile", "", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
    Case("file.too_big", "", b" " * 50_000_000),
    Case("file.too_many", "", around("<bpmn:task/>" * 10_001)),
    Case("file.no_process", "", HEAD.encode() + b"</bpmn:definitions>"),
    Case("id.missing", "p", draw(START, '<bpmn:task name="Nameless"/>', END, chain("s", "e"))),
    Case("id.duplicate", "x", around(TASK, '<bpmn:task id="x"/>')),
    Case("element.unsupported", "x", around(node("complexGateway", "x"))),
    Case("element.unreachable", "lost", around(TASK, node("task", "lost"))),
    Case("start.missing", "p", draw(END)),
    Case("start.several", "p", around(TASK, node("startEvent", "s2"), chain("s2", "x"))),
    Case("start.event", "s", draw(node("startEvent", "s", "<bpmn:errorEventDefinition/>"), END, chain("s", "e"))),
    Case("flow.dangling", "x_gone", around(TASK, chain("x", "gone"))),
    Case(
        "flow.crosses_scope",
        "x_inner",
        around(TASK, node("subProcess", "box", START.replace('"s"', '"s2"') + node("task", "inner") + chain("s2", "inner")), chain("x", "box"), flow("x", "inner")),
    ),
    Case("flow.into_start", "s", around(TASK, chain("x", "s"))),
    Case("flow.out_of_end", "e", around(TASK, node("task", "y"), chain("e", "y"))),
    Case("flow.no_condition", "x_e", draw(START, node("exclusiveGateway", "x"), END, chain("s", "x", "e"), node("endEvent", "e2"), flow("x", "e2", "=a"))),
    Case("flow.text_condition", "x_e", draw(START, node("exclusiveGateway", "x"), END, chain("s", "x"), flow("x", "e", "${a}"))),
    Case("flow.ignored_condition", "x_e", draw(START, node("parallelGateway", "x"), END, chain("s", "x"), flow("x", "e", "=a"))),
    Case("flow.event_subprocess", "x_box", around(TASK, chain("x", "box"), node("subProcess", "box", node("startEvent", "s2", '<bpmn:signalEventDefinition signalRef="sig"/>') + node("endEvent", "e2") + chain("s2", "e2"), 'triggeredByEvent="true"'), defs=SIGNAL)),
    Case("gateway.event_target", "x", draw(START, node("eventBasedGateway", "x"), chain("s", "x", "t"), node("intermediateCatchEvent", "t", timer("PT1H")), chain("x", "y"), node("task", "y"))),
    Case("gateway.event_alone", "x", draw(START, node("eventBasedGateway", "x"), chain("s", "x", "t"), node("intermediateCatchEvent", "t", timer("PT1H")))),
    Case("gateway.deadlock", "j", draw(START, node("exclusiveGateway", "x", "", 'default="x_b"'), node("task", "a"), node("task", "b"), node("parallelGateway", "j"), END, chain("s", "x", "b", "j", "e"), flow("x", "a", "=c"), chain("a", "j"))),
    Case("gateway.waits_for_itself", "x", draw(START, node("parallelGateway", "x"), node("exclusiveGateway", "g", "", 'default="g_e"'), END, chain("s", "x", "g", "e"), flow("g", "x", "=again"))),
    Case("gateway.may_wait", "j", draw(START, node("inclusiveGateway", "x", "", 'default="x_b"'), node("task", "a"), node("task", "b"), node("parallelGateway", "j"), END, chain("s", "x", "b", "j", "e"), flow("x", "a", "=c"), chain("a", "j")), "warning"),
    Case("gateway.merge_repeats", "m", draw(START, node("parallelGateway", "x"), node("task", "a"), node("task", "b"), node("task", "m"), END, chain("s", "x", "a", "m", "e"), chain("x", "b", "m")), "warning"),
    Case("feel.syntax", "x", around(node("scriptTask", "x", extended('<zeebe:script expression="=1 +" resultVariable="r"/>')))),
    Case("attribute.missing", "x", around(node("serviceTask", "x"))),
    Case("reference.missing", "x", around(node("intermediateCatchEvent", "x", '<bpmn:signalEventDefinition signalRef="gone"/>'))),
    Case("extension.foreign", "x", around(node("serviceTask", "x", JOB, 'camunda:class="org.example.Do"'))),
    Case("extension.unknown", "x", around(node("userTask", "x", extended('<zeebe:assignmentDefinition assignee="a"/>', '<zeebe:conditionalFilter variableNames="a"/>')))),
    Case("timer.text", "x", around(node("intermediateCatchEvent", "x", timer("in a while")))),
    Case("timer.cycle", "x", around(node("intermediateCatchEvent", "x", timer("R3/PT1H", "Cycle")))),
    Case("timer.once", "b", around(LASTING, node("boundaryEvent", "b", timer("R3/PT1H", "Cycle"), 'attachedToRef="x"')), "warning"),
    Case("event.unsupported", "x", around(node("intermediateThrowEvent", "x", timer("PT1H")))),
    Case("event.multiple", "x", around(node("intermediateCatchEvent", "x", timer("PT1H") + '<bpmn:signalEventDefinition signalRef="sig"/>'), defs=SIGNAL)),
    Case("event.duplicate", "b2", around(LASTING, node("boundaryEvent", "b1", '<bpmn:errorEventDefinition errorRef="err"/>', 'attachedToRef="x"'), node("boundaryEvent", "b2", '<bpmn:errorEventDefinition errorRef="err"/>', 'attachedToRef="x"'), defs=ERROR)),
    Case("boundary.nowhere", "b", around(TASK, node("boundaryEvent", "b", timer("PT1H"), 'attachedToRef="s"'))),
    Case("boundary.must_interrupt", "b", around(LASTING, node("boundaryEvent", "b", "<bpmn:errorEventDefinition/>", 'attachedToRef="x" cancelActivity="false"'))),
    Case("compensation.handler", "undo", around(TASK, node("boundaryEvent", "b", COMPENSATE, 'attachedToRef="x"'), node("task", "undo"), association("b", "undo"))),
    Case("compensation.flow", "b", around(TASK, node("boundaryEvent", "b", COMPENSATE, 'attachedToRef="x"'), node("task", "undo", "", 'isForCompensation="true"'), association("b", "undo"), chain("b", "e"))),
    Case("link.pair", "x", draw(START, node("intermediateThrowEvent", "x", '<bpmn:linkEventDefinition name="L"/>'), chain("s", "x"))),
    Case("tasktype.unknown", "x", around(node("serviceTask", "x", extended('<zeebe:taskDefinition type="stock.hodl"/>')))),
    Case("tasktype.input_missing", "x", around(node("serviceTask", "x", JOB))),
    Case("tasktype.input_unknown", "x", around(node("serviceTask", "x", extended('<zeebe:taskDefinition type="stock.hold"/>', '<zeebe:ioMapping><zeebe:input source="=1" target="itme"/></zeebe:ioMapping>')))),
    Case("tasktype.worker", "x", around(node("serviceTask", "x", extended('<zeebe:taskDefinition type="io.outside:1"/>'))), "warning"),
    Case("process.called_missing", "x", around(node("callActivity", "x", extended('<zeebe:calledElement processId="gone"/>'))), "warning"),
    Case("user_task.nobody", "x", around(node("userTask", "x")), "warning"),
    Case("element.misplaced", "x", around(node("task", "x", "<bpmn:frobnicate/>"))),
    Case("element.repeated", "x", around(node("serviceTask", "x", extended('<zeebe:taskDefinition type="a"/><zeebe:taskDefinition type="b"/>')))),
    Case("element.instantiates", "x", around(node("receiveTask", "x", "", 'messageRef="m" instantiate="true"'), defs=MESSAGE)),
    Case("attribute.unknown", "x", around(node("task", "x", "", 'isforcompensation="true"'))),
    Case("attribute.too_many", "x", around(node("task", "x", "", " ".join(f'a{n}="1"' for n in range(101))))),
    Case("attribute.value", "x", around(node("task", "x", "", 'isForCompensation="no"'))),
    Case("name.unusable", "x", around(node("scriptTask", "x", extended('<zeebe:script expression="=1" resultVariable="a.b"/>')))),
    Case("value.text", "x", around(node("serviceTask", "x", extended('<zeebe:taskDefinition type="a" retries="many"/>')))),
    Case("feel.expected", "x", around(node("scriptTask", "x", extended('<zeebe:script expression="1" resultVariable="r"/>')))),
    Case("mapping.empty", "x", around(node("serviceTask", "x", extended('<zeebe:taskDefinition type="a"/><zeebe:ioMapping><zeebe:input target="t"/></zeebe:ioMapping>'))), "warning"),
    Case("script.foreign", "x", around(node("scriptTask", "x", "<bpmn:script>var a = 1;</bpmn:script>", 'scriptFormat="javascript"'))),
    Case("work.twice", "x", around(node("scriptTask", "x", extended('<zeebe:script expression="=1" resultVariable="r"/><zeebe:taskDefinition type="a"/>')))),
    Case("user_task.other_form", "x", around(node("userTask", "x", extended('<zeebe:assignmentDefinition assignee="a"/><zeebe:formDefinition formKey="camunda-forms:bpmn:f"/>')))),
    Case("process.only_drawn", "q", around(TASK).replace(b"</bpmn:definitions>", b'<bpmn:process id="q"/>\n</bpmn:definitions>'), "warning"),
    Case("flow.open", "f", around(TASK, '<bpmn:sequenceFlow id="f" sourceRef="x"/>')),
    Case("flow.default_condition", "x_e", draw(START, node("exclusiveGateway", "x", "", 'default="x_e"'), END, node("endEvent", "e2"), chain("s", "x"), flow("x", "e", "=a"), flow("x", "e2", "=b"))),
    Case("flow.listed", "x", around(node("task", "x", "<bpmn:outgoing>lost</bpmn:outgoing>")), "warning"),
    Case("gateway.may_miss", "j", draw(START, node("parallelGateway", "f"), node("exclusiveGateway", "x", "", 'default="x_e2"'), node("task", "b"), node("parallelGateway", "j"), END, node("endEvent", "e2"), chain("s", "f", "b", "j", "e"), chain("f", "x"), flow("x", "j", "=ok"), chain("x", "e2")), "warning"),
    Case("gateway.no_exit", "x", draw(START, node("exclusiveGateway", "x"), chain("s", "x"))),
    Case("boundary.never", "b", around(TASK, node("boundaryEvent", "b", timer("PT1H"), 'attachedToRef="x"')), "warning"),
    Case("link.unused", "l", around(TASK, node("intermediateCatchEvent", "l", '<bpmn:linkEventDefinition name="L"/>'), node("endEvent", "e2"), chain("l", "e2"))),
    Case("extension.other", "x", around(node("task", "x", "", 'xmlns:w="urn:whatever" w:class="a"')), "warning"),
]  # fmt: skip
ELSEWHERE = {"scenario.unusable", "file.more", "path.unreadable", "file.twice", "definition.twice"}
"""Said of paths and of several files; tested in ``test_check_command.py``."""


def types(kind: str, inputs: frozenset[str]) -> list[Problem]:
    """Stand in for the catalogue of a house."""
    if kind.startswith("io."):
        return [Problem("tasktype.worker", severity="warning")]
    if kind not in CATALOGUE_OF_TYPES:
        return [Problem("tasktype.unknown", facts={"hint": ""})]
    missing = CATALOGUE_OF_TYPES[kind] - inputs
    extra = inputs - CATALOGUE_OF_TYPES[kind]
    if extra:
        return [Problem("tasktype.input_unknown", facts={"name": name, "hint": ""}) for name in extra]
    return [
        Problem(
            "tasktype.input_missing", facts={"name": name, "meaning": {"en": "an item", "fr": "un article"}}
        )
        for name in missing
    ]


def found(case: Case) -> list[Problem]:
    needs_types = case.code.startswith("tasktype.")
    return definitions.check(
        [File(case.name, case.content)], Known(task_type=types if needs_types else None)
    ).problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_broken_diagram_has_exactly_its_problem(case: Case) -> None:
    problems = found(case)
    assert [(p.code, p.element, p.severity) for p in problems] == [(case.code, case.element, case.severity)]
    problem = problems[0]
    assert problem.file == case.name
    lines = case.content.decode().splitlines()
    if case.element:
        assert f'id="{case.element}"' in lines[problem.line - 1] or "Nameless" in lines[problem.line - 1]
    texts = {language: (problem.message(language), problem.advice(language)) for language in ("en", "fr")}
    for message, advice in texts.values():
        assert message
        assert advice
        assert "{" not in message.replace("${a}", "") + advice
    assert texts["en"][0] != texts["fr"][0]
    if problem.label and case.code != "id.missing":
        assert all(
            problem.label in " ".join(pair) or case.element in " ".join(pair) for pair in texts.values()
        )


def test_every_code_of_the_catalogue_has_an_example() -> None:
    diagrams = {code for code in CATALOGUE if not code.startswith(("form.", "dmn."))}
    assert {case.code for case in CASES} | ELSEWHERE == diagrams


def test_all_problems_are_told_at_once() -> None:
    content = draw(
        START,
        node("serviceTask", "a"),
        node("complexGateway", "b"),
        node("intermediateCatchEvent", "c", timer("soon")),
        node("scriptTask", "d", extended('<zeebe:script expression="=(" resultVariable="r"/>')),
        chain("s", "a", "b", "c", "d", "gone"),
    )
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert {p.code for p in problems} == {
        "attribute.missing",
        "element.unsupported",
        "timer.text",
        "feel.syntax",
        "flow.dangling",
    }
    assert [p.line for p in problems] == sorted(p.line for p in problems)


TWO_WAYS = [
    node("task", "a"),
    node("task", "b"),
    node("parallelGateway", "j"),
    END,
    chain("a", "j", "e"),
    chain("b", "j"),
]
PARTINGS = [
    ("an interrupting border", (LASTING, node("boundaryEvent", "t", timer("PT1H"), 'attachedToRef="x"'), chain("x", "a"), chain("t", "b")), "gateway.deadlock"),
    ("a border beside", (LASTING, node("boundaryEvent", "t", timer("PT1H"), 'attachedToRef="x" cancelActivity="false"'), chain("x", "a"), chain("t", "b")), "gateway.may_wait"),
    ("a condition", (node("task", "x", "", 'default="x_b"'), flow("x", "a", "=c"), chain("x", "b")), "gateway.may_wait"),
    ("a fork without gateway", (LASTING, chain("x", "a"), chain("x", "b")), None),
    ("a terminating way out", (node("parallelGateway", "x"), chain("x", "a"), node("exclusiveGateway", "g", "", 'default="g_b"'), chain("x", "g", "b"), node("endEvent", "stop", "<bpmn:terminateEventDefinition/>"), flow("g", "stop", "=c")), None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "code"), [case[1:] for case in PARTINGS], ids=[case[0] for case in PARTINGS]
)
def test_a_join_is_compared_with_paths_that_part_without_a_gateway(
    parts: tuple[str, ...], code: str | None
) -> None:
    problems = definitions.check([File("p.bpmn", draw(START, chain("s", "x"), *parts, *TWO_WAYS))]).problems
    assert [(p.code, p.element) for p in problems] == ([(code, "j")] if code is not None else [])


UNKNOWN_PLACES = [
    ("scriptTask", '<zeebe:script expression="=1" resultVariable="r"/><zeebe:calledElement processId="p"/>', "calledElement"),
    ("exclusiveGateway", '<zeebe:ioMapping><zeebe:input source="=1" target="a"/></zeebe:ioMapping>', "ioMapping"),
    ("task", '<zeebe:taskDefinition type="a"/>', "taskDefinition"),
    ("intermediateThrowEvent", '<zeebe:taskDefinition type="a"/>', "taskDefinition"),
    ("inclusiveGateway", '<zeebe:executionListeners><zeebe:executionListener eventType="end" type="a"/></zeebe:executionListeners>', "executionListener"),
    ("exclusiveGateway", '<zeebe:executionListeners><zeebe:executionListener eventType="end" type="a"/></zeebe:executionListeners>', "executionListener"),
    ("userTask", '<zeebe:assignmentDefinition assignee="a"/><zeebe:taskListeners><zeebe:taskListener eventType="timeout" type="a"/></zeebe:taskListeners>', "taskListener"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "extension", "name"), UNKNOWN_PLACES)
def test_an_extension_where_it_means_nothing_is_refused_by_name(kind: str, extension: str, name: str) -> None:
    content = around(node(kind, "x", extended(extension)))
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert [(p.code, p.element) for p in problems] == [("extension.unknown", "x")]
    assert name in problems[0].message("en")
    assert name in problems[0].message("fr")


UNSUPPORTED = [
    node("transaction", "x", node("startEvent", "s2")),
    node("intermediateCatchEvent", "x", "<bpmn:conditionalEventDefinition/>"),
    node("task", "x", '<bpmn:standardLoopCharacteristics testBefore="true"/>'),
    node("callChoreography", "x"),
]


@pytest.mark.parametrize("middle", UNSUPPORTED)
def test_what_the_engine_does_not_run_is_refused_by_name(middle: str) -> None:
    message = f'<bpmn:message id="m" name="m">{extended(chr(60) + "zeebe:subscription correlationKey=" + chr(34) + "=1" + chr(34) + "/>")}</bpmn:message>'
    problems = definitions.check([File("p.bpmn", around(middle, defs=message))]).problems
    assert ("element.unsupported", "x") in [(p.code, p.element) for p in problems]


def test_a_whole_process_has_no_compensation_event_subprocess() -> None:
    inner = node("startEvent", "s2", COMPENSATE) + node("endEvent", "e2") + chain("s2", "e2")
    content = around(TASK, node("subProcess", "box", inner, 'triggeredByEvent="true"'))
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert [(p.code, p.element) for p in problems] == [("event.unsupported", "s2")]
    assert "inside the subprocess" in problems[0].advice("en")
    assert "dans le sous-processus" in problems[0].advice("fr")


def test_an_event_subprocess_is_no_multi_instance() -> None:
    loop = f"<bpmn:multiInstanceLoopCharacteristics>{extended('<zeebe:loopCharacteristics inputCollection=' + chr(34) + '=[1]' + chr(34) + '/>')}</bpmn:multiInstanceLoopCharacteristics>"
    inner = loop + node("startEvent", "s2", "<bpmn:errorEventDefinition/>")
    content = around(TASK, node("subProcess", "box", inner, 'triggeredByEvent="true"'))
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert [(p.code, p.element) for p in problems] == [("element.unsupported", "box")]


def test_a_compensation_that_is_not_waited_for_is_refused_by_name() -> None:
    throw = node("intermediateThrowEvent", "x", '<bpmn:compensateEventDefinition waitForCompletion="false"/>')
    problems = definitions.check([File("p.bpmn", around(throw))]).problems
    assert [(p.code, p.element) for p in problems] == [("extension.unknown", "x")]
    assert "waitForCompletion" in problems[0].message("fr")


def test_a_subprocess_is_undone_in_one_way() -> None:
    undoing = node("startEvent", "s3", COMPENSATE) + node("endEvent", "e3") + chain("s3", "e3")
    inside = node("startEvent", "s2") + node("subProcess", "undo_box", undoing, 'triggeredByEvent="true"')
    border = node("boundaryEvent", "b", COMPENSATE, 'attachedToRef="x"')
    handler = node("task", "undo", "", 'isForCompensation="true"')
    content = around(node("subProcess", "x", inside), border, handler, association("b", "undo"))
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert [(p.code, p.element) for p in problems] == [("event.duplicate", "b")]


@pytest.mark.parametrize(
    ("kind", "extension", "words"),
    [
        ("scriptTask", '<zeebe:script expression="=1" resultVariable="a.b"/>', "a.b"),
        ("serviceTask", '<zeebe:taskDefinition type="a"/><zeebe:ioMapping><zeebe:input source="=1" target="1st"/></zeebe:ioMapping>', "1st"),
        ("callActivity", '<zeebe:calledElement processId="=p" bindingType="versionTag"/>', "version tag"),
        ("callActivity", '<zeebe:calledElement processId="=p" versionTag="v1"/>', "version tag"),
        ("userTask", '<zeebe:assignmentDefinition assignee="a"/><zeebe:formDefinition formId="=f" bindingType="newest"/>', "bindingType=newest"),
    ],
)  # fmt: skip
def test_a_name_or_binding_that_cannot_be_meant_is_refused(kind: str, extension: str, words: str) -> None:
    problems = definitions.check([File("p.bpmn", around(node(kind, "x", extended(extension))))]).problems
    assert [(p.element, p.severity) for p in problems] == [("x", "error")]
    assert words in problems[0].message("en")


@pytest.mark.parametrize(
    "outputs", ['outputCollection="all"', 'outputElement="=it"', 'outputCollection="a b" outputElement="=it"']
)
def test_what_an_ad_hoc_subprocess_collects_needs_a_name_and_an_element(outputs: str) -> None:
    active = f"<zeebe:adHoc activeElementsCollection='=[\"y\"]' {outputs}/>"
    content = around(node("adHocSubProcess", "x", extended(active) + node("task", "y")))
    problems = definitions.check([File("p.bpmn", content)]).problems
    code = "name.unusable" if "a b" in outputs else "attribute.missing"
    assert [(p.code, p.element) for p in problems] == [(code, "x")]


@pytest.mark.parametrize(
    ("attributes", "inside"),
    [
        ('triggeredByEvent="true"', ""),
        ('ordering="Sequential"', ""),
        ("", '<zeebe:taskDefinition type="stock.hold"/>'),
    ],
    ids=["begun by an event", "one after another", "by a worker"],
)
def test_an_ad_hoc_subprocess_that_would_not_run_as_drawn_is_refused(attributes: str, inside: str) -> None:
    active = f"<zeebe:adHoc activeElementsCollection='=[\"y\"]'/>{inside}"
    content = around(node("adHocSubProcess", "x", extended(active) + node("task", "y"), attributes))
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert [(p.code, p.element) for p in problems] == [("extension.unknown", "x")]


def test_two_events_for_the_same_message_on_one_border_are_refused() -> None:
    subscription = extended('<zeebe:subscription correlationKey="=k"/>')
    events = [
        node("boundaryEvent", name, '<bpmn:messageEventDefinition messageRef="m"/>', 'attachedToRef="x"')
        for name in ("b1", "b2")
    ]
    message = f'<bpmn:message id="m" name="m">{subscription}</bpmn:message>'
    problems = definitions.check([File("p.bpmn", around(LASTING, *events, defs=message))]).problems
    assert [(p.code, p.element) for p in problems] == [("event.duplicate", "b2")]


def test_a_start_timer_that_needs_variables_is_refused() -> None:
    content = draw(node("startEvent", "s", timer("=deadline", "Date")), END, chain("s", "e"))
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert [(p.code, p.element) for p in problems] == [("timer.text", "s")]


def test_a_signal_start_whose_name_needs_variables_is_refused() -> None:
    start = node("startEvent", "s", '<bpmn:signalEventDefinition signalRef="sig"/>')
    signal = '<bpmn:signal id="sig" name="=topic"/>'
    content = draw(start, END, chain("s", "e"), defs=signal)
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert [(p.code, p.element) for p in problems] == [("attribute.missing", "s")]


def test_a_form_on_a_start_event_is_a_warning() -> None:
    start = node("startEvent", "s", extended('<zeebe:formDefinition formId="f"/>'))
    problems = definitions.check([File("p.bpmn", draw(start, END, chain("s", "e")))]).problems
    assert [(p.code, p.element, p.severity) for p in problems] == [("extension.unknown", "s", "warning")]


@pytest.mark.parametrize(
    "target", ["gone", "s", "inner"], ids=["nothing", "no activity", "an activity of another scope"]
)
def test_a_compensation_must_name_an_activity_of_its_scope(target: str) -> None:
    box = node("subProcess", "box", node("startEvent", "s2") + node("task", "inner") + chain("s2", "inner"))
    throw = node("intermediateThrowEvent", "x", f'<bpmn:compensateEventDefinition activityRef="{target}"/>')
    content = draw(START, box, throw, END, chain("s", "box", "x", "e"))
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert [(p.code, p.element) for p in problems] == [("reference.missing", "x")]


# ---------------------------------------------------------------------- the command line


def test_the_json_of_check_has_just_the_keys_that_are_promised(tmp_path: Path) -> None:
    (tmp_path / "broken.bpmn").write_bytes(around(node("serviceTask", "x"), node("userTask", "y")))
    (tmp_path / "story.json").write_text('{"resources": [], "steps": 5}')
    target = tmp_path / "out" / "problems.json"
    target.parent.mkdir()
    outcome = CliRunner().invoke(main, ["check", str(tmp_path), "--json", str(target), "--lang", "fr"])
    assert outcome.exit_code == 1
    records = json.loads(target.read_text())
    keys = {"file", "line", "element", "label", "severity", "code", "message", "advice"}
    assert all(set(record) == keys for record in records)
    assert {record["code"] for record in records} >= {"attribute.missing", "scenario.unusable"}
    assert "Il manque" in next(r["message"] for r in records if r["code"] == "attribute.missing")


def test_check_answers_with_its_exit_code(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.bpmn", tmp_path / "bad.bpmn"
    good.write_bytes(around(TASK))
    bad.write_bytes(b"<x/>")
    codes = [
        CliRunner().invoke(main, ["check", str(path)]).exit_code
        for path in (good, bad, tmp_path / "none.bpmn")
    ]
    assert codes == [0, 1, 2]


def test_two_events_for_the_same_message_behind_one_gateway_are_refused() -> None:
    subscription = extended('<zeebe:subscription correlationKey="=k"/>')
    events = [
        node("intermediateCatchEvent", name, '<bpmn:messageEventDefinition messageRef="m"/>')
        for name in ("c1", "c2")
    ]
    message = f'<bpmn:message id="m" name="m">{subscription}</bpmn:message>'
    flows = chain("s", "x", "c1", "e") + chain("x", "c2", "e")
    content = draw(START, node("eventBasedGateway", "x"), *events, END, flows, defs=message)
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert [(p.code, p.element) for p in problems] == [("event.duplicate", "c2")]
