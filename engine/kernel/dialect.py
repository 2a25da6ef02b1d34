"""Reading BPMN 2.0 with the zeebe namespace into executable processes.

Comes in: the bytes of one file. Goes out: its executable processes as SpiffWorkflow specifications made of
our elements, what they refer to, and every problem at once. It never stops at the first problem and never
ignores what it does not understand. Next: ``engine/kernel/checks.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag

from engine.kernel import checks, paths, source
from engine.kernel.activities import (
    BusinessRuleTask,
    CallActivity,
    JobElement,
    PassingTask,
    ScriptTask,
    SubProcess,
    UserTask,
)
from engine.kernel.adhoc import AdHocSubProcess
from engine.kernel.elements import Element, ProcessElement
from engine.kernel.event_reader import EventReader
from engine.kernel.events import BoundaryEvent, CatchingEvent, EndEvent, ReceiveTask, StartEvent, ThrowEvent
from engine.kernel.extensions import FEEL_ADVICE, RESULT_ADVICE, TASK_TYPE_ADVICE, ExtensionReader
from engine.kernel.gateways import EventBasedGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.kernel.model import Details, Flow
from engine.kernel.process import ProcessSpec
from engine.kernel.source import Node, Report, children, extension, tag
from engine.problems import Problem

UNSUPPORTED = {
    "transaction": ("transaction subprocess", "sous-processus transactionnel"),
    "complexGateway": ("complex gateway", "passerelle complexe"),
    "callChoreography": ("choreography", "chorégraphie"),
}
INSTEAD = {
    "en": "Draw it with a subprocess, gateways and events that Guichet runs (see the README of engine/kernel).",
    "fr": "Dessinez-le avec un sous-processus, des passerelles et des événements connus (README de engine/kernel).",
}
MESSAGE_START = {
    "en": "Begin with a message start event.",
    "fr": "Commencez par un événement de début message.",
}
ARTIFACTS = frozenset(
    {
        "association",
        "category",
        "completionCondition",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "documentation",
        "extensionElements",
        "group",
        "incoming",
        "ioSpecification",
        "laneSet",
        "multiInstanceLoopCharacteristics",
        "outgoing",
        "property",
        "sequenceFlow",
        "standardLoopCharacteristics",
        "textAnnotation",
        "",
    }
)


@dataclass(slots=True)
class Reading:
    """What a file holds.

    Attributes:
        processes: the executable ones; complete only if no problem is an error.
        problems: everything found, errors and warnings.
    """

    processes: list[ProcessSpec] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class ElementParser(TaskParser):
    """Makes one element from its XML; flows are connected later, for all elements at once.

    SpiffWorkflow walks the flows recursively from the start event, which a diagram of some hundred nodes in a
    row does not survive; here the file is read from top to bottom.
    """

    def create_element(self, reader: DialectParser, process: ProcessSpec, scope_id: str | None) -> Element:
        """Return the element; what is wrong with it goes to the reader's report."""
        details = reader.details(self.node)
        element: Element = self.spec_class(
            process, self.bpmn_id, self.node.get("name") or "", scope_id, details
        )
        element.documentation = (
            "\n".join(item.text or "" for item in children(self.node, "documentation")) or None
        )
        element.lane = self.process_parser.get_lane_name(self.bpmn_id)
        element.line = source.line_of(self.node)
        return element


class DialectProcessParser(ProcessParser):
    """Reads one process, its subprocesses included, into one flat specification."""

    def _parse(self) -> None:
        self.spec = ProcessSpec(self.bpmn_id, self.node.get("name") or "", self.filename or "")
        process: ProcessSpec = self.spec
        reader: DialectParser = self.parser
        reader.extensions.refuse_unknown(self.node)
        details = Details(listeners=reader.extensions.listeners(self.node))
        process.root = ProcessElement(process, self.bpmn_id, self.node.get("name") or "", None, details)
        process.root.line = source.line_of(self.node)
        tagged = extension(self.node, "versionTag")
        process.version_tag = tagged.get("value") if tagged is not None else None
        self._read_scope(reader, self.node, self.bpmn_id)

    def _read_scope(self, reader: DialectParser, node: Node, scope_id: str) -> None:
        process: ProcessSpec = self.spec
        for item in node:
            name = tag(item)
            if source.namespace(item) != source.BPMN or name in ARTIFACTS:
                continue
            parser_class, spec_class = reader._get_parser_class(item.tag)
            if name in UNSUPPORTED or spec_class is None:
                en, fr = UNSUPPORTED.get(name, (name, name))
                reader.report.add("element.unsupported", item, what={"en": en, "fr": fr}, instead=INSTEAD)
                continue
            if item.get("id") is None:
                reader.report.add("id.missing", item, what=name)
                continue
            if item.get("id") in process.task_specs:
                reader.report.add("id.duplicate", item)
                continue
            parser = parser_class(self, spec_class, item, self.nsmap)
            element = parser.create_element(reader, process, scope_id)
            if isinstance(element, StartEvent) and scope_id == self.bpmn_id:
                process.starts.append(element)
            if isinstance(element, SubProcess):
                self._read_scope(reader, item, element.name)
        self._read_flows(reader, node)

    def _read_flows(self, reader: DialectParser, node: Node) -> None:
        process: ProcessSpec = self.spec
        for item in children(node, "sequenceFlow"):
            reader.extensions.refuse_unknown(item)
            flow_id = item.get("id") or ""
            ends = {end: item.get(end, "") for end in ("sourceRef", "targetRef")}
            missing = [ref for ref in ends.values() if ref not in process.task_specs]
            if missing:
                if missing[0] not in reader.skipped:
                    reader.report.add("flow.dangling", item, missing=missing[0])
                continue
            if not flow_id or flow_id in process.flows:
                reader.report.add("id.duplicate", item)
                continue
            start = self.nodes_by_id.get(ends["sourceRef"])
            process.flows[flow_id] = Flow(
                flow_id,
                item.get("name") or "",
                ends["sourceRef"],
                ends["targetRef"],
                reader.condition(item),
                start is not None and start.get("default") == flow_id,
                source.line_of(item),
            )


class DialectParser(BpmnParser):
    """SpiffWorkflow's parser with our elements in every place."""

    PROCESS_PARSER_CLASS = DialectProcessParser
    PARSER_CLASSES: ClassVar[dict[str, Any]] = {
        full_tag(name): (ElementParser, spec_class)
        for name, spec_class in {
            "adHocSubProcess": AdHocSubProcess,
            "boundaryEvent": BoundaryEvent,
            "businessRuleTask": BusinessRuleTask,
            "callActivity": CallActivity,
            "endEvent": EndEvent,
            "eventBasedGateway": EventBasedGateway,
            "exclusiveGateway": ExclusiveGateway,
            "inclusiveGateway": InclusiveGateway,
            "intermediateCatchEvent": CatchingEvent,
            "intermediateThrowEvent": ThrowEvent,
            "manualTask": PassingTask,
            "parallelGateway": ParallelGateway,
            "receiveTask": ReceiveTask,
            "scriptTask": ScriptTask,
            "sendTask": JobElement,
            "serviceTask": JobElement,
            "startEvent": StartEvent,
            "subProcess": SubProcess,
            "task": PassingTask,
            "userTask": UserTask,
        }.items()
    }

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report
        self.extensions = ExtensionReader(report)
        self.events = EventReader(self.extensions)
        self.skipped: set[str] = set()

    def add_bpmn_xml(self, bpmn: Node, filename: str | None = None) -> None:
        """Take in a tree. Data stores and correlation properties are drawings here, so they are not read."""
        self._add_diagram_indexes(bpmn)
        self.events.learn(bpmn)
        self.skipped = {
            node.get("id") or ""
            for node in bpmn.iter()
            if tag(node) in UNSUPPORTED or (isinstance(node.tag, str) and node.get("id") is None)
        }
        for process in bpmn.iterfind("bpmn:process", namespaces=source.NAMESPACES):
            if process.get("isExecutable") == "false":
                continue
            if process.get("id") is None:
                self.report.add("id.missing", process, what="process")
            elif process.get("id") in self.process_parsers:
                self.report.add("id.duplicate", process)
            else:
                self.create_parser(process, filename)

    # ------------------------------------------------------------------ one element

    def details(self, node: Node) -> Details:
        """Read everything the diagram says about an element besides its kind."""
        read, kind = self.extensions, tag(node)
        read.refuse_unknown(node)
        facts: dict[str, Any] = {
            "inputs": read.mappings(node, "input"),
            "outputs": read.mappings(node, "output"),
            "event": self.events.event(node),
            "loop": read.loop(node),
            "properties": read.properties(node),
            "listeners": read.listeners(node),
            "for_compensation": node.get("isForCompensation") == "true",
            "handler": self.events.handlers.get(node.get("id") or ""),
        }
        if kind == "userTask":
            facts["user"] = read.user(node)
        elif kind == "boundaryEvent":
            facts["attached_to"] = node.get("attachedToRef")
            facts["interrupting"] = node.get("cancelActivity", "true") == "true"
        elif kind == "startEvent":
            facts["interrupting"] = node.get("isInterrupting", "true") == "true"
        elif kind == "subProcess":
            facts["triggered_by_event"] = node.get("triggeredByEvent") == "true"
        elif kind == "adHocSubProcess":
            facts["ad_hoc"] = read.ad_hoc(node)
        elif kind == "callActivity":
            facts["called"] = read.called(node, "calledElement")
            if extension(node, "calledElement") is None:
                self.report.add("attribute.missing", node, what="the process to call", instead=FEEL_ADVICE)
        if node.get("instantiate") == "true":
            what = {"en": "element that starts the process", "fr": "élément qui lance le processus"}
            self.report.add("element.unsupported", node, what=what, instead=MESSAGE_START)
        facts.update(self._work(node, kind))
        return Details(**facts)

    def _work(self, node: Node, kind: str) -> dict[str, Any]:
        read = self.extensions
        job = read.job(node)
        if kind in ("serviceTask", "sendTask") and extension(node, "taskDefinition") is None:
            self.report.add("attribute.missing", node, what="a task type", instead=TASK_TYPE_ADVICE)
        if kind == "businessRuleTask":
            called = read.called(node, "calledDecision")
            if extension(node, "calledDecision") is None and extension(node, "taskDefinition") is None:
                self.report.add("attribute.missing", node, what="the decision to call", instead=FEEL_ADVICE)
            return {"called": called, "job": job}
        if kind == "scriptTask":
            script = read.script(node)
            if extension(node, "script") is None and extension(node, "taskDefinition") is None:
                self.report.add("attribute.missing", node, what="a FEEL script", instead=RESULT_ADVICE)
            return {"script": script, "job": job}
        throws_message = (
            kind in ("endEvent", "intermediateThrowEvent")
            and node.find(f"{{{source.BPMN}}}messageEventDefinition") is not None
        )
        if throws_message and extension(node, "taskDefinition") is None:
            self.report.add("attribute.missing", node, what="a task type", instead=TASK_TYPE_ADVICE)
        if kind in ("endEvent", "intermediateThrowEvent") and job is not None and not throws_message:
            self.report.add("extension.unknown", node, name="zeebe:taskDefinition")
        return {"job": job}

    def condition(self, flow: Node) -> Any:
        """Return the compiled condition of a sequence flow, or None."""
        for item in children(flow, "conditionExpression"):
            text = (item.text or "").strip()
            if not text:
                return None
            if not text.startswith("="):
                self.report.add("flow.text_condition", flow, text=text)
                return None
            return self.extensions.expression(flow, text, "the condition")
        return None


def read(content: bytes, filename: str) -> Reading:
    """Read one BPMN file.

    Args:
        content: the file as stored, UTF-8 or as its XML declaration says.
        filename: shown in problems.
    """
    report = Report(filename)
    reading = Reading(problems=report.problems)
    root = source.parse(content, report)
    if root is None:
        return reading
    parser = DialectParser(report)
    parser.add_bpmn_xml(root, filename)
    if not parser.process_parsers and not report.problems:
        report.add("file.no_process")
    for process_parser in parser.process_parsers.values():
        process = process_parser.get_spec()
        checks.structure(process, report, parser.skipped)
        process.seal()
        paths.paths(process, report, holes=bool(parser.skipped - {""}))
        reading.processes.append(process)
    return reading
