"""FEEL, the expression language of DMN 1.5, with Camunda's additions.

Comes in: a text and variables. Goes out: a value and warnings, or a typed error with its place. It never runs
Python made from text, reaches an attribute, reads a clock or loops for ever. Next: ``compiler.py``, ``README.md``.
"""

from engine.feel.compiler import Compiled, Result
from engine.feel.compiler import compile_text as compile  # noqa: A004 - the standard word, used as feel.compile
from engine.feel.errors import FeelAssertion, FeelLimit, FeelSyntaxError, FeelValueError, FeelWarning, Place
from engine.feel.limits import DEFAULT, Limits
from engine.feel.printer import print_tree
from engine.feel.run import Run, Types
from engine.feel.suggest import Unknown, unknown_names
from engine.feel.values import MISSING, Function, Months, Range

__all__ = [
    "DEFAULT",
    "MISSING",
    "Compiled",
    "FeelAssertion",
    "FeelLimit",
    "FeelSyntaxError",
    "FeelValueError",
    "FeelWarning",
    "Function",
    "Limits",
    "Months",
    "Place",
    "Range",
    "Result",
    "Run",
    "Types",
    "Unknown",
    "compile",
    "print_tree",
    "unknown_names",
]
