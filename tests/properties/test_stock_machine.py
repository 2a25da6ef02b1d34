"""Whatever people do to stock, in whatever order, the books agree with a model that only adds and subtracts."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from registry import reservations, stock
from registry.errors import Missing, Refused
from registry.tables.stock import Reservation, StockBalance, StockMove
from tests.factories_stock import AT, BY, WHO, depot, memory

MILLI = st.integers(1, 20_000)


class StockMachine(RuleBasedStateMachine):
    held = Bundle("held")
    issued = Bundle("issued")

    @initialize()
    def open_depot(self):
        self.context = memory()
        self.session = self.context.__enter__()
        self.town = depot(self.session)
        self.stores = [self.town.store.id, self.town.other_store.id]
        self.on_hand = dict.fromkeys(self.stores, 0)
        self.holds: dict[str, tuple[str, int]] = {}

    def teardown(self):
        if hasattr(self, "context"):
            self.context.__exit__(None, None, None)

    def free(self, store):
        return self.on_hand[store] - sum(milli for place, milli in self.holds.values() if place == store)

    def place(self, which):
        return {"item_id": self.town.item.id, "store_id": self.stores[which]}

    @rule(which=st.integers(0, 1), milli=MILLI, cost=st.integers(0, 999))
    def receive(self, which, milli, cost):
        stock.receive(
            self.session,
            **self.place(which),
            quantity_milli=milli,
            unit_cost_cents=cost,
            document="BL",
            **WHO,
        )
        self.on_hand[self.stores[which]] += milli

    @rule(target=issued, which=st.integers(0, 1), milli=MILLI)
    def issue(self, which, milli):
        store = self.stores[which]
        facts = {**self.place(which), "quantity_milli": milli, "order_id": self.town.order_id, **WHO}
        if milli > self.free(store):
            self.refused(lambda: stock.issue(self.session, **facts))
            return None
        self.on_hand[store] -= milli
        return store, milli, stock.issue(self.session, **facts).id

    @rule(move=consumes(issued))
    def put_back(self, move):
        if move is not None:
            store, milli, move_id = move
            back = stock.put_back(self.session, move_id, quantity_milli=milli, reason="unused", **WHO)
            assert back.value_cents == -self.session.get(StockMove, move_id).value_cents
            self.on_hand[store] += milli

    @rule(source=st.integers(0, 1), milli=MILLI)
    def transfer(self, source, milli):
        origin, goal = self.stores[source], self.stores[1 - source]
        facts = {
            "item_id": self.town.item.id,
            "from_store_id": origin,
            "to_store_id": goal,
            "quantity_milli": milli,
            "reason": "balance",
            **WHO,
        }
        if milli > self.free(origin):
            self.refused(lambda: stock.transfer(self.session, **facts))
            return
        stock.transfer(self.session, **facts)
        self.on_hand[origin] -= milli
        self.on_hand[goal] += milli

    @rule(which=st.integers(0, 1), counted=st.integers(0, 30_000))
    def count(self, which, counted):
        store = self.stores[which]
        facts = {**self.place(which), "counted_milli": counted, "reason": "count", **WHO}
        if counted < self.on_hand[store] - self.free(store):
            self.refused(lambda: stock.count(self.session, **facts))
            return
        stock.count(self.session, **facts)
        self.on_hand[store] = counted

    @rule(target=held, which=st.integers(0, 1), milli=MILLI, late=st.booleans())
    def hold(self, which, milli, late):
        store = self.stores[which]
        expires_at = AT - timedelta(hours=1) if late else None
        facts = {**self.place(which), "quantity_milli": milli, "order_id": self.town.order_id, **WHO}
        if milli > self.free(store):
            self.refused(lambda: reservations.hold(self.session, expires_at=expires_at, **facts))
            return None
        reservation = reservations.hold(self.session, expires_at=expires_at, **facts)
        self.holds[reservation.id] = (store, milli)
        return reservation.id

    @rule(held_id=held, share=st.fractions(0, 1))
    def consume(self, held_id, share):
        store, milli = self.holds.get(held_id, (None, 0))
        used = int(share * milli)
        if store is None or used == 0:
            self.refused(
                lambda: reservations.consume(self.session, held_id or "none", quantity_milli=used, **WHO)
            )
            return
        reservations.consume(self.session, held_id, quantity_milli=used, **WHO)
        del self.holds[held_id]
        self.on_hand[store] -= used

    @rule(held_id=held)
    def release(self, held_id):
        if held_id in self.holds:
            reservations.release(self.session, held_id, **WHO)
            del self.holds[held_id]

    @rule()
    def expire(self):
        for reservation in reservations.expire_due(self.session, at=AT, by=BY):
            del self.holds[reservation.id]

    def refused(self, verb):
        before = self.rows()
        with pytest.raises((Refused, Missing)):
            verb()
        assert self.rows() == before

    def rows(self):
        self.session.flush()
        return (
            self.session.scalar(sa.select(sa.func.count()).select_from(StockMove)),
            self.session.scalar(sa.select(sa.func.count()).select_from(Reservation)),
        )

    @invariant()
    def the_books_agree_with_the_model(self):
        if not hasattr(self, "session"):
            return
        self.session.flush()
        for store in self.stores:
            quantity_milli, value_cents = self.session.execute(
                sa.select(
                    sa.func.coalesce(sa.func.sum(StockMove.quantity_milli), 0),
                    sa.func.coalesce(sa.func.sum(StockMove.value_cents), 0),
                ).where(StockMove.store_id == store)
            ).one()
            balance = self.session.get(StockBalance, (self.town.item.id, store))
            kept = (balance.on_hand_milli, balance.value_cents) if balance else (0, 0)
            assert (quantity_milli, value_cents) == kept
            assert kept[0] == self.on_hand[store]
            assert stock.available(self.session, self.town.item.id, store) == self.free(store) >= 0
            assert kept[0] or not kept[1]


TestStock = StockMachine.TestCase
TestStock.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
