"""Closures for tests of a value: ``in``, and the cells of decision tables.

Comes in: their nodes. Goes out: closures over a scope and the value that is tested. They never raise for data.
Next: ``loops.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from engine.feel import syntax
from engine.feel.basics import half_range_of
from engine.feel.builder import Builder, Closure, Maker, Scope, Test
from engine.feel.compare import compare, passes, within
from engine.feel.operators import QUICK, warn_not_comparable
from engine.feel.syntax import Node
from engine.feel.values import MISSING, NUMBERS, Range, Value

VALUE: Final = "?"
"""The name of the tested value."""

BOOLEAN_NODES: Final = (
    syntax.Comparison,
    syntax.Between,
    syntax.And,
    syntax.Or,
    syntax.In,
    syntax.Quantified,
    syntax.InstanceOf,
    syntax.UnaryTest,
)
"""Nodes that decide by themselves; the value of any other node is what the tested value must equal."""


def children(node: Any) -> Iterator[Node]:
    """Give the nodes directly below ``node``."""
    for field in fields(node):
        yield from _nodes(getattr(node, field.name))


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)


def mentions_value(node: Node) -> bool:
    """Tell whether ``?`` stands anywhere in ``node``."""
    waiting = [node]
    while waiting:
        below = waiting.pop()
        if isinstance(below, syntax.Name) and below.name == VALUE:
            return True
        waiting.extend(children(below))
    return False


def test(builder: Builder, node: Node) -> Test:
    """Make one unary test (DMN 1.5, 10.3.1.2, rule 7, and 7.3.1)."""
    if isinstance(node, syntax.UnaryTest):
        return compared(builder, node)
    decides = isinstance(node, BOOLEAN_NODES) or mentions_value(node)
    closure = builder.build(node)
    fixed = builder.value_of(closure)
    if type(fixed) is str:
        return lambda scope, value: value == fixed if type(value) is str else passes(fixed, value, scope.run)
    if type(fixed) in NUMBERS:
        return lambda scope, value: (
            value == fixed if type(value) in NUMBERS else passes(fixed, value, scope.run)
        )
    if type(fixed) is Range:
        return lambda scope, value: within(fixed, value, scope.run)

    def check(scope: Scope, value: Value) -> bool | None:
        tested = closure(scope)
        if decides and (tested is None or type(tested) is bool):
            return tested
        return passes(tested, value, scope.run)

    return check


def compared(builder: Builder, node: syntax.UnaryTest) -> Test:
    """Make ``< 10``."""
    sign = node.operator
    quick = QUICK[sign]
    operand = builder.build(node.operand)
    place = builder.place(node)

    def check(scope: Scope, value: Value) -> bool | None:
        bound = operand(scope)
        if type(value) in NUMBERS and type(bound) in NUMBERS:
            return quick(value, bound)
        result = compare(sign, value, bound, scope.run)
        if result is None:
            warn_not_comparable(scope.run, place, value, bound)
        return result

    return check


def membership(builder: Builder, node: syntax.In) -> Closure:
    """Make ``value in tests``."""
    tested = builder.build(node.value)
    with builder.binding(VALUE):
        tests = [test(builder, item) for item in node.tests]

    def check(scope: Scope) -> bool | None:
        value = tested(scope)
        inner = Scope({VALUE: value}, scope, scope.run)
        known = True
        for passing in tests:
            result = passing(inner, value)
            if result is True:
                return True
            known = known and result is False
        return False if known else None

    return check


def unary_test(builder: Builder, node: syntax.UnaryTest) -> Closure:
    """Make ``< 10`` inside an expression: of ``?`` or ``item`` if there is one, else a half range."""
    sign = node.operator
    operand = builder.build(node.operand)
    place = builder.place(node)

    def check(scope: Scope) -> Value:
        value = scope.find(VALUE)
        value = scope.find("item") if value is MISSING else value
        bound = operand(scope)
        if value is MISSING:
            return half_range_of(sign, bound)
        result = compare(sign, value, bound, scope.run)
        if result is None:
            warn_not_comparable(scope.run, place, value, bound)
        return result

    return check


def whole_cell(builder: Builder, node: Node) -> Test:
    """Make the test of a whole cell: ``-``, ``a, b`` or ``not(a, b)``."""
    if isinstance(node, syntax.AnyTest):
        return lambda _scope, _value: True
    assert isinstance(node, syntax.Tests)
    tests = [test(builder, item) for item in node.tests]
    if len(tests) == 1 and not node.negated:
        return tests[0]
    found = not node.negated

    def check(scope: Scope, value: Value) -> bool | None:
        known = True
        for passing in tests:
            result = passing(scope, value)
            if result is True:
                return found
            known = known and result is False
        return (not found) if known else None

    return check


MAKERS: Final[dict[type, Maker]] = {syntax.In: membership, syntax.UnaryTest: unary_test}
