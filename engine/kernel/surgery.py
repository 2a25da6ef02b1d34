"""Operations on a living instance by an operator's hand: moving a token, changing the definition under it.

Comes in: a thawed run and what to change. Goes out: the run changed, or the reasons why it cannot be. It never
re-evaluates what has happened: a moved clock keeps running, entered data stays. Next:
``engine/operations.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.kernel import compensation, listeners
from engine.kernel.elements import Element
from engine.kernel.events import BoundaryEvent, CatchingEvent, StartEvent
from engine.kernel.machine import Run
from engine.kernel.process import ProcessSpec
from engine.kernel.token import ERROR, Token


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an instance cannot be changed as asked; ``code`` is stable, ``element`` where it stands."""

    code: str
    element: str
    message: str


@dataclass(slots=True)
class Plan:
    """How the elements of one definition become those of another.

    Attributes:
        mapping: element of the old definition → element of the new one; what is not named keeps its id.
    """

    source: ProcessSpec
    target: ProcessSpec
    mapping: Mapping[str, str] = field(default_factory=dict)

    def of(self, element: str) -> str:
        """Return the id that ``element`` has in the target; the process itself maps to the process."""
        if element == self.source.root.name:
            return str(self.target.root.name)
        return str(self.mapping.get(element, element))


def suggest(source: ProcessSpec, target: ProcessSpec) -> dict[str, str]:
    """Return a mapping by id, then by kind and label where an id has gone and the match is the only one."""
    found: dict[str, str] = {}
    for name, element in source.task_specs.items():
        if element.is_process or name in target.task_specs:
            continue
        alike = [
            other.name
            for other in target.task_specs.values()
            if other.kind == element.kind
            and other.label == element.label
            and other.label != other.name
            and other.name not in source.task_specs
        ]
        if len(alike) == 1:
            found[name] = alike[0]
    return found


def reasons(run: Run, plan: Plan) -> list[Reason]:
    """Return why ``run`` cannot go over to the new definition; empty when it can."""
    found: list[Reason] = []
    for token in run.tasks.values():
        if token.task_spec.process is not plan.source:
            continue
        found += _reasons_of(token, plan)
        for record, scope in compensation.remembered(token):
            found += _reasons_to_undo(record, scope, plan)
    return list(dict.fromkeys(found))


def _reasons_of(token: Token, plan: Plan) -> list[Reason]:
    element = token.task_spec
    target = plan.target.task_specs.get(plan.of(element.name))
    if target is None:
        if token.mark == "watch":
            return []  # its event has gone from the diagram: the wait ends with it
        return [
            Reason("element_gone", element.name, f"“{element.label}” has no counterpart in the new version.")
        ]
    if target.kind != element.kind:
        return [
            Reason(
                "kind_differs",
                element.name,
                f"“{element.label}” is a {element.kind}, its counterpart a {target.kind}.",
            )
        ]
    if (target.details.loop is None) != (element.details.loop is None):
        return [
            Reason("loop_differs", element.name, f"“{element.label}” and its counterpart do not both repeat.")
        ]
    if element.scope_id is not None and target.scope_id != plan.of(element.scope_id):
        return [
            Reason(
                "scope_differs",
                element.name,
                f"“{element.label}” stands in another subprocess in the new version.",
            )
        ]
    if "leaving" in token.internal_data or "then" in token.internal_data:
        return [
            Reason(
                "leaving",
                element.name,
                f"“{element.label}” is being cancelled: a listener of a task has yet to hear of it.",
            )
        ]
    phase = listeners.waiting(token)
    if phase is not None and listeners.types(element, phase) != listeners.types(target, phase):
        return [
            Reason(
                "listeners_differ",
                element.name,
                f"“{element.label}” waits for a listener, and its counterpart has other ones.",
            )
        ]
    flow = token.internal_data.get("flow")
    joining = token.internal_data.get("wait") is None and token._state != ERROR and len(element.incoming) > 1
    if joining and flow is not None and all(other.id != flow for other in target.incoming):
        return [
            Reason(
                "flow_gone",
                element.name,
                f"A token waits at “{element.label}” on the flow {flow}, which is gone.",
            )
        ]
    return []


def _reasons_to_undo(record: compensation.Record, scope: Element, plan: Plan) -> list[Reason]:
    """Return why what has been done could not be undone any more in the new version."""
    name, snapshot = record
    element = plan.source.task_specs[name]
    target = plan.target.task_specs.get(plan.of(name))
    if target is None:
        return [_no_handler(element)]
    if element is not scope and target.scope_id != plan.of(scope.name):
        return [
            Reason(
                "scope_differs",
                name,
                f"“{element.label}”, which can be undone, stands in another subprocess in the new version.",
            )
        ]
    whole = "path" not in snapshot
    if whole and target.handler is not None:
        return []
    drawn = whole and (element.handler is not None or element.undone_inside is not None)
    if target.kind != element.kind or (
        drawn and ("handlers" not in snapshot or target.undone_inside is None)
    ):
        return [_no_handler(element)]
    return [reason for inner in snapshot["handlers"] for reason in _reasons_to_undo(inner, element, plan)]


def _no_handler(element: Element) -> Reason:
    return Reason(
        "handler_gone",
        element.name,
        f"“{element.label}” has been done and can be undone, but nothing in the new version undoes it.",
    )


def migrate(run: Run, plan: Plan) -> None:
    """Put every token of the old definition on its counterpart; waits that go on keep their due dates.

    Events attached in the new version only begin to be watched now; those that are gone are forgotten.
    ``reasons`` must be empty.
    """
    for token in list(run.tasks.values()):
        if not token.alive or token.task_spec.process is not plan.source:
            continue
        target = plan.target.task_specs.get(plan.of(token.task_spec.name))
        if target is None:
            run.remove(token)
            continue
        token.task_spec = target
        _rename_memory(token.internal_data, plan.of)
        if target.is_process and "process" in token.internal_data:
            token.internal_data["process"] = plan.target.key
        if token.mark == "watch":
            _keep_watch(run, token)
    new = _attached(plan.target, str) - _attached(plan.source, plan.of)
    for token in list(run.tasks.values()):
        on_target = token.alive and token.task_spec.process is plan.target
        if on_target and token.mark not in ("watch", "path") and "compensating" not in token.internal_data:
            _watch_new(token, new)
    if run.spec is plan.source:
        run.spec = plan.target
    run.record("migrated", run.task_tree, {"from": plan.source.key, "to": plan.target.key})


def _rename_memory(memory: dict[str, Any], of: Callable[[str], str]) -> None:
    """Give the elements a token remembers their new ids: what can be undone, and where it begins."""
    compensation.rename(memory, of)
    if "start" in memory:
        memory["start"] = of(memory["start"])


def _keep_watch(run: Run, watcher: Token) -> None:
    """Forget a watcher whose event is no longer attached to its host."""
    host = watcher.parent
    element = watcher.task_spec
    if isinstance(element, BoundaryEvent) and host is not None:
        attached_to = element.details.attached_to
        if attached_to != host.task_spec.name:
            run.remove(watcher)


def _attached(process: ProcessSpec, of: Callable[[str], str]) -> set[tuple[str, str]]:
    """Return every event that is watched beside an element, with that element, by the ids that ``of`` gives."""
    return {
        (of(event.name), of(element.name))
        for element in process.task_specs.values()
        for event in (*element.boundaries, *element.event_subprocesses)
    }


def _watch_new(host: Token, new: set[tuple[str, str]]) -> None:
    """Begin to watch what the version adds; what was there before is watched already, or has happened."""
    events: list[CatchingEvent] = []
    if host.mark != "item" and (host.internal_data.get("wait") or host.task_spec.is_scope or host.children):
        events += host.task_spec.boundaries
    if host.is_scope and not _interrupted(host):
        events += host.task_spec.event_subprocesses
    for event in events:
        if event.needs_watch and (event.name, host.task_spec.name) in new:
            event.watch(host)
            if event.details.attached_to:
                host.internal_data["watched"] = True


def _interrupted(scope: Token) -> bool:
    """Tell whether an event subprocess has ended everything else in ``scope``, the other events included."""
    running = {child.task_spec.name for child in scope.children if "compensating" not in child.internal_data}
    return any(
        start.details.interrupting and start.scope_id in running
        for start in scope.task_spec.event_subprocesses
    )


def may_stand_on(token: Token, target: Element) -> Reason | None:
    """Return why ``token`` cannot be moved to ``target``; None when it can."""
    if token.mark is not None or token.task_spec.is_process:
        return Reason(
            "not_movable", token.task_spec.name, "Only a token that stands on an element can be moved."
        )
    if "undoing_for" in token.internal_data:
        return Reason(
            "not_movable", token.task_spec.name, f"“{token.task_spec.label}” undoes another activity."
        )
    if target.scope_id != token.task_spec.scope_id:
        return Reason("scope_differs", target.name, f"“{target.label}” stands in another subprocess.")
    if (
        isinstance(target, (StartEvent, BoundaryEvent))
        or target.is_process
        or target.details.for_compensation
        or target.details.triggered_by_event
    ):
        return Reason("no_target", target.name, f"No path leads to “{target.label}” from outside.")
    return None


def move(run: Run, token: Token, target: Element) -> None:
    """End what ``token`` does and begin ``target`` in the same scope; ``may_stand_on`` must allow it."""
    scope = token.parent
    assert scope is not None, "a process is not moved"
    run.record("moved", token, {"to": target.name})
    if run.remove(token, terminated=True):
        run.place(target, scope)
    else:
        token.internal_data["then"] = [target.name, {}]
    run.advance()
