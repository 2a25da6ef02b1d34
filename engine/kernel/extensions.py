"""The zeebe extensions of one element, read into ``Details``; what cannot be read is refused by name.

Comes in: the XML of an element. Goes out: its ``Details``, and problems in the report. It never guesses a
missing value. Next: ``engine/kernel/dialect.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from datetime import timedelta
from typing import Any, cast

from engine import feel, variables
from engine.kernel import terms
from engine.kernel import vocabulary as words
from engine.kernel.expressions import Expression
from engine.kernel.model import (
    BACK_OFF_HEADER,
    AdHoc,
    Binding,
    Called,
    EmbeddedForm,
    Job,
    Loop,
    Mapping,
    Phase,
    Script,
    UserWork,
)
from engine.kernel.source import (
    BPMN,
    NAMESPACES,
    Node,
    Report,
    children,
    extension,
    flag,
    line_of,
    tag,
)

EMBEDDED = "camunda-forms:bpmn:"
"""How a form key begins that leads to a form inside the diagram."""
_NAME = re.compile(r"^(?!(?:null|true|false)$)[^\W\d]\w*$")


class ExtensionReader:
    """Reads extensions of one file."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.embedded: dict[str, EmbeddedForm] = {}

    # ------------------------------------------------------------------ expressions

    def expression(self, node: Node, text: str | None, where: str | terms.Both) -> Expression | None:
        """Return ``text`` compiled, or None when it is absent or wrong (then reported)."""
        if text is None or not text.strip():
            return None
        try:
            return Expression(text.strip())
        except (feel.FeelSyntaxError, feel.FeelLimit) as error:
            self.report.add("feel.syntax", node, where=where, reason=_reason(error), text=text.strip())
            return None

    def feel(self, node: Node, text: str | None, where: str | terms.Both) -> Expression | None:
        """Return ``text`` compiled where only FEEL makes sense; report a text without a leading =."""
        if text is not None and text.strip() and not text.strip().startswith("="):
            self.report.add("feel.expected", node, where=where, text=text.strip())
            return None
        return self.expression(node, text, where)

    def fitting(self, node: Node, text: str | None, where: str | terms.Both, shape: str) -> Expression | None:
        """Return ``text`` compiled; report a fixed one that is not of its ``SHAPES``."""
        found = self.expression(node, text, where)
        if found is None or not found.fixed:
            return found
        fits, example = SHAPES[shape]
        if not fits(found.text):
            self.report.add("value.text", node, where=where, text=found.text, what=shape, example=example)
            return None
        return found

    def needed(
        self, node: Node, text: str | None, what: str | terms.Both, instead: dict[str, str]
    ) -> Expression | None:
        """Return ``text`` compiled; report it when it is absent."""
        if text is None or not text.strip():
            self.report.add("attribute.missing", node, what=what, instead=instead)
            return None
        read = self.feel if what in ONLY_FEEL else self.expression
        return read(node, text, terms.THE.get(what, what) if isinstance(what, str) else what)

    # ------------------------------------------------------------------ extensions

    def mappings(self, node: Node, kind: str) -> tuple[Mapping, ...]:
        """Return the ``zeebe:input`` or ``zeebe:output`` mappings, in order."""
        found: list[Mapping] = []
        holder = extension(node, "ioMapping")
        for item in holder if holder is not None else ():
            if tag(item) != kind:
                continue
            if not self._maps(node, kind):
                self.report.add("extension.unknown", item, name=f"zeebe:{kind}")
                continue
            target = (item.get("target") or "").strip()
            source = self._source(item, terms.source_of(kind, target))
            path = tuple(target.split("."))
            if not all(_NAME.match(part) for part in path):
                self.report.add("name.unusable", item, where=terms.target_of(kind), found=target)
            elif source is not None:
                found.append(Mapping(source, path))
        return tuple(found)

    def _source(self, item: Node, where: terms.Both) -> Expression | None:
        """Return the source of a mapping; an empty one gives null, as zeebe has it since 8.8."""
        text = item.get("source")
        if text is None or not text.strip():
            self.report.add("mapping.empty", item, severity="warning", what=where)
            return Expression("=null")
        return self.expression(item, text, where)

    @staticmethod
    def _maps(node: Node, kind: str) -> bool:
        """Tell whether the element can have such mappings: what has happened has no input, an error no output."""
        if kind == "input":
            return tag(node) not in ("startEvent", "boundaryEvent")
        return node.find(f"{{{BPMN}}}errorEventDefinition") is None or tag(node) in words.CATCHES

    def listeners(self, node: Node) -> dict[Phase, tuple[Job, ...]]:
        """Return the jobs around the element by phase; a listener that would never be called is refused."""
        found: dict[Phase, list[Job]] = {}
        allowed = words.PHASES.get(tag(node), frozenset())
        if node.find(f"{{{BPMN}}}errorEventDefinition") is not None and tag(node) == "endEvent":
            allowed = frozenset({"start"})
        if node.find(f"{{{BPMN}}}compensateEventDefinition") is not None and tag(node) == "boundaryEvent":
            allowed = frozenset()
        for item in node.iterfind(_LISTENERS.format("execution"), namespaces=NAMESPACES):
            phase = item.get("eventType", "")
            if phase in allowed:
                self._listener(item, cast(Phase, phase), found)
            else:
                self.report.add("extension.unknown", item, name=f"zeebe:executionListener eventType={phase}")
        for item in node.iterfind(_LISTENERS.format("task"), namespaces=NAMESPACES):
            phase = item.get("eventType", "")
            if phase in words.TASK_PHASES:
                self._listener(item, words.TASK_PHASES[phase], found)
            else:
                self.report.add("extension.unknown", item, name=f"zeebe:taskListener eventType={phase}")
        return {phase: tuple(jobs) for phase, jobs in found.items()}

    def _listener(self, item: Node, phase: Phase, found: dict[Phase, list[Job]]) -> None:
        kind = self.needed(item, item.get("type"), "the task type of a listener", TASK_TYPE_ADVICE)
        retries = self.fitting(item, item.get("retries") or "3", "the number of retries", "a whole number")
        owner = item.getparent().getparent().getparent()
        headers = {**_headers(owner, "bpmn:extensionElements/"), **_headers(item, "")}
        self._check_headers(item, _headers(item, ""))
        if kind is not None and retries is not None:
            found.setdefault(phase, []).append(Job(kind, retries, headers))

    def ad_hoc(self, node: Node) -> AdHoc | None:
        """Return ``zeebe:adHoc`` with the completion condition; None after reporting what is missing."""
        item = extension(node, "adHoc")
        active = self.needed(
            node,
            item.get("activeElementsCollection") if item is not None else None,
            "the list of elements that begin (active elements collection)",
            FEEL_ADVICE,
        )
        if node.get("ordering") == "Sequential":
            self.report.add("extension.unknown", node, name="ordering=Sequential")
        if flag(node, "triggeredByEvent"):
            self.report.add("extension.unknown", node, name="triggeredByEvent=true")
        condition = children(node, "completionCondition")
        completion = self.feel(node, condition[0].text, "the completion condition") if condition else None
        if active is None:
            return None
        output = self._outputs(node, item)
        return AdHoc(active, completion, flag(node, "cancelRemainingInstances", default=True), *output)

    def job(self, node: Node) -> Job | None:
        """Return ``zeebe:taskDefinition`` with the headers, or None."""
        item = extension(node, "taskDefinition")
        if item is None:
            return None
        kind = self.needed(item, item.get("type"), "a task type", TASK_TYPE_ADVICE)
        retries = self.fitting(item, item.get("retries") or "3", "the number of retries", "a whole number")
        headers = _headers(node, "bpmn:extensionElements/")
        self._check_headers(node, headers)
        return Job(kind, retries, headers) if kind is not None and retries is not None else None

    def _check_headers(self, node: Node, headers: MappingOf[str, str]) -> None:
        if "" in headers:
            self.report.add("attribute.missing", node, what="a key for a header", instead=KEY_ADVICE)
        if BACK_OFF_HEADER in headers:
            self.fitting(node, headers[BACK_OFF_HEADER], f"the header {BACK_OFF_HEADER}", "a duration")

    def user(self, node: Node) -> UserWork:
        """Return the extensions of a user task."""
        facts: dict[str, Any] = {}
        for name, attribute, key, where in _USER:
            item = extension(node, name)
            if item is not None:
                shape = _USER_SHAPES.get(attribute, "a text")
                facts[key] = self.fitting(item, item.get(attribute), where, shape)
        form = extension(node, "formDefinition")
        if form is not None:
            facts["form_binding"] = _binding(form)
            self._check_binding(form)
            facts["form_version_tag"] = form.get("versionTag")
            embedded = self.embedded.get(form.get("formKey", "").removeprefix(EMBEDDED))
            if embedded is not None:
                facts["form_id"], facts["form_binding"] = Expression(embedded.key), "deployment"
            for foreign in ("formKey", "externalReference"):
                if form.get(foreign) is not None and (embedded is None or foreign != "formKey"):
                    self.report.add("user_task.other_form", form, name=form.get(foreign))
            if not form.attrib:
                self.report.add("attribute.missing", form, what="the form", instead=FORM_ADVICE)
        return UserWork(**facts)

    def learn_forms(self, process: Node) -> list[EmbeddedForm]:
        """Return the forms written inside a process; its user tasks refer to them by ``formKey``."""
        found = process.iterfind("bpmn:extensionElements/zeebe:userTaskForm", namespaces=NAMESPACES)
        self.embedded = {
            item.get("id", ""): EmbeddedForm(
                f"{process.get('id')}.{item.get('id')}", item.text or "", line_of(item)
            )
            for item in found
        }
        return list(self.embedded.values())

    def called(self, node: Node, kind: str) -> Called | None:
        """Return ``zeebe:calledElement`` or ``zeebe:calledDecision``, or None."""
        item = extension(node, kind)
        if item is None:
            return None
        attribute, what = (
            ("processId", "a process") if kind == "calledElement" else ("decisionId", "a decision")
        )
        called = self.needed(
            item,
            item.get(attribute),
            f"the id of {what} to call",
            {"en": "Choose it in the properties.", "fr": "Choisissez-le dans les propriétés."},
        )
        result = item.get("resultVariable")
        if kind == "calledDecision":
            self._variable(item, result, "a result variable")
        self._check_binding(item)
        if called is None:
            return None
        return Called(
            called,
            _binding(item),
            item.get("versionTag"),
            flag(item, "propagateAllParentVariables", default=True),
            flag(item, "propagateAllChildVariables", default=True),
            result,
        )

    def script(self, node: Node) -> Script | None:
        """Return ``zeebe:script``, or None."""
        item = extension(node, "script")
        if item is None:
            return None
        expression = self.needed(item, item.get("expression"), "a FEEL expression", FEEL_ADVICE)
        result = item.get("resultVariable")
        self._variable(item, result, "a result variable")
        return Script(expression, result) if expression is not None and result else None

    def loop(self, node: Node) -> Loop | None:
        """Return the multi-instance loop, or None; a standard loop is refused."""
        for standard in children(node, "standardLoopCharacteristics"):
            self.report.add("element.unsupported", standard, what="standard loop", instead=LOOP_ADVICE)
        for item in children(node, "multiInstanceLoopCharacteristics"):
            zeebe = extension(item, "loopCharacteristics")
            collection = self.needed(
                item,
                zeebe.get("inputCollection") if zeebe is not None else None,
                "an input collection",
                FEEL_ADVICE,
            )
            if zeebe is None or collection is None:
                return None
            condition = children(item, "completionCondition")
            if zeebe.get("inputElement"):
                self._variable(item, zeebe.get("inputElement"), "a result variable")
            return Loop(
                collection,
                zeebe.get("inputElement") or None,
                *self._outputs(item, zeebe),
                self.feel(condition[0], condition[0].text, "the completion condition") if condition else None,
                flag(item, "isSequential"),
            )
        return None

    def _outputs(self, node: Node, item: Node) -> tuple[str | None, Expression | None]:
        """Return the variable that outputs are collected in, and what is collected; both or none."""
        output = item.get("outputCollection") or None
        if output:
            self._variable(node, output, "a result variable")
        element = self.feel(item, item.get("outputElement"), "the output element")
        if bool(output) != bool(item.get("outputElement")):
            self.report.add(
                "attribute.missing",
                node,
                what="either the output collection or the output element",
                instead={"en": "Give both or none.", "fr": "Donnez les deux ou aucun."},
            )
        return output, element

    def _variable(self, node: Node, name: str | None, what: str) -> None:
        """Report a name that no expression could ask for."""
        if not name:
            self.report.add("attribute.missing", node, what=what, instead=RESULT_ADVICE)
        elif not _NAME.match(name):
            self.report.add("name.unusable", node, where=what, found=name)

    def _check_binding(self, item: Node) -> None:
        binding, tagged = item.get("bindingType", "latest"), item.get("versionTag")
        if binding not in ("latest", "deployment", "versionTag"):
            self.report.add("extension.unknown", item, name=f"bindingType={binding}")
        elif (binding == "versionTag") != bool(tagged):
            what = "a version tag" if not tagged else "the binding to its version tag"
            self.report.add("attribute.missing", item, what=what, instead=TAG_ADVICE)

    def properties(self, node: Node) -> dict[str, str]:
        """Return ``zeebe:properties``."""
        return {
            item.get("name", ""): item.get("value", "")
            for item in node.iterfind(
                "bpmn:extensionElements/zeebe:properties/zeebe:property", namespaces=NAMESPACES
            )
        }


TASK_TYPE_ADVICE = {
    "en": "Choose what the task does in the catalogue.",
    "fr": "Choisissez dans le catalogue ce que fait la tâche.",
}
RESULT_ADVICE = {
    "en": "Name the variable that takes the result.",
    "fr": "Nommez la variable qui reçoit le résultat.",
}
TAG_ADVICE = {
    "en": "Choose the binding “version tag” and name the tag.",
    "fr": "Choisissez la liaison « version tag » et nommez l’étiquette.",
}
FEEL_ADVICE = {
    "en": "Write an expression beginning with =.",
    "fr": "Écrivez une expression commençant par =.",
}
FORM_ADVICE = {
    "en": "Choose it by its id.",
    "fr": "Choisissez-le par son identifiant.",
}
KEY_ADVICE = {
    "en": "Give each header a key, or remove it.",
    "fr": "Donnez une clé à chaque en-tête, ou retirez-le.",
}
LOOP_ADVICE = {
    "en": "Use a multi-instance, or draw the loop with a gateway.",
    "fr": "Utilisez une multi-instance, ou dessinez la boucle avec une passerelle.",
}

_USER = (
    ("assignmentDefinition", "assignee", "assignee", "the assignee"),
    ("assignmentDefinition", "candidateGroups", "candidate_groups", "the candidate groups"),
    ("assignmentDefinition", "candidateUsers", "candidate_users", "the candidate users"),
    ("taskSchedule", "dueDate", "due_date", "the due date"),
    ("taskSchedule", "followUpDate", "follow_up_date", "the follow-up date"),
    ("priorityDefinition", "priority", "priority", "the priority"),
    ("formDefinition", "formId", "form_id", "the form"),
)


def _lasts(length: object) -> bool:
    return isinstance(length, timedelta) and length >= timedelta(0)


_USER_SHAPES = {
    "dueDate": "a date and time",
    "followUpDate": "a date and time",
    "priority": "a number from 0 to 100",
}
SHAPES: dict[str, tuple[Callable[[str], bool], str]] = {
    "a text": (bool, ""),
    "a whole number": (lambda text: re.fullmatch(r"0|[1-9][0-9]{0,8}", text) is not None, "3"),
    "a number from 0 to 100": (lambda text: re.fullmatch(r"[1-9]?[0-9]|100", text) is not None, "50"),
    "a date and time": (
        lambda text: variables.to_instant(text, zone="UTC") is not None,
        "2026-07-14T08:00:00+02:00",
    ),
    "a duration": (lambda text: _lasts(variables.parse_duration(text)), "PT5M"),
}
"""What a fixed text must look like in some places, and an example."""
ONLY_FEEL = frozenset(
    {
        "a FEEL expression",
        "an input collection",
        "the correlation key",
        "the list of elements that begin (active elements collection)",
    }
)
"""Where a text without = can only be a slip: nobody loops over a text, and no script is one."""

_LISTENERS = "bpmn:extensionElements/zeebe:{0}Listeners/zeebe:{0}Listener"


def _headers(node: Node, path: str) -> dict[str, str]:
    return {
        header.get("key", ""): header.get("value", "")
        for header in node.iterfind(f"{path}zeebe:taskHeaders/zeebe:header", namespaces=NAMESPACES)
    }


def _binding(item: Node) -> Binding:
    return cast(Binding, item.get("bindingType", "latest"))


def _reason(error: Exception) -> dict[str, str] | str:
    """Return the syntax error's text in both languages, if it has them."""
    if isinstance(error, feel.FeelSyntaxError):
        return {"en": error.describe("en"), "fr": error.describe("fr")}
    return str(error)
