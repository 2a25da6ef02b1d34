"""What a diagram's paths must satisfy: gateways that can open, elements that can be reached.

Comes in: a sealed process. Goes out: problems in the report. It looks at the drawing only and never guesses what
a condition will say. Next: ``engine/definitions.py``.
"""

from __future__ import annotations

import functools

from engine.kernel import partings
from engine.kernel.adhoc import AdHocSubProcess
from engine.kernel.checks import Teller, flow_problem
from engine.kernel.dominators import Graph, backwards, leading, nearest, postorder
from engine.kernel.elements import Element
from engine.kernel.events import BoundaryEvent, CatchingEvent, EndEvent, StartEvent, ThrowEvent
from engine.kernel.gateways import EventBasedGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.kernel.process import ProcessSpec
from engine.kernel.source import Report
from engine.problems import Severity

HOLES = frozenset(
    {
        "element.instantiates",
        "flow.open",
        "link.unused",
        "flow.dangling",
        "flow.crosses_scope",
        "boundary.nowhere",
        "start.missing",
        "id.missing",
        "id.duplicate",
    }
)
"""Problems that tear the paths: what they cut off is not reported again as unreachable."""


def paths(process: ProcessSpec, report: Report, *, holes: bool) -> None:
    """Check gateways and the paths between them, once elements know their flows.

    Args:
        process: sealed; it may lack what was refused already.
        report: takes the problems; what stands in it already is not said twice.
        holes: True when elements are missing, so that paths may be torn.
    """
    tell = Teller(report)
    holes = holes or not HOLES.isdisjoint(report.codes)
    for element in process.task_specs.values():
        if isinstance(element, (ExclusiveGateway, InclusiveGateway)) and len(element.outgoing) > 1:
            for flow in element.outgoing:
                if flow.condition is None and not flow.default and not report.said(flow.id):
                    flow_problem(report, "flow.no_condition", flow, label=element.label)
        elif isinstance(element, (ParallelGateway, EventBasedGateway)):
            for flow in element.outgoing:
                if flow.condition is not None:
                    flow_problem(report, "flow.ignored_condition", flow, label=element.label)
        if isinstance(element, EventBasedGateway):
            _event_gateway(process, element, tell)
    if holes:
        return
    for element in process.task_specs.values():
        if not element.outgoing and isinstance(element, (ExclusiveGateway, InclusiveGateway)):
            tell("gateway.no_exit", element)
        elif not element.outgoing and isinstance(element, ParallelGateway):
            tell("gateway.no_exit", element, severity="warning")
    reached = _reached(process)
    for element in process.task_specs.values():
        if element.name not in reached and not element.is_process:
            tell("element.unreachable", element)
    _meetings(process, tell)


def _event_gateway(process: ProcessSpec, element: EventBasedGateway, tell: Teller) -> None:
    if len(element.outgoing) < 2:
        tell("gateway.event_alone", element)
    for flow in element.outgoing:
        target = process.task_specs[flow.target]
        waits = (
            isinstance(target, CatchingEvent) and target.needs_watch and not isinstance(target, BoundaryEvent)
        )
        # A task with a border or a loop would have to begin before its message has come.
        bare = not target.boundaries and target.details.loop is None
        if not waits or not bare or len(target.incoming) > 1:
            tell("gateway.event_target", element, target=target.label)


def _steps(process: ProcessSpec) -> Graph:
    """Return where a token may go from each element: flows, borders, links, handlers, what begins inside."""
    steps: Graph = {}
    arrivals: dict[tuple[str | None, str | None], list[str]] = {}
    for element in process.task_specs.values():
        if element.details.event.kind == "link" and isinstance(element, CatchingEvent):
            arrivals.setdefault((element.scope_id, element.details.event.link), []).append(element.name)
    for name, element in process.task_specs.items():
        steps[name] = [flow.target for flow in element.outgoing]
        steps[name] += [boundary.name for boundary in element.boundaries]
        if element.handler in process.task_specs:
            steps[name].append(element.handler)
        event = element.details.event
        if event.kind == "link" and isinstance(element, ThrowEvent):
            steps[name] += arrivals.get((element.scope_id, event.link), [])
        steps[name] += [inner.name for inner in process.inside.get(name, ()) if _begins(element, inner)]
    return steps


def _begins(scope: Element, inner: Element) -> bool:
    if inner.details.triggered_by_event or isinstance(inner, StartEvent):
        return True
    return isinstance(scope, AdHocSubProcess) and not inner.incoming and inner.details.attached_to is None


def _reached(process: ProcessSpec) -> set[str]:
    """Return the ids of the elements that some token can stand on."""
    steps = _steps(process)
    seen: set[str] = set()
    stack = [process.root.name]
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack.extend(steps[name])
    return seen


# ---------------------------------------------------------------------- where paths meet


def _meetings(process: ProcessSpec, tell: Teller) -> None:
    """Compare where paths meet with where they parted.

    A parallel join behind a gateway that takes one flow waits for ever; a merge behind one that takes several
    runs what follows several times.
    """
    meetings = [
        element
        for element in process.task_specs.values()
        if len(element.incoming) > 1 and not isinstance(element, EndEvent)
    ]
    if not meetings:
        return
    steps = _steps(process)
    order = postorder(process.root.name, steps)
    number = {name: index for index, name in enumerate(order)}
    before = backwards(steps)
    dominators = nearest(order, number, before)
    leaks = partings.Leaks(steps, before)
    # Most splits are in no loop at all: asked once, it spares a walk for each of their joins.
    loops = functools.cache(lambda name: _in_loop(name, "", steps))
    for meeting in meetings:
        split = process.task_specs.get(dominators.get(meeting.name, ""))
        back = [flow for flow in meeting.incoming if _behind(flow.source, meeting.name, dominators, number)]
        if isinstance(meeting, ParallelGateway) and back:
            tell("gateway.waits_for_itself", meeting)
            continue
        apart = len(meeting.incoming) - len(back) > 1
        if not apart or split is None:
            continue
        if not (loops(split.name) and _in_loop(split.name, meeting.name, steps)):
            _compare(meeting, split, before, tell)
            if isinstance(meeting, ParallelGateway) and isinstance(split, ParallelGateway):
                leak = leaks.between(split, meeting)
                if leak is not None:
                    tell("gateway.may_miss", meeting, severity="warning", at=leak.label)


def _compare(meeting: Element, split: Element, before: Graph, tell: Teller) -> None:
    together = isinstance(split, (ParallelGateway, InclusiveGateway))
    if isinstance(meeting, ParallelGateway):
        if isinstance(split, (ExclusiveGateway, EventBasedGateway)):
            if _waits_in_vain(meeting, split, before):
                tell("gateway.deadlock", meeting, split=split.label)
        elif isinstance(split, InclusiveGateway):
            tell("gateway.may_wait", meeting, severity="warning", split=split.label)
    elif together and not isinstance(meeting, InclusiveGateway):
        tell("gateway.merge_repeats", meeting, severity="warning", split=split.label)
    if not isinstance(split, (ExclusiveGateway, EventBasedGateway, ParallelGateway, InclusiveGateway)):
        verdict = partings.of_activity(meeting, split, before)
        if verdict is not None:
            severity: Severity = "error" if verdict == "gateway.deadlock" else "warning"
            tell(verdict, meeting, severity=severity, split=split.label)


def _waits_in_vain(join: Element, split: Element, before: Graph) -> bool:
    """Tell whether some flow of ``split``, which sends one token, leads to ``join`` but not to all of its flows.

    Two forks behind one split may well feed the same join; something on the way must then make several tokens.
    """
    ways = [leading(flow.source, {join.name, split.name}, before) for flow in join.incoming]
    elements = join.process.task_specs
    forks = any(_makes_several(elements[name]) for name in set().union(*ways))
    for flow in split.outgoing:
        brought = sum(flow.target in names for names in ways)
        if flow.target == join.name or 0 < brought < len(ways) or (brought and not forks):
            return True
    return False


def _makes_several(element: Element) -> bool:
    """Tell whether one token that comes here may go on as several."""
    together = len(element.outgoing) > 1 and not isinstance(element, (ExclusiveGateway, EventBasedGateway))
    return together or any(not boundary.details.interrupting for boundary in element.boundaries)


def _behind(name: str, meeting: str, dominators: dict[str, str], number: dict[str, int]) -> bool:
    """Tell whether every path to ``name`` goes through ``meeting``: a flow from there leads back."""
    last = number.get(meeting, -1)
    while number.get(name, last + 1) < last:
        name = dominators[name]
    return name == meeting


def _in_loop(name: str, join: str, steps: Graph) -> bool:
    """Tell whether a token can come back to ``name`` without passing ``join``."""
    seen, stack = {join}, list(steps[name])
    while stack:
        current = stack.pop()
        if current == name:
            return True
        if current not in seen:
            seen.add(current)
            stack.extend(steps[current])
    return False
