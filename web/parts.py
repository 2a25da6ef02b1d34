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
    hint: Any
    on_phone: bool


MENU = (
    Entry("home.show", "home.read", "house", _("Home"), _("What waits today"), on_phone=True),
    Entry(
        "inbox.show", "inbox.read", "inbox", _("Tasks"), _("What waits for you and your teams"), on_phone=True
    ),
    Entry(
        "requests.index",
        "request.read",
        "clipboard-list",
        _("Requests"),
        _("What people asked for"),
        on_phone=True,
    ),
    Entry(
        "orders.index",
        "order.read",
        "wrench",
        _("Work orders"),
        _("Work to do, under way, done"),
        on_phone=False,
    ),
    Entry(
        "firm.index",
        "order.own",
        "wrench",
        _("Work orders"),
        _("Work to do, under way, done"),
        on_phone=True,
    ),
    Entry(
        "assets.index",
        "asset.read",
        "building-2",
        _("Assets"),
        _("Buildings, parks, vehicles, lights"),
        on_phone=True,
    ),
    Entry(
        "stock.index", "stock.read", "warehouse", _("Stock"), _("Items, stores, reservations"), on_phone=True
    ),
    Entry(
        "postings.index",
        "posting.read",
        "badge-euro",
        _("Accounting"),
        _("Proposals, postings, exports"),
        on_phone=False,
    ),
    Entry(
        "processes.index",
        "process.read",
        "workflow",
        _("Processes"),
        _("How requests travel"),
        on_phone=False,
    ),
    Entry(
        "operations.index",
        "process.operate",
        "triangle-alert",
        _("Incidents"),
        _("What has stopped, and trying again"),
        on_phone=False,
    ),
    Entry(
        "signed_in.index",
        "session.end",
        "users",
        _("Sessions"),
        _("Who is signed in, and ending sessions"),
        on_phone=False,
    ),
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
    "run.active": State(_("Under way"), "blue", "clock"),
    "run.suspended": State(_("Suspended"), "amber", "clock"),
    "run.completed": State(_("Finished"), "green", "check"),
    "run.terminated": State(_("Stopped"), "", "x"),
    "steer.suspended": State(_("Suspended"), "amber", "clock"),
    "steer.resumed": State(_("Resumed"), "", "rotate-ccw"),
    "steer.cancelled": State(_("Cancelled"), "red", "x"),
    "step.waiting": State(_("Waits here"), "blue", "clock"),
    "step.done": State(_("Done"), "green", "check"),
    "step.incident": State(_("Incident"), "red", "triangle-alert"),
    "step.todo": State(_("Not reached"), "", "chevron-right"),
    "road.registered": State(_("Report"), "", ""),
    "road.accepted": State(_("Sorting"), "", ""),
    "road.in_progress": State(_("Work under way"), "", ""),
    "road.answered": State(_("Answer"), "", ""),
    "road.closed": State(_("Closing"), "", ""),
    "role.operator": State(_("Window"), "", ""),
    "role.leader": State(_("Team leaders"), "", ""),
    "role.agent": State(_("Agents"), "", ""),
    "role.storekeeper": State(_("Storekeepers"), "", ""),
    "role.accountant": State(_("Accountants"), "", ""),
    "role.owner": State(_("Process owners"), "", ""),
    "role.manager": State(_("Managers"), "", ""),
    "role.admin": State(_("Administrators"), "", ""),
    "axis.asset": State(_("Asset"), "", ""),
    "axis.nature": State(_("Nature"), "", ""),
    "axis.entity": State(_("Entity"), "", ""),
    "axis.team": State(_("Team"), "", ""),
    "kind.user_task": State(_("task of a person"), "", ""),
    "kind.service_task": State(_("done by the house"), "", ""),
    "kind.send_task": State(_("done by the house"), "", ""),
    "kind.script_task": State(_("computed"), "", ""),
    "kind.business_rule_task": State(_("decided by rules"), "", ""),
    "kind.receive_task": State(_("waits for a message"), "", ""),
    "kind.call_activity": State(_("another process"), "", ""),
    "kind.subprocess": State(_("group of steps"), "", ""),
    "kind.task": State(_("step"), "", ""),
    "kind.exclusive_gateway": State(_("question"), "", ""),
    "kind.inclusive_gateway": State(_("question, several answers"), "", ""),
    "kind.parallel_gateway": State(_("at the same time"), "", ""),
    "kind.event_based_gateway": State(_("whichever comes first"), "", ""),
    "kind.boundary_event": State(_("if it happens meanwhile"), "", ""),
    "kind.intermediate_catch_event": State(_("waits for an event"), "", ""),
    "kind.intermediate_throw_event": State(_("says it"), "", ""),
    "kind.start_event": State(_("start"), "", ""),
    "kind.end_event": State(_("end"), "", ""),
    "event.registered": State(_("Registered"), "", "inbox"),
    "event.qualified": State(_("Read and sorted"), "", "search"),
    "event.accepted": State(_("Accepted"), "green", "check"),
    "event.refused": State(_("Refused"), "red", "x"),
    "event.attached": State(_("Joined to an earlier request"), "", "layers"),
    "event.started": State(_("Work has begun"), "", "hammer"),
    "event.answered": State(_("Answered"), "green", "message-square"),
    "event.closed": State(_("Closed"), "", "circle-check"),
    "event.reopened": State(_("Opened again"), "", "rotate-ccw"),
    "event.withdrawn": State(_("Withdrawn"), "", "undo-2"),
    "event.noted": State(_("Remark"), "", "message-square"),
    "event.erased": State(_("Personal data erased"), "", "user-round"),
    "event.opened": State(_("Opened"), "", "inbox"),
    "event.assigned": State(_("Assigned"), "", "users"),
    "event.planned": State(_("Planned"), "", "calendar-days"),
    "event.begun": State(_("Work has begun"), "", "hammer"),
    "event.finished": State(_("Work done"), "green", "check"),
    "event.redone": State(_("To be done again"), "", "rotate-ccw"),
    "event.cancelled": State(_("Cancelled"), "red", "x"),
    "event.created": State(_("Created"), "", "plus"),
    "event.updated": State(_("Changed"), "", "pencil"),
    "event.transferred": State(_("New owner"), "", "arrow-right"),
    "event.retired": State(_("Taken out of service"), "red", "x"),
    "event.restored": State(_("Back in service"), "green", "check"),
    "order.open": State(_("Open"), "blue", "inbox"),
    "order.assigned": State(_("Assigned"), "blue", "users"),
    "order.planned": State(_("Planned"), "violet", "calendar-days"),
    "order.in_progress": State(_("In progress"), "amber", "hammer"),
    "order.finished": State(_("Work done"), "green", "check"),
    "order.closed": State(_("Closed"), "", "circle-check"),
    "order.cancelled": State(_("Cancelled"), "red", "x"),
    "asset.in_service": State(_("In service"), "green", "check"),
    "asset.retired": State(_("Out of service"), "", "x"),
    "reservation.held": State(_("Held"), "blue", "lock"),
    "reservation.consumed": State(_("Used"), "green", "check"),
    "reservation.released": State(_("Released"), "", "undo-2"),
    "reservation.expired": State(_("Expired"), "", "clock"),
    "need.waiting": State(_("Waiting for goods"), "amber", "clock"),
    "need.served": State(_("Served"), "green", "check"),
    "need.withdrawn": State(_("Withdrawn"), "", "undo-2"),
    "move.receipt": State(_("Receipt"), "green", "plus"),
    "move.issue": State(_("Issue"), "", "arrow-right"),
    "move.return": State(_("Return"), "", "undo-2"),
    "move.transfer_in": State(_("Transfer in"), "", "plus"),
    "move.transfer_out": State(_("Transfer out"), "", "arrow-right"),
    "move.count": State(_("Count"), "violet", "list-checks"),
    "proposal.pending": State(_("To be decided"), "amber", "clock"),
    "proposal.accepted": State(_("Accepted"), "green", "check"),
    "proposal.rejected": State(_("Rejected"), "red", "x"),
    "layer.general": State(_("General"), "", "badge-euro"),
    "layer.analytic": State(_("Analytic"), "violet", "layers"),
    "layer.budget": State(_("Budget"), "blue", "scale"),
    "posting.cost": State(_("Costs"), "", "badge-euro"),
    "posting.reinvoice_out": State(_("Invoiced to another entity"), "violet", "arrow-right"),
    "posting.reinvoice_in": State(_("Invoiced by another entity"), "violet", "arrow-left"),
    "posting.reversal": State(_("Reversal"), "red", "undo-2"),
    "cost.labour": State(_("Labour"), "", "users"),
    "cost.material": State(_("Materials"), "", "package"),
    "cost.contractor": State(_("Contractor"), "", "truck"),
    "reject.ACCOUNT_UNKNOWN": State(_("Unknown account"), "", ""),
    "reject.ARTICLE_NO_CREDIT": State(_("No budget left on the article"), "", ""),
    "reject.PERIOD_CLOSED": State(_("Period closed"), "", ""),
    "reject.PARTY_UNKNOWN": State(_("Unknown third party"), "", ""),
    "reject.AXIS_MISSING": State(_("Analytic axis missing"), "", ""),
    "reject.PIECE_MISSING": State(_("Supporting document missing"), "", ""),
    "reject.AMOUNT": State(_("Wrong amount"), "", ""),
    "reject.DUPLICATE": State(_("Already posted"), "", ""),
    "reject.OTHER": State(_("Other reason"), "", ""),
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
        asset_url=asset_url,
        menu=menu,
        here=here,
        url_with=url_with,
        state=state,
        town=settings.town,
        base_url=settings.base_url,
    )
    app.jinja_env.globals["ui"] = app.jinja_env.get_template("parts.html").module
