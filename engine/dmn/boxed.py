"""Boxed expressions to closures.

Comes in: the plain data of an expression, and the ``Builder`` that compiles its FEEL. Goes out: a function of
scope and state that gives the value. It never raises for data: what does not fit is null and a warning.
Next: ``engine/dmn/tables.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from engine.dmn import model, tables
from engine.dmn.building import Builder, Evaluator, Known, Scope, typed
from engine.dmn.state import Place, State
from engine.feel.loops import elements
from engine.feel.run import Run
from engine.feel.values import FUNCTION, MISSING, Function, Value, kind


def build(expression: model.Expression | None, builder: Builder, known: Known) -> Evaluator:
    """Compile an expression and convert its value to the type it promises.

    Args:
        expression: what was drawn; None gives null.
        builder: compiles FEEL and gathers problems.
        known: names in scope; None when any name may be in scope (inside a filter).
    """
    if expression is None:
        return _null
    evaluator = _BUILDERS[type(expression)](expression, builder, known)
    if isinstance(expression, model.FunctionDefinition):
        return evaluator
    return typed(evaluator, builder.type(expression.type_ref, expression), builder.place(expression))


def build_function(
    drawn: model.FunctionDefinition,
    builder: Builder,
    known: Known,
    *,
    result: str | None,
    name: str = "",
) -> Callable[[Scope, State], Function]:
    """Compile a function; ``result`` is the type it, or its variable, promises."""
    place = builder.place(drawn)
    names = tuple(parameter.name for parameter in drawn.parameters)
    types = tuple(builder.type(parameter.type_ref, drawn) for parameter in drawn.parameters)
    if drawn.kind != "FEEL":
        builder.report("external_function", place, kind=drawn.kind)
        return lambda _scope, _state: Function(names, lambda _run, _arguments: None, name)
    inner = None if known is None else known | frozenset(names)
    body = typed(build(drawn.body, builder, inner), builder.result_type(result, drawn), place)

    def evaluate(scope: Scope, state: State) -> Function:
        def call(run: Run, arguments: list[Value]) -> Value:
            local = dict(scope)
            for parameter, wanted, given in zip(names, types, arguments, strict=True):
                value = given if wanted is None else wanted.coerce(given, run)
                if value is MISSING:
                    state.wrong_argument(place, parameter)
                    return None
                local[parameter] = value
            return body(local, state)

        return Function(names, call, name)

    return evaluate


def _null(_scope: Scope, _state: State) -> Value:
    return None


def _literal(drawn: model.LiteralExpression, builder: Builder, known: Known) -> Evaluator:
    place = builder.place(drawn)
    if drawn.language and "feel" not in drawn.language.casefold():
        builder.report("not_feel", place, language=drawn.language)
        return _null
    return builder.expression(drawn.text, place, known)


def _context(drawn: model.Context, builder: Builder, known: Known) -> Evaluator:
    entries: list[tuple[str | None, Evaluator]] = []
    for entry in drawn.entries:
        value = build(entry.value, builder, known)
        if entry.variable is not None:
            wanted = builder.type(entry.variable.type_ref, entry)
            value = typed(value, wanted, builder.place(entry))
            known = None if known is None else known | {entry.variable.name}
        entries.append((entry.variable.name if entry.variable else None, value))

    def evaluate(scope: Scope, state: State) -> Value:
        local = dict(scope)
        made: dict[str, Value] = {}
        for name, value in entries:
            found = value(local, state)
            if name is None:
                return found
            local[name] = made[name] = found
        return made

    return evaluate


def _function(drawn: model.FunctionDefinition, builder: Builder, known: Known) -> Evaluator:
    return build_function(drawn, builder, known, result=drawn.type_ref, name=drawn.label)


def _invocation(drawn: model.Invocation, builder: Builder, known: Known) -> Evaluator:
    place = builder.place(drawn)
    function = build(drawn.function, builder, known)
    bindings = tuple((binding.name, build(binding.value, builder, known)) for binding in drawn.bindings)

    def evaluate(scope: Scope, state: State) -> Value:
        called = function(scope, state)
        arguments = {name: value(scope, state) for name, value in bindings}
        if kind(called) != FUNCTION:
            state.warn(
                "not_a_function",
                place,
                "what is invoked is not a function",
                "ce qui est appelé n'est pas une fonction",
            )
            return None
        return state.run.call(called, arguments)

    return evaluate


def _list(drawn: model.ListExpression, builder: Builder, known: Known) -> Evaluator:
    items = tuple(build(item, builder, known) for item in drawn.items)
    return lambda scope, state: [item(scope, state) for item in items]


def _relation(drawn: model.Relation, builder: Builder, known: Known) -> Evaluator:
    columns = [(column.name, builder.type(column.type_ref, drawn)) for column in drawn.columns]
    rows = []
    for row in drawn.rows:
        cells = []
        for (name, wanted), cell in zip(columns, row, strict=False):
            cells.append((name, typed(build(cell, builder, known), wanted, builder.place(cell))))
        rows.append(tuple(cells))
    return lambda scope, state: [{name: cell(scope, state) for name, cell in row} for row in rows]


def _conditional(drawn: model.Conditional, builder: Builder, known: Known) -> Evaluator:
    place = builder.place(drawn)
    condition = build(drawn.condition, builder, known)
    then = build(drawn.then, builder, known)
    otherwise = build(drawn.otherwise, builder, known)

    def evaluate(scope: Scope, state: State) -> Value:
        verdict = condition(scope, state)
        if verdict is not None and type(verdict) is not bool:
            _not_boolean(state, place)
            return None
        return (then if verdict is True else otherwise)(scope, state)

    return evaluate


def _not_boolean(state: State, place: Place) -> None:
    state.warn(
        "not_boolean",
        place,
        "the condition is neither true nor false",
        "la condition n'est ni vraie ni fausse",
    )


def _filter(drawn: model.Filter, builder: Builder, known: Known) -> Evaluator:
    place = builder.place(drawn)
    source = build(drawn.source, builder, known)
    match = build(drawn.match, builder, None)  # components of the items are in scope, whatever they are

    def evaluate(scope: Scope, state: State) -> Value:
        items = _items(source(scope, state), state)
        if items is None:
            return None
        kept = []
        for item in items:
            local = {**scope, **item, "item": item} if type(item) is dict else {**scope, "item": item}
            verdict = match(local, state)
            if verdict is not None and type(verdict) is not bool:
                _not_boolean(state, place)
                return None
            if verdict is True:
                kept.append(item)
        return kept

    return evaluate


def _items(value: Value, state: State) -> Sequence[Value] | None:
    """Return what an iteration walks over, and pay for it."""
    items = elements(value, state.run)
    if items is not None:
        state.run.spend_items(len(items))
    return items


def _iterator(drawn: model.Iteration, builder: Builder, known: Known) -> Evaluator:
    source = build(drawn.source, builder, known)
    extra = {drawn.variable, "partial"} if drawn.kind == "for" else {drawn.variable}
    outer, builder.uses = builder.uses, set()
    body = build(drawn.body, builder, None if known is None else known | extra)
    partial = "partial" in builder.uses
    builder.uses |= outer
    if drawn.kind == "for":
        return _for(drawn.variable, source, body, partial=partial)
    return _quantified(drawn, source, body, builder.place(drawn))


def _for(variable: str, source: Evaluator, body: Evaluator, *, partial: bool) -> Evaluator:
    """Make ``for``; ``partial`` is the list made so far, copied for each turn when the body asks for it."""

    def evaluate(scope: Scope, state: State) -> Value:
        items = _items(source(scope, state), state)
        if items is None:
            return None
        made: list[Value] = []
        for item in items:
            local = {**scope, variable: item}
            if partial:
                state.run.spend(len(made) >> 2)
                local["partial"] = made.copy()
            made.append(body(local, state))
        return made

    return evaluate


def _quantified(drawn: model.Iteration, source: Evaluator, body: Evaluator, place: Place) -> Evaluator:
    deciding = drawn.kind == "some"
    variable = drawn.variable

    def evaluate(scope: Scope, state: State) -> Value:
        items = _items(source(scope, state), state)
        if items is None:
            return None
        unknown = False
        for item in items:
            verdict = body({**scope, variable: item}, state)
            if verdict is deciding:
                return deciding
            if verdict is not None and type(verdict) is not bool:
                _not_boolean(state, place)
                return None
            unknown = unknown or verdict is None
        return None if unknown else not deciding

    return evaluate


_BUILDERS: Final[Mapping[type, Callable[[Any, Builder, Known], Evaluator]]] = MappingProxyType(
    {
        model.LiteralExpression: _literal,
        model.DecisionTable: tables.build,
        model.Context: _context,
        model.FunctionDefinition: _function,
        model.Invocation: _invocation,
        model.ListExpression: _list,
        model.Relation: _relation,
        model.Conditional: _conditional,
        model.Filter: _filter,
        model.Iteration: _iterator,
    }
)
