"""What every template can use: addresses of browser files, the menu, the words and colours of states.

Comes in: codes of the floors below. Goes out: texts, colours and icons. It never queries a table but the count of
waiting tasks. Next: ``web/templates/parts.html``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user

from web.security import can


class Entry(NamedTuple):
    """One entry of the menu."""

    endpoint: str
    action: str
    icon: str
    label: Any
    on_phone: bool


MENU = (
    Entry("home.show", "home.read", "house", _("Home"), on_phone=True),
    Entry("inbox.show", "inbox.read", "inbox", _("Tasks"), on_phone=True),
    Entry("requests.index", "request.read", "clipboard-list", _("Requests"), on_phone=True),
    Entry("orders.index", "order.read", "wrench", _("Work orders"), on_phone=False),
    Entry("assets.index", "asset.read", "building-2", _("Assets"), on_phone=True),
    Entry("stock.index", "stock.read", "warehouse", _("Stock"), on_phone=False),
    Entry("postings.index", "posting.read", "badge-euro", _("Accounting"), on_phone=False),
    Entry("processes.index", "process.read", "workflow", _("Processes"), on_phone=False),
)


class State(NamedTuple):
    """How a state is shown: words, colour, icon. Colour never speaks alone."""

    label: Any
    colour: str
    icon: str


STATES: dict[str, State] = {
    "request.registered": State(_("Registered"), "blue", "inbox"),
    "request.qualified": State(_("Being examined"), "blue", "search"),
    "request.accepted": State(_("Accepted"), "violet", "check"),
    "request.in_progress": State(_("In progress"), "amber", "hammer"),
    "request.answered": State(_("Answered"), "green", "message-square"),
    "request.closed": State(_("Closed"), "", "circle-check"),
    "request.refused": State(_("Refused"), "red", "x"),
    "request.duplicate": State(_("Already reported"), "", "layers"),
    "request.reopened": State(_("Reopened"), "amber", "rotate-ccw"),
    "priority.1": State(_("Urgent"), "red", "triangle-alert"),
    "priority.2": State(_("High"), "amber", "circle-alert"),
    "priority.3": State(_("Normal"), "", "clock"),
    "priority.4": State(_("Low"), "", "clock"),
    "mode.in_house": State(_("In-house"), "", "users"),
    "mode.contractor": State(_("Contractor"), "violet", "truck"),
    "channel.portal": State(_("Portal"), "", "link"),
    "channel.phone": State(_("Phone"), "", "phone"),
    "channel.mail": State(_("Mail"), "", "message-square"),
    "channel.counter": State(_("Counter"), "", "user-round"),
    "channel.qr": State(_("QR code"), "", "qr-code"),
    "channel.api": State(_("Another system"), "", "link"),
}


def state(noun: str, code: object) -> State:
    """Return how the state ``code`` of ``noun`` is shown; an unknown one shows its own code."""
    return STATES.get(f"{noun}.{code}", State(str(code), "", "circle-help"))


def asset_url(name: str) -> str:
    """Return the address of a browser file by the name templates use."""
    return url_for("static", filename=f"dist/{current_app.extensions['manifest'][name]}")


def menu() -> list[Entry]:
    """Return the entries that the signed-in person may open."""
    return [
        one for one in MENU if can(current_user, one.action) and one.endpoint in current_app.view_functions
    ]


def here(endpoint: str) -> bool:
    """Say whether the page belongs to the menu entry ``endpoint``."""
    return (
        bool(request.endpoint) and str(request.endpoint).split(".")[0] == endpoint.split(".", maxsplit=1)[0]
    )


def url_with(**changes: object) -> str:
    """Return the address of this page with some parameters changed; None takes one away."""
    values: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(flat=True), **changes}
    kept = {name: value for name, value in values.items() if value not in (None, "")}
    return url_for(str(request.endpoint), **kept)


def install(app: Flask) -> None:
    """Register the globals of templates."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    settings = app.extensions["settings"]
    app.jinja_env.globals.update(
        asset_url=asset_url, menu=menu, here=here, url_with=url_with, state=state, town=settings.town
    )
    app.jinja_env.globals["ui"] = app.jinja_env.get_template("parts.html").module
