"""The outbox: written with its cause, delivered at least once, later when refused, given up after ten tries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import outbox
from engine.errors import Missing, Refused
from engine.tables import Outbox
from engine.worker import Worker
from tests.factories_engine import House


class Outside:
    """What the house sends to: keeps what it is given, and refuses when told to."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Mapping[str, Any]]] = []
        self.closed = False

    def take(self, key: str, payload: Mapping[str, Any]) -> None:
        if self.closed:
            raise ConnectionError("nobody answers")
        self.got.append((key, payload))


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


@pytest.fixture
def outside() -> Outside:
    return Outside()


def _row(house: House) -> Outbox:
    with house.engine.read() as reading:
        return reading.session.scalars(sa.select(Outbox)).one()


def test_an_effect_is_delivered_once_and_then_never_again(house: House, outside: Outside) -> None:
    house.do(outbox.put, "mail", {"to": "é@exemple.example"}, "key-1")
    assert outbox.deliver_due(house.engine, {"mail": outside.take}) == 1
    assert outbox.deliver_due(house.engine, {"mail": outside.take}) == 0
    assert outside.got == [("key-1", {"to": "é@exemple.example"})]
    assert (_row(house).status, _row(house).delivered_at) == ("delivered", house.clock.now())


def test_the_same_key_again_changes_nothing(house: House) -> None:
    house.do(outbox.put, "mail", {"text": "first"}, "key-1")
    before = house.everything()
    house.do(outbox.put, "mail", {"text": "second"}, "key-1")
    assert house.everything() == before


def test_an_effect_of_a_transaction_that_failed_does_not_exist(house: House) -> None:
    def put_and_fail(unit: Any) -> None:
        outbox.put(unit, "mail", {}, "key-1")
        raise LookupError

    with pytest.raises(LookupError):
        house.do(put_and_fail)
    assert house.count(Outbox) == 0


def test_a_refused_delivery_is_tried_again_later_and_later_with_the_same_key(
    house: House, outside: Outside
) -> None:
    house.do(outbox.put, "mail", {}, "key-1")
    outside.closed = True
    for attempt in range(1, 4):
        assert outbox.deliver_due(house.engine, {"mail": outside.take}) == 0
        row = _row(house)
        assert (row.attempts, row.status, row.error) == (attempt, "queued", "ConnectionError: nobody answers")
        assert row.next_attempt_at - house.clock.now() == timedelta(seconds=30) * 2 ** (attempt - 1)
        assert outbox.deliver_due(house.engine, {"mail": outside.take}) == 0
        assert _row(house).attempts == attempt
        house.clock.set(row.next_attempt_at)
    outside.closed = False
    assert outbox.deliver_due(house.engine, {"mail": outside.take}) == 1
    assert outside.got == [("key-1", {})]
    assert _row(house).error is None


def test_an_effect_is_given_up_after_ten_tries_and_can_be_sent_again(house: House, outside: Outside) -> None:
    house.do(outbox.put, "mail", {}, "key-1")
    outside.closed = True
    for _ in range(outbox.MAX_ATTEMPTS):
        outbox.deliver_due(house.engine, {"mail": outside.take})
        house.clock.advance(timedelta(days=1))
    assert (_row(house).status, _row(house).attempts) == ("failed", 10)
    assert outbox.deliver_due(house.engine, {"mail": outside.take}) == 0
    outside.closed = False
    house.do(outbox.send_again, _row(house).id)
    assert outbox.deliver_due(house.engine, {"mail": outside.take}) == 1
    with pytest.raises(Refused, match="it is delivered"):
        house.do(outbox.send_again, _row(house).id)
    with pytest.raises(Missing):
        house.do(outbox.send_again, "nothing")


def test_a_delivery_that_outlives_its_turn_does_not_undo_the_next_ones_success(house: House) -> None:
    house.do(outbox.put, "mail", {}, "key-1")
    delivered: list[str] = []

    def second(key: str, _payload: Mapping[str, Any]) -> None:
        delivered.append(key)

    def first(_key: str, _payload: Mapping[str, Any]) -> None:
        house.clock.advance(timedelta(minutes=1))
        assert outbox.deliver_due(house.engine, {"mail": second}) == 1
        raise TimeoutError

    assert outbox.deliver_due(house.engine, {"mail": first}) == 0
    assert (delivered, _row(house).status) == (["key-1"], "delivered")


def test_kinds_without_a_deliverer_wait(house: House, outside: Outside) -> None:
    house.do(outbox.put, "posting", {}, "key-1")
    Worker(house.engine, {"mail": outside.take}).run_once()
    assert (_row(house).status, _row(house).attempts) == ("queued", 0)
    Worker(house.engine, {"posting": outside.take}).run_once()
    assert _row(house).status == "delivered"


def test_a_worker_starts_does_its_chores_and_stops(house: House) -> None:
    done: list[str] = []
    worker = Worker(house.engine, chores={"sweep": (3600.0, lambda: done.append("swept"))})
    worker.start()
    worker.stop()
    worker.stop()
    worker.run_once()
    assert done == ["swept"]
