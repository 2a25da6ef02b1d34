"""Built-ins over ranges and points: Allen's relations, and ``range``.

Comes in: ranges and points of one kind. Goes out: true or false, or null when they do not compare. They never
walk a range. Next: ``builtins/__init__.py``. DMN 1.5, 10.3.4.9 and table 78.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.feel import arithmetic, syntax, temporal
from engine.feel.basics import half_range_of, make_range
from engine.feel.builtins import conversions
from engine.feel.builtins.table import BAD, Library
from engine.feel.compare import less
from engine.feel.errors import FeelSyntaxError
from engine.feel.names import Names
from engine.feel.parser import parse
from engine.feel.run import Run
from engine.feel.syntax import Node
from engine.feel.values import MISSING, Range, Value, literal

LIBRARY: Final = Library()
add = LIBRARY.add

Relation = Callable[[Value, Value], bool]


class NotOrdered(Exception):
    """Two ends do not compare."""


def under(a: Value, b: Value) -> bool:
    """Tell whether ``a < b``."""
    result = less(a, b)
    if result is None:
        raise NotOrdered
    return result


def same(a: Value, b: Value) -> bool:
    """Tell whether ``a = b``, for two ends that have an order."""
    return not under(a, b) and not under(b, a)


def inside(span: Range, point: Value) -> bool:
    """Tell whether a point lies in a range."""
    low = under(span.low, point) or (span.low_closed and same(span.low, point))
    return low and (under(point, span.high) or (span.high_closed and same(point, span.high)))


def ends_before(a: Range, b: Range) -> bool:
    """Tell whether ``a`` ends before ``b`` starts."""
    return under(a.high, b.low) or ((not a.high_closed or not b.low_closed) and same(a.high, b.low))


def touches(a: Range, b: Range) -> bool:
    """Tell whether ``b`` starts before ``a`` has ended."""
    return under(b.low, a.high) or (a.high_closed and b.low_closed and same(a.high, b.low))


def starts_earlier(a: Range, b: Range) -> bool:
    """Tell whether ``a`` starts before ``b``."""
    return under(a.low, b.low) or (a.low_closed and not b.low_closed and same(a.low, b.low))


def ends_earlier(a: Range, b: Range) -> bool:
    """Tell whether ``a`` ends before ``b``."""
    return under(a.high, b.high) or (b.high_closed and not a.high_closed and same(a.high, b.high))


def starts_no_later(a: Range, b: Range) -> bool:
    """Tell whether ``a`` starts before or with ``b``."""
    return not starts_earlier(b, a)


def ends_no_later(a: Range, b: Range) -> bool:
    """Tell whether ``a`` ends before or with ``b``."""
    return not ends_earlier(b, a)


def start_together(a: Range, b: Range) -> bool:
    """Tell whether two ranges start together."""
    return a.low_closed == b.low_closed and same(a.low, b.low)


def end_together(a: Range, b: Range) -> bool:
    """Tell whether two ranges end together."""
    return a.high_closed == b.high_closed and same(a.high, b.high)


def covers(a: Range, b: Range) -> bool:
    """Tell whether ``b`` lies wholly in ``a``."""
    return starts_no_later(a, b) and ends_no_later(b, a)


def swapped(relation: Relation) -> Relation:
    """Exchange the two sides of a relation."""
    return lambda a, b: relation(b, a)


POINT, SPAN = "point", "range"

RELATIONS: Final[dict[str, dict[tuple[str, str], Relation]]] = {
    "before": {
        (POINT, POINT): under,
        (POINT, SPAN): lambda p, r: under(p, r.low) or (not r.low_closed and same(p, r.low)),
        (SPAN, POINT): lambda r, p: under(r.high, p) or (not r.high_closed and same(r.high, p)),
        (SPAN, SPAN): ends_before,
    },
    "meets": {(SPAN, SPAN): lambda a, b: a.high_closed and b.low_closed and same(a.high, b.low)},
    "overlaps": {(SPAN, SPAN): lambda a, b: touches(a, b) and touches(b, a)},
    "overlaps before": {
        (SPAN, SPAN): lambda a, b: starts_earlier(a, b) and touches(a, b) and ends_no_later(a, b)
    },
    "finishes": {
        (POINT, SPAN): lambda p, r: r.high_closed and same(p, r.high),
        (SPAN, SPAN): lambda a, b: end_together(a, b) and starts_no_later(b, a),
    },
    "includes": {(SPAN, POINT): inside, (SPAN, SPAN): covers},
    "starts": {
        (POINT, SPAN): lambda p, r: r.low_closed and same(p, r.low),
        (SPAN, SPAN): lambda a, b: start_together(a, b) and ends_no_later(a, b),
    },
    "coincides": {
        (POINT, POINT): same,
        (SPAN, SPAN): lambda a, b: start_together(a, b) and end_together(a, b),
    },
}
INVERSES: Final = {
    "before": "after",
    "meets": "met by",
    "overlaps before": "overlaps after",
    "finishes": "finished by",
    "includes": "during",
    "starts": "started by",
}
for _name, _inverse in INVERSES.items():
    RELATIONS[_inverse] = {
        (right, left): swapped(relation) for (left, right), relation in RELATIONS[_name].items()
    }


def _declare(word: str, shapes: dict[tuple[str, str], Relation]) -> None:
    """Declare one relation, with the parameter names of each pair of shapes."""

    def relate(_run: Run, a: Value, b: Value) -> Value:
        if a is None or b is None:
            return BAD
        relation = shapes.get((SPAN if type(a) is Range else POINT, SPAN if type(b) is Range else POINT))
        if relation is None:
            return BAD
        try:
            return relation(a, b)
        except NotOrdered:
            return BAD

    for left, right in shapes:
        numbered = left == right
        names = (left + "1", right + "2") if numbered else (left, right)
        add(word, *(f"{name}: any" for name in names))(relate)
        if (left, right) == (SPAN, POINT):
            add(word, "range: any", "value: any")(relate)


for _word, _shapes in RELATIONS.items():
    _declare(_word, _shapes)

LITERAL_NAMES: Final = Names(("date and time", "years and months duration"))


def literal_of(node: Node) -> Value:
    """Give the value of a literal, or ``MISSING`` for anything that would have to be evaluated."""
    if isinstance(node, syntax.Number):
        return literal(node.text)
    if isinstance(node, syntax.Text):
        return node.value
    if isinstance(node, syntax.Temporal):
        return temporal.read(node.text)
    if isinstance(node, syntax.Constant) and node.value is None:
        return None
    if isinstance(node, syntax.Negation):
        value = literal_of(node.operand)
        return MISSING if value is MISSING else arithmetic.negate(value)
    if not isinstance(node, syntax.Call) or not isinstance(node.function, syntax.Name) or node.named:
        return MISSING
    overloads = conversions.LIBRARY.overloads.get(node.function.name, [])
    values = [literal_of(argument) for argument in node.arguments]
    if node.function.name not in {"date", "time", "date and time", "duration"} or MISSING in values:
        return MISSING
    for overload in overloads:
        fitted = overload.fit(values) if overload.fits(len(values)) else None
        if fitted is not None:
            return overload.function(Run(), *fitted)
    return MISSING


@add("range", "from: string")
def range_of(run: Run, text: str) -> Value:
    """Read a range whose ends are literals."""
    run.spend(len(text))
    try:
        node = parse(text, LITERAL_NAMES)
    except FeelSyntaxError:
        return BAD
    if isinstance(node, syntax.HalfRange):
        end = literal_of(node.operand)
        made = None if end is MISSING or end is BAD else half_range_of(node.operator, end)
    elif isinstance(node, syntax.RangeLiteral):
        low, high = literal_of(node.low), literal_of(node.high)
        unusable = any(end is MISSING or end is BAD for end in (low, high))
        made = None if unusable else make_range(low, high, node.low_closed, node.high_closed)
    else:
        return BAD
    return BAD if made is None else made
