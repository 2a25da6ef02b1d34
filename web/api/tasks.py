"""User tasks, for programs that work in the name of a person.

Comes in: a token that belongs to a person. Goes out: that person's inbox, tasks claimed or completed, with the same
rights and the same checks of the form as on the pages. It never acts for somebody else. Next: ``engine/tasks.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from flask_login import current_user
from pydantic import Field

from engine import forms, queries, tasks
from engine.forms import Filling
from engine.store import UnitOfWork
from integrations import belonging, lookups
from web import duties
from web.api import shape
from web.api.doors import Room
from web.api.instances import Nothing
from web.api.models import Given, Moment, Pages, Text, Told, Variables
from web.api.refusals import Refusal
from web.api.values import plain
from web.security import Program, Visitor, may_work, require_within

room = Room(
    "tasks", "The inbox of the token's person: list, claim, complete; and what a process owner changes."
)


class Shelf(Pages):
    """Which part of the inbox."""

    shelf: Literal["mine", "team", "late"] = "mine"
    text: str = Field("", max_length=200, description="Part of a task's name.")


class Task(Told):
    """A user task as an inbox shows it."""

    id: str
    instance_id: str
    process_id: str
    element: str
    name: str
    business_key: str | None
    form_id: str | None
    assignee: str | None
    candidate_groups: list[str]
    priority: int
    due_at: datetime | None
    version: int
    created_at: datetime


class Inbox(Told):
    """A page of tasks, due first; the total stops counting at 1001."""

    tasks: list[Task]
    page: int
    size: int
    total: int


class Complete(Given):
    """The answers of a task's form."""

    variables: Variables
    version: int | None = Field(
        None, ge=1, le=2**62, description="The task's version when it was read; a stale one is refused."
    )


class Update(Given):
    """What to change about a task; what is absent stays as it is, null takes a date away."""

    candidate_groups: list[Text] = Field(default_factory=list, max_length=100)
    candidate_users: list[Text] = Field(default_factory=list, max_length=100)
    due_date: Moment = None
    follow_up_date: Moment = None
    priority: int = Field(50, ge=0, le=100)


@room.get("/tasks", scope="tasks")
def inbox(reading: UnitOfWork, query: Shelf) -> Inbox:
    """List the tasks of the token's person: assigned, offered to a team, or late."""
    person = _person()
    found = queries.inbox(
        reading,
        query.shelf,
        person=person.id,
        groups=person.groups,
        text=query.text,
        page=query.page,
        size=query.size,
    )
    return Inbox(
        page=found.number,
        size=found.size,
        total=found.total,
        tasks=[
            Task(
                id=one.id,
                instance_id=one.instance_id,
                process_id=one.process_id,
                element=one.element,
                name=one.name,
                business_key=one.business_key,
                form_id=one.form_id,
                assignee=one.assignee,
                candidate_groups=list(one.candidate_groups),
                priority=one.priority,
                due_at=one.due_date,
                version=one.version,
                created_at=one.created_at,
            )
            for one in found.rows
        ],
    )


@room.post("/tasks/{task_id}/claim", scope="tasks")
def claim(unit: UnitOfWork, task_id: str, body: Nothing) -> None:  # noqa: ARG001 - an empty body is checked too
    """Take a task for the token's person; a listener of the task may have to answer before it is theirs."""
    _allowed(unit, task_id)
    tasks.claim(unit, task_id)


@room.post("/tasks/{task_id}/complete", scope="tasks")
def complete(unit: UnitOfWork, task_id: str, body: Complete) -> None:
    """Complete a task with the answers of its form, checked as on the page."""
    row = _allowed(unit, task_id)
    answers = _checked(unit, row, body.variables) if row.status == "open" else body.variables
    if row.status == "open":
        duties.check_answers(unit, row, tasks.variables_of(unit, row.id), answers)
    tasks.complete(unit, task_id, answers, version=body.version)


@room.post("/tasks/{task_id}/update", scope="processes")
def update(unit: UnitOfWork, task_id: str, body: Update) -> None:
    """Change who may claim a task, its dates or its priority."""
    require_within("api.processes", belonging.entity_of(unit, queries.task(unit, task_id).instance_id))
    tasks.update(unit, task_id, body.model_dump(exclude_unset=True))


def _person() -> Visitor:
    if isinstance(current_user, Program) and isinstance(current_user.person, Visitor):
        return current_user.person
    raise Refusal(403, "no_person", "Expected a token that belongs to a person, but it belongs to a program.")


def _allowed(unit: UnitOfWork, task_id: str) -> queries.TaskRow:
    person = _person()
    row = queries.task(unit, task_id)
    if not may_work(person, row.assignee, row.candidate_groups, row.candidate_users):
        raise Refusal(
            403,
            "not_yours",
            f"Expected “{row.name}” to be offered to {person.name}, but it is not.",
            task_id=task_id,
        )
    return row


def _checked(unit: UnitOfWork, row: queries.TaskRow, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answers that the form lets through.

    Raises:
        Refusal: some must be corrected.
    """
    if row.form_definition_id is None:
        return given
    form = unit.house.library.form(unit.connection, row.form_definition_id)
    filling = Filling(form, unit.now, unit.house.zone, shape.language())
    data = tasks.variables_of(unit, row.id)
    known = {**data, **forms.asked(form.components, given)}
    for name in forms.sources(form) & lookups.NAMES:
        data[name] = lookups.options(unit.session, name, known, filling.locale)
    checked = forms.check(filling, given, data)
    if checked.issues:
        raise Refusal(
            422,
            "form_issues",
            f"Expected answers that fit the form, but {len(checked.issues)} must be corrected.",
            issues=[
                {
                    "place": ".".join(str(step) for step in issue.path),
                    "label": issue.label,
                    "code": issue.code,
                    "limit": plain(issue.limit),
                }
                for issue in checked.issues
            ],
        )
    return checked.values
