"""Reading XML that anybody may have written.

Comes in: bytes. Goes out: a tree without DTD, entities or network, or a problem with its place. It never
reads more than ``MAX_BYTES``. Next: ``engine/kernel/dialect.py``.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from lxml import etree

from engine.kernel import malformed
from engine.kernel.terms import in_both
from engine.problems import Problem, Severity

MAX_BYTES = 5_000_000
MOST_PROBLEMS = 1_000
"""Errors, and warnings, that are told of one file."""
MAX_ELEMENTS = 10_000
"""Elements and flows of one file: five times the largest process that a person can draw."""
LONGEST = 200
"""Characters of a text that a problem quotes."""
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
SCOPES = tuple(f"{{{BPMN}}}{name}" for name in ("process", "subProcess", "adHocSubProcess", "transaction"))
HOLDERS = frozenset(
    {"adHocSubProcess", "collaboration", "definitions", "laneSet", "process", "subProcess", "transaction"}
)
"""What diagrams are made of stands in one of these."""
INNER_SCOPES = SCOPES[1:3]
NAMESPACES = {"bpmn": BPMN, "zeebe": ZEEBE}

Node = Any
"""An lxml element: the stubs of lxml know neither ``sourceline`` nor comments, so it goes untyped."""


def tag(node: Node) -> str:
    """Return the local name; empty for comments and processing instructions."""
    return str(etree.QName(node).localname) if isinstance(node.tag, str) else ""


def namespace(node: Node) -> str:
    """Return the namespace of the element's name."""
    return etree.QName(node).namespace or "" if isinstance(node.tag, str) else ""


def line_of(node: Node) -> int:
    """Return the 1-based line of an element."""
    return int(node.sourceline or 0)


def children(node: Node, name: str) -> list[Node]:
    """Return the BPMN children of ``node`` called ``name``."""
    return list(node.findall(f"{{{BPMN}}}{name}"))


def extension(node: Node, name: str) -> Node | None:
    """Return the zeebe extension element of ``node`` called ``name``."""
    return node.find(f"{{{BPMN}}}extensionElements/{{{ZEEBE}}}{name}")


def flag_of(text: object) -> bool | None:
    """Return what a boolean of XML Schema says, or None when it says neither."""
    return {"true": True, "1": True, "false": False, "0": False}.get(str(text).strip())


def flag(node: Node, name: str, *, default: bool = False) -> bool:
    """Return a boolean attribute; ``default`` when it is absent or unreadable (``honoured.py`` reports that)."""
    said = flag_of(node.get(name))
    return default if said is None else said


def _owner_of(node: Node) -> Node:
    """Return the element of the diagram that ``node`` is a part of: what stands directly in a scope."""
    owner = node
    while (parent := owner.getparent()) is not None and not (
        owner.get("id") is not None and namespace(owner) == BPMN and tag(parent) in HOLDERS
    ):
        owner = parent
    return owner


def _short(fact: object) -> object:
    """Return a fact that a person can read: of a long text the beginning."""
    return f"{fact[:LONGEST]}…" if isinstance(fact, str) and len(fact) > LONGEST else fact


class Report:
    """Collects the problems of one file, all at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.codes: set[str] = set()
        self.told: dict[str, set[str]] = {}
        self.more: Counter[Severity] = Counter()
        self._counts: Counter[Severity] = Counter()

    def note(self, problem: Problem) -> None:
        """Take in a problem; of a file that is wrong all over, the first ones are enough."""
        if self.full(problem.severity):
            self.more[problem.severity] += 1
            return
        self._counts[problem.severity] += 1
        self.codes.add(problem.code)
        self.told.setdefault(problem.element, set()).add(problem.code)
        self.problems.append(problem)

    def full(self, severity: Severity = "error") -> bool:
        """Tell whether no further problem of this severity would be told."""
        return self._counts[severity] >= MOST_PROBLEMS

    def refused(self) -> bool:
        """Tell whether there is an error."""
        return self._counts["error"] > 0

    def said(self, element: str, *codes: str) -> bool:
        """Tell whether one of the codes, or any at all, has been noted at the element."""
        told = self.told.get(element, set())
        return not told.isdisjoint(codes) if codes else bool(told)

    def close(self) -> None:
        """Say how many problems were left out."""
        for severity, count in self.more.items():
            self.problems.append(
                Problem("file.more", file=self.file, severity=severity, facts={"count": count})
            )

    def add(
        self, code: str, node: Node | None = None, *, severity: Severity = "error", at: int = 0, **facts: Any
    ) -> None:
        """Note a problem at ``node``, or at line ``at``; extensions are reported at their element."""
        if self.full(severity):
            self.more[severity] += 1
            return
        owner = _owner_of(node) if node is not None else None
        self.note(
            Problem(
                code,
                file=self.file,
                line=line_of(node) if node is not None else at,
                element=(owner.get("id") or "") if owner is not None else "",
                label=(owner.get("name") or "") if owner is not None else "",
                severity=severity,
                facts={name: in_both(_short(fact)) for name, fact in facts.items()},
            )
        )


NO_CONTENT = {"en": "it is empty", "fr": "il est vide"}


def _not_bpmn(root: Node) -> dict[str, str]:
    if tag(root) == "definitions":
        space = namespace(root) or "?"
        return {
            "en": f"it is not of BPMN 2.0, but of “{space}”",
            "fr": f"il n’est pas en BPMN 2.0, mais en « {space} »",
        }
    found = f"<{tag(root)}>"
    return {
        "en": f"{found} stands where <bpmn:definitions> is expected",
        "fr": f"{found} se trouve à la place de <bpmn:definitions>",
    }


def parse(source: bytes, report: Report) -> Node | None:
    """Return the root element, or None after reporting why not."""
    if len(source) > MAX_BYTES:
        report.add("file.too_big", limit=MAX_BYTES // 1_000_000)
        return None
    if b"<!DOCTYPE" in source or b"<!ENTITY" in source:
        report.add(
            "file.hostile",
            what={"en": "a document type or entities", "fr": "un type de document ou des entités"},
        )
        return None
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
    )
    try:
        root: Node = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        why, line = malformed.reason(error)
        if source.strip():
            report.add("file.unreadable", at=line, reason=why)
        else:
            report.add("file.unreadable", reason=NO_CONTENT)
        return None
    if root.getroottree().docinfo.doctype:
        report.add("file.hostile", what={"en": "a document type", "fr": "un type de document"})
        return None
    if tag(root) != "definitions" or namespace(root) != BPMN:
        report.add("file.unreadable", at=line_of(root), reason=_not_bpmn(root))
        return None
    count = len(root) + sum(len(scope) for scope in root.iter(*SCOPES))
    if count > MAX_ELEMENTS:
        report.add("file.too_many", count=count, limit=MAX_ELEMENTS)
        return None
    return root
