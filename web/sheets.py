"""What a page says about a task before its form: the request, the place, the steps of the case.

Comes in: a task of the engine. Goes out: one sheet with words. It never shows the form: ``web/forms.py`` does. Next:
``web/templates/task.html``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_login import current_user

from engine.queries import TaskRow
from engine.store import UnitOfWork
from registry import queries
from web import cases, i18n, inboxes, lists
from web.i18n import gettext as _
from web.parts import state
from web.security import can, may_work

# The road of a case as people see it; a refused or joined request leaves it early.
ROAD = ("registered", "accepted", "in_progress", "answered", "closed")
_ON_ROAD = {"qualified": "registered", "reopened": "accepted"}


@dataclass(frozen=True)
class TaskSheet:
    """One task as its page shows it."""

    id: str
    name: str
    version: int
    reference: str
    title: str
    priority: int | None
    due_at: datetime | None
    facts: list[tuple[str, Any, str]]
    steps: list[dict[str, str]]
    mine: bool
    claimable: bool
    groups: list[str]
    closed_words: str


def of_task(reading: UnitOfWork, row: TaskRow) -> TaskSheet:
    """Return the sheet of a task."""
    keys = [row.business_key] if row.business_key else []
    asked = queries.requests_of(reading.session, keys).get(row.business_key or "")
    mine = row.status == "open" and row.assignee == current_user.id
    allowed = may_work(current_user, row.assignee, row.candidate_groups, row.candidate_users)
    return TaskSheet(
        id=row.id,
        name=cases.task_name(reading, row),
        version=row.version,
        reference=asked.reference if asked else "",
        title=asked.title if asked else "",
        priority=asked.priority if asked else None,
        due_at=row.due_date,
        facts=_facts(asked, row) if asked else [],
        steps=_steps(asked.status) if asked else [],
        mine=mine,
        claimable=row.status == "open" and row.assignee is None and allowed,
        groups=inboxes.group_labels(row.candidate_groups, inboxes.team_names(reading)),
        closed_words=_closed_words(reading, row),
    )


def _closed_words(reading: UnitOfWork, row: TaskRow) -> str:
    who = row.ended_by or row.assignee or ""
    name = queries.names_of(reading.session, {who}).get(who, _("the process"))
    if row.status == "completed":
        return _("%(name)s completed this task on %(moment)s.", name=name, moment=i18n.moment(row.ended_at))
    if row.status != "open":
        return _("This task is no longer needed: the process went another way.")
    return _("%(name)s has taken this task.", name=name)


def _facts(asked: queries.RequestRow, row: TaskRow) -> list[tuple[str, Any, str]]:
    page = (
        url_for("requests.show", reference=asked.reference)
        if can(current_user, "request.read", asked.entity_id)
        else ""
    )
    asset = (
        url_for("assets.show", asset_id=asked.asset_id)
        if asked.asset_id and can(current_user, "asset.read")
        else ""
    )
    return lists.facts(
        (_("Request"), asked.reference, page),
        (_("Place"), asked.asset_name or asked.address, asset),
        (_("Requester"), asked.requester_name if page else ""),
        (_("Reported"), i18n.moment(asked.created_at)),
        (_("Kind of problem"), i18n.localized(asked, "nature")),
        (_("Waiting since"), i18n.moment(row.created_at)),
    )


def _steps(status: str) -> list[dict[str, str]]:
    status = _ON_ROAD.get(status, status)
    if status not in ROAD:
        return []
    here = ROAD.index(status)
    return [
        {
            "label": str(state("road", code).label),
            "state": "done" if place < here else "now" if place == here else "",
        }
        for place, code in enumerate(ROAD)
    ]
