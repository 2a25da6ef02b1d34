"""Every door of the API: its scope, its errors in one shape, its place in the document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from engine import store
from engine.errors import Busy
from registry import people, tokens
from tests.api_house import METER, ROOT, Caller, program, somebody
from tests.web_house import WebHouse, opened
from web.api.blueprint import ROOMS
from web.api.doors import JSON_BYTES, Door
from web.api.openapi import refusals
from web.security import ACTIONS

DOORS = [door for room in ROOMS for door in room.doors]
WRITES = [door for door in DOORS if door.method == "POST"]
BODIES = [door for door in DOORS if "body" in door.wants]


def named(door: Door) -> str:
    return door.name


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    with opened(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="module")
def everything(web: WebHouse) -> Caller:
    return program(web, person_id=somebody(web, "agent"))


def address(door: Door) -> str:
    return re.sub(r"{\w+}", "nothing", door.path)


def called(caller: Caller, door: Door, **more: Any) -> TestResponse:
    if door.method == "GET":
        return caller.get(address(door))
    return caller.post(address(door), **more)


def error_of(answer: TestResponse, status: int) -> dict[str, Any]:
    """Return the error of an answer after a look at its shape."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/json"
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"code", "message", "facts"}
    assert isinstance(answer.json["error"]["facts"], dict)
    assert "Traceback" not in answer.text
    return dict(answer.json["error"])


# ---------------------------------------------------------------------- who may enter


@pytest.mark.parametrize("door", DOORS, ids=named)
def test_a_door_opens_to_its_scope_and_to_no_other(web: WebHouse, door: Door) -> None:
    without = program(web, *(set(tokens.SCOPES) - {door.scope}))
    assert error_of(called(without, door), 403)["code"] == "not_allowed"
    alone = program(web, door.scope, person_id=somebody(web, "agent"))
    assert called(alone, door).status_code not in {401, 403}


@pytest.mark.parametrize("door", DOORS, ids=named)
def test_nobody_enters_without_a_token(web: WebHouse, door: Door) -> None:
    answer = called(Caller(web.visitor(), "guichet_00000000_" + "x" * 43), door)
    assert error_of(answer, 401)["code"] == "no_token"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("door", DOORS, ids=named)
def test_a_person_in_a_browser_enters_only_what_the_editors_need(web: WebHouse, door: Door) -> None:
    client = web.signed_in("admin", "owner", "manager")
    answer = client.open(ROOT + address(door), method=door.method, json={} if door.method == "POST" else None)
    assert (answer.status_code == 403) == (door.scope != "feel")


def test_every_scope_has_its_action_and_no_role_but_the_owners() -> None:
    rooms = {action: set(roles) for action, roles in ACTIONS.items() if action.startswith("api.")}
    assert rooms == {f"api.{scope}": {"owner"} if scope == "feel" else set() for scope in tokens.SCOPES}


def test_a_token_opens_no_page(web: WebHouse, everything: Caller) -> None:
    headers = {"Authorization": f"Bearer {everything.token}"}
    assert everything.client.get("/home", headers=headers).status_code == 302


def test_a_token_ends_on_its_day(tmp_path: Path) -> None:
    with opened(tmp_path) as web:
        caller = program(web, "read", days=2)
        web.clock.advance(timedelta(days=2) - timedelta(seconds=1))
        assert caller.get("/processes").status_code == 200
        web.clock.advance(timedelta(seconds=1))
        error_of(caller.get("/processes"), 401)


def test_a_revoked_token_opens_nothing(web: WebHouse) -> None:
    caller = program(web, "read")
    with web.house.begin("system:test") as unit:
        prefix = caller.token.split("_")[1]
        tokens.revoke(unit.session, prefix, reason="lost", at=unit.now, by=unit.actor)
    error_of(caller.get("/processes"), 401)


def test_closing_an_account_closes_its_tokens(web: WebHouse) -> None:
    person = somebody(web, "agent")
    caller = program(web, "tasks", person_id=person)
    assert caller.get("/tasks").status_code == 200
    with web.house.begin("system:test") as unit:
        people.erase(unit.session, person, reason="left", at=unit.now, by=unit.actor)
    error_of(caller.get("/tasks"), 401)


def test_a_token_of_no_person_has_no_inbox(web: WebHouse) -> None:
    assert error_of(program(web, "tasks").get("/tasks"), 403)["code"] == "no_person"


def test_a_broken_header_is_no_token(web: WebHouse) -> None:
    for header in ("Bearer", "Bearer ", "Basic eDp5", "Bearer guichet_", "Bearer \x7f", "bearer é"):
        answer = web.visitor().get(f"{ROOT}/processes", headers={"Authorization": header})
        error_of(answer, 401)


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("door", BODIES, ids=named)
def test_a_body_that_is_no_json_is_refused(everything: Caller, door: Door) -> None:
    for body in (b"{", b"\xff\xfe", b"nothing", b'{"a": NaN}'):
        answer = everything.post(address(door), data=body, content_type="application/json")
        assert error_of(answer, 400)["code"] == "not_json"


@pytest.mark.parametrize("door", BODIES, ids=named)
def test_another_content_type_is_refused(everything: Caller, door: Door) -> None:
    answer = everything.post(address(door), data=b"a=1", content_type="text/plain")
    assert error_of(answer, 415)["facts"] == {"expected": "application/json"}


@pytest.mark.parametrize("door", BODIES, ids=named)
def test_a_name_that_nobody_knows_is_refused_with_its_place(everything: Caller, door: Door) -> None:
    problems = error_of(everything.post(address(door), {"wrong": 1}), 422)["facts"]["problems"]
    assert "wrong" in {one["place"] for one in problems}


@pytest.mark.parametrize("door", BODIES, ids=named)
def test_a_body_that_is_too_large_is_refused(everything: Caller, door: Door) -> None:
    body = b'{"a": "' + b"x" * JSON_BYTES + b'"}'
    error_of(everything.post(address(door), data=body, content_type="application/json"), 413)


@pytest.mark.parametrize(
    "variables",
    [
        '{"a":' * 60 + "1" + "}" * 60,
        "[" * 100_000 + "]" * 100_000,
        '{"a": "\\u0000"}',
        '{"a": "\\ud800"}',
        '{"\\u0000": 1}',
        '{"a": 12345678901234567890123456789012345}',
        '{"a": 1e7000}',
        '{"a": {"§": "number", "v": "many"}}',
    ],
    ids=["deep", "very deep", "NUL", "half a character", "NUL in a name", "long", "huge", "tagged"],
)
def test_strange_variables_are_refused(everything: Caller, variables: str) -> None:
    body = f'{{"name": "m", "variables": {variables}}}'.encode()
    error_of(everything.post("/messages", data=body, content_type="application/json"), 422)


def test_a_deployment_without_form_or_files_is_refused(everything: Caller) -> None:
    error_of(everything.post("/deployments"), 415)
    empty = everything.post("/deployments", data={"message": "why"}, content_type="multipart/form-data")
    error_of(empty, 422)


def test_a_deployment_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path, upload_mb=1) as web:
        form = "multipart/form-data; boundary=x"
        error_of(program(web).post("/deployments", data=b" " * 1_100_000, content_type=form), 413)


def test_what_does_not_exist_is_missing(everything: Caller) -> None:
    for answer in (
        everything.get("/nothing"),
        everything.get("/instances/none"),
        everything.get("/instances/none/history"),
        everything.get("/instances/%00"),
        everything.post("/processes/none/instances"),
        everything.post("/incidents/none/resolve"),
        everything.post("/tasks/none/claim"),
        everything.post("/jobs/none/extend", {"fence": 1}),
        everything.post(
            "/migrations", {"instanceIds": ["none"], "fromDefinitionId": "a", "toDefinitionId": "b"}
        ),
    ):
        assert error_of(answer, 404)["code"] == "missing"


def test_another_method_is_refused_with_the_right_one(everything: Caller) -> None:
    answer = everything.get("/jobs/activate")
    assert error_of(answer, 405)["code"] == "wrong_method"
    assert "POST" in answer.headers["Allow"]


def test_what_cannot_be_done_now_is_refused_with_facts(everything: Caller) -> None:
    everything.deploy({"meter.bpmn": METER})
    instance = everything.started("meter")
    assert error_of(everything.post(f"/instances/{instance}/resume"), 409)["facts"]["instanceId"] == instance


def test_a_query_that_does_not_fit_is_refused(everything: Caller) -> None:
    assert error_of(everything.get("/incidents", page=0), 422)["facts"]["problems"][0]["place"] == "page"
    error_of(everything.get("/tasks", shelf="theirs"), 422)
    error_of(everything.get("/tasks", colour="red"), 422)


class Held(store.Engine):
    """A house in which another command always holds the instance."""

    def begin(self, actor: str) -> Any:
        raise Busy("Expected to hold the instance within 3 seconds, but another command is working on it.")


class Broken(store.Engine):
    """A house whose database is on fire."""

    def read(self) -> Any:
        raise OSError("secret path /var/lib/secret")


@pytest.mark.parametrize("door", [door for door in WRITES if "unit" in door.wants], ids=named)
def test_a_busy_house_says_so_and_when_to_come_back(web: WebHouse, everything: Caller, door: Door) -> None:
    web.app.extensions["house"] = Held(web.house.database, clock=web.clock)
    try:
        body = {
            "fence": 1,
            "message": "m",
            "errorCode": "E",
            "reason": "r",
            "name": "n",
            "variables": {},
        }
        known = {field.alias for field in getattr(door.wants.get("body"), "model_fields", {}).values()}
        sent = {name: value for name, value in body.items() if name in known}
        answer = (
            everything.deploy({"meter.bpmn": METER})
            if "upload" in door.wants
            else everything.post(address(door), sent)
        )
    finally:
        web.app.extensions["house"] = web.house
    assert error_of(answer, 503)["code"] == "busy"
    assert answer.headers["Retry-After"] == "3"


def test_an_unexpected_failure_shows_a_number_and_nothing_else(web: WebHouse, everything: Caller) -> None:
    web.app.extensions["house"] = Broken(web.house.database, clock=web.clock)
    try:
        error = error_of(everything.get("/processes"), 500)
    finally:
        web.app.extensions["house"] = web.house
    assert set(error["facts"]) == {"number"}
    assert "secret" not in json.dumps(error)


# ---------------------------------------------------------------------- the document


@pytest.fixture(scope="module")
def document(web: WebHouse) -> dict[str, Any]:
    return dict(web.visitor().get(f"{ROOT}/openapi.json").json)


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator

    assert [str(one) for one in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_document_shows_every_route_and_no_other(web: WebHouse, document: dict[str, Any]) -> None:
    routes = {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix(ROOT)))
        for rule in web.app.url_map.iter_rules()
        if rule.rule.startswith(ROOT)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    shown = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert shown == routes - {("GET", "/openapi.json")}


def test_every_operation_and_field_says_what_it_is_for(document: dict[str, Any]) -> None:
    operations = [one for item in document["paths"].values() for one in item.values()]
    assert all(one["summary"].endswith((".", "?")) for one in operations)
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all(model.get("description") for model in document["components"]["schemas"].values())


@pytest.mark.parametrize("door", DOORS, ids=named)
def test_the_document_names_the_refusals_of_every_door(document: dict[str, Any], door: Door) -> None:
    operation = document["paths"][door.path][door.method.lower()]
    assert set(operation["responses"]) == {str(door.status), *map(str, refusals(door))}


def test_the_document_is_open_to_everybody(web: WebHouse) -> None:
    assert web.visitor().get(f"{ROOT}/openapi.json").json["openapi"] == "3.1.0"
