"""Goods: a receipt enters a store and wakes the orders that wait for it, in one transaction.

Comes in: an item, a store, a quantity, its cost and its document. Goes out: a stock move, and the message
``goods-received`` for each need that can now be served, first come first served. It never reserves: the woken process
does. Next: ``registry/reservations.py``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from engine import messages
from engine.store import UnitOfWork
from registry import reservations, stock
from registry.tables.stock import StockMove

GOODS_RECEIVED: Final = "goods-received"


def receive(
    unit: UnitOfWork,
    *,
    item_id: str,
    store_id: str,
    quantity_milli: int,
    unit_cost_cents: int | None = None,
    value_cents: int | None = None,
    document: str,
    id: str | None = None,  # noqa: A002 - the name every verb of the registry gives to its idempotency key
) -> StockMove:
    """Receive goods and wake the orders that can now be served.

    Args:
        unit: the transaction.
        item_id: what.
        store_id: where.
        quantity_milli: how much, in thousandths of the unit.
        unit_cost_cents: cost of one unit, or
        value_cents: cost of the whole receipt, in cents.
        document: delivery note or invoice.
        id: the caller's id; the same call again returns the same move.

    Raises:
        WrongQuantity, WrongCost, DifferentFacts: as ``registry.stock.receive``.
    """
    move = stock.receive(
        unit.session,
        id=id,
        item_id=item_id,
        store_id=store_id,
        quantity_milli=quantity_milli,
        unit_cost_cents=unit_cost_cents,
        value_cents=value_cents,
        document=document,
        at=unit.now,
        by=unit.actor,
    )
    wake(unit, item_id=item_id, store_id=store_id)
    return move


def wake(unit: UnitOfWork, *, item_id: str, store_id: str) -> int:
    """Wake the orders whose needs fit into what is available now; returns how many."""
    fitting = reservations.servable(unit.session, item_id=item_id, store_id=store_id)
    for need in fitting:
        messages.publish(unit, GOODS_RECEIVED, need.id, {}, ttl=timedelta(0))
    return len(fitting)
