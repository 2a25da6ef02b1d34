"""Reservations: stock kept aside for a work order, held first and answered once.

Comes in: a hold; later one answer: consumed (in whole or in part), released or expired. Goes out: reservations,
the moves of what was consumed, and the needs that wait for goods. It never holds more than is available, and a
second answer is refused. Next: ``registry/work.py``, then ``registry/costs.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import balances, ids, quantity, rows, rules, stock
from registry.errors import Refused
from registry.tables.stock import Item, MaterialNeed, Reservation, StockBalance, StockMove, Store
from registry.tables.work import WorkOrder


class AlreadyAnswered(Refused):
    """The reservation was consumed, released or expired before, and otherwise than asked now."""

    code = "reservation_answered"


@dataclass(frozen=True, slots=True)
class Shortage:
    """One item that orders wait for in one store."""

    item: Item
    store: Store
    available_milli: int
    wanted_milli: int
    needs: tuple[MaterialNeed, ...]

    @property
    def missing_milli(self) -> int:
        """What has to come in before every need can be held."""
        return max(0, self.wanted_milli - self.available_milli)


def hold(
    session: Session,
    *,
    item_id: str,
    store_id: str,
    quantity_milli: int,
    order_id: str,
    expires_at: datetime | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - every verb of the registry calls the caller's own id ``id``
) -> Reservation:
    """Keep a quantity aside for a work order; a waiting need of that order for the item is served by it.

    Args:
        session: the transaction.
        item_id: what.
        store_id: where.
        quantity_milli: how much, in thousandths of the unit, above zero.
        order_id: for which work order.
        expires_at: when ``expire_due`` may free it; None for never. Until then it stays held, even if late.
        at: the instant.
        by: who.
        id: the caller's id; the same call again returns the same reservation, whatever became of it.

    Raises:
        WrongQuantity: the quantity is not above zero.
        Missing: there is no such item, store or order.
        WrongState: the order is closed or cancelled.
        NotEnough: less is available.
        DifferentFacts: the id was used for another reservation.
    """
    if quantity_milli <= 0:
        raise stock.WrongQuantity(
            f"Expected to hold a quantity above zero, but got {quantity.formatted(quantity_milli)}.",
            quantity_milli=quantity_milli,
        )
    balance = balances.lock(session, item_id, store_id)
    facts = {"item_id": item_id, "store_id": store_id, "order_id": order_id, "quantity_milli": quantity_milli}
    done = rows.repeated(session, Reservation, id, "reservation", **facts)
    if done is not None:
        return done
    _check_order(session, order_id, "hold stock for")
    balances.check_available(session, balance, quantity_milli, "hold")
    balance.held_milli += quantity_milli
    reservation = Reservation(
        id=id or ids.new(at),
        status="held",
        consumed_milli=0,
        expires_at=expires_at,
        held_at=at,
        held_by=by,
        **facts,
    )
    session.add(reservation)
    session.flush()
    _serve_need(session, reservation, at=at, by=by)
    return reservation


def consume(
    session: Session,
    reservation_id: str,
    *,
    quantity_milli: int | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see hold
) -> StockMove:
    """Take what was held out of the store; what is not taken is released with the same answer.

    Args:
        session: the transaction.
        reservation_id: which.
        quantity_milli: how much was used, in thousandths of the unit; None for all of it. Nothing used is a
            release, not a consumption.
        at: the instant.
        by: who.
        id: the caller's id of the move; a reservation has one move, whatever ids later calls bring.

    Raises:
        Missing: there is no such reservation.
        WrongQuantity: the quantity is zero, negative, or more than was held.
        AlreadyAnswered: it was answered otherwise before. The same answer again returns the same move.
    """
    balance, reservation = _locked(session, reservation_id)
    used = reservation.quantity_milli if quantity_milli is None else quantity_milli
    if reservation.status == "consumed" and reservation.consumed_milli == used:
        return session.scalars(sa.select(StockMove).where(StockMove.reservation_id == reservation_id)).one()
    _check_held(reservation, "consumed")
    if not 0 < used <= reservation.quantity_milli:
        item = rows.get(session, Item, reservation.item_id, "item")
        raise stock.WrongQuantity(
            f"Expected to consume above 0 and at most the {quantity.formatted(reservation.quantity_milli, item.unit)} "
            f"of {item.name_en} held, but got {quantity.formatted(used, item.unit)}.",
            held_milli=reservation.quantity_milli,
            quantity_milli=used,
        )
    value = balances.value_of(balance, used)
    reservation.consumed_milli = used
    _answer(balance, reservation, "consumed", at=at, by=by, reason=None)
    return balances.write_move(
        session,
        balance,
        "issue",
        -used,
        -value,
        at=at,
        by=by,
        id=id or ids.derived("consume", reservation.id),
        order_id=reservation.order_id,
        reservation_id=reservation.id,
    )


def release(
    session: Session, reservation_id: str, *, reason: str | None = None, at: datetime, by: str
) -> Reservation:
    """Give all that was held back to the store; releasing twice changes nothing.

    Raises:
        Missing: there is no such reservation.
        AlreadyAnswered: it was consumed, or it expired.
    """
    balance, reservation = _locked(session, reservation_id)
    if reservation.status == "released":
        return reservation
    _check_held(reservation, "released")
    _answer(balance, reservation, "released", at=at, by=by, reason=reason)
    session.flush()
    return reservation


def expire_due(session: Session, *, at: datetime, by: str) -> list[Reservation]:
    """Free every hold whose time is over; returns them."""
    due = session.execute(
        sa.select(Reservation.id, Reservation.item_id, Reservation.store_id)
        .where(Reservation.status == "held", Reservation.expires_at <= at)
        .order_by(Reservation.item_id, Reservation.store_id, Reservation.id)
    ).all()
    expired = []
    for reservation_id, _, _ in due:
        balance, reservation = _locked(session, reservation_id)
        if reservation.status != "held":  # somebody answered between the list and the lock
            continue
        _answer(balance, reservation, "expired", at=at, by=by, reason=None)
        expired.append(reservation)
    session.flush()
    return expired


def of_order(session: Session, order_id: str) -> list[Reservation]:
    """Return the reservations of a work order, oldest first."""
    query = sa.select(Reservation).where(Reservation.order_id == order_id)
    return list(session.execute(query.order_by(Reservation.held_at, Reservation.id)).scalars())


def ask(
    session: Session,
    *,
    item_id: str,
    store_id: str,
    quantity_milli: int,
    order_id: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see hold
) -> MaterialNeed:
    """Write down that an order waits for goods, so that the storekeeper sees it and a receipt finds it.

    Raises:
        WrongQuantity: the quantity is not above zero.
        Missing: there is no such order.
        WrongState: the order is closed or cancelled.
        DifferentFacts: the id was used for another need.
    """
    facts = {"item_id": item_id, "store_id": store_id, "order_id": order_id, "quantity_milli": quantity_milli}
    done = rows.repeated(session, MaterialNeed, id, "material need", **facts)
    if done is not None:
        return done
    if quantity_milli <= 0:
        raise stock.WrongQuantity(
            f"Expected to need a quantity above zero, but got {quantity.formatted(quantity_milli)}.",
            quantity_milli=quantity_milli,
        )
    _check_order(session, order_id, "ask for goods for")
    need = MaterialNeed(id=id or ids.new(at), status="waiting", created_at=at, created_by=by, **facts)
    session.add(need)
    session.flush()
    return need


def withdraw(session: Session, need_id: str, *, at: datetime, by: str) -> MaterialNeed:
    """Stop waiting for goods; withdrawing twice changes nothing.

    Raises:
        Missing: there is no such need.
        AlreadyAnswered: a reservation has served it.
    """
    need = rows.locked(session, MaterialNeed, need_id, "material need")
    if need.status == "served":
        raise AlreadyAnswered(
            f"Expected need {need_id} to wait, but reservation {need.reservation_id} has served it.",
            status=need.status,
            reservation_id=need.reservation_id,
        )
    if need.status == "waiting":
        need.status, need.answered_at, need.answered_by = "withdrawn", at, by
        session.flush()
    return need


def servable(session: Session, *, item_id: str, store_id: str) -> list[MaterialNeed]:
    """Return the needs that what is available now can serve, first come first served.

    The oldest need that does not fit is passed over, so that a small need need not wait for a large one.
    """
    left = stock.available(session, item_id, store_id)
    fitting = []
    for need in _waiting(session, item_id, store_id):
        if need.quantity_milli <= left:
            left -= need.quantity_milli
            fitting.append(need)
    return fitting


def shortages(session: Session, *, entity_ids: Sequence[str] | None = None) -> list[Shortage]:
    """Return what orders wait for, by item and store, with what is available beside it.

    Args:
        session: the transaction.
        entity_ids: the stores of these entities only; None for all.
    """
    free_now = sa.func.coalesce(StockBalance.on_hand_milli - StockBalance.held_milli, 0)
    query = (
        sa.select(MaterialNeed, Item, Store, free_now)
        .join(Item, Item.id == MaterialNeed.item_id)
        .join(Store, Store.id == MaterialNeed.store_id)
        .outerjoin(
            StockBalance,
            (StockBalance.item_id == MaterialNeed.item_id) & (StockBalance.store_id == MaterialNeed.store_id),
        )
        .where(MaterialNeed.status == "waiting")
        .order_by(Item.code, Store.code, MaterialNeed.created_at, MaterialNeed.id)
    )
    if entity_ids is not None:
        query = query.where(Store.entity_id.in_(entity_ids))
    found: dict[tuple[str, str], tuple[Item, Store, int, list[MaterialNeed]]] = {}
    for need, item, store, free in session.execute(query):
        found.setdefault((item.id, store.id), (item, store, free, []))[3].append(need)
    return [
        Shortage(item, store, free, sum(need.quantity_milli for need in needs), tuple(needs))
        for item, store, free, needs in found.values()
    ]


def _waiting(session: Session, item_id: str, store_id: str) -> list[MaterialNeed]:
    query = sa.select(MaterialNeed).where(
        MaterialNeed.status == "waiting", MaterialNeed.item_id == item_id, MaterialNeed.store_id == store_id
    )
    return list(session.execute(query.order_by(MaterialNeed.created_at, MaterialNeed.id)).scalars())


def _serve_need(session: Session, reservation: Reservation, *, at: datetime, by: str) -> None:
    for need in _waiting(session, reservation.item_id, reservation.store_id):
        if need.order_id == reservation.order_id and need.quantity_milli <= reservation.quantity_milli:
            need.status, need.reservation_id = "served", reservation.id
            need.answered_at, need.answered_by = at, by
            session.flush()
            return


def _locked(session: Session, reservation_id: str) -> tuple[StockBalance, Reservation]:
    # The balance first, as ``hold`` does: whoever has it is alone with all reservations of that item and store.
    named = rows.get(session, Reservation, reservation_id, "reservation")
    balance = balances.lock(session, named.item_id, named.store_id)
    return balance, rows.locked(session, Reservation, reservation_id, "reservation")


def _check_order(session: Session, order_id: str, what: str) -> None:
    order = rows.get(session, WorkOrder, order_id, "work order")
    if order.status in {"closed", "cancelled"}:
        raise rules.WrongState(
            f"Expected to {what} an order that goes on, but {order.reference} is {order.status}.",
            noun="work order",
            subject=order.reference,
            status=order.status,
        )


def _check_held(reservation: Reservation, wanted: str) -> None:
    if reservation.status != "held":
        raise AlreadyAnswered(
            f"Expected reservation {reservation.id} to be held so that it can be {wanted}, "
            f"but it was {reservation.status} on {reservation.answered_at:%Y-%m-%d at %H:%M} UTC.",
            reservation_id=reservation.id,
            status=reservation.status,
            answered_at=reservation.answered_at,
        )


def _answer(
    balance: StockBalance, reservation: Reservation, status: str, *, at: datetime, by: str, reason: str | None
) -> None:
    balance.held_milli -= reservation.quantity_milli
    reservation.status = status
    reservation.answered_at = at
    reservation.answered_by = by
    reservation.answer_reason = reason
