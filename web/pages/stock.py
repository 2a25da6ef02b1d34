"""Stock: what each store has, and one item with its moves, reservations and the storekeeper's hands.

Comes in: filters, an item's code, what a storekeeper typed. Goes out: pages. It never says what may be moved: the
registry does. Next: ``web/stockroom.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.errors import Refused as EngineRefused
from registry import ids, queries, stock
from registry.errors import Refused
from web import lists, stockroom
from web.database import begin, read
from web.errors import status_of
from web.security import can, needs, scope

pages = Blueprint("stock", __name__, url_prefix="/stock")


@pages.get("/")
@needs("stock.read")
def index() -> Any:
    """Show what each store has."""
    chosen = lists.wanted("store", "reorder")
    with read() as reading:
        entity_ids = scope(current_user, "stock.read")
        page = queries.stock_page(
            reading.session,
            entity_ids=entity_ids,
            text=chosen.text,
            store_code=chosen.store or None,
            below_reorder=bool(chosen.reorder),
            page=chosen.page,
            sort=chosen.sort,
        )
        stores = [(one.code, one.name) for one in queries.stores(reading.session, entity_ids=entity_ids)]
    return render_template("stock.html", page=page, chosen=chosen, stores=stores)


@pages.get("/<code>")
@needs("stock.read")
def item(code: str, verb: str = "", errors: Any = (), status: int = 200) -> Any:
    """Show one item: balances, moves, reservations, and the forms of whoever keeps a store."""
    chosen = lists.wanted()
    with read() as reading:
        found = stock.item_by_code(reading.session, code)
        seen = scope(current_user, "stock.read")
        balances = [
            one
            for one in queries.stock_page(reading.session, entity_ids=seen, text=code, size=100).rows
            if one.item_id == found.id
        ]
        moves = queries.moves_page(reading.session, entity_ids=seen, item_id=found.id, page=chosen.page)
        held = queries.reservations_of_item(reading.session, found.id, entity_ids=seen)
        kept = queries.stores(reading.session, entity_ids=scope(current_user, "stock.change"))
        may_change = can(current_user, "stock.change")
        keys = {one: ids.new(reading.now) for one in stockroom.VERBS}
    totals = {
        "on_hand": sum(one.on_hand_milli for one in balances),
        "held": sum(one.held_milli for one in balances),
        "available": sum(one.available_milli for one in balances),
        "value": sum(one.value_cents for one in balances),
    }
    page = render_template(
        "item.html",
        item=found,
        page=moves,
        balances=balances,
        reservations=held,
        totals=totals,
        to_reorder=any(one.below_reorder for one in balances),
        stores=[(one.code, one.name) for one in kept] if may_change else [],
        keys=keys,
        verb=verb,
        typed=request.form,
        errors=errors,
    )
    return page, status


@pages.post("/<code>/receive")
@needs("stock.change")
def receive(code: str) -> Any:
    """Receive goods; what waits for them goes on."""
    return _change(code, "receive")


@pages.post("/<code>/count")
@needs("stock.change")
def count(code: str) -> Any:
    """Correct the books by what was counted."""
    return _change(code, "count")


@pages.post("/<code>/transfer")
@needs("stock.change")
def transfer(code: str) -> Any:
    """Move goods to another store."""
    return _change(code, "transfer")


def _change(code: str, verb: str) -> Any:
    """Carry out one of the storekeeper's verbs, or show the page again with what was typed."""
    with read() as reading:
        found = stock.item_by_code(reading.session, code)
    try:
        with begin() as unit:
            said = stockroom.HANDS[verb](unit, found, stockroom.Typed(verb, request.form))
    except stockroom.Incomplete as incomplete:
        return item(code, verb, incomplete.points, 422)
    except (Refused, EngineRefused) as refusal:
        return item(code, verb, [stockroom.explained(refusal, verb, found)], status_of(refusal))
    flash(said)
    return redirect(url_for("stock.item", code=code))
