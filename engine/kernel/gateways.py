"""Gateways: where tokens part and meet (BPMN 2.0, 10.6 and 13.4).

Comes in: a ready token. Goes out: tokens on the chosen flows, or one waiting for the others. A gateway never
guesses: a condition that is neither true nor false stops it. Next: ``engine/kernel/events.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.kernel import listeners
from engine.kernel.dominators import Graph, backwards, leading, nearest, postorder
from engine.kernel.elements import Element
from engine.kernel.faults import Fault
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


@dataclass(frozen=True, slots=True)
class Reach:
    """From where a token may still come, by incoming flow of an inclusive join.

    Attributes:
        upstream: at all, also by an event on a border; drawn: along flows and links alone; near: without
            passing again through the element behind which the paths to the join part.
    """

    upstream: dict[str, set[str]]
    drawn: dict[str, set[str]]
    near: dict[str, set[str]]


class InclusiveGateway(JoiningGateway):
    """Waits only for what can still arrive; sends a token along every flow whose condition holds."""

    kind = "inclusive_gateway"

    def seal(self) -> None:
        """Learn, for every incoming flow, from which elements a token could still come by it."""
        super().seal()
        self.joins_inclusively = len(self.incoming) > 1
        self._reach: Reach | None = None

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
        already (BPMN 2.0, 13.4.3) and would have to come through the split again for it: it is of another
        round. One that comes from behind the split is still to come, whatever ways back it has.
        """
        arrived = self.arrived(token)
        self._reach = reach = self._reach or self._sources()
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
            # Joins that wait for one another would wait for ever, so one of another round does not count.
            joins = other._state == WAITING and other.task_spec.joins_inclusively
            if not joins and any(place in reach.near[flow] for flow in empty for place in places):
                return False
            reaches_empty = any(place in reach.upstream[flow] for flow in empty for place in places)
            # What only its border leads to an empty flow, its border may lead to the others too.
            along = any(place in reach.drawn[flow] for flow in empty for place in places)
            ways = reach.drawn if along else reach.upstream
            if reaches_empty and not any(place in ways[flow] for flow in arrived for place in places):
                return False
            if reaches_empty and other._state == ERROR:
                return False
        self.open(token, list(arrived.values()))
        if self._says:
            token.workflow.enqueue(token)
        else:
            token.complete()
        return True

    def _sources(self) -> Reach:
        steps = self._steps(borders=True)
        order = postorder("", steps)
        before, drawn = backwards(steps), backwards(self._steps(borders=False))
        split = nearest(order, {name: index for index, name in enumerate(order)}, before).get(self.name, "")
        here = {self.name, ""}
        return Reach(
            {flow.id: leading(flow.source, here, before) for flow in self.incoming},
            {flow.id: leading(flow.source, here, drawn) for flow in self.incoming},
            {flow.id: leading(flow.source, here | {split}, before) for flow in self.incoming},
        )

    def _steps(self, *, borders: bool) -> Graph:
        """Return where a token may go inside the scope of this gateway; ``""`` leads to where it may begin."""
        inside = self.process.inside[self.scope_id]
        links: Graph = {}
        steps: Graph = {"": []}
        for element in inside:
            steps[element.name] = [flow.target for flow in element.outgoing]
            if borders:
                steps[element.name] += [boundary.name for boundary in element.boundaries]
            if not element.incoming and element.details.attached_to is None:
                steps[""].append(element.name)
            if element.details.event.kind == "link" and element.kind == "intermediate_catch_event":
                links.setdefault(element.details.event.link or "", []).append(element.name)
        for element in inside:
            if element.details.event.kind == "link" and element.kind == "intermediate_throw_event":
                steps[element.name] = links.get(element.details.event.link or "", [])
        return steps


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
