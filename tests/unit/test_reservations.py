from datetime import timedelta

import pytest
import sqlalchemy as sa

from registry import reservations, rows, stock, work
from registry.errors import Missing
from registry.rules import WrongState
from registry.tables.stock import Reservation, StockBalance
from tests.factories_stock import AT, BY, KG, WHO, depot, memory, open_order


@pytest.fixture
def session():
    with memory() as session:
        yield session


@pytest.fixture
def town(session):
    return depot(session, received_milli=10 * KG)


def hold(session, town, kilos, **more):
    facts = {**town.place, "quantity_milli": kilos * KG, "order_id": town.order_id, **WHO, **more}
    return reservations.hold(session, **facts)


def free(session, town):
    return stock.available(session, town.item.id, town.store.id)


def test_a_hold_lowers_what_is_available_and_leaves_what_is_on_hand(session, town):
    hold(session, town, 6)
    assert free(session, town) == 4 * KG
    assert stock.on_hand(session, town.item.id, town.store.id) == 10 * KG


def test_holding_more_than_available_is_refused_with_figures(session, town):
    hold(session, town, 6)
    with pytest.raises(stock.NotEnough) as refusal:
        hold(session, town, 12)
    assert refusal.value.message == (
        "Expected to hold 12 kg of cold asphalt in store Depot 1, but 4 kg are available."
    )
    assert (refusal.value.on_hand_milli, refusal.value.held_milli) == (10 * KG, 6 * KG)


def test_a_released_hold_can_be_held_again(session, town):
    first = hold(session, town, 10)
    reservations.release(session, first.id, reason="not needed", **WHO)
    assert (first.status, first.answer_reason) == ("released", "not needed")
    assert hold(session, town, 10).status == "held"


def test_consuming_a_part_releases_the_rest(session, town):
    held = hold(session, town, 6)
    move = reservations.consume(session, held.id, quantity_milli=4 * KG, **WHO)
    assert (move.kind, move.quantity_milli, move.value_cents) == ("issue", -4 * KG, -600)
    assert (move.order_id, move.reservation_id) == (town.order_id, held.id)
    assert (held.status, held.consumed_milli) == ("consumed", 4 * KG)
    assert free(session, town) == 6 * KG


def test_a_reservation_is_answered_once(session, town):
    consumed = hold(session, town, 2)
    reservations.consume(session, consumed.id, **WHO)
    with pytest.raises(reservations.AlreadyAnswered):
        reservations.release(session, consumed.id, **WHO)
    with pytest.raises(reservations.AlreadyAnswered):
        reservations.consume(session, consumed.id, quantity_milli=KG, **WHO)
    released = hold(session, town, 2)
    reservations.release(session, released.id, **WHO)
    with pytest.raises(reservations.AlreadyAnswered) as refusal:
        reservations.consume(session, released.id, **WHO)
    assert refusal.value.status == "released"


def test_the_same_answer_again_changes_nothing(session, town):
    consumed, released = hold(session, town, 2), hold(session, town, 3)
    move = reservations.consume(session, consumed.id, **WHO)
    assert reservations.consume(session, consumed.id, **WHO) is move
    reservations.release(session, released.id, **WHO)
    assert reservations.release(session, released.id, **WHO) is released
    assert free(session, town) == 8 * KG


def test_the_same_hold_told_twice_is_held_once(session, town):
    first = hold(session, town, 6, id="step-1")
    assert hold(session, town, 6, id="step-1") is first
    assert free(session, town) == 4 * KG
    with pytest.raises(rows.DifferentFacts):
        hold(session, town, 5, id="step-1")


@pytest.mark.parametrize("kilos", [0, -1, 7])
def test_consuming_nothing_or_more_than_held_is_refused(session, town, kilos):
    held = hold(session, town, 6)
    with pytest.raises(stock.WrongQuantity):
        reservations.consume(session, held.id, quantity_milli=kilos * KG, **WHO)
    with pytest.raises(stock.WrongQuantity):
        hold(session, town, min(kilos, 0))


def test_a_late_hold_expires_and_frees_its_goods(session, town):
    late = hold(session, town, 6, expires_at=AT + timedelta(hours=1))
    hold(session, town, 1, expires_at=AT + timedelta(hours=3))
    hold(session, town, 1)
    assert reservations.expire_due(session, at=AT, by=BY) == []
    assert reservations.expire_due(session, at=AT + timedelta(hours=2), by=BY) == [late]
    assert late.status == "expired"
    assert free(session, town) == 8 * KG


def test_an_unknown_reservation_is_missing(session, town):
    with pytest.raises(Missing):
        reservations.consume(session, "none", **WHO)


def test_the_reservations_of_an_order_are_listed(session, town):
    held = hold(session, town, 1)
    other = open_order(session, town.entity)
    hold(session, town, 1, order_id=other)
    assert reservations.of_order(session, town.order_id) == [held]


def ask(session, town, kilos, order_id=None, **more):
    facts = {**town.place, "quantity_milli": kilos * KG, "order_id": order_id or town.order_id, **WHO, **more}
    return reservations.ask(session, **facts)


def test_a_receipt_finds_the_needs_it_can_serve_first_come_first_served(session, town):
    orders = [open_order(session, town.entity) for _ in range(3)]
    first, large, small = (
        ask(session, town, kilos, order, at=AT + timedelta(minutes=n))
        for n, (kilos, order) in enumerate(zip([8, 50, 2], orders, strict=True))
    )
    assert reservations.servable(session, **town.place) == [first, small]
    (shortage,) = reservations.shortages(session)
    assert (shortage.wanted_milli, shortage.available_milli, shortage.missing_milli) == (
        60 * KG,
        10 * KG,
        50 * KG,
    )
    assert shortage.needs == (first, large, small)
    assert reservations.shortages(session, entity_ids=[]) == []


def test_a_hold_serves_the_need_of_its_order(session, town):
    need = ask(session, town, 8)
    held = hold(session, town, 8)
    assert (need.status, need.reservation_id) == ("served", held.id)
    assert reservations.shortages(session) == []
    with pytest.raises(reservations.AlreadyAnswered):
        reservations.withdraw(session, need.id, **WHO)


def test_a_need_can_be_withdrawn_and_told_twice(session, town):
    need = ask(session, town, 8, id="need-1")
    assert ask(session, town, 8, id="need-1") is need
    assert reservations.withdraw(session, need.id, **WHO).status == "withdrawn"
    assert reservations.withdraw(session, need.id, **WHO) is need
    with pytest.raises(stock.WrongQuantity):
        ask(session, town, 0)


def test_the_database_answers_a_reservation_once_whoever_writes(session, town):
    held = hold(session, town, 6)
    with pytest.raises(sa.exc.IntegrityError, match="never changes"), session.begin_nested():
        session.execute(sa.update(Reservation).values(quantity_milli=1))
    reservations.release(session, held.id, **WHO)
    for statement in (
        sa.update(Reservation).values(status="held", answered_at=None),
        sa.delete(Reservation),
    ):
        with pytest.raises(sa.exc.IntegrityError, match="never changes"), session.begin_nested():
            session.execute(statement)
    assert session.scalar(sa.select(StockBalance.held_milli)) == 0


@pytest.mark.parametrize("verb", [reservations.hold, reservations.ask])
def test_nothing_is_held_or_asked_for_an_order_that_is_over_or_unknown(session, town, verb):
    facts = {**town.place, "quantity_milli": KG, **WHO}
    work.cancel(session, town.order_id, reason="no longer wanted", **WHO)
    with pytest.raises(WrongState):
        verb(session, order_id=town.order_id, **facts)
    with pytest.raises(Missing):
        verb(session, order_id="none", **facts)
    assert free(session, town) == 10 * KG
