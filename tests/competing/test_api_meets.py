"""Two programs send the same command at the same instant; PostgreSQL and the API let it happen once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import engine.tables
import registry.tables
from engine import store
from engine.clock import SettableClock
from tests import factories
from tests.api_house import METER, Caller, program
from tests.competing.meeting import meet
from tests.databases import scratch
from tests.web_house import WebHouse
from web.app import create_app
from web.security import limiter
from web.settings import Settings

pytestmark = pytest.mark.postgres


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    with scratch() as url:
        database = store.connect(url)
        engine.tables.Base.metadata.create_all(database)
        registry.tables.Base.metadata.create_all(database)
        clock = SettableClock(factories.NOW)
        house = store.Engine(database, clock=clock)
        with house.begin("system:test") as unit:
            town = factories.town(unit.session)
        app = create_app(Settings(home=tmp_path), house)
        limiter.enabled = False
        yield WebHouse(app, house, town, clock)
        limiter.enabled = True
        database.dispose()


@pytest.fixture
def pair(web: WebHouse) -> tuple[Caller, Caller]:
    """One token in two hands, warmed up: the first use of a day writes a row."""
    one = program(web)
    assert one.deploy({"meter.bpmn": METER}).status_code == 201
    return one, Caller(web.visitor(), one.token)


def count(caller: Caller) -> int:
    return int(caller.get("/processes").json["processes"][0]["activeInstances"])


def test_one_key_starts_one_instance_and_both_are_told_its_id(
    web: WebHouse, pair: tuple[Caller, Caller]
) -> None:
    path = "/processes/meter/instances"
    first, second = meet(
        web.house, lambda: pair[0].post(path, {}, key="k"), lambda: pair[1].post(path, {}, key="k")
    )
    assert [one.value.status_code for one in (first, second)] == [201, 201]
    assert first.value.json == second.value.json
    assert second.value.headers["Idempotency-Replayed"] == "true"
    assert count(pair[0]) == 1


def test_one_business_key_starts_one_instance_and_the_other_is_told_which(
    web: WebHouse, pair: tuple[Caller, Caller]
) -> None:
    path, body = "/processes/meter/instances", {"businessKey": "R-1"}
    first, second = meet(web.house, lambda: pair[0].post(path, body), lambda: pair[1].post(path, body))
    assert [one.value.status_code for one in (first, second)] == [201, 409]
    assert second.value.json["error"]["facts"]["instanceId"] == first.value.json["instanceId"]


def test_a_result_sent_twice_at_once_counts_once(web: WebHouse, pair: tuple[Caller, Caller]) -> None:
    instance = pair[0].started("meter")
    job = pair[0].leased()
    path, body = f"/jobs/{job['id']}/complete", {"fence": job["fence"], "variables": {"m3": 1}}
    first, second = meet(web.house, lambda: pair[0].post(path, body), lambda: pair[1].post(path, body))
    assert [one.value.status_code for one in (first, second)] == [204, 204]
    history = pair[0].get(f"/instances/{instance}/history").json["events"]
    assert [one["element"] for one in history if one["event"] == "completed"].count("read") == 1


def test_two_workers_never_have_the_same_job(web: WebHouse, pair: tuple[Caller, Caller]) -> None:
    pair[0].started("meter")
    wanted = {"types": ["meter.read"], "worker": "w"}
    first, second = meet(
        web.house,
        lambda: pair[0].post("/jobs/activate", wanted).json["jobs"],
        lambda: pair[1].post("/jobs/activate", wanted).json["jobs"],
    )
    assert len(first.value) == 1
    assert second.value == []


def test_an_answer_that_was_rolled_back_leaves_the_key_to_the_next(
    web: WebHouse, pair: tuple[Caller, Caller]
) -> None:
    pair[0].started("meter", businessKey="R-1")
    path, taken = "/processes/meter/instances", {"businessKey": "R-1"}
    first, second = meet(
        web.house, lambda: pair[0].post(path, taken, key="k"), lambda: pair[1].post(path, {}, key="k")
    )
    assert [one.value.status_code for one in (first, second)] == [409, 201]
