"""A DMN model as plain data: what was drawn, with the line where it stands.

Comes in: nothing; the reader fills these classes. Goes out: frozen, shareable dataclasses in the words of the
standard (DMN 1.5, chapters 6 to 10). They never evaluate and never know XML. Next: ``engine/dmn/reader.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

HitPolicy = Literal["UNIQUE", "ANY", "FIRST", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT"]
Aggregation = Literal["SUM", "MIN", "MAX", "COUNT"]
RequirementKind = Literal["input", "decision", "knowledge"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """Whatever has an id, perhaps a label, and a line (1-based) in its file."""

    id: str
    line: int
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A piece of FEEL as it was written, and the line where its first character stands."""

    text: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """A name with the type it promises (``type_ref`` None: any)."""

    name: str
    type_ref: str | None
    line: int


# --- boxed expressions (DMN 1.5, 10.2) -------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Boxed(Element):
    """A boxed expression; ``type_ref`` is the type its value is converted to."""

    type_ref: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LiteralExpression(Boxed):
    """FEEL text (``text`` None: nothing was written, the value is null)."""

    text: Text | None
    language: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InputClause(Element):
    """A condition column: the expression whose value the cells test."""

    expression: Text | None
    type_ref: str | None = None
    allowed: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputClause(Element):
    """A conclusion column; ``name`` may be missing when the table has only one."""

    name: str | None
    type_ref: str | None = None
    allowed: Text | None = None
    default: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(Element):
    """A row; ``number`` counts from 1 as the modeler shows it."""

    number: int
    inputs: tuple[Text, ...]
    outputs: tuple[Text, ...]
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionTable(Boxed):
    """Rules under condition and conclusion columns (DMN 1.5, chapter 8)."""

    hit_policy: HitPolicy
    aggregation: Aggregation | None
    inputs: tuple[InputClause, ...]
    outputs: tuple[OutputClause, ...]
    rules: tuple[Rule, ...]
    annotation_names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextEntry(Element):
    """One row of a boxed context; without ``variable`` it is the result of the whole."""

    variable: Variable | None
    value: Expression | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Context(Boxed):
    """Named values, each of which may use those above it."""

    entries: tuple[ContextEntry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionDefinition(Boxed):
    """Parameters and a body; ``kind`` other than FEEL (Java, PMML) is never run."""

    kind: str
    parameters: tuple[Variable, ...]
    body: Expression | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """An argument of an invocation."""

    name: str
    value: Expression | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation(Boxed):
    """A call of a function by the names of its parameters."""

    function: Expression | None
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation(Boxed):
    """A list of contexts written as a grid."""

    columns: tuple[Variable, ...]
    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListExpression(Boxed):
    """A list whose items are boxed expressions."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditional(Boxed):
    """If, then, else."""

    condition: Expression | None
    then: Expression | None
    otherwise: Expression | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter(Boxed):
    """The items of a list that match."""

    source: Expression | None
    match: Expression | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Iteration(Boxed):
    """For, some, every over the items of a list."""

    kind: Literal["for", "some", "every"]
    variable: str
    source: Expression | None
    body: Expression | None


Expression = (
    LiteralExpression
    | DecisionTable
    | Context
    | FunctionDefinition
    | Invocation
    | Relation
    | ListExpression
    | Conditional
    | Filter
    | Iteration
)


# --- types (DMN 1.5, 7.3.2) ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionItem:
    """The type of a function: what it takes and what it gives."""

    parameters: tuple[Variable, ...]
    output: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemDefinition(Element):
    """A named type: an alias, a record of components, a collection, or a function."""

    name: str
    type_ref: str | None = None
    is_collection: bool = False
    components: tuple[ItemDefinition, ...] = ()
    allowed: Text | None = None
    constraint: Text | None = None
    function: FunctionItem | None = None


# --- the requirements graph (DMN 1.5, chapter 6) ---------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """What an href names: an element of this model (``namespace`` None) or of an imported one."""

    namespace: str | None
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """An arrow of the requirements graph, towards the element that holds it."""

    kind: RequirementKind
    target: Reference
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Drg(Element):
    """An element of the requirements graph; ``variable`` may repeat its name and promises its type."""

    name: str
    variable: Variable | None = None

    @property
    def type_ref(self) -> str | None:
        """The type that the element's variable promises."""
        return self.variable.type_ref if self.variable else None


@dataclass(frozen=True, kw_only=True, slots=True)
class InputData(Drg):
    """A value that comes from outside."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision(Drg):
    """A value that logic computes from what it requires."""

    expression: Expression | None = None
    requirements: tuple[Requirement, ...] = ()
    version_tag: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BusinessKnowledgeModel(Drg):
    """A function that decisions may call."""

    function: FunctionDefinition | None = None
    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionService(Drg):
    """Decisions offered together as one function."""

    outputs: tuple[Reference, ...] = ()
    encapsulated: tuple[Reference, ...] = ()
    input_decisions: tuple[Reference, ...] = ()
    input_data: tuple[Reference, ...] = ()


DrgElement = InputData | Decision | BusinessKnowledgeModel | DecisionService


@dataclass(frozen=True, kw_only=True, slots=True)
class Import(Element):
    """Another model under a name; ``model`` is None while it could not be found."""

    name: str
    namespace: str
    model: Model | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """One DMN file. Two models are equal only when they are the same object, so they can be keys.

    Attributes:
        file: the name it was read under, for messages.
        version: "1.3", "1.4" or "1.5".
        elements: the requirements graph by id, in the order of the file.
        compiled: where ``program.of`` keeps the compiled form; not part of the model.
    """

    file: str
    id: str
    name: str
    namespace: str
    version: str
    elements: Mapping[str, DrgElement]
    types: Mapping[str, ItemDefinition]
    imports: tuple[Import, ...] = ()
    compiled: dict[str, object] = field(default_factory=dict, repr=False)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions, in the order of the file."""
        return tuple(e for e in self.elements.values() if isinstance(e, Decision))

    @property
    def decision_ids(self) -> tuple[str, ...]:
        """The ids that a business rule task may call."""
        return tuple(d.id for d in self.decisions)

    @property
    def inputs(self) -> tuple[InputData, ...]:
        """The input data, in the order of the file."""
        return tuple(e for e in self.elements.values() if isinstance(e, InputData))

    def find(self, id_or_name: str) -> DrgElement | None:
        """Find an element by its id, else by its name (None: no such element)."""
        if id_or_name in self.elements:
            return self.elements[id_or_name]
        return next((e for e in self.elements.values() if e.name == id_or_name), None)
