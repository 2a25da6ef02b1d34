"""Compensation: undoing completed activities, last one first (BPMN 2.0, 10.5.6 and 13.5.5).

Comes in: a token on a compensation throw or end event. Goes out: the handlers' tokens, one after another,
each with the variables its scope had. It never undoes what has not completed. Next:
``engine/kernel/machine.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from engine.kernel.token import COMPLETED, STARTED, Token

if TYPE_CHECKING:
    from engine.kernel.elements import Element

Record = list[Any]
"""What can be undone: ``[element, snapshot]``.

The snapshot is empty when a handler on the border undoes the element. Else it holds the ``handlers`` of what is
inside, themselves records, and the ``data`` that the scope had when it completed; ``path`` marks one path of an
ad-hoc subprocess.
"""


def begin(token: Token, activity: str | None) -> bool:
    """Collect what can be undone around ``token`` and start with the last; True if there is nothing.

    An event subprocess sees what it has done itself and what the scope around it has done.

    Args:
        token: stands on the throwing event; it leaves when the last handler has.
        activity: the id of the one activity to undo; None for all of the scope.
    """
    scope = token.parent
    assert scope is not None, "a throwing event lives in a scope"
    scopes = [scope]
    if scope.mark == "path" and scope.parent is not None:
        scopes = [scope.parent]
    if scope.task_spec.details.triggered_by_event and scope.parent is not None:
        scopes.insert(0, scope.parent)
    todo: list[list[Any]] = []
    for place in scopes:
        records: list[Record] = place.internal_data.get("handlers", [])
        chosen = [activity in (None, _activity_of(record)) for record in records]
        if any(chosen):
            todo += [
                ["undo", *record, place.id, index] for index, record in enumerate(records) if chosen[index]
            ]
            place.internal_data["handlers"] = [
                record for index, record in enumerate(records) if not chosen[index]
            ]
    if not todo:
        return True
    token.internal_data["todo"] = todo
    token._set_state(STARTED)
    return proceed(token)


def proceed(token: Token) -> bool:
    """Start the next handler; True when all are done."""
    run = token.workflow
    # Each entry ends with its place among the records of its scope, which states of the second format lack.
    todo: list[list[Any]] = token.internal_data["todo"]
    elements = token.task_spec.process.task_specs
    while todo:
        what, *rest = todo.pop()
        if what == "close":
            run.remove(run.tasks[rest[0]])
            continue
        name, snapshot, scope_id, index = (*rest, 0)[:4]
        element, scope = elements[name], run.tasks[scope_id]
        whole = "path" not in snapshot
        if "handlers" in snapshot and not (whole and element.handler is not None):
            inner = run.place(element, scope, state=STARTED, mark=None if whole else "path")
            inner.internal_data["compensating"] = True
            inner.data = dict(snapshot["data"])
            todo.append(["close", inner.id, index])
            if element.undone_inside is None or not whole or _is_body(element, scope):
                todo.extend(
                    ["undo", *record, inner.id, number] for number, record in enumerate(snapshot["handlers"])
                )
                continue
            inner.internal_data["handlers"] = snapshot["handlers"]
            handler = element.undone_inside.begun_in(inner, {})
            handler.internal_data["undoing_for"] = token.id
            return False
        assert element.handler is not None, "only activities with a handler are remembered"
        for boundary in element.boundaries:
            if boundary.details.event.kind == "compensation":
                _happened(boundary, scope)
        handler = run.place(elements[element.handler], scope)
        handler.internal_data["undoing_for"] = token.id
        return False
    del token.internal_data["todo"]
    return True


def _activity_of(record: Record) -> Any:
    """Return the id of the activity that a record is about."""
    name, snapshot = record
    return snapshot["handlers"][0][0] if "path" in snapshot else name


def _is_body(element: Element, scope: Token) -> bool:
    """Tell whether a record of ``element`` in ``scope`` is that of a multi-instance as a whole."""
    return element.details.loop is not None and scope.task_spec is not element


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


def give_back(thrower: Token) -> None:
    """End what an interrupted event was undoing, and return what it had not yet begun to its scope.

    An activity whose handler has not begun is still completed, so another event may ask for it; one whose handler
    was interrupted has failed and is not undone again (BPMN 2.0, 13.3.2).
    """
    run = thrower.workflow
    todo: list[list[Any]] = thrower.internal_data.pop("todo")
    for token in list(run.tasks.values()):
        if token.internal_data.get("undoing_for") == thrower.id:
            run.remove(token, terminated=True)
    inside: dict[int, list[tuple[int, Record]]] = {}
    opened: list[tuple[Token, int]] = []
    for what, *rest in todo:
        if what == "close":
            inner_id, index = (*rest, 0)[:2]
            opened.append((run.tasks[inner_id], index))
        else:
            name, snapshot, scope_id, index = (*rest, 0)[:4]
            inside.setdefault(scope_id, []).append((index, [name, snapshot]))
    for inner, index in reversed(opened):
        assert inner.parent is not None, "what is undone lives in a scope"
        left = [record for _, record in inside.pop(inner.id, [])]
        if left:
            path = {"path": True} if inner.mark == "path" else {}
            record = [inner.task_spec.name, {"handlers": left, "data": inner.data, **path}]
            inside.setdefault(inner.parent.id, []).append((index, record))
        run.remove(inner, terminated=True)  # stays while a task inside has listeners that must hear of it
    for scope_id, records in inside.items():
        handlers = run.tasks[scope_id].internal_data.setdefault("handlers", [])
        for index, record in records:
            handlers.insert(index, record)


def remembered(token: Token) -> Iterator[tuple[Record, Element]]:
    """Yield what ``token`` knows can be undone, each with the element of its scope; records inside stay inside."""
    memory, run = token.internal_data, token.workflow
    for record in memory.get("handlers", ()):
        yield record, token.task_spec
    for what, *rest in memory.get("todo", ()):
        if what == "undo":
            yield rest[:2], run.tasks[rest[2]].task_spec


def rename(memory: dict[str, Any], of: Callable[[str], str]) -> None:
    """Give what a token remembers the ids that ``of`` says, for another version of the definition."""
    if "handlers" in memory:
        memory["handlers"] = _renamed(memory["handlers"], of)
    if "todo" in memory:
        memory["todo"] = [
            entry if entry[0] == "close" else ["undo", *_renamed([entry[1:3]], of)[0], *entry[3:]]
            for entry in memory["todo"]
        ]


def _renamed(records: list[Record], of: Callable[[str], str]) -> list[Record]:
    return [
        [
            of(name),
            {**snapshot, "handlers": _renamed(snapshot["handlers"], of)}
            if "handlers" in snapshot
            else snapshot,
        ]
        for name, snapshot in records
    ]
