"""Paths that part without a gateway, and paths that leave between a fork and its join.

Comes in: where paths meet, where they parted, the graph of the drawing. Goes out: whether all of them can
arrive. It never guesses which condition holds. Next: ``engine/kernel/paths.py``.
"""

from __future__ import annotations

from typing import Literal

from engine.kernel.dominators import Graph, leading
from engine.kernel.elements import Element
from engine.kernel.events import EndEvent
from engine.kernel.gateways import EventBasedGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway

Verdict = Literal["gateway.deadlock", "gateway.may_wait", "gateway.merge_repeats"]
MOST_STEPS = 200_000
"""Steps through a drawing in search of paths that leave; beyond them nothing more is said about it."""


def of_activity(meeting: Element, split: Element, before: Graph) -> Verdict | None:
    """Judge paths that part at an activity or event: its flows are taken together, its border instead or beside.

    Args:
        meeting: where at least two of them meet; split: the nearest element that all of them come through.
        before: which elements lead to each.
    """
    ways = [leading(flow.source, {meeting.name, split.name}, before) for flow in meeting.incoming]
    sure, beside, instead = set[int](), set[int](), list[set[int]]()
    heads = 0
    for number, flow in enumerate(meeting.incoming):
        if flow.source == split.name:
            heads += 1
            (beside if flow.condition is not None or flow.default else sure).add(number)
    for flow in split.outgoing:
        brought = {number for number, names in enumerate(ways) if flow.target in names}
        heads += bool(brought)
        (beside if flow.condition is not None or flow.default else sure).update(brought)
    for boundary in split.boundaries:
        brought = {number for number, names in enumerate(ways) if boundary.name in names}
        if brought and boundary.details.interrupting:
            instead.append(brought)
        elif brought:
            heads += 1
            beside |= brought
    if not isinstance(meeting, ParallelGateway):
        return "gateway.merge_repeats" if heads > 1 and not isinstance(meeting, InclusiveGateway) else None
    everything = set(range(len(ways)))
    if not sure | beside and not instead:
        return None
    if sure | beside != everything and not any(one | beside == everything for one in instead):
        return "gateway.deadlock"
    return "gateway.may_wait" if beside or any(one != everything for one in instead) else None


class Leaks:
    """Finds where a token may leave for good between a fork and its join."""

    def __init__(self, steps: Graph, before: Graph) -> None:
        self.steps, self.before = steps, before
        self.left = MOST_STEPS

    def between(self, split: Element, join: Element) -> Element | None:
        """Return the first element at which a path leads past ``join``, or None."""
        inside: set[str] = set()
        for flow in join.incoming:
            inside |= leading(flow.source, {join.name, split.name}, self.before)
        self.left -= len(inside)
        elements = join.process.task_specs
        for name in inside:
            element = elements[name]
            for way in _choices(element):
                if way != join.name and way not in inside and self.left > 0 and self._ends(way, join, split):
                    return element
        return None

    def _ends(self, name: str, join: Element, split: Element) -> bool:
        """Tell whether a token from here comes to an end that leaves the others waiting."""
        elements = join.process.task_specs
        seen, stack = {join.name, split.name}, [name]
        while stack and self.left > 0:
            current = stack.pop()
            if current in seen:
                continue
            seen.add(current)
            self.left -= 1
            following = self.steps[current]
            kind = elements[current].details.event.kind
            if not following and not (
                isinstance(elements[current], EndEvent) and kind in ("terminate", "error")
            ):
                return True
            stack.extend(following)
        return False


def _choices(element: Element) -> list[str]:
    """Return where a token may go instead of somewhere else."""
    flows = element.outgoing
    chooses = isinstance(element, (ExclusiveGateway, InclusiveGateway, EventBasedGateway)) or any(
        flow.condition is not None for flow in flows
    )
    ways = [flow.target for flow in flows] if chooses and len(flows) > 1 else []
    return ways + [boundary.name for boundary in element.boundaries if boundary.details.interrupting]
