"""Requests: the list, and one with its work, its process and the rules that decided.

Comes in: filters, a reference, an operator's command to the process. Goes out: pages. It never changes a request:
tasks do. Next: ``web/cases.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine.errors import Refused
from integrations import lookups
from registry import costs, documents, queries, requests
from web import cases, lists, steering
from web.database import begin, read
from web.errors import sentence_of, status_of
from web.i18n import gettext as _
from web.i18n import localized
from web.parts import state
from web.security import can, needs, require

pages = Blueprint("requests", __name__, url_prefix="/requests")

STATUSES = (
    "registered",
    "qualified",
    "accepted",
    "in_progress",
    "answered",
    "reopened",
    "refused",
    "duplicate",
    "closed",
)
SETTLED = frozenset({"answered", "closed", "refused", "duplicate"})


@pages.get("/")
@needs("request.read")
def index() -> Any:
    """Show the list."""
    chosen = lists.wanted("status", "team_code", "late", "entity")
    with read() as reading:
        page = queries.requests_page(
            reading.session,
            entity_ids=lists.visible(reading.session, "request.read", chosen.entity),
            text=chosen.text,
            status=(chosen.status,) if chosen.status in STATUSES else (),
            team_code=chosen.team_code or None,
            late_at=reading.now if chosen.late else None,
            page=chosen.page,
            sort=chosen.sort,
        )
        teams = [(one["value"], one["label"]) for one in lookups.options(reading.session, "teams", {})]
    statuses = [(code, state("request", code).label) for code in STATUSES]
    return render_template(
        "requests.html", page=page, chosen=chosen, teams=teams, statuses=statuses, settled=SETTLED
    )


@pages.get("/<reference>")
@needs("request.read")
def show(reference: str, errors: Any = (), status: int = 200) -> Any:
    """Show one request."""
    with read() as reading:
        asked = requests.by_reference(reading.session, reference)
        require("request.read", asked.entity_id)
        row = queries.requests_of(reading.session, {asked.id})[asked.id]
        orders = queries.orders_page(
            reading.session, entity_ids=None, request_id=asked.id, sort="created"
        ).rows
        cents = {
            one.id: sum(item.amount_cents for item in costs.of_order(reading.session, one.id))
            for one in orders
        }
        may_operate = can(current_user, "process.operate", asked.entity_id)
        page = render_template(
            "request.html",
            errors=errors,
            typed=request.form,
            steering=steering.standing(reading, asked.id) if may_operate else None,
            settled=SETTLED,
            asked=asked,
            facts=_facts(row, asked),
            **_documents(reading.session, asked.id, [one.id for one in orders]),
            orders=orders,
            cents=cents,
            events=queries.request_timeline(reading.session, asked.id),
            runs=cases.runs(reading, asked.id),
            decisions=cases.decisions(reading, asked.id),
        )
    return page, status


@pages.post("/<reference>/process")
@needs("process.operate")
def steer(reference: str) -> Any:
    """Suspend, resume or cancel the process of a request, with a reason."""
    with read() as reading:
        asked = requests.by_reference(reading.session, reference)
        require("process.operate", asked.entity_id)
    points = steering.points(request.form)
    if points:
        return show(reference, points, 422)
    try:
        with begin() as unit:
            said = steering.steer(unit, asked.id, request.form["command"], request.form["reason"].strip())
    except Refused as refusal:
        point = {"target": "steer-reason", "label": _("Process"), "message": sentence_of(refusal)}
        return show(reference, [point], status_of(refusal))
    flash(said)
    return redirect(url_for("requests.show", reference=reference))


def _documents(session: Any, request_id: str, order_ids: list[str]) -> dict[str, Any]:
    """Return the documents of a request and of its orders, and who brought them."""
    places: list[documents.Place] = [("request", request_id), *(("work_order", one) for one in order_ids)]
    found = documents.of(session, places)
    return {"documents": found, "people": queries.names_of(session, {one.created_by for one in found})}


def _facts(row: queries.RequestRow, asked: Any) -> list[tuple[str, Any, str]]:
    who = [row.requester_name, asked.requester_phone, asked.requester_email]
    address = url_for("assets.show", asset_id=row.asset_id) if row.asset_id else ""
    return lists.facts(
        (_("Place"), row.asset_name, address),
        (_("Address"), row.address),
        (_("Kind of problem"), localized(row, "nature")),
        (_("Requester"), " · ".join(part for part in who if part)),
        (_("Channel"), state("channel", row.channel).label),
        (_("Team"), row.team_name),
        (_("Done by"), state("mode", row.mode).label if row.mode else ""),
        (_("Entity"), row.entity_name),
        (_("Duplicate of"), asked.duplicate_of_id and _("an earlier request"), ""),
    )
