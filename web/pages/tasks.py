"""One task: its form, its draft, taking it, giving it back, completing it.

Comes in: the form as a browser posts it. Goes out: the task moved on, or the form again with what to correct or what
happened meanwhile. It never loses what was typed. Next: ``engine/tasks.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from engine import forms as schemas
from engine import queries, tasks
from engine.errors import Denied, NotWaiting, Stale, TaskTaken, TooLarge, Undecided
from engine.forms import Filling, Issue
from engine.store import UnitOfWork
from integrations import lookups
from integrations.deciders import NotAccountant
from registry import documents, work
from registry.postings import OwnWork
from registry.queries import requests_of
from web import duties, errors, files, forms, i18n, inboxes, sheets
from web.database import begin, read
from web.i18n import gettext as _
from web.pages import inbox
from web.security import may_work, needs

pages = Blueprint("tasks", __name__, url_prefix="/tasks")


@dataclass(frozen=True)
class Desk:
    """A task with its form and everything the form may show."""

    row: queries.TaskRow
    filling: Filling | None
    data: Mapping[str, Any]
    drawer: files.Drawer


def _desk(reading: UnitOfWork, task_id: str) -> Desk:
    row = queries.task(reading, task_id)
    if (
        not may_work(current_user, row.assignee, row.candidate_groups, row.candidate_users)
        and row.ended_by != current_user.id
    ):
        abort(403)
    folder = current_app.extensions["settings"].files
    drawer = files.Drawer.of(reading.session, folder, task_id, current_user.id, reading.now)
    data = tasks.variables_of(reading, task_id) if row.status == "open" else {}
    if row.form_definition_id is None:
        return Desk(row, None, data, drawer)
    form = reading.house.library.form(reading.connection, row.form_definition_id)
    return Desk(row, Filling(form, reading.now, reading.house.zone, i18n.language_tag()), data, drawer)


def _offered(reading: UnitOfWork, desk: Desk, entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return the task's variables with the options that its choices look up in the registry."""
    if desk.filling is None:
        return dict(desk.data)
    known = {**desk.data, **entered}
    names = schemas.sources(desk.filling.form) & lookups.NAMES
    return {
        **desk.data,
        **{name: lookups.options(reading.session, name, known, desk.filling.locale) for name in names},
    }


def _page(
    task_id: str,
    *,
    entered: Mapping[str, Any] | None = None,
    issues: Sequence[Issue] = (),
    refusal: str = "",
    status: int = 200,
) -> Any:
    with read() as reading:
        desk = _desk(reading, task_id)
        draft = tasks.draft(reading, task_id, current_user.id) if entered is None else None
        shown = entered if entered is not None else draft or {}
        parts = (
            forms.layout(desk.filling, shown, _offered(reading, desk, shown), issues) if desk.filling else ()
        )
        counts = inboxes.counts(reading)
        wanted = inbox.chosen(counts)
        page = render_template(
            "inbox.html",
            chosen=wanted,
            views=inbox.VIEWS,
            counts=counts,
            page=inboxes.page(reading, wanted),
            task=sheets.of_task(reading, desk.row),
            parts=parts,
            errors=forms.summary(issues),
            refusal=refusal,
            draft=draft is not None,
        )
    return page, status


@pages.get("/<task_id>")
@needs("task.work")
def show(task_id: str) -> Any:
    """Show the task beside the inbox."""
    return _page(task_id)


@pages.post("/<task_id>")
@needs("task.work")
def complete(task_id: str) -> Any:
    """Complete the task; or save a draft, or show the form anew, when a button asks for that."""
    with read() as reading:
        desk = _desk(reading, task_id)
        components = desk.filling.form.components if desk.filling else ()
        entered = forms.submitted(components, request.form, request.files, desk.drawer)
        offered = _offered(reading, desk, entered)
    if desk.drawer.fresh:
        # Written down before anything else: what was uploaded stays with the task when the form must be corrected.
        with begin() as unit:
            desk.drawer.attach(unit.session, at=unit.now, by=unit.actor)
    if forms.change_rows(entered, request.form):
        return _page(task_id, entered=entered)
    if "_save" in request.form:
        return _save(task_id, entered)
    checked = schemas.check(desk.filling, entered, offered) if desk.filling else schemas.Checked({}, ())
    if checked.issues:
        return _page(task_id, entered=entered, issues=checked.issues, status=422)
    return _finish(desk, entered, checked.values)


def _finish(desk: Desk, entered: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    task_id = desk.row.id
    version = request.form.get("_version", "")
    try:
        with begin() as unit:
            duties.check_answers(unit, desk.row, desk.data, values)
            done = tasks.complete(
                unit,
                task_id,
                values,
                version=int(version) if version.isdecimal() and len(version) < 19 else None,
            )
            if done:
                tasks.drop_draft(unit, task_id)
            else:
                tasks.keep_draft(unit, task_id, entered)
            home = _home(unit, desk)
            if home is not None:
                desk.drawer.file(unit.session, values, home, at=unit.now, by=unit.actor)
    except (NotWaiting, Stale, TaskTaken, TooLarge, NotAccountant, OwnWork, Undecided, Denied) as refusal:
        return _page(task_id, entered=entered, refusal=errors.sentence_of(refusal), status=409)
    if done:
        flash(_("Done. The case goes on to its next step."))
    else:
        flash(_("Handed in. Should its check refuse it, the task comes back with your answers."), "warning")
    return redirect(url_for("inbox.show", view=request.args.get("view")), 303)


def _home(unit: UnitOfWork, desk: Desk) -> documents.Place | None:
    """Return what documents of the task are filed with: its order, else its request, else nothing of ours."""
    order_id = desk.data.get("orderId")
    if isinstance(order_id, str) and work.exists(unit.session, order_id):
        return ("work_order", order_id)
    key = desk.row.business_key
    return ("request", key) if key and requests_of(unit.session, {key}) else None


def _save(task_id: str, entered: Mapping[str, Any]) -> Any:
    with begin() as unit:
        tasks.save_draft(unit, task_id, entered)
    if "_quiet" in request.form:
        return "", 204
    flash(_("Draft saved. Only you see it."))
    return redirect(url_for("tasks.show", task_id=task_id, view=request.args.get("view")), 303)


@pages.post("/<task_id>/claim")
@needs("task.work")
def claim(task_id: str) -> Any:
    """Take the task."""
    with read() as reading:
        _desk(reading, task_id)
    try:
        with begin() as unit:
            mine = tasks.claim(unit, task_id)
    except (NotWaiting, TaskTaken, Undecided, Denied) as refusal:
        return _page(task_id, refusal=errors.sentence_of(refusal), status=409)
    if not mine:
        flash(_("You will have this task once its check has answered."), "warning")
    return redirect(
        url_for("tasks.show", task_id=task_id, view=request.args.get("view"), q=request.args.get("q")), 303
    )


@pages.post("/<task_id>/release")
@needs("task.work")
def release(task_id: str) -> Any:
    """Give the task back to its candidates."""
    with read() as reading:
        _desk(reading, task_id)
    try:
        with begin() as unit:
            free = tasks.release(unit, task_id)
    except (NotWaiting, TaskTaken, Undecided, Denied) as refusal:
        return _page(task_id, refusal=errors.sentence_of(refusal), status=409)
    if not free:
        flash(_("You keep this task until its check has answered."), "warning")
        return redirect(url_for("tasks.show", task_id=task_id, view=request.args.get("view")), 303)
    flash(_("The task waits for your team again."))
    return redirect(url_for("inbox.show", view="team"), 303)
