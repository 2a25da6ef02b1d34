"""The language of scenarios: what is misspelt is said, what differs is told, what passes is counted.

The rules of the engine have their own stories in tests/scenarios; here the runner itself is looked at.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from engine.scenario_language import Unusable
from engine.scenarios import Runner, coverage, find, problems
from tests.diagrams import boundary, catch, end, message, on_message, process, start, timer, user
from web.cli import main

DIAGRAM = process("p", start(), user("a"), user("b"), end(), flows="start a b end")


def told(folder: Path, *steps: Any, **top: Any) -> Path:
    (folder / "p.bpmn").write_bytes(DIAGRAM)
    path = folder / "story.json"
    path.write_text(json.dumps({"id": "story", "resources": ["p.bpmn"], "steps": list(steps), **top}))
    return path


GO = {"do": "start", "process": "p"}


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"do": "dance"}, "there is no step “dance”"),
        ({"do": "complete", "elment": "a"}, "has no key “elment”"),
        ({"do": "complete"}, "needs “element”"),
        ({"do": "start"}, "needs “process”"),
        ({"do": "complete", "element": 5}, "expects a text as “element”"),
        ({"do": "complete", "element": "a", "variables": []}, "expects an object as “variables”"),
        ({"do": "complete", "element": "a", "pick": True}, "expects a whole number as “pick”"),
        ({"do": "advance_clock", "by": "soon"}, "is no ISO 8601 duration"),
        ({"do": "advance_clock", "by": "-PT1H"}, "is no ISO 8601 duration"),
        ({"do": "publish_message", "name": "m", "ttl": "soon"}, "is no ISO 8601 duration"),
        ({"do": "publish_message", "name": "m", "key": True}, "expects a text or a number as “key”"),
        ({"do": "publish_message", "name": "m", "key": None}, "expects a text or a number as “key”"),
        ({"do": "cancel_instance", "instance": "i9"}, "there is no instance “i9”"),
        ({"do": "complete", "element": "a", "pick": -1}, "expects “pick” to be 0 or more"),
        ({"do": "set_retries", "element": "a", "retries": -1}, "expects “retries” to be 0 or more"),
        ({"expect": {"path": ["a", 1]}}, "expected each of “path” to be a text, but found 1"),
        ({"expect": {"before": [["a"]]}}, "expected each of “before” to be a pair"),
        ({"expect": {"completed": {"a": "1"}}}, "expected each of “completed” to be a whole number"),
        ({"expect": {"terminated": "a"}}, "expected a list as “terminated”"),
        ({"expect": {"instances": {"process": "p", "active": None}}}, "expected each of “instances”"),
        ({"expect": {"incidents": ["a"]}}, "expected each of “incidents” to be an object"),
        ({"expect": {"incidents": [{"kind": "odd"}]}}, "there is no kind of incident “odd”"),
        ({"expect": {"task_variables": {"element": "a", "absent": [1]}}}, "expected each of “absent”"),
        ({"expect": {"task_variables": {"element": "a", "absent": "x"}}}, "“task_variables” takes"),
        ({"expect": {"task_variables": {"element": "a", "variables": 5}}}, "“task_variables” takes"),
        ({"expect": {"waitng": []}}, "there is no expectation “waitng”"),
        ({"expect": {"status": "done"}}, "there is no status “done”"),
        ({"expect": {"waiting": "a"}}, "expected a list as “waiting”"),
        ({"expect": {"instance": "i9", "status": "active"}}, "there is no instance “i9”"),
        ({"expect": {"instance": "#0", "process": "p", "status": "active"}}, "count from #1"),
        ({"expect": {"instance": "#²", "process": "p", "status": "active"}}, "there is no instance “#²”"),
        ({"expect": {"instance": "#²", "status": "active"}}, "there is no instance “#²”"),
        ({"do": "update", "element": "a", "change": {"assignee": "x"}}, "a task cannot change “assignee”"),
        (
            {"do": "update", "element": "a", "change": {"dueDate": "soon"}},
            "“dueDate” is no date and time: 'soon'",
        ),
        ({"expect": {"instances": {"process": "p", "open": 1}}}, "“instances” takes"),
        ({"expect": {"incidents": [{"where": "a"}]}}, "an incident has no “where”"),
        ({"expect": {"task": {"element": "a", "due": 1}}}, "a task has no “due”"),
        ({"expect": {"task": {"assignee": "x"}}}, "“task” needs “element”"),
        ({"expect": {"status": "active"}, "do": "start"}, "expected “expect” alone"),
        ("start", "expected a step to be an object"),
    ],
    ids=str,
)
def test_what_is_not_of_the_language_is_unusable(tmp_path: Path, step: Any, words: str) -> None:
    path = told(tmp_path, GO, step)
    with pytest.raises(Unusable, match=words.replace("#", r"\#")):
        Runner().run(path)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"do": "complete", "element": "b"}, "expected “b” to wait, but waiting are: a"),
        ({"do": "complete", "element": "a", "pick": 1}, "expected “a” to wait"),
        ({"do": "resolve_incident", "element": "a"}, "expected an incident at “a”"),
        ({"do": "fail_job", "element": "a", "retries": 0}, "expected “a” to wait as a job"),
        ({"do": "set_retries", "element": "b", "retries": 0}, "expected “b” to wait, but waiting are: a"),
        ({"do": "complete", "element": "a", "where": {"n": 9}}, r"expected “a” to wait with {\"n\":9}"),
        ({"do": "start", "process": "q"}, "expected a process “q”"),
        ({"do": "start", "process": "p", "expect_rejected": True}, "but it can be started"),
        ({"expect": {"waiting": ["b"]}}, r"expected waiting \[b\], but found \[a\]"),
        ({"expect": {"waiting_any": ["b", "c"]}}, r"expected one of \[b, c\] to wait"),
        ({"expect": {"status": "completed"}}, "expected the instance to be completed, but it is active"),
        ({"expect": {"completed": {"a": 1}}}, "but it was 0"),
        ({"expect": {"never": ["start"]}}, "expected “start” never to be entered"),
        ({"expect": {"terminated": ["a"]}}, "expected “a” to have been terminated"),
        ({"expect": {"path": ["start", "a"]}}, r"but it was \[start\]"),
        ({"expect": {"before": [["a", "start"]]}}, "expected “a” to complete before “start”"),
        ({"expect": {"variables": {"x": 1}}}, "expected the instance to have the variable “x”"),
        ({"expect": {"variables": {"n": 2}}}, "expected “n” of the instance to be 2, but it is 1"),
        ({"expect": {"absent": ["n"]}}, "expected the instance not to have “n”"),
        ({"expect": {"task": {"element": "a", "candidateGroups": ["x"]}}}, "expected candidateGroups of “a”"),
        ({"expect": {"task": {"element": "a", "priority": [50]}}}, "expected priority of “a”"),
        ({"expect": {"task_variables": {"element": "a", "n": 3}}}, "expected “n” of “a” to be 3"),
        ({"expect": {"incidents": [{"element": "a"}]}}, "expected the incident"),
        ({"expect": {"instances": {"process": "p", "active": 2}}}, "expected 2 active"),
    ],
    ids=str,
)
def test_what_differs_is_told_with_its_step(tmp_path: Path, step: Any, words: str) -> None:
    outcome = Runner().run(told(tmp_path, {**GO, "variables": {"n": 1}}, step))
    assert not outcome.passed
    assert outcome.step == 2
    assert re.search(words, outcome.message), outcome.message


NOT_A_NUMBER = '{"resources": [], "steps": [{"do": "start", "process": "p", "variables": {"x": NaN}}]}'


@pytest.mark.parametrize(
    "text", [NOT_A_NUMBER, "[]", "{", '{"steps": []}', '{"resources": [], "steps": {}}', ""]
)
def test_a_file_that_is_no_scenario_is_unusable(tmp_path: Path, text: str) -> None:
    path = tmp_path / "story.json"
    path.write_text(text)
    with pytest.raises(Unusable):
        Runner().run(path)


def test_a_resource_with_errors_or_without_existence_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"gone\.bpmn does not exist"):
        Runner().run(told(tmp_path, resources=["gone.bpmn"]))
    (tmp_path / "broken.bpmn").write_text("<x/>")
    with pytest.raises(Unusable, match=r"broken\.bpmn"):
        Runner().run(told(tmp_path, resources=["broken.bpmn"]))
    for wrong in (
        {"clock": "morning"},
        {"clock": 5},
        {"zone": "Mars/Olympus"},
        {"zone": ".."},
        {"resources": [5]},
    ):
        with pytest.raises(Unusable, match=next(iter(wrong))):
            Runner().run(told(tmp_path, **wrong))
        assert problems(told(tmp_path, **wrong))


def test_a_story_may_pin_what_becomes_of_rules_that_meet_and_of_a_join_that_waits_in_vain(
    tmp_path: Path,
) -> None:
    rules = "".join(
        f'<rule id="r{n}"><inputEntry><text>{test}</text></inputEntry><outputEntry><text>{n}</text></outputEntry></rule>'
        for n, test in enumerate(("&gt; 1", "&gt; 2"))
    )
    (tmp_path / "d.dmn").write_text(
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">'
        '<decision id="d1" name="d1"><decisionTable id="t"><input id="i"><inputExpression typeRef="number">'
        f'<text>x</text></inputExpression></input><output id="o" typeRef="number"/>{rules}</decisionTable>'
        "</decision></definitions>"
    )
    decides = (
        '<bpmn:businessRuleTask id="d"><bpmn:extensionElements><zeebe:calledDecision decisionId="d1" '
        'resultVariable="r"/></bpmn:extensionElements></bpmn:businessRuleTask>'
    )
    gateways = '<bpmn:exclusiveGateway id="g" default="g-j"/><bpmn:parallelGateway id="j"/>'
    choice = (
        '<bpmn:sequenceFlow id="f" sourceRef="g" targetRef="a"><bpmn:conditionExpression>=r = 0'
        "</bpmn:conditionExpression></bpmn:sequenceFlow>"
    )
    drawn = process(
        "vain", start(), decides, gateways, user("a"), end(), choice, flows="start d g j end; a j"
    )
    (tmp_path / "vain.bpmn").write_bytes(drawn)
    story = told(
        tmp_path,
        {"do": "start", "process": "vain", "variables": {"x": 3}},
        {"expect": {"incidents": [{"element": "d", "kind": "expression"}]}},
        {"do": "set_variables", "variables": {"x": 2}},
        {"do": "resolve_incident", "element": "d"},
        {"do": "complete", "element": "a"},
        {"expect": {"status": "active", "waiting": [], "completed": {"j": 0}}},
        resources=["vain.bpmn", "d.dmn"],
    )
    assert Runner().run(story).message == ""


@pytest.mark.parametrize(
    ("key", "published"), [(1.5, 1.5), (1.5, "1.5"), (12, "12"), ("12", 12.0), (12.0, 12)]
)
def test_a_number_is_the_same_key_as_its_text(tmp_path: Path, key: Any, published: Any) -> None:
    caught = catch("c", on_message("m"))
    drawn = process("keyed", start(), caught, end(), flows="start c end", extra=message("m", "go", "=k"))
    (tmp_path / "keyed.bpmn").write_bytes(drawn)
    steps = [
        {"do": "start", "process": "keyed", "variables": {"k": key}},
        {"do": "publish_message", "name": "go", "key": published},
        {"expect": {"status": "completed"}},
    ]
    assert Runner().run(told(tmp_path, *steps, resources=["keyed.bpmn"])).message == ""


def test_a_clock_may_fire_often_but_not_for_ever_at_one_instant(tmp_path: Path) -> None:
    def cycle(text: str) -> str:
        return f"<bpmn:timerEventDefinition><bpmn:{text}</bpmn:timerEventDefinition>"

    often = boundary("b", "a", cycle("timeCycle>R/PT1M</bpmn:timeCycle>"), interrupting=False)
    drawn = process("often", start(), user("a"), often, end(), end("e2"), flows="start a end; b e2")
    (tmp_path / "often.bpmn").write_bytes(drawn)
    steps = [
        {"do": "start", "process": "often"},
        {"do": "advance_clock", "by": "P1W"},
        {"expect": {"completed": {"b": 10_080}, "waiting": ["a"]}},
    ]
    assert Runner().run(told(tmp_path, *steps, resources=["often.bpmn"])).message == ""

    nothing = catch("c", cycle("timeDuration>PT0S</bpmn:timeDuration>"))
    gateways = '<bpmn:exclusiveGateway id="x"/><bpmn:exclusiveGateway id="y" default="y-x"/>'
    way_out = (
        '<bpmn:sequenceFlow id="f" sourceRef="y" targetRef="end"><bpmn:conditionExpression>=over'
        "</bpmn:conditionExpression></bpmn:sequenceFlow>"
    )
    drawn = process("round", start(), gateways, nothing, end(), way_out, flows="start x c y x")
    (tmp_path / "round.bpmn").write_bytes(drawn)
    go = {"do": "start", "process": "round", "variables": {"over": False}}
    told_round = told(tmp_path, go, {"expect": {"status": "active"}}, resources=["round.bpmn"])
    assert "to come to rest" in Runner().run(told_round).message


def test_pools_that_share_ids_can_be_rehearsed_but_not_elements_that_do(tmp_path: Path) -> None:
    other = DIAGRAM[DIAGRAM.index(b"<bpmn:process") : DIAGRAM.index(b"</bpmn:definitions>")]
    pools = DIAGRAM.replace(
        b"</bpmn:definitions>", other.replace(b'id="p"', b'id="q"', 1) + b"</bpmn:definitions>"
    )
    path = told(tmp_path, GO, {"expect": {"waiting": ["a"]}}, resources=["pools.bpmn"])
    (tmp_path / "pools.bpmn").write_bytes(pools)
    assert Runner().run(path).passed
    (tmp_path / "pools.bpmn").write_bytes(
        DIAGRAM.replace(b'<bpmn:endEvent id="end"', b'<bpmn:endEvent id="a"')
    )
    with pytest.raises(Unusable, match="more than once"):
        Runner().run(path)


def test_a_check_tells_every_wrong_step_at_once_without_running(tmp_path: Path) -> None:
    path = told(tmp_path, {"do": "dance"}, GO, {"expect": {"waitng": []}}, resources=["p.bpmn", "gone.dmn"])
    reasons = [problem.facts["reason"]["en"] for problem in problems(path)]
    assert [reason.split(":")[0] for reason in reasons] == [
        "the resource gone.dmn does not exist",
        "step 1",
        "step 3",
    ]
    french = [problem.message("fr") for problem in problems(path)]
    assert "le fichier gone.dmn n’existe pas" in french[0]
    assert "étape 1 : il n’y a pas d’étape « dance »" in french[1]
    assert "étape 3 : il n’y a pas d’attente « waitng »" in french[2]


def test_a_start_that_cannot_be_set_on_the_clock_of_the_story_is_unusable(tmp_path: Path) -> None:
    once = '= if string(today()) = "2026-01-01" then duration("PT1H") else null'
    (tmp_path / "once.bpmn").write_bytes(process("q", start("s", timer(once)), end(), flows="s end"))
    assert Runner().run(told(tmp_path, resources=["once.bpmn"], clock="2026-01-01T08:00:00Z")).passed
    with pytest.raises(Unusable, match="to give a duration") as unusable:
        Runner().run(told(tmp_path, resources=["once.bpmn"], clock="2026-03-01T08:00:00Z"))
    assert "devait donner une durée" in unusable.value.texts["fr"]


def test_coverage_names_what_no_story_visits(tmp_path: Path) -> None:
    runner = Runner()
    outcome = runner.run(told(tmp_path, GO, {"do": "complete", "element": "a"}))
    assert coverage(runner.processes(), [outcome]) == {"p": ["end", "b-end"]}


def test_the_command_line_writes_both_records_and_answers_with_its_exit_code(tmp_path: Path) -> None:
    good = told(tmp_path, GO, {"expect": {"waiting": ["a"]}})
    records, junit = tmp_path / "out.records", tmp_path / "out.xml"
    arguments = ["test", str(good), "--json", str(records), "--junit", str(junit), "--coverage"]
    passed = CliRunner().invoke(main, arguments)
    assert passed.exit_code == 0
    (record,) = json.loads(records.read_text())
    assert set(record) == {"id", "file", "title", "passed", "step", "message", "seconds"}
    assert (record["id"], record["passed"], record["step"]) == ("story", True, None)
    assert 'tests="1" failures="0"' in junit.read_text()
    failing = told(tmp_path, GO, {"expect": {"waiting": ["b"]}})
    assert CliRunner().invoke(main, ["test", str(failing)]).exit_code == 1
    unusable = told(tmp_path, {"do": "dance"})
    assert CliRunner().invoke(main, ["test", str(unusable)]).exit_code == 2
    assert find([tmp_path]) == [unusable]


def test_names_from_a_file_obey_no_terminal_and_break_no_record(tmp_path: Path) -> None:
    story = told(tmp_path, GO, {"expect": {"waiting": ["a"]}})
    content = json.loads(story.read_text())
    story.write_text(json.dumps(content | {"title": "red \x1b[31m, a bell \x07, half a sign \ud800"}))
    records, junit = tmp_path / "out.records", tmp_path / "out.xml"
    outcome = CliRunner().invoke(main, ["test", str(story), "--json", str(records), "--junit", str(junit)])
    assert outcome.exit_code == 0
    assert "\x1b" not in outcome.output
    assert len(json.loads(records.read_bytes())) == 1
    (case,) = ET.parse(junit).getroot()
    assert case.get("name") == "red  [31m, a bell  , half a sign  "


def test_a_record_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    story = told(tmp_path, GO, {"expect": {"waiting": ["a"]}})
    for option in ("--json", "--junit"):
        outcome = CliRunner().invoke(main, ["test", str(story), option, str(tmp_path / "none" / "out")])
        assert outcome.exit_code == 2
        assert "cannot be written: No such file or directory." in outcome.output


def test_a_file_that_cannot_be_used_does_not_keep_the_others_from_running(tmp_path: Path) -> None:
    told(tmp_path, GO, {"expect": {"waiting": ["a"]}})
    for name, text in {
        "a-broken": "{",
        "b-gone": '{"id": "gone", "resources": ["x.bpmn"], "steps": []}',
    }.items():
        (tmp_path / f"{name}.json").write_text(text)
    records = tmp_path / "out.records"
    told_all = CliRunner().invoke(main, ["test", str(tmp_path), "--json", str(records)])
    assert told_all.exit_code == 2
    verdicts = {record["id"]: record for record in json.loads(records.read_text())}
    assert {name: record["passed"] for name, record in verdicts.items()} == {
        "a-broken": False,
        "gone": False,
        "story": True,
    }
    assert verdicts["gone"]["step"] is None
    assert "x.bpmn does not exist" in verdicts["gone"]["message"]


def test_an_operator_cannot_move_what_has_ended(tmp_path: Path) -> None:
    for step in ({"do": "cancel_instance"}, {"do": "set_variables", "variables": {"x": 1}}):
        outcome = Runner().run(told(tmp_path, GO, {"do": "cancel_instance"}, step))
        assert outcome.message == "expected the instance “i1” to be active, but it is terminated"


def test_instances_are_known_by_name_or_by_number(tmp_path: Path) -> None:
    named = told(
        tmp_path,
        {**GO, "as": "first"},
        {**GO, "as": "second"},
        {"do": "cancel_instance", "instance": "#2"},
        {"expect": {"instance": "second", "status": "terminated"}},
        {"expect": {"instance": "#1", "process": "p", "status": "active"}},
    )
    assert Runner().run(named).passed


def test_the_oldest_is_picked_across_instances(tmp_path: Path) -> None:
    story = told(
        tmp_path,
        {**GO, "as": "first"},
        {**GO, "as": "second"},
        {"do": "complete", "element": "a", "pick": 1},
        {"do": "complete", "element": "a"},
        {"do": "complete", "element": "b"},
        {"expect": {"instance": "second", "status": "completed"}},
        {"expect": {"instance": "first", "waiting": ["b"]}},
    )
    assert Runner().run(story).passed


def test_an_error_of_a_task_ends_the_change_that_its_listener_had_not_answered(tmp_path: Path) -> None:
    listener = '<zeebe:taskListeners><zeebe:taskListener eventType="assigning" type="may-take"/></zeebe:taskListeners>'
    drawn = process(
        "taken",
        start(),
        user("a").replace("<zeebe:userTask/>", f"<zeebe:userTask/>{listener}"),
        end(),
        flows="start a end",
    )
    (tmp_path / "taken.bpmn").write_bytes(drawn)
    steps = [
        {"do": "start", "process": "taken"},
        {"do": "assign", "element": "a", "assignee": "eva"},
        {"do": "throw_error", "element": "a", "code": "late"},
        {"expect": {"waiting": [], "incidents": [{"element": "a", "kind": "unhandled_error"}]}},
        {"do": "resolve_incident", "element": "a"},
        {"do": "assign", "element": "a", "assignee": "zoe"},
        {"do": "complete", "element": "a", "type": "may-take"},
        {"do": "complete", "element": "a"},
        {"expect": {"status": "completed"}},
    ]
    assert Runner().run(told(tmp_path, *steps, resources=["taken.bpmn"])).message == ""
