"""What somebody who works for a supplier sees: the orders of the firm, and nothing else.

Comes in: filters, a reference. Goes out: pages with the work, its place, its papers and what the firm charged. It never
shows who asked, what others cost, or an order of another firm. Next: ``web/pages/orders.py``, the same for the house.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template
from flask_login import current_user

from registry import queries, work
from registry.tables.work import WorkOrder
from web import lists
from web.database import read
from web.i18n import gettext as _
from web.i18n import localized, moment
from web.pages.orders import SETTLED, STATUSES, papers
from web.parts import state
from web.security import needs

pages = Blueprint("firm", __name__, url_prefix="/firm/orders")


@pages.get("/")
@needs("order.own")
def index() -> Any:
    """Show the orders of the firm."""
    chosen = lists.wanted("status", "late")
    with read() as reading:
        page = queries.orders_page(
            reading.session,
            entity_ids=None,
            supplier_id=current_user.supplier_id,
            text=chosen.text,
            status=(chosen.status,) if chosen.status in STATUSES else (),
            late_at=reading.now if chosen.late else None,
            page=chosen.page,
            sort=chosen.sort,
        )
    statuses = [(code, state("order", code).label) for code in STATUSES]
    return render_template(
        "orders.html", room="firm", page=page, chosen=chosen, teams=(), statuses=statuses, settled=SETTLED
    )


@pages.get("/<reference>")
@needs("order.own")
def show(reference: str) -> Any:
    """Show one order of the firm; another's is not there."""
    with read() as reading:
        order = work.by_reference(reading.session, reference)
        if order.supplier_id != current_user.supplier_id:
            abort(404)
        row = queries.orders_of(reading.session, {order.id})[order.id]
        charged = work.contractor_costs_of(reading.session, order.id)
        return render_template(
            "firm_order.html",
            order=order,
            facts=_facts(row, order),
            charged=[one for one in charged if one.supplier_id == order.supplier_id],
            documents=papers(reading.session, order),
            people=None,
        )


def _facts(row: queries.OrderRow, order: WorkOrder) -> list[tuple[str, Any, str]]:
    planned = f"{moment(order.planned_start)} – {moment(order.planned_end)}" if order.planned_start else ""
    return lists.facts(
        (_("Place"), row.asset_name),
        (_("Kind of problem"), localized(row, "nature")),
        (_("Entity"), row.entity_name),
        (_("Planned"), planned),
        (_("Work done"), moment(order.finished_at)),
    )
