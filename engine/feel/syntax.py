"""The tree of an expression.

Comes in: what the parser found. Goes out: frozen nodes, equal when they mean the same text; positions do
not count. It never holds values. Next: ``parser.py`` makes it, ``printer.py`` writes it, ``compiler.py`` runs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that stands in a source text; ``position`` counts characters from 0."""

    position: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """A type by its name: ``number``, ``date and time``, ``tPriority``."""

    name: str


@dataclass(frozen=True, slots=True)
class ListType(Node):
    """``list<T>``."""

    of: FeelType


@dataclass(frozen=True, slots=True)
class RangeType(Node):
    """``range<T>``."""

    of: FeelType


@dataclass(frozen=True, slots=True)
class ContextType(Node):
    """``context<a: T, b: U>``."""

    entries: tuple[tuple[str, FeelType], ...]


@dataclass(frozen=True, slots=True)
class FunctionType(Node):
    """``function<T, U> -> V``."""

    parameters: tuple[FeelType, ...]
    result: FeelType


FeelType = TypeName | ListType | RangeType | ContextType | FunctionType


@dataclass(frozen=True, slots=True)
class Number(Node):
    """``12.50``."""

    text: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    """``"leak"``, without quotes and escapes."""

    value: str


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """``true``, ``false`` or ``null``."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class Temporal(Node):
    """``@"2026-11-21"``."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable, a parameter, a built-in function, or ``?``."""

    name: str


@dataclass(frozen=True, slots=True)
class Path(Node):
    """``base.name``."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """``base[condition]``."""

    base: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``function(arguments)``; either ``arguments`` or ``named`` is empty."""

    function: Node
    arguments: tuple[Node, ...]
    named: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Step(Node):
    """One operator and its right operand in a chain."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """``first + a - b``: operators of one precedence, from left to right, kept flat however long."""

    first: Node
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """``-operand``."""

    operand: Node


@dataclass(frozen=True, slots=True)
class And(Node):
    """``a and b and c``, kept flat."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """``a or b or c``, kept flat."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """``left < right``."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between(Node):
    """``value between low and high``."""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    """``value in (tests)``."""

    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class If(Node):
    """``if condition then yes else no``."""

    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Iterator(Node):
    """``name in source`` or ``name in source..end``."""

    name: str
    source: Node
    end: Node | None


@dataclass(frozen=True, slots=True)
class For(Node):
    """``for iterators return body``."""

    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """``some`` or ``every iterators satisfies body``."""

    some: bool
    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """``name: type``."""

    name: str
    type: FeelType | None


@dataclass(frozen=True, slots=True)
class FunctionLiteral(Node):
    """``function(parameters) body``."""

    parameters: tuple[Parameter, ...]
    body: Node
    external: bool


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    """``value instance of type``."""

    value: Node
    type: FeelType


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """``[a, b]``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ContextLiteral(Node):
    """``{name: value}``."""

    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class RangeLiteral(Node):
    """``[low..high)``."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class HalfRange(Node):
    """``(< 10)``: a range with one end."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class UnaryTest(Node):
    """``< 10`` as a test of what stands before it."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class AnyTest(Node):
    """``-``: everything passes."""


@dataclass(frozen=True, slots=True)
class Tests(Node):
    """``a, b``: passes when one passes; ``negated`` is ``not(a, b)``."""

    tests: tuple[Node, ...]
    negated: bool
