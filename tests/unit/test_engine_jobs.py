"""Jobs: leased, fenced, tried again, given up as an incident; incidents resolved one by one or many at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import incidents, instances, jobs, operations, outbox, queries, tasks
from engine.errors import BpmnError, DefinitionRefused, Missing, NotWaiting, Refused, Stale
from engine.store import Call, UnitOfWork
from engine.tables import Incident, Job, MessageReceipt, Outbox
from tests import diagrams as d
from tests.factories_engine import House

HEADER = (
    '<zeebe:taskDefinition type="print" retries="3"/>'
    '<zeebe:taskHeaders><zeebe:header key="retryBackoff" value="{}"/></zeebe:taskHeaders>'
)
ERROR = '<bpmn:error id="e" name="torn" errorCode="TORN"/>'
CAUGHT = '<bpmn:errorEventDefinition errorRef="e"/>'


def _diagram(back_off: str = "PT5M") -> bytes:
    return d.process(
        "p",
        d.start(),
        d.service("work", "print").replace(
            '<zeebe:taskDefinition type="print" retries="3"/>', HEADER.format(back_off)
        ),
        d.boundary("torn", "work", CAUGHT),
        d.user("mend"),
        d.user("look"),
        d.end(),
        flows="start work look end; torn mend",
        extra=ERROR,
    )


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    made.deploy(_diagram())
    yield made
    made.close()


def _lease(house: House, worker: str = "w1", **facts: object) -> jobs.Leased:
    [leased] = house.do(jobs.acquire, ["print"], worker=worker, **facts)
    assert isinstance(leased, jobs.Leased)
    return leased


def _fail_for_good(house: House) -> str:
    leased = _lease(house)
    house.do(jobs.fail, leased.id, leased.fence, message="no paper", retries=0)
    [incident] = house.column(sa.select(Incident.id).where(Incident.resolved_at.is_(None)))
    return str(incident)


def test_a_job_carries_what_it_can_see_and_is_leased_once(house: House) -> None:
    made = house.start(variables={"pages": 3})
    leased = _lease(house)
    assert (leased.instance_id, leased.element, leased.retries) == (made, "work", 3)
    assert (leased.variables, leased.headers) == ({"pages": 3}, {"retryBackoff": "PT5M"})
    assert house.do(jobs.acquire, ["print"], worker="w2") == []
    assert house.do(jobs.acquire, ["other"], worker="w2") == []


def test_the_oldest_jobs_are_leased_first_and_no_more_than_asked_for(house: House) -> None:
    made = []
    for _ in range(4):
        made.append(house.start())
        house.clock.advance(timedelta(seconds=1))
    leased = house.do(jobs.acquire, ["print"], worker="w1", limit=3)
    assert [job.instance_id for job in leased] == made[:3]


def test_a_result_moves_the_instance_on(house: House) -> None:
    made = house.start()
    leased = _lease(house)
    house.do(jobs.complete, leased.id, leased.fence, {"printed": 3})
    assert (house.waiting(), house.count(Job)) == (["look"], 0)
    assert house.variables(made) == {"printed": 3}


def test_a_lease_that_is_over_passes_on_and_the_zombie_is_refused(house: House) -> None:
    house.start()
    slow = _lease(house, lease=timedelta(minutes=1))
    house.clock.advance(timedelta(minutes=1))
    quick = _lease(house, "w2")
    assert quick.fence == slow.fence + 1
    before = house.everything()
    for verb, facts in (
        (jobs.complete, {}),
        (jobs.fail, {"message": "late"}),
        (jobs.extend, {}),
        (jobs.throw_error, {"code": "TORN"}),
    ):
        with pytest.raises(Stale, match="has passed on"):
            house.do(verb, slow.id, slow.fence, **facts)
    assert house.everything() == before
    house.do(jobs.complete, quick.id, quick.fence)
    with pytest.raises(Missing, match="There is no job"):
        house.do(jobs.complete, slow.id, slow.fence)


def test_an_id_of_thousands_of_digits_is_one_that_is_not_there(house: House) -> None:
    made = house.start()
    for nonsense in ("9" * 5_000, "1" * 19):
        with pytest.raises(Missing, match="There is no job"):
            house.do(jobs.complete, f"{made}.{nonsense}", 1)
        with pytest.raises(Missing, match="There is no task"):
            house.do(tasks.complete, f"{made}.{nonsense}")


def test_a_lease_can_be_extended(house: House) -> None:
    house.start()
    leased = _lease(house, lease=timedelta(minutes=1))
    house.do(jobs.extend, leased.id, leased.fence, timedelta(hours=1))
    house.clock.advance(timedelta(minutes=59))
    assert house.do(jobs.acquire, ["print"], worker="w2") == []
    house.clock.advance(timedelta(minutes=1))
    assert _lease(house, "w2").fence == leased.fence + 1


def test_a_failure_waits_for_the_back_off_of_the_header_and_ends_the_lease(house: House) -> None:
    house.start()
    leased = _lease(house)
    house.do(jobs.fail, leased.id, leased.fence, message="no paper")
    with pytest.raises(Stale):
        house.do(jobs.complete, leased.id, leased.fence)
    house.clock.advance(timedelta(minutes=5) - timedelta(seconds=1))
    assert house.do(jobs.acquire, ["print"], worker="w2") == []
    house.clock.advance(timedelta(seconds=1))
    assert _lease(house).retries == 2


def test_a_back_off_given_by_the_worker_comes_first(house: House) -> None:
    house.start()
    leased = _lease(house)
    house.do(jobs.fail, leased.id, leased.fence, message="no paper", retries=7, back_off=timedelta(0))
    assert _lease(house).retries == 7


def test_a_back_off_that_is_no_duration_is_refused(house: House) -> None:
    with pytest.raises(DefinitionRefused, match="the header retryBackoff says “soon”"):
        house.deploy(_diagram("soon"))


def test_without_retries_left_there_is_an_incident_with_its_cause(house: House) -> None:
    made = house.start()
    _fail_for_good(house)
    assert house.count(Job) == 0
    with house.engine.read() as reading:
        [row] = queries.open_incidents(reading)
        [part] = queries.parts(reading, made)
    assert (row.element, row.kind, row.message) == ("work", "job_no_retries", "no paper")
    assert part.incidents == {"work"}


def test_a_resolved_incident_hands_the_job_out_again(house: House) -> None:
    house.start()
    incident = _fail_for_good(house)
    house.do(incidents.resolve, incident, actor="boss")
    with house.engine.read() as reading:
        assert queries.open_incidents(reading) == []
    leased = _lease(house)
    assert leased.retries == 3
    house.do(jobs.complete, leased.id, leased.fence)
    assert house.waiting() == ["look"]


def test_an_incident_is_resolved_once(house: House) -> None:
    house.start()
    incident = _fail_for_good(house)
    house.do(incidents.resolve, incident)
    before = house.everything()
    with pytest.raises(NotWaiting, match="it is resolved"):
        house.do(incidents.resolve, incident)
    with pytest.raises(Missing):
        house.do(incidents.resolve, "nothing")
    assert house.everything() == before


def test_many_incidents_are_tried_again_each_on_its_own(house: House) -> None:
    fine, suspended, done = (house.start() for _ in range(3))
    for leased in house.do(jobs.acquire, ["print"], worker="w1"):
        house.do(jobs.fail, leased.id, leased.fence, message="no paper", retries=0)
    ids = {row.instance_id: row.id for row in house.do(queries.open_incidents)}
    house.do(operations.suspend, suspended, "strike")
    house.do(incidents.resolve, ids[done])
    outcomes = incidents.resolve_many(house.engine, "boss", [ids[done], ids[suspended], ids[fine], "nothing"])
    assert [type(outcome) for outcome in outcomes.values()] == [NotWaiting, NotWaiting, type(None), Missing]
    assert house.count(Job) == 2


def test_a_cancelled_instance_takes_its_incidents_and_jobs_with_it(house: House) -> None:
    failed, working = house.start(), house.start()
    _ = [
        house.do(jobs.fail, leased.id, leased.fence, message="no paper", retries=0)
        for leased in house.do(jobs.acquire, ["print"], worker="w1")
        if leased.instance_id == failed
    ]
    for instance in (failed, working):
        house.do(instances.cancel, instance, "budget")
    assert house.count(Job) == 0
    assert house.do(queries.open_incidents) == []
    assert house.column(sa.select(Incident.resolved_at)) == [house.clock.now()]


def test_a_worker_may_throw_an_error_that_the_diagram_catches(house: House) -> None:
    made = house.start()
    leased = _lease(house)
    house.do(jobs.throw_error, leased.id, leased.fence, "TORN", "the sheet is torn", {"sheet": 2})
    assert house.waiting() == ["mend"]
    assert house.variables(made) == {"sheet": 2}


def test_an_error_nobody_catches_is_an_incident(house: House) -> None:
    house.start()
    leased = _lease(house)
    house.do(jobs.throw_error, leased.id, leased.fence, "BURNT")
    assert house.waiting() == []
    with house.engine.read() as reading:
        [row] = queries.open_incidents(reading)
    assert (row.kind, row.element) == ("unhandled_error", "work")


def test_jobs_of_a_suspended_instance_are_not_leased_and_their_results_wait(house: House) -> None:
    made = house.start()
    leased = _lease(house)
    house.do(operations.suspend, made, "strike")
    with pytest.raises(NotWaiting, match="suspended"):
        house.do(jobs.complete, leased.id, leased.fence)
    house.clock.advance(timedelta(hours=1))
    assert house.do(jobs.acquire, ["print"], worker="w2") == []
    house.do(operations.resume, made)
    assert _lease(house, "w2").fence == leased.fence + 1


def test_a_result_for_an_instance_that_has_ended_finds_no_job(house: House) -> None:
    made = house.start()
    leased = _lease(house)
    house.do(instances.cancel, made, "budget")
    for verb, facts in ((jobs.complete, {}), (jobs.fail, {"message": "late"}), (jobs.extend, {})):
        with pytest.raises(Missing):
            house.do(verb, leased.id, leased.fence, **facts)


# ---------------------------------------------------------------------- handlers of the house


def _with_handler(work: object) -> House:
    house = House(handlers={"print": work})  # type: ignore[dict-item]
    house.deploy(_diagram())
    return house


def test_what_a_handler_refuses_is_undone_and_becomes_an_incident_to_repair() -> None:
    paper = {"sheets": 0}

    def work(unit: UnitOfWork, _call: Call) -> dict[str, object]:
        outbox.put(unit, "sheet", {}, f"sheet-{paper['sheets']}")
        unit.session.add(MessageReceipt(message_id=f"receipt-{paper['sheets']}", published_at=unit.now))
        unit.session.flush()
        if not paper["sheets"]:
            raise Refused("Expected to print, but there is no paper.")
        return {"printed": True}

    house = _with_handler(work)
    made = house.start()
    with house.engine.read() as reading:
        [row] = queries.open_incidents(reading)
    assert row.message == "Expected to print, but there is no paper."
    house.do(incidents.resolve, row.id)
    with house.engine.read() as reading:
        [row] = queries.open_incidents(reading)
    paper["sheets"] = 1
    house.do(incidents.resolve, row.id)
    assert (house.waiting(), house.variables(made)) == (["look"], {"printed": True})
    assert house.column(sa.select(Outbox.key)) == ["sheet-1"]
    assert house.column(sa.select(MessageReceipt.message_id)) == ["receipt-1"]
    house.close()


def test_what_a_handler_sends_and_then_refuses_is_not_sent() -> None:
    def work(unit: UnitOfWork, _call: Call) -> dict[str, object]:
        instances.broadcast(unit, "noise", {})
        outbox.put(unit, "sheet", {}, "sheet-1")
        raise BpmnError("TORN")

    house = _with_handler(work)
    house.start()
    assert (house.waiting(), house.count(Outbox)) == (["mend"], 0)
    house.close()


def test_a_handler_may_throw_an_error_that_the_diagram_catches() -> None:
    def work(_unit: UnitOfWork, _call: Call) -> dict[str, object]:
        raise BpmnError("TORN", "the sheet is torn", sheet=2)

    house = _with_handler(work)
    made = house.start()
    assert (house.waiting(), house.variables(made)) == (["mend"], {"sheet": 2})
    house.close()


def test_a_handler_gets_the_same_step_id_whenever_the_step_is_repeated() -> None:
    seen: list[str] = []

    def work(_unit: UnitOfWork, call: Call) -> dict[str, object]:
        seen.append(call.step_id)
        if len(seen) == 1:
            raise Refused("Expected paper, but there is none.")
        return {}

    house = _with_handler(work)
    made = house.start(business_key="7")
    [row] = house.do(queries.open_incidents)
    house.do(incidents.resolve, row.id)
    assert seen[0] == seen[1]
    assert seen[0].startswith(made)
    house.close()
