"""Decision tables to closures.

Comes in: the plain data of a table and the ``Builder`` that compiles its cells. Goes out: a function of scope and
state that gives the table's value and leaves a trace. It raises only when the rules contradict the hit policy.
Next: ``engine/dmn/hits.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from engine.dmn import hits, model
from engine.dmn.building import Builder, CellTest, Evaluator, Known, Scope, named, typed
from engine.dmn.state import Place, State
from engine.dmn.trace import InputTrace, RuleTrace, TableTrace
from engine.dmn.types import Test
from engine.feel.builder import Scope as FeelScope
from engine.feel.values import Value


@dataclass(frozen=True, slots=True)
class _Column:
    """A condition column, compiled."""

    label: str
    expression: str
    place: Place
    evaluate: Evaluator
    allowed: Test | None


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule, compiled: the tests of its cells that test anything, and what it concludes."""

    drawn: model.Rule
    tests: tuple[tuple[int, CellTest], ...]
    outputs: tuple[Evaluator, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """A table, compiled; ``names`` are those of its conclusions, ``single``: it has just one."""

    drawn: model.DecisionTable
    columns: tuple[_Column, ...]
    rules: tuple[_Rule, ...]
    names: tuple[str, ...]
    single: bool
    defaults: tuple[Evaluator, ...] | None
    settle: hits.Settle

    def evaluate(self, scope: Scope, state: State) -> Value:
        """Test every rule in order and settle what matched by the hit policy.

        Raises:
            DecisionFailed: rules contradict the hit policy UNIQUE or ANY.
        """
        values: list[Value] = []
        for column in self.columns:
            value = column.evaluate(scope, state)
            if (
                column.allowed is not None
                and value is not None
                and column.allowed(value, state.run) is not True
            ):
                _not_allowed(state, column, value)
                self._remember(state, [*values, value], (), ())
                return None
            values.append(value)
        matched = self._matching(values, scope, state)
        if not matched:
            return self._default(values, scope, state)
        outputs = [self._outputs(rule, scope, state) for rule in matched]
        self._remember(state, values, matched, outputs)
        return self.settle([rule.drawn.number for rule in matched], outputs, state)

    def _matching(self, values: Sequence[Value], scope: Scope, state: State) -> list[_Rule]:
        """Return the rules whose cells all accept the values."""
        run, warnings = state.run, state.run.warnings
        outer = FeelScope(scope, None, run)
        scopes = [FeelScope({"?": value}, outer, run) for value in values]
        first = self.drawn.hit_policy == "FIRST"
        before = len(warnings)
        told: set[int] = set()
        matched = []
        run.spend(len(self.rules))
        for rule in self.rules:
            for index, test in rule.tests:
                verdict = test(scopes[index], values[index])
                if len(warnings) > before:
                    if values[index] is None or index in told:  # nobody needs to read it twice
                        del warnings[before:]
                    told.add(index)
                    state.adopt(rule.places[index], before)
                if verdict is not True:
                    break
            else:
                matched.append(rule)
                if first:
                    break
        return matched

    def _outputs(self, rule: _Rule, scope: Scope, state: State) -> hits.Output:
        found = tuple(output(scope, state) for output in rule.outputs)
        return hits.Output(found[0] if self.single else dict(zip(self.names, found, strict=True)), found)

    def _default(self, values: Sequence[Value], scope: Scope, state: State) -> Value:
        """Return the default conclusions, or null."""
        if self.defaults is None:
            self._remember(state, values, (), ())
            return None
        found = tuple(default(scope, state) for default in self.defaults)
        self._remember(state, values, (), (), defaulted=True)
        return found[0] if self.single else dict(zip(self.names, found, strict=True))

    def _remember(
        self,
        state: State,
        values: Sequence[Value],
        matched: Sequence[_Rule],
        outputs: Sequence[hits.Output],
        *,
        defaulted: bool = False,
    ) -> None:
        if state.current is None:
            return
        notes = self.drawn.annotation_names
        state.remember(
            TableTrace(
                id=self.drawn.id,
                label=self.drawn.label,
                hit_policy=self.drawn.hit_policy,
                inputs=tuple(
                    InputTrace(label=column.label, expression=column.expression, value=value)
                    for column, value in zip(self.columns, values, strict=False)
                ),
                matched=tuple(
                    RuleTrace(
                        number=rule.drawn.number,
                        id=rule.drawn.id,
                        outputs=MappingProxyType(dict(zip(self.names, output.values, strict=True))),
                        annotations=MappingProxyType(_annotations(rule.drawn, notes)),
                    )
                    for rule, output in zip(matched, outputs, strict=True)
                ),
                defaulted=defaulted,
            )
        )


def _annotations(rule: model.Rule, names: Sequence[str]) -> dict[str, str]:
    """Pair a rule's notes with their columns; the description that modelers keep beside them has no name."""
    found = {}
    for index, text in enumerate(rule.annotations):
        if text.strip():
            found[names[index] if index < len(names) else ""] = text.strip()
    return found


def _not_allowed(state: State, column: _Column, value: Value) -> None:
    shown = named(value)
    state.warn(
        "input_not_allowed",
        column.place,
        f"{shown} is not an allowed value of “{column.label or column.expression}”",
        f"{shown} n'est pas une valeur permise de « {column.label or column.expression} »",
    )


def build(drawn: model.DecisionTable, builder: Builder, known: Known) -> Evaluator:
    """Compile a table."""
    columns = tuple(_column(clause, builder, known) for clause in drawn.inputs)
    names = tuple(output.name or output.label or "" for output in drawn.outputs)
    single = len(drawn.outputs) == 1
    rules = tuple(_rule(rule, drawn, builder, known) for rule in drawn.rules)
    defaults = None
    if any(output.default for output in drawn.outputs):
        defaults = tuple(_output(clause, clause.default, builder, known) for clause in drawn.outputs)
    if not drawn.outputs:
        return lambda _scope, _state: None
    table = _Table(
        drawn=drawn,
        columns=columns,
        rules=tuple(rule for rule in rules if rule is not None),
        names=names,
        single=single,
        defaults=defaults,
        settle=hits.policy(drawn, builder),
    )
    return table.evaluate


def _column(clause: model.InputClause, builder: Builder, known: Known) -> _Column:
    place = builder.place(clause, column=clause.label)
    wanted = builder.type(clause.type_ref, clause)
    text = clause.expression
    return _Column(
        label=clause.label,
        expression=text.text.strip() if text else "",
        place=place,
        evaluate=typed(builder.expression(text, place, known), wanted, place),
        allowed=builder.allowed(clause.allowed, place),
    )


def _rule(rule: model.Rule, table: model.DecisionTable, builder: Builder, known: Known) -> _Rule | None:
    """Compile a rule; None when it has not as many cells as the table has columns (a problem of its own)."""
    if len(rule.inputs) != len(table.inputs) or len(rule.outputs) != len(table.outputs):
        return None
    tests, places = [], []
    for index, (clause, cell) in enumerate(zip(table.inputs, rule.inputs, strict=True)):
        column = clause.label or (clause.expression.text.strip() if clause.expression else "")
        place = builder.place(rule, rule=rule.number, column=column, line=cell.line)
        places.append(place)
        if cell.text.strip() not in {"", "-"}:
            tests.append((index, builder.cell(cell, place, known)))
    outputs = []
    for output, cell in zip(table.outputs, rule.outputs, strict=True):
        place = builder.place(rule, rule=rule.number, column=output.label or output.name, line=cell.line)
        written = None if cell.text.strip() in {"", "-"} else cell
        outputs.append(_output(output, written, builder, known, place))
    return _Rule(drawn=rule, tests=tuple(tests), outputs=tuple(outputs), places=tuple(places))


def _output(
    clause: model.OutputClause,
    written: model.Text | None,
    builder: Builder,
    known: Known,
    place: Place | None = None,
) -> Evaluator:
    place = place or builder.place(clause, column=clause.label or clause.name)
    wanted = builder.type(clause.type_ref, clause)
    return typed(builder.expression(written, place, known), wanted, place)
