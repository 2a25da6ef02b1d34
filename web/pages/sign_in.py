"""Sign in and out with a local account.

Comes in: a mail address and a password. Goes out: a session that a new password ends. It never says whether an
address is known, and slows down who guesses. Next: ``web/passwords.py``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user

from registry import people
from registry.errors import Missing
from web.database import house
from web.i18n import gettext as _
from web.passwords import fingerprint, matches
from web.security import CONTRACTOR, Visitor, limiter, login, needs

pages = Blueprint("sign_in", __name__)

PATIENCE = 5  # wrong passwords in a row before an account rests
REST = timedelta(minutes=5)


@login.user_loader  # type: ignore[untyped-decorator]  # flask_login is untyped
def load(key: str) -> Visitor | None:
    """Return the person of a session, or None when the account is closed or its password is new."""
    person_id, _dot, mark = key.partition(".")
    with house().read() as reading:
        try:
            person = people.get(reading.session, person_id)
        except Missing:
            return None
        if not person.active or fingerprint(person.password_hash) != mark:
            return None
        day = reading.now.astimezone(current_app.extensions["settings"].zone).date()
        groups = people.groups_of(reading.session, person.id, day)
        grants = {(one.role, one.entity_id) for one in people.grants_of(reading.session, person.id)}
        if person.supplier_id is not None:
            grants = {(CONTRACTOR, None)}  # whoever works for a firm holds no role of the house
        return Visitor(
            id=person.id,
            name=person.name,
            email=person.email or "",
            locale=person.locale,
            entity_id=person.entity_id,
            grants=frozenset(grants),
            groups=groups,
            fingerprint=mark,
            supplier_id=person.supplier_id,
        )


def _limit() -> str:
    return str(current_app.extensions["settings"].sign_in_limit)


def inside(address: str | None) -> str | None:
    """Return ``address`` when it is a path of this site: a link must not send people elsewhere after sign-in."""
    if not address or not address.startswith("/") or "\\" in address or not address.isprintable():
        return None  # browsers read \ as / and skip tabs and line breaks
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address


@pages.get("/sign-in")
@needs("public")
def show() -> Any:
    """Show the form."""
    if current_user.is_authenticated:
        return redirect(url_for("home.show"))
    return render_template("sign_in.html", email="", next=inside(request.args.get("next")), errors=[])


@pages.post("/sign-in")
@limiter.limit(_limit)
@needs("public")
def enter() -> Any:
    """Open a session, or show the form again without saying which of the two was wrong."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    key = _verified(email, password)
    visitor = load(key) if key else None
    if visitor is None:
        error = {
            "target": "email",
            "label": _("Sign in"),
            "message": _("the address and the password do not go together"),
        }
        return render_template(
            "sign_in.html", email=email, next=inside(request.form.get("next")), errors=[error]
        ), 422
    chosen = session.get("locale")
    session.clear()  # a session that somebody else planted before sign-in ends here
    session.permanent = True
    if chosen:
        session["locale"] = chosen
    login_user(visitor)
    return redirect(inside(request.form.get("next")) or url_for("home.show"))


def _verified(email: str, password: str) -> str | None:
    with house().read() as reading:
        person = people.by_email(reading.session, email)
        kept = person.password_hash if person else None
        resting = (
            person is not None
            and person.failed_logins >= PATIENCE
            and person.last_failed_at is not None
            and reading.now - person.last_failed_at < REST
        )
    right = matches(kept, password)  # slow on purpose, so outside of any transaction
    if person is None or resting:
        return None
    with house().begin("system:sign-in") as unit:
        if right:
            people.record_login(unit.session, person.id)
        else:
            people.record_failed_login(unit.session, person.id, at=unit.now)
    return f"{person.id}.{fingerprint(kept)}" if right else None


@pages.post("/sign-out")
@needs("public")
def leave() -> Any:
    """End the session; the language stays."""
    chosen = session.get("locale")
    logout_user()
    session.clear()
    if chosen:
        session["locale"] = chosen
    flash(_("You are signed out."))
    return redirect(url_for("sign_in.show"))
