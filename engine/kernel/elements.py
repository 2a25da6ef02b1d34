"""What every element of a diagram does: enter, wait or act, leave.

Comes in: a ready token. Goes out: the same token waiting, or new tokens on the outgoing flows. An element
never holds state of an instance: it is shared by all of them. Next: ``engine/kernel/activities.py``,
``engine/kernel/gateways.py``, ``engine/kernel/events.py``.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from typing import TYPE_CHECKING, Any, ClassVar

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec

from engine.kernel import listeners, transitions
from engine.kernel.faults import Fault
from engine.kernel.model import Details, Flow, Mapping, Phase
from engine.kernel.token import STARTED, Token

if TYPE_CHECKING:
    from engine.kernel.events import CatchingEvent, StartEvent
    from engine.kernel.process import ProcessSpec


class Element(BpmnTaskSpec):
    """A flow node. Subclasses say what it does when a token is on it.

    Attributes:
        process: the process it belongs to.
        name: its id in the diagram (SpiffWorkflow's name for it).
        label: its name in the diagram, or its id.
        scope: the element of the subprocess or process that contains it.
        details: everything the diagram says about it.
        boundaries: events attached to it.
        event_subprocesses: those inside it, when it is a scope.
        handler: the id of the activity that undoes it, by the compensation event on its border.
        undone_inside: the start of the event subprocess inside it that undoes it.
    """

    kind: ClassVar[str] = "element"
    is_process: ClassVar[bool] = False
    is_scope: ClassVar[bool] = False
    joins: ClassVar[bool] = False
    joins_inclusively: bool = False

    def __init__(
        self, process: ProcessSpec, element_id: str, label: str, scope_id: str | None, details: Details
    ) -> None:
        super().__init__(process, element_id)
        self.process = process
        self.bpmn_id = element_id
        self.label = label or element_id
        self.bpmn_name = self.label
        self.scope_id = scope_id
        self.details = details
        self.incoming: list[Flow] = []
        self.outgoing: list[Flow] = []
        self.boundaries: list[CatchingEvent] = []
        self.event_subprocesses: list[StartEvent] = []
        self.handler: str | None = details.handler
        self.undone_inside: StartEvent | None = None
        self._take_all: list[str] | None = None
        self._says = bool(details.outputs or details.listeners)
        self.hears_cancelling = "canceling" in details.listeners
        self.line = 0
        process.inside.setdefault(scope_id, []).append(self)

    def seal(self) -> None:
        """Finish what needs all elements to be known; called once, before the first token."""
        elements = self.process.task_specs
        attached_to = self.details.attached_to
        if attached_to is not None and attached_to in elements:
            elements[attached_to].boundaries.append(self)
        if self.details.triggered_by_event and self.scope_id is not None:
            starts: list[Any] = [e for e in self.process.inside.get(self.name, ()) if e.kind == "start_event"]
            elements[self.scope_id].event_subprocesses.extend(starts)
            for start in starts:
                if start.details.event.kind == "compensation":
                    elements[self.scope_id].undone_inside = start
        if all(flow.condition is None for flow in self.outgoing):
            self._take_all = [flow.id for flow in self.outgoing]

    def test(self) -> None:
        """Say nothing: deployment has checked the element (SpiffWorkflow asks at every step)."""

    # ------------------------------------------------------------------ SpiffWorkflow's hooks

    def _run(self, my_task: Token) -> bool:
        """Enter the element, or take up what an incident stopped; return True when it is done already."""
        if "again" in my_task.internal_data:
            del my_task.internal_data["again"]
            return self.again(my_task)
        return self.enter(my_task)

    def _on_complete(self, my_task: Token) -> None:
        """Write results outwards and send tokens on."""
        memory = my_task.internal_data
        if (self._says or "results" in memory) and not self.ends(my_task):
            return
        results = memory.get("wrote")
        flow_ids = self.flows_to_take(my_task)
        data: dict[str, Any] = {"variables": results} if results else {}
        if len(self.outgoing) > 1:
            data["flows"] = flow_ids
        my_task.workflow.leave(my_task, flow_ids, data=data or None)

    def ends(self, token: Token) -> bool:
        """Let listeners and results have their turn, each once; False while a worker has a listener.

        What has been written stays written when a condition on the way out stops the token: an operator may
        mend the variable before the next try.
        """
        memory = token.internal_data
        if not listeners.heard(token, "completing"):
            return False
        if "wrote" not in memory:
            results = memory.get("results") or {}
            self.write_results(token, results)
            memory.pop("results", None)
            memory["wrote"] = results
        return listeners.heard(token, "end")

    # ------------------------------------------------------------------ life of a token

    def enter(self, token: Token) -> bool:
        """Map inputs, let start listeners run, then begin."""
        if "heard" not in token.internal_data:
            token.workflow.record("entered", token)
            self.map_inputs(token)
            if self._says and not listeners.heard(token, "start"):
                return False
        return self.begin(token)

    def begin(self, token: Token) -> bool:
        """Watch boundary events, then act."""
        self.watch_boundaries(token)
        return self.act(token)

    def act(self, token: Token) -> bool:
        """Do what the element is for; True when done, False when it must wait."""
        return True

    def again(self, token: Token) -> bool:
        """Hand out once more the job or listener that failed; True when the element is done."""
        phase = listeners.waiting(token)
        assert phase is not None, f"{self.name} has no job"
        if not listeners.again(token):
            return False
        return self.enter(token) if phase in listeners.BEFORE else True

    def finish(self, token: Token, results: dict[str, Any]) -> None:
        """End the waiting with ``results`` and leave."""
        run = token.workflow
        run.close_wait(token)
        phase = listeners.waiting(token)
        if phase is None:
            token.internal_data["results"] = results
            token.complete()
            return
        try:
            done = listeners.answered(token, results)
        except Fault as fault:
            self.stopped(token, fault)
            return
        if done and phase in listeners.BEFORE:
            run.enqueue(token)
        elif done:
            token.complete()

    def stopped(self, token: Token, fault: Fault) -> None:
        """React to a listener that cannot be handed out, or whose handler refuses."""
        token.workflow.raise_incident(token, fault, stage="listener")

    def deny(self, token: Token, reason: str) -> None:
        """Undo what a task listener was asked about.

        Raises:
            Refused: ``token`` waits for no such listener.
        """
        transitions.deny(token, reason)

    def words(self, token: Token, phase: Phase) -> dict[str, str]:
        """Return what a listener is told besides the headers of the diagram."""
        return {}

    def follow(self, scope: Token, variables: dict[str, Any]) -> None:
        """Begin here after an interruption that had to wait for what it interrupted."""
        scope.workflow.place(self, scope)

    def triggered(self, token: Token, variables: dict[str, Any]) -> None:
        """React to the timer, message or signal that ``token`` waits for."""
        self.finish(token, variables)

    def scope_done(self, token: Token) -> None:
        """React to the last token inside having left."""
        raise AssertionError(f"{self.name} is no scope")

    # ------------------------------------------------------------------ variables

    def map_inputs(self, token: Token) -> None:
        """Make local variables from ``zeebe:input``; a later mapping sees the earlier ones.

        What a path has put into a context hides only that part of it: the rest is seen as it is outside.
        """
        if not self.details.inputs:
            return
        made: dict[str, Any] = {}
        seen: dict[str, Any] = {}
        for mapping in self.details.inputs:
            value = mapping.source.value(token, seen)
            put(made, mapping, value, token.data)
            put(seen, mapping, value, _around(token, mapping))
        token.data.update(made)

    def write_results(self, token: Token, results: MappingOf[str, Any]) -> None:
        """Propagate results: all of them, or only what ``zeebe:output`` names.

        Without output mappings each variable goes to the nearest scope that has it, the element's own
        included, else to the process instance; a mapped one starts its way in the enclosing scope.
        """
        outputs = self.details.outputs
        if not outputs:
            for name, value in results.items():
                token.propagate(name, value)
            return
        token.data.update(results)
        made: dict[str, Any] = {}
        seen: dict[str, Any] = {}
        # An item of a multi-instance writes to itself first: there its output element is read from.
        outer = token if token.mark == "item" else token.parent or token
        for mapping in outputs:
            value = mapping.source.value(token, seen)
            put(made, mapping, value, _around(outer, mapping))
            put(seen, mapping, value, _around(token, mapping))
        for name, value in made.items():
            outer.propagate(name, value)

    # ------------------------------------------------------------------ flows

    def flows_to_take(self, token: Token) -> list[str]:
        """Return the ids of the flows to send tokens along.

        Every flow without condition, and every one whose condition holds; the default flow only when no
        other does (BPMN 2.0, 13.3.1 and 13.4).

        Raises:
            Fault: a condition is neither true nor false, or no flow can be taken.
        """
        if self._take_all is not None:
            return self._take_all
        taken = [
            flow.id
            for flow in self.outgoing
            if not flow.default and (flow.condition is None or flow.condition.truth(token))
        ]
        taken = taken or [flow.id for flow in self.outgoing if flow.default]
        if taken:
            return taken
        raise Fault("condition", "condition.none", label=self.label)

    # ------------------------------------------------------------------ events around the element

    def watch_boundaries(self, token: Token) -> None:
        """Start waiting for the timers, messages and signals attached here, once in the token's life."""
        if not self.boundaries or "watched" in token.internal_data:
            return
        watched = [boundary for boundary in self.boundaries if boundary.needs_watch]
        if not watched:
            return
        for boundary in watched:
            boundary.watch(token)
        token.internal_data["watched"] = True

    def remember_for_compensation(self, token: Token, scope: Token) -> None:
        """Note in ``scope`` that this activity can be undone, with what it needs for that."""
        records = token.internal_data.get("handlers", [])
        inherits = (records or self.undone_inside is not None) and self.handler is None
        snapshot = {"handlers": records, "data": dict(token.data)} if inherits else {}
        record = [self.name, snapshot]
        if scope.mark == "path" and scope.parent is not None:
            # Undone among what other paths have done, the last one first, with the variables of its own.
            record = [scope.task_spec.name, {"handlers": [record], "data": dict(scope.data), "path": True}]
            scope = scope.parent
        scope.internal_data.setdefault("handlers", []).append(record)


class ProcessElement(Element):
    """The process itself: the outermost scope of an instance."""

    kind = "process"
    is_process = True
    is_scope = True

    def open(self, token: Token, start: Element, event: dict[str, Any]) -> None:
        """Begin inside, at ``start``, with what triggered it."""
        token.internal_data["start"] = start.name
        token.internal_data["event"] = event
        token.workflow.enqueue(token)

    def act(self, token: Token) -> bool:
        """Watch the event subprocesses, then put a token on the start event."""
        token._set_state(STARTED)
        for inner in self.event_subprocesses:
            if inner.needs_watch:
                inner.watch(token)
        start = self.process.task_specs[token.internal_data.pop("start")]
        first = token.workflow.place(start, token)
        first.internal_data["event"] = token.internal_data.pop("event")
        return False

    def _on_complete(self, my_task: Token) -> None:
        """End the process instance; a called one hands its variables to the activity that called it."""
        if not listeners.heard(my_task, "end"):
            return
        my_task.workflow.end(my_task)
        caller = my_task.parent
        if caller is not None:
            results = my_task.data
            my_task.workflow.remove(my_task)
            caller.task_spec.called_done(caller, results)

    def scope_done(self, token: Token) -> None:
        """End when the last token inside has left."""
        token.complete()


def _around(token: Token, mapping: Mapping) -> dict[str, Any]:
    """Return the context that a path leads into, as it is seen from ``token``; a plain name needs none."""
    return token.visible_among(mapping.target[:1]) if len(mapping.target) > 1 else {}


def put(made: dict[str, Any], mapping: Mapping, value: Any, before: MappingOf[str, Any]) -> None:
    """Set ``mapping.target`` in ``made`` to ``value``; a path builds contexts, copied, never shared."""
    first, *rest = mapping.target
    if not rest:
        made[first] = value
        return
    base = made.get(first, before.get(first))
    context: dict[str, Any] = dict(base) if isinstance(base, dict) else {}
    made[first] = context
    for name in rest[:-1]:
        inner = context.get(name)
        context[name] = inner = dict(inner) if isinstance(inner, dict) else {}
        context = inner
    context[rest[-1]] = value


def throw_error(token: Token, code: str, message: str, variables: dict[str, Any]) -> None:
    """Let the nearest event that catches the error have it; nothing found is an incident where it was thrown."""
    if caught(token, "error", code, variables):
        return
    detail = f" ({message.rstrip('.')})" if message and message != code else ""
    fault = Fault("unhandled_error", "error.uncaught", error=code, label=token.task_spec.label, detail=detail)
    token.workflow.raise_incident(token, fault, stage="enter")


def caught(token: Token, kind: str, code: str, variables: dict[str, Any]) -> bool:
    """Give an error or escalation to the event that catches it: nearest scope first, its code before catch-all.

    At each level the boundary events of the element come first, then the event subprocesses of the scope around
    it (BPMN 2.0, 10.5.6; 13.5.3). The items of a multi-instance share the boundary events of its body. What a
    handler throws is thrown by the event that asked for it: what it undoes is over and catches nothing any more.
    """
    host: Token | None = token
    while host is not None:
        if host.mark not in ("item", "path"):
            for catcher in by_code(host.task_spec.boundaries, kind, code, host):
                catcher.caught(host, variables, code)
                return True
        asked_by = token.workflow.tasks.get(host.internal_data.get("undoing_for", 0))
        if asked_by is not None:
            host = asked_by
            continue
        scope = host.parent
        if scope is not None and scope.is_scope:
            for start in by_code(scope.task_spec.event_subprocesses, kind, code, scope):
                if host.task_spec.name != start.scope_id:
                    start.caught(scope, variables, code)
                    return True
        host = scope
    return False


def by_code(events: list[Any], kind: str, code: str, token: Token) -> list[Any]:
    """Return the events of ``kind`` that catch ``code``: those that name it before those that catch all."""
    named, catch_all = [], []
    for event in events:
        wanted = event.details.event
        if wanted.kind != kind:
            continue
        if wanted.code is None:
            catch_all.append(event)
        elif wanted.code.words(token, f"an {kind} code") == code:
            named.append(event)
    return named + catch_all


__all__ = ["Element", "ProcessElement", "by_code", "caught", "put", "throw_error"]
