"""Constants in the texts of a model.

Comes in: a node of a FEEL tree, or the text of allowed values. Goes out: its value when it needs nothing but
itself, else ``NotConstant``. It never evaluates variables, the clock or chance. Next: ``engine/dmn/regions.py``.
"""

from __future__ import annotations

from engine import feel
from engine.feel import syntax
from engine.feel.builder import Builder
from engine.feel.compiler import MAKERS
from engine.feel.values import MISSING, Value


class NotConstant(Exception):
    """The expression needs more than its own text."""


def constant(node: syntax.Node) -> Value:
    """Return the value of a constant node.

    Raises:
        NotConstant: the node needs variables, or a function whose value may change.
    """
    if isinstance(node, syntax.UnaryTest | syntax.AnyTest | syntax.Tests):
        raise NotConstant
    builder = Builder("", MAKERS, known=frozenset())
    value = builder.value_of(builder.build(node))
    if value is MISSING:
        raise NotConstant
    return value


def listed(text: str, names: frozenset[str]) -> tuple[Value, ...]:
    """Return the values of a list of constants, as in allowed values: ``"low", "high"``.

    Raises:
        NotConstant: something else than constants is listed.
        FeelSyntaxError: the text is not FEEL.
    """
    tree = feel.compile(text, "unary-tests", names).tree
    if not isinstance(tree, syntax.Tests) or tree.negated:
        raise NotConstant
    return tuple(constant(test) for test in tree.tests)
