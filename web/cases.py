"""Where a case stands: its processes on the drawing and in words, the rules that decided.

Comes in: the key of a case (the request's id). Goes out: what ``templates/parts.html`` shows. It never moves anything.
Next: ``engine/queries.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_login import current_user

from engine import definitions, incidents, queries
from engine.store import UnitOfWork
from web import i18n
from web.i18n import gettext as _
from web.security import may_work

# Kinds that a reader of the outline wants to see; gateways and joins only when they ask a question.
_SPEAKING = ("task", "event", "activity", "process")


@dataclass(frozen=True)
class Step:
    """One line of the outline: the step's words, how it stands, how many tokens wait there."""

    label: str
    state: str
    count: int = 0
    kind: str = ""
    incident: incidents.Told | None = None


@dataclass(frozen=True)
class Run:
    """One process of a case: its drawing, what is painted on it, the same in words."""

    name: str
    status: str
    xml_url: str
    state: Mapping[str, Any]
    outline: tuple[Step, ...]


@dataclass(frozen=True)
class Rule:
    """One rule that matched: its decision, its number, what its author says about it."""

    decision: str
    number: int
    text: str


@dataclass(frozen=True)
class Decision:
    """One decision taken in a case."""

    name: str
    at: datetime
    rules: tuple[Rule, ...]
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]


def runs(reading: UnitOfWork, case: str) -> list[Run]:
    """Return the processes of a case, those under way first; empty when no process carries it."""
    instance_id = queries.instance_of(reading, case)
    if instance_id is None:
        return []
    flows: dict[str, list[str]] = {}
    for line in queries.history(reading, instance_id, events=("completed",), limit=2000):
        if isinstance(line.data, Mapping) and isinstance(line.data.get("flows"), list):
            flows.setdefault(line.process_instance_id, []).extend(line.data["flows"])
    stopped = {
        (row.process_instance_id, row.element): told(row.message, row.code, row.facts)
        for row in reversed(queries.open_incidents(reading, instance_id=instance_id, size=500))
    }
    parts = queries.parts(reading, instance_id)
    found = [_run(reading, part, flows.get(part.id, []), stopped) for part in parts]
    return sorted(found, key=lambda run: run.status not in ("active", "suspended"))


def _run(
    reading: UnitOfWork,
    part: queries.Part,
    flows: list[str],
    stopped: Mapping[tuple[str, str], incidents.Told],
) -> Run:
    waiting = {name: count for name, count in part.active.items() if name not in part.incidents}
    state = {
        "done": sorted(part.done),
        "flows": flows,
        "waiting": waiting,
        "incidents": dict.fromkeys(sorted(part.incidents), ""),
    }
    return Run(
        part.name,
        part.status,
        url_for("processes.xml", definition_id=part.definition_id),
        state,
        tuple(_steps(_outline(reading, part.definition_id), part, stopped)),
    )


def told(message: str, code: str | None, facts: Mapping[str, Any] | None) -> incidents.Told:
    """Return why a case stopped and what to do, in the language of the page."""
    return incidents.tell(message, code, facts, "fr" if i18n.language_tag() == "fr" else "en")


def _outline(reading: UnitOfWork, definition_id: str) -> list[tuple[str, str, str]]:
    """Return (element, kind, label) in the language of the page: the drawing's own words, or their English."""
    elements = reading.house.library.process(reading.connection, definition_id).task_specs
    return [
        (name, kind, _worded(elements[name], label))
        for name, kind, label in queries.outline(reading, definition_id)
    ]


def element_names(reading: UnitOfWork, definition_id: str, element: str) -> tuple[str, str]:
    """Return what people call a process and one of its elements, in the language of the page."""
    process = reading.house.library.process(reading.connection, definition_id)
    found = process.task_specs.get(element)
    return process.label, (_worded(found, found.label) or element) if found else element


def _worded(element: Any, label: str) -> str:
    own: str = element.details.properties.get(f"label_{i18n.language_tag()}", "")
    return own or label


def task_name(reading: UnitOfWork, task: queries.TaskRow) -> str:
    """Return what the person must do, in the language of the page."""
    if i18n.language_tag() == "fr":
        return task.name
    definition_id = definitions.find(reading.connection, "process", task.process_id)
    elements = reading.house.library.process(reading.connection, definition_id).task_specs
    return _worded(elements[task.element], task.name) if task.element in elements else task.name


def _steps(
    outline: Iterable[tuple[str, str, str]],
    part: queries.Part,
    stopped: Mapping[tuple[str, str], incidents.Told],
) -> Iterable[Step]:
    for name, kind, label in outline:
        if not _speaks(kind, label, name):
            continue
        count = part.active.get(name, 0)
        if name in part.incidents:
            state = "incident"
        elif count:
            state = "waiting"
        else:
            state = "done" if name in part.done else "todo"
        incident = stopped.get((part.id, name)) if state == "incident" else None
        yield Step(label or name, state, count, kind, incident)


def outline(reading: UnitOfWork, definition_id: str, counts: Mapping[str, int]) -> list[Step]:
    """Return the steps of a definition in words, with how many cases wait at each."""
    return [
        Step(label or name, "", counts.get(name, 0), kind)
        for name, kind, label in _outline(reading, definition_id)
        if _speaks(kind, label, name)
    ]


def _speaks(kind: str, label: str, name: str) -> bool:
    if label and label != name:
        return True
    return kind.endswith(_SPEAKING) and bool(label)


def decisions(reading: UnitOfWork, case: str) -> list[Decision]:
    """Return the decisions taken in a case, newest first, each with the rules that matched."""
    instance_id = queries.instance_of(reading, case)
    if instance_id is None:
        return []
    lines = queries.history(reading, instance_id, events=("decided",))
    return [_decision(line) for line in reversed(lines)]


def _decision(line: queries.HistoryRow) -> Decision:
    trace = line.data["trace"]
    asked = trace["decision"]
    rules: list[Rule] = []
    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    name = asked
    for one in trace["decisions"]:
        for table in one["tables"]:
            inputs |= {each["label"] or each["expression"]: shown(each["value"]) for each in table["inputs"]}
            rules += [Rule(one["name"], matched["number"], _told(matched)) for matched in table["matched"]]
        if one["id"] == asked:
            name = one["name"]
            value = one["value"]
            outputs = (
                {key: shown(each) for key, each in value.items()}
                if isinstance(value, Mapping)
                else {name: shown(value)}
            )
    return Decision(name, line.at, tuple(rules), tuple(inputs.items()), tuple(outputs.items()))


def _told(matched: Mapping[str, Any]) -> str:
    notes = [str(text) for text in matched["annotations"].values() if text]
    return " ".join(notes) or ", ".join(
        f"{name} = {shown(value)}" for name, value in matched["outputs"].items()
    )


def shown(value: Any) -> str:
    """Return a process value for people."""
    if value is None:
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(shown(one) for one in value) or _("nothing")
    if isinstance(value, str):
        return value
    return (
        i18n.number(value)
        if not isinstance(value, Mapping)
        else ", ".join(f"{k} = {shown(v)}" for k, v in value.items())
    )


def open_task_url(reading: UnitOfWork, case: str | None, form_id: str) -> str:
    """Return the address of an open task of a case that shows a form, the visitor's own first; empty for none."""
    instance_id = queries.instance_of(reading, case) if case else None
    if instance_id is None:
        return ""
    tasks = [one for one in queries.open_tasks_of(reading, instance_id) if one.form_id == form_id]
    tasks.sort(
        key=lambda one: not may_work(current_user, one.assignee, one.candidate_groups, one.candidate_users)
    )
    return url_for("tasks.show", task_id=tasks[0].id) if tasks else ""
