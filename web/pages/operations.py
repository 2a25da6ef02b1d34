"""Operations: what has stopped, by element and message, and trying again.

Comes in: a page, the incidents somebody chose. Goes out: pages. It never mends what made an incident: people do, then
try again. Next: ``integrations/incidents.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, render_template, request
from flask_login import current_user

from engine.incidents import Told
from engine.store import UnitOfWork
from integrations import incidents
from web import cases, lists
from web.database import house, read
from web.errors import sentence_of
from web.i18n import gettext as _
from web.security import needs, scope

pages = Blueprint("operations", __name__, url_prefix="/operations")

MOST = 100
"""Incidents tried again by one click: each is a transaction, and the page waits for them."""


@dataclass(frozen=True)
class Group:
    """Incidents of one element with one message, those on this page."""

    element: str
    process: str
    cause: Told
    total: int
    rows: tuple[incidents.Row, ...]


@dataclass(frozen=True)
class Result:
    """What trying again came to, in words."""

    row: incidents.Row
    element: str
    words: str
    colour: str
    icon: str
    cause: Told | None = None


@pages.get("/")
@needs("process.operate")
def index() -> Any:
    """Show the open incidents."""
    return _page()


@pages.post("/")
@needs("process.operate")
def try_again() -> Any:
    """Try again at one incident, at those of a group, or at those that were chosen."""
    form = request.form
    chosen = form.getlist("one") or form.get("these", "").split() or form.getlist("chosen")
    if not chosen:
        point = {"target": "list", "label": _("Try again"), "message": _("choose at least one incident")}
        return _page((), [point]), 422
    entity_ids = scope(current_user, "process.operate")
    outcomes = incidents.try_again(house(), current_user.id, chosen[:MOST], entity_ids=entity_ids)
    return _page(outcomes)


def _page(outcomes: Any = (), errors: Any = ()) -> str:
    chosen = lists.wanted()
    with read() as reading:
        page = incidents.open_page(
            reading,
            entity_ids=scope(current_user, "process.operate"),
            page=chosen.page,
            size=lists.SIZE,
        )
        groups = _groups(reading, page.rows)
        results = [_result(reading, one) for one in outcomes]
    return render_template("operations.html", page=page, groups=groups, results=results, errors=errors)


def _groups(reading: UnitOfWork, rows: Any) -> list[Group]:
    groups = []
    for (_process, element, _message), alike in groupby(
        rows, key=lambda row: (row.process_id, row.element, row.message)
    ):
        found = tuple(alike)
        first = found[0]
        process, label = cases.element_names(reading, first.definition_id, element)
        cause = cases.told(first.message, first.code, first.facts)
        groups.append(Group(label, process, cause, first.alike, found))
    return groups


def _result(reading: UnitOfWork, outcome: incidents.Outcome) -> Result:
    _process, element = cases.element_names(reading, outcome.row.definition_id, outcome.row.element)
    if outcome.refusal is not None:
        return Result(outcome.row, element, sentence_of(outcome.refusal), "amber", "circle-alert")
    if outcome.again:
        cause = cases.told(outcome.again.message, outcome.again.code, outcome.again.facts)
        return Result(outcome.row, element, _("Stopped again"), "red", "triangle-alert", cause)
    return Result(outcome.row, element, _("Goes on"), "green", "check")
