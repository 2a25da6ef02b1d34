"""Programs deploy, start, steer and migrate; messages and signals find who waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests import diagrams as d
from tests.api_house import METER, WAITING, Caller, program
from tests.web_house import WebHouse, opened

REPAIRED = d.process(
    "meter", d.start(), d.user("check", label="Check the reading"), d.end(), flows="start check end"
)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    with opened(tmp_path) as house:
        yield house


@pytest.fixture
def owner(web: WebHouse) -> Caller:
    return program(web)


# ---------------------------------------------------------------------- deployments


def test_a_deployment_makes_versions_and_the_same_files_make_none(owner: Caller) -> None:
    first = owner.deploy({"meter.bpmn": METER}, "meters")
    assert first.status_code == 201
    assert owner.deploy({"meter.bpmn": METER}, "again").json["definitionIds"] == []
    [row] = owner.get("/processes").json["processes"]
    assert (row["processId"], row["version"], row["message"]) == ("meter", 1, "meters")
    assert [row["id"]] == first.json["definitionIds"]
    assert row["deployedBy"].startswith("system:api:")


@pytest.mark.parametrize(("language", "word"), [("en", "path from"), ("fr", "chemin")])
def test_a_refused_deployment_names_every_problem(owner: Caller, language: str, word: str) -> None:
    lost = d.process("lost", d.start(), d.user("a"), d.user("b"), d.end(), flows="start a end")
    answer = owner.deploy({"lost.bpmn": lost, "x.txt": b"?"}, headers={"Accept-Language": language})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "definition_refused")
    problems = answer.json["error"]["facts"]["problems"]
    assert {(one["file"], one["element"]) for one in problems} >= {("lost.bpmn", "b"), ("x.txt", "")}
    assert any(word in one["message"] for one in problems)
    assert all(
        set(one) == {"file", "line", "element", "label", "severity", "code", "message", "advice"}
        for one in problems
    )
    assert owner.get("/processes").json["processes"] == []


def test_a_deployment_under_a_key_is_made_once(owner: Caller) -> None:
    first = owner.deploy({"meter.bpmn": METER}, key="build-7")
    again = owner.deploy({"meter.bpmn": METER}, key="build-7")
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    other = owner.deploy({"meter.bpmn": REPAIRED}, key="build-7")
    assert (other.status_code, other.json["error"]["code"]) == (409, "different_facts")


def test_hostile_files_are_refused(owner: Caller) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    for name in ("a.bpmn", "a.dmn", "a.form"):
        assert owner.deploy({name: bomb}).status_code == 422
        assert owner.deploy({name: b"\xff\x00"}).status_code == 422


# ---------------------------------------------------------------------- instances


def test_a_business_key_that_is_taken_gives_the_instance_that_has_it(owner: Caller) -> None:
    owner.deploy({"meter.bpmn": METER})
    instance = owner.started("meter", {"m": 1}, businessKey="R-1")
    answer = owner.post("/processes/meter/instances", {"businessKey": "R-1"})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "key_taken")
    facts = answer.json["error"]["facts"]
    assert facts == {"processId": "meter", "businessKey": "R-1", "instanceId": instance}


def test_a_start_under_a_key_happens_once_for_each_program(web: WebHouse, owner: Caller) -> None:
    owner.deploy({"meter.bpmn": METER})
    ids = {owner.post("/processes/meter/instances", {}, key="k").json["instanceId"] for _ in range(3)}
    other = program(web).post("/processes/meter/instances", {}, key="k").json["instanceId"]
    assert len(ids) == 1
    assert other not in ids
    assert owner.get("/processes").json["processes"][0]["activeInstances"] == 2


def test_a_refused_start_does_not_use_up_its_key(owner: Caller) -> None:
    assert owner.post("/processes/meter/instances", {}, key="k").status_code == 404
    owner.deploy({"meter.bpmn": METER})
    assert owner.post("/processes/meter/instances", {}, key="k").status_code == 201


def test_a_key_that_is_no_key_is_refused(owner: Caller) -> None:
    for key in ("a b", "x" * 201):
        answer = owner.post("/messages", {"name": "m"}, key=key)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "bad_key")


def test_an_operator_suspends_resumes_and_cancels(owner: Caller) -> None:
    owner.deploy({"meter.bpmn": METER})
    instance = owner.started("meter")
    because = {"reason": "the meter is replaced"}

    def status() -> str:
        return str(owner.get(f"/instances/{instance}").json["status"])

    assert owner.post(f"/instances/{instance}/suspend", because).status_code == 204
    assert status() == "suspended"
    assert owner.post("/jobs/activate", {"types": ["meter.read"], "worker": "w"}).json == {"jobs": []}
    assert owner.post(f"/instances/{instance}/suspend", because).status_code == 409
    assert owner.post(f"/instances/{instance}/resume").status_code == 204
    assert status() == "active"
    assert owner.post(f"/instances/{instance}/cancel", because).status_code == 204
    assert status() == "terminated"
    assert owner.post(f"/instances/{instance}/cancel", because).status_code == 409
    assert owner.post(f"/instances/{instance}/cancel", {"reason": ""}).status_code == 422
    said = [one["data"] for one in owner.get(f"/instances/{instance}/history").json["events"]]
    assert because in said


def test_a_long_history_is_read_in_pieces(owner: Caller) -> None:
    owner.deploy({"meter.bpmn": METER})
    path = f"/instances/{owner.started('meter')}/history"
    whole = owner.get(path).json["events"]
    pieces, after = [], -1
    while piece := owner.get(path, after=after, limit=1).json["events"]:
        pieces += piece
        after = piece[-1]["seq"]
    assert pieces == whole
    assert len(whole) > 1


def test_an_instance_that_has_ended_keeps_its_history(owner: Caller) -> None:
    straight = d.process("straight", d.start(), d.end(), flows="start end")
    owner.deploy({"straight.bpmn": straight})
    shown = owner.get(f"/instances/{owner.started('straight', {'a': 1})}").json
    assert (shown["status"], shown["tasks"], shown["timers"]) == ("completed", [], [])
    assert shown["parts"][0]["done"] == {"straight": 1, "start": 1, "end": 1}
    assert shown["parts"][0]["endedAt"].endswith("Z")


def test_running_timers_are_shown(web: WebHouse, owner: Caller) -> None:
    remind = d.boundary("late", "check", d.timer("PT4H"), interrupting=False)
    timed = d.process(
        "timed",
        d.start(),
        d.user("check"),
        remind,
        d.end(),
        d.end("told"),
        flows="start check end; late told",
    )
    owner.deploy({"timed.bpmn": timed})
    [timer] = owner.get(f"/instances/{owner.started('timed')}").json["timers"]
    due = (web.clock.now() + timedelta(hours=4)).isoformat().replace("+00:00", "Z")
    assert timer == {"element": "late", "dueAt": due}


# ---------------------------------------------------------------------- messages and signals


def test_messages_and_signals_find_who_waits(owner: Caller) -> None:
    owner.deploy({"waiting.bpmn": WAITING})
    instance = owner.started("waiting", {"order": "B-7"})
    missed = owner.post("/messages", {"name": "payment", "key": "B-8", "ttlSeconds": 0}).json
    assert missed == {"correlated": [], "started": [], "kept": False, "repeated": False}
    met = owner.post("/messages", {"name": "payment", "key": "B-7", "variables": {"paid": 12.50}}).json
    assert met["correlated"] == [instance]
    assert owner.get(f"/instances/{instance}").json["variables"]["paid"] == 12.5
    assert owner.post("/signals", {"name": "frost"}).json == {"instances": 1}
    assert owner.get(f"/instances/{instance}").json["status"] == "completed"
    assert owner.post("/signals", {"name": "frost"}).json == {"instances": 0}


def test_a_message_with_an_id_is_published_once(owner: Caller) -> None:
    message = {"name": "payment", "messageId": "bank-77"}
    assert owner.post("/messages", message).json["repeated"] is False
    assert owner.post("/messages", message).json["repeated"] is True


# ---------------------------------------------------------------------- migrations


def test_instances_move_to_another_version_after_a_dry_run(owner: Caller) -> None:
    [old] = owner.deploy({"meter.bpmn": METER}).json["definitionIds"]
    both = {owner.started("meter"), owner.started("meter")}
    job = owner.leased(maxJobs=1)
    ready = job["instanceId"]
    [busy] = both - {ready}
    owner.post(f"/jobs/{job['id']}/complete", {"fence": job["fence"]})
    [new] = owner.deploy({"meter.bpmn": REPAIRED}, "no more workers").json["definitionIds"]
    plan = {"instanceIds": [ready, busy], "fromDefinitionId": old, "toDefinitionId": new}

    tried = owner.post("/migrations", plan).json["verdicts"]
    assert [one["outcome"] for one in tried] == ["possible", "impossible"]
    assert tried[1]["obstacles"][0]["element"] == "read"
    assert owner.get(f"/instances/{ready}").json["parts"][0]["version"] == 1

    done = owner.post("/migrations", plan | {"execute": True}).json["verdicts"]
    assert [one["outcome"] for one in done] == ["done", "impossible"]
    assert owner.get(f"/instances/{ready}").json["parts"][0]["version"] == 2
    assert owner.get(f"/instances/{busy}").json["parts"][0]["version"] == 1


def test_a_migration_to_what_is_no_process_is_refused(owner: Caller) -> None:
    [old] = owner.deploy({"meter.bpmn": METER}).json["definitionIds"]
    plan = {"instanceIds": [owner.started("meter")], "fromDefinitionId": old, "toDefinitionId": "none"}
    for execute in (False, True):
        assert owner.post("/migrations", plan | {"execute": execute}).status_code == 404
