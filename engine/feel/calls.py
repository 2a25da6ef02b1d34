"""Closures for calls, function literals and ``instance of``.

Comes in: their nodes. Goes out: closures that charge the run for each call. They never raise for data.
Next: ``compiler.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.feel import syntax
from engine.feel.basics import half_range
from engine.feel.builder import Builder, Closure, Maker, Scope
from engine.feel.builtins import CLOCKED, FOLDABLE, QUIET, TABLE
from engine.feel.builtins.table import BAD, Overload, invoke
from engine.feel.compare import within
from engine.feel.run import Run
from engine.feel.syntax import Node
from engine.feel.types import coerce, is_instance, unknown
from engine.feel.values import MISSING, Function, Range, Value, kind


def argument(builder: Builder, node: Node) -> Closure:
    """Make an argument; ``< 10`` as an argument is a half range."""
    if isinstance(node, syntax.UnaryTest):
        return half_range(builder, node)
    return builder.build(node)


def call(builder: Builder, node: syntax.Call) -> Closure:
    """Make a call of a built-in or of any other function."""
    arguments = [argument(builder, item) for item in node.arguments]
    named = [(name, builder.build(item)) for name, item in node.named]
    if isinstance(node.function, syntax.Name) and node.function.name in TABLE:
        return _builtin(builder, node, arguments, named)
    function = builder.build(node.function)
    word = node.function.name if isinstance(node.function, syntax.Name) else "()"
    place = builder.place(node)
    apply = applier(arguments, named)

    def make(scope: Scope) -> Value:
        run = scope.run
        before = len(run.warnings)
        value = function(scope)
        if type(value) is Function:
            return apply(value, scope)
        if type(value) is Range and len(arguments) == 1:
            return within(value, arguments[0](scope), run)
        del run.warnings[before:]  # that the name is not known is said by what follows
        run.warn("NO_FUNCTION", place, name=word)
        return None

    return make


def applier(
    arguments: Sequence[Closure], named: Sequence[tuple[str, Closure]]
) -> Callable[[Function, Scope], Value]:
    """Make what calls a function value with the arguments of one call."""

    def by_name(function: Function, scope: Scope) -> Value:
        return scope.run.call(function, {name: closure(scope) for name, closure in named})

    def by_position(function: Function, scope: Scope) -> Value:
        return scope.run.call(function, [closure(scope) for closure in arguments])

    return by_name if named else by_position


def _builtin(
    builder: Builder, node: syntax.Call, arguments: Sequence[Closure], named: Sequence[tuple[str, Closure]]
) -> Closure:
    """Make a call of a built-in function, unless a function of the same name is in scope."""
    assert isinstance(node.function, syntax.Name)
    word = node.function.name
    builder.mention_call(word, node.function.position)
    place = builder.place(node.function)
    ways = _ways(TABLE[word], arguments, named)
    apply = applier(arguments, named)
    direct = builder.layers == 0
    quiet = word in QUIET
    if (
        not named
        and word in FOLDABLE
        and word not in builder.known
        and not any(word in b for b in builder.bound)
    ):
        values = builder.values_of(arguments)
        folded = (
            None if values is None else invoke([o for o in TABLE[word] if o.fits(len(values))], Run(), values)
        )
        if folded is not None and folded is not BAD:
            return builder.constant(folded)

    def make(scope: Scope) -> Value:
        shadow = scope.names.get(word) if direct else scope.find(word)
        if type(shadow) is Function:
            return apply(shadow, scope)
        run = scope.run
        before = len(run.warnings)
        values: list[Value] = []
        for overloads, closures in ways:
            values = [None if closure is None else closure(scope) for closure in closures]
            if quiet:
                del run.warnings[before:]
            result = invoke(overloads, run, values)
            if result is not BAD:
                return result
        if word in CLOCKED and run.now is None:
            run.warn("NO_CLOCK", place)
        else:
            run.warn("INVALID_ARGUMENTS", place, name=word, given=", ".join(map(kind, values)))
        return None

    return make


def _ways(
    overloads: Sequence[Overload], arguments: Sequence[Closure], named: Sequence[tuple[str, Closure]]
) -> list[tuple[list[Overload], list[Closure | None]]]:
    """Pair the overloads that could fit with the closures of their arguments, in order."""
    if not named:
        fitting = [overload for overload in overloads if overload.fits(len(arguments))]
        return [(fitting, list(arguments))] if fitting else []
    names = [name for name, _ in named]
    ways: list[tuple[list[Overload], list[Closure | None]]] = []
    for overload in overloads:
        order = overload.order(names)
        if order is not None:
            ways.append(([overload], [None if at is None else named[at][1] for at in order]))
    return ways


def function_literal(builder: Builder, node: syntax.FunctionLiteral) -> Closure:
    """Make a function that remembers where it was written."""
    names = [parameter.name for parameter in node.parameters]
    typed = [(parameter.name, parameter.type) for parameter in node.parameters if parameter.type is not None]
    place = builder.place(node)
    with builder.binding(*names):
        body, cost = (builder.constant(None), 1) if node.external else builder.weigh(node.body)

    def make(scope: Scope) -> Value:
        def run_body(run: Run, values: list[Value]) -> Value:
            run.spend(cost)
            if node.external:
                run.warn("EXTERNAL_FUNCTION", place)
                return None
            given = dict(zip(names, values, strict=True))
            for name, wanted in typed:
                given[name] = coerce(given[name], wanted, run)
                if given[name] is MISSING:
                    run.warn("INVALID_ARGUMENTS", place, name=name, given=kind(values[names.index(name)]))
                    given[name] = None
            return body(Scope(given, scope, run))

        return Function(names, run_body)

    return make


def instance_of(builder: Builder, node: syntax.InstanceOf) -> Closure:
    """Make ``value instance of type``."""
    value = builder.build(node.value)
    wanted = node.type
    place = builder.place(node.type)

    def check(scope: Scope) -> bool | None:
        result = is_instance(value(scope), wanted, scope.run)
        if result is None:
            scope.run.warn("NO_TYPE", place, name=unknown(wanted, scope.run) or kind(None))
        return result

    return check


MAKERS: Final[dict[type, Maker]] = {
    syntax.Call: call,
    syntax.FunctionLiteral: function_literal,
    syntax.InstanceOf: instance_of,
}
