"""Whatever a program sends, the API answers in its shape, keeps to its document and never fails (500)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from engine import definitions, queries
from tests import diagrams as d
from tests.api_house import METER, ROOT, WAITING, Caller, program, somebody
from tests.web_house import WebHouse, opened
from web.api.blueprint import ROOMS
from web.api.doors import Door

DOORS = [door for room in ROOMS for door in room.doors if "upload" not in door.wants]
BODIES = [door for door in DOORS if "body" in door.wants]
METER_OF_TOWN = METER.replace(b'"agents"', b'"agent"')
OTHER = METER_OF_TOWN.replace(b'"check"', b'"look"').replace(b"-check", b"-look").replace(b"check-", b"look-")
BROKEN = d.process("broken", d.start(), d.service("pay", "=missing + 1"), d.end(), flows="start pay end")
EXAMPLES = settings(
    max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)

# One good body for each door; the fuzzer bends it.
GOOD: dict[str, dict[str, Any]] = {
    "jobs_activate": {"types": ["meter.read"], "worker": "w", "maxJobs": 1, "leaseSeconds": 1},
    "jobs_complete": {"fence": 1, "variables": {"m3": 4.20}},
    "jobs_deny": {"fence": 1, "reason": "no"},
    "jobs_fail": {"fence": 1, "message": "no", "retries": 1, "backOffSeconds": 0},
    "jobs_throw_error": {"fence": 1, "errorCode": "BROKEN", "message": "", "variables": {}},
    "jobs_extend": {"fence": 1, "leaseSeconds": 1},
    "processes_start": {"variables": {"order": "1"}, "businessKey": "k"},
    "processes_migrate": {},
    "instances_cancel": {"reason": "r"},
    "instances_suspend": {"reason": "r"},
    "instances_resume": {},
    "instances_resolve": {},
    "messages_publish": {
        "name": "payment",
        "key": "1",
        "variables": {},
        "ttlSeconds": 5,
        "messageId": "m",
    },
    "messages_broadcast": {"name": "frost", "variables": {"a": [1]}},
    "tasks_claim": {},
    "tasks_complete": {"variables": {"a": 1}, "version": 1},
    "tasks_update": {"priority": 70, "dueDate": "2026-02-01T10:00:00Z", "candidateGroups": ["a"]},
    "feel_check": {"text": "a + b", "kind": "expression", "names": ["a b"]},
    "feel_evaluate": {"text": "a + 1", "kind": "unary-tests", "variables": {"a": 1}, "input": 3},
}
strange = st.sampled_from(["", "\x00", "\ud800", "=1", "§", "a" * 300, "é😀", "../..", "%00", "-1"])
texts = st.text(max_size=12) | strange
numbers = st.integers() | st.floats() | st.sampled_from([2**63, 10**40, -1, 0, 1e308])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def bent(draw: st.DrawFn, good: dict[str, Any]) -> Any:
    """Return a good body, most often with up to two places changed, or something else altogether."""
    how = draw(st.integers(0, 9))
    if how == 0:
        return draw(values)
    body = dict(good)
    if how > 6:
        return body
    for name in draw(st.lists(st.sampled_from([*good, "other"]), max_size=2)):
        match draw(st.integers(0, 3)):
            case 0:
                body.pop(name, None)
            case 1:
                body[name] = draw(values)
            case 2:
                body[name] = draw(st.integers(0, 10) | st.text(min_size=1, max_size=9))
            case _:
                body[name] = draw(st.dictionaries(texts, values, max_size=3))
    return body


class Town:
    """A house where every example finds fresh work: a leased job, an open task, an incident, two versions."""

    def __init__(self, web: WebHouse) -> None:
        self.web = web
        self.caller: Caller = program(web, person_id=somebody(web, "agent", "leader"))
        [self.new] = self.caller.deploy({"meter.bpmn": OTHER}).json["definitionIds"]
        [self.old] = self.caller.deploy({"meter.bpmn": METER_OF_TOWN}).json["definitionIds"]
        self.caller.deploy({"waiting.bpmn": WAITING})
        with web.house.begin("system:test") as unit:
            definitions.deploy(unit, [definitions.File("broken.bpmn", BROKEN)], message="it will stop")
        self.instance = self.caller.started("waiting", {"order": "0"})
        self.document = web.visitor().get(f"{ROOT}/openapi.json").json

    def fresh(self, what: str) -> str:
        """Return the id of something new on which a door can act."""
        if what == "process_id":
            return "meter"
        if what == "incident_id":
            instance = self.caller.started("broken")
            with self.web.house.read() as reading:
                open_ones = queries.open_incidents(reading, size=1000)
            return next(one.id for one in open_ones if one.instance_id == instance)
        instance = self.caller.started("meter", {"order": "1"})
        if what == "instance_id":
            return instance
        wanted = {"types": ["meter.read"], "worker": "w", "maxJobs": 100}
        jobs = self.caller.post("/jobs/activate", wanted).json["jobs"]
        job = next(one for one in jobs if one["instanceId"] == instance)
        if what == "job_id":
            return str(job["id"])
        self.caller.post(f"/jobs/{job['id']}/complete", {"fence": job["fence"]})
        return str(self.caller.get(f"/instances/{instance}").json["tasks"][0]["id"])

    def body(self, door: Door) -> dict[str, Any]:
        """Return a good body for a door."""
        if door.name != "processes_migrate":
            return GOOD[door.name]
        moved = {"fromDefinitionId": self.old, "toDefinitionId": self.new, "execute": True}
        return {"instanceIds": [self.fresh("instance_id")], "mapping": {"check": "look"}, **moved}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with opened(tmp_path_factory.mktemp("house")) as web:
        yield Town(web)


def keeps_its_word(town: Town, door: Door, answer: TestResponse) -> None:
    """Assert that an answer is one that the document shows for this door."""
    assert answer.status_code < 500, answer.text
    event(f"{door.name} {answer.status_code}")
    operation = town.document["paths"][door.path][door.method.lower()]
    shown = operation["responses"][str(answer.status_code)]
    if "$ref" in shown:
        shown = town.document["components"]["responses"][str(answer.status_code)]
    if answer.status_code == 204:
        assert answer.data == b""
        return
    schema = shown["content"]["application/json"]["schema"]
    whole = {**schema, "components": town.document["components"]}
    assert [one.message for one in Draft202012Validator(whole).iter_errors(answer.json)] == []


def test_every_door_with_a_body_is_bent() -> None:
    assert set(GOOD) == {door.name for door in BODIES}


@EXAMPLES
@given(data=st.data())
def test_any_body_at_any_door_is_answered_in_shape(town: Town, data: st.DataObject) -> None:
    door = data.draw(st.sampled_from(BODIES), "door")
    path = door.path
    for name in door.parameters:
        # Most know what they ask for; the others type anything.
        known = data.draw(st.integers(0, 4), "known") > 0
        strangers = st.sampled_from(["§", "\x00", "a" * 300, "😀", "-1"])
        path = path.replace(
            f"{{{name}}}", quote(town.fresh(name) if known else data.draw(strangers), safe="")
        )
    raw = json.dumps(data.draw(bent(town.body(door)), "body")).encode()
    key = data.draw(st.none() | st.sampled_from(["a", "b", "c"]), "key")
    keeps_its_word(town, door, town.caller.post(path, data=raw, key=key, content_type="application/json"))


@settings(EXAMPLES, max_examples=200)
@given(data=st.data())
def test_any_query_at_any_door_is_answered_in_shape(town: Town, data: st.DataObject) -> None:
    door = data.draw(st.sampled_from([door for door in DOORS if door.method == "GET"]), "door")
    path = door.path
    for name in door.parameters:
        found = data.draw(st.sampled_from([town.instance, "none", "\x00"]))
        path = path.replace(f"{{{name}}}", quote(found, safe=""))
    names = list(door.wants["query"].model_fields) if "query" in door.wants else ["text"]
    words = st.sampled_from(
        ["1", "2", "team", "late", "10000", "99999999999999", "-1", "é", "\x00", "1e3", " 1", ""]
    )
    query = data.draw(st.dictionaries(st.sampled_from([*names, *names, "other"]), words, max_size=2))
    keeps_its_word(town, door, town.caller.get(path, **query))


@settings(EXAMPLES, max_examples=200)
@given(raw=st.binary(max_size=60), door=st.sampled_from(BODIES))
def test_any_bytes_are_refused_or_understood(town: Town, raw: bytes, door: Door) -> None:
    path = door.path.replace("{", "").replace("}", "")
    keeps_its_word(town, door, town.caller.post(path, data=raw, content_type="application/json"))


@settings(EXAMPLES, max_examples=60)
@given(
    content=st.binary(max_size=200)
    | st.sampled_from([METER[:400], WAITING.replace(b"order", b"\x00"), b"{}", b"[]", b"null", b'{"id": 1}']),
    name=st.sampled_from(["a.bpmn", "a.dmn", "a.form", "a", ".bpmn", "a\u00e9.bpmn"]),
)
def test_any_file_is_refused_with_problems(town: Town, content: bytes, name: str) -> None:
    answer = town.caller.deploy({name: content})
    assert answer.status_code == 422, answer.text
    assert answer.json["error"]["code"] == "definition_refused"
