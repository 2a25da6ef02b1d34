"""One process instance in motion: the token game of BPMN 2.0, chapter 13, on SpiffWorkflow's tasks.

Comes in: a process (parsed and compiled once, shared), an environment, and commands: start, complete, throw,
fire, deliver, resolve, cancel. Goes out: ``Effects``, the rows that must be written so that the outside
agrees. It never touches the database, the clock or the network. Next: ``engine/kernel/elements.py``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn import BpmnWorkflow

from engine.kernel import cancelling, compensation, listeners, transitions
from engine.kernel.effects import Effects, Ended, Started, Status, Step, Wait, WaitKind
from engine.kernel.environment import Environment
from engine.kernel.faults import Fault
from engine.kernel.token import CANCELLED, COMPLETED, ERROR, READY, STARTED, WAITING, Token

if TYPE_CHECKING:
    from engine.kernel.elements import Element
    from engine.kernel.model import Phase
    from engine.kernel.process import ProcessSpec

MAX_STEPS = 100_000
"""Tokens that one command may move: a loop without a wait state ends as an incident, not as a hang."""


class NoScripts:
    """Stands where SpiffWorkflow expects a script engine: expressions are FEEL and compiled elsewhere."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"Guichet runs no scripts; SpiffWorkflow asked for {name!r}")

    def __bool__(self) -> bool:
        return True


class Said:
    """A signal on its way inside its own instance; it takes its turn among the ready tokens.

    Branches that set out together begin together: what they come to wait for in the same move hears the signal,
    whichever of them is drawn first. Its speaker leaves after that.
    """

    __slots__ = ("name", "speaker", "variables")
    _state = READY
    alive = True

    def __init__(self, speaker: Token, name: str, variables: dict[str, Any]) -> None:
        self.speaker = speaker
        self.name = name
        self.variables = variables

    def run(self) -> None:
        """Wake the tokens that wait for the signal now, then let the speaker go on."""
        run = self.speaker.workflow
        for token in [
            token for token in run.tasks.values() if token.internal_data.get("signal") == self.name
        ]:
            if token.alive and token.internal_data.get("wait") == "signal":
                token.task_spec.triggered(token, dict(self.variables))
        if self.speaker.alive:
            self.speaker.complete()


class Run(BpmnWorkflow):
    """The tokens of one instance.

    Attributes:
        tasks: every living token by id.
        task_tree: the token of the root process.
        status: active, completed or terminated.
        max_steps: tokens that one command may move.
        effects: what has happened since the run was made or thawed.
    """

    tasks: dict[int, Token]

    def __init__(self, process: ProcessSpec, environment: Environment) -> None:
        super().__init__(process, {}, script_engine=NoScripts(), deserializing=True)
        self.environment = environment
        self.tasks = {}
        self.status: Status = "active"
        self.next_id = 0
        self.max_steps = MAX_STEPS
        self.effects = Effects()
        self._ready: deque[Token | Said] = deque()

    # ------------------------------------------------------------------ commands

    def begin(
        self, start: Element, variables: Mapping[str, Any], event: Mapping[str, Any] | None = None
    ) -> None:
        """Start at ``start`` with ``variables`` in the process instance; ``event`` is what triggered it."""
        process: ProcessSpec = self.spec
        self.task_tree = root = self.place(process.root, None, state=STARTED)
        if start.details.outputs and start.details.event.kind != "none":
            # What a message or signal brings is mapped by its start event like that of any other event.
            event = {**variables, **(event or {})}
        else:
            root.data.update(variables)
        self.effects.started[root.id] = Started(root.id, None, process)
        process.root.open(root, start, dict(event or {}))
        self.advance()

    def finish(self, token_id: int, variables: Mapping[str, Any]) -> None:
        """Complete the user task, job or receive task that waits at ``token_id``."""
        token = self.tasks[token_id]
        token.task_spec.finish(token, dict(variables))
        self.advance()

    def trigger(self, token_id: int, variables: Mapping[str, Any] | None = None) -> None:
        """Let a timer fire, or deliver a message or signal, at ``token_id``."""
        token = self.tasks[token_id]
        token.task_spec.triggered(token, dict(variables or {}))
        self.advance()

    def hear(self, token_ids: Iterable[int], variables: Mapping[str, Any]) -> None:
        """Give a signal to those of ``token_ids`` that wait for one still.

        What the first of them does may have let another hear the same signal: that one has had its turn, and what
        it waits for now, as the answer of a listener, is something else.
        """
        for token_id in token_ids:
            token = self.tasks.get(token_id)
            if token is not None and token.internal_data.get("wait") == "signal":
                self.trigger(token_id, variables)

    def throw(self, token_id: int, code: str, message: str, variables: Mapping[str, Any]) -> None:
        """Throw a BPMN error from the job at ``token_id``."""
        token = self.tasks[token_id]
        if listeners.waiting(token) is None:
            token.task_spec.throw_error(token, code, message, dict(variables))
        else:
            self.raise_incident(token, listeners.threw(token, code), stage="listener")
        self.advance()

    def fail(self, token_id: int, message: str) -> None:
        """Record that the job at ``token_id`` has no retries left."""
        self.raise_incident(
            self.tasks[token_id], Fault("job_no_retries", "worker.failed", text=message), stage="job"
        )

    def deny(self, token_id: int, reason: str) -> None:
        """Let the listener that ``token_id`` waits for deny what was asked of its user task.

        Raises:
            Refused: it waits for no listener that could.
        """
        token = self.tasks[token_id]
        token.task_spec.deny(token, reason)
        self.advance()

    def change(self, token_id: int, phase: Phase, change: Mapping[str, Any], action: str) -> bool:
        """Assign or change the user task offered at ``token_id``, once its listeners have heard of it.

        Returns:
            whether it is done; False while a listener has yet to answer, or when one denied it.

        Raises:
            Undecided: an earlier change waits for its listener.
        """
        task = self.tasks[token_id]
        transitions.begin(task, phase, change, action)
        self.advance()
        return transitions.pending(task) is None and token_id not in self.effects.denied

    def awaits(self, token_id: int, phase: Phase) -> bool:
        """Tell whether a listener of ``phase`` has yet to answer at ``token_id``."""
        token = self.tasks.get(token_id)
        return token is not None and listeners.waiting(token) == phase

    def resolve(self, token_id: int) -> None:
        """Try again where an incident stopped ``token_id``."""
        token = self.tasks[token_id]
        stage = token.internal_data.pop("stage")
        token.internal_data.pop("fault")
        self.effects.resolved.add(token_id)
        self.record("resolved", token)
        if stage == "leave":
            token._set_state(STARTED)
            token.complete()
        elif stage == "scope":
            token._set_state(STARTED)
            self.settle(token)
        else:
            if stage in ("job", "listener"):
                token.internal_data["again"] = True
            self.enqueue(token)
        self.advance()

    def set_variables(self, token_id: int, variables: Mapping[str, Any]) -> None:
        """Write variables into the scope of ``token_id`` by an operator's hand."""
        token = self.tasks[token_id]
        token.data.update(variables)
        self.record("variables_set", token, {"names": sorted(variables)})

    def cancel(self) -> None:
        """End the whole instance without completing anything."""
        root: Token = self.task_tree
        self.close_wait(root)
        self.forgive(root)
        stay = [child for child in root.children if not self.remove(child, terminated=True)]
        self._ready.clear()
        if stay:
            cancelling.stays(root, around=True)
        else:
            self.cancelled()

    @property
    def is_leaving(self) -> bool:
        """Tell whether the instance has been cancelled and only listeners of its tasks keep it."""
        return "leaving" in self.task_tree.internal_data

    def cancelled(self) -> None:
        """Note that the instance has ended without completing."""
        root: Token = self.task_tree
        self.record("terminated", root)
        self.effects.ended[root.id] = Ended("terminated", root.data)
        root._set_state(CANCELLED)
        self.status = "terminated"

    # ------------------------------------------------------------------ the game

    def advance(self) -> None:
        """Move tokens until every one of them waits for the outside."""
        steps = 0
        while True:
            while self._ready:
                token = self._ready.popleft()
                if token._state == READY and token.alive:
                    steps += 1
                    if steps > self.max_steps:
                        self._stop_all(token)
                        return
                    token.run()
            if not self._open_inclusive_joins():
                return

    def _stop_all(self, token: Token | Said) -> None:
        """Stop every token that is still on its way, each with an incident, so that none is lost."""
        for other in (token, *self._ready):
            if isinstance(other, Said):
                if other.speaker.alive:
                    self.raise_incident(other.speaker, _endless(other.speaker), stage="leave")
            elif other._state == READY and other.alive:
                self.raise_incident(other, _endless(other), stage="enter")
        self._ready.clear()

    def _open_inclusive_joins(self) -> bool:
        """Open the first inclusive join that no token can reach any more (BPMN 2.0, 13.4.3)."""
        for token in list(self.tasks.values()):
            waits = token._state == WAITING and token.task_spec.joins_inclusively
            if waits and token.alive and token.task_spec.try_to_open(token):
                return True
        return False

    def place(
        self,
        element: Element,
        parent: Token | None,
        *,
        state: int = READY,
        flow: str | None = None,
        mark: str | None = None,
    ) -> Token:
        """Put a new token on ``element`` inside ``parent``; a ready one acts when its turn comes."""
        self.next_id += 1
        token = Token(self, element, parent, state, self.next_id)
        token.mark = mark
        if flow is not None:
            token.internal_data["flow"] = flow
        if state == READY:
            self._ready.append(token)
        return token

    def say(self, speaker: Token, name: str, variables: dict[str, Any]) -> None:
        """Send a signal outside, with the effects, and to whoever waits inside when its turn comes."""
        self.effects.signals.append((name, variables))
        self._ready.append(Said(speaker, name, variables))

    def enqueue(self, token: Token) -> None:
        """Make a waiting token act when its turn comes."""
        token._set_state(READY)
        self._ready.append(token)

    def leave(
        self,
        token: Token,
        flow_ids: list[str],
        *,
        event: str = "completed",
        data: dict[str, Any] | None = None,
    ) -> None:
        """Complete ``token`` and send one new token along each of ``flow_ids``."""
        element = token.task_spec
        parent = token.parent
        assert parent is not None, "a process ends in scope_done, not by leaving"
        if "told" not in token.internal_data:
            self.record(event, token, data)
        if (
            token.internal_data.get("handlers")
            or element.handler is not None
            or element.undone_inside is not None
        ):
            element.remember_for_compensation(token, parent)
        elements = element.process.task_specs
        flows = element.process.flows
        for flow_id in flow_ids:
            self.place(elements[flows[flow_id].target], parent, flow=flow_id)
        self.remove(token)
        if "undoing_for" in token.internal_data:
            compensation.handler_done(token)
        self.settle(parent)

    def settle(self, scope: Token) -> None:
        """Complete ``scope`` if nothing alive is left in it, or if it has had enough."""
        if not scope.alive or scope._state != STARTED or "compensating" in scope.internal_data:
            return
        try:
            if scope.mark == "path":
                scope.task_spec.path_left(scope)
            else:
                if scope.task_spec.details.ad_hoc is not None:
                    scope.task_spec.element_left(scope)
                if not scope.has_live_children():
                    scope.task_spec.scope_done(scope)
        except Fault as fault:
            self.raise_incident(scope, fault, stage="scope")
        else:
            if scope.mark == "path" and scope.parent is not None:
                self.settle(scope.parent)

    def clear(self, scope: Token, *, spare: Token | None = None) -> bool:
        """End everything inside ``scope`` but ``spare``; the events on its border go on waiting.

        Returns:
            False while listeners of a task inside have yet to hear of it.
        """
        ended = True
        for child in scope.children:
            if child is not spare and not (child.mark == "watch" and child.task_spec.details.attached_to):
                ended &= self.remove(child, terminated=True)
        return ended

    def withdraw(self, token: Token) -> None:
        """Take back what a token had begun when it was stopped; established boundary events stay."""
        for child in token.children:
            if "watched" not in token.internal_data or not child.task_spec.details.attached_to:
                self.remove(child)

    def remove(self, token: Token, *, terminated: bool = False) -> bool:
        """Take ``token`` and everything inside it off the diagram, innermost first.

        Returns:
            False while it stays for listeners that have yet to hear that a task is cancelled.
        """
        if not token.alive:
            return True  # ended together with the event that asked for it
        if "todo" in token.internal_data:
            compensation.give_back(token)
        around = False
        for child in token.children:
            around |= not self.remove(child, terminated=terminated)
        listened = terminated and (around or token.task_spec.hears_cancelling)
        if listened and cancelling.stays(token, around=around):
            return False
        if terminated and token.mark != "watch" and not _leaves_no_trace(token):
            self.record("terminated", token)
        self.close_wait(token)
        self.forgive(token)
        if token.task_spec.is_process:
            self.effects.ended.setdefault(token.id, Ended("terminated", token.data))
        token._set_state(CANCELLED if terminated else COMPLETED)
        del self.tasks[token.id]
        if token.parent is not None:
            del token.parent._children[token.id]
        return True

    def end(self, process: Token) -> None:
        """Note that the process instance of ``process`` has completed."""
        self.effects.ended[process.id] = Ended("completed", process.data)
        self.record("completed", process)
        if process.parent is None:
            for watcher in process.children:
                self.remove(watcher)
            process._set_state(COMPLETED)
            self.status = "completed"

    # ------------------------------------------------------------------ what the outside must know

    def record(self, event: str, token: Token, data: dict[str, Any] | None = None) -> None:
        """Add a line of history."""
        self.effects.history.append(Step(event, token.task_spec.name, token.id, token.process().id, data))

    def open_wait(self, kind: WaitKind, token: Token, **facts: Any) -> None:
        """Tell the outside what ``token`` waits for."""
        self.effects.opened[token.id] = Wait(kind, token.id, token.task_spec.name, token.process().id, facts)
        token.internal_data["wait"] = kind

    def rearm(self, token: Token, **facts: Any) -> None:
        """Replace what ``token`` waits for: a repeated timer gets its next due date."""
        kind = token.internal_data["wait"]
        if token.id not in self.effects.opened:
            self.effects.closed[token.id] = kind
        self.open_wait(kind, token, **facts)

    def close_wait(self, token: Token) -> None:
        """Tell the outside that ``token`` waits no longer."""
        kind = token.internal_data.pop("wait", None)
        if kind is not None and self.effects.opened.pop(token.id, None) is None:
            self.effects.closed[token.id] = kind

    def facts_of(self, task: Token) -> Mapping[str, Any]:
        """Return what the user task offered at ``task`` is like."""
        wait = self.effects.opened.get(task.id)
        if wait is not None and wait.kind == "task":
            return wait.facts
        return {**self.environment.task(task), **self.effects.changed.get(task.id, {})}

    def change_task(self, task: Token, change: Mapping[str, Any]) -> None:
        """Tell the outside what has become different about a user task."""
        wait = self.effects.opened.get(task.id)
        facts = wait.facts if wait is not None else self.effects.changed.setdefault(task.id, {})
        facts.update(change)

    def offer_again(self, task: Token) -> None:
        """Tell the outside that a user task is open after all."""
        task.internal_data["wait"] = "task"
        if self.effects.closed.get(task.id) == "task":
            del self.effects.closed[task.id]
        else:
            self.effects.reopened.add(task.id)

    def forgive(self, token: Token) -> None:
        """Forget the incident of a token that need not go on, if it has one."""
        if token.internal_data.pop("fault", None) is None:
            return
        token.internal_data.pop("stage", None)
        if self.effects.incidents.pop(token.id, None) is None:
            self.effects.resolved.add(token.id)

    def raise_incident(self, token: Token, fault: Fault, *, stage: str) -> None:
        """Stop ``token`` where it is and tell an operator why."""
        self.close_wait(token)
        token._set_state(ERROR)
        token.internal_data["stage"] = stage
        token.internal_data["fault"] = [fault.kind, fault.message]
        self.effects.incidents[token.id] = (token.task_spec.name, fault)
        self.record("incident", token, {"kind": fault.kind, "message": fault.message})


def _leaves_no_trace(token: Token) -> bool:
    """Tell whether a token has never entered its element, or has said all there is to say of its end."""
    memory = token.internal_data
    not_yet = (READY, WAITING) if token.task_spec.joins else (READY,)
    entered = token._state not in not_yet or bool(memory.keys() & {"heard", "again", "opened"})
    unseen = token.mark == "path" or "compensating" in memory
    return unseen or not entered or "told" in memory


def _endless(token: Token) -> Fault:
    return Fault("expression", "steps.endless", label=token.task_spec.label, steps=token.workflow.max_steps)
