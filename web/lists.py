"""Lists: what the address bar says about them, and who may see which entities.

Comes in: the parameters of the address. Goes out: what the queries of the floors below take. It never queries itself.
Next: ``registry/queries/page.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import abort, request
from flask_login import current_user
from sqlalchemy.orm import Session

from registry import entities
from web.security import scope

SIZE = 25
FURTHEST = 100_000


class Wanted(NamedTuple):
    """What a list is asked for; the address bar keeps it, so that a page can be sent to a colleague."""

    text: str
    page: int
    sort: str
    filters: dict[str, str]

    def __getattr__(self, name: str) -> str:
        """Return a filter by its name: ``chosen.status``; empty when it is not set."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.filters.get(name, "")


def wanted(*filters: str) -> Wanted:
    """Return what the address asks for: search words, page, sort and the named filters."""
    number = request.args.get("page", "1")
    if not number.isdecimal() or not 1 <= int(number[:9]) <= FURTHEST:
        abort(400)
    chosen = {name: request.args.get(name, "").strip() for name in filters}
    return Wanted(request.args.get("q", "").strip()[:200], int(number), request.args.get("sort", ""), chosen)


def visible(session: Session, action: str, entity_code: str = "") -> frozenset[str] | None:
    """Return the entities whose rows the person may see, narrowed to one when it is named; None means all."""
    allowed = scope(current_user, action)
    if not entity_code:
        return allowed
    one = entities.by_code(session, entity_code).id
    return frozenset({one}) if allowed is None or one in allowed else frozenset()


def entity_choices(session: Session, action: str) -> list[tuple[str, str]]:
    """Return the entities a filter offers: those whose rows the person may see."""
    allowed = scope(current_user, action)
    return [(one.code, one.name) for one in entities.every(session) if allowed is None or one.id in allowed]


def facts(*rows: tuple[Any, ...]) -> list[tuple[str, Any, str]]:
    """Return label, value, address for a list of facts; those without a value are left out."""
    return [(row[0], row[1], row[2] if len(row) > 2 else "") for row in rows if row[1] not in (None, "", "–")]
