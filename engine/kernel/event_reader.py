"""Event definitions and what they refer to: messages, signals, errors, escalations, links.

Comes in: the XML of an event element and the definitions of the file. Goes out: one ``Event``, and problems
in the report. It never decides where an event may stand: ``checks.py`` does. Next:
``engine/kernel/dialect.py``.
"""

from __future__ import annotations

from typing import Any, cast

from engine.kernel.expressions import Expression
from engine.kernel.extensions import ExtensionReader
from engine.kernel.model import Event, TimerKind
from engine.kernel.source import BPMN, NAMESPACES, Node, children, extension, tag

KINDS = {
    "timerEventDefinition": "timer",
    "messageEventDefinition": "message",
    "signalEventDefinition": "signal",
    "errorEventDefinition": "error",
    "escalationEventDefinition": "escalation",
    "compensateEventDefinition": "compensation",
    "linkEventDefinition": "link",
    "terminateEventDefinition": "terminate",
}
REFUSED = {
    "conditionalEventDefinition": ("conditional event", "événement conditionnel"),
    "cancelEventDefinition": ("cancel event", "événement d’annulation"),
}
TIMERS: dict[str, TimerKind] = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}
AGAIN = {"en": "Choose it again in the properties.", "fr": "Choisissez-le de nouveau dans les propriétés."}
KEY = {
    "en": "Give the message a correlation key, an expression beginning with =.",
    "fr": "Donnez au message une clé de corrélation, une expression commençant par =.",
}
OTHER_EVENT = {
    "en": "Use a message, timer or signal.",
    "fr": "Utilisez un message, une minuterie ou un signal.",
}


class EventReader:
    """Reads the events of one file."""

    def __init__(self, extensions: ExtensionReader) -> None:
        self.extensions = extensions
        self.report = extensions.report
        self.definitions: dict[str, Node] = {}
        self.handlers: dict[str, str] = {}

    def learn(self, root: Node) -> None:
        """Take in the definitions that events refer to, and which activity undoes which."""
        for name in ("message", "signal", "error", "escalation"):
            for node in children(root, name):
                self.definitions[node.get("id") or ""] = node
        undone_by: dict[str, str] = {
            node.get("sourceRef", ""): node.get("targetRef", "")
            for node in root.iterfind(".//bpmn:association", namespaces=NAMESPACES)
        }
        for node in root.iterfind(".//bpmn:boundaryEvent", namespaces=NAMESPACES):
            if node.find(f"{{{BPMN}}}compensateEventDefinition") is None:
                continue
            handler = undone_by.get(node.get("id") or "")
            if handler is None:
                self.report.add(
                    "attribute.missing",
                    node,
                    what="the activity that undoes",
                    instead={
                        "en": "Connect it by an association to a compensation activity.",
                        "fr": "Reliez-le par une association à une activité de compensation.",
                    },
                )
            else:
                self.handlers[node.get("attachedToRef") or ""] = handler

    def event(self, node: Node) -> Event:
        """Return what the element catches or throws; ``none`` if it has no definition."""
        if tag(node) in ("receiveTask", "sendTask"):
            return self._message(node, node)
        found = [child for child in node if tag(child).endswith("EventDefinition")]
        if len(found) > 1:
            self.report.add("event.multiple", node, count=len(found))
        if not found:
            return Event()
        definition = found[0]
        name = tag(definition)
        if name in REFUSED:
            en, fr = REFUSED[name]
            self.report.add("element.unsupported", node, what={"en": en, "fr": fr}, instead=OTHER_EVENT)
            return Event()
        kind = KINDS.get(name)
        if kind is None:
            self.report.add("element.unsupported", node, what=name, instead=OTHER_EVENT)
            return Event()
        reader = getattr(self, f"_{kind}")
        return cast(Event, reader(node, definition))

    # ------------------------------------------------------------------ one reader a kind

    def _timer(self, node: Node, definition: Node) -> Event:
        for child in definition:
            timer = TIMERS.get(tag(child))
            if timer is not None:
                when = self.extensions.expression(node, child.text, "the timer")
                if when is None and not (child.text or "").strip():
                    break
                return Event("timer", timer=timer, when=when)
        self.report.add(
            "attribute.missing",
            node,
            what="a date, duration or cycle",
            instead={"en": "Set it, for example PT2H.", "fr": "Indiquez-la, par exemple PT2H."},
        )
        return Event("timer")

    def _message(self, node: Node, definition: Node) -> Event:
        if tag(node) == "sendTask":
            if definition.get("messageRef"):
                self._referred(node, definition, "messageRef", "message")
            return Event()  # its job says what is sent
        catching = tag(node) not in ("endEvent", "intermediateThrowEvent")
        if not catching and not definition.get("messageRef"):
            return Event("message")  # its job says what is sent
        message = self._referred(node, definition, "messageRef", "message")
        if message is None:
            return Event("message")
        name = self._name(node, message, "message")
        subscription = extension(message, "subscription")
        written = subscription.get("correlationKey") if subscription is not None else None
        key = self.extensions.feel(message, written, "the correlation key")
        if catching and not (written or "").strip() and not self._starts_process(node):
            self.report.add("attribute.missing", node, what="a correlation key", instead=KEY)
        return Event("message", name=name, key=key)

    def _signal(self, node: Node, definition: Node) -> Event:
        signal = self._referred(node, definition, "signalRef", "signal")
        return Event("signal", name=self._name(node, signal, "signal") if signal is not None else None)

    def _error(self, node: Node, definition: Node) -> Event:
        return Event("error", code=self._code(node, definition, "errorRef", "errorCode", "error"))

    def _escalation(self, node: Node, definition: Node) -> Event:
        return Event(
            "escalation", code=self._code(node, definition, "escalationRef", "escalationCode", "escalation")
        )

    def _compensation(self, node: Node, definition: Node) -> Event:
        return Event("compensation", activity=definition.get("activityRef"))

    def _link(self, node: Node, definition: Node) -> Event:
        name = definition.get("name")
        if not name:
            self.report.add("attribute.missing", node, what="a link name", instead=AGAIN)
        return Event("link", link=name)

    def _terminate(self, node: Node, definition: Node) -> Event:
        return Event("terminate")

    # ------------------------------------------------------------------ references

    def _referred(self, node: Node, definition: Node, attribute: str, what: str) -> Node | None:
        ref = (definition.get(attribute) or "").rpartition(":")[2]
        if not ref:
            self.report.add(
                "attribute.missing", node, what=f"{'an' if what[0] == 'e' else 'a'} {what}", instead=AGAIN
            )
            return None
        target = self.definitions.get(ref)
        if target is None or tag(target) != what:
            self.report.add("reference.missing", node, what=what, target=ref, instead=AGAIN)
            return None
        return target

    def _name(self, node: Node, target: Node, what: str) -> Expression | None:
        return self.extensions.needed(node, target.get("name"), f"a name for its {what}", AGAIN)

    def _code(self, node: Node, definition: Node, attribute: str, code: str, what: str) -> Expression | None:
        throws = tag(node) in ("endEvent", "intermediateThrowEvent")
        if not definition.get(attribute) and not throws:
            return None  # catches every one
        target: Any = self._referred(node, definition, attribute, what)
        if target is None:
            return None
        if throws:
            return self.extensions.needed(node, target.get(code), f"the {what} code", AGAIN)
        return self.extensions.expression(node, target.get(code), f"the {what} code")

    @staticmethod
    def _starts_process(node: Node) -> bool:
        parent = node.getparent()
        return tag(node) == "startEvent" and parent is not None and tag(parent) == "process"
