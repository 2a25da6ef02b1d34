import pytest
import sqlalchemy as sa

from registry import reservations, rows, stock
from registry.errors import Missing
from registry.tables.stock import StockBalance, StockMove
from tests.factories_stock import KG, WHO, depot, memory


@pytest.fixture
def session():
    with memory() as session:
        yield session


@pytest.fixture
def town(session):
    return depot(session)


def balance(session, town, store=None):
    return session.get(StockBalance, (town.item.id, (store or town.store).id))


def receive(session, town, kilos, unit_cost_cents, **more):
    return stock.receive(
        session,
        **town.place,
        quantity_milli=kilos * KG,
        unit_cost_cents=unit_cost_cents,
        document="BL",
        **{**WHO, **more},
    )


def issue(session, town, milli, **more):
    return stock.issue(session, **town.place, quantity_milli=milli, **{**WHO, **more})


def test_a_receipt_adds_quantity_and_value(session, town):
    move = receive(session, town, 10, 150)
    assert (move.quantity_milli, move.value_cents) == (10 * KG, 1500)
    assert stock.on_hand(session, town.item.id, town.store.id) == 10 * KG
    assert stock.available(session, town.item.id, town.store.id) == 10 * KG


def test_a_store_that_never_saw_the_item_holds_none(session, town):
    assert stock.on_hand(session, town.item.id, town.other_store.id) == 0
    assert stock.available(session, town.item.id, town.other_store.id) == 0


def test_issues_leave_at_the_weighted_average_and_the_last_takes_the_remainder(session, town):
    receive(session, town, 1, 100)
    receive(session, town, 2, 200)  # 3 kg worth 5.00
    values = [issue(session, town, KG).value_cents for _ in range(3)]
    assert values == [-167, -167, -166]
    assert (balance(session, town).on_hand_milli, balance(session, town).value_cents) == (0, 0)


def test_things_worth_less_than_a_cent_each_are_received_by_their_total(session, town):
    screws = stock.receive(
        session, **town.place, quantity_milli=1000 * KG, value_cents=333, document="BL", **WHO
    )
    assert screws.value_cents == 333
    assert issue(session, town, 500 * KG).value_cents == -167


@pytest.mark.parametrize("costs", [{}, {"unit_cost_cents": 1, "value_cents": 1}, {"unit_cost_cents": -1}])
def test_a_receipt_without_exactly_one_sound_cost_is_refused(session, town, costs):
    with pytest.raises(stock.WrongCost):
        stock.receive(session, **town.place, quantity_milli=KG, document="BL", **costs, **WHO)


@pytest.mark.parametrize("milli", [0, -1])
def test_moving_nothing_is_refused(session, town, milli):
    with pytest.raises(stock.WrongQuantity):
        issue(session, town, milli)
    with pytest.raises(stock.WrongQuantity):
        stock.receive(session, **town.place, quantity_milli=milli, unit_cost_cents=1, document="BL", **WHO)


def test_issuing_more_than_available_is_refused_with_figures(session, town):
    receive(session, town, 4, 150)
    with pytest.raises(stock.NotEnough) as refusal:
        issue(session, town, 12 * KG)
    assert refusal.value.message == (
        "Expected to issue 12 kg of cold asphalt in store Depot 1, but 4 kg are available."
    )
    assert (refusal.value.wanted_milli, refusal.value.available_milli) == (12 * KG, 4 * KG)
    assert balance(session, town).on_hand_milli == 4 * KG


def test_the_same_receipt_told_twice_is_received_once(session, town):
    first = receive(session, town, 10, 150, id="receipt-1")
    again = receive(session, town, 10, 150, id="receipt-1")
    assert again is first
    assert balance(session, town).on_hand_milli == 10 * KG
    with pytest.raises(rows.DifferentFacts) as refusal:
        receive(session, town, 11, 150, id="receipt-1")
    assert (refusal.value.fact, refusal.value.before, refusal.value.now) == (
        "quantity_milli",
        10 * KG,
        11 * KG,
    )


def test_a_return_brings_back_the_value_that_left(session, town):
    receive(session, town, 3, 333)
    issued = issue(session, town, 3 * KG, order_id=town.order_id)
    back = [
        stock.put_back(session, issued.id, quantity_milli=KG, reason="unused", **WHO).value_cents
        for _ in range(3)
    ]
    assert sum(back) == -issued.value_cents
    with pytest.raises(stock.WrongQuantity):
        stock.put_back(session, issued.id, quantity_milli=1, reason="unused", **WHO)


def test_only_an_issue_can_be_put_back(session, town):
    received = receive(session, town, 3, 333)
    with pytest.raises(stock.WrongQuantity):
        stock.put_back(session, received.id, quantity_milli=KG, reason="no", **WHO)


def test_a_transfer_carries_its_value_to_the_other_store(session, town):
    receive(session, town, 3, 100)
    out, into = stock.transfer(
        session,
        item_id=town.item.id,
        from_store_id=town.store.id,
        to_store_id=town.other_store.id,
        quantity_milli=2 * KG,
        reason="balance depots",
        **WHO,
    )
    assert (out.value_cents, into.value_cents) == (-200, 200)
    assert out.transfer_id == into.transfer_id
    assert balance(session, town).on_hand_milli == KG
    assert balance(session, town, town.other_store).on_hand_milli == 2 * KG


def test_a_transfer_told_twice_happens_once_and_never_to_the_same_store(session, town):
    receive(session, town, 3, 100)
    facts = {
        "item_id": town.item.id,
        "from_store_id": town.store.id,
        "quantity_milli": KG,
        "reason": "r",
        **WHO,
    }
    once = stock.transfer(session, to_store_id=town.other_store.id, id="t", **facts)
    assert stock.transfer(session, to_store_id=town.other_store.id, id="t", **facts) == once
    assert balance(session, town, town.other_store).on_hand_milli == KG
    with pytest.raises(stock.WrongQuantity):
        stock.transfer(session, to_store_id=town.store.id, **facts)


def count(session, town, milli, **more):
    return stock.count(session, **town.place, counted_milli=milli, reason="yearly", **{**WHO, **more})


def test_a_count_corrects_the_books_by_one_move_with_its_reason(session, town):
    receive(session, town, 3, 100)
    short = count(session, town, 2 * KG)
    move = session.get(StockMove, short.move_id)
    assert (move.kind, move.quantity_milli, move.value_cents, move.reason) == ("count", -KG, -100, "yearly")
    over = count(session, town, 4 * KG)
    assert session.get(StockMove, over.move_id).value_cents == 200
    assert (balance(session, town).on_hand_milli, balance(session, town).value_cents) == (4 * KG, 400)


def test_a_count_that_agrees_writes_no_move(session, town):
    receive(session, town, 3, 100)
    assert count(session, town, 3 * KG).move_id is None


def test_a_surplus_on_an_empty_shelf_is_worth_the_last_receipt(session, town):
    receive(session, town, 2, 120)
    issue(session, town, 2 * KG)
    assert session.get(StockMove, count(session, town, KG).move_id).value_cents == 120


def test_a_count_below_what_is_held_is_refused(session, town):
    receive(session, town, 3, 100)
    reservations.hold(session, **town.place, quantity_milli=2 * KG, order_id=town.order_id, **WHO)
    with pytest.raises(stock.HeldBelow):
        count(session, town, KG)
    with pytest.raises(stock.WrongQuantity):
        count(session, town, -1)


def test_unknown_items_and_stores_are_missing(session, town):
    with pytest.raises(Missing):
        stock.issue(session, item_id="none", store_id=town.store.id, quantity_milli=1, **WHO)
    with pytest.raises(Missing):
        stock.item_by_code(session, "none")
    with pytest.raises(Missing):
        stock.store_by_code(session, "none")
    assert stock.item_by_code(session, "ASPH") is town.item
    assert stock.store_by_code(session, "D1") is town.store


@pytest.mark.parametrize("change", [{"quantity_milli": 1}, {"value_cents": 1}, {"reason": "rewritten"}])
def test_the_database_refuses_to_edit_or_delete_a_move(session, town, change):
    move = receive(session, town, 3, 100)
    for statement in (
        sa.update(StockMove).where(StockMove.id == move.id).values(**change),
        sa.delete(StockMove).where(StockMove.id == move.id),
    ):
        with pytest.raises(sa.exc.IntegrityError, match="never changes"), session.begin_nested():
            session.execute(statement)


def test_the_database_refuses_to_hold_more_than_is_on_hand(session, town):
    receive(session, town, 3, 100)
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(sa.update(StockBalance).values(held_milli=3 * KG + 1))
