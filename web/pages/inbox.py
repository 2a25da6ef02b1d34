"""The inbox: tasks of the person and of the person's teams.

Comes in: shelf, words, page. Goes out: the list. It never takes a task by being looked at. Next: ``web/pages/tasks.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _

from web import inboxes, lists
from web.database import read
from web.security import needs

pages = Blueprint("inbox", __name__)

VIEWS = (("mine", _("Mine")), ("team", _("My teams")), ("late", _("Late")))


def chosen() -> lists.Wanted:
    """Return what the address asks of the inbox; without a shelf it is the person's own."""
    wanted = lists.wanted("view")
    return wanted if wanted.view in inboxes.SHELVES else wanted._replace(filters={"view": "mine"})


@pages.get("/inbox")
@needs("inbox.read")
def show() -> Any:
    """Show the list."""
    with read() as reading:
        wanted = chosen()
        return render_template(
            "inbox.html",
            chosen=wanted,
            views=VIEWS,
            counts=inboxes.counts(reading),
            page=inboxes.page(reading, wanted),
        )
