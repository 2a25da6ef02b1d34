"""Whether everything that stands in a file is read and means something here: nothing is silently ignored.

Comes in: the tree of a file. Goes out: problems in the report for attributes, children and extensions that
BPMN does not know or Guichet does not run. It never reads their values into anything. Next:
``engine/kernel/dialect.py``.
"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches

from engine.kernel import vocabulary as words
from engine.kernel.source import BPMN, ZEEBE, Node, Report, children, flag_of, namespace, tag
from engine.kernel.terms import Both


class Honoured:
    """Walks over one file."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._noted: set[str] = set()

    def check(self, root: Node, processes: list[Node]) -> None:
        """Report what would not be honoured in the executable ``processes`` and in what their events refer to."""
        runs = set(processes)
        for node in root:
            if namespace(node) == BPMN and (node in runs or tag(node) in words.DEFINED):
                self._walk(node)
        self._identities(root, processes)
        for process in processes:
            self._listed(process)

    def _listed(self, process: Node) -> None:
        """Warn of flows that an element names but nobody has drawn: they may have been lost."""
        drawn = {flow.get("id") for flow in process.iter(f"{{{BPMN}}}sequenceFlow")}
        for node in process.iter(f"{{{BPMN}}}incoming", f"{{{BPMN}}}outgoing"):
            flow = (node.text or "").strip()
            if flow not in drawn and flow.rpartition(":")[2] not in drawn:
                self.report.add("flow.listed", node, severity="warning", flow=flow)

    def _identities(self, root: Node, processes: list[Node]) -> None:
        """Report ids that two elements share: which of them a reference means is not drawn."""
        seen: dict[str, int] = {}
        runs = set(processes)
        for top in root:
            for node in top.iter() if top in runs else [top]:
                name = node.get("id") if tag(node) in words.IDENTIFIED and namespace(node) == BPMN else None
                if name in seen:
                    self.report.add("id.duplicate", node, line=seen[name])
                elif name is not None:
                    seen[name] = node.sourceline or 0

    def _walk(self, top: Node) -> None:
        stack = [top]
        while stack:
            node = stack.pop()
            self._attributes(node)
            inside = [child for child in node if isinstance(child.tag, str)]
            self._children(node, inside)
            for child in inside:
                if namespace(child) != BPMN:
                    continue
                if tag(child) == "extensionElements":
                    self._extensions(node, child)
                else:
                    stack.append(child)

    # ------------------------------------------------------------------ attributes

    def _attributes(self, node: Node) -> None:
        kind = tag(node)
        known = words.ATTRIBUTES.get(kind)
        if len(node.attrib) > MOST_ATTRIBUTES:
            self.report.add("attribute.too_many", node, count=len(node.attrib), limit=MOST_ATTRIBUTES)
            return
        for key, value in node.attrib.items():
            space, name = _split(str(key))
            if space:
                self._foreign_attribute(node, space, name)
            elif known is not None and name not in known:
                self.report.add(
                    "attribute.unknown",
                    node,
                    name=name,
                    hint=NO_HINT if self.report.full() else _hint(name, known),
                )
            else:
                self._value(node, kind, name, str(value).strip())

    def _foreign_attribute(self, node: Node, space: str, name: str) -> None:
        engine = _engine(space)
        if name in words.MERE_NOTES or space.startswith(words.DECORATION):
            return
        if engine is not None:
            self.report.add("extension.foreign", node, name=f"{engine}:{name}")
        elif space == ZEEBE:
            self.report.add("extension.unknown", node, name=f"zeebe:{name}")
        else:
            self._note(node, space, name)

    def _value(self, node: Node, kind: str, name: str, value: str) -> None:
        said = f'{name}="{value}"'
        if name in words.FLAGS and flag_of(value) is None:
            self.report.add("attribute.value", node, name=name, found=value, allowed=TRUE_OR_FALSE)
        elif (name in words.ONLY_VALUES and value not in words.ONLY_VALUES[name]) or (
            name in words.NOT_RUN_ATTRIBUTES or (name == "language" and _other_language(node, value))
        ):
            self.report.add("extension.unknown", node, name=said)
        elif name == "operationRef" or (name == "implementation" and not value.startswith("##")):
            self.report.add("extension.unknown", node, severity="warning", name=said)
        elif kind == "callActivity" and name == "calledElement" and value:
            called = node.find(f"{{{BPMN}}}extensionElements/{{{ZEEBE}}}calledElement")
            if called is not None and called.get("processId") != value:
                self.report.add("extension.unknown", node, severity="warning", name=said)

    def _note(self, node: Node, space: str, name: str) -> None:
        """Warn of what nobody here knows, once for each name."""
        if (key := f"{space} {name}") not in self._noted:
            self._noted.add(key)
            self.report.add("extension.other", node, severity="warning", name=name, space=space)

    # ------------------------------------------------------------------ children

    def _children(self, node: Node, inside: list[Node]) -> None:
        allowed = words.CHILDREN.get(tag(node))
        for child in inside:
            name = tag(child)
            if namespace(child) != BPMN:
                engine = _engine(namespace(child))
                if engine is not None:
                    self.report.add("extension.foreign", child, name=f"{engine}:{name}")
                else:
                    self.report.add("element.misplaced", child, name=f"<{_written(child)}>")
            elif name in words.NOT_RUN_CHILDREN:
                self.report.add("extension.unknown", child, name=f"<{name}>")
            elif allowed is not None and name not in allowed:
                self.report.add("element.misplaced", child, name=f"<{_written(child)}>")
        counts = Counter(tag(child) for child in inside)
        for group in words.ONCE:
            if (count := sum(counts[name] for name in group)) > 1:
                said = ", ".join(sorted(name for name in group if counts[name]))
                self.report.add("element.repeated", node, name=said, count=count)

    # ------------------------------------------------------------------ extensions

    def _extensions(self, owner: Node, holder: Node) -> None:
        for item in holder:
            space, name = namespace(item), tag(item)
            engine = _engine(space)
            if engine is not None:
                self.report.add("extension.foreign", item, name=f"{engine}:{name}")
            elif space == ZEEBE:
                self._place(item, name, tag(owner))
                self._zeebe(item)
            elif name and not space.startswith(words.DECORATION):
                self._note(item, space, name)
        if children(owner, "extensionElements")[0] is not holder:
            return
        everything = [item for one in children(owner, "extensionElements") for item in one]
        counts = Counter(tag(item) for item in everything if namespace(item) == ZEEBE)
        for name, count in counts.items():
            if count > 1 and name != "userTaskForm":
                self.report.add("element.repeated", owner, name=f"zeebe:{name}", count=count)

    def _place(self, item: Node, name: str, owner: str) -> None:
        """Report an extension that means nothing on its owner."""
        if owner in words.NODES:
            fits = owner in words.ZEEBE_PLACES.get(name, frozenset())
        else:
            fits = name in words.ZEEBE_INSIDE.get(owner, words.PROPERTIES)
        if not fits:
            self.report.add("extension.unknown", item, name=f"zeebe:{name}")
        elif name == "formDefinition" and owner == "startEvent":
            # Who starts an instance decides how its first facts are asked for.
            self.report.add("extension.unknown", item, severity="warning", name=f"zeebe:{name}")

    def _zeebe(self, item: Node) -> None:
        name = tag(item)
        if name not in words.ZEEBE_ATTRIBUTES and name not in words.ZEEBE_CHILDREN and name != "userTask":
            return  # refused by its name
        for key, value in item.attrib.items():
            space, attribute = _split(str(key))
            if attribute in words.FLAGS and flag_of(value) is None:
                self.report.add(
                    "attribute.value", item, name=attribute, found=str(value), allowed=TRUE_OR_FALSE
                )
            elif not space and attribute not in words.ZEEBE_ATTRIBUTES.get(name, frozenset()):
                mere = name in words.ZEEBE_NOTES
                self.report.add(
                    "extension.unknown",
                    item,
                    severity="warning" if mere else "error",
                    name=f"zeebe:{name} {attribute}",
                )
        for child in item:
            if not isinstance(child.tag, str):
                continue
            if namespace(child) == ZEEBE and tag(child) in words.ZEEBE_CHILDREN.get(name, frozenset()):
                self._zeebe(child)
            else:
                self.report.add("extension.unknown", child, name=f"zeebe:{name} <{_written(child)}>")


MOST_ATTRIBUTES = 100
"""Of one element; to read more of them takes the parser ever longer."""
NO_HINT = {"en": "", "fr": ""}
TRUE_OR_FALSE = {"en": "true or false", "fr": "true ou false"}


def _split(key: str) -> tuple[str, str]:
    space, brace, name = key[1:].partition("}") if key.startswith("{") else ("", "", key)
    return (space, name) if brace else ("", name)


def _engine(space: str) -> str | None:
    """Return the name of the other engine that a namespace belongs to."""
    for root, name in words.FOREIGN_ROOTS:
        if space.startswith(root):
            return name
    return words.FOREIGN.get(space)


def _other_language(node: Node, language: str) -> bool:
    """Tell whether FEEL is said to be something else; the language of a fixed text does not matter."""
    return "feel" not in language.lower() and (node.text or "").lstrip().startswith("=")


def _written(node: Node) -> str:
    """Return the name of an element as it stands in the file."""
    return f"{node.prefix}:{tag(node)}" if node.prefix else tag(node)


def _hint(name: str, known: words.Names) -> Both:
    lower = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), lower, n=1, cutoff=0.8)
    if not near:
        return NO_HINT
    meant = lower[near[0]]
    return {"en": f"; “{meant}” may be meant", "fr": f" ; peut-être « {meant} »"}
