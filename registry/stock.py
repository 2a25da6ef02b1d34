"""Stock: what a store holds, move by move, at its exact weighted average cost.

Comes in: receipts, issues, returns, transfers and counts. Goes out: moves that never change, and a balance per
item and store that is always their sum. It never lets what is held exceed what is on hand, nor edits a move.
Next: ``registry/reservations.py``.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import balances, ids, money, quantity, rows, rules, search
from registry.errors import Missing, Refused
from registry.tables.entities import Entity
from registry.tables.stock import Item, StockBalance, StockCount, StockMove, Store
from registry.tables.work import WorkOrder

NotEnough = balances.NotEnough


class WrongQuantity(Refused):
    """A quantity is zero, negative, or more than there is to answer for."""

    code = "stock_wrong_quantity"


class WrongCost(Refused):
    """A receipt says its cost twice, not at all, or below zero."""

    code = "stock_wrong_cost"


class HeldBelow(Refused):
    """A count finds less than what is held for work orders."""

    code = "stock_held_below"


def create_item(
    session: Session,
    *,
    code: str,
    name_fr: str,
    name_en: str,
    unit: str,
    reorder_milli: int = 0,
    account: str | None = None,
    at: datetime,
    by: str,
) -> Item:
    """Add an item to the catalogue.

    Args:
        session: the transaction.
        code: unique in the house.
        name_fr: French name.
        name_en: English name.
        unit: what one is counted in: ``kg``, ``pièce``, ``m``.
        reorder_milli: reorder when less is available, in thousandths of the unit; 0 for never.
        account: expense account that wins over the settlement rule's when the item is used.
        at: the instant.
        by: who.

    Raises:
        Taken: the code is in use.
        Unfit: a text is empty or too long.
        WrongQuantity: the reorder level is negative.
    """
    rules.free(session, Item.code, code, "an item")
    if reorder_milli < 0:
        raise WrongQuantity(
            f"Expected a reorder level of zero or more, but got {quantity.formatted(reorder_milli)}.",
            quantity_milli=reorder_milli,
        )
    item = Item(
        id=ids.new(at),
        code=rules.text(code, "code", limit=40),
        name_fr=rules.text(name_fr, "name_fr"),
        name_en=rules.text(name_en, "name_en"),
        unit=rules.text(unit, "unit", limit=20),
        reorder_milli=reorder_milli,
        account=account,
        created_at=at,
        created_by=by,
    )
    session.add(item)
    session.flush()
    search.index(session, "item", item.id, item.code, item.name_fr, item.name_en)
    return item


def create_store(session: Session, *, entity_id: str, code: str, name: str, at: datetime, by: str) -> Store:
    """Open a store of an entity.

    Raises:
        Missing: there is no such entity.
        Taken: the code is in use.
        Unfit: a text is empty or too long.
    """
    rows.get(session, Entity, entity_id, "entity")
    rules.free(session, Store.code, code, "a store")
    store = Store(
        id=ids.new(at),
        entity_id=entity_id,
        code=rules.text(code, "code", limit=40),
        name=rules.text(name, "name"),
        created_at=at,
        created_by=by,
    )
    session.add(store)
    session.flush()
    return store


def item_by_code(session: Session, code: str) -> Item:
    """Return the item with that code.

    Raises:
        Missing: there is none.
    """
    item = session.execute(sa.select(Item).where(Item.code == code)).scalar_one_or_none()
    if item is None:
        raise Missing(f"Expected an item with code {code}, but there is none.", noun="item", code=code)
    return item


def store_by_code(session: Session, code: str) -> Store:
    """Return the store with that code.

    Raises:
        Missing: there is none.
    """
    store = session.execute(sa.select(Store).where(Store.code == code)).scalar_one_or_none()
    if store is None:
        raise Missing(f"Expected a store with code {code}, but there is none.", noun="store", code=code)
    return store


def on_hand(session: Session, item_id: str, store_id: str) -> int:
    """Return what the store physically holds, in thousandths of the unit."""
    balance = session.get(StockBalance, (item_id, store_id))
    return balance.on_hand_milli if balance else 0


def available(session: Session, item_id: str, store_id: str) -> int:
    """Return what may still be held or issued, in thousandths of the unit."""
    balance = session.get(StockBalance, (item_id, store_id))
    return balance.available_milli if balance else 0


def receive(
    session: Session,
    *,
    item_id: str,
    store_id: str,
    quantity_milli: int,
    unit_cost_cents: int | None = None,
    value_cents: int | None = None,
    document: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - every verb of the registry calls the caller's own id ``id``
) -> StockMove:
    """Receive goods into a store.

    Args:
        session: the transaction.
        item_id: what.
        store_id: where.
        quantity_milli: how much, in thousandths of the unit, above zero.
        unit_cost_cents: cost of one unit in cents; the value is rounded once, half up.
        value_cents: cost of the whole receipt in cents, for things worth less than a cent each.
        document: delivery note or invoice.
        at: the instant.
        by: who.
        id: the caller's id; the same call again returns the same move.

    Raises:
        WrongQuantity: the quantity is not above zero.
        WrongCost: not exactly one of the two costs is given, or it is negative.
        DifferentFacts: the id was used for another receipt.
    """
    if quantity_milli <= 0:
        raise _not_above_zero(quantity_milli)
    cost = unit_cost_cents if value_cents is None else value_cents
    if cost is None or cost < 0 or (unit_cost_cents is not None and value_cents is not None):
        raise WrongCost(
            "Expected either the cost of one unit or of the whole receipt, zero or more, "
            f"but got {unit_cost_cents} and {value_cents} cents.",
            unit_cost_cents=unit_cost_cents,
            value_cents=value_cents,
        )
    value = cost if value_cents is not None else money.part(cost, quantity_milli, quantity.ONE)
    balance = balances.lock(session, item_id, store_id)
    facts = {"item_id": item_id, "store_id": store_id, "quantity_milli": quantity_milli, "value_cents": value}
    done = rows.repeated(session, StockMove, id, "stock move", kind="receipt", document=document, **facts)
    if done is not None:
        return done
    return balances.write_move(
        session, balance, "receipt", quantity_milli, value, at=at, by=by, id=id, document=document
    )


def issue(
    session: Session,
    *,
    item_id: str,
    store_id: str,
    quantity_milli: int,
    order_id: str | None = None,
    reason: str | None = None,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see receive
) -> StockMove:
    """Give goods out of a store without a reservation, to a work order or for a stated reason.

    Raises:
        WrongQuantity: the quantity is not above zero.
        NotEnough: less is available.
        DifferentFacts: the id was used for another issue.
    """
    if quantity_milli <= 0:
        raise _not_above_zero(quantity_milli)
    balance = balances.lock(session, item_id, store_id)
    facts = {
        "item_id": item_id,
        "store_id": store_id,
        "quantity_milli": -quantity_milli,
        "order_id": order_id,
    }
    done = rows.repeated(session, StockMove, id, "stock move", kind="issue", **facts)
    if done is not None:
        return done
    if order_id is not None:
        rows.get(session, WorkOrder, order_id, "work order")
    balances.check_available(session, balance, quantity_milli, "issue")
    value = balances.value_of(balance, quantity_milli)
    return balances.write_move(
        session,
        balance,
        "issue",
        -quantity_milli,
        -value,
        at=at,
        by=by,
        id=id,
        order_id=order_id,
        reason=reason,
    )


def put_back(
    session: Session,
    move_id: str,
    *,
    quantity_milli: int,
    reason: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see receive
) -> StockMove:
    """Take issued goods back into the store they came from, at the value they left with.

    The values of all returns of one issue sum to its value once everything is back.

    Raises:
        Missing: there is no such move.
        WrongQuantity: the move is no issue, or less is still out.
        DifferentFacts: the id was used for another return.
    """
    issued = rows.get(session, StockMove, move_id, "stock move")
    balance = balances.lock(session, issued.item_id, issued.store_id)
    done = rows.repeated(
        session, StockMove, id, "stock move", returns_id=move_id, quantity_milli=quantity_milli
    )
    if done is not None:
        return done
    back, value_back = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(StockMove.quantity_milli), 0),
            sa.func.coalesce(sa.func.sum(StockMove.value_cents), 0),
        ).where(StockMove.returns_id == move_id)
    ).one()
    out = -issued.quantity_milli - int(back)
    if issued.kind != "issue" or not 0 < quantity_milli <= out:
        raise WrongQuantity(
            f"Expected to put back between 0 and {quantity.formatted(max(out, 0))} of {issued.kind} {move_id}, "
            f"but got {quantity.formatted(quantity_milli)}.",
            out_milli=out,
            quantity_milli=quantity_milli,
        )
    value = money.part(-issued.value_cents, int(back) + quantity_milli, -issued.quantity_milli) - int(
        value_back
    )
    return balances.write_move(
        session,
        balance,
        "return",
        quantity_milli,
        value,
        at=at,
        by=by,
        id=id,
        order_id=issued.order_id,
        reason=reason,
        returns_id=move_id,
    )


def transfer(
    session: Session,
    *,
    item_id: str,
    from_store_id: str,
    to_store_id: str,
    quantity_milli: int,
    reason: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see receive
) -> tuple[StockMove, StockMove]:
    """Move goods between two stores, with their value; returns the move out and the move in.

    Raises:
        WrongQuantity: the quantity is not above zero, or both stores are one.
        NotEnough: less is available in the first store.
        DifferentFacts: the id was used for another transfer.
    """
    if quantity_milli <= 0:
        raise _not_above_zero(quantity_milli)
    if from_store_id == to_store_id:
        raise WrongQuantity(
            "Expected two stores to transfer between, but both are the same.", store_id=to_store_id
        )
    transfer_id = id or ids.new(at)
    # Two transfers in opposite directions would each wait for the other: always lock in the same order.
    locks = {store: balances.lock(session, item_id, store) for store in sorted((from_store_id, to_store_id))}
    source, target = locks[from_store_id], locks[to_store_id]
    out_id, in_id = ids.derived(transfer_id, "out"), ids.derived(transfer_id, "in")
    out = rows.repeated(
        session,
        StockMove,
        out_id,
        "stock move",
        item_id=item_id,
        store_id=from_store_id,
        quantity_milli=-quantity_milli,
    )
    into = rows.repeated(session, StockMove, in_id, "stock move", store_id=to_store_id)
    if out is not None and into is not None:
        return out, into
    balances.check_available(session, source, quantity_milli, "transfer")
    value = balances.value_of(source, quantity_milli)
    why = {"reason": reason, "transfer_id": transfer_id}
    return (
        balances.write_move(
            session, source, "transfer_out", -quantity_milli, -value, at=at, by=by, id=out_id, **why
        ),
        balances.write_move(
            session, target, "transfer_in", quantity_milli, value, at=at, by=by, id=in_id, **why
        ),
    )


def count(
    session: Session,
    *,
    item_id: str,
    store_id: str,
    counted_milli: int,
    reason: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - see receive
) -> StockCount:
    """Write down what was found on the shelf and correct the books by one move.

    A shortage leaves at the average cost; a surplus enters at it, or at the last receipt's when the shelf was
    empty on paper. A count that agrees writes no move.

    Raises:
        WrongQuantity: the count is negative.
        HeldBelow: less was found than is held for work orders; release some first.
        DifferentFacts: the id was used for another count.
    """
    if counted_milli < 0:
        raise WrongQuantity(f"Expected to count zero or more, but got {quantity.formatted(counted_milli)}.")
    balance = balances.lock(session, item_id, store_id)
    facts = {"item_id": item_id, "store_id": store_id, "counted_milli": counted_milli, "reason": reason}
    done = rows.repeated(session, StockCount, id, "stock count", **facts)
    if done is not None:
        return done
    if counted_milli < balance.held_milli:
        item, store = balances.named(session, balance)
        raise HeldBelow(
            f"Expected to count at least the {quantity.formatted(balance.held_milli, item.unit)} of {item.name_en} "
            f"held in store {store.name}, but {quantity.formatted(counted_milli, item.unit)} were found. "
            "Release reservations first.",
            held_milli=balance.held_milli,
            counted_milli=counted_milli,
            item=item.code,
            store=store.code,
        )
    expected = balance.on_hand_milli
    gap = counted_milli - expected
    move = None
    if gap:
        value = -balances.value_of(balance, -gap) if gap < 0 else _surplus_value(session, balance, gap)
        move = balances.write_move(session, balance, "count", gap, value, at=at, by=by, reason=reason)
    counted = StockCount(
        id=id or ids.new(at),
        expected_milli=expected,
        move_id=move.id if move else None,
        created_at=at,
        created_by=by,
        **facts,
    )
    session.add(counted)
    session.flush()
    return counted


def _surplus_value(session: Session, balance: StockBalance, gap_milli: int) -> int:
    if balance.on_hand_milli > 0:
        return money.part(balance.value_cents, gap_milli, balance.on_hand_milli)
    last = session.execute(
        sa.select(StockMove)
        .where(
            StockMove.item_id == balance.item_id,
            StockMove.store_id == balance.store_id,
            StockMove.kind == "receipt",
        )
        .order_by(StockMove.created_at.desc(), StockMove.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return money.part(last.value_cents, gap_milli, last.quantity_milli) if last else 0


def _not_above_zero(quantity_milli: int) -> WrongQuantity:
    return WrongQuantity(
        f"Expected a quantity above zero, but got {quantity.formatted(quantity_milli)}.",
        quantity_milli=quantity_milli,
    )
