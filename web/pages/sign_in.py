"""Sign in and out with a local account.

Comes in: a mail address and a password. Goes out: a session, a row that can be ended alone. It never says whether an
address is known, and slows down who guesses. Next: ``registry/sign_ins.py``.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user, login_user, logout_user

from engine.errors import Busy
from engine.store import UnitOfWork
from registry import people, sign_ins
from registry.tables.people import Person
from web import browsers, doorkeeper
from web.database import begin, house
from web.i18n import gettext as _
from web.i18n import ngettext
from web.passwords import matches
from web.security import CONTRACTOR, SESSION_LIFE, Visitor, limiter, login, needs

pages = Blueprint("sign_in", __name__)

WORTH_SAYING = 3  # wrong passwords that their owner may want to know of; fewer are slips


@login.user_loader  # type: ignore[untyped-decorator]  # flask_login is untyped
def load(key: str) -> Visitor | None:
    """Return the person of a session, or None when the session is over or the account closed."""
    with house().read() as reading:
        found = sign_ins.find(reading.session, key, at=reading.now)
        if found is None:
            return None
        row, person = found
        visitor = visitor_of(reading, person, sign_in_id=row.id, key=key)
        old = reading.now - row.seen_at >= sign_ins.COARSE
    if old:
        # A busy database is no reason to keep somebody waiting: the next page notes the use.
        with suppress(Busy), house().begin("system:sign-in") as unit:
            sign_ins.touch(unit.session, row.id, life=SESSION_LIFE, at=unit.now)
    return visitor


def visitor_of(reading: UnitOfWork, person: Person, *, sign_in_id: str = "", key: str = "") -> Visitor:
    """Return a person with the roles and groups held today."""
    day = reading.now.astimezone(current_app.extensions["settings"].zone).date()
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
        groups=people.groups_of(reading.session, person.id, day),
        supplier_id=person.supplier_id,
        sign_in_id=sign_in_id,
        key=key,
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
    opened = _verified(email, password)
    visitor = load(opened.key) if opened else None
    if opened is None or visitor is None:
        error = {
            "target": "email",
            "label": _("Sign in"),
            "message": _(
                "the address and the password do not go together; after five tries, wait five minutes"
            ),
        }
        return render_template(
            "sign_in.html", email=email, next=inside(request.form.get("next")), errors=[error]
        ), 422
    _end_this()
    _clear()  # a session that somebody else planted before sign-in ends here
    session.permanent = True
    login_user(visitor)
    if opened.wrong >= WORTH_SAYING:
        flash(
            ngettext(
                "%(num)d wrong password was tried for your account since you last signed in.",
                "%(num)d wrong passwords were tried for your account since you last signed in.",
                opened.wrong,
            ),
            "warning",
        )
    answer = make_response(redirect(inside(request.form.get("next")) or url_for("home.show")))
    doorkeeper.remember(answer, email)
    return answer


class Opened(NamedTuple):
    """A new session: its key, and how many wrong passwords were tried since the last one."""

    key: str
    wrong: int


def _verified(email: str, password: str) -> Opened | None:
    """Open a session when the password is right and not too many were tried.

    Known and unknown addresses, admitted and refused tries take the same statements and one look at a password.
    """
    tried = doorkeeper.attempt(email)
    with house().begin("system:sign-in") as unit:
        admitted = tried.count(unit)
        people.record_attempt(unit.session, email, at=unit.now)
        person = people.by_email(unit.session, email)
        kept = person.password_hash if person is not None and admitted else None
    right = matches(kept, password)  # slow on purpose, so outside of any transaction
    if person is None or not right:
        return None
    with house().begin("system:sign-in") as unit:
        tried.forget(unit)  # first the counts, then the person, as above: two tries never lock crosswise
        wrong = people.record_login(unit.session, person.id, password_hash=kept)
        if wrong is None:
            return None
        browser = browsers.family(request.headers.get("User-Agent", ""))
        key = sign_ins.begin(
            unit.session, person_id=person.id, browser=browser, life=SESSION_LIFE, at=unit.now
        )
    return Opened(key, wrong)


@pages.post("/sign-out")
@needs("public")
def leave() -> Any:
    """End the session; the language stays."""
    _end_this()
    return forget(_("You are signed out."))


def forget(message: str) -> Any:
    """Let the browser forget a session that is over, and say so."""
    logout_user()
    _clear()
    flash(message)
    return redirect(url_for("sign_in.show"))


def _end_this() -> None:
    """End the session that the browser has, if any: a copy of its cookie is worth nothing afterwards."""
    if isinstance(current_user, Visitor):
        with begin() as unit:
            sign_ins.end(unit.session, current_user.sign_in_id, person_id=current_user.id)


def _clear() -> None:
    """Empty the cookie, but for the language."""
    chosen = session.get("locale")
    session.clear()
    if chosen:
        session["locale"] = chosen
