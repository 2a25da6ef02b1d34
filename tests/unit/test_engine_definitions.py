"""Deploying: versions by content, all or nothing, references that mean what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engine import definitions, instances, queries
from engine.errors import DefinitionRefused, Missing
from engine.store import UnitOfWork
from engine.tables import Definition, Deployment, DeploymentFile, Resource, StartSubscription
from tests import diagrams as d
from tests.factories_engine import House

ONE = d.process("p", d.start(), d.user("write"), d.end(), flows="start write end")
TWO = d.process("p", d.start(), d.user("check"), d.end(), flows="start check end")
OTHER = d.process("q", d.start(), d.user("look"), d.end(), flows="start look end")
BROKEN = d.process("r", d.start(), d.user("look"), d.end(), flows="start look; nowhere end")


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def _versions(house: House) -> list[tuple[str, int]]:
    with house.engine.read() as reading:
        query = sa.select(Definition.key, Definition.version).order_by(Definition.key, Definition.version)
        return [(key, version) for key, version in reading.connection.execute(query)]


def test_a_new_content_is_a_new_version_and_the_same_content_is_none(house: House) -> None:
    assert len(house.deploy(ONE, OTHER)) == 2
    assert house.deploy(ONE) == ()
    assert len(house.deploy(TWO, OTHER)) == 1
    assert _versions(house) == [("p", 1), ("p", 2), ("q", 1)]


def test_an_older_content_deployed_again_is_the_newest_version(house: House) -> None:
    house.deploy(ONE)
    house.deploy(TWO)
    house.deploy(ONE)
    assert _versions(house) == [("p", 1), ("p", 2), ("p", 3)]
    house.start()
    assert house.waiting() == ["write"]


def test_the_same_content_is_stored_once(house: House) -> None:
    house.deploy(ONE)
    house.deploy(ONE, TWO)
    assert (house.count(Resource), house.count(DeploymentFile), house.count(Deployment)) == (2, 3, 2)


def test_a_deployment_with_one_error_stores_nothing_of_it(house: House) -> None:
    house.deploy(ONE)
    before = house.everything()
    with pytest.raises(DefinitionRefused) as refusal:
        house.deploy(TWO, OTHER, BROKEN)
    assert house.everything() == before
    problems = refusal.value.problems
    assert {problem.file for problem in problems if problem.severity == "error"} == {"file2.bpmn"}


def test_a_start_that_cannot_be_set_on_the_day_of_the_deployment_is_refused_by_name(house: House) -> None:
    once = '= if string(today()) = "2026-01-01" then duration("PT1H") else null'
    yearly = d.process("p", d.start("yearly", d.timer(once)), d.end(), flows="yearly end")
    before = house.everything()
    with pytest.raises(DefinitionRefused, match=r"file1\.bpmn, yearly") as refusal:
        house.deploy(ONE.replace(b'id="p"', b'id="q"'), yearly)
    assert house.everything() == before
    [problem] = [problem for problem in refusal.value.problems if problem.severity == "error"]
    assert (problem.code, problem.file, problem.element) == ("timer.text", "file1.bpmn", "yearly")
    assert "mais vaut null" in problem.message("fr")


def test_running_instances_keep_their_version(house: House) -> None:
    house.deploy(ONE)
    old = house.start()
    house.deploy(TWO)
    new = house.start()
    assert (house.waiting(old), house.waiting(new)) == (["write"], ["check"])
    house.complete("write")
    assert house.status(old) == "completed"


def test_two_deployments_at_the_same_instant_keep_their_order(house: House) -> None:
    for content in (ONE, TWO, ONE, TWO, ONE):
        house.deploy(content)
    deployed = house.column(sa.select(Definition.deployment_id).order_by(Definition.version))
    assert deployed == sorted(deployed)


def test_the_newest_version_is_found_after_each_deployment(house: House) -> None:
    house.deploy(ONE)
    house.start()
    with house.engine.begin("ana") as unit:
        definitions.deploy(unit, [definitions.File("p.bpmn", TWO)], message="within one transaction")
        instances.start(unit, "p")
    assert house.waiting() == ["check", "write"]


def test_a_deployment_that_was_rolled_back_is_not_remembered(house: House) -> None:
    house.deploy(ONE)

    def deploy_and_fail(unit: UnitOfWork) -> None:
        definitions.deploy(unit, [definitions.File("p.bpmn", TWO)], message="never")
        instances.start(unit, "p")
        raise LookupError

    with pytest.raises(LookupError):
        house.do(deploy_and_fail)
    house.start()
    assert house.waiting() == ["write"]


def test_binding_to_the_deployment_means_its_version_or_the_newest_before(house: House) -> None:
    house.deploy(ONE, OTHER)
    with house.engine.read() as reading:
        first = reading.connection.scalar(sa.select(Deployment.id))
    house.deploy(TWO)
    with house.engine.read() as reading:
        bound = definitions.find(
            reading.connection, "process", "p", binding="deployment", deployment_id=first
        )
        latest = definitions.find(reading.connection, "process", "p")
        names = {row.id: row.version for row in reading.connection.execute(sa.select(Definition))}
    assert (names[bound], names[latest]) == (1, 2)


def test_a_form_is_found_by_its_version_tag(house: House) -> None:
    for tag in ("2025", "2026"):
        schema = json.dumps({"id": "letter", "components": [], "versionTag": tag})
        with house.engine.begin("ana") as unit:
            definitions.deploy(unit, [definitions.File("letter.form", schema.encode())], message=tag)
    with house.engine.read() as reading:
        found = definitions.find(
            reading.connection, "form", "letter", binding="versionTag", version_tag="2025"
        )
        versions = {row.id: row.version for row in reading.connection.execute(sa.select(Definition))}
        with pytest.raises(Missing, match="2024"):
            definitions.find(reading.connection, "form", "letter", binding="versionTag", version_tag="2024")
    assert versions[found] == 1


def test_a_definition_that_is_not_deployed_is_missing(house: House) -> None:
    with pytest.raises(Missing, match="no process “nothing” deployed"):
        house.start("nothing")


def test_only_the_newest_version_is_started_from_outside(house: House) -> None:
    wanted = d.message("m", "wanted")
    first = d.process(
        "p", d.start("s", d.on_message("m")), d.user("old"), d.end(), flows="s old end", extra=wanted
    )
    second = first.replace(b"old", b"new")
    house.deploy(first)
    house.deploy(second)
    assert house.count(StartSubscription) == 1
    house.publish("wanted")
    assert house.waiting() == ["new"]


def test_the_file_of_a_version_can_be_read_back(house: House) -> None:
    (first,) = house.deploy(ONE)
    house.deploy(TWO)
    with house.engine.read() as reading:
        assert definitions.files_of(reading, first) == {"file0.bpmn": ONE}
        with pytest.raises(Missing):
            definitions.files_of(reading, "nothing")


def test_the_list_of_definitions_shows_the_newest_and_what_runs(house: House) -> None:
    house.deploy(ONE, OTHER)
    house.start()
    house.deploy(TWO, actor="ben")
    with house.engine.read() as reading:
        rows = {row.key: (row.version, row.active, row.created_by) for row in queries.definitions(reading)}
    assert rows == {"p": (2, 1, "ben"), "q": (1, 0, "ana")}
