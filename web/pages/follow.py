"""Follow one's request by its link, without an account, and say when it is not fixed.

Comes in: the token of the link. Goes out: where the request stands in plain words, its public timeline, what happens
next. It never shows remarks that are for the house. Next: ``registry/requests.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from integrations import intake
from registry import assets, queries, requests
from web.database import begin, read
from web.i18n import gettext as _
from web.security import limiter, needs

pages = Blueprint("follow", __name__)

REOPENABLE = frozenset({"answered"})


@pages.get("/f/<token>")
@limiter.limit("60 per minute")
@needs("public")
def show(token: str) -> Any:
    """Show where the request stands."""
    with read() as reading:
        asked = requests.by_token(reading.session, token)
        events = queries.request_timeline(reading.session, asked.id, public=True)
        asset = assets.get(reading.session, asked.asset_id) if asked.asset_id else None
        return render_template(
            "follow.html",
            asked=asked,
            events=events,
            place=" · ".join(part for part in (asset.name if asset else None, asked.address) if part),
            reopenable=asked.status in REOPENABLE,
            errors=[],
        )


@pages.post("/f/<token>/not-fixed")
@limiter.limit("10 per hour")
@needs("public")
def not_fixed(token: str) -> Any:
    """Tell the process that it is not fixed."""
    reason = request.form.get("reason", "").strip()
    if not reason:
        flash(_("Say in a few words what is still wrong."), "error")
        return redirect(url_for("follow.show", token=token))
    with begin() as unit:
        asked = requests.by_token(unit.session, token)
        intake.say_not_fixed(unit, asked.id, reason)
    flash(_("Thank you. Your request is open again."))
    return redirect(url_for("follow.show", token=token))
