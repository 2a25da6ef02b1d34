"""From a tree back to a source text.

Comes in: a tree. Goes out: FEEL with the fewest parentheses, which reads back as the same tree. It never keeps
comments or the author's spaces. Next: ``parser.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.feel import syntax
from engine.feel.lexer import escape
from engine.feel.names import is_plain
from engine.feel.parser import ADD, AND, COMPARE, GENERIC_TYPES, MULTIPLY, OR, POWER, UNARY
from engine.feel.syntax import FeelType, Node
from engine.feel.types import NAMES

POSTFIX: Final = UNARY + 1
CHAIN_LEVELS: Final = {"+": ADD, "-": ADD, "*": MULTIPLY, "/": MULTIPLY, "**": POWER}
OPEN_ENDED: Final = (syntax.If, syntax.For, syntax.Quantified, syntax.FunctionLiteral)
"""Nodes that run on to the right as far as they can."""


def print_tree(node: Node) -> str:
    """Write ``node`` as FEEL."""
    if isinstance(node, syntax.AnyTest):
        return "-"
    if isinstance(node, syntax.Tests):
        tests = _list(node.tests)
        return f"not({tests})" if node.negated else tests
    return _PRINTERS[type(node)](node)


def print_name(name: str) -> str:
    """Write a name, in backticks unless it is one plain word."""
    return name if is_plain(name) or name == "?" else f"`{name}`"


def print_type(wanted: FeelType) -> str:
    """Write a type."""
    if isinstance(wanted, syntax.TypeName):
        return wanted.name if wanted.name in NAMES or is_plain(wanted.name) else f"`{wanted.name}`"
    if isinstance(wanted, syntax.ListType):
        return f"list<{print_type(wanted.of)}>"
    if isinstance(wanted, syntax.RangeType):
        return f"range<{print_type(wanted.of)}>"
    if isinstance(wanted, syntax.ContextType):
        entries = ", ".join(f"{print_name(name)}: {print_type(of)}" for name, of in wanted.entries)
        return f"context<{entries}>"
    parameters = ", ".join(print_type(of) for of in wanted.parameters)
    return f"function<{parameters}> -> {print_type(wanted.result)}"


def level(node: Node) -> int:
    """Return how tightly ``node`` binds."""
    if isinstance(node, OPEN_ENDED):
        return 0
    if isinstance(node, syntax.Or):
        return OR
    if isinstance(node, syntax.And):
        return AND
    if isinstance(node, syntax.Comparison | syntax.Between | syntax.In | syntax.UnaryTest):
        return COMPARE
    if isinstance(node, syntax.Chain):
        return CHAIN_LEVELS[node.steps[0].operator]
    if isinstance(node, syntax.Negation | syntax.InstanceOf):
        return UNARY
    if isinstance(node, syntax.Number) and not node.text[0].isdigit():
        return UNARY
    return POSTFIX


def _at(node: Node, lowest: int) -> str:
    """Write ``node``, in parentheses if it binds less tightly than ``lowest``."""
    text = print_tree(node)
    return text if level(node) >= lowest else f"({text})"


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(print_tree(node) for node in nodes)


def _chain(node: syntax.Chain) -> str:
    tighter = level(node) + 1
    steps = "".join(f" {step.operator} {_at(step.operand, tighter)}" for step in node.steps)
    return _at(node.first, tighter) + steps


def _in(node: syntax.In) -> str:
    value = _at(node.value, COMPARE + 1)
    if len(node.tests) == 1 and isinstance(node.tests[0], syntax.RangeLiteral | syntax.ListLiteral):
        return f"{value} in {print_tree(node.tests[0])}"
    return f"{value} in ({_list(node.tests)})"


def _iterators(iterators: tuple[syntax.Iterator, ...]) -> str:
    parts = []
    for iterator in iterators:
        end = "" if iterator.end is None else f"..{_range_end(iterator.end)}"
        parts.append(f"{print_name(iterator.name)} in {_range_end(iterator.source)}{end}")
    return ", ".join(parts)


def _function(node: syntax.FunctionLiteral) -> str:
    parameters = []
    for parameter in node.parameters:
        kind = "" if parameter.type is None else f": {print_type(parameter.type)}"
        parameters.append(print_name(parameter.name) + kind)
    external = " external" if node.external else ""
    return f"function({', '.join(parameters)}){external} {print_tree(node.body)}"


def _call(node: syntax.Call) -> str:
    named = [f"{print_name(name)}: {print_tree(value)}" for name, value in node.named]
    return f"{_at(node.function, POSTFIX)}({_list(node.arguments) or ', '.join(named)})"


def _context(node: syntax.ContextLiteral) -> str:
    entries = (
        f"{name if is_plain(name) else escape(name)}: {print_tree(value)}" for name, value in node.entries
    )
    return "{" + ", ".join(entries) + "}"


def _range_end(node: Node) -> str:
    """Write an end of a range; a bracket right after it must not look like a filter or a call."""
    return _at(node, 1)


def _range(node: syntax.RangeLiteral) -> str:
    opening = "[" if node.low_closed else "("
    closing = "]" if node.high_closed else ")"
    return f"{opening}{_range_end(node.low)}..{_range_end(node.high)}{closing}"


def _path(node: syntax.Path) -> str:
    return f"{_at(node.base, POSTFIX)}.{print_name(node.name)}"


def _constant(node: syntax.Constant) -> str:
    return {True: "true", False: "false", None: "null"}[node.value]


_PRINTERS: Final[dict[type, Callable[[Any], str]]] = {
    syntax.Number: lambda node: node.text,
    syntax.Text: lambda node: escape(node.value),
    syntax.Constant: _constant,
    syntax.Temporal: lambda node: "@" + escape(node.text),
    syntax.Name: lambda node: print_name(node.name),
    syntax.Path: _path,
    syntax.Filter: lambda node: f"{_at(node.base, POSTFIX)}[{print_tree(node.condition)}]",
    syntax.Call: _call,
    syntax.Chain: _chain,
    syntax.Negation: lambda node: f"-{_at(node.operand, UNARY)}",
    syntax.And: lambda node: " and ".join(_conjunct(term) for term in node.terms),
    syntax.Or: lambda node: " or ".join(_at(term, OR + 1) for term in node.terms),
    syntax.Comparison: lambda node: f"{_compared(node)} {node.operator} {_at(node.right, ADD)}",
    syntax.Between: lambda node: (
        f"{_at(node.value, COMPARE)} between {_at(node.low, ADD)} and {_at(node.high, ADD)}"
    ),
    syntax.In: _in,
    syntax.If: lambda node: (
        f"if {print_tree(node.condition)} then {print_tree(node.yes)} else {print_tree(node.no)}"
    ),
    syntax.For: lambda node: f"for {_iterators(node.iterators)} return {print_tree(node.body)}",
    syntax.Quantified: lambda node: (
        f"{'some' if node.some else 'every'} {_iterators(node.iterators)} satisfies {print_tree(node.body)}"
    ),
    syntax.FunctionLiteral: _function,
    syntax.InstanceOf: lambda node: f"{_instance_value(node.value)} instance of {print_type(node.type)}",
    syntax.ListLiteral: lambda node: f"[{_list(node.items)}]",
    syntax.ContextLiteral: _context,
    syntax.RangeLiteral: _range,
    syntax.HalfRange: lambda node: f"({node.operator} {_at(node.operand, ADD)})",
    syntax.UnaryTest: lambda node: f"{node.operator} {_at(node.operand, ADD)}",
}


def _compared(node: syntax.Comparison) -> str:
    """Write the left side so that ``(x instance of list) < 5`` does not become the type ``list<…>``."""
    text = _at(node.left, COMPARE)
    return f"({text})" if node.operator == "<" and text.endswith(tuple(GENERIC_TYPES)) else text


def _conjunct(node: Node) -> str:
    """Write a term of ``and`` so that ``(date) and time`` does not become the name of a function."""
    text = _at(node, AND + 1)
    return f"({text})" if text.endswith(("date", "years")) else text


def _instance_value(node: Node) -> str:
    return print_tree(node) if isinstance(node, syntax.InstanceOf) else _at(node, POSTFIX)
