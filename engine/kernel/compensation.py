"""Compensation: undoing completed activities, last one first (BPMN 2.0, 10.7 and 13.5.5).

Comes in: a token on a compensation throw or end event. Goes out: the handlers' tokens, one after another,
each with the variables its scope had. It never undoes what has not completed. Next:
``engine/kernel/machine.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.kernel.token import COMPLETED, STARTED, Token

if TYPE_CHECKING:
    from engine.kernel.elements import Element


def begin(token: Token, activity: str | None) -> bool:
    """Collect what can be undone around ``token`` and start with the last; True if there is nothing.

    Args:
        token: stands on the throwing event; it leaves when the last handler has.
        activity: the id of the one activity to undo; None for all of the scope.
    """
    scope = token.parent
    assert scope is not None, "a throwing event lives in a scope"
    if "event_subprocess" in scope.internal_data and scope.parent is not None:
        scope = scope.parent
    records = scope.internal_data.get("handlers", [])
    chosen = [record for record in records if activity in (None, record[0])]
    if not chosen:
        return True
    scope.internal_data["handlers"] = [record for record in records if record not in chosen]
    token.internal_data["todo"] = [["undo", name, snapshot, scope.id] for name, snapshot in chosen]
    token._set_state(STARTED)
    return proceed(token)


def proceed(token: Token) -> bool:
    """Start the next handler; True when all are done."""
    run = token.workflow
    todo: list[list[Any]] = token.internal_data["todo"]
    elements = token.task_spec.process.task_specs
    while todo:
        what, *rest = todo.pop()
        if what == "close":
            run.remove(run.tasks[rest[0]])
            continue
        name, snapshot, scope_id = rest
        element, scope = elements[name], run.tasks[scope_id]
        if "handlers" in snapshot:
            inner = run.place(element, scope, state=STARTED)
            inner.internal_data["compensating"] = True
            inner.data = dict(snapshot["data"])
            todo.append(["close", inner.id])
            todo.extend(["undo", *record, inner.id] for record in snapshot["handlers"])
            continue
        assert element.handler is not None, "only activities with a handler are remembered"
        for boundary in element.boundaries:
            if boundary.details.event.kind == "compensation":
                _happened(boundary, scope)
        handler = run.place(elements[element.handler], scope)
        handler.internal_data["undoing_for"] = token.id
        return False
    del token.internal_data["todo"]
    return True


def _happened(boundary: Element, scope: Token) -> None:
    """Note that the event on the border has happened; its association, not a flow, leads on."""
    run = scope.workflow
    token = run.place(boundary, scope, state=COMPLETED)
    run.record("entered", token)
    run.record("completed", token)
    run.remove(token)


def handler_done(handler: Token) -> None:
    """Go on with the next handler after ``handler`` has left."""
    thrower = handler.workflow.tasks.get(handler.internal_data["undoing_for"])
    if thrower is not None and proceed(thrower):
        thrower.complete()
