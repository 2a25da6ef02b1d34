"""Two people want the last bag at the same instant; PostgreSQL lets one have it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from registry import reservations, stock
from registry.tables import Base
from registry.tables.stock import Reservation, StockBalance, StockMove
from tests.databases import scratch
from tests.factories_stock import KG, WHO, depot, open_order, session_on

pytestmark = pytest.mark.postgres


@pytest.fixture
def database():
    with scratch() as url:
        database = sa.create_engine(url, pool_size=20)
        Base.metadata.create_all(database)
        yield database
        database.dispose()


def meet(count, verb):
    """Run ``verb(n)`` in ``count`` threads that start together; give results and errors."""
    barrier = threading.Barrier(count)

    def run(number):
        barrier.wait()
        try:
            return verb(number)
        except stock.NotEnough as refusal:
            return refusal

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_only_one_of_many_holds_gets_the_last_unit(database):
    with session_on(database) as session:
        town = depot(session, received_milli=KG)
        orders = [open_order(session, town.entity) for n in range(8)]

    def hold(number):
        with session_on(database) as session:
            return reservations.hold(
                session, **town.place, quantity_milli=KG, order_id=orders[number], **WHO
            ).id

    answers = meet(8, hold)
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert all(isinstance(answer, str) or answer.available_milli == 0 for answer in answers)
    with session_on(database) as session:
        assert session.scalars(sa.select(Reservation.status)).all() == ["held"]
        assert session.scalar(sa.select(StockBalance.held_milli)) == KG


def test_the_same_hold_sent_twice_at_once_is_held_once(database):
    with session_on(database) as session:
        town = depot(session, received_milli=10 * KG)

    def hold(_):
        with session_on(database) as session:
            facts = {**town.place, "quantity_milli": KG, "order_id": town.order_id}
            return reservations.hold(session, **facts, id="step-1", **WHO).id

    assert set(meet(6, hold)) == {"step-1"}
    with session_on(database) as session:
        assert session.scalar(sa.select(StockBalance.held_milli)) == KG


def test_consume_and_release_at_once_give_one_answer(database):
    with session_on(database) as session:
        town = depot(session, received_milli=10 * KG)
        held = reservations.hold(session, **town.place, quantity_milli=KG, order_id=town.order_id, **WHO).id

    def answer(number):
        with session_on(database) as session:
            try:
                if number % 2:
                    reservations.release(session, held, **WHO)
                    return "released"
                reservations.consume(session, held, **WHO)
            except reservations.AlreadyAnswered as refusal:
                return refusal.status
            return "consumed"

    (answered,) = set(meet(6, answer))
    with session_on(database) as session:
        assert session.scalar(sa.select(Reservation.status)) == answered
        assert session.scalar(sa.select(StockBalance.held_milli)) == 0
        left = session.scalar(sa.select(StockBalance.on_hand_milli))
        assert left == (9 * KG if answered == "consumed" else 10 * KG)


def test_first_moves_of_an_item_meet_without_harm(database):
    with session_on(database) as session:
        town = depot(session)

    def receive(_):
        with session_on(database) as session:
            facts = {**town.place, "quantity_milli": KG, "unit_cost_cents": 100}
            return stock.receive(session, **facts, document="BL", **WHO).id

    assert len(set(meet(6, receive))) == 6
    with session_on(database) as session:
        assert session.execute(sa.select(StockBalance.on_hand_milli, StockBalance.value_cents)).one() == (
            6 * KG,
            600,
        )


def test_opposite_transfers_do_not_lock_each_other(database):
    with session_on(database) as session:
        town = depot(session, received_milli=100 * KG)
        stock.transfer(
            session,
            item_id=town.item.id,
            from_store_id=town.store.id,
            to_store_id=town.other_store.id,
            quantity_milli=50 * KG,
            reason="start",
            **WHO,
        )
    stores = [town.store.id, town.other_store.id]

    def transfer(number):
        origin, goal = stores if number % 2 else reversed(stores)
        for _ in range(5):
            with session_on(database) as session:
                facts = {"item_id": town.item.id, "quantity_milli": KG, "reason": "to and fro"}
                stock.transfer(session, from_store_id=origin, to_store_id=goal, **facts, **WHO)

    meet(6, transfer)
    with session_on(database) as session:
        assert session.scalars(sa.select(StockBalance.on_hand_milli)).all() == [50 * KG, 50 * KG]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE stock_move SET value_cents = 1", "DELETE FROM stock_move", "TRUNCATE stock_move CASCADE"],
)
def test_postgresql_refuses_to_edit_delete_or_empty_the_moves(database, statement):
    with session_on(database) as session:
        depot(session, received_milli=KG)
    with pytest.raises(sa.exc.IntegrityError, match="never changes"), database.begin() as connection:
        connection.exec_driver_sql(statement)
    with database.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(StockMove)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reservation SET quantity_milli = 1",
        "UPDATE reservation SET status = 'held', answered_at = NULL WHERE status = 'released'",
        "DELETE FROM reservation",
        "TRUNCATE reservation CASCADE",
        "UPDATE material_need SET quantity_milli = 1",
    ],
)
def test_postgresql_answers_a_reservation_once_whoever_writes(database, statement):
    with session_on(database) as session:
        town = depot(session, received_milli=KG)
        facts = {**town.place, "quantity_milli": KG, "order_id": town.order_id}
        reservations.ask(session, **facts, **WHO)
        held = reservations.hold(session, **facts, **WHO)
        reservations.release(session, held.id, **WHO)
    with pytest.raises(sa.exc.IntegrityError, match="never changes"), database.begin() as connection:
        connection.exec_driver_sql(statement)
