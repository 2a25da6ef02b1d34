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

from engine.kernel import checks, paths, source, terms
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
from engine.kernel.extensions import RESULT_ADVICE, TASK_TYPE_ADVICE, ExtensionReader
from engine.kernel.gateways import EventBasedGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.kernel.honoured import Honoured
from engine.kernel.model import Details, EmbeddedForm, Flow
from engine.kernel.process import ProcessSpec
from engine.kernel.source import Node, Report, children, extension, tag
from engine.problems import Problem

UNSUPPORTED = {
    "transaction": ("transaction subprocess", "sous-processus transactionnel"),
    "complexGateway": ("complex gateway", "passerelle complexe"),
    "callChoreography": ("choreography", "chorégraphie"),
    "choreographyTask": ("choreography", "chorégraphie"),
    "subChoreography": ("choreography", "chorégraphie"),
}
INSTEAD = {
    "en": "Draw it with a subprocess, gateways and events that Guichet runs (see the README of engine/kernel).",
    "fr": "Dessinez-le avec un sous-processus, des passerelles et des événements connus (README de engine/kernel).",
}
ALTERNATIVES = {"businessRuleTask": "calledDecision", "scriptTask": "script"}
"""What such a task does by itself, instead of a job."""
NO_PROCESS = frozenset({"choreography", "collaboration", "globalChoreographyTask", "globalConversation"})
"""What a file may hold instead of a process."""
CALLED_ADVICE = {
    "en": "Choose it in the properties, by its id or by an expression beginning with =.",
    "fr": "Choisissez-le dans les propriétés, par son identifiant ou par une expression commençant par =.",
}
NOT_SAID = {"en": "which one is not said", "fr": "lequel n’est pas dit"}
DEFAULT_FLOW = {"en": "default flow", "fr": "flux par défaut"}
OWN_DEFAULT = {
    "en": "Choose one of the flows that leave this element.",
    "fr": "Choisissez l’un des flux qui partent de cet élément.",
}
LOOSE = {
    "sourceRef": {"en": "beginning", "fr": "début"},
    "targetRef": {"en": "end", "fr": "fin"},
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
        forms: those written inside the diagram.
        problems: everything found, errors and warnings.
    """

    processes: list[ProcessSpec] = field(default_factory=list)
    forms: list[EmbeddedForm] = field(default_factory=list)
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
        reader.forms += reader.extensions.learn_forms(self.node)
        details = Details(listeners=reader.extensions.listeners(self.node))
        process.root = ProcessElement(process, self.bpmn_id, self.node.get("name") or "", None, details)
        process.root.line = source.line_of(self.node)
        tagged = extension(self.node, "versionTag")
        process.version_tag = tagged.get("value") if tagged is not None else None
        self._read_scope(reader, self.node, self.bpmn_id)
        for scope in [self.node, *self.node.iter(*source.INNER_SCOPES)]:
            self._read_flows(reader, scope)
        self._check_defaults(reader)

    def _check_defaults(self, reader: DialectParser) -> None:
        """Report default flows that are none: a default leaves its own element, without a condition."""
        process: ProcessSpec = self.spec
        for name in process.task_specs:
            node = self.nodes_by_id.get(name)
            default = node.get("default") if node is not None else None
            if not default:
                continue
            flow = process.flows.get(default)
            if flow is None or flow.source != name:
                reader.report.add(
                    "reference.missing", node, what=DEFAULT_FLOW, target=default, instead=OWN_DEFAULT
                )
            elif flow.condition is not None:
                checks.flow_problem(
                    reader.report, "flow.default_condition", flow, label=node.get("name") or name
                )

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
                reader.report.add("id.missing", item, what=terms.kind(name))
                continue
            if item.get("id") in process.task_specs:
                continue  # said by honoured.py
            parser = parser_class(self, spec_class, item, self.nsmap)
            element = parser.create_element(reader, process, scope_id)
            if isinstance(element, StartEvent) and scope_id == self.bpmn_id:
                process.starts.append(element)
            if isinstance(element, SubProcess):
                self._read_scope(reader, item, element.name)

    def _read_flows(self, reader: DialectParser, node: Node) -> None:
        process: ProcessSpec = self.spec
        for item in children(node, "sequenceFlow"):
            flow_id = item.get("id") or ""
            ends = {end: item.get(end, "").strip() for end in ("sourceRef", "targetRef")}
            if not all(ends.values()):
                reader.report.add(
                    "flow.open", item, which=LOOSE["sourceRef" if not ends["sourceRef"] else "targetRef"]
                )
                continue
            missing = [ref for ref in ends.values() if ref not in process.task_specs]
            if missing:
                if missing[0] not in reader.skipped:
                    reader.report.add("flow.dangling", item, missing=missing[0])
                continue
            if not flow_id:
                way = f" {ends['sourceRef']} → {ends['targetRef']}"
                what = {language: word + way for language, word in terms.kind("sequenceFlow").items()}
                reader.report.add("id.missing", item, what=what)
            if not flow_id or flow_id in process.flows:
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
        self.forms: list[EmbeddedForm] = []

    def add_bpmn_xml(self, bpmn: Node, filename: str | None = None) -> None:
        """Take in a tree. Data stores and correlation properties are drawings here, so they are not read."""
        self._add_diagram_indexes(bpmn)
        self.events.learn(bpmn)
        executable = self._executable(children(bpmn, "process"))
        self.skipped = {
            node.get("id") or ""
            for process in executable
            for scope in [process, *process.iter(*source.INNER_SCOPES)]
            for node in scope
            if source.namespace(node) == source.BPMN
            and tag(node) not in ARTIFACTS
            and (self._get_parser_class(node.tag)[1] is None or node.get("id") is None)
        }
        Honoured(self.report).check(bpmn, executable)
        for process in executable:
            if process.get("id") is None:
                self.report.add("id.missing", process, what=terms.kind("process"))
            elif process.get("id") not in self.process_parsers:
                self.create_parser(process, filename)

    def _executable(self, processes: list[Node]) -> list[Node]:
        """Return the processes to run: those that say so; if none does, those that do not say otherwise."""
        said = [process for process in processes if source.flag(process, "isExecutable")]
        open_ones = [process for process in processes if not process.get("isExecutable")]
        if not said:
            if processes and not open_ones:
                self.report.add("file.no_process", processes[0])
            return open_ones
        for process in open_ones:
            self.report.add("process.only_drawn", process, severity="warning")
        return said

    # ------------------------------------------------------------------ one element

    def details(self, node: Node) -> Details:
        """Read everything the diagram says about an element besides its kind."""
        read, kind = self.extensions, tag(node)
        facts: dict[str, Any] = {
            "inputs": read.mappings(node, "input"),
            "outputs": read.mappings(node, "output"),
            "event": self.events.event(node),
            "loop": read.loop(node),
            "properties": read.properties(node),
            "listeners": read.listeners(node),
            "for_compensation": source.flag(node, "isForCompensation"),
            "handler": self.events.handlers.get(node.get("id") or ""),
        }
        if kind == "userTask":
            facts["user"] = read.user(node)
        elif kind == "boundaryEvent":
            facts["attached_to"] = node.get("attachedToRef")
            facts["interrupting"] = source.flag(node, "cancelActivity", default=True)
        elif kind == "startEvent":
            facts["interrupting"] = source.flag(node, "isInterrupting", default=True)
        elif kind == "subProcess":
            facts["triggered_by_event"] = source.flag(node, "triggeredByEvent")
        elif kind == "adHocSubProcess":
            facts["ad_hoc"] = read.ad_hoc(node)
        elif kind == "callActivity":
            facts["called"] = read.called(node, "calledElement")
            if extension(node, "calledElement") is None:
                self.report.add("attribute.missing", node, what="the process to call", instead=CALLED_ADVICE)
        if source.flag(node, "instantiate"):
            self.report.add("element.instantiates", node)
        facts.update(self._work(node, kind))
        return Details(**facts)

    def _work(self, node: Node, kind: str) -> dict[str, Any]:
        read = self.extensions
        job = read.job(node)
        if kind in ("serviceTask", "sendTask") and extension(node, "taskDefinition") is None:
            self.report.add("attribute.missing", node, what="a task type", instead=TASK_TYPE_ADVICE)
        if kind in ALTERNATIVES and job is not None and extension(node, ALTERNATIVES[kind]) is not None:
            self.report.add(
                "work.twice", node, one=f"zeebe:{ALTERNATIVES[kind]}", other="zeebe:taskDefinition"
            )
        if kind == "businessRuleTask":
            called = read.called(node, "calledDecision")
            if extension(node, "calledDecision") is None and extension(node, "taskDefinition") is None:
                self.report.add("attribute.missing", node, what="the decision to call", instead=CALLED_ADVICE)
            return {"called": called, "job": job}
        if kind == "scriptTask":
            script = read.script(node)
            for foreign in children(node, "script"):
                language = node.get("scriptFormat") or NOT_SAID
                self.report.add("script.foreign", foreign, language=language)
                return {"script": script, "job": job}
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
        others = [node for node in root if tag(node) in NO_PROCESS]
        report.add("file.no_process", others[0] if others else None, at=source.line_of(root))
    for process_parser in parser.process_parsers.values():
        process = process_parser.get_spec()
        checks.structure(process, report, parser.skipped)
        process.seal()
        paths.paths(process, report, holes=bool(parser.skipped - {""}))
        reading.processes.append(process)
    reading.forms = parser.forms
    report.close()
    return reading
