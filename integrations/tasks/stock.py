"""Steps about stock: reserve, write down a need, consume, release.

Comes in: item and store codes, quantities in the item's unit. Goes out: reservations and moves. It never lets a
shortage pass: it is the BPMN error ``STOCK_SHORTAGE``, which a boundary event catches. Next:
``registry/reservations.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from engine import ids
from engine.store import Call, UnitOfWork
from integrations.tasks.declaration import Field, TaskType, WrongInput
from integrations.tasks.work import ORDER, line_value
from registry import quantity as quantities
from registry import reservations, stock
from registry.tables.stock import MaterialNeed, Reservation, StockMove

SHORTAGE = "STOCK_SHORTAGE"


def reserve(
    unit: UnitOfWork, call: Call, *, order_id: str, item_code: str, store_code: str, quantity: Decimal
) -> Mapping[str, Any]:
    """Keep a quantity aside for the order."""
    held = reservations.hold(
        unit.session,
        id=ids.derived(call.step_id, "reservation"),
        item_id=stock.item_by_code(unit.session, item_code).id,
        store_id=stock.store_by_code(unit.session, store_code).id,
        quantity_milli=quantities.milli(quantity),
        order_id=order_id,
        at=unit.now,
        by=unit.actor,
    )
    return {"reservationId": held.id}


def need(
    unit: UnitOfWork, call: Call, *, order_id: str, item_code: str, store_code: str, quantity: Decimal
) -> Mapping[str, Any]:
    """Write down what the order waits for; an earlier need of it for the same item is replaced."""
    item = stock.item_by_code(unit.session, item_code)
    _withdraw(unit, order_id, item.id)
    asked = reservations.ask(
        unit.session,
        id=ids.derived(call.step_id, "need"),
        item_id=item.id,
        store_id=stock.store_by_code(unit.session, store_code).id,
        quantity_milli=quantities.milli(quantity),
        order_id=order_id,
        at=unit.now,
        by=unit.actor,
    )
    return {"needId": asked.id}


def consume(unit: UnitOfWork, call: Call, *, order_id: str, parts: list[Any]) -> Mapping[str, Any]:
    """Take the parts used out of stock: from what the order holds first, then from what is available."""
    cents = 0
    for number, line in enumerate(parts):
        cents += _use(unit, call, order_id, number, line)
    return {"partsCents": cents}


def _use(unit: UnitOfWork, call: Call, order_id: str, number: int, line: Any) -> int:
    session = unit.session
    item = stock.item_by_code(session, line_value(call, line, "itemCode"))
    store = stock.store_by_code(session, line_value(call, line, "storeCode"))
    left = _milli(call, line)
    cents = 0
    for held in reservations.of_order(session, order_id):
        if left > 0 and (held.item_id, held.store_id) == (item.id, store.id):
            move = _consumed(unit, call, number, held, left)
            if move is not None:
                cents -= move.value_cents
                left += move.quantity_milli
    if left > 0:
        move = stock.issue(
            session,
            id=ids.derived(call.step_id, "issue", number),
            item_id=item.id,
            store_id=store.id,
            quantity_milli=left,
            order_id=order_id,
            at=unit.now,
            by=unit.actor,
        )
        cents -= move.value_cents
    return cents


def _consumed(
    unit: UnitOfWork, call: Call, number: int, held: Reservation, wanted_milli: int
) -> StockMove | None:
    """Return the move that this line takes from a reservation, now or when the step ran before; None for none."""
    move_id = ids.derived(call.step_id, "consumed", number, held.id)
    known = unit.session.get(StockMove, move_id)
    if known is not None or held.status != "held":
        return known
    used = min(wanted_milli, held.quantity_milli)
    return reservations.consume(
        unit.session, held.id, quantity_milli=used, at=unit.now, by=unit.actor, id=move_id
    )


def _milli(call: Call, line: Any) -> int:
    given = line_value(call, line, "quantity")
    if isinstance(given, bool) or not isinstance(given, int | Decimal) or given <= 0:
        raise WrongInput(
            f"Expected each part to hold a quantity above zero, but found {given!r}.", task_type=call.type
        )
    return quantities.milli(given)


def release(unit: UnitOfWork, _call: Call, *, order_id: str) -> Mapping[str, Any]:
    """Give back what the order still holds, and stop waiting for what it still needs."""
    found = reservations.of_order(unit.session, order_id)
    for held in found:
        if held.status == "held":
            reservations.release(unit.session, held.id, at=unit.now, by=unit.actor)
    _withdraw(unit, order_id)
    return {"released": sum(one.status == "released" for one in found)}


def _withdraw(unit: UnitOfWork, order_id: str, item_id: str | None = None) -> None:
    query = sa.select(MaterialNeed.id).where(
        MaterialNeed.order_id == order_id, MaterialNeed.status == "waiting"
    )
    if item_id is not None:
        query = query.where(MaterialNeed.item_id == item_id)
    for need_id in unit.session.scalars(query.order_by(MaterialNeed.id)).all():
        reservations.withdraw(unit.session, need_id, at=unit.now, by=unit.actor)


def shortage(error: Any) -> dict[str, Any]:
    """Return what a diagram sees of a refusal for want of stock: the variable ``shortage``."""
    return {
        "shortage": {
            "itemCode": error.item,
            "storeCode": error.store,
            "entityCode": error.entity,
            "unit": error.unit,
            "wanted": quantities.units(error.wanted_milli),
            "available": quantities.units(error.available_milli),
        }
    }


_ITEM = (
    ORDER,
    Field("itemCode", "text", "Article", "Item"),
    Field("storeCode", "text", "Magasin", "Store"),
    Field("quantity", "number", "Quantité, dans l’unité de l’article", "Quantity, in the item's unit"),
)

TYPES = (
    TaskType(
        "stock.reserve",
        "Réserver un article",
        "Reserve an item",
        "Met une quantité de côté pour un ordre de travail ; sinon, erreur STOCK_SHORTAGE.",
        "Keeps a quantity aside for a work order; otherwise the error STOCK_SHORTAGE.",
        reserve,
        inputs=_ITEM,
        outputs=(Field("reservationId", "text", "Réservation", "Reservation"),),
        errors={stock.NotEnough.code: SHORTAGE},
        error_variables=shortage,
    ),
    TaskType(
        "stock.need",
        "Inscrire un besoin",
        "Write down a need",
        "Inscrit ce qu’un ordre attend ; la réception envoie le message goods-received avec ce besoin.",
        "Writes down what an order waits for; the receipt sends the message goods-received with this need.",
        need,
        inputs=_ITEM,
        outputs=(Field("needId", "text", "Besoin", "Need"),),
    ),
    TaskType(
        "stock.consume",
        "Sortir les pièces utilisées",
        "Take out the parts used",
        "Sort du stock, d’abord sur les réservations de l’ordre. Lignes : itemCode, storeCode, quantity.",
        "Takes out of stock, from the order's reservations first. Lines: itemCode, storeCode, quantity.",
        consume,
        inputs=(ORDER, Field("parts", "list", "Pièces utilisées", "Parts used")),
        outputs=(Field("partsCents", "integer", "Valeur en centimes", "Value in cents"),),
        errors={stock.NotEnough.code: SHORTAGE},
        error_variables=shortage,
    ),
    TaskType(
        "stock.release",
        "Libérer les réservations",
        "Release reservations",
        "Rend au disponible ce que l’ordre retient encore.",
        "Gives back what the order still holds.",
        release,
        inputs=(ORDER,),
        outputs=(Field("released", "integer", "Réservations libérées", "Reservations released"),),
    ),
)
