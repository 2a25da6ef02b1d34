"""User tasks between two states: an assignment or a change that listeners hear of before it counts.

Comes in: a token that offers a user task, and what shall change. Goes out: the change made, denied, or waiting
for a worker: then a watcher beside the task keeps it, and the task stays as it was. It never touches the task's
row: ``engine/task_rows.py`` mirrors the effects. Next: ``engine/kernel/cancelling.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from engine.errors import Refused, Undecided
from engine.kernel import listeners
from engine.kernel.faults import Denial, Fault
from engine.kernel.model import Phase
from engine.kernel.token import STARTED, Token

_RESERVED = "io.camunda.zeebe:"
_ATTRIBUTES = {
    "assignee": "assignee",
    "candidate_groups": "candidateGroups",
    "candidate_users": "candidateUsers",
    "due_date": "dueDate",
    "follow_up_date": "followUpDate",
    "form_id": "formKey",
    "priority": "priority",
}
"""The facts of a user task and the names by which a listener's headers give them."""


def begin(task: Token, phase: Phase, change: Mapping[str, Any], action: str) -> None:
    """Let the listeners of ``phase`` hear what shall change, then change it.

    Args:
        task: a token that offers a user task.
        change: facts of the task and their new values.
        action: what the person did, in zeebe's words: claim, assign, unassign, update; empty for the diagram.

    Raises:
        Undecided: an earlier change waits for its listener.
    """
    refuse_undecided(task)
    if phase not in task.task_spec.details.listeners:
        task.workflow.change_task(task, change)
        return
    watcher = task.workflow.place(task.task_spec, task, state=STARTED, mark="watch")
    watcher.internal_data["change"] = dict(change)
    if action:
        watcher.internal_data["action"] = action
    _proceed(watcher, lambda: listeners.heard(watcher, phase))


def pending(task: Token) -> Token | None:
    """Return the watcher of a change that waits for its listener, if there is one."""
    return next((child for child in task.children if "change" in child.internal_data), None)


def refuse_undecided(task: Token) -> None:
    """Raise if a change waits.

    Raises:
        Undecided: it does; ``phase`` tells which.
    """
    watcher = pending(task)
    if watcher is None:
        return
    phase, index = watcher.internal_data["listener"]
    listener = task.task_spec.details.listeners[phase][index].type.text
    raise Undecided(
        f"Expected “{task.task_spec.label}” to be at rest, but its listener {listener} has yet to answer for an "
        "earlier change.",
        phase=phase,
        listener=listener,
    )


def answered(watcher: Token, results: Mapping[str, Any]) -> None:
    """Take a worker's answer: the next listener has its turn, or the change is made."""
    _proceed(watcher, lambda: listeners.answered(watcher, results))


def again(watcher: Token) -> None:
    """Hand the listener out once more after an incident."""
    _proceed(watcher, lambda: listeners.again(watcher))


def deny(token: Token, reason: str) -> None:
    """Undo the transition whose listener ``token`` waits for; the task is as it was before.

    Raises:
        Refused: it waits for nothing that can be denied.
    """
    if "change" in token.internal_data:
        _undo(token, reason)
    elif listeners.waiting(token) == "completing":
        token.workflow.close_wait(token)
        reopen(token, reason)
    else:
        raise Refused(
            f"Expected a listener of “{token.task_spec.label}” that may deny an assignment, a change or a "
            "completion, but the job is none.",
            element=token.task_spec.name,
        )


def reopen(task: Token, reason: str) -> None:
    """Offer a task again whose completion was denied; the answers are forgotten, the listeners begin anew."""
    memory = task.internal_data
    del memory["listener"]
    memory.pop("results", None)
    task._set_state(STARTED)
    task.workflow.offer_again(task)
    _say(task, "completing", reason)


def words(token: Token, phase: Phase, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that tell a task listener of the task (zeebe's reserved names)."""
    memory = token.internal_data
    change: Mapping[str, Any] = memory.get("change", {})
    facts = {**facts, **change}
    told = {_RESERVED + name: _text(facts[fact]) for fact, name in _ATTRIBUTES.items() if facts.get(fact)}
    told[f"{_RESERVED}changedAttributes"] = json.dumps([_ATTRIBUTES[fact] for fact in change])
    action = memory.get("action") or ("complete" if phase == "completing" else "")
    if action:
        told[f"{_RESERVED}action"] = action
    return told


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def _proceed(watcher: Token, step: Callable[[], bool]) -> None:
    run, task = watcher.workflow, watcher.parent
    assert task is not None, "a watcher has a host"
    try:
        done = step()
    except Denial as denial:
        _undo(watcher, denial.message)
    except Fault as fault:
        run.raise_incident(watcher, fault, stage="listener")
    else:
        if done:
            change = watcher.internal_data["change"]
            run.remove(watcher)
            run.change_task(task, change)


def _undo(watcher: Token, reason: str) -> None:
    task = watcher.parent
    assert task is not None, "a watcher has a host"
    phase, _ = watcher.internal_data["listener"]
    watcher.workflow.remove(watcher)
    _say(task, phase, reason)


def _say(task: Token, phase: str, reason: str) -> None:
    task.workflow.effects.denied[task.id] = reason
    task.workflow.record("denied", task, {"listener": phase, "reason": reason})
