"""Inboxes: the engine's tasks beside the requests they belong to.

Comes in: the signed-in person, what the address asks for. Goes out: lines with a reference, a title and a place. It
never decides who may take a task: ``web/security.py`` does. Next: ``engine/queries.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

from flask_login import current_user

from engine import queries as engine_queries
from engine.store import UnitOfWork
from integrations import lookups
from registry import entities, queries
from web import cases
from web.i18n import gettext as _
from web.lists import SIZE, Wanted
from web.parts import state
from web.security import ROLES

SHELVES = get_args(engine_queries.Shelf)
_MOST_MATCHES = 300


@dataclass(frozen=True)
class Line:
    """One task as the inbox shows it."""

    id: str
    name: str
    reference: str
    title: str
    place: str
    due_at: datetime | None
    who: str


def counts(reading: UnitOfWork) -> dict[str, int]:
    """Return how many tasks stand on each shelf of the person."""
    found = engine_queries.counts(reading, person=current_user.id, groups=current_user.groups)
    return {str(shelf): count for shelf, count in found.items()}


def page(reading: UnitOfWork, chosen: Wanted) -> queries.Page[Line]:
    """Return a page of the shelf ``chosen.view``; words are looked for in task names and in requests."""
    shelf = chosen.view if chosen.view in SHELVES else SHELVES[0]
    keys = None
    if chosen.text:
        matches = queries.requests_page(
            reading.session, entity_ids=None, text=chosen.text, size=_MOST_MATCHES
        )
        keys = [one.id for one in matches.rows]
    found = engine_queries.inbox(
        reading,
        cast("engine_queries.Shelf", shelf),
        person=current_user.id,
        groups=current_user.groups,
        text=chosen.text,
        business_keys=keys,
        page=chosen.page,
        size=SIZE,
    )
    asked = queries.requests_of(reading.session, {row.business_key for row in found.rows if row.business_key})
    names = queries.names_of(reading.session, {row.assignee for row in found.rows if row.assignee})
    teams = team_names(reading)
    lines = [
        _line(row, cases.task_name(reading, row), asked.get(row.business_key or ""), names, teams)
        for row in found.rows
    ]
    return queries.Page(lines, found.number, found.size, found.total)


def _line(
    row: engine_queries.TaskRow, name: str, asked: Any, names: dict[str, str], teams: dict[str, str]
) -> Line:
    return Line(
        row.id,
        name,
        asked.reference if asked else "",
        asked.title if asked else "",
        (asked.asset_name or asked.address or "") if asked else "",
        row.due_date,
        names.get(row.assignee or "", "") or ", ".join(group_labels(row.candidate_groups, teams)),
    )


def team_names(reading: UnitOfWork) -> dict[str, str]:
    """Return the names of teams, suppliers and entities by code."""
    session = reading.session
    options = [*lookups.options(session, "teams", {}), *lookups.options(session, "suppliers", {})]
    of_entities = {f"entity:{one.code}": one.name for one in entities.every(session)}
    return of_entities | {one["value"]: one["label"] for one in options}


def group_labels(groups: Iterable[str], teams: dict[str, str]) -> list[str]:
    """Return what people call candidate groups: a role, of one entity perhaps, a team, its leader, a supplier."""
    labels = []
    for group in groups:
        code, _colon, part = group.partition(":")
        if code in ROLES:
            role = str(state("role", code).label)
            labels.append(f"{role}, {teams.get(f'entity:{part}', part)}" if part else role)
        elif part == "leader":
            labels.append(_("Leader of %(team)s", team=teams.get(code, code)))
        else:
            labels.append(teams.get(part or code, part or code))
    return labels
