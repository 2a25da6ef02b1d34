"""What a diagram must satisfy so that it runs as drawn.

Comes in: a process as read. Goes out: problems in the report; errors refuse the deployment. It never changes
the process. Next: ``engine/kernel/paths.py``.
"""

from __future__ import annotations

from datetime import UTC, datetime

from engine import variables
from engine.kernel import cycles
from engine.kernel.activities import Activity, CallActivity, PassingTask, SubProcess
from engine.kernel.adhoc import AdHocSubProcess
from engine.kernel.elements import Element
from engine.kernel.events import BoundaryEvent, CatchingEvent, EndEvent, StartEvent, ThrowEvent
from engine.kernel.model import Flow
from engine.kernel.process import ProcessSpec
from engine.kernel.source import Report
from engine.kernel.starts import EXAMPLES, start_problems
from engine.kernel.terms import in_both
from engine.problems import Problem, Severity

ALLOWED: dict[str, frozenset[str]] = {
    "start of a process": frozenset({"none", "timer", "message", "signal"}),
    "start of a subprocess": frozenset({"none"}),
    "start of an event subprocess": frozenset(
        {"timer", "message", "signal", "error", "escalation", "compensation"}
    ),
    "boundary": frozenset({"timer", "message", "signal", "error", "escalation", "compensation"}),
    "catch": frozenset({"timer", "message", "signal", "link"}),
    "throw": frozenset({"none", "message", "signal", "escalation", "link", "compensation"}),
    "end": frozenset({"none", "message", "signal", "error", "escalation", "terminate", "compensation"}),
}
IN_AD_HOC = {
    "en": "start or end event in an ad-hoc subprocess",
    "fr": "événement de début ou de fin dans un sous-processus ad hoc",
}
INSIDE = {"en": "Draw it inside.", "fr": "Dessinez-la à l’intérieur."}
AD_HOC = {
    "en": "Connect the steps to one another; the list of active elements says which begin.",
    "fr": "Reliez les étapes entre elles ; la liste des éléments actifs dit lesquelles commencent.",
}
REPEATED_EVENT = {
    "en": "event subprocess with a multi-instance marker",
    "fr": "sous-processus événementiel à marqueur multi-instance",
}
REPEAT_INSIDE = {
    "en": "Draw the multi-instance inside the event subprocess.",
    "fr": "Dessinez la multi-instance à l’intérieur du sous-processus événementiel.",
}
NO_FLOW = {
    "en": "no sequence flow leads to it or from it",
    "fr": "aucun flux de séquence n’y mène ni n’en part",
}
NO_BORDER = {"en": "it has no event on its border", "fr": "elle ne porte aucun événement sur son bord"}
MARKER = {
    "en": "it has the compensation marker and stands in the scope of what it undoes",
    "fr": "elle porte le marqueur de compensation, dans le périmètre de ce qu’elle annule",
}
HANDLER = {"en": "activity that undoes", "fr": "activité qui annule"}
COMPENSATED = {"en": "activity to undo", "fr": "activité à annuler"}
OTHER_KIND = {"en": "Choose another kind of event.", "fr": "Choisissez un autre type d’événement."}
WHOLE_PROCESS = {
    "en": "Draw it inside the subprocess it undoes; a process is undone by the handler of the activity that calls it.",
    "fr": "Dessinez-le dans le sous-processus qu’il annule ; un processus est annulé par l’activité associée à son appel.",
}
CATCH, THROW = {"en": "wait for", "fr": "attendre"}, {"en": "throw", "fr": "émettre"}
SAID = frozenset({"element.unsupported", "extension.unknown"})
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Start timers are evaluated once to see whether they can be; which day it is does not matter."""
NO_SUCH = {
    "en": "Choose an activity of the same scope that has a compensation event on its border.",
    "fr": "Choisissez une activité du même périmètre qui porte un événement de compensation.",
}


class Teller:
    """Adds problems of elements to the report."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def __call__(
        self, code: str, element: Element, *, severity: Severity = "error", line: int = 0, **facts: object
    ) -> None:
        """Note a problem at ``element``."""
        self.report.note(
            Problem(
                code,
                file=self.report.file,
                line=line or getattr(element, "line", 0),
                element=element.name,
                label=element.label,
                severity=severity,
                facts={name: in_both(fact) for name, fact in facts.items()},
            )
        )


def structure(process: ProcessSpec, report: Report, skipped: set[str]) -> None:
    """Check what can be checked while references may still be broken.

    Args:
        process: as read, not sealed.
        report: takes the problems.
        skipped: ids of elements that were refused already and are missing from ``process``.
    """
    tell = Teller(report)
    elements = process.task_specs
    _scope_starts(process, process.root, tell, skipped)
    for element in elements.values():
        if isinstance(element, SubProcess):
            _scope_starts(process, element, tell, skipped)
        if element.details.triggered_by_event and element.details.loop is not None:
            tell("element.unsupported", element, what=REPEATED_EVENT, instead=REPEAT_INSIDE)
        _event_kind(process, element, tell)
        _timer(process, element, tell)
        _compensation(process, element, tell)
        if isinstance(element, BoundaryEvent):
            _boundary(process, element, tell, skipped)
            _never(process, element, tell)
        if element.kind == "user_task":
            _assignment(element, tell)
    _links(process, tell)
    _duplicates(process, tell)
    _start_timers(process, report)
    undoing: set[str] = set()
    for flow in process.flows.values():
        start, target = elements[flow.source], elements[flow.target]
        for end in (start, target):
            if end.details.triggered_by_event:
                flow_problem(report, "flow.event_subprocess", flow, label=end.label)
            if end.details.for_compensation and end.name not in undoing:
                undoing.add(end.name)
                tell("compensation.handler", end, what=NO_FLOW)
        if start.scope_id != target.scope_id:
            flow_problem(report, "flow.crosses_scope", flow)
        elif isinstance(start, BoundaryEvent) and start.details.event.kind == "compensation":
            tell("compensation.flow", start)
        elif isinstance(target, (StartEvent, BoundaryEvent)) or _arrives_by_link(target):
            tell("flow.into_start", target)
        elif isinstance(start, EndEvent) or _leaves_by_link(start):
            tell("flow.out_of_end", start)


def _arrives_by_link(element: Element) -> bool:
    return element.details.event.kind == "link" and element.kind == "intermediate_catch_event"


def _leaves_by_link(element: Element) -> bool:
    return element.details.event.kind == "link" and element.kind == "intermediate_throw_event"


def flow_problem(report: Report, code: str, flow: Flow, label: str = "") -> None:
    """Add a problem of a sequence flow."""
    report.note(Problem(code, file=report.file, line=flow.line, element=flow.id, label=label or flow.name))


def _scope_starts(process: ProcessSpec, scope: Element, tell: Teller, skipped: set[str]) -> None:
    inside = process.inside.get(scope.name, [])
    starts = [element for element in inside if isinstance(element, StartEvent)]
    if isinstance(scope, AdHocSubProcess):
        for element in inside:
            if isinstance(element, (StartEvent, EndEvent)):
                tell("element.unsupported", element, what=IN_AD_HOC, instead=AD_HOC)
        if not inside:
            tell("attribute.missing", scope, what="at least one activity inside", instead=INSIDE)
        return
    plain = [start for start in starts if start.details.event.kind == "none"]
    if not starts and not (scope.is_process and skipped):
        tell("start.missing", scope)
    if len(plain) > 1:
        tell("start.several", scope, count=len(plain))
    if isinstance(scope, SubProcess) and len(starts) > 1 and len(plain) <= 1:
        tell("start.several", scope, count=len(starts))


def _duplicates(process: ProcessSpec, tell: Teller) -> None:
    """Report two events that would catch the same thing: which of them would is not drawn."""
    seen: dict[tuple[str, str, str], Element] = {}
    elements = process.task_specs
    behind = {
        flow.target: flow.source
        for flow in process.flows.values()
        if elements[flow.source].kind == "event_based_gateway"
    }
    for element in elements.values():
        event, place = element.details.event, element.details.attached_to or behind.get(element.name)
        if isinstance(element, StartEvent):
            owner = elements.get(element.scope_id or "")
            place = f"in {owner.scope_id}" if owner is not None else None
        told = event.code if event.kind in ("error", "escalation") else event.name
        if event.kind == "compensation" and place is not None:
            # Whether drawn on the border or inside: an activity is undone in one way.
            place = f"of {element.details.attached_to or place.removeprefix('in ')}"
        if told is None and event.kind in ("message", "signal"):
            continue  # said already
        if place is None or event.kind not in ("compensation", "error", "escalation", "message", "signal"):
            continue
        code = f"{told.text if told is not None else ''} {event.key.text if event.key is not None else ''}"
        other = seen.setdefault((place, event.kind, code), element)
        if other is not element:
            tell("event.duplicate", element, other=other.label, what=event.kind)


def _start_timers(process: ProcessSpec, report: Report) -> None:
    """Evaluate what may start the process, as deployment will: there are no variables yet."""
    if report.refused():
        return
    for problem in start_problems(process, SOME_DAY, "UTC", report.file):
        report.note(problem)


def _compensation(process: ProcessSpec, element: Element, tell: Teller) -> None:
    elements = process.task_specs
    if element.handler is not None:
        handler = elements.get(element.handler)
        if handler is None or not isinstance(handler, Activity):
            tell("reference.missing", element, what=HANDLER, target=element.handler, instead=NO_SUCH)
        elif not handler.details.for_compensation or handler.scope_id != element.scope_id:
            tell("compensation.handler", handler, what=MARKER)
    if isinstance(element, BoundaryEvent):
        host = elements.get(element.details.attached_to or "")
        if host is not None and host.details.for_compensation:
            tell("compensation.handler", host, what=NO_BORDER)
    event, scope = element.details.event, elements.get(element.scope_id or "")
    if event.kind != "compensation":
        return
    scopes = {element.scope_id}
    if scope is not None and scope.details.triggered_by_event:
        scopes.add(scope.scope_id)
        if isinstance(element, StartEvent) and scope.scope_id == process.root.name:
            tell("event.unsupported", element, verb=CATCH, what=event.kind, instead=WHOLE_PROCESS)
    if event.activity is None or not isinstance(element, ThrowEvent):
        return
    target = elements.get(event.activity)
    undone = target is not None and (target.handler is not None or isinstance(target, SubProcess))
    if target is None or not undone or target.scope_id not in scopes:
        tell("reference.missing", element, what=COMPENSATED, target=event.activity, instead=NO_SUCH)


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


def _event_kind(process: ProcessSpec, element: Element, tell: Teller) -> None:
    place = _place_of(process, element)
    if place is None:
        return
    kind = element.details.event.kind
    catches = place in ("boundary", "start of an event subprocess")
    if catches and kind == "error" and not element.details.interrupting:
        tell("boundary.must_interrupt", element)
    if kind in ALLOWED[place]:
        return
    if kind == "none" and tell.report.said(element.name, *SAID):
        return  # it was meant to be another kind, which was refused by name
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


def _timer(process: ProcessSpec, element: Element, tell: Teller) -> None:
    event = element.details.event
    if event.kind != "timer" or event.when is None or event.timer is None:
        return
    on_path = isinstance(element, CatchingEvent) and not isinstance(element, (BoundaryEvent, StartEvent))
    if event.timer == "cycle" and on_path:
        tell("timer.cycle", element)
    inner = isinstance(element, StartEvent) and element.scope_id != process.root.name
    if (
        event.timer == "cycle"
        and element.details.interrupting
        and (inner or isinstance(element, BoundaryEvent))
    ):
        tell("timer.once", element, severity="warning")
    if not event.when.fixed:
        return
    text = event.when.text
    if event.timer == "date":
        valid = variables.to_instant(text, zone="UTC") is not None
    elif event.timer == "duration":
        valid = variables.parse_duration(text) is not None and not text.strip().startswith("-")
    else:
        valid = cycles.read(text, "UTC") is not None
    if not valid:
        tell("timer.text", element, text=text, what=f"a {event.timer}", example=EXAMPLES[event.timer])


def _boundary(process: ProcessSpec, element: BoundaryEvent, tell: Teller, skipped: set[str]) -> None:
    host = process.task_specs.get(element.details.attached_to or "")
    if host is None and element.details.attached_to in skipped:
        return
    if (
        not isinstance(host, Activity)
        or isinstance(host, (ThrowEvent, BoundaryEvent))
        or host.details.triggered_by_event
        or host.scope_id != element.scope_id
    ):
        tell("boundary.nowhere", element)


def _links(process: ProcessSpec, tell: Teller) -> None:
    """Compare the throwing link events of each scope with the catching ones."""
    throws: dict[tuple[str | None, str], list[Element]] = {}
    catches: dict[tuple[str | None, str], list[Element]] = {}
    for element in process.task_specs.values():
        name = element.details.event.link
        if name is not None and (_arrives_by_link(element) or _leaves_by_link(element)):
            side = catches if _arrives_by_link(element) else throws
            side.setdefault((element.scope_id, name), []).append(element)
    for place, elements in throws.items():
        if (count := len(catches.get(place, ()))) != 1:
            for element in elements:
                tell("link.pair", element, name=place[1], count=count)
    for place in catches.keys() - throws.keys():
        for element in catches[place]:
            tell("link.unused", element, name=place[1])


def _never(process: ProcessSpec, element: BoundaryEvent, tell: Teller) -> None:
    """Warn of an event on the border of what is over before it can happen."""
    host, kind = process.task_specs.get(element.details.attached_to or ""), element.details.event.kind
    if host is None or host.details.listeners or tell.report.said(element.name):
        return
    at_once = isinstance(host, PassingTask) and kind not in ("compensation", "none")
    silent = kind == "escalation" and not isinstance(host, (SubProcess, CallActivity))
    if at_once or silent:
        tell("boundary.never", element, severity="warning", host=host.label)


def _assignment(element: Element, tell: Teller) -> None:
    user = element.details.user
    if tell.report.said(element.name, "feel.syntax"):
        return  # somebody was meant
    if user is None or not (user.assignee or user.candidate_groups or user.candidate_users):
        tell("user_task.nobody", element, severity="warning")
