"""Eight threads on one database, all at once: nothing lost, nothing doubled, and only refusals that say why."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import instances, jobs, messages, outbox, tasks, timers
from engine.errors import Busy, EngineError, KeyTaken, Missing, NotWaiting, Refused, Stale, TaskTaken
from engine.store import Call, UnitOfWork
from engine.tables import History, Outbox, ProcessInstance, Subscription, UserTask
from tests import databases, engine_proofs
from tests import diagrams as d
from tests.competing.meeting import together
from tests.factories_engine import House

THREADS = 8
INSTANCES = 24
TYPED = (Busy, KeyTaken, Missing, NotWaiting, Stale, TaskTaken)
DIAGRAM = d.process(
    "p",
    d.start(),
    d.user("write"),
    d.boundary("late", "write", d.timer("PT1H"), interrupting=False),
    d.user("nag"),
    d.service("tell", "tell"),
    d.catch("paid", d.on_message("m")),
    d.service("print", "print"),
    d.user("check"),
    d.end(),
    flows="start write tell paid print check end; late nag",
    extra=d.message("m", "paid", "=number"),
)


def _tell(unit: UnitOfWork, call: Call) -> dict[str, Any]:
    outbox.put(unit, "mail", {"to": call.business_key}, call.step_id)
    return {}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[House]:
    if request.param == "sqlite":
        made = House(f"sqlite:///{tmp_path / 'house.db'}", handlers={"tell": _tell})
        made.deploy(DIAGRAM)
        yield made
        made.close()
        return
    with databases.scratch() as url:
        made = House(url, handlers={"tell": _tell})
        made.deploy(DIAGRAM)
        yield made
        made.close()


class Hand:
    """One thread's share: it does whatever it finds open, again and again, as everybody else does."""

    def __init__(self, house: House, number: int) -> None:
        self.house, self.name = house, f"person{number}"
        self.random = random.Random(number)
        self.refused: Counter[str] = Counter()
        self.done: Counter[str] = Counter()

    def attempt(self, what: str, verb: Callable[[], Any]) -> None:
        try:
            verb()
        except TYPED as refusal:
            self.refused[type(refusal).__name__] += 1
        else:
            self.done[what] += 1

    def work(self) -> bool:
        """Do one round of everything; return False when nothing is open any more."""
        house = self.house
        for number in self.random.sample(range(INSTANCES), 3):
            self.attempt("start", lambda n=number: self._start(n))  # type: ignore[misc]
        open_tasks = house.column(sa.select(UserTask.id).where(UserTask.status == "open"))
        self.random.shuffle(open_tasks)
        for task in open_tasks[:4]:
            if self.random.random() < 0.3:
                self.attempt("claim", lambda t=task: house.do(tasks.claim, t, actor=self.name))  # type: ignore[misc]
            self.attempt("complete", lambda t=task: house.do(tasks.complete, t, actor=self.name))  # type: ignore[misc]
            self.attempt("release", lambda t=task: house.do(tasks.release, t, actor=self.name))  # type: ignore[misc]
        self.attempt("timers", lambda: timers.fire_due(house.engine))
        waiting = house.column(sa.select(Subscription.key))
        for key in waiting[:2]:
            self.attempt("message", lambda k=key: self._pay(k))  # type: ignore[misc]
        self.attempt("jobs", self._print)
        started = house.column(sa.select(sa.func.count()).select_from(ProcessInstance))[0]
        active = house.column(sa.select(ProcessInstance.id).where(ProcessInstance.status == "active"))
        return bool(active) or started < INSTANCES

    def _start(self, number: int) -> None:
        self.house.start(variables={"number": str(number)}, business_key=str(number))

    def _pay(self, key: str) -> None:
        self.house.do(
            messages.publish, "paid", key, {"payer": self.name}, ttl=timedelta(0), message_id=f"bank-{key}"
        )

    def _print(self) -> None:
        for job in self.house.do(jobs.acquire, ["print"], worker=self.name, limit=2):
            self.house.do(jobs.complete, job.id, job.fence, {"printer": self.name})


def test_eight_threads_lose_nothing_and_double_nothing(house: House) -> None:
    hands = [Hand(house, number) for number in range(THREADS)]
    for number in range(INSTANCES // 2):
        house.start(variables={"number": str(number)}, business_key=str(number))
    house.clock.advance(timedelta(hours=2))

    def run(number: int) -> int:
        rounds = 0
        while hands[number].work() and rounds < 400:
            rounds += 1
        return rounds

    outcomes = together(THREADS, run)
    assert [outcome.refusal for outcome in outcomes] == [None] * THREADS
    assert engine_proofs.findings(house.engine.database) == []
    keys = house.column(sa.select(ProcessInstance.business_key))
    assert sorted(keys, key=int) == [str(number) for number in range(INSTANCES)]
    assert set(house.column(sa.select(ProcessInstance.status))) == {"completed"}
    finished = Counter(
        house.column(
            sa.select(History.element).where(History.event == "completed", History.element != "late")
        )
    )
    for element in ("write", "tell", "paid", "print", "check", "p"):
        assert finished[element] == INSTANCES, (element, finished)
    assert house.count(Outbox) == INSTANCES
    refused = sum((hand.refused for hand in hands), Counter())
    assert set(refused) <= {kind.__name__ for kind in TYPED}
    assert sum(hand.done["complete"] for hand in hands) >= 2 * INSTANCES


def test_threads_that_cancel_and_complete_leave_every_instance_with_one_end(house: House) -> None:
    made = [
        house.start(variables={"number": str(number)}, business_key=str(number))
        for number in range(INSTANCES)
    ]
    written = {instance: house.task("write", instance) for instance in made}

    def run(number: int) -> None:
        order = random.Random(number).sample(made, len(made))
        for instance in order:
            try:
                if number % 2:
                    house.do(instances.cancel, instance, "budget", actor=f"boss{number}")
                else:
                    house.do(tasks.complete, written[instance], actor=f"person{number}")
            except EngineError as refusal:
                assert isinstance(refusal, Refused), refusal  # noqa: PT017 - the kind of refusal is the claim

    outcomes = together(THREADS, run)
    assert [outcome.refusal for outcome in outcomes] == [None] * THREADS
    assert engine_proofs.findings(house.engine.database) == []
    assert set(house.column(sa.select(ProcessInstance.status))) == {"terminated"}
    ends = Counter(house.column(sa.select(History.instance_id).where(History.event == "cancelled")))
    assert ends == Counter(made)
