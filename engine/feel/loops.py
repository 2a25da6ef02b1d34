"""Closures for ``for``, ``some``, ``every`` and filters.

Comes in: their nodes. Goes out: closures that charge the run for each turn, by the weight of what is repeated.
They never raise for data. Next: ``calls.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from engine.feel import far, syntax
from engine.feel.builder import Builder, Closure, Maker, Scope
from engine.feel.membership import BOOLEAN_NODES, children
from engine.feel.run import Run
from engine.feel.syntax import Node
from engine.feel.values import DATE, NUMBER, NUMBERS, Range, Value, as_index, kind

ITEM: Final = "item"
PARTIAL: Final = "partial"

Loop = tuple[str, Closure, Closure | None]


def counted(low: Value, high: Value, run: Run) -> Sequence[Value] | None:
    """Give the numbers or dates from ``low`` to ``high``, downwards if needed; null for other kinds."""
    kinds = {kind(low), kind(high)}
    if kinds == {NUMBER}:
        if low != as_index(low) or high != as_index(high):
            return None
        start, end = as_index(low), as_index(high)
        run.spend_items(abs(end - start) + 1)
        return range(start, end + 1) if start <= end else range(start, end - 1, -1)
    if kinds == {DATE}:
        days = far.between(low, high).days
        step = -1 if days >= 0 else 1
        run.spend_items(abs(days) + 1)
        return [far.move(low, timedelta(days=step * count)) for count in range(abs(days) + 1)]
    return None


def elements(value: Value, run: Run) -> Sequence[Value] | None:
    """Give what a loop goes through: the elements of a list or range, or one value alone; null of null."""
    if type(value) is list:
        return value
    if value is None:
        return None
    if type(value) is not Range:
        return [value]
    if value.low is None or value.high is None:
        return None
    found = counted(value.low, value.high, run)
    if found is None:
        return None
    return found[0 if value.low_closed else 1 : len(found) if value.high_closed else len(found) - 1]


class NothingToLoopOver(Exception):
    """The source of a loop is no list, no range and no value."""


def turns(loops: Sequence[Loop], scope: Scope, at: int = 0) -> Iterator[Scope]:
    """Give one scope for each turn of nested loops, the last one turning fastest."""
    if at == len(loops):
        yield scope
        return
    name, source, end = loops[at]
    run = scope.run
    low = source(scope)
    items = elements(low, run) if end is None else counted(low, end(scope), run)
    if items is None:
        raise NothingToLoopOver
    for item in items:
        run.spend(1)
        yield from turns(loops, Scope({name: item}, scope, run), at + 1)


def _loops(builder: Builder, node: syntax.For | syntax.Quantified) -> tuple[list[Loop], Closure, int]:
    """Make the loops of a node, its body, and the cost of one turn."""
    loops: list[Loop] = []
    bound = 0
    for iterator in node.iterators:
        source = builder.build(iterator.source)
        end = None if iterator.end is None else builder.build(iterator.end)
        loops.append((iterator.name, source, end))
        builder.bound.append(frozenset({iterator.name}))
        builder.layers += 1
        bound += 1
    body, cost = builder.weigh(node.body)
    builder.layers -= bound
    del builder.bound[-bound:]
    return loops, body, cost


def mentions(node: Node, name: str) -> bool:
    """Tell whether ``name`` stands anywhere in ``node``."""
    waiting = [node]
    while waiting:
        below = waiting.pop()
        if isinstance(below, syntax.Name) and below.name == name:
            return True
        waiting.extend(children(below))
    return False


def loop(builder: Builder, node: syntax.For) -> Closure:
    """Make ``for``; ``partial`` is the list made so far (DMN 1.5, 10.3.2.14)."""
    with builder.binding(PARTIAL):
        loops, body, cost = _loops(builder, node)
    partial = mentions(node, PARTIAL)
    place = builder.place(node)

    def collect(scope: Scope) -> Value:
        run = scope.run
        made: list[Value] = []
        names: dict[str, Value] = {}
        outer = Scope(names, scope, run)
        if partial:
            names[PARTIAL] = []
        try:
            for turn in turns(loops, outer):
                run.spend(cost)
                made.append(body(turn))
                if len(made) >= run.limits.items:
                    run.spend_items(len(made) + 1)
                if partial:
                    run.spend(len(made) >> 2)
                    names[PARTIAL] = made.copy()
        except NothingToLoopOver:
            run.warn("INVALID_TYPE", place, operator="for", kind="null")
            return None
        return made

    return collect


def quantified(builder: Builder, node: syntax.Quantified) -> Closure:
    """Make ``some`` or ``every``, three-valued like ``or`` and ``and``."""
    loops, body, cost = _loops(builder, node)
    decisive = node.some
    place = builder.place(node)

    def decide(scope: Scope) -> Value:
        run = scope.run
        known = True
        try:
            for turn in turns(loops, scope):
                run.spend(cost)
                value = body(turn)
                if value is decisive:
                    return decisive
                known = known and type(value) is bool
        except NothingToLoopOver:
            run.warn("INVALID_TYPE", place, operator="some" if decisive else "every", kind="null")
            return None
        return (not decisive) if known else None

    return decide


def element(items: list[Value], index: int | Decimal) -> Value:
    """Return an element by its number, counted from 1, or from the end when negative; null outside."""
    at = as_index(index)
    if 0 < at <= len(items):
        return items[at - 1]
    return items[at] if -len(items) <= at < 0 else None


def enter(item: Value, scope: Scope) -> Scope:
    """Make the scope of a filter's condition: the element's own entries, then ``item``."""
    inner = Scope({ITEM: item}, scope, scope.run)
    return Scope(item, inner, scope.run) if type(item) is dict else inner


def filtered(builder: Builder, node: syntax.Filter) -> Closure:
    """Make ``list[condition]`` or ``list[number]`` (DMN 1.5, 10.3.2.5)."""
    base = builder.build(node.base)
    place = builder.place(node)
    with builder.binding(ITEM):
        condition, cost = builder.weigh(node.condition)
    decides = isinstance(node.condition, BOOLEAN_NODES)
    fixed = builder.value_of(condition)

    def choose(scope: Scope) -> Value:
        value = base(scope)
        if value is None:
            return None
        items = value if type(value) is list else [value]
        if type(fixed) in NUMBERS:
            return element(items, fixed)
        run = scope.run
        if not decides:
            shown = probe(items, scope)
            if type(shown) in NUMBERS:
                index = condition(scope)
                return element(items, index) if type(index) in NUMBERS else None
            if shown is not None and type(shown) is not bool:
                run.warn("INVALID_TYPE", place, operator="[]", kind=kind(shown))
                return None
        run.spend(len(items) * cost + 1)
        return [item for item in items if condition(enter(item, scope)) is True]

    def probe(items: list[Value], scope: Scope) -> Value:
        """Evaluate the condition once, to see whether it is a number or a condition."""
        warnings = scope.run.warnings
        before = len(warnings)
        shown = condition(enter(items[0] if items else None, scope))
        del warnings[before:]
        return shown

    return choose


MAKERS: Final[dict[type, Maker]] = {syntax.For: loop, syntax.Quantified: quantified, syntax.Filter: filtered}
