"""The first page of everybody who works here: what waits, and the rooms of the house.

Comes in: nothing. Goes out: figures with links to their lists. It never shows a figure that cannot be opened. Next:
``web/pages/inbox.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask_login import current_user

from integrations import incidents
from registry import queries
from web import inboxes
from web.database import read
from web.i18n import gettext as _
from web.i18n import number
from web.security import can, needs, scope

pages = Blueprint("home", __name__)


@pages.get("/home")
@needs("home.read")
def show() -> Any:
    """Show what waits."""
    with read() as reading:
        counts = inboxes.counts(reading)
        figures = [
            (_("My tasks"), number(counts["mine"]), _("taken by me"), url_for("inbox.show", view="mine")),
            (
                _("Tasks of my teams"),
                number(counts["team"]),
                _("to be taken"),
                url_for("inbox.show", view="team"),
            ),
            (_("Late"), number(counts["late"]), _("past their due date"), url_for("inbox.show", view="late")),
        ]
        if can(current_user, "request.read"):
            entity_ids = scope(current_user, "request.read")
            by_status = queries.requests_by_status(reading.session, entity_ids=entity_ids)
            fresh = by_status.get("registered", 0) + by_status.get("reopened", 0)
            figures.append(
                (
                    _("New requests"),
                    number(fresh),
                    _("not yet examined"),
                    url_for("requests.index", status="registered"),
                )
            )
        if can(current_user, "process.operate"):
            stopped = incidents.count(reading, entity_ids=scope(current_user, "process.operate"))
            figures.append(
                (_("Incidents"), number(stopped), _("stopped, to try again"), url_for("operations.index"))
            )
    return render_template("home.html", figures=figures, waiting=counts["mine"])
