"""The inbox: tasks of the person and of the person's teams.

Comes in: shelf, words, page. Goes out: the list. It never takes a task by being looked at. Next: ``web/pages/tasks.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _

from web import inboxes, lists
from web.database import read
from web.security import needs

pages = Blueprint("inbox", __name__)

VIEWS = (("mine", _("Mine")), ("team", _("My teams")), ("late", _("Late")))


def chosen(counts: Mapping[str, int]) -> lists.Wanted:
    """Return what the address asks of the inbox; without a shelf it is the first that has something."""
    wanted = lists.wanted("view")
    if wanted.view in inboxes.SHELVES:
        return wanted
    return wanted._replace(filters={"view": next((one for one in inboxes.SHELVES if counts[one]), "mine")})


@pages.get("/inbox")
@needs("inbox.read")
def show() -> Any:
    """Show the list."""
    with read() as reading:
        counts = inboxes.counts(reading)
        wanted = chosen(counts)
        page = inboxes.page(reading, wanted)
        return render_template("inbox.html", chosen=wanted, views=VIEWS, counts=counts, page=page)
