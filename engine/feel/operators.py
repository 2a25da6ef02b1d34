"""Closures for arithmetic, comparison and logic.

Comes in: their nodes. Goes out: closures that are quick for the common case: a name compared with a constant.
They never raise for data. Next: ``membership.py``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final

from engine.feel import arithmetic, syntax
from engine.feel.builder import Builder, Closure, Maker, Scope
from engine.feel.compare import compare
from engine.feel.errors import Place
from engine.feel.run import TRANSCENDENTAL, Run
from engine.feel.values import DATE, DATE_TIME, DAYS, MISSING, MONTHS, NUMBERS, STRING, TIME, Value, kind

TEMPORAL: Final = frozenset({DATE, TIME, DATE_TIME, DAYS, MONTHS})
SLOW_COMPARISON: Final = 2
"""Steps of a comparison that is not one of two numbers or two texts: zones are looked up."""

QUICK: Final[dict[str, Callable[[Value, Value], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def warn_not_comparable(run: Run, place: Place, a: Value, b: Value) -> None:
    """Warn of two values without order; a text beside a date gets advice."""
    left, right = kind(a), kind(b)
    if left == STRING and right in TEMPORAL:
        run.warn("TEXT_AND_DATE", place, kind=right)
    elif right == STRING and left in TEMPORAL:
        run.warn("TEXT_AND_DATE", place, kind=left)
    else:
        run.warn("NOT_COMPARABLE", place, left=left, right=right)


def comparison(builder: Builder, node: syntax.Comparison) -> Closure:
    """Compare two values."""
    sign = node.operator
    quick = QUICK[sign]
    left, right = builder.build(node.left), builder.build(node.right)
    place = builder.place(node)

    def slowly(a: Value, b: Value, run: Run) -> bool | None:
        run.spend(SLOW_COMPARISON)
        result = compare(sign, a, b, run)
        if result is None:
            warn_not_comparable(run, place, a, b)
        return result

    fixed = builder.value_of(right)
    shapes = NUMBERS if type(fixed) in NUMBERS else frozenset({type(fixed)})
    if type(fixed) is str or type(fixed) in NUMBERS:

        def with_constant(scope: Scope) -> bool | None:
            a = left(scope)
            return quick(a, fixed) if type(a) in shapes else slowly(a, fixed, scope.run)

        return with_constant

    def both(scope: Scope) -> bool | None:
        a, b = left(scope), right(scope)
        if (type(a) in NUMBERS and type(b) in NUMBERS) or (type(a) is str and type(b) is str):
            return quick(a, b)
        return slowly(a, b, scope.run)

    return both


def between(builder: Builder, node: syntax.Between) -> Closure:
    """Make ``value between low and high``."""
    value, low, high = builder.build(node.value), builder.build(node.low), builder.build(node.high)
    place = builder.place(node)

    def test(scope: Scope) -> bool | None:
        middle, start, end = value(scope), low(scope), high(scope)
        above = compare("<=", start, middle, scope.run)
        below = compare("<=", middle, end, scope.run)
        if above is None or below is None:
            warn_not_comparable(scope.run, place, middle, start if above is None else end)
            return None
        return above and below

    return test


def _logic(builder: Builder, node: syntax.And | syntax.Or, word: str, decisive: bool) -> Closure:
    """Make ``and`` (decided by one false) or ``or`` (decided by one true); DMN 1.5, table 48."""
    terms = builder.build_all(node.terms)
    place = builder.place(node)
    other = not decisive

    def decide(scope: Scope) -> Value:
        known = True
        for term in terms:
            value = term(scope)
            if value is decisive:
                return decisive
            if value is not other:
                known = False
                if value is not None:
                    scope.run.warn("INVALID_TYPE", place, operator=word, kind=kind(value))
        return other if known else None

    return decide


def conjunction(builder: Builder, node: syntax.And) -> Closure:
    """Make ``and``."""
    return _logic(builder, node, "and", decisive=False)


def disjunction(builder: Builder, node: syntax.Or) -> Closure:
    """Make ``or``."""
    return _logic(builder, node, "or", decisive=True)


def chain(builder: Builder, node: syntax.Chain) -> Closure:
    """Make ``a + b - c``; constants are computed once."""
    first = builder.build(node.first)
    steps = [(step.operator, builder.build(step.operand), builder.place(step)) for step in node.steps]
    values = builder.values_of([first, *(operand for _, operand, _ in steps)])
    if values is not None:
        total = values[0]
        for (sign, _, _), value in zip(steps, values[1:], strict=True):
            total = arithmetic.apply(sign, total, value)
        if total is not None and type(total) is not str:
            return builder.constant(total)

    def compute(scope: Scope) -> Value:
        total = first(scope)
        for sign, operand, place in steps:
            value = operand(scope)
            if type(total) is str and type(value) is str:
                scope.run.spend_characters(len(total) + len(value))
            elif sign == "**":
                scope.run.spend(TRANSCENDENTAL)
            result = arithmetic.apply(sign, total, value)
            if result is None:
                scope.run.warn("INVALID_TYPE", place, operator=sign, kind=f"{kind(total)}, {kind(value)}")
            total = result
        return total

    return compute


def negation(builder: Builder, node: syntax.Negation) -> Closure:
    """Make ``-value``."""
    operand = builder.build(node.operand)
    place = builder.place(node)
    fixed = builder.value_of(operand)
    if fixed is not MISSING and arithmetic.negate(fixed) is not None:
        return builder.constant(arithmetic.negate(fixed))

    def negate(scope: Scope) -> Value:
        value = operand(scope)
        result = arithmetic.negate(value)
        if result is None:
            scope.run.warn("INVALID_TYPE", place, operator="-", kind=kind(value))
        return result

    return negate


MAKERS: Final[dict[type, Maker]] = {
    syntax.Comparison: comparison,
    syntax.Between: between,
    syntax.And: conjunction,
    syntax.Or: disjunction,
    syntax.Chain: chain,
    syntax.Negation: negation,
}
