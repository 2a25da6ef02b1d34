"""The portal: ask in two minutes, with or without an account, also from the QR code on an asset.

Comes in: what a requester wrote. Goes out: a registered request whose process has begun, and its follow link. It
never asks for more than is needed. Next: ``integrations/intake``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_login import current_user

from integrations import intake
from registry import assets, documents, entities, natures, queries, requests
from registry.errors import Missing
from web import files
from web.database import begin, read
from web.i18n import gettext as _
from web.i18n import language_tag
from web.security import limiter, needs

pages = Blueprint("ask", __name__)

SHORTEST = 5
TITLE = 90
FIELDS = ("q", "asset_id", "address", "nature_code", "description", "name", "email", "phone", "occupied")


def _limit() -> str:
    return str(current_app.extensions["settings"].ask_limit)


@pages.get("/")
@needs("public")
def show() -> Any:
    """Show the form; while one types, the found assets below the search field."""
    typed = {name: request.args.get(name, "") for name in FIELDS}
    if current_user.is_authenticated:
        typed |= {"name": current_user.name, "email": current_user.email}
    return render_template("ask.html", **_choices(typed), typed=typed, errors=[])


@pages.get("/q/<token>")
@needs("public")
def from_code(token: str) -> Any:
    """Open the form for the asset whose QR code was read."""
    with read() as reading:
        asset = assets.by_qr_token(reading.session, token)
    return redirect(url_for("ask.show", asset_id=asset.id, channel="qr"))


@pages.post("/")
@limiter.limit(_limit)
@needs("public")
def send() -> Any:
    """Register the request, or show the form again with what to correct."""
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    choices = _choices(typed)
    errors = [] if "_search" in request.form else _errors(typed)
    if errors or "_search" in request.form:
        page = render_template("ask.html", **choices, typed=typed, errors=errors)
        return page, 422 if errors else 200
    folder = current_app.extensions["settings"].files
    kept = [files.keep(folder, photo) for photo in request.files.getlist("photos") if photo.filename]
    with begin() as unit:
        made = intake.open_request(unit, **_facts(unit.session, typed))
        for one in kept:
            if one is not None:
                place: documents.Place = ("request", made.id)
                documents.attach(unit.session, place, **one._asdict(), at=unit.now, by=unit.actor)
    return redirect(url_for("ask.thanks", token=made.token))


@pages.get("/thanks/<token>")
@needs("public")
def thanks(token: str) -> Any:
    """Confirm with the reference number and the follow link."""
    with read() as reading:
        found = requests.by_token(reading.session, token)
    return render_template("thanks.html", asked=found)


def _choices(typed: dict[str, str]) -> dict[str, Any]:
    with read() as reading:
        chosen = None
        if typed["asset_id"]:
            try:
                chosen = assets.get(reading.session, typed["asset_id"])
            except Missing:
                typed["asset_id"] = ""
        typing = len(typed["q"]) > 1
        found = (
            queries.assets_page(reading.session, entity_ids=None, text=typed["q"], size=8).rows
            if typing
            else ()
        )
        return {"chosen": chosen, "found": found, "natures": natures.every(reading.session)}


def _errors(typed: dict[str, str]) -> list[dict[str, str]]:
    errors = []
    if len(typed["description"]) < SHORTEST:
        errors.append(
            {
                "target": "description",
                "label": _("What is wrong?"),
                "message": _("describe it in a few words"),
            }
        )
    if not typed["asset_id"] and not typed["address"]:
        errors.append(
            {
                "target": "q",
                "label": _("Where is it?"),
                "message": _("choose a place of the list, or write an address"),
            }
        )
    if typed["email"] and "@" not in typed["email"]:
        errors.append(
            {
                "target": "email",
                "label": _("Mail address"),
                "message": _("a mail address is expected, for example name@example.org"),
            }
        )
    return errors


def _facts(database: Any, typed: dict[str, str]) -> dict[str, Any]:
    asset = assets.get(database, typed["asset_id"]) if typed["asset_id"] else None
    towns = entities.every(database)
    town = next((one for one in towns if one.kind == "commune"), towns[0])
    first_line = typed["description"].splitlines()[0]
    return {
        "entity_id": asset.entity_id if asset else town.id,
        "asset_id": asset.id if asset else None,
        "nature_code": typed["nature_code"] or None,
        "title": first_line if len(first_line) <= TITLE else f"{first_line[: TITLE - 1].rstrip()}…",
        "description": typed["description"],
        "channel": "qr" if request.args.get("channel") == "qr" else "portal",
        "requester_name": typed["name"] or None,
        "requester_email": typed["email"] or None,
        "requester_phone": typed["phone"] or None,
        "requester_locale": language_tag(),
        "requester_person_id": current_user.id if current_user.is_authenticated else None,
        "address": typed["address"] or None,
        "site_occupied": {"yes": True, "no": False}.get(typed["occupied"]),
    }
