"""A program that acts for a person has that person's inbox, rights and forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import diagrams as d
from tests.api_house import Caller, program, somebody
from tests.web_house import WebHouse, opened

FORM = {
    "id": "reading",
    "type": "default",
    "schemaVersion": 16,
    "components": [
        {
            "id": "f1",
            "type": "number",
            "key": "m3",
            "label": "Cubic metres",
            "validate": {"required": True, "min": 0},
        },
        {"id": "f2", "type": "textfield", "key": "note", "label": "Note"},
    ],
}


@dataclass
class Desk:
    """A town with one task offered to its team."""

    web: WebHouse
    robot: Caller
    person: str

    def task(self, shelf: str = "team") -> dict[str, object]:
        [row] = self.for_person().get("/tasks", shelf=shelf).json["tasks"]
        return dict(row)

    def for_person(self) -> Caller:
        return program(self.web, "tasks", person_id=self.person)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as web:
        robot = program(web)
        check = d.user("check", groups=web.town.team.code, label="Check", form="reading")
        drawn = d.process(
            "p", d.start(), check, d.user("file", groups="accountant"), d.end(), flows="start check file end"
        )
        files = {"p.bpmn": drawn, "reading.form": json.dumps(FORM).encode()}
        assert robot.deploy(files).status_code == 201
        robot.started("p", {"meter": "M-1"}, businessKey="M-1")
        yield Desk(web, robot, somebody(web, "agent"))


def test_the_inbox_is_the_persons(desk: Desk) -> None:
    row = desk.task()
    assert (row["name"], row["element"], row["businessKey"], row["formId"]) == (
        "Check",
        "check",
        "M-1",
        "reading",
    )
    stranger = program(desk.web, "tasks", person_id=somebody(desk.web, "storekeeper"))
    assert stranger.get("/tasks", shelf="mine").json["total"] == 0


def test_a_claimed_task_is_the_persons_and_nobody_elses(desk: Desk) -> None:
    task = desk.task()["id"]
    assert desk.for_person().post(f"/tasks/{task}/claim").status_code == 204
    assert desk.task("mine")["assignee"] == desk.person
    colleague = program(desk.web, "tasks", person_id=somebody(desk.web, "agent"))
    answer = colleague.post(f"/tasks/{task}/claim")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "task_taken")


def test_answers_are_checked_against_the_form(desk: Desk) -> None:
    path = f"/tasks/{desk.task()['id']}/complete"
    answer = desk.for_person().post(path, {"variables": {"m3": -1}})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "form_issues")
    [issue] = answer.json["error"]["facts"]["issues"]
    assert (issue["place"], issue["label"]) == ("m3", "Cubic metres")
    assert desk.for_person().post(path, {}).json["error"]["facts"]["issues"][0]["place"] == "m3"


def test_completing_moves_the_instance_with_what_the_form_asks_for_and_no_more(desk: Desk) -> None:
    task = desk.task()
    sent = {"variables": {"m3": 12.5, "note": "dry", "meter": "forged"}}
    assert desk.for_person().post(f"/tasks/{task['id']}/complete", sent).status_code == 204
    shown = desk.robot.get(f"/instances/{task['instanceId']}").json
    assert shown["variables"] == {"meter": "M-1", "m3": 12.5, "note": "dry"}
    assert [one["element"] for one in shown["tasks"]] == ["file"]
    again = desk.for_person().post(f"/tasks/{task['id']}/complete", sent)
    assert (again.status_code, again.json["error"]["code"]) == (409, "not_waiting")


def test_a_stale_version_is_refused(desk: Desk) -> None:
    task = desk.task()
    desk.for_person().post(f"/tasks/{task['id']}/claim")
    sent = {"variables": {"m3": 1}, "version": task["version"]}
    answer = desk.for_person().post(f"/tasks/{task['id']}/complete", sent)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "stale")


def test_a_task_offered_to_others_is_not_the_persons(desk: Desk) -> None:
    task = desk.task()
    desk.for_person().post(f"/tasks/{task['id']}/complete", {"variables": {"m3": 1}})
    [filing] = desk.robot.get(f"/instances/{task['instanceId']}").json["tasks"]
    for verb in ("claim", "complete"):
        answer = desk.for_person().post(f"/tasks/{filing['id']}/{verb}")
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "not_yours")


def test_a_person_without_a_role_that_works_may_not(desk: Desk) -> None:
    task = desk.task()["id"]
    nobody = program(desk.web, "tasks", person_id=somebody(desk.web))
    assert nobody.post(f"/tasks/{task}/claim").status_code == 403


def test_a_process_owner_changes_when_a_task_is_due_and_who_may_claim_it(desk: Desk) -> None:
    task = desk.task()
    owner = program(desk.web, "processes")
    changed = {"dueDate": "2026-02-01T10:00:00+01:00", "priority": 80}
    assert owner.post(f"/tasks/{task['id']}/update", changed).status_code == 204
    shown = desk.task()
    assert (shown["dueAt"], shown["priority"]) == ("2026-02-01T09:00:00Z", 80)
    assert shown["candidateGroups"] == task["candidateGroups"]
    assert owner.post(f"/tasks/{task['id']}/update", {"dueDate": None}).status_code == 204
    assert desk.task()["dueAt"] is None
    assert owner.post(f"/tasks/{task['id']}/update", {"dueDate": "2026-02-01T10:00:00"}).status_code == 422
    assert owner.post(f"/tasks/{task['id']}/update", {"priority": 101}).status_code == 422
    assert desk.for_person().post(f"/tasks/{task['id']}/update", {"priority": 1}).status_code == 403
