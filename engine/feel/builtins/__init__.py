"""The built-in functions.

Comes in: the libraries of this package. Goes out: one fixed table from name to overloads, and each built-in as a
function value. Nothing can be added at run time. Next: ``table.py``, ``lists.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.feel.builtins import contexts, conversions, dates, lists, numbers, patterns, ranges, strings
from engine.feel.builtins.table import BAD, Overload, invoke
from engine.feel.run import Run
from engine.feel.values import Function, Value

LIBRARIES: Final = (conversions, strings, patterns, lists, numbers, dates, contexts, ranges)

TABLE: Final[Mapping[str, Sequence[Overload]]] = {
    name: tuple(overloads) for module in LIBRARIES for name, overloads in module.LIBRARY.overloads.items()
}
"""Every built-in function: DMN 1.5, clause 10.3.4, and Camunda's additions."""

FOLDABLE: Final = frozenset(
    {"date", "time", "date and time", "duration", "years and months duration", "number", "range"}
)
"""Functions that are called once, at compile time, when their arguments are constants."""

CLOCKED: Final = frozenset({"now", "today"})
"""Functions that need the present instant."""

QUIET: Final = frozenset({"is defined", "get or else"})
"""Functions that expect an unknown name: no warning is kept from their arguments."""


def _function(name: str) -> Function:
    def call(run: Run, arguments: list[Value]) -> Value:
        fitting = [overload for overload in TABLE[name] if overload.fits(len(arguments))]
        result = invoke(fitting, run, arguments)
        return None if result is BAD else result

    return Function(TABLE[name][0].names, call, name, variadic=True)


FUNCTIONS: Final[dict[str, Function]] = {name: _function(name) for name in TABLE}
"""The built-ins as values, for ``sort(names, string length)``."""
