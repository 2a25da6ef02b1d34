"""Balances: what one store holds of one item, locked while it changes.

Comes in: an item and a store; a quantity and its value. Goes out: the locked balance, a move, or the refusal that
gives the figures. It never lets a move and its balance part. Next: ``registry/stock.py``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from registry import ids, money, quantity, rows
from registry.errors import Refused
from registry.tables.entities import Entity
from registry.tables.stock import Item, StockBalance, StockMove, Store


class NotEnough(Refused):
    """The store has less available than somebody wants; facts: item, store, unit, wanted and available."""

    code = "stock_not_enough"


def lock(session: Session, item_id: str, store_id: str) -> StockBalance:
    """Return the balance of an item in a store, made when missing, locked until the transaction ends.

    Raises:
        Missing: there is no such item or store.
    """
    rows.get(session, Item, item_id, "item")
    rows.get(session, Store, store_id, "store")
    of_it = (StockBalance.item_id == item_id, StockBalance.store_id == store_id)
    balance = rows.lock(session, StockBalance, *of_it)
    if balance is None:
        empty = {
            "item_id": item_id,
            "store_id": store_id,
            "on_hand_milli": 0,
            "held_milli": 0,
            "value_cents": 0,
        }
        rows.ensure(session, StockBalance, empty)
        balance = rows.lock(session, StockBalance, *of_it)
    assert balance is not None
    return balance


def check_available(session: Session, balance: StockBalance, quantity_milli: int, verb: str) -> None:
    """Refuse when less than ``quantity_milli`` is available on a locked balance.

    Raises:
        NotEnough: with the figures a person needs to act.
    """
    if quantity_milli <= balance.available_milli:
        return
    item, store = named(session, balance)
    raise NotEnough(
        f"Expected to {verb} {quantity.formatted(quantity_milli, item.unit)} of {item.name_en} "
        f"in store {store.name}, but {quantity.formatted(balance.available_milli, item.unit)} are available.",
        item_id=item.id,
        item=item.code,
        store_id=store.id,
        store=store.code,
        entity=rows.get(session, Entity, store.entity_id, "entity").code,
        unit=item.unit,
        wanted_milli=quantity_milli,
        on_hand_milli=balance.on_hand_milli,
        held_milli=balance.held_milli,
        available_milli=balance.available_milli,
    )


def value_of(balance: StockBalance, quantity_milli: int) -> int:
    """Return the value in cents of a part of a balance; the last part takes whatever is left."""
    return money.part(balance.value_cents, quantity_milli, balance.on_hand_milli)


def write_move(
    session: Session,
    balance: StockBalance,
    kind: str,
    quantity_milli: int,
    value_cents: int,
    *,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see receive
    **facts: str | None,
) -> StockMove:
    """Write one move and add it to its locked balance."""
    move = StockMove(
        id=id or ids.new(at),
        item_id=balance.item_id,
        store_id=balance.store_id,
        kind=kind,
        quantity_milli=quantity_milli,
        value_cents=value_cents,
        created_at=at,
        created_by=by,
        **facts,
    )
    balance.on_hand_milli += quantity_milli
    balance.value_cents += value_cents
    session.add(move)
    session.flush()
    return move


def named(session: Session, balance: StockBalance) -> tuple[Item, Store]:
    """Return the item and the store of a balance."""
    return (
        rows.get(session, Item, balance.item_id, "item"),
        rows.get(session, Store, balance.store_id, "store"),
    )
