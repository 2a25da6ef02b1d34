"""XML of boxed expressions to their plain data.

Comes in: an XML element that holds an expression, and the ``Reading`` that collects problems. Goes out: the
dataclasses of ``model.py``. It never compiles FEEL and never follows a reference. Next: ``engine/dmn/reader.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

from engine.dmn.model import (
    Aggregation,
    Binding,
    Conditional,
    Context,
    ContextEntry,
    DecisionTable,
    Expression,
    Filter,
    FunctionDefinition,
    HitPolicy,
    InputClause,
    Invocation,
    Iteration,
    ListExpression,
    LiteralExpression,
    OutputClause,
    Relation,
    Rule,
    Text,
    Variable,
)
from engine.dmn.problems import Problem
from engine.dmn.xml import Node, kid, kids, line_of, local, text_of, whole_text

#: Nesting that no drawn decision reaches; keeps reading and running far from Python's recursion limit.
NESTING_LIMIT: Final = 30


@dataclass
class Reading:
    """What one reading of a file knows and gathers.

    Attributes:
        namespace: the model's own target namespace.
        import_names: namespace of each imported model to the name it has here.
        owner: name of the element of the requirements graph being read, for problems.
    """

    namespace: str = ""
    import_names: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    owner: str = ""
    depth: int = 0
    unnamed: int = 0

    def report(self, code: str, node: Node, *, rule: int | None = None, **facts: object) -> None:
        """Note a problem at an XML element."""
        self.problems.append(
            Problem(
                code=code,
                line=line_of(node),
                element=node.get("id", ""),
                label=self.owner,
                rule=rule,
                facts=facts,
            )
        )

    def id_of(self, node: Node) -> str:
        """Return the element's id, or a made-up one that no file uses (ids of inner elements are optional)."""
        found = node.get("id")
        if found:
            return found
        self.unnamed += 1
        return f"#{local(node)}-{self.unnamed}"

    def type_ref(self, node: Node | None, attribute: str = "typeRef") -> str | None:
        """Return a type reference with an XML prefix turned into the name of an import.

        DMN 1.3+ writes ``typeRef`` as text (7.3.2); older editors still write qualified names.
        """
        written = node.get(attribute) if node is not None else None
        return self.type_name(node, written)

    def type_name(self, node: Node | None, written: str | None) -> str | None:
        """Resolve the prefix of one written type name."""
        name = (written or "").strip()
        if not name or node is None:
            return None
        prefix, colon, rest = name.partition(":")
        if not colon:
            return name
        namespace = node.nsmap.get(prefix)
        if namespace is None:
            return rest if prefix == "feel" else name
        if "/FEEL/" in namespace or namespace == self.namespace:
            return rest
        imported = self.import_names.get(namespace)
        return f"{imported}.{rest}" if imported else rest


def variable(node: Node, reading: Reading) -> Variable:
    """Read a parameter, column or variable."""
    return Variable(name=_name(node.get("name", "")), type_ref=reading.type_ref(node), line=line_of(node))


def inner(node: Node | None, reading: Reading) -> Expression | None:
    """Read the first expression below an element (None: there is none)."""
    if node is None:
        return None
    return next((expression(child, reading) for child in kids(node, *READERS)), None)


def expression(node: Node, reading: Reading) -> Expression:
    """Read one boxed expression and everything below it."""
    reading.depth += 1
    try:
        if reading.depth > NESTING_LIMIT:
            reading.report("dmn_nesting", node, limit=NESTING_LIMIT)
            return LiteralExpression(id=reading.id_of(node), line=line_of(node), text=None)
        return READERS[local(node)](node, reading)
    finally:
        reading.depth -= 1


def function(node: Node, reading: Reading) -> FunctionDefinition:
    """Read a function definition, also the encapsulated logic of a knowledge model."""
    return FunctionDefinition(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        kind=node.get("kind", "FEEL"),
        parameters=tuple(variable(parameter, reading) for parameter in kids(node, "formalParameter")),
        body=inner(node, reading),
    )


def _name(written: str) -> str:
    """Collapse white space inside a name (DMN 1.5, 10.3.1.2: one space between its parts)."""
    return " ".join(written.split())


def _literal(node: Node, reading: Reading) -> LiteralExpression:
    return LiteralExpression(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        text=text_of(node),
        language=node.get("expressionLanguage"),
    )


def _table(node: Node, reading: Reading) -> DecisionTable:
    policy = node.get("hitPolicy", "UNIQUE")
    if policy not in get_args(HitPolicy):
        reading.report("dmn_hit_policy", node, found=policy)
        policy = "UNIQUE"
    aggregation = node.get("aggregation")
    if aggregation is not None and aggregation not in get_args(Aggregation):
        reading.report("dmn_aggregation", node, found=aggregation)
        aggregation = None
    return DecisionTable(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        hit_policy=cast("HitPolicy", policy),
        aggregation=cast("Aggregation | None", aggregation),
        inputs=tuple(_input(child, reading) for child in kids(node, "input")),
        outputs=tuple(_output(child, reading) for child in kids(node, "output")),
        rules=tuple(_rule(child, number, reading) for number, child in enumerate(kids(node, "rule"), 1)),
        annotation_names=tuple(child.get("name", "") for child in kids(node, "annotation")),
    )


def _input(node: Node, reading: Reading) -> InputClause:
    condition = kid(node, "inputExpression")
    return InputClause(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        expression=text_of(condition),
        type_ref=reading.type_ref(condition),
        allowed=_written(text_of(kid(node, "inputValues"))),
    )


def _output(node: Node, reading: Reading) -> OutputClause:
    name = node.get("name")
    return OutputClause(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        name=_name(name) if name else None,
        type_ref=reading.type_ref(node),
        allowed=_written(text_of(kid(node, "outputValues"))),
        default=_written(text_of(kid(node, "defaultOutputEntry"))),
    )


def _written(text: Text | None) -> Text | None:
    """Treat empty text as absent: modelers write empty elements for what was cleared."""
    return text if text is not None and text.text.strip() else None


def _rule(node: Node, number: int, reading: Reading) -> Rule:
    notes = [text.text if (text := text_of(entry)) else "" for entry in kids(node, "annotationEntry")]
    described = kid(node, "description")
    if described is not None:
        notes.append(whole_text(described))
    return Rule(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        number=number,
        inputs=tuple(_cell(entry) for entry in kids(node, "inputEntry")),
        outputs=tuple(_cell(entry) for entry in kids(node, "outputEntry")),
        annotations=tuple(notes),
    )


def _cell(node: Node) -> Text:
    return text_of(node) or Text(text="", line=line_of(node))


def _context(node: Node, reading: Reading) -> Context:
    entries = []
    for child in kids(node, "contextEntry"):
        named = kid(child, "variable")
        entries.append(
            ContextEntry(
                id=reading.id_of(child),
                line=line_of(child),
                variable=None if named is None else variable(named, reading),
                value=inner(child, reading),
            )
        )
    return Context(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        entries=tuple(entries),
    )


def _invocation(node: Node, reading: Reading) -> Invocation:
    bindings = []
    for child in kids(node, "binding"):
        parameter = kid(child, "parameter")
        name = "" if parameter is None else parameter.get("name", "")
        bindings.append(Binding(name=_name(name), value=inner(child, reading)))
    return Invocation(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        function=inner(node, reading),
        bindings=tuple(bindings),
    )


def _relation(node: Node, reading: Reading) -> Relation:
    return Relation(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        columns=tuple(variable(column, reading) for column in kids(node, "column")),
        rows=tuple(
            tuple(expression(cell, reading) for cell in kids(row, *READERS)) for row in kids(node, "row")
        ),
    )


def _list(node: Node, reading: Reading) -> ListExpression:
    return ListExpression(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        items=tuple(expression(child, reading) for child in kids(node, *READERS)),
    )


def _conditional(node: Node, reading: Reading) -> Conditional:
    return Conditional(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        condition=inner(kid(node, "if"), reading),
        then=inner(kid(node, "then"), reading),
        otherwise=inner(kid(node, "else"), reading),
    )


def _filter(node: Node, reading: Reading) -> Filter:
    return Filter(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        source=inner(kid(node, "in"), reading),
        match=inner(kid(node, "match"), reading),
    )


def _iterator(node: Node, reading: Reading) -> Iteration:
    kind = cast("Literal['for', 'some', 'every']", local(node))
    return Iteration(
        id=reading.id_of(node),
        line=line_of(node),
        label=node.get("label", ""),
        type_ref=reading.type_ref(node),
        kind=kind,
        variable=_name(node.get("iteratorVariable", "")),
        source=inner(kid(node, "in"), reading),
        body=inner(kid(node, "return" if kind == "for" else "satisfies"), reading),
    )


READERS: Final[Mapping[str, Callable[[Node, Reading], Expression]]] = MappingProxyType(
    {
        "literalExpression": _literal,
        "decisionTable": _table,
        "context": _context,
        "invocation": _invocation,
        "functionDefinition": function,
        "relation": _relation,
        "list": _list,
        "conditional": _conditional,
        "filter": _filter,
        "for": _iterator,
        "some": _iterator,
        "every": _iterator,
    }
)
