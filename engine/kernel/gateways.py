"""Gateways: where tokens part and meet (BPMN 2.0, 10.6 and 13.4).

Comes in: a ready token. Goes out: tokens on the chosen flows, or one waiting for the others. A gateway never
guesses: a condition that is neither true nor false stops it. Next: ``engine/kernel/events.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.kernel import listeners
from engine.kernel.elements import Element
from engine.kernel.faults import Fault
from engine.kernel.model import Flow
from engine.kernel.token import COMPLETED, ERROR, WAITING, Token

if TYPE_CHECKING:
    from engine.kernel.events import CatchingEvent


class ExclusiveGateway(Element):
    """Takes the first flow, in the order of the file, whose condition holds; else the default flow."""

    kind = "exclusive_gateway"

    def flows_to_take(self, token: Token) -> list[str]:
        """Return the one flow to take.

        Raises:
            Fault: a condition is no truth value, or no flow can be taken.
        """
        for flow in self.outgoing:
            if not flow.default and (flow.condition is None or flow.condition.truth(token)):
                return [flow.id]
        for flow in self.outgoing:
            if flow.default:
                return [flow.id]
        if not self.outgoing:
            return []
        raise Fault("condition", "condition.none", label=self.label)


class JoiningGateway(Element):
    """Collects the tokens of its incoming flows before it opens; until then it was not entered."""

    joins = True

    def arrived(self, token: Token) -> dict[str, Token]:
        """Return the oldest waiting token of every incoming flow, in the scope of ``token``."""
        oldest: dict[str, Token] = {}
        assert token.parent is not None, "gateways live in a scope"
        for other in token.parent.children:
            if other.task_spec is self and (other is token or other._state == WAITING):
                oldest.setdefault(other.internal_data.get("flow", ""), other)
        return oldest

    def open(self, token: Token, tokens: list[Token]) -> None:
        """Consume ``tokens`` and go on as one."""
        for other in tokens:
            if other is not token:
                token.workflow.remove(other)
        token.workflow.record("entered", token)
        if self._says:
            token.internal_data["opened"] = True

    def hears(self, token: Token) -> bool:
        """Let the start listeners of an open gateway hear of it; False while a worker has one."""
        return not self._says or listeners.heard(token, "start")


class ParallelGateway(JoiningGateway):
    """Waits for one token on every incoming flow, then sends one along every outgoing flow."""

    kind = "parallel_gateway"

    def enter(self, token: Token) -> bool:
        """Open when every incoming flow has brought a token; each opening consumes one of each."""
        if "opened" in token.internal_data:
            return self.hears(token)
        arrived = self.arrived(token) if len(self.incoming) > 1 else {"": token}
        if len(arrived) < len(self.incoming) or token not in arrived.values():
            token._set_state(WAITING)
            return False
        self.open(token, list(arrived.values()))
        return self.hears(token)


class InclusiveGateway(JoiningGateway):
    """Waits only for what can still arrive; sends a token along every flow whose condition holds."""

    kind = "inclusive_gateway"

    def seal(self) -> None:
        """Learn, for every incoming flow, from which elements a token could still come by it."""
        super().seal()
        self.joins_inclusively = len(self.incoming) > 1
        self._upstream: dict[str, set[str]] | None = None

    def enter(self, token: Token) -> bool:
        """Wait until the machine has moved every other token as far as it can."""
        if "opened" not in token.internal_data:
            if self.joins_inclusively:
                token._set_state(WAITING)
                return False
            self.open(token, [])
        return self.hears(token)

    def try_to_open(self, token: Token) -> bool:
        """Open unless another token can reach an empty incoming flow without passing here first.

        A token that can reach an empty flow does not count if it can also reach a flow that has a token
        already (BPMN 2.0, 13.4.3).
        """
        arrived = self.arrived(token)
        upstream = self._reach()
        empty = [flow.id for flow in self.incoming if flow.id not in arrived]
        assert token.parent is not None, "gateways live in a scope"
        for other in token.parent.children:
            if other.mark == "watch" or other._state == COMPLETED:
                continue
            if other.task_spec is not self:
                places = [other.task_spec.name]
            elif "opened" in other.internal_data:
                # Its listeners are at work; from here it may come round again.
                places = [flow.target for flow in self.outgoing]
            else:
                continue
            reaches_empty = any(place in upstream[flow] for flow in empty for place in places)
            if reaches_empty and not any(place in upstream[flow] for flow in arrived for place in places):
                return False
            if reaches_empty and other._state == ERROR:
                return False
        self.open(token, list(arrived.values()))
        if self._says:
            token.workflow.enqueue(token)
        else:
            token.complete()
        return True

    def _reach(self) -> dict[str, set[str]]:
        if self._upstream is None:
            self._upstream = {flow.id: self._sources(flow) for flow in self.incoming}
        return self._upstream

    def _sources(self, last: Flow) -> set[str]:
        seen: set[str] = set()
        stack = [last.source]
        elements = self.process.task_specs
        while stack:
            name = stack.pop()
            if name in seen or name == self.name:
                continue
            seen.add(name)
            element = elements[name]
            stack.extend(flow.source for flow in element.incoming)
            if element.details.attached_to is not None:
                stack.append(element.details.attached_to)
            if element.details.event.kind == "link":
                stack.extend(
                    other.name
                    for other in self.process.inside[element.scope_id]
                    if other.details.event.kind == "link"
                    and other.details.event.link == element.details.event.link
                    and other.kind == "intermediate_throw_event"
                )
        return seen


class EventBasedGateway(Element):
    """Waits for the first of the events behind it."""

    kind = "event_based_gateway"

    def act(self, token: Token) -> bool:
        """Watch every event that follows."""
        for flow in self.outgoing:
            event: Any = self.process.task_specs[flow.target]
            event.watch(token)
        token._set_state(WAITING)
        return False

    def chosen(self, token: Token, event: CatchingEvent, variables: dict[str, Any]) -> None:
        """Go on behind ``event``, which came first; the others are forgotten."""
        run = token.workflow
        scope = token.parent
        assert scope is not None, "gateways live in a scope"
        run.record("completed", token)
        run.remove(token)
        successor = run.place(event, scope)
        successor.internal_data["event"] = variables
