"""What a diagram must satisfy so that it runs as drawn.

Comes in: a process as read. Goes out: problems in the report; errors refuse the deployment. It never changes
the process. Next: ``engine/definitions.py``.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine import variables
from engine.kernel.activities import Activity, SubProcess
from engine.kernel.elements import Element
from engine.kernel.events import BoundaryEvent, CatchingEvent, EndEvent, StartEvent, ThrowEvent
from engine.kernel.gateways import EventBasedGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.kernel.process import ProcessSpec
from engine.kernel.source import Report
from engine.problems import Problem, Severity

ALLOWED: dict[str, frozenset[str]] = {
    "start of a process": frozenset({"none", "timer", "message", "signal"}),
    "start of a subprocess": frozenset({"none"}),
    "start of an event subprocess": frozenset({"timer", "message", "signal", "error", "escalation"}),
    "boundary": frozenset({"timer", "message", "signal", "error", "escalation", "compensation"}),
    "catch": frozenset({"timer", "message", "signal", "link"}),
    "throw": frozenset({"none", "message", "signal", "escalation", "link", "compensation"}),
    "end": frozenset({"none", "message", "signal", "error", "escalation", "terminate", "compensation"}),
}
OTHER_KIND = {"en": "Choose another kind of event.", "fr": "Choisissez un autre type d’événement."}
CATCH, THROW = {"en": "wait for", "fr": "attendre"}, {"en": "throw", "fr": "émettre"}
EXAMPLES = {"date": "2026-07-14T08:00:00+02:00", "duration": "PT2H", "cycle": "R3/PT2H"}


class _Teller:
    """Adds problems of elements to the report."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def __call__(
        self, code: str, element: Element, *, severity: Severity = "error", line: int = 0, **facts: object
    ) -> None:
        self.report.problems.append(
            Problem(
                code,
                file=self.report.file,
                line=line or getattr(element, "line", 0),
                element=element.name,
                label=element.label,
                severity=severity,
                facts=facts,
            )
        )


def structure(process: ProcessSpec, report: Report, skipped: set[str]) -> None:
    """Check what can be checked while references may still be broken.

    Args:
        process: as read, not sealed.
        report: takes the problems.
        skipped: ids of elements that were refused already and are missing from ``process``.
    """
    tell = _Teller(report)
    elements = process.task_specs
    _scope_starts(process, process.root, tell, skipped)
    for element in elements.values():
        if isinstance(element, SubProcess):
            _scope_starts(process, element, tell, skipped)
        _event_kind(process, element, tell)
        _timer(element, tell)
        if isinstance(element, BoundaryEvent):
            _boundary(process, element, tell, skipped)
        if element.details.event.kind == "link" and isinstance(element, ThrowEvent):
            _link(process, element, tell)
        if element.kind == "user_task":
            _assignment(element, tell)
    for flow in process.flows.values():
        start, target = elements[flow.source], elements[flow.target]
        if start.scope_id != target.scope_id:
            _flow_problem(report, "flow.crosses_scope", flow.id)
        elif isinstance(target, (StartEvent, BoundaryEvent)):
            tell("flow.into_start", target)
        elif isinstance(start, EndEvent):
            tell("flow.out_of_end", start)


def paths(process: ProcessSpec, report: Report) -> None:
    """Check gateways and the paths between them, once elements know their flows."""
    tell = _Teller(report)
    for element in process.task_specs.values():
        if isinstance(element, (ExclusiveGateway, InclusiveGateway)) and len(element.outgoing) > 1:
            for flow in element.outgoing:
                if flow.condition is None and not flow.default:
                    _flow_problem(report, "flow.no_condition", flow.id, label=element.label)
        elif isinstance(element, (ParallelGateway, EventBasedGateway)):
            for flow in element.outgoing:
                if flow.condition is not None:
                    _flow_problem(report, "flow.ignored_condition", flow.id, label=element.label)
        if isinstance(element, EventBasedGateway):
            _event_gateway(process, element, tell)
    reached = _reached(process)
    for element in process.task_specs.values():
        if element.name not in reached and not element.is_process:
            tell("element.unreachable", element)
    _deadlocks(process, tell)


def _flow_problem(report: Report, code: str, flow_id: str, label: str = "") -> None:
    report.problems.append(Problem(code, file=report.file, element=flow_id, label=label))


def _scope_starts(process: ProcessSpec, scope: Element, tell: _Teller, skipped: set[str]) -> None:
    starts = [
        e for e in process.task_specs.values() if isinstance(e, StartEvent) and e.scope_id == scope.name
    ]
    plain = [start for start in starts if start.details.event.kind == "none"]
    if not starts and not (scope.is_process and skipped):
        tell("start.missing", scope)
    if len(plain) > 1:
        tell("start.several", scope, count=len(plain))
    if isinstance(scope, SubProcess) and len(starts) > 1 and len(plain) <= 1:
        tell("start.several", scope, count=len(starts))


def _place_of(process: ProcessSpec, element: Element) -> str | None:
    if isinstance(element, StartEvent):
        scope = process.task_specs.get(element.scope_id or "")
        if scope is None or scope.is_process:
            return "start of a process"
        inside_event = scope.details.triggered_by_event
        return "start of an event subprocess" if inside_event else "start of a subprocess"
    if isinstance(element, BoundaryEvent):
        return "boundary"
    if isinstance(element, EndEvent):
        return "end"
    if isinstance(element, ThrowEvent):
        return "throw"
    if isinstance(element, CatchingEvent) and not isinstance(element, Activity):
        return "catch"
    return None


def _event_kind(process: ProcessSpec, element: Element, tell: _Teller) -> None:
    place = _place_of(process, element)
    if place is None:
        return
    kind = element.details.event.kind
    if kind in ALLOWED[place]:
        return
    if place.startswith("start"):
        tell("start.event", element, what=kind)
    else:
        tell(
            "event.unsupported",
            element,
            verb=THROW if place in ("throw", "end") else CATCH,
            what=kind,
            instead=OTHER_KIND,
        )


def _timer(element: Element, tell: _Teller) -> None:
    event = element.details.event
    if event.kind != "timer" or event.when is None or event.timer is None:
        return
    on_path = isinstance(element, CatchingEvent) and not isinstance(element, (BoundaryEvent, StartEvent))
    if event.timer == "cycle" and on_path:
        tell("timer.cycle", element)
    if not event.when.fixed:
        return
    text = event.when.text
    if event.timer == "date":
        valid = variables.to_instant(text, zone="UTC") is not None
    elif event.timer == "duration":
        valid = variables.parse_duration(text) is not None
    else:
        parts = text.split("/")
        repeats = parts[0][1:]
        valid = (
            parts[0].startswith("R")
            and (repeats == "" or repeats.isdigit())
            and len(parts) in (2, 3)
            and variables.parse_duration(parts[-1]) is not None
            and (len(parts) == 2 or variables.to_instant(parts[1], zone="UTC") is not None)
        )
    if not valid:
        tell("timer.text", element, text=text, what=event.timer, example=EXAMPLES[event.timer])


def _boundary(process: ProcessSpec, element: BoundaryEvent, tell: _Teller, skipped: set[str]) -> None:
    host = process.task_specs.get(element.details.attached_to or "")
    if host is None and element.details.attached_to in skipped:
        return
    if (
        not isinstance(host, Activity)
        or isinstance(host, (ThrowEvent, BoundaryEvent))
        or host.details.triggered_by_event
    ):
        tell("boundary.nowhere", element)
    elif element.details.event.kind == "error" and not element.details.interrupting:
        tell("boundary.must_interrupt", element)


def _link(process: ProcessSpec, element: Element, tell: _Teller) -> None:
    name = element.details.event.link
    catches = [
        other
        for other in process.task_specs.values()
        if other.kind == "intermediate_catch_event"
        and other.details.event.kind == "link"
        and other.details.event.link == name
        and other.scope_id == element.scope_id
    ]
    if len(catches) != 1:
        tell("link.pair", element, name=name, count=len(catches))


def _assignment(element: Element, tell: _Teller) -> None:
    user = element.details.user
    if user is None or not (user.assignee or user.candidate_groups or user.candidate_users):
        tell("user_task.nobody", element, severity="warning")


def _event_gateway(process: ProcessSpec, element: EventBasedGateway, tell: _Teller) -> None:
    if len(element.outgoing) < 2:
        tell("gateway.event_alone", element)
    for flow in element.outgoing:
        target = process.task_specs[flow.target]
        waits = (
            isinstance(target, CatchingEvent) and target.needs_watch and not isinstance(target, BoundaryEvent)
        )
        if not waits or len(target.incoming) > 1:
            tell("gateway.event_target", element, target=target.label)


def _reached(process: ProcessSpec) -> set[str]:
    """Return the ids of the elements that some token can stand on."""
    elements = process.task_specs
    attached: dict[str, list[str]] = {}
    for element in elements.values():
        if element.details.attached_to:
            attached.setdefault(element.details.attached_to, []).append(element.name)
    stack = [element.name for element in elements.values() if isinstance(element, StartEvent)]
    links = {
        (e.scope_id, e.details.event.link): e.name
        for e in elements.values()
        if e.details.event.kind == "link" and isinstance(e, CatchingEvent)
    }
    stack += [e.handler for e in elements.values() if e.handler in elements and e.handler is not None]
    seen: set[str] = set()
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        element = elements[name]
        stack.extend(flow.target for flow in element.outgoing)
        stack.extend(attached.get(name, ()))
        if element.details.event.kind == "link" and isinstance(element, ThrowEvent):
            stack.extend(filter(None, [links.get((element.scope_id, element.details.event.link))]))
    # A subprocess is only as reachable as its border; an event subprocess is entered by its start.
    for element in elements.values():
        if element.details.triggered_by_event:
            seen.add(element.name)
    return seen


def _deadlocks(process: ProcessSpec, tell: _Teller) -> None:
    """Report parallel joins whose incoming flows all stem from a gateway that takes only one of them."""
    elements = process.task_specs
    successors = {
        name: [flow.target for flow in element.outgoing] + [boundary.name for boundary in element.boundaries]
        for name, element in elements.items()
    }
    for element in elements.values():
        if not isinstance(element, ParallelGateway) or len(element.incoming) < 2:
            continue
        split = _common_split(process, element)
        if isinstance(split, (ExclusiveGateway, EventBasedGateway)) and not _in_loop(
            split.name, element.name, successors
        ):
            tell("gateway.deadlock", element, split=split.label)


def _common_split(process: ProcessSpec, join: Element) -> Element | None:
    """Return the nearest element through which every path to ``join`` goes (its immediate dominator)."""
    elements = process.task_specs
    predecessors = {
        name: [flow.source for flow in element.incoming]
        + ([element.details.attached_to] if element.details.attached_to else [])
        for name, element in elements.items()
    }
    upstream = _closure(join.name, predecessors)
    starts = [name for name in upstream if not predecessors[name]]
    for candidate in _nearest_first(join.name, predecessors):
        if candidate != join.name and not _avoids(candidate, join.name, predecessors, starts):
            return elements[candidate]
    return None


def _closure(name: str, graph: dict[str, list[str]]) -> set[str]:
    return set(_nearest_first(name, graph))


def _nearest_first(name: str, graph: dict[str, list[str]]) -> Iterable[str]:
    seen, queue = {name}, [name]
    for current in queue:
        for other in graph[current]:
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return queue


def _avoids(candidate: str, join: str, predecessors: dict[str, list[str]], starts: list[str]) -> bool:
    """Tell whether ``join`` can be reached from a start without passing ``candidate``."""
    if candidate in starts:
        return len(starts) > 1
    seen, stack = {join, candidate}, [join]
    while stack:
        for other in predecessors[stack.pop()]:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return any(start in seen for start in starts)


def _in_loop(name: str, join: str, successors: dict[str, list[str]]) -> bool:
    """Tell whether a token can come back to ``name`` without passing ``join``."""
    seen, stack = {join}, list(successors[name])
    while stack:
        current = stack.pop()
        if current == name:
            return True
        if current not in seen:
            seen.add(current)
            stack.extend(successors[current])
    return False
