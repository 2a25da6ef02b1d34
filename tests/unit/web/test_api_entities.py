"""A token limited to entities sees their requests' instances and no other, as a role in an entity does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from registry import rules, tokens
from registry.errors import Missing
from registry.tables.tokens import ApiToken
from tests import factories
from tests.api_house import METER, Caller, program, somebody
from tests.unit.web.test_house_command import founded
from tests.web_house import WebHouse, opened
from web.api.blueprint import ROOMS
from web.cli import main
from web.security import Program, Visitor, can, scope, within

BOUNDED = [door for room in ROOMS for door in room.doors if door.scope in ("read", "processes")]


@dataclass
class Two:
    """Two entities with a stopped instance each, and one instance of no request."""

    web: WebHouse
    here: str
    there: str
    instances: dict[str, str]

    def seen(self, caller: Caller) -> set[str]:
        """Return whose instances a program sees, the same by every door that reads them."""
        found = set()
        for name, instance in self.instances.items():
            answers = [
                caller.get(f"/instances/{instance}"),
                caller.get(f"/instances/{instance}/history"),
                caller.get(f"/instances/{instance}.1"),
            ]
            statuses = {one.status_code for one in answers[:2]}
            assert statuses in ({200}, {403})
            if statuses == {200}:
                found.add(name)
            else:
                assert instance not in "".join(one.text for one in answers)
        listed = {one["instanceId"] for one in caller.get("/incidents").json["incidents"]}
        assert listed == {self.instances[name] for name in found}
        return found


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with opened(tmp_path_factory.mktemp("house")) as web:
        with web.house.begin("system:test") as unit:
            here, there = web.town.entity.id, factories.entity(unit.session, code="CPAS").id
            keys = {
                name: factories.request(unit.session, entity_id=entity_id).id
                for name, entity_id in (("here", here), ("there", there))
            }
        robot = program(web)
        robot.deploy({"meter.bpmn": METER.encode() if isinstance(METER, str) else METER})
        instances = {}
        for name, key in (*keys.items(), ("nobody", None)):
            instances[name] = robot.started("meter", **({"businessKey": key} if key else {}))
            job = robot.leased()
            robot.post(f"/jobs/{job['id']}/fail", {"fence": job["fence"], "message": "no", "retries": 0})
        yield Two(web, here, there, instances)


def test_a_token_without_bounds_sees_everything(two: Two) -> None:
    assert two.seen(program(two.web, "read")) == {"here", "there", "nobody"}


def test_a_token_sees_the_entities_that_it_names_and_nothing_of_nobody(two: Two) -> None:
    assert two.seen(program(two.web, "read", entity_ids=[two.here])) == {"here"}
    assert two.seen(program(two.web, "read", entity_ids=[two.there])) == {"there"}
    assert two.seen(program(two.web, "read", entity_ids=[two.here, two.there])) == {"here", "there"}


def test_a_token_sees_no_more_than_its_person(two: Two) -> None:
    agent = somebody(two.web, "agent", entity_id=two.here)
    assert two.seen(program(two.web, "read", person_id=agent)) == {"here"}
    assert two.seen(program(two.web, "read", person_id=agent, entity_ids=[two.there])) == set()
    both = program(two.web, "read", person_id=somebody(two.web, "manager"), entity_ids=[two.there])
    assert two.seen(both) == {"there"}
    assert two.seen(program(two.web, "read", person_id=somebody(two.web))) == set()


def test_a_token_moves_no_instance_that_its_person_does_not_see(two: Two) -> None:
    owner = somebody(two.web, "owner", entity_id=two.here)
    caller, robot = program(two.web, "processes", person_id=owner), program(two.web)
    definition = robot.get("/processes").json["processes"][0]["id"]
    incidents = {one["instanceId"]: one["id"] for one in robot.get("/incidents").json["incidents"]}

    def tries(name: str) -> list[int]:
        instance = two.instances[name]
        moved = {
            "instanceIds": [two.instances["here"], instance],
            "fromDefinitionId": definition,
            "toDefinitionId": definition,
        }
        return [
            caller.post(address, body).status_code
            for address, body in (
                (f"/instances/{instance}/suspend", {"reason": "holidays"}),
                (f"/instances/{instance}/resume", {}),
                ("/migrations", moved),
                (f"/incidents/{incidents[instance]}/resolve", {}),
            )
        ]

    for name in ("there", "nobody"):
        assert tries(name) == [403] * 4
        assert caller.post(f"/instances/{two.instances[name]}/cancel", {"reason": "x"}).status_code == 403
    assert 403 not in tries("here")
    job = robot.leased()
    robot.post(f"/jobs/{job['id']}/fail", {"fence": job["fence"], "message": "no", "retries": 0})


def test_a_token_changes_no_task_that_its_person_does_not_see(two: Two) -> None:
    owner = somebody(two.web, "owner", entity_id=two.here)
    caller, robot = program(two.web, "processes", person_id=owner), program(two.web)
    instance = robot.started("meter")
    job = robot.leased()
    robot.post(f"/jobs/{job['id']}/complete", {"fence": job["fence"]})
    [task] = robot.get(f"/instances/{instance}").json["tasks"]
    address, change = f"/tasks/{task['id']}/update", {"priority": 70}
    assert (caller.post(address, change).status_code, robot.post(address, change).status_code) == (403, 204)


def test_what_is_not_there_looks_like_what_is_not_yours(two: Two) -> None:
    caller = program(two.web, "read", entity_ids=[two.here])
    other, absent = (
        caller.get(f"/instances/{one}")
        for one in (two.instances["there"], "00000000-0000-0000-0000-000000000000")
    )
    assert (other.status_code, other.json) == (absent.status_code, absent.json) == (403, other.json)


@pytest.mark.parametrize("door", BOUNDED, ids=lambda door: door.name)
def test_every_door_that_reads_or_moves_is_tried_with_bounds(two: Two, door: object) -> None:
    """A new door must be added here with what bounds it."""
    read = {"instances_show", "instances_history", "instances_open_incidents"}
    moved = {f"instances_{verb}" for verb in ("cancel", "suspend", "resume", "resolve")}
    moved |= {"processes_migrate", "tasks_update"}
    whole_house = {"processes_listed", "processes_deploy", "processes_start"}
    assert door.name in read | moved | whole_house


@pytest.mark.parametrize("entities", [None, frozenset({"e1"}), frozenset({"e1", "e2"}), frozenset()])
@pytest.mark.parametrize(
    "grants", [None, {("agent", None)}, {("agent", "e1")}, {("contractor", None)}, set()]
)
def test_the_table_of_rights_for_tokens(
    entities: frozenset[str] | None, grants: set[tuple[str, str | None]] | None
) -> None:
    person = None
    if grants is not None:
        person = Visitor("p", "Ana", "ana@ville.example", "fr", "e1", frozenset(grants))
    robot = Program("p", "t", frozenset({"read"}), person, entities=entities)
    own = None
    if grants is not None and ("agent", None) not in grants:
        own = {where for role, where in grants if role == "agent"}
    for entity in ("e1", "e2", "e3"):
        expected = (entities is None or entity in entities) and (own is None or entity in own)
        assert can(robot, "api.read", entity) == within(robot, "api.read", entity) == expected
        assert not within(robot, "api.jobs", entity)
        assert not within(robot, "posting.read", entity)
    assert within(robot, "api.read", None) == (entities is None and own is None)
    assert can(robot, "api.read")
    assert scope(robot, "api.jobs") == frozenset()


def test_bounds_go_with_reading_alone(two: Two) -> None:
    with two.web.house.begin("system:test") as unit:
        facts = {"name": "x", "expires_at": unit.now.replace(year=2030), "at": unit.now, "by": "t"}
        for free in ("jobs", "processes", "messages", "tasks"):
            with pytest.raises(rules.Unfit, match=free):
                tokens.create(unit.session, scopes=["read", free], entity_ids=[two.here], **facts)
        with pytest.raises(rules.Unfit):
            tokens.create(unit.session, scopes=["read"], entity_ids=[], **facts)
        with pytest.raises(Missing):
            tokens.create(unit.session, scopes=["read"], entity_ids=["nowhere"], **facts)
        row, _ = tokens.create(unit.session, scopes=["read"], entity_ids=[two.here], **facts)
        assert unit.session.get_one(ApiToken, row.id).entity_ids == [two.here]


def test_a_token_of_an_entity_is_made_and_listed_by_command(tmp_path: Path) -> None:
    founded(tmp_path)

    def run(*words: str) -> object:
        return CliRunner().invoke(main, ["token", *words], env={"GUICHET_HOME": str(tmp_path)})

    made = run("create", "figures", "--scope", "read", "--entity", "COMMUNE")
    assert "of COMMUNE alone" in made.stderr
    run("create", "house", "--scope", "read")
    listed = run("list").output.splitlines()
    assert listed[0].split()[3] == "entities"
    assert sorted(line.split()[3] for line in listed[1:]) == ["COMMUNE", "all"]
    assert run("create", "x", "--scope", "read", "--entity", "NOWHERE").exit_code == 1
    assert run("create", "x", "--scope", "jobs", "--entity", "COMMUNE").exit_code == 1
