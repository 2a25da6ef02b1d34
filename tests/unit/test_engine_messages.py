"""Messages: to the one who waits, kept for who comes, once per sender's id, one start per key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from engine import messages, operations, worker
from engine.errors import Refused
from engine.tables import Message, MessageSeen, ProcessInstance
from tests import diagrams as d
from tests.factories_engine import House

PAID = d.message("m", "paid", "=number")
CATCHING = d.process(
    "p",
    d.start(),
    d.user("write"),
    d.catch("wait", d.on_message("m")),
    d.user("thank"),
    d.end(),
    flows="start write wait thank end",
    extra=PAID,
)
STARTED = d.process(
    "q",
    d.start("s", d.on_message("m")),
    d.user("look"),
    d.end(),
    flows="s look end",
    extra=d.message("m", "paid"),
)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    made.deploy(CATCHING)
    yield made
    made.close()


def _waiting(house: House, number: str = "7") -> str:
    made = house.start(variables={"number": number})
    house.complete("write", made)
    return made


def test_a_message_reaches_who_waits_for_its_key_with_its_variables(house: House) -> None:
    other, made = _waiting(house, "8"), _waiting(house, "7")
    sent = house.publish("paid", "7", variables={"amount": 12})
    assert (sent.correlated, sent.started) == ((made,), ())
    assert (house.waiting(made), house.waiting(other)) == (["thank"], [])
    assert house.variables(made)["amount"] == 12


def test_of_two_instances_of_a_process_the_older_wait_has_it(house: House) -> None:
    first = _waiting(house)
    house.clock.advance(timedelta(seconds=1))
    second = _waiting(house)
    assert house.publish("paid", "7").correlated == (first,)
    assert house.publish("paid", "7").correlated == (second,)


def test_a_message_that_comes_early_is_kept_and_taken_oldest_first(house: House) -> None:
    for amount in (1, 2):
        assert house.publish("paid", "7", variables={"amount": amount}).kept
        house.clock.advance(timedelta(minutes=1))
    assert house.variables(_waiting(house))["amount"] == 1
    assert house.variables(_waiting(house))["amount"] == 2
    assert house.waiting(_waiting(house)) == []


def test_a_message_taken_by_one_instance_is_not_taken_by_the_next(house: House) -> None:
    first = _waiting(house)
    house.publish("paid", "7")
    assert house.waiting(first) == ["thank"]
    assert house.waiting(_waiting(house)) == []


def test_a_kept_message_is_gone_when_its_time_is_over(house: House) -> None:
    house.publish("paid", "7", ttl=timedelta(minutes=10))
    house.clock.advance(timedelta(minutes=10))
    assert house.waiting(_waiting(house)) == []
    assert house.do(messages.expire) == 1
    assert (house.count(Message), house.count(MessageSeen)) == (0, 0)


def test_without_time_to_live_nothing_is_kept(house: House) -> None:
    assert not house.publish("paid", "7", ttl=timedelta(0)).kept
    assert house.waiting(_waiting(house)) == []


def test_the_same_message_id_does_nothing_the_second_time(house: House) -> None:
    first = _waiting(house)
    house.clock.advance(timedelta(seconds=1))
    _waiting(house)
    assert house.publish("paid", "7", message_id="bank-1").correlated == (first,)
    before = house.everything()
    assert house.publish("paid", "7", message_id="bank-1").repeated
    assert house.everything() == before


def test_a_message_without_a_name_is_refused(house: House) -> None:
    with pytest.raises(Refused, match="message name"):
        house.publish("")


def test_one_instance_per_process_has_the_message_and_each_process_has_its_own(house: House) -> None:
    house.deploy(CATCHING.replace(b'"p"', b'"r"'))
    house.deploy(STARTED)
    first = _waiting(house)
    made = house.start("r", {"number": "7"})
    house.complete("write", made)
    sent = house.publish("paid", "7")
    assert set(sent.correlated) == {first, made}
    assert len(sent.started) == 1


def test_a_message_starts_one_instance_per_key_while_it_runs(house: House) -> None:
    house.deploy(STARTED)
    (first,) = house.publish("paid", "7", ttl=timedelta(0)).started
    assert house.publish("paid", "7", ttl=timedelta(0)).started == ()
    assert len(house.publish("paid", "8", ttl=timedelta(0)).started) == 1
    house.complete("look", first)
    assert len(house.publish("paid", "7", ttl=timedelta(0)).started) == 1


def test_a_message_without_a_key_starts_one_each_time(house: House) -> None:
    house.deploy(STARTED)
    for _ in range(3):
        house.publish("paid")
    assert house.waiting() == ["look"] * 3


def test_a_kept_message_starts_the_next_instance_when_the_first_is_over(house: House) -> None:
    house.deploy(STARTED)
    (first,) = house.publish("paid", "7", variables={"n": 1}).started
    house.publish("paid", "7", variables={"n": 2})
    assert messages.bring_together(house.engine) == 0
    house.complete("look", first)
    assert messages.bring_together(house.engine) == 1
    assert messages.bring_together(house.engine) == 0
    (second,) = {house.task("look").rpartition(".")[0]}
    assert house.variables(second) == {"n": 2}


def test_a_message_for_a_suspended_instance_arrives_after_it_is_resumed(house: House) -> None:
    made = _waiting(house)
    house.do(operations.suspend, made, "holiday")
    assert house.publish("paid", "7").correlated == ()
    worker.Worker(house.engine).run_once()
    assert house.waiting(made) == []
    house.do(operations.resume, made)
    worker.Worker(house.engine).run_once()
    assert house.waiting(made) == ["thank"]
    assert house.count(ProcessInstance) == 1
