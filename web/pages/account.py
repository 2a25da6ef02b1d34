"""One's own account, and who is signed in.

Comes in: a session to end, or a person to sign out. Goes out: lists of open sessions; those named are over at once. It
never shows the key of a session. Next: ``registry/sign_ins.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user

from registry import people, queries, sign_ins
from web import lists
from web.database import begin, read
from web.i18n import gettext as _
from web.i18n import ngettext
from web.pages import sign_in
from web.security import needs, require, scope

pages = Blueprint("account", __name__)
signed_in = Blueprint("signed_in", __name__, url_prefix="/signed-in")


@pages.get("/account")
@needs("account.own")
def show() -> Any:
    """Show who one is signed in as, and where."""
    with read() as reading:
        rows = sign_ins.of_person(reading.session, current_user.id, at=reading.now)
        return render_template("account.html", rows=rows)


@pages.post("/account/sessions/<sign_in_id>/end")
@needs("account.own")
def end(sign_in_id: str) -> Any:
    """End one of one's own sessions."""
    if sign_in_id == current_user.sign_in_id:
        return sign_in.leave()
    with begin() as unit:
        sign_ins.end(unit.session, sign_in_id, person_id=current_user.id)
    flash(_("This session is over."))
    return redirect(url_for("account.show"))


@pages.post("/account/sign-out-everywhere")
@needs("account.own")
def end_all() -> Any:
    """End all of one's own sessions, this one too."""
    with begin() as unit:
        sign_ins.end_all(unit.session, current_user.id)
    return sign_in.forget(_("You are signed out everywhere."))


@signed_in.get("/")
@needs("session.end")
def index() -> Any:
    """Show who is signed in."""
    chosen = lists.wanted()
    with read() as reading:
        page = queries.signed_in_page(
            reading.session,
            entity_ids=scope(current_user, "session.end"),
            at=reading.now,
            text=chosen.text,
            page=chosen.page,
        )
        return render_template("signed_in.html", page=page, chosen=chosen)


@signed_in.post("/<person_id>/end")
@needs("session.end")
def sign_out(person_id: str) -> Any:
    """End every session of a person."""
    with begin() as unit:
        person = people.get(unit.session, person_id)
        require("session.end", person.entity_id)
        reason = "ended by an administrator"
        ended = people.sign_out(unit.session, person_id, reason=reason, at=unit.now, by=unit.actor)
        words = ngettext(
            "%(num)d session of %(name)s is over.",
            "%(num)d sessions of %(name)s are over.",
            ended,
            name=person.name,
        )
    flash(words)
    return redirect(url_for("signed_in.index"))
