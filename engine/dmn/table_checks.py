"""What is wrong with one decision table.

Comes in: a table and the compiled model it belongs to. Goes out: problems of shape, of hit policy, of allowed
values, and rules that meet, hide one another or leave a gap. It never evaluates a rule. Next:
``engine/dmn/coverage.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from engine import feel
from engine.dmn import coverage, regions
from engine.dmn.building import named
from engine.dmn.constants import NotConstant, constant
from engine.dmn.model import DecisionTable, DrgElement, Element, InputClause, OutputClause, Text
from engine.dmn.problems import Problem
from engine.dmn.program import Program
from engine.dmn.regions import Atom, Column
from engine.feel import syntax
from engine.feel.compare import equal, less
from engine.feel.errors import FeelSyntaxError
from engine.feel.membership import children
from engine.feel.text import FREE

#: Pairs of rules told for one table: after these it needs another look anyway.
_TOLD: Final = 20

#: Rules that are compared with one another in about a second.
_COMPARED: Final = 2_000


def check(owner: DrgElement, table: DecisionTable, compiled: Program) -> Iterator[Problem]:
    """Find what is wrong with a table."""
    sound = True
    for problem in _shape(owner, table):
        sound = sound and problem.code not in {"input_count", "output_count"}
        yield problem
    yield from _policy(owner, table, compiled)
    if sound:
        yield from _allowed(owner, table, compiled)
        yield from _ranges(owner, table, compiled)
        yield from _coverage(owner, table, compiled)


def _problem(
    code: str,
    owner: DrgElement,
    element: Element,
    *,
    line: int | None = None,
    rule: int | None = None,
    column: str | None = None,
    **facts: object,
) -> Problem:
    return Problem(
        code=code,
        line=element.line if line is None else line,
        element=element.id,
        label=owner.name,
        rule=rule,
        column=column,
        facts=facts,
    )


def _shape(owner: DrgElement, table: DecisionTable) -> Iterator[Problem]:
    """Find missing and superfluous cells, columns without a name or an expression."""
    if not table.outputs:
        yield _problem("no_output", owner, table)
    for clause in table.inputs:
        if clause.expression is None or not clause.expression.text.strip():
            part = ("the expression of the column", "l'expression de la colonne")
            yield _problem("missing_expression", owner, clause, column=clause.label, part=part)
    names: set[str] = set()
    for number, output in enumerate(table.outputs, 1):
        if output.name is None and len(table.outputs) > 1:
            yield _problem("unnamed_output", owner, output, column=output.label or str(number))
        elif output.name in names:
            yield _problem("duplicate_output", owner, output, name=output.name)
        names.add(output.name or "")
    for rule in table.rules:
        for code, cells, columns in (
            ("input_count", rule.inputs, table.inputs),
            ("output_count", rule.outputs, table.outputs),
        ):
            if len(cells) != len(columns):
                yield _problem(code, owner, rule, rule=rule.number, found=len(cells), expected=len(columns))


def _policy(owner: DrgElement, table: DecisionTable, compiled: Program) -> Iterator[Problem]:
    """Find a hit policy that does not fit the table."""
    if table.aggregation is not None:
        aggregation = table.aggregation
        if table.hit_policy != "COLLECT":
            yield _problem(
                "aggregation_policy", owner, table, policy=table.hit_policy, aggregation=aggregation
            )
        elif len(table.outputs) > 1:
            yield _problem(
                "aggregation_outputs", owner, table, found=len(table.outputs), aggregation=aggregation
            )
    if table.hit_policy in {"PRIORITY", "OUTPUT ORDER"} and not any(
        compiled.builder.ranking(table, output) for output in table.outputs
    ):
        yield _problem("outputs_not_ordered", owner, table, policy=table.hit_policy)


def _allowed(owner: DrgElement, table: DecisionTable, compiled: Program) -> Iterator[Problem]:
    """Find constant conclusions that are not among the allowed values of their column."""
    for index, output in enumerate(table.outputs):
        written = output.allowed or compiled.builder.allowed_of(output.type_ref)
        listed = None if written is None else compiled.builder.constants(written)
        if written is None or listed is None:
            continue
        for rule in table.rules:
            value = _constant(rule.outputs[index], compiled)
            if not value or any(equal(value[0], each, FREE) is True for each in listed):
                continue
            yield _problem(
                "output_not_allowed",
                owner,
                rule,
                line=rule.outputs[index].line,
                rule=rule.number,
                column=_title(output),
                value=named(value[0]),
                allowed=", ".join(named(each) for each in listed),
            )


def _constant(cell: Text, compiled: Program) -> tuple[object] | tuple[()]:
    """Return the value of a constant conclusion, in a tuple (empty: it is not constant, or null)."""
    if cell.text.strip() in {"", "-"}:
        return ()
    try:
        value = constant(feel.compile(cell.text, names=compiled.builder.names).tree)
    except (NotConstant, FeelSyntaxError):
        return ()
    return () if value is None else (value,)


def _ranges(owner: DrgElement, table: DecisionTable, compiled: Program) -> Iterator[Problem]:
    """Find ranges whose end lies before their start: no value is in them."""
    for rule in table.rules:
        for clause, cell in zip(table.inputs, rule.inputs, strict=True):
            tree = _tree(cell, compiled)
            if tree is not None and any(_inverted(node) for node in _nodes(tree)):
                yield _problem(
                    "range_inverted",
                    owner,
                    rule,
                    line=cell.line,
                    rule=rule.number,
                    column=_title(clause),
                    text=cell.text.strip(),
                )


def _nodes(tree: syntax.Node) -> Iterator[syntax.Node]:
    yield tree
    for below in children(tree):
        yield from _nodes(below)


def _inverted(node: syntax.Node) -> bool:
    if not isinstance(node, syntax.RangeLiteral):
        return False
    try:
        return less(constant(node.high), constant(node.low)) is True
    except NotConstant:
        return False


def _title(clause: InputClause | OutputClause) -> str:
    if isinstance(clause, OutputClause):
        return clause.label or clause.name or ""
    return clause.label or (clause.expression.text.strip() if clause.expression else "")


def _coverage(owner: DrgElement, table: DecisionTable, compiled: Program) -> Iterator[Problem]:
    """Find rules that meet or hide one another, and situations that no rule covers."""
    count = len(table.rules)
    if count > _COMPARED:
        yield _problem("rules_not_compared", owner, table, found=count, limit=_COMPARED)
        return
    columns = [_column(table, index, compiled) for index in range(len(table.inputs))]
    if table.hit_policy in {"UNIQUE", "ANY"}:
        yield from islice(_meetings(owner, table, columns), _TOLD)
    if table.hit_policy == "FIRST":
        for rule, earlier in coverage.hidden(columns, count):
            found = table.rules[rule]
            first = ", ".join(str(each + 1) for each in earlier)
            yield _problem("rule_hidden", owner, found, rule=found.number, first=first, second=rule + 1)
    total = table.hit_policy in {"UNIQUE", "ANY", "FIRST", "PRIORITY"}
    if total and columns and not any(output.default for output in table.outputs):
        situation = coverage.gap(columns, count)
        if situation is not None:
            yield _problem("rules_gap", owner, table, example=_example(columns, situation))


def _meetings(owner: DrgElement, table: DecisionTable, columns: Sequence[Column]) -> Iterator[Problem]:
    for meeting in coverage.overlaps(columns, len(table.rules)):
        first, second = table.rules[meeting.first], table.rules[meeting.second]
        same = [cell.text.strip() for cell in first.outputs] == [cell.text.strip() for cell in second.outputs]
        if table.hit_policy == "ANY" and same:
            continue
        code = "rules_contradict" if table.hit_policy == "ANY" else "rules_overlap"
        yield _problem(
            code,
            owner,
            second,
            rule=second.number,
            first=first.number,
            second=second.number,
            example=_example(columns, meeting.situation),
        )


def _column(table: DecisionTable, index: int, compiled: Program) -> Column:
    clause = table.inputs[index]
    cells = [_tree(rule.inputs[index], compiled) for rule in table.rules]
    allowed = clause.allowed or compiled.builder.allowed_of(clause.type_ref)
    return regions.column(
        _title(clause),
        cells,
        type_name=compiled.builder.built_in(clause.type_ref),
        allowed=None if allowed is None else _tree(allowed, compiled),
    )


def _tree(text: Text, compiled: Program) -> syntax.Node | None:
    """Parse a cell; an empty one accepts everything, a broken one is told elsewhere."""
    if text.text.strip() in {"", "-"}:
        return syntax.AnyTest(0)
    try:
        return feel.compile(text.text, "unary-tests", compiled.builder.names).tree
    except FeelSyntaxError:
        return None


def _example(columns: Sequence[Column], situation: Sequence[Atom]) -> tuple[str, str]:
    """Describe a situation, in English and French; columns that do not matter are left out."""
    pairs = zip(columns, situation, strict=True)
    parts = [_described(column, atom) for column, atom in pairs if column.matters]
    if not parts:
        return "anything is given", "n'importe quoi est donné"
    return " and ".join(en for en, _ in parts), " et ".join(fr for _, fr in parts)


def _described(column: Column, atom: Atom) -> tuple[str, str]:
    name = column.name
    if atom.kind == "null":
        return f"{name} is null", f"{name} est nul"
    if atom.is_point:
        return (f"{name} = {named(atom.low)}",) * 2
    if atom.low is None and atom.high is None:
        others = ", ".join(named(each.low) for each in column.atoms if each.is_point)
        return f"{name} is none of {others}", f"{name} n'est aucun de {others}"
    if atom.low is None:
        return (f"{name} < {named(atom.high)}",) * 2
    if atom.high is None:
        return (f"{name} > {named(atom.low)}",) * 2
    return (f"{named(atom.low)} < {name} < {named(atom.high)}",) * 2
