"""Programs: whose token is it?

Comes in: the header ``Authorization: Bearer``. Goes out: a ``Program`` with its scopes, or nobody. It never decides
what a scope opens: ``web/security.py`` does. Next: ``registry/tokens.py``.
"""

from __future__ import annotations

from contextlib import suppress

from flask import Request, current_app
from flask_limiter.util import get_remote_address
from flask_login import current_user

from engine.errors import Busy
from registry import people, tokens
from web import doorkeeper
from web.api.refusals import ROOT
from web.database import house
from web.pages import sign_in
from web.security import Program, csrf, login


@login.request_loader  # type: ignore[untyped-decorator]  # flask_login is untyped
def load(asked: Request) -> Program | None:
    """Return the program whose token came with the request, or None; pages know no tokens."""
    kind, _space, text = asked.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not asked.path.startswith(ROOT):
        return None
    with house().read() as reading:
        row = tokens.find(reading.session, text.strip(), at=reading.now)
        if row is None:
            return None
        person = people.get(reading.session, row.person_id) if row.person_id else None
        if person is not None and not person.active:
            return None  # the person's account is closed, and so are the person's tokens
        visitor = sign_in.visitor_of(reading, person) if person else None
        today = reading.now.date()
    if row.used_on != today:
        # A busy database is no reason to turn a program away: the next request notes the day.
        with suppress(Busy), house().begin("system:api") as unit:
            tokens.record_use(unit.session, row.id, today)
    actor = visitor.id if visitor else f"system:api:{row.prefix}"
    named = None if row.entity_ids is None else frozenset(row.entity_ids)
    return Program(actor, row.id, frozenset(row.scopes), visitor, entities=named)


def caller() -> str:
    """Return what rate limits count by: the token, else the address as the pages count it."""
    return (
        current_user.token_id
        if isinstance(current_user, Program)
        else doorkeeper.network(get_remote_address())
    )


def check_csrf() -> None:
    """Refuse a browser's request that another site may have made; a token is proof enough by itself."""
    if current_app.config["WTF_CSRF_ENABLED"] and not isinstance(current_user, Program):
        csrf.protect()
