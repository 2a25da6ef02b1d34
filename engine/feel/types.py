"""The types of FEEL: ``instance of``, and the conversions of arguments.

Comes in: a value and a type. Goes out: whether it is one, or the value converted. Types that FEEL does not know
are asked of the run's ``types`` (the item definitions of a DMN model). Next: ``calls.py``.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from engine.feel import syntax
from engine.feel.arithmetic import midnight
from engine.feel.run import Run
from engine.feel.syntax import FeelType
from engine.feel.values import (
    BOOLEAN,
    CONTEXT_KIND,
    DATE,
    DATE_TIME,
    DAYS,
    FUNCTION,
    LIST,
    MISSING,
    MONTHS,
    NUMBER,
    RANGE,
    STRING,
    TIME,
    Function,
    Range,
    Value,
    kind,
)

ALIASES: Final = {"dateTime": DATE_TIME, "dayTimeDuration": DAYS, "yearMonthDuration": MONTHS}
ANY: Final = "Any"
NULL_TYPE: Final = "Null"
NAMES: Final = frozenset(
    {
        ANY,
        NULL_TYPE,
        BOOLEAN,
        CONTEXT_KIND,
        DATE,
        DATE_TIME,
        DAYS,
        FUNCTION,
        LIST,
        MONTHS,
        NUMBER,
        RANGE,
        STRING,
        TIME,
        *ALIASES,
    }
)
"""The types that FEEL itself knows (DMN 1.5, 10.3.2.9)."""


def is_named(value: Value, name: str) -> bool:
    """Tell whether ``value`` is of the FEEL type ``name``; null is of no type but ``Null``."""
    if value is None:
        return name == NULL_TYPE
    return name == ANY or kind(value) == ALIASES.get(name, name)


def is_instance(value: Value, wanted: FeelType, run: Run) -> bool | None:
    """Tell whether ``value`` is of the type ``wanted``; null when a type is not known."""
    if isinstance(wanted, syntax.TypeName):
        if wanted.name in NAMES:
            return is_named(value, wanted.name)
        return None if run.types is None else run.types.holds(value, wanted.name)
    if value is None:
        return False
    if isinstance(wanted, syntax.FunctionType):
        return type(value) is Function and len(value.parameters) == len(wanted.parameters)
    parts: list[tuple[Value, FeelType]]
    if isinstance(wanted, syntax.ListType):
        if type(value) is not list:
            return False
        run.spend(len(value))
        parts = [(item, wanted.of) for item in value]
    elif isinstance(wanted, syntax.RangeType):
        if type(value) is not Range:
            return False
        parts = [(value.low, wanted.of), (value.high, wanted.of)]
    else:
        if type(value) is not dict or any(name not in value for name, _ in wanted.entries):
            return False
        parts = [(value[name], of) for name, of in wanted.entries]
    for part, of in parts:
        result = None if part is None and unknown(of, run) else part is None or is_instance(part, of, run)
        if result is not True:
            return result
    return True


def unknown(wanted: FeelType, run: Run) -> str | None:
    """Return the first type name in ``wanted`` that nobody knows."""
    if isinstance(wanted, syntax.TypeName):
        known = wanted.name in NAMES or (
            run.types is not None and run.types.holds(None, wanted.name) is not None
        )
        return None if known else wanted.name
    if isinstance(wanted, syntax.ListType | syntax.RangeType):
        return unknown(wanted.of, run)
    if isinstance(wanted, syntax.ContextType):
        below = [of for _, of in wanted.entries]
    else:
        below = [*wanted.parameters, wanted.result]
    return next((name for of in below if (name := unknown(of, run)) is not None), None)


def coerce_named(value: Value, name: str) -> Value:
    """Convert ``value`` to the FEEL type ``name``, or give ``MISSING`` (DMN 1.5, 10.3.2.9.4)."""
    if value is None or name == ANY or is_named(value, name):
        return value
    name = ALIASES.get(name, name)
    if type(value) is list and len(value) == 1:
        return coerce_named(value[0], name)
    if name == LIST:
        return [value]
    if name == DATE_TIME and type(value) is date:
        return midnight(value)
    return MISSING


def coerce(value: Value, wanted: FeelType, run: Run) -> Value:
    """Convert ``value`` to the type ``wanted``, or give ``MISSING``."""
    if isinstance(wanted, syntax.TypeName):
        if wanted.name in NAMES:
            return coerce_named(value, wanted.name)
        return value if run.types is None else run.types.coerce(value, wanted.name)
    return value if value is None or is_instance(value, wanted, run) else MISSING
