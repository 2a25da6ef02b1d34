"""Stories with the real handlers run in a town of their own, which is forgotten with them."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from engine import kernel, messages
from engine.errors import Denied
from engine.rehearsal import Acted, Stage
from engine.store import Call, UnitOfWork
from engine.tables import UserTask
from tests.diagrams import end, process, service, start, user
from web import scratch
from web.cli import main

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "bpmn" / "intervention"
MORNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)

LETTER = (
    '<bpmn:serviceTask id="letter"><bpmn:extensionElements><zeebe:taskDefinition type="notify.mail"/>'
    '<zeebe:ioMapping><zeebe:input source="=address" target="to"/><zeebe:input source="Works" target="subject"/>'
    '<zeebe:input source="From Monday." target="text"/></zeebe:ioMapping>'
    "</bpmn:extensionElements></bpmn:serviceTask>"
)


def test_known_task_types_are_done_for_real_and_others_stay_jobs(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(
        process("p", start(), LETTER, service("own", "of.a.worker"), end(), flows="start letter own end")
    )
    go = {"do": "start", "process": "p"}
    for name, steps in {
        "done": [{**go, "variables": {"address": "ana@example.org"}}, {"expect": {"waiting": ["own"]}}],
        "refused": [
            {**go, "variables": {"address": 5}},
            {"expect": {"incidents": [{"element": "letter", "kind": "job_no_retries"}]}},
        ],
    }.items():
        story = {"id": name, "resources": ["p.bpmn"], "steps": steps}
        (tmp_path / f"{name}.json").write_text(json.dumps(story))
    told = CliRunner().invoke(main, ["test", "--with-handlers", str(tmp_path)])
    assert "2 passed, 0 failed" in told.output, told.output
    assert CliRunner().invoke(main, ["test", str(tmp_path / "done.json")]).exit_code == 1


def told(folder: Path, *steps: dict[str, Any], like: str = "contractor-order", options: str = "") -> Result:
    """Tell a story on the shipped processes, from the beginning of a shipped one or from its own steps."""
    shipped = json.loads((SHIPPED / "scenarios" / "with_handlers" / f"{like}.json").read_text())
    resources = [
        str((SHIPPED / "scenarios" / "with_handlers" / name).resolve()) for name in shipped["resources"]
    ]
    story = {"id": "own", "resources": resources, "clock": "2026-01-05T08:00:00Z", "steps": steps}
    path = folder / "own.json"
    path.write_text(json.dumps(story))
    return CliRunner().invoke(main, ["test", "--with-handlers", str(path), *options.split()])


def steps_of(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        (SHIPPED / "scenarios" / "with_handlers" / f"{name}.json").read_text()
    )["steps"]
    return found


def test_the_shipped_stories_with_handlers_come_true() -> None:
    done = CliRunner().invoke(main, ["test", "--with-handlers", str(SHIPPED)])
    count = len(list((SHIPPED / "scenarios" / "with_handlers").glob("*.json")))
    others = len(list((SHIPPED / "scenarios").glob("*.json")))
    assert count >= 3
    assert done.exit_code == 0, done.output
    assert f"{count} passed, 0 failed" in done.output
    assert "scratch town" in done.output
    assert f"{others} stories were left out: told without the real handlers only" in done.output


def test_without_handlers_such_stories_are_named_and_never_counted_as_passed(tmp_path: Path) -> None:
    with_handlers = SHIPPED / "scenarios" / "with_handlers"
    both = CliRunner().invoke(main, ["test", str(SHIPPED), "--json", str(tmp_path / "told.json")])
    assert both.exit_code == 0, both.output
    count = len(list(with_handlers.glob("*.json")))
    assert f"{count} stories were left out: told with the real handlers only" in both.output
    assert "leak-repaired.json" in both.output
    assert "leak-repaired" not in (tmp_path / "told.json").read_text()
    alone = CliRunner().invoke(main, ["test", str(with_handlers / "leak-repaired.json")])
    assert (alone.exit_code, "1 story was left out" in alone.output) == (2, True)


def test_each_story_has_the_town_to_itself(tmp_path: Path) -> None:
    shipped = SHIPPED / "scenarios" / "with_handlers" / "leak-repaired.json"
    story = json.loads(shipped.read_text())
    story["resources"] = [str((shipped.parent / name).resolve()) for name in story["resources"]]
    for number in (1, 2):  # both expect the first reference number of the year and a full store
        (tmp_path / f"{number}.json").write_text(json.dumps(story))
    assert "2 passed, 0 failed" in CliRunner().invoke(main, ["test", "--with-handlers", str(tmp_path)]).output


def test_what_the_start_says_wins_over_what_the_registered_request_would_give(tmp_path: Path) -> None:
    given = {"title": "Fuite", "assetId": "town:asset/B198", "assetClass": "museum"}
    expected = {
        "reference": "2026-000001",
        "assetClass": "museum",
        "entityCode": "COMMUNE",
        "channel": "portal",
    }
    done = told(
        tmp_path,
        {"do": "start", "process": "intervention", "variables": given},
        {"expect": {"waiting": ["qualify"], "variables": expected}},
    )
    assert "1 passed" in done.output, done.output


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"title": "Fuite", "assetId": "town:asset/NONE"}, "town:asset/NONE"),
        ({"title": "Fuite", "assetId": "town:person/nobody@montreval.example"}, "town:person/GROUP"),
        ({"title": "Fuite", "natureCode": "NONE"}, "Expected the start to describe a request"),
    ],
)
def test_what_the_town_has_not_fails_the_step_in_words(
    tmp_path: Path, variables: dict[str, Any], words: str
) -> None:
    done = told(tmp_path, {"do": "start", "process": "intervention", "variables": variables})
    assert done.exit_code == 1
    assert "step 1: " in done.output
    assert words in done.output


def test_who_is_assigned_completes_and_may_not_accept_the_postings_of_their_own_work(tmp_path: Path) -> None:
    steps = steps_of("contractor-order")
    review = next(place for place, step in enumerate(steps) if step.get("element") == "review")
    leader = {"do": "assign", "element": "review", "assignee": "town:person/MACONNERIE:leader"}
    stopped = {"expect": {"incidents": [{"element": "post", "kind": "job_no_retries"}]}}
    done = told(tmp_path, *steps[:review], leader, steps[review], stopped)
    assert "1 passed" in done.output, done.output


def test_the_clock_of_the_town_is_that_of_the_story(tmp_path: Path) -> None:
    done = told(
        tmp_path,
        {"do": "advance_clock", "by": "P3D"},
        {"do": "start", "process": "intervention", "variables": steps_of("leak-repaired")[0]["variables"]},
        {**steps_of("leak-repaired")[2]},
        {"expect": {"incidents": [], "variables": {"dueAt": "2026-01-12T08:00:00+00:00"}}},
    )
    assert "1 passed" in done.output, done.output


# ---------------------------------------------------------------------- the town behind a stage


def played(
    stage: Stage, town: scratch.Town, handlers: Mapping[str, Any], *elements: str, flows: str
) -> Acted:
    town.house.handlers = handlers
    stage.backstage = town
    [spec] = kernel.read(process("p", *elements, flows=flows), "p.bpmn").processes
    stage.deploy(spec)
    return stage.start(spec, {})


def test_a_handler_that_speaks_to_processes_is_refused_in_words() -> None:
    def speak(unit: UnitOfWork, _call: Call) -> Mapping[str, Any]:
        messages.publish(unit, "hello", "k", {}, ttl=timedelta(hours=1))
        return {}

    stage = Stage(MORNING)
    with scratch.backstage(stage) as town:
        acted = played(
            stage, town, {"speak": speak}, start(), service("s", "speak"), end(), flows="start s end"
        )
        [(element, fault)] = acted.incidents.values()
        assert (element, "“speak”" in fault.message) == ("s", True)


def test_a_completion_that_a_listener_denies_is_in_nobodys_name() -> None:
    answers = [Denied("Not yet.")]

    def check(_unit: UnitOfWork, _call: Call) -> Mapping[str, Any]:
        if answers:
            raise answers.pop()
        return {}

    stage = Stage(MORNING)
    with scratch.backstage(stage) as town:
        ask = user("ask", groups="accountant:COMMUNE", listeners="completing:check")
        acted = played(stage, town, {"check": check}, start(), ask, end(), flows="start ask end")
        [token] = acted.waits
        found = []
        for _ in range(2):
            stage.finish(acted, token, {})
            stage.settle(acted)
            with town.house.read() as reading:
                found.append(reading.connection.scalars(sa.select(UserTask.ended_by)).all())
        assert found == [[], [town.holders["accountant:COMMUNE"]]]
        assert acted.run.status == "completed"


def test_a_completion_that_a_worker_denies_later_is_forgotten_too() -> None:
    stage = Stage(MORNING)
    with scratch.backstage(stage) as town:
        ask = user("ask", groups="accountant:COMMUNE", listeners="completing:of.a.worker")
        acted = played(stage, town, {}, start(), ask, end(), flows="start ask end")
        [token] = acted.waits
        found = []
        stage.finish(acted, token, {})
        for _ in range(2):
            stage.settle(acted)
            with town.house.read() as reading:
                found.append(len(reading.connection.scalars(sa.select(UserTask.ended_by)).all()))
            if len(found) == 1:
                acted.run.deny(token, "Not yet.")
        assert found == [1, 0]


def test_no_handler_of_the_bridge_starts_or_wakes_a_process() -> None:
    """What stories could not follow: the bridge uses of the engine ids, errors, letters and what people have done."""
    used = set()
    for path in (ROOT / "integrations" / "tasks").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                if node.module == "engine":
                    used.update(name.name for name in node.names)
                elif node.module.startswith("engine."):
                    used.add(node.module.removeprefix("engine."))
    assert used <= {"errors", "ids", "outbox", "problems", "queries", "store"}, used
