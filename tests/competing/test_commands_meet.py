"""Two commands of the engine meet on one instance in PostgreSQL: one wins, the other is told why, rows stay whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import incidents, instances, jobs, messages, operations, outbox, store, tasks, timers
from engine.errors import Busy, KeyTaken, Missing, NotWaiting, Stale, TaskTaken, Undecided
from engine.tables import (
    Definition,
    Deployment,
    History,
    Incident,
    Job,
    Message,
    Outbox,
    ProcessInstance,
    Timer,
    UserTask,
)
from tests import databases, engine_proofs
from tests import diagrams as d
from tests.competing.meeting import Outcome, meet, together
from tests.factories_engine import House

pytestmark = pytest.mark.postgres

TASK = d.process(
    "task",
    d.start(),
    d.user("write"),
    d.boundary("late", "write", d.timer("PT1H")),
    d.user("check"),
    d.user("help"),
    flows="start write check; late help",
)
LAST = d.process("last", d.start(), d.user("write"), d.end(), flows="start write end")
WAIT = d.process(
    "wait",
    d.start(),
    d.catch("paid", d.on_message("m")),
    d.user("thank"),
    flows="start paid thank",
    extra=d.message("m", "paid", "=number"),
)
EARLY = d.process(
    "early",
    d.start(),
    d.user("write"),
    d.catch("paid", d.on_message("m")),
    d.user("thank"),
    flows="start write paid thank",
    extra=d.message("m", "paid", "=number"),
)
BEGUN = d.process(
    "begun",
    d.start("s", d.on_message("m")),
    d.user("look"),
    flows="s look",
    extra=d.message("m", "ordered"),
)
HEARD = d.process(
    "heard",
    d.start(),
    d.user("write", listeners="assigning:allow canceling:tell"),
    d.boundary("late", "write", d.timer("PT1H")),
    d.user("help"),
    flows="start write; late help",
)
WORK = d.process("work", d.start(), d.service("do", "print"), d.user("look"), flows="start do look")
Pair = Callable[[House], tuple[Callable[[], Any], Callable[[], Any]]]


@pytest.fixture(scope="module")
def shared() -> Iterator[House]:
    with databases.scratch() as url:
        house = House(url)
        house.deploy(TASK, LAST, WAIT, EARLY, BEGUN, WORK, HEARD)
        yield house
        house.close()


@pytest.fixture
def house(shared: House) -> Iterator[House]:
    """The house of all tests here; each ends what it began, and then every row must be whole."""
    yield shared
    assert engine_proofs.findings(shared.engine.database) == []
    running = sa.select(ProcessInstance.id).where(
        ProcessInstance.status.in_(("active", "suspended")), ProcessInstance.parent_id.is_(None)
    )
    for instance in shared.column(running):
        shared.do(instances.cancel, instance, "end of the test")
    assert engine_proofs.findings(shared.engine.database) == []


def _as(house: House, actor: str, verb: Callable[..., Any], *given: Any, **facts: Any) -> Callable[[], Any]:
    return lambda: house.do(verb, *given, actor=actor, **facts)


def _completions(house: House, instance: str, element: str) -> int:
    query = sa.select(sa.func.count()).where(
        History.instance_id == instance, History.element == element, History.event == "completed"
    )
    return int(house.column(query)[0])


def _assignee(house: House, task: str) -> str | None:
    return house.column(sa.select(UserTask.assignee).where(UserTask.id == task))[0]  # type: ignore[no-any-return]


# ---------------------------------------------------------------------- user tasks


def test_of_two_claims_the_first_has_the_task(house: House) -> None:
    house.start("task")
    task = house.task("write")
    first, second = meet(
        house.engine, _as(house, "ben", tasks.claim, task), _as(house, "eva", tasks.claim, task)
    )
    assert first.won
    assert isinstance(second.refusal, TaskTaken)
    assert _assignee(house, task) == "ben"


def test_of_eight_claims_one_has_the_task(house: House) -> None:
    house.start("task")
    task = house.task("write")
    outcomes = together(8, lambda number: house.do(tasks.claim, task, actor=f"person{number}"))
    [winner] = [number for number, outcome in enumerate(outcomes) if outcome.won]
    assert _assignee(house, task) == f"person{winner}"
    assert all(outcome.won or isinstance(outcome.refusal, TaskTaken) for outcome in outcomes)


def test_of_two_claims_that_a_listener_must_hear_the_first_is_asked_about(house: House) -> None:
    house.start("heard")
    task = house.task("write")
    first, second = meet(
        house.engine, _as(house, "ben", tasks.claim, task), _as(house, "eva", tasks.claim, task)
    )
    assert first.won
    assert isinstance(second.refusal, Undecided)
    [job] = house.do(jobs.acquire, ["allow"], worker="w")
    allowed, completed = meet(
        house.engine,
        _as(house, "system:worker", jobs.complete, job.id, job.fence),
        _as(house, "eva", tasks.complete, task),
    )
    assert allowed.won
    assert isinstance(completed.refusal, TaskTaken)
    assert _assignee(house, task) == "ben"
    _hear_of_the_end(house, task)


def test_a_listener_that_answers_as_its_task_is_interrupted_changes_nothing_any_more(house: House) -> None:
    house.start("heard")
    task = house.task("write")
    house.do(tasks.claim, task, actor="ben")
    [job] = house.do(jobs.acquire, ["allow"], worker="w")
    instance, _, token = task.partition(".")
    moved, answered = meet(
        house.engine,
        _as(house, "ana", operations.move, instance, int(token), "help"),
        _as(house, "system:worker", jobs.complete, job.id, job.fence),
    )
    assert moved.won
    assert isinstance(answered.refusal, Missing)
    assert house.waiting(instance) == []
    _hear_of_the_end(house, task)
    assert house.waiting(instance) == ["help"]


def _hear_of_the_end(house: House, task: str) -> None:
    """Answer for the listener that hears of the task's end, ending the instance first if nothing else has."""
    instance = task.partition(".")[0]
    if house.waiting(instance):
        house.do(instances.cancel, instance, "end of the test")
    [told] = house.do(jobs.acquire, ["tell"], worker="w")
    house.do(jobs.complete, told.id, told.fence)


def test_of_two_completions_the_first_counts_and_the_second_hears_who_did_it(house: House) -> None:
    instance = house.start("task")
    task = house.task("write")
    first, second = meet(
        house.engine,
        _as(house, "ben", tasks.complete, task, {"by": "ben"}),
        _as(house, "eva", tasks.complete, task, {"by": "eva"}),
    )
    assert first.won
    assert isinstance(second.refusal, NotWaiting)
    assert second.refusal.ended_by == "ben"
    assert (_completions(house, instance, "write"), house.variables(instance)) == (1, {"by": "ben"})


def test_of_two_last_completions_the_instance_ends_once(house: House) -> None:
    instance = house.start("last")
    task = house.task("write")
    _, second = meet(
        house.engine, _as(house, "ben", tasks.complete, task), _as(house, "eva", tasks.complete, task)
    )
    assert isinstance(second.refusal, NotWaiting)
    assert (house.status(instance), _completions(house, instance, "last")) == ("completed", 1)


def test_a_claim_that_comes_while_the_task_is_completed_is_refused(house: House) -> None:
    house.start("task")
    task = house.task("write")
    first, second = meet(
        house.engine, _as(house, "ben", tasks.complete, task), _as(house, "eva", tasks.claim, task)
    )
    assert first.won
    assert isinstance(second.refusal, (TaskTaken, NotWaiting))
    assert _assignee(house, task) is None


def test_a_completion_that_comes_while_another_claims_is_refused(house: House) -> None:
    house.start("task")
    task = house.task("write")
    first, second = meet(
        house.engine,
        _as(house, "eva", tasks.claim, task),
        _as(house, "ben", tasks.complete, task, version=1),
    )
    assert first.won
    assert isinstance(second.refusal, TaskTaken)
    assert second.refusal.assignee == "eva"
    assert "write" in house.waiting()


def test_a_form_is_stale_when_its_own_author_claimed_it_elsewhere(house: House) -> None:
    house.start("task")
    task = house.task("write")
    _, second = meet(
        house.engine,
        _as(house, "eva", tasks.claim, task),
        _as(house, "eva", tasks.complete, task, version=1),
    )
    assert isinstance(second.refusal, Stale)


# ---------------------------------------------------------------------- timers, cancelling, suspending


def _due(house: House) -> tuple[str, str, int]:
    """Start an instance whose timer is due; return it, its task and the timer's token."""
    instance = house.start("task")
    house.clock.advance(timedelta(hours=1))
    [token] = house.column(sa.select(Timer.token).where(Timer.instance_id == instance))
    return instance, house.task("write", instance), token


def test_a_timer_leaves_alone_what_is_just_being_completed(house: House) -> None:
    instance, task, token = _due(house)
    first, second = meet(
        house.engine,
        _as(house, "ben", tasks.complete, task),
        _as(house, "system:timer", timers.fire, instance, token),
    )
    assert first.won
    assert isinstance(second.refusal, Busy)
    assert house.waiting(instance) == ["check"]
    assert timers.fire_due(house.engine) == 0


def test_a_completion_that_comes_while_the_timer_fires_finds_the_task_no_longer_needed(house: House) -> None:
    instance, task, token = _due(house)
    first, second = meet(
        house.engine,
        _as(house, "system:timer", timers.fire, instance, token),
        _as(house, "ben", tasks.complete, task),
    )
    assert first.value is True
    assert isinstance(second.refusal, NotWaiting)
    assert second.refusal.status == "cancelled"
    assert house.waiting(instance) == ["help"]


def test_of_two_workers_one_fires_the_timer(house: House) -> None:
    instance, _, _token = _due(house)
    first, second = meet(
        house.engine, lambda: timers.fire_due(house.engine), lambda: timers.fire_due(house.engine)
    )
    assert (first.value, second.value) == (1, 0)
    assert house.waiting(instance) == ["help"]


def _order(verbs: list[Callable[[], Any]], *, swapped: bool) -> list[Callable[[], Any]]:
    return verbs[::-1] if swapped else verbs


@pytest.mark.parametrize("swapped", [False, True])
def test_a_completion_and_a_cancellation_leave_one_end(house: House, *, swapped: bool) -> None:
    instance = house.start("last")
    verbs = [
        _as(house, "ben", tasks.complete, house.task("write", instance)),
        _as(house, "boss", instances.cancel, instance, "budget"),
    ]
    first, second = meet(house.engine, *_order(verbs, swapped=swapped))
    assert first.won
    assert isinstance(second.refusal, NotWaiting)
    assert house.status(instance) == ("terminated" if swapped else "completed")


@pytest.mark.parametrize("swapped", [False, True])
def test_a_completion_and_a_suspension_are_one_after_the_other(house: House, *, swapped: bool) -> None:
    instance = house.start("task")
    verbs = [
        _as(house, "ben", tasks.complete, house.task("write", instance)),
        _as(house, "boss", operations.suspend, instance, "strike"),
    ]
    first, second = meet(house.engine, *_order(verbs, swapped=swapped))
    assert first.won
    assert house.status(instance) == "suspended"
    if swapped:
        assert isinstance(second.refusal, NotWaiting)
    assert house.waiting(instance) == (["write"] if swapped else ["check"])


@pytest.mark.parametrize("swapped", [False, True])
def test_a_completion_and_a_migration_are_one_after_the_other(house: House, *, swapped: bool) -> None:
    instance = house.start("task")
    source = house.column(sa.select(Definition.id).where(Definition.key == "task"))[-1]
    changed = TASK.replace(b'name="check"', b'name="Check it"')
    (target,) = house.deploy(changed) or (source,)
    verbs: list[Callable[[], Any]] = [
        _as(house, "ben", tasks.complete, house.task("write", instance)),
        lambda: operations.migrate(house.engine, "boss", [instance], source, target, {}),
    ]
    first, second = meet(house.engine, *_order(verbs, swapped=swapped))
    assert (first.won, second.won) == (True, True)
    assert house.waiting(instance) == ["check"]
    house.deploy(TASK)


# ---------------------------------------------------------------------- messages


def test_of_two_messages_one_moves_the_instance_and_the_other_is_kept(house: House) -> None:
    instance = house.start("wait", {"number": "1"})
    first, second = meet(
        house.engine,
        _as(house, "a", messages.publish, "paid", "1", {"by": "a"}),
        _as(house, "b", messages.publish, "paid", "1", {"by": "b"}),
    )
    assert (first.value.correlated, second.value.correlated) == ((instance,), ())
    assert second.value.kept
    assert house.variables(instance)["by"] == "a"
    assert _completions(house, instance, "paid") == 1


def test_one_message_id_published_twice_at_once_counts_once(house: House) -> None:
    instance = house.start("wait", {"number": "2"})
    first, second = meet(
        house.engine,
        _as(house, "a", messages.publish, "paid", "2", message_id="bank-2"),
        _as(house, "b", messages.publish, "paid", "2", message_id="bank-2"),
    )
    assert (first.value.repeated, second.value.repeated) == (False, True)
    assert house.waiting(instance) == ["thank"]


def test_two_messages_with_one_key_start_one_instance(house: House) -> None:
    outcomes = meet(
        house.engine,
        _as(house, "a", messages.publish, "ordered", "7", ttl=timedelta(0)),
        _as(house, "b", messages.publish, "ordered", "7", ttl=timedelta(0)),
    )
    assert sorted(len(outcome.value.started) for outcome in outcomes) == [0, 1]
    assert house.waiting() == ["look"]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_message_and_a_wait_that_pass_one_another_are_brought_together(
    house: House, *, swapped: bool
) -> None:
    number = f"3{swapped}"
    instance = house.start("early", {"number": number})
    verbs = [
        _as(house, "bank", messages.publish, "paid", number),
        _as(house, "ben", tasks.complete, house.task("write", instance)),
    ]
    first, second = meet(house.engine, *_order(verbs, swapped=swapped))
    assert (first.won, second.won) == (True, True)
    assert house.waiting(instance) == []
    assert messages.bring_together(house.engine) == 1
    assert house.waiting(instance) == ["thank"]
    assert messages.bring_together(house.engine) == 0


def test_two_workers_bring_a_message_and_its_wait_together_once(house: House) -> None:
    instance = house.start("early", {"number": "4"})
    meet(
        house.engine,
        _as(house, "bank", messages.publish, "paid", "4"),
        _as(house, "ben", tasks.complete, house.task("write", instance)),
    )
    first, second = meet(
        house.engine,
        lambda: messages.bring_together(house.engine),
        lambda: messages.bring_together(house.engine),
    )
    assert (first.value, second.value) == (1, 0)
    assert _completions(house, instance, "paid") == 1
    assert house.count(Message) > 0


# ---------------------------------------------------------------------- starts and deployments


def test_of_two_starts_with_one_business_key_the_second_meets_the_first(house: House) -> None:
    first, second = meet(
        house.engine,
        lambda: house.start("task", business_key="2026-1"),
        lambda: house.start("task", business_key="2026-1"),
    )
    assert isinstance(second.refusal, KeyTaken)
    assert house.do(instances.by_business_key, "task", "2026-1") == first.value


def test_a_start_whose_rival_rolls_back_has_the_business_key(house: House) -> None:
    def start_and_fail(unit: store.UnitOfWork) -> None:
        instances.start(unit, "task", business_key="2026-2")
        unit.house.failpoints.reach("before commit")
        raise Missing("the request could not be registered after all")

    first, second = meet(
        house.engine,
        lambda: house.do(start_and_fail),
        lambda: house.start("task", business_key="2026-2"),
    )
    assert isinstance(first.refusal, Missing)
    assert house.do(instances.by_business_key, "task", "2026-2") == second.value


def test_of_eight_starts_with_one_business_key_one_starts(house: House) -> None:
    outcomes = together(8, lambda _number: house.start("task", business_key="2026-3"))
    assert sum(outcome.won for outcome in outcomes) == 1
    assert all(outcome.won or isinstance(outcome.refusal, KeyTaken) for outcome in outcomes)


def test_two_deployments_at_once_make_two_versions_in_the_order_of_their_ids(house: House) -> None:
    contents = [LAST.replace(b'name="write"', f'name="write {number}"'.encode()) for number in (1, 2)]
    first, second = meet(house.engine, *[lambda c=c: house.deploy(c) for c in contents])  # type: ignore[misc]
    assert (len(first.value), len(second.value)) == (1, 1)
    rows = house.do(
        lambda unit: unit.connection.execute(
            sa.select(Definition.version, Definition.deployment_id)
            .where(Definition.key == "last")
            .order_by(Definition.version)
        ).all()
    )
    assert [row.version for row in rows] == [1, 2, 3]
    assert [row.deployment_id for row in rows] == sorted(row.deployment_id for row in rows)
    assert house.count(Deployment) >= 3


# ---------------------------------------------------------------------- jobs, incidents, outbox


def _lease(house: House, worker: str, **facts: Any) -> Callable[[], list[jobs.Leased]]:
    return lambda: house.do(jobs.acquire, ["print"], worker=worker, **facts)


def test_a_second_worker_skips_the_job_that_is_being_leased(house: House) -> None:
    house.start("work")
    first, second = meet(house.engine, _lease(house, "w1"), _lease(house, "w2"))
    assert ([job.element for job in first.value], second.value) == (["do"], [])


def test_eight_workers_share_the_jobs_and_none_is_leased_twice(house: House) -> None:
    for _ in range(12):
        house.start("work")
    outcomes = together(8, lambda number: _lease(house, f"w{number}", limit=3)())
    leased = [job.id for outcome in outcomes for job in outcome.value]
    assert len(leased) == len(set(leased))
    rest = _lease(house, "rest", limit=20)()
    assert len(leased) + len(rest) == 12


def test_a_result_and_the_next_lease_give_the_job_to_one_of_them(house: House) -> None:
    instance = house.start("work")
    [slow] = _lease(house, "w1", lease=timedelta(minutes=1))()
    house.clock.advance(timedelta(minutes=1))
    first, second = meet(
        house.engine, _as(house, "w1", jobs.complete, slow.id, slow.fence, {"by": "w1"}), _lease(house, "w2")
    )
    assert (first.won, second.value) == (True, [])
    assert house.variables(instance) == {"by": "w1"}


def test_a_zombie_whose_job_is_being_leased_again_is_refused(house: House) -> None:
    instance = house.start("work")
    [slow] = _lease(house, "w1", lease=timedelta(minutes=1))()
    house.clock.advance(timedelta(minutes=1))
    first, second = meet(
        house.engine, _lease(house, "w2"), _as(house, "w1", jobs.complete, slow.id, slow.fence, {"by": "w1"})
    )
    [quick] = first.value
    assert isinstance(second.refusal, Stale)
    house.do(jobs.complete, quick.id, quick.fence, {"by": "w2"})
    assert house.variables(instance) == {"by": "w2"}
    assert _completions(house, instance, "do") == 1


def test_of_two_results_of_one_lease_one_counts(house: House) -> None:
    instance = house.start("work")
    [job] = _lease(house, "w1")()
    first, second = meet(
        house.engine,
        _as(house, "w1", jobs.complete, job.id, job.fence, {"n": 1}),
        _as(house, "w1", jobs.complete, job.id, job.fence, {"n": 2}),
    )
    assert first.won
    assert isinstance(second.refusal, Missing)
    assert house.variables(instance) == {"n": 1}


@pytest.mark.parametrize("swapped", [False, True])
def test_a_failure_for_good_and_a_cancellation_do_not_lock_one_another(
    house: House, *, swapped: bool
) -> None:
    instance = house.start("work")
    [job] = _lease(house, "w1")()
    verbs = [
        _as(house, "w1", jobs.fail, job.id, job.fence, message="no paper", retries=0),
        _as(house, "boss", instances.cancel, instance, "budget"),
    ]
    first, second = meet(house.engine, *_order(verbs, swapped=swapped))
    assert first.won
    assert second.won or isinstance(second.refusal, Missing)
    assert house.status(instance) == "terminated"
    assert house.count(Job) == 0


def test_of_two_operators_one_resolves_the_incident(house: House) -> None:
    house.start("work")
    [job] = _lease(house, "w1")()
    house.do(jobs.fail, job.id, job.fence, message="no paper", retries=0)
    [incident] = house.column(sa.select(Incident.id).where(Incident.resolved_at.is_(None)))
    first, second = meet(
        house.engine,
        _as(house, "ben", incidents.resolve, incident),
        _as(house, "eva", incidents.resolve, incident),
    )
    assert first.won
    assert isinstance(second.refusal, NotWaiting)
    assert house.count(Job) == 1


def test_an_effect_put_twice_at_once_is_one_row(house: House) -> None:
    outcomes = meet(
        house.engine,
        _as(house, "a", outbox.put, "mail", {"n": 1}, "letter-1"),
        _as(house, "b", outbox.put, "mail", {"n": 2}, "letter-1"),
    )
    assert all(outcome.won for outcome in outcomes)
    assert house.column(sa.select(Outbox.payload).where(Outbox.key == "letter-1")) == ['{"n": 1}']


def test_two_deliverers_deliver_an_effect_once(house: House) -> None:
    house.do(outbox.put, "parcel", {}, "parcel-1")
    sent: list[str] = []
    deliverers = {"parcel": lambda key, _payload: sent.append(key)}
    first, second = meet(
        house.engine,
        lambda: outbox.deliver_due(house.engine, deliverers),
        lambda: outbox.deliver_due(house.engine, deliverers),
    )
    assert (first.value, second.value, sent) == (1, 0, ["parcel-1"])


def test_a_lock_that_is_not_given_in_time_is_a_refusal_that_says_busy(house: House) -> None:
    instance = house.start("task")
    task = house.task("write", instance)
    with house.engine.begin("ben") as unit:
        tasks.complete(unit, task)
        outcome = together(1, lambda _number: house.do(tasks.complete, task, actor="eva"))[0]
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.refusal, Busy)
    assert house.waiting(instance) == ["check"]
