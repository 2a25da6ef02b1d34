"""DMN XML to a model, read safely.

Comes in: the bytes of DMN 1.3, 1.4 or 1.5 files, and models they may import. Goes out: ``Model``, or
``DmnRefused`` with every structural problem. It never loads a DTD, resolves an entity, opens another file or
compiles an expression. Next: ``engine/dmn/checks.py``, ``engine/dmn/program.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from engine.dmn import xml
from engine.dmn.boxed_reader import Reading, function, inner, variable
from engine.dmn.model import (
    BusinessKnowledgeModel,
    Decision,
    DecisionService,
    DrgElement,
    FunctionItem,
    Import,
    InputData,
    ItemDefinition,
    Model,
    Reference,
    Requirement,
    RequirementKind,
)
from engine.dmn.problems import DmnRefused, Problem
from engine.dmn.xml import Node, kid, kids, line_of, local, text_of

SIZE_LIMIT: Final = 5_000_000

#: OMG formal/21-02-01 (1.3), formal/23-06-01 (1.4), formal/24-01-01 (1.5): namespaces of the model schema.
VERSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
        "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
        "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
    }
)

#: Encodings in which a search for ``<!DOCTYPE`` in the bytes sees what the parser sees.
_ENCODINGS: Final = frozenset(
    {
        "utf-8",
        "utf8",
        "us-ascii",
        "ascii",
        "utf-16",
        "utf-16le",
        "utf-16be",
        "iso-8859-1",
        "iso-8859-15",
        "windows-1252",
    }
)

_REQUIREMENTS: Final[Mapping[str, RequirementKind]] = MappingProxyType(
    {"requiredInput": "input", "requiredDecision": "decision", "requiredKnowledge": "knowledge"}
)

_MAX_TYPE_DEPTH: Final = 30


def read(source: bytes, *, name: str = "", imports: Iterable[Model] = ()) -> Model:
    """Read one DMN file.

    Args:
        source: the file, at most 5 MB.
        name: the file's name, for messages.
        imports: models that this one may import, found by their namespaces. A missing one is a problem that
            ``checks.check`` reports, not a refusal.

    Raises:
        DmnRefused: the bytes are not a DMN 1.3 to 1.5 model, are hostile, or contradict themselves.
    """
    root = _root(source, name)
    reading = Reading(namespace=root.get("namespace", ""))
    known = {model.namespace: model for model in imports}
    imported = [_import(child, known, reading) for child in kids(root, "import")]
    reading.import_names = {found.namespace: found.name for found in imported}
    elements = _elements(root, reading)
    types = {found.name: found for found in (_item(child, reading) for child in kids(root, "itemDefinition"))}
    if reading.problems:
        raise DmnRefused(reading.problems, file=name)
    return Model(
        file=name,
        id=root.get("id", ""),
        name=root.get("name", ""),
        namespace=reading.namespace,
        version=VERSIONS[etree.QName(root).namespace or ""],
        elements=MappingProxyType(elements),
        types=MappingProxyType(types),
        imports=tuple(imported),
    )


def read_all(files: Mapping[str, bytes]) -> dict[str, Model]:
    """Read files that may import one another, whatever their order.

    Args:
        files: name of each file to its bytes.

    Returns:
        The model of each name. Models that import one another in a circle stay without that import, which
        ``checks.check`` reports.

    Raises:
        DmnRefused: with the problems of every file that cannot be read.
    """
    problems: list[Problem] = []
    needs: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for name, source in files.items():
        try:
            first = read(source, name=name)
        except DmnRefused as refusal:
            problems.extend(refusal.facts["problems"])
            continue
        needs[name] = {found.namespace for found in first.imports}
        names[name] = first.namespace
    if problems:
        raise DmnRefused(problems, file=", ".join(files))
    done: dict[str, Model] = {}
    waiting = list(files)
    while waiting:
        pending = {names[name] for name in waiting}
        ready = [name for name in waiting if not (needs[name] & pending)] or waiting[:1]
        for name in ready:
            done[name] = read(files[name], name=name, imports=done.values())
            waiting.remove(name)
    return {name: done[name] for name in files}


def _root(source: bytes, name: str) -> Node:
    """Parse the bytes and prove that they are harmless DMN."""
    if len(source) > SIZE_LIMIT:
        raise _refused("dmn_too_large", name, size=len(source), limit=SIZE_LIMIT)
    # Entities in attributes are expanded even with resolve_entities=False, so a DTD must not reach the parser.
    flat = source.replace(b"\0", b"")
    if b"<!DOCTYPE" in flat or b"<!ENTITY" in flat:
        raise _refused("dmn_doctype", name)
    try:
        root = xml.parse(source)
    except etree.XMLSyntaxError as error:
        raise _refused("dmn_not_xml", name, line=error.lineno or 0, detail=str(error.msg)) from None
    except ValueError as error:
        raise _refused("dmn_not_xml", name, detail=str(error)) from None
    encoding: str | None = root.getroottree().docinfo.encoding
    if (encoding or "utf-8").lower() not in _ENCODINGS:
        raise _refused("dmn_encoding", name, found=encoding)
    if local(root) != "definitions" or "DMN" not in (etree.QName(root).namespace or ""):
        raise _refused("dmn_not_dmn", name, line=line_of(root), found=local(root))
    if etree.QName(root).namespace not in VERSIONS:
        raise _refused("dmn_version", name, line=line_of(root), found=etree.QName(root).namespace)
    return root


def _refused(code: str, file: str, *, line: int = 0, **facts: object) -> DmnRefused:
    return DmnRefused([Problem(code=code, line=line, facts=facts)], file=file)


def _import(node: Node, known: Mapping[str, Model], reading: Reading) -> Import:
    namespace = node.get("namespace", "")
    return Import(
        id=reading.id_of(node),
        line=line_of(node),
        name=" ".join(node.get("name", "").split()),
        namespace=namespace,
        model=known.get(namespace),
    )


def _elements(root: Node, reading: Reading) -> dict[str, DrgElement]:
    """Read the requirements graph; ids and names must be unique in it."""
    elements: dict[str, DrgElement] = {}
    lines: dict[str, int] = {}
    for node in kids(root, "inputData", "decision", "businessKnowledgeModel", "decisionService"):
        reading.owner = " ".join(node.get("name", "").split())
        element = _element(node, reading)
        if element.id in elements:
            reading.report("dmn_duplicate_id", node, id=element.id)
        if element.name in lines:
            reading.report("dmn_duplicate_name", node, name=element.name, other=lines[element.name])
        lines[element.name] = element.line
        elements[element.id] = element
    reading.owner = ""
    return elements


def _element(node: Node, reading: Reading) -> DrgElement:
    named = kid(node, "variable")
    line = line_of(node)
    common = {
        "id": reading.id_of(node),
        "name": reading.owner,
        "label": node.get("label", ""),
    }
    declared = None if named is None else variable(named, reading)
    match local(node):
        case "inputData":
            return InputData(**common, line=line, variable=declared)
        case "decision":
            return Decision(
                **common,
                line=line,
                variable=declared,
                expression=inner(node, reading),
                requirements=_requirements(node),
                version_tag=_version_tag(node),
            )
        case "businessKnowledgeModel":
            logic = kid(node, "encapsulatedLogic")
            return BusinessKnowledgeModel(
                **common,
                line=line,
                variable=declared,
                function=None if logic is None else function(logic, reading),
                requirements=_requirements(node),
            )
        case _:
            return DecisionService(
                **common,
                line=line,
                variable=declared,
                outputs=_references(node, "outputDecision"),
                encapsulated=_references(node, "encapsulatedDecision"),
                input_decisions=_references(node, "inputDecision"),
                input_data=_references(node, "inputData"),
            )


def _requirements(node: Node) -> tuple[Requirement, ...]:
    found = []
    for arrow in kids(node, "informationRequirement", "knowledgeRequirement"):
        for end in kids(arrow, *_REQUIREMENTS):
            target = _reference(end.get("href", ""))
            found.append(Requirement(kind=_REQUIREMENTS[local(end)], target=target, line=line_of(end)))
    return tuple(found)


def _references(node: Node, name: str) -> tuple[Reference, ...]:
    return tuple(_reference(child.get("href", "")) for child in kids(node, name))


def _reference(href: str) -> Reference:
    """Split ``namespace#id`` (DMN 1.5, 13.3.2); a bare id is taken as ``#id``."""
    namespace, _, target = href.strip().rpartition("#")
    return Reference(namespace=namespace or None, id=target)


def _version_tag(node: Node) -> str | None:
    extensions = kid(node, "extensionElements")
    tag = None if extensions is None else kid(extensions, "versionTag")
    return None if tag is None else tag.get("value")


def _item(node: Node, reading: Reading, depth: int = 0) -> ItemDefinition:
    name = " ".join(node.get("name", "").split())
    if depth > _MAX_TYPE_DEPTH:
        reading.report("dmn_nesting", node, limit=_MAX_TYPE_DEPTH)
        return ItemDefinition(id=reading.id_of(node), line=line_of(node), name=name)
    written = text_of(node, "typeRef")
    made = kid(node, "functionItem")
    return ItemDefinition(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        name=name,
        type_ref=reading.type_name(node, written.text if written else None),
        is_collection=node.get("isCollection") == "true",
        components=tuple(_item(child, reading, depth + 1) for child in kids(node, "itemComponent")),
        allowed=text_of(kid(node, "allowedValues")),
        constraint=text_of(kid(node, "typeConstraint")),
        function=None
        if made is None
        else FunctionItem(
            parameters=tuple(variable(child, reading) for child in kids(made, "parameters")),
            output=reading.type_ref(made, "outputTypeRef"),
        ),
    )
