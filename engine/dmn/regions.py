"""The situations a column of a decision table can tell apart, and which of them each cell accepts.

Comes in: the parsed cells of one condition column and its allowed values. Goes out: ``Column``, whose *atoms*
are points and open intervals, and for each cell a bit mask over them. A cell it cannot read exactly is None:
it proves nothing. Next: ``engine/dmn/coverage.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from engine.dmn.constants import NotConstant, constant
from engine.feel import syntax


@dataclass(frozen=True, slots=True)
class Atom:
    """Values that no cell of the column tells apart.

    ``kind`` is "null", "other" (what no cell names), or the FEEL kind; for an ordered kind ``low``/``high`` are
    the ends (None: unbounded) and a point has ``low is high``; for listed values ``low`` is the value.
    """

    kind: str
    low: Any = None
    high: Any = None

    @property
    def is_point(self) -> bool:
        """A single value."""
        return self.low is not None and self.low is self.high


@dataclass(frozen=True, slots=True)
class Column:
    """One condition column.

    Attributes:
        name: label or expression, as the examples say it.
        atoms: what the column tells apart.
        masks: for each rule the atoms its cell accepts, as bits; None when the cell is not understood.
        usual: bits of the atoms that a process is expected to send: not null, of the column's kind, allowed.
    """

    name: str
    atoms: tuple[Atom, ...]
    masks: tuple[int | None, ...]
    usual: int

    @property
    def matters(self) -> bool:
        """Some cell tells something apart."""
        everything = (1 << len(self.atoms)) - 1
        return any(mask is not None and mask != everything for mask in self.masks)


@dataclass(frozen=True, slots=True)
class _Atoms:
    """The atoms of a column and where to find them.

    Attributes:
        points: kind and value to the index of its point.
        spans: kind to the indexes of its first and last atom; ordered kinds lie in order.
    """

    all: tuple[Atom, ...]
    points: dict[tuple[str, Any], int]
    spans: dict[str, tuple[int, int]]

    @property
    def everything(self) -> int:
        """All atoms."""
        return (1 << len(self.all)) - 1

    def of_kind(self, kind: str) -> int:
        """Return the atoms of a kind."""
        if kind not in self.spans:
            return 0
        first, last = self.spans[kind]
        return _run(first, last)

    def point(self, kind: str, value: Any) -> int:
        """Return the index of a point."""
        try:
            return self.points[kind, value]
        except KeyError:
            raise NotConstant from None


def _run(first: int, last: int) -> int:
    """Return the bits from ``first`` to ``last``, both included."""
    return ((1 << (last - first + 1)) - 1) << first if last >= first else 0


@dataclass
class _Marks:
    """The values that cells name, by kind."""

    ordered: dict[str, set[Any]] = field(default_factory=dict)
    listed: dict[str, set[Any]] = field(default_factory=dict)


def kind_of(value: Any) -> str:
    """Return the kind of a constant, fine enough for ordering: zoned and local instants do not mix."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | Decimal():
            return "number"
        case str():
            return "string"
        case datetime():
            return "date and time" if value.tzinfo is None else "zoned date and time"
        case date():
            return "date"
        case time() if value.tzinfo is None:
            return "time"
        case timedelta():
            return "days and time duration"
        case _:
            raise NotConstant


_ORDERED: Final = frozenset(
    {"number", "date", "date and time", "zoned date and time", "time", "days and time duration"}
)


def column(
    name: str,
    cells: Sequence[syntax.Node | None],
    *,
    type_name: str | None = None,
    allowed: syntax.Node | None = None,
) -> Column:
    """Work out the atoms of a column and what each cell accepts.

    Args:
        name: what the examples call the value.
        cells: the tree of each cell; None for a cell that has none (a syntax error).
        type_name: the FEEL type the column promises, when it is a built-in one.
        allowed: the tests that the value must pass anyway.
    """
    marks = _Marks()
    for node in (*cells, allowed):
        if node is not None:
            _collect(node, marks)
    if type_name == "boolean" or "boolean" in marks.listed:
        marks.listed["boolean"] = {True, False}
    atoms = _index(_atoms(marks))
    masks = tuple(None if node is None else _accepted(node, atoms) for node in cells)
    usual = _usual(atoms, type_name, marks)
    if allowed is not None:
        permitted = _accepted(allowed, atoms)
        usual &= usual if permitted is None else permitted
    return Column(name=name, atoms=atoms.all, masks=masks, usual=usual)


def _usual(atoms: _Atoms, type_name: str | None, marks: _Marks) -> int:
    """Mark the atoms a process may be expected to send."""
    kinds = {type_name} if type_name else set(marks.ordered) | set(marks.listed)
    if type_name == "date and time":
        kinds.add("zoned date and time")
    return _any(atoms.of_kind(kind) for kind in kinds if kind) or atoms.of_kind("other")


def _index(found: Iterable[Atom]) -> _Atoms:
    """Note where each point and each kind lies."""
    atoms = tuple(found)
    points = {(atom.kind, atom.low): index for index, atom in enumerate(atoms) if atom.is_point}
    spans: dict[str, tuple[int, int]] = {}
    for index, atom in enumerate(atoms):
        spans[atom.kind] = (spans.get(atom.kind, (index, index))[0], index)
    return _Atoms(atoms, points, spans)


def _atoms(marks: _Marks) -> Iterator[Atom]:
    yield Atom("null")
    yield Atom("other")
    for kind, values in marks.ordered.items():
        points = sorted(values)
        previous = None
        for point in points:
            if not _adjacent(previous, point):
                yield Atom(kind, previous, point)
            yield Atom(kind, point, point)
            previous = point
        yield Atom(kind, previous, None)
    for kind, values in marks.listed.items():
        for value in sorted(values):
            yield Atom(kind, value, value)
        if kind != "boolean":
            yield Atom(kind)


def _adjacent(low: Any, high: Any) -> bool:
    """Tell whether nothing lies between two values: days are the only discrete kind."""
    return type(low) is date and (high - low).days <= 1


def _collect(node: syntax.Node, marks: _Marks) -> None:
    """Gather every constant that the tests of a cell compare with."""
    for part in _constants(node):
        try:
            value = constant(part)
            kind = kind_of(value)
        except NotConstant:
            continue
        if kind in _ORDERED:
            marks.ordered.setdefault(kind, set()).add(value)
        elif kind != "null":
            marks.listed.setdefault(kind, set()).add(value)


def _constants(node: syntax.Node) -> Iterator[syntax.Node]:
    match node:
        case syntax.Tests():
            for test in node.tests:
                yield from _constants(test)
        case syntax.And() | syntax.Or():
            for term in node.terms:
                yield from _constants(term)
        case syntax.ListLiteral():
            for item in node.items:
                yield from _constants(item)
        case syntax.In():
            for test in node.tests:
                yield from _constants(test)
        case syntax.Between() | syntax.RangeLiteral():
            yield node.low
            yield node.high
        case syntax.UnaryTest() | syntax.HalfRange():
            yield node.operand
        case syntax.Comparison():
            yield node.left
            yield node.right
        case syntax.Call() if len(node.arguments) == 1 and _is_not(node):
            yield from _constants(node.arguments[0])
        case _:
            yield node


def _accepted(node: syntax.Node, atoms: _Atoms) -> int | None:
    try:
        return _mask(node, atoms)
    except NotConstant:
        return None


def _mask(node: syntax.Node, atoms: _Atoms) -> int:
    """Return the atoms that a test accepts; raise ``NotConstant`` when it cannot be known."""
    match node:
        case syntax.AnyTest():
            return atoms.everything
        case syntax.Tests():
            accepted = 0
            for test in node.tests:
                accepted |= _mask(test, atoms)
            return _negated(node, accepted, atoms) if node.negated else accepted
        case syntax.Or():
            return _any(_mask(_boolean(term), atoms) for term in node.terms)
        case syntax.And():
            accepted = atoms.everything
            for term in node.terms:
                accepted &= _mask(_boolean(term), atoms)
            return accepted
        case syntax.In() if _is_input(node.value):
            return _any(_mask(test, atoms) for test in node.tests)
        case syntax.Between() if _is_input(node.value):
            return _between(atoms, constant(node.low), constant(node.high), low_in=True, high_in=True)
        case syntax.RangeLiteral():
            return _between(
                atoms,
                constant(node.low),
                constant(node.high),
                low_in=node.low_closed,
                high_in=node.high_closed,
            )
        case syntax.UnaryTest() | syntax.HalfRange():
            return _compared(atoms, node.operator, constant(node.operand))
        case syntax.Comparison() if _is_input(node.left):
            return _compared(atoms, node.operator, constant(node.right))
        case syntax.ListLiteral():
            return _any(_mask(item, atoms) for item in node.items)
        case _:
            if _is_condition(node):
                raise NotConstant
            return _compared(atoms, "=", constant(node))


def _boolean(node: syntax.Node) -> syntax.Node:
    """Pass a term of ``and``/``or`` only when it speaks of the input, as ``? > 3`` does."""
    match node:
        case syntax.Comparison() | syntax.In() | syntax.Between() | syntax.And() | syntax.Or():
            return node
        case _:
            raise NotConstant


def _any(masks: Iterable[int]) -> int:
    accepted = 0
    for mask in masks:
        accepted |= mask
    return accepted


def _is_input(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Name) and node.name == "?"


def _is_not(node: syntax.Call) -> bool:
    return isinstance(node.function, syntax.Name) and node.function.name == "not"


def _is_condition(node: syntax.Node) -> bool:
    """Tell whether the test gives its own verdict, instead of a value to compare with."""
    return isinstance(node, syntax.Comparison | syntax.In | syntax.Between | syntax.And | syntax.Or)


def _negated(node: syntax.Tests, accepted: int, atoms: _Atoms) -> int:
    """Return what ``not(…)`` accepts: the rest of the kinds it names, for a comparison with another is null."""
    kinds = set()
    for part in _constants(node):
        kinds.add(kind_of(constant(part)))
    equalities = all(
        not isinstance(t, syntax.UnaryTest | syntax.RangeLiteral | syntax.HalfRange) for t in node.tests
    )
    if equalities:
        kinds.add("null")
    return _any(atoms.of_kind(kind) for kind in kinds) & ~accepted


def _compared(atoms: _Atoms, operator: str, value: Any) -> int:
    kind = kind_of(value)
    if operator in {"=", "!="}:
        same = atoms.of_kind("null") if kind == "null" else 1 << atoms.point(kind, value)
        rest = atoms.everything if kind == "null" else atoms.of_kind(kind)
        return same if operator == "=" else rest & ~same
    if operator in {"<", "<="}:
        return _between(atoms, None, value, low_in=True, high_in=operator == "<=")
    if operator in {">", ">="}:
        return _between(atoms, value, None, low_in=operator == ">=", high_in=True)
    raise NotConstant


def _between(atoms: _Atoms, low: Any, high: Any, *, low_in: bool, high_in: bool) -> int:
    """Return the atoms between two ends (None: unbounded)."""
    kinds = {kind_of(end) for end in (low, high) if end is not None}
    if len(kinds) != 1 or not kinds <= _ORDERED:
        raise NotConstant
    (kind,) = kinds
    if low is not None and high is not None and low > high:
        raise NotConstant  # such a range is null in FEEL, and accepts null only
    first, last = atoms.spans[kind]
    if low is not None:
        first = atoms.point(kind, low) + (not low_in)
    if high is not None:
        last = atoms.point(kind, high) - (not high_in)
    return _run(first, last)
