"""Stock: what each store has, and one item with its moves and reservations.

Comes in: filters, an item's code. Goes out: pages. It never moves anything: tasks and ``guichet`` commands do. Next:
``registry/stock.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_login import current_user

from registry import queries, stock
from web import lists
from web.database import read
from web.security import needs, scope

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
def item(code: str) -> Any:
    """Show one item: balances, moves, reservations."""
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
    totals = {
        "on_hand": sum(one.on_hand_milli for one in balances),
        "held": sum(one.held_milli for one in balances),
        "available": sum(one.available_milli for one in balances),
        "value": sum(one.value_cents for one in balances),
    }
    return render_template(
        "item.html",
        item=found,
        page=moves,
        balances=balances,
        reservations=held,
        totals=totals,
        to_reorder=any(one.below_reorder for one in balances),
    )
