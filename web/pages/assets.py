"""Assets: the list, the sheet with history and cost, the QR code of the label.

Comes in: filters, an asset. Goes out: pages and an SVG. It never asks a map server for anything. Next:
``registry/assets.py``.
"""

from __future__ import annotations

import io
from typing import Any

import segno
from flask import Blueprint, Response, current_app, render_template, url_for
from flask_login import current_user

from registry import assets, queries
from registry.tables.assets import Asset, AssetClass
from web import charts, lists
from web.database import read
from web.i18n import euros, localized, number
from web.i18n import gettext as _
from web.security import needs, require, scope

pages = Blueprint("assets", __name__, url_prefix="/assets")


@pages.get("/")
@needs("asset.read")
def index() -> Any:
    """Show the list."""
    chosen = lists.wanted("class_code", "entity", "status")
    with read() as reading:
        page = queries.assets_page(
            reading.session,
            entity_ids=lists.visible(reading.session, "asset.read", chosen.entity),
            text=chosen.text,
            class_code=chosen.class_code or None,
            status=None if chosen.status == "all" else "in_service",
            page=chosen.page,
            sort=chosen.sort,
        )
        classes = [(one.code, localized(one)) for one in assets.classes(reading.session)]
        owners = lists.entity_choices(reading.session, "asset.read")
    return render_template("assets.html", page=page, chosen=chosen, classes=classes, owners=owners)


@pages.get("/<asset_id>")
@needs("asset.read")
def show(asset_id: str) -> Any:
    """Show the sheet of an asset; what came before a transfer stays readable for its present owner."""
    with read() as reading:
        asset = assets.get(reading.session, asset_id)
        history = queries.asset_history(
            reading.session, asset_id, entity_ids=scope(current_user, "asset.read")
        )
        require("asset.read", asset.entity_id)
        class_ = assets.class_by_code(reading.session, asset.class_code)
        parts = queries.assets_page(reading.session, entity_ids=None, parent_id=asset.id, size=50).rows
        above = assets.ancestors(reading.session, asset.id)
    path = [
        (_("Assets"), url_for("assets.index")),
        (localized(class_), url_for("assets.index", class_code=class_.code)),
    ]
    path += [(one.name, url_for("assets.show", asset_id=one.id)) for one in above] + [(asset.code, "")]
    return render_template(
        "asset.html",
        asset=asset,
        path=path,
        facts=_facts(asset, class_),
        figures=_figures(history),
        chart=charts.costs_by_year(history.costs),
        history=history,
        parts=parts,
    )


@pages.get("/<asset_id>/code.svg")
@needs("asset.read")
def code(asset_id: str) -> Response:
    """Return the QR code that opens the request form for this asset (level M: readable with a scratch)."""
    with read() as reading:
        asset = assets.get(reading.session, asset_id)
    base = current_app.extensions["settings"].base_url
    buffer = io.BytesIO()
    address = base + url_for("ask.from_code", token=asset.qr_token)
    segno.make(address, error="m").save(buffer, kind="svg", scale=4, border=3, xmldecl=False, svgns=True)
    return Response(buffer.getvalue(), mimetype="image/svg+xml")


def _figures(history: queries.AssetHistory) -> list[tuple[str, str, str]]:
    years = history.by_year()
    latest = next(iter(years), None)
    interveners = history.by_intervener()
    dearest = max(interveners, key=lambda name: interveners[name], default=None)
    figures = [
        (_("Work"), number(history.orders.total), _("since the beginning")),
        (_("Requests"), number(history.requests.total), _("since the beginning")),
    ]
    if latest is not None:
        figures.insert(0, (_("Cost %(year)s", year=latest), euros(years[latest]), _("all kinds of cost")))
    if dearest:
        figures.append((_("Most of it by"), dearest, euros(interveners[dearest])))
    return figures


def _facts(asset: Asset, class_: AssetClass) -> list[tuple[str, Any, str]]:
    point = f"{asset.latitude:.6f}, {asset.longitude:.6f}" if asset.latitude is not None else ""
    geo = f"geo:{asset.latitude:.6f},{asset.longitude:.6f}" if asset.latitude is not None else ""
    titles = {name: one.get("title", name) for name, one in (class_.fields.get("properties") or {}).items()}
    own = [(titles.get(name, name), _value(value)) for name, value in asset.attributes.items()]
    return lists.facts(
        (_("Code"), asset.code), (_("Address"), asset.address), (_("Coordinates"), point, geo), *own
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int) and abs(value) < 10_000:
        return str(value)  # a year is no quantity: no space inside
    return number(value) if isinstance(value, int | float) else str(value)
