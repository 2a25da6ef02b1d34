"""Hit policies: what a table answers when several rules match (DMN 1.5, 8.2.10 and 8.2.11).

Comes in: the numbers of the rules that matched and their conclusions, in the order of the table. Goes out: the
table's value. It raises only where the standard forbids an answer: UNIQUE and ANY. Next: ``engine/dmn/trace.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from engine.dmn import model
from engine.dmn.building import Builder
from engine.dmn.problems import DecisionFailed
from engine.dmn.state import State
from engine.feel import arithmetic
from engine.feel.compare import equal, less
from engine.feel.values import Value


@dataclass(frozen=True, slots=True)
class Output:
    """A rule's conclusions: as one value (a context when there are several), and one by one."""

    value: Value
    values: tuple[Value, ...]


#: Turns what matched (numbers of rules, their outputs) into the value of the table.
Settle = Callable[[Sequence[int], Sequence[Output], State], Value]


def policy(table: model.DecisionTable, builder: Builder) -> Settle:
    """Choose how the table's matches become its value."""
    place = builder.place(table)
    name = place.label or table.label or table.id
    match table.hit_policy:
        case "UNIQUE":
            return _unique(name)
        case "ANY":
            return _any(name)
        case "FIRST":
            return _first
        case "RULE ORDER":
            return _all
        case "COLLECT":
            return _all if table.aggregation is None else _AGGREGATES[table.aggregation]
        case _:
            ranks = tuple(builder.ranking(table, output) for output in table.outputs)
            best = table.hit_policy == "PRIORITY"
            return lambda _rules, outputs, state: _ordered(outputs, ranks, state, best=best)


def _first(_rules: Sequence[int], outputs: Sequence[Output], _state: State) -> Value:
    return outputs[0].value


def _all(_rules: Sequence[int], outputs: Sequence[Output], _state: State) -> Value:
    return [output.value for output in outputs]


def _unique(name: str) -> Settle:
    def settle(rules: Sequence[int], outputs: Sequence[Output], state: State) -> Value:
        if len(rules) > 1:
            raise DecisionFailed(
                f"Expected at most one rule of “{name}” to match, but rules {_listed(rules, 'and')} do.",
                french=f"Une règle au plus de « {name} » devait s'appliquer, mais les règles {_listed(rules, 'et')} "
                "s'appliquent.",
                reason="unique_violated",
                rules=list(rules),
                **state.facts(),
            )
        return outputs[0].value

    return settle


def _any(name: str) -> Settle:
    def settle(rules: Sequence[int], outputs: Sequence[Output], state: State) -> Value:
        for rule, output in zip(rules[1:], outputs[1:], strict=True):
            if equal(output.value, outputs[0].value, state.run) is not True:
                raise DecisionFailed(
                    f"Expected the matching rules of “{name}” to agree, but rules {rules[0]} and {rule} do not.",
                    french=f"Les règles de « {name} » qui s'appliquent devaient concorder, mais les règles "
                    f"{rules[0]} et {rule} diffèrent.",
                    reason="any_violated",
                    rules=[rules[0], rule],
                    **state.facts(),
                )
        return outputs[0].value

    return settle


def _listed(rules: Sequence[int], last: str) -> str:
    return ", ".join(str(rule) for rule in rules[:-1]) + f" {last} {rules[-1]}"


def _ordered(
    outputs: Sequence[Output], ranks: Sequence[tuple[Value, ...] | None], state: State, *, best: bool
) -> Value:
    """Sort by the allowed values, columns from left to right; a value that is not listed comes last."""

    def rank(output: Output) -> list[int]:
        places = []
        for value, order in zip(output.values, ranks, strict=True):
            if order is not None:
                found = (place for place, each in enumerate(order) if equal(each, value, state.run) is True)
                places.append(next(found, len(order)))
        return places

    ordered = sorted(outputs, key=rank)
    return ordered[0].value if best else [output.value for output in ordered]


def _sum(_rules: Sequence[int], outputs: Sequence[Output], _state: State) -> Value:
    total = outputs[0].value
    for output in outputs[1:]:
        total = arithmetic.apply("+", total, output.value)
    return total


def _count(_rules: Sequence[int], outputs: Sequence[Output], _state: State) -> Value:
    return len(outputs)


def _extreme(*, smallest: bool) -> Settle:
    def settle(_rules: Sequence[int], outputs: Sequence[Output], _state: State) -> Value:
        found = outputs[0].value
        for output in outputs[1:]:
            pair = (output.value, found) if smallest else (found, output.value)
            verdict = less(*pair)
            if verdict is None:
                return None
            if verdict:
                found = output.value
        return found

    return settle


_AGGREGATES: Final = MappingProxyType(
    {"SUM": _sum, "COUNT": _count, "MIN": _extreme(smallest=True), "MAX": _extreme(smallest=False)}
)
