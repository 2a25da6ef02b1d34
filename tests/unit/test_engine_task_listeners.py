"""Listeners of user tasks, in the house and by workers: what they hear, deny, and keep waiting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import incidents, instances, jobs, operations, queries, tasks
from engine.errors import Denied, NotWaiting, Refused, Stale, TaskTaken, Undecided
from engine.store import Call, UnitOfWork
from engine.tables import History, Incident, Job, TaskCandidate, UserTask
from tests import databases, engine_proofs
from tests import diagrams as d
from tests.bench import completions
from tests.factories_engine import House

DUE = datetime(2026, 2, 1, 10, 0, tzinfo=UTC)
ZEEBE = "io.camunda.zeebe:"


def _diagram(process_id: str, listeners: str) -> bytes:
    return d.process(
        process_id,
        d.start(),
        d.user("write", groups="agents, leaders", listeners=listeners),
        d.boundary("late", "write", d.timer("PT1H")),
        d.user("help"),
        d.user("check"),
        d.end(),
        flows="start write check end; late help",
    )


class Listeners:
    """Handlers of the house that note what they hear, and say no while ``denies`` or ``fails`` gives words."""

    def __init__(self) -> None:
        self.heard: list[Call] = []
        self.denies = ""
        self.fails = ""

    def __call__(self, unit: UnitOfWork, call: Call) -> dict[str, Any]:
        self.heard.append(call)
        unit.connection.execute(sa.select(1))
        if self.denies:
            raise Denied(self.denies)
        if self.fails:
            raise Refused(self.fails)
        return {"ignored": True}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield "sqlite://"
        return
    with databases.scratch() as scratch:
        yield scratch


@pytest.fixture
def listeners() -> Listeners:
    return Listeners()


@pytest.fixture
def house(url: str, listeners: Listeners) -> Iterator[House]:
    """A house whose rows must be whole at the end of each test."""
    made = House(url, handlers={"hear": listeners})
    yield made
    assert engine_proofs.findings(made.engine.database) == []
    made.close()


def _row(house: House, task_id: str) -> UserTask:
    with house.engine.read() as reading:
        return reading.session.get_one(UserTask, task_id)


def _free(house: House, task_id: str) -> list[tuple[str, bool]]:
    with house.engine.read() as reading:
        query = sa.select(TaskCandidate.name, TaskCandidate.free).where(TaskCandidate.task_id == task_id)
        return sorted(tuple(row) for row in reading.connection.execute(query))


def _begun(house: House, listeners: str) -> str:
    house.deploy(_diagram("p", listeners))
    house.start()
    return house.task("write")


def _leased(house: House, job_type: str = "ask") -> jobs.Leased:
    [job] = house.do(jobs.acquire, [job_type], worker="w", actor="system:worker")
    return job


def _answer(house: House, job_type: str = "ask") -> None:
    job = _leased(house, job_type)
    house.do(jobs.complete, job.id, job.fence, actor="system:worker")


# ---------------------------------------------------------------------- assigning, in the house


def test_a_listener_of_the_house_hears_of_a_claim_before_it_counts(
    house: House, listeners: Listeners
) -> None:
    task = _begun(house, "assigning:hear")
    house.do(tasks.claim, task, actor="ben")
    [call] = listeners.heard
    assert call.headers == {
        f"{ZEEBE}action": "claim",
        f"{ZEEBE}assignee": "ben",
        f"{ZEEBE}candidateGroups": '["agents", "leaders"]',
        f"{ZEEBE}changedAttributes": '["assignee"]',
        f"{ZEEBE}priority": "50",
    }
    assert (_row(house, task).assignee, _row(house, task).version) == ("ben", 2)
    assert _free(house, task) == [("agents", False), ("leaders", False)]
    house.do(tasks.release, task, actor="ben")
    assert listeners.heard[1].headers[f"{ZEEBE}action"] == "unassign"
    assert f"{ZEEBE}assignee" not in listeners.heard[1].headers
    assert listeners.heard[1].step_id != call.step_id
    assert _free(house, task) == [("agents", True), ("leaders", True)]
    house.do(tasks.assign, task, "eva")
    assert listeners.heard[2].headers[f"{ZEEBE}action"] == "assign"
    house.do(tasks.complete, task, {"said": 1}, actor="eva")
    assert house.variables(task.partition(".")[0]) == {"said": 1}


def test_a_claim_that_a_listener_of_the_house_denies_changes_nothing(
    house: House, listeners: Listeners
) -> None:
    task = _begun(house, "assigning:hear")
    listeners.denies = "Ben has too many tasks."
    before = house.everything()
    with pytest.raises(Denied, match=r"Ben has too many tasks\.") as refusal:
        house.do(tasks.claim, task, actor="ben")
    assert refusal.value.task_id == task
    assert house.everything() == before
    house.do(tasks.complete, task, actor="ben")
    assert house.waiting() == ["check"]


def test_a_listener_of_the_house_that_fails_is_an_incident_and_the_claim_waits(
    house: House, listeners: Listeners
) -> None:
    task = _begun(house, "assigning:hear")
    listeners.fails = "The directory is silent."
    house.do(tasks.claim, task, actor="ben")
    assert _row(house, task).assignee is None
    [incident] = house.column(sa.select(Incident.id).where(Incident.message == "The directory is silent."))
    with pytest.raises(Undecided):
        house.do(tasks.claim, task, actor="eva")
    listeners.fails = ""
    house.do(incidents.resolve, incident)
    assert _row(house, task).assignee == "ben"


def test_an_assignment_of_the_diagram_is_heard_once_the_task_exists(
    house: House, listeners: Listeners
) -> None:
    diagram = _diagram("p", "creating:hear assigning:hear").replace(
        b'candidateGroups="agents, leaders"', b'candidateGroups="agents" assignee="eva"'
    )
    house.deploy(diagram)
    house.start()
    creating, assigning = listeners.heard
    assert f"{ZEEBE}action" not in creating.headers
    assert creating.headers[f"{ZEEBE}changedAttributes"] == "[]"
    assert creating.headers[f"{ZEEBE}assignee"] == assigning.headers[f"{ZEEBE}assignee"] == "eva"
    task = house.task("write")
    assert (_row(house, task).assignee, _row(house, task).version) == ("eva", 1)
    assert _free(house, task) == [("agents", False)]


def test_an_assignment_of_the_diagram_that_is_denied_leaves_the_task_free_and_refuses_nobody(
    house: House, listeners: Listeners
) -> None:
    drawn = d.process(
        "p",
        d.start(),
        d.user("write"),
        d.user("check", listeners="assigning:hear").replace(
            "candidateGroups", 'assignee="eva" candidateGroups'
        ),
        flows="start write check",
    )
    house.deploy(drawn)
    house.start()
    listeners.denies = "Eva is away."
    house.complete("write")
    check = house.task("check")
    assert _row(house, check).assignee is None
    assert _free(house, check) == [("agents", True)]
    assert ("denied", "check") in house.history(check.partition(".")[0])


# ---------------------------------------------------------------------- assigning, by a worker


def test_a_claim_waits_for_a_worker_and_the_task_stays_free(house: House) -> None:
    task = _begun(house, "assigning:ask")
    house.do(tasks.claim, task, actor="ben")
    assert (_row(house, task).assignee, _row(house, task).version) == (None, 1)
    before = house.everything()
    for verb, *given in (
        (tasks.claim,),
        (tasks.assign, "eva"),
        (tasks.update, {"priority": 70}),
        (tasks.complete, {"said": 1}),
    ):
        with pytest.raises(Undecided, match="its listener ask has yet to answer") as refusal:
            house.do(verb, task, *given, actor="eva")
        assert refusal.value.listener == "ask"
    assert house.everything() == before
    job = _leased(house)
    assert job.headers[f"{ZEEBE}assignee"] == "ben"
    house.do(jobs.complete, job.id, job.fence)
    assert (_row(house, task).assignee, _row(house, task).version) == ("ben", 2)
    assert _free(house, task) == [("agents", False), ("leaders", False)]
    with pytest.raises(TaskTaken):
        house.do(tasks.complete, task, actor="eva")
    with pytest.raises(Stale):
        house.do(tasks.complete, task, version=1, actor="ben")
    house.do(tasks.complete, task, actor="ben")


def test_a_worker_that_denies_leaves_the_task_and_says_why_in_the_history(house: House) -> None:
    task = _begun(house, "assigning:ask")
    house.do(tasks.claim, task, actor="ben")
    job = _leased(house)
    house.do(jobs.deny, job.id, job.fence, "Ben is away.", actor="system:worker")
    assert (_row(house, task).assignee, _row(house, task).version) == (None, 1)
    assert house.count(Job) == 0
    [said] = house.column(sa.select(History.data).where(History.event == "denied"))
    assert json.loads(said) == {"listener": "assigning", "reason": "Ben is away."}
    house.do(tasks.claim, task, actor="eva")
    _answer(house)
    assert _row(house, task).assignee == "eva"


def test_only_a_listener_that_may_can_deny(house: House) -> None:
    house.deploy(d.process("p", d.start(), d.service("print", "ask"), d.end(), flows="start print end"))
    house.start()
    job = _leased(house)
    before = house.everything()
    with pytest.raises(Refused, match="but the job is none"):
        house.do(jobs.deny, job.id, job.fence, "no")
    assert house.everything() == before


def test_a_timer_that_interrupts_the_task_ends_the_question_too(house: House) -> None:
    task = _begun(house, "assigning:ask")
    house.do(tasks.claim, task, actor="ben")
    job = _leased(house)
    assert house.wait(timedelta(hours=1)) == 1
    assert house.waiting() == ["help"]
    assert house.count(Job) == 0
    with pytest.raises(Exception, match="There is no job"):
        house.do(jobs.complete, job.id, job.fence)


# ---------------------------------------------------------------------- completing


def test_a_completion_that_the_house_denies_changes_nothing(house: House, listeners: Listeners) -> None:
    task = _begun(house, "completing:hear")
    house.do(tasks.claim, task, actor="ben")
    listeners.denies = "The report has no date."
    before = house.everything()
    with pytest.raises(Denied, match=r"The report has no date\."):
        house.do(tasks.complete, task, {"said": 1}, actor="ben")
    assert house.everything() == before
    listeners.denies = ""
    house.do(tasks.complete, task, {"said": 2}, actor="ben")
    assert listeners.heard[-1].headers[f"{ZEEBE}action"] == "complete"
    assert listeners.heard[-1].headers[f"{ZEEBE}assignee"] == "ben"
    assert house.variables(task.partition(".")[0]) == {"said": 2}


def test_a_completion_that_a_worker_denies_opens_the_task_again(house: House) -> None:
    task = _begun(house, "completing:ask")
    house.do(tasks.claim, task, actor="ben")
    house.do(tasks.complete, task, {"said": 1}, actor="ben")
    assert (_row(house, task).status, _row(house, task).ended_by) == ("completed", "ben")
    job = _leased(house)
    house.do(jobs.deny, job.id, job.fence, "The sum is wrong.")
    row = _row(house, task)
    assert (row.status, row.ended_at, row.ended_by, row.assignee, row.version) == (
        "open",
        None,
        None,
        "ben",
        3,
    )
    assert _free(house, task) == [("agents", False), ("leaders", False)]
    assert house.variables(task.partition(".")[0]) == {}
    house.do(tasks.release, task, actor="ben")
    house.do(tasks.complete, task, {"said": 2}, actor="eva")
    _answer(house)
    assert house.waiting() == ["check"]
    assert house.variables(task.partition(".")[0]) == {"said": 2}


def test_of_a_worker_and_a_listener_of_the_house_the_second_may_deny_too(
    house: House, listeners: Listeners
) -> None:
    task = _begun(house, "completing:ask completing:hear")
    house.do(tasks.complete, task, {"said": 1}, actor="ben")
    listeners.denies = "The report has no date."
    _answer(house)
    assert _row(house, task).status == "open"
    assert _free(house, task) == [("agents", True), ("leaders", True)]


# ---------------------------------------------------------------------- updating


def test_a_task_changes_its_dates_priority_and_candidates(house: House) -> None:
    task = _begun(house, "")
    change = {"due_date": DUE, "priority": 80, "candidate_groups": ["leaders"], "candidate_users": ["eva"]}
    house.do(tasks.update, task, change)
    row = _row(house, task)
    assert (row.due_date, row.priority, row.version) == (DUE, 80, 2)
    assert _free(house, task) == [("leaders", True), ("user:eva", True)]
    with house.engine.read() as reading:
        assert [one.id for one in queries.inbox(reading, "team", person="eva", groups=[]).rows] == [task]
        assert not queries.inbox(reading, "team", person="ben", groups=["agents"]).rows
    house.do(tasks.update, task, {})
    assert _row(house, task).version == 2


@pytest.mark.parametrize(
    "change",
    [
        {"assignee": "eva"},
        {"priority": 101},
        {"priority": True},
        {"due_date": "tomorrow"},
        {"due_date": datetime(2026, 2, 1)},  # noqa: DTZ001 - a naive one is what must be refused
        {"candidate_groups": "agents"},
        {"candidate_users": [""]},
    ],
)
def test_a_change_that_is_none_is_refused(house: House, change: dict[str, Any]) -> None:
    task = _begun(house, "")
    before = house.everything()
    with pytest.raises(Refused, match="Expected lists of candidates, dates or a priority"):
        house.do(tasks.update, task, change)
    assert house.everything() == before
    house.complete("write")
    with pytest.raises(NotWaiting):
        house.do(tasks.update, task, {"priority": 1})


def test_a_listener_hears_what_changes_and_may_deny_it(house: House, listeners: Listeners) -> None:
    task = _begun(house, "updating:hear")
    house.do(tasks.update, task, {"due_date": DUE, "priority": 80})
    [call] = listeners.heard
    assert call.headers[f"{ZEEBE}changedAttributes"] == '["dueDate", "priority"]'
    assert call.headers[f"{ZEEBE}dueDate"] == "2026-02-01T10:00:00+00:00"
    assert call.headers[f"{ZEEBE}action"] == "update"
    listeners.denies = "Not today."
    before = house.everything()
    with pytest.raises(Denied):
        house.do(tasks.update, task, {"due_date": None})
    assert house.everything() == before
    assert (_row(house, task).due_date, _row(house, task).version) == (DUE, 2)


# ---------------------------------------------------------------------- canceling


def test_a_listener_of_the_house_hears_of_an_interruption_and_it_goes_on_at_once(
    house: House, listeners: Listeners
) -> None:
    task = _begun(house, "canceling:hear")
    house.do(tasks.claim, task, actor="ben")
    assert house.wait(timedelta(hours=1)) == 1
    [call] = listeners.heard
    assert call.headers[f"{ZEEBE}assignee"] == "ben"
    assert house.waiting() == ["help"]
    assert _row(house, task).status == "cancelled"


@pytest.mark.parametrize("word", ["fails", "denies"])
def test_a_cancellation_that_a_listener_refuses_is_an_incident_that_can_be_mended(
    house: House, listeners: Listeners, word: str
) -> None:
    task = _begun(house, "canceling:hear")
    setattr(listeners, word, "Nothing is held.")
    assert house.wait(timedelta(hours=1)) == 1
    assert house.waiting() == []
    assert _row(house, task).status == "cancelled"
    [incident] = house.column(sa.select(Incident.id).where(Incident.message == "Nothing is held."))
    setattr(listeners, word, "")
    house.do(incidents.resolve, incident)
    assert house.waiting() == ["help"]


def test_a_cancelled_instance_waits_for_a_worker_and_only_for_it(house: House) -> None:
    task = _begun(house, "canceling:ask")
    instance = task.partition(".")[0]
    house.do(instances.cancel, instance, "by mistake")
    assert (house.status(instance), _row(house, task).status) == ("active", "cancelled")
    with pytest.raises(NotWaiting, match="no longer needed"):
        house.do(tasks.complete, task)
    with pytest.raises(NotWaiting, match="it has been cancelled and waits for listeners"):
        house.do(instances.cancel, instance, "again")
    assert house.wait(timedelta(hours=2)) == 0
    _answer(house)
    assert house.status(instance) == "terminated"
    assert house.history(instance)[-2:] == [("terminated", "write"), ("terminated", "p")]


def test_a_task_that_is_moved_away_from_is_heard_first(house: House) -> None:
    task = _begun(house, "canceling:ask")
    instance, _, token = task.partition(".")
    house.do(operations.move, instance, int(token), "check")
    assert house.waiting() == []
    _answer(house)
    assert house.waiting() == ["check"]


def test_an_instance_does_not_migrate_while_a_listener_has_to_answer_that_the_new_version_lacks(
    house: House,
) -> None:
    [first] = house.deploy(_diagram("p", "canceling:ask assigning:ask"))
    [second] = house.deploy(_diagram("p", "canceling:ask"))
    waits, leaves = (house.start(definition_id=first) for _ in range(2))
    house.do(tasks.claim, house.task("write", waits), actor="ben")
    house.do(instances.cancel, leaves, "by mistake")
    verdicts = house.do(operations.dry_run, [waits, leaves], first, second, {})
    assert [[reason.code for reason in verdict.reasons] for verdict in verdicts] == [
        ["listeners_differ"],
        ["leaving", "leaving"],
    ]


def test_what_waits_for_a_listener_goes_on_in_a_version_that_has_it(house: House) -> None:
    diagram = _diagram("p", "assigning:ask canceling:ask")
    [first] = house.deploy(diagram)
    [second] = house.deploy(diagram.replace(b'name="help"', b'name="Help"'))
    instance = house.start(definition_id=first)
    task = house.task("write")
    house.do(tasks.claim, task, actor="ben")
    [verdict] = operations.migrate(house.engine, "ana", [instance], first, second, {})
    assert verdict.done
    _answer(house)
    assert _row(house, task).assignee == "ben"


# ---------------------------------------------------------------------- what it costs


def test_a_claim_without_listeners_costs_three_statements_as_before(house: House) -> None:
    house.deploy(_diagram("p", ""))
    house.start()
    house.start()
    first, second = house.column(sa.select(UserTask.id))
    house.do(tasks.claim, first)
    with completions.counted(house.engine.database) as seen:
        house.do(tasks.claim, second)
    assert len([text for text in seen if text.split()[0] in ("SELECT", "UPDATE")]) == 3


def test_a_completion_with_a_listener_stays_within_the_budget(house: House) -> None:
    house.deploy(_diagram("p", "assigning:hear completing:hear"))
    house.start()
    house.complete("write")
    house.start()
    task = house.task("write")
    for verb in (tasks.claim, tasks.complete):
        with completions.counted(house.engine.database) as seen:
            house.do(verb, task)
        assert len(seen) <= 12 + 3, seen
