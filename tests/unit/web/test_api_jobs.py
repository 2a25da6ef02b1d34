"""External workers lease, finish, fail and lose jobs; a report that is repeated does nothing twice."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from engine import tasks
from tests import diagrams as d
from tests.api_house import METER, Caller, program
from tests.web_house import WebHouse, opened
from web.api.waiting import Waiting

ROOT = Path(__file__).parents[3]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    with opened(tmp_path) as house:
        yield house


@pytest.fixture
def worker(web: WebHouse) -> Caller:
    caller = program(web)
    assert caller.deploy({"meter.bpmn": METER}).status_code == 201
    return caller


def active(caller: Caller, instance: str) -> dict[str, int]:
    return dict(caller.get(f"/instances/{instance}").json["parts"][0]["active"])


def events(caller: Caller, instance: str) -> list[str]:
    return [one["event"] for one in caller.get(f"/instances/{instance}/history").json["events"]]


def test_a_worker_does_a_job_and_the_instance_goes_on(worker: Caller) -> None:
    instance = worker.started("meter", {"address": "rue Haute 1"})
    job = worker.leased()
    assert job["variables"] == {"address": "rue Haute 1"}
    assert (job["type"], job["element"], job["instanceId"], job["retries"]) == (
        "meter.read",
        "read",
        instance,
        2,
    )
    assert (
        worker.post(
            f"/jobs/{job['id']}/complete", {"fence": job["fence"], "variables": {"m3": 42}}
        ).status_code
        == 204
    )
    shown = worker.get(f"/instances/{instance}").json
    assert shown["variables"] == {"address": "rue Haute 1", "m3": 42}
    assert [one["element"] for one in shown["tasks"]] == ["check"]


def test_numbers_come_and_go_digit_by_digit(worker: Caller) -> None:
    sent = b'{"variables": {"a": 0.10, "b": 12345678901234567890.1234567890, "c": 99999999999999999999}}'
    worker.post("/processes/meter/instances", data=sent, content_type="application/json")
    raw = worker.post("/jobs/activate", {"types": ["meter.read"], "worker": "w"}).data
    assert b'"a":0.10,"b":12345678901234567890.1234567890,"c":99999999999999999999' in raw


def test_a_leased_job_is_not_leased_again_before_its_time(web: WebHouse, worker: Caller) -> None:
    worker.started("meter")
    first = worker.leased(leaseSeconds=60)
    wanted = {"types": ["meter.read"], "worker": "other"}
    assert worker.post("/jobs/activate", wanted).json == {"jobs": []}
    web.clock.advance(timedelta(seconds=61))
    second = worker.leased()
    assert second["id"] == first["id"]
    assert second["fence"] > first["fence"]


def test_a_worker_that_was_thought_dead_is_refused(web: WebHouse, worker: Caller) -> None:
    worker.started("meter")
    dead = worker.leased(leaseSeconds=60)
    web.clock.advance(timedelta(seconds=61))
    alive = worker.leased()
    for verb, more in (
        ("complete", {}),
        ("fail", {"message": "m"}),
        ("error", {"errorCode": "E"}),
        ("extend", {}),
    ):
        answer = worker.post(f"/jobs/{dead['id']}/{verb}", {"fence": dead["fence"], **more})
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "stale")
    assert worker.post(f"/jobs/{alive['id']}/complete", {"fence": alive["fence"]}).status_code == 204


def test_an_extended_lease_keeps_the_job(web: WebHouse, worker: Caller) -> None:
    worker.started("meter")
    job = worker.leased(leaseSeconds=60)
    web.clock.advance(timedelta(seconds=50))
    assert (
        worker.post(f"/jobs/{job['id']}/extend", {"fence": job["fence"], "leaseSeconds": 60}).status_code
        == 204
    )
    web.clock.advance(timedelta(seconds=50))
    assert worker.post("/jobs/activate", {"types": ["meter.read"], "worker": "w"}).json == {"jobs": []}
    assert worker.post(f"/jobs/{job['id']}/complete", {"fence": job["fence"]}).status_code == 204


def test_the_same_result_reported_twice_gets_the_same_answer(worker: Caller) -> None:
    instance = worker.started("meter")
    job = worker.leased()
    result = {"fence": job["fence"], "variables": {"m3": 42}}
    first = worker.post(f"/jobs/{job['id']}/complete", result)
    before = events(worker, instance)
    again = worker.post(f"/jobs/{job['id']}/complete", result)
    assert (first.status_code, again.status_code) == (204, 204)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert events(worker, instance) == before


def test_another_result_for_a_job_that_is_done_is_refused(worker: Caller) -> None:
    worker.started("meter")
    job = worker.leased()
    worker.post(f"/jobs/{job['id']}/complete", {"fence": job["fence"], "variables": {"m3": 42}})
    answer = worker.post(f"/jobs/{job['id']}/complete", {"fence": job["fence"], "variables": {"m3": 43}})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "different_facts")
    failed = worker.post(f"/jobs/{job['id']}/fail", {"fence": job["fence"], "message": "no"})
    assert failed.status_code == 409


def test_a_failure_is_tried_again_after_its_pause_and_then_becomes_an_incident(
    web: WebHouse, worker: Caller
) -> None:
    instance = worker.started("meter")
    job = worker.leased()
    failure = {"fence": job["fence"], "message": "no answer", "backOffSeconds": 30}
    assert worker.post(f"/jobs/{job['id']}/fail", failure).status_code == 204
    assert worker.post("/jobs/activate", {"types": ["meter.read"], "worker": "w"}).json == {"jobs": []}
    web.clock.advance(timedelta(seconds=30))
    job = worker.leased()
    assert job["retries"] == 1
    worker.post(f"/jobs/{job['id']}/fail", {"fence": job["fence"], "message": "still none"})
    [incident] = worker.get("/incidents").json["incidents"]
    assert (incident["instanceId"], incident["element"], incident["message"]) == (
        instance,
        "read",
        "still none",
    )
    assert (incident["code"], incident["advice"][:12]) == ("worker.failed", "Look at what")
    [french] = worker.get("/incidents", language="fr").json["incidents"]
    assert (french["message"], french["advice"][:12]) == ("still none", "Consultez le")
    assert worker.post(f"/incidents/{incident['id']}/resolve").status_code == 204
    assert worker.get("/incidents").json["incidents"] == []
    assert worker.leased()["instanceId"] == instance


def test_a_business_error_takes_the_path_that_is_drawn(worker: Caller) -> None:
    instance = worker.started("meter")
    job = worker.leased()
    report = {"fence": job["fence"], "errorCode": "BROKEN", "message": "glass", "variables": {"photo": 7}}
    assert worker.post(f"/jobs/{job['id']}/error", report).status_code == 204
    assert active(worker, instance) == {"repair": 1}


# ---------------------------------------------------------------------- waiting


def waiting(web: WebHouse, seats: int, meanwhile: Callable[[int], None] = lambda _turn: None) -> list[float]:
    """Let the API wait on the town's clock; ``meanwhile`` happens in each pause."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        web.clock.advance(timedelta(seconds=seconds))
        pauses.append(seconds)
        meanwhile(len(pauses))

    web.app.extensions["waiting"] = Waiting(seats, pause)
    return pauses


def test_a_waiting_worker_gets_the_job_that_comes(web: WebHouse, worker: Caller) -> None:
    pauses = waiting(web, 1, lambda turn: worker.started("meter") and None if turn == 5 else None)
    job = worker.leased(timeoutSeconds=20)
    assert job["element"] == "read"
    assert len(pauses) == 5


def test_waiting_ends_in_its_time_with_nothing(web: WebHouse, worker: Caller) -> None:
    pauses = waiting(web, 1)
    answer = worker.post("/jobs/activate", {"types": ["meter.read"], "worker": "w", "timeoutSeconds": 3})
    assert answer.json == {"jobs": []}
    assert sum(pauses) == 3


def test_nobody_waits_longer_than_half_a_minute(worker: Caller) -> None:
    answer = worker.post("/jobs/activate", {"types": ["meter.read"], "worker": "w", "timeoutSeconds": 31})
    assert answer.status_code == 422


def test_no_transaction_is_open_while_a_worker_waits(web: WebHouse, worker: Caller) -> None:
    written = []

    def write(turn: int) -> None:
        # In memory there is one connection: an open transaction would refuse this one.
        with web.house.begin("system:test") as unit:
            written.append((turn, unit.actor))

    pauses = waiting(web, 1, write)
    worker.post("/jobs/activate", {"types": ["meter.read"], "worker": "w", "timeoutSeconds": 1})
    assert len(written) == len(pauses) == 4


def test_when_all_seats_are_taken_the_answer_comes_at_once(web: WebHouse, worker: Caller) -> None:
    answers: list[Any] = []
    wanted = {"types": ["meter.read"], "worker": "w", "timeoutSeconds": 1}
    pauses = waiting(web, 1, lambda _turn: answers.append(worker.post("/jobs/activate", wanted).json))
    worker.post("/jobs/activate", wanted)
    assert answers == [{"jobs": []}] * 4
    assert len(pauses) == 4


# ---------------------------------------------------------------------- the client of the README


def test_the_client_of_the_readme_works_as_it_stands(web: WebHouse, worker: Caller) -> None:
    text = (ROOT / "web" / "api" / "README.md").read_text(encoding="utf-8")
    client: dict[str, Any] = {"__name__": "client"}
    exec(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], client)
    good, broken, shy = (worker.started("meter", {"case": case}) for case in ("good", "broken", "shy"))

    def read_meter(variables: dict[str, Any]) -> dict[str, Any]:
        if variables["case"] == "broken":
            raise client["BusinessError"]("BROKEN")
        return {"m3": 42 // (variables["case"] == "good")}

    server = make_server("127.0.0.1", 0, web.app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        api = client["Api"](f"http://127.0.0.1:{server.server_port}", worker.token)
        client["work"](api, "meter.read", read_meter, rounds=1)
        with pytest.raises(RuntimeError, match="no job none"):
            api.post("/jobs/none/extend", fence=1)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [active(worker, one) for one in (good, broken, shy)] == [{"check": 1}, {"repair": 1}, {"read": 1}]
    web.clock.advance(timedelta(seconds=60))
    assert worker.leased()["retries"] == 1


def test_two_listeners_of_one_step_are_answered_one_after_the_other(worker: Caller) -> None:
    drawn = d.process(
        "p",
        d.start(),
        d.user("sign", listeners="creating:ask creating:ask completing:ask"),
        flows="start sign",
    )
    worker.deploy({"p.bpmn": drawn})
    instance = worker.started("p")
    first = worker.leased("ask")
    assert worker.post(f"/jobs/{first['id']}/complete", {"fence": first["fence"]}).status_code == 204
    second = worker.leased("ask")
    assert worker.post(f"/jobs/{first['id']}/complete", {"fence": first["fence"]}).status_code == 204
    assert active(worker, instance) == {"sign": 1}
    assert worker.get(f"/instances/{instance}").json["tasks"] == []
    assert worker.post(f"/jobs/{second['id']}/complete", {"fence": second["fence"]}).status_code == 204
    assert [task["element"] for task in worker.get(f"/instances/{instance}").json["tasks"]] == ["sign"]


def test_a_listener_denies_what_a_person_has_completed(worker: Caller, web: WebHouse) -> None:
    worker.deploy(
        {"p.bpmn": d.process("p", d.start(), d.user("sign", listeners="completing:ask"), flows="start sign")}
    )
    instance = worker.started("p")
    [task] = worker.get(f"/instances/{instance}").json["tasks"]
    with web.house.begin("ben") as unit:
        tasks.complete(unit, task["id"], {"m3": 1})
    job = worker.leased("ask")
    report = {"fence": job["fence"], "reason": "Too much."}
    assert worker.post(f"/jobs/{job['id']}/deny", report).status_code == 204
    assert worker.post(f"/jobs/{job['id']}/deny", report).headers["Idempotency-Replayed"] == "true"
    assert worker.get(f"/instances/{instance}").json["tasks"] == [task]
    assert "denied" in events(worker, instance)
