"""How a built-in function is described and called.

Comes in: declarations such as ``"start position: number"``. Goes out: overloads that fit arguments to types
and call the function. It never lets an exception for data escape. Next: ``builtins/__init__.py``, the table.

A parameter is ``name: type``. A type may end in ``?`` (may be null, and left out), ``*`` (any number more), or
``+`` (one list, or any number of values).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from engine.feel.far import FarDate, FarDateTime
from engine.feel.run import Run
from engine.feel.values import Function, Months, Range, Value


class _Bad:
    """The answer of a function whose arguments do not fit."""

    __slots__ = ()


BAD: Final = _Bad()

ACCEPTED: Final[dict[str, frozenset[type]]] = {
    "any": frozenset(),
    "list": frozenset({list}),
    "string": frozenset({str}),
    "number": frozenset({int, Decimal}),
    "boolean": frozenset({bool}),
    "context": frozenset({dict}),
    "function": frozenset({Function}),
    "range": frozenset({Range}),
    "date": frozenset({date, datetime}),
    "moment": frozenset({date, datetime, FarDate, FarDateTime}),
    "time": frozenset({time, datetime}),
    "days": frozenset({timedelta}),
    "duration": frozenset({timedelta, Months}),
}
ANY: Final = ACCEPTED["any"]
LISTS: Final = ACCEPTED["list"]


class Overload:
    """One way to call a function."""

    __slots__ = ("function", "names", "nullable", "required", "spread", "types")

    def __init__(self, parameters: Sequence[str], function: Callable[..., Value]) -> None:
        self.function = function
        self.names: list[str] = []
        self.types: list[frozenset[type]] = []
        self.nullable: list[bool] = []
        self.spread = ""
        for parameter in parameters:
            name, _, kind = parameter.partition(": ")
            mark = kind[-1] if kind[-1] in "?*+" else ""
            self.names.append(name)
            self.types.append(ACCEPTED[kind.rstrip("?*+")])
            self.nullable.append(mark == "?" or kind.startswith("any"))
            self.spread = mark if mark in "*+" else ""
        needed = [at for at, parameter in enumerate(parameters) if parameter[-1] not in ("?*" if at else "?")]
        self.required = needed[-1] + 1 if needed else 0

    def fits(self, count: int) -> bool:
        """Tell whether so many arguments by position can be passed."""
        return self.required <= count and (bool(self.spread) or count <= len(self.names))

    def order(self, given: Sequence[str]) -> list[int | None] | None:
        """Map named arguments to positions: indexes into ``given``, None where one is left out."""
        if any(name not in self.names for name in given):
            return None
        if any(name not in given for name in self.names[: self.required]):
            return None
        places = [given.index(name) if name in given else None for name in self.names]
        while places and places[-1] is None:
            places.pop()
        return places

    def fit(self, values: Sequence[Value]) -> list[Value] | None:
        """Convert arguments to the types (DMN 1.5, 10.3.2.9.4); None when one does not fit."""
        if self.spread == "+":
            alone = len(values) == 1 and type(values[0]) is list
            return [values[0] if alone else list(values)]
        fitted = []
        last = len(self.types) - 1
        for position, value in enumerate(values):
            index = min(position, last)
            accepted = self.types[index]
            shape = type(value)
            if shape in accepted or accepted is ANY:
                fitted.append(value)
            elif value is None:
                if not self.nullable[index]:
                    return None
                fitted.append(None)
            elif accepted is LISTS:
                fitted.append([value])
            elif shape is list and len(value) == 1 and type(value[0]) in accepted:
                fitted.append(value[0])
            else:
                return None
        return fitted


def invoke(overloads: Sequence[Overload], run: Run, values: Sequence[Value]) -> Value:
    """Call the first overload that fits and accepts ``values``; ``BAD`` when none does."""
    run.spend(1)
    for overload in overloads:
        fitted = overload.fit(values)
        if fitted is None:
            continue
        try:
            result = overload.function(run, *fitted)
        except (OverflowError, ValueError):  # beyond the years 1 to 9999, or what decimals hold
            continue
        if result is not BAD:
            return result
    return BAD


class Library:
    """A set of built-in functions."""

    def __init__(self) -> None:
        self.overloads: dict[str, list[Overload]] = {}

    def add(self, name: str, *parameters: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare an overload of the function ``name``."""

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            self.overloads.setdefault(name, []).append(Overload(parameters, function))
            return function

        return declare
