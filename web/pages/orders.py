"""Work orders: the list, and one with its hours, materials, contractors and process.

Comes in: filters, a reference. Goes out: pages. It never changes an order: tasks do. Next: ``registry/work.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, url_for

from integrations import lookups
from registry import documents, queries, work
from registry.tables.documents import Document
from registry.tables.work import WorkOrder
from web import cases, lists
from web.database import read
from web.i18n import gettext as _
from web.i18n import localized, moment
from web.parts import state
from web.security import needs, require

pages = Blueprint("orders", __name__, url_prefix="/orders")

STATUSES = ("open", "assigned", "planned", "in_progress", "finished", "closed", "cancelled")
SETTLED = frozenset({"finished", "closed", "cancelled"})


@pages.get("/")
@needs("order.read")
def index() -> Any:
    """Show the list."""
    chosen = lists.wanted("status", "team_code", "late", "entity", "asset")
    with read() as reading:
        page = queries.orders_page(
            reading.session,
            entity_ids=lists.visible(reading.session, "order.read", chosen.entity),
            text=chosen.text,
            status=(chosen.status,) if chosen.status in STATUSES else (),
            team_code=chosen.team_code or None,
            asset_id=chosen.asset or None,
            late_at=reading.now if chosen.late else None,
            page=chosen.page,
            sort=chosen.sort,
        )
        teams = [(one["value"], one["label"]) for one in lookups.options(reading.session, "teams", {})]
    statuses = [(code, state("order", code).label) for code in STATUSES]
    return render_template(
        "orders.html",
        room="orders",
        page=page,
        chosen=chosen,
        teams=teams,
        statuses=statuses,
        settled=SETTLED,
    )


@pages.get("/<reference>")
@needs("order.read")
def show(reference: str) -> Any:
    """Show one work order."""
    with read() as reading:
        order = work.by_reference(reading.session, reference)
        require("order.read", order.entity_id)
        row = queries.orders_of(reading.session, {order.id})[order.id]
        labour = work.labour_of(reading.session, order.id)
        contractors = work.contractor_costs_of(reading.session, order.id)
        materials = queries.materials_of(reading.session, order.id)
        found = papers(reading.session, order)
        names = {one.person_id for one in labour} | {one.created_by for one in found}
        return render_template(
            "order.html",
            settled=SETTLED,
            order=order,
            order_row=row,
            facts=_facts(row, order),
            labour=labour,
            materials=materials,
            contractors=contractors,
            totals=_totals(labour, materials, contractors),
            names=queries.names_of(reading.session, names),
            documents=found,
            accounts=queries.proposals_page(reading.session, entity_ids=None, order_id=order.id).rows,
            events=queries.order_timeline(reading.session, order.id),
            runs=cases.runs(reading, order.request_id) if order.request_id else (),
        )


def papers(session: Any, order: WorkOrder) -> Sequence[Document]:
    """Return the documents of an order and of the request it answers."""
    places: list[documents.Place] = [("work_order", order.id)]
    if order.request_id is not None:
        places.append(("request", order.request_id))
    return documents.of(session, places)


def _totals(labour: Sequence[Any], materials: Sequence[Any], contractors: Sequence[Any]) -> dict[str, int]:
    counted = [one for one in labour if one.struck_at is None]
    totals = {
        "minutes": sum(one.minutes for one in counted),
        "labour": sum(one.amount_cents for one in counted),
        "material": sum(one.amount_cents or 0 for one in materials),
        "contractor": sum(one.amount_cents for one in contractors),
    }
    return totals | {"all": totals["labour"] + totals["material"] + totals["contractor"]}


def _facts(row: queries.OrderRow, order: WorkOrder) -> list[tuple[str, Any, str]]:
    asset = url_for("assets.show", asset_id=row.asset_id) if row.asset_id else ""
    asked = url_for("requests.show", reference=row.request_reference) if row.request_reference else ""
    planned = f"{moment(order.planned_start)} – {moment(order.planned_end)}" if order.planned_start else ""
    return lists.facts(
        (_("Request"), row.request_reference, asked),
        (_("Place"), row.asset_name, asset),
        (_("Kind of problem"), localized(row, "nature")),
        (_("Done by"), row.supplier_name or row.team_name),
        (_("Person in charge"), row.person_name),
        (_("Planned"), planned),
        (_("Due"), moment(order.due_at)),
        (_("Work has begun"), moment(order.begun_at)),
        (_("Work done"), moment(order.finished_at)),
        (_("Mode"), state("mode", row.mode).label),
        (_("Entity"), row.entity_name),
    )
