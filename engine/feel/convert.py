"""Python's values into FEEL's, and back; JSON into FEEL's, and back.

Comes in: process variables, form data, JSON text. Goes out: FEEL values, or plain Python without our own
types. An object FEEL does not know is refused, never looked into. Next: ``values.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from engine.feel.compare import Budget
from engine.feel.errors import FeelLimit, FeelValueError
from engine.feel.far import FAR
from engine.feel.limits import VALUE_DEPTH
from engine.feel.text import write
from engine.feel.values import CONTEXT, WHOLE, Function, Months, Range, Value, finite, kind, whole

ATOMS: Final = frozenset({type(None), bool, str, date, time, datetime, timedelta, Months, Range, Function})
"""Types that go in as they are."""

PLAIN: Final = frozenset({type(None), bool, int, str, date, time, datetime, timedelta, Months})
"""Types that go out as they are."""


def to_feel(value: Any, depth: int = 0) -> Value:
    """Give ``value`` as a FEEL value; lists and dictionaries are copied.

    Floats go through their shortest text, so that ``0.1`` is one tenth; not-a-number and infinities are null.

    Raises:
        FeelValueError: FEEL has no such value.
        FeelLimit: the value is nested too deeply.
    """
    shape = type(value)
    if shape in ATOMS:
        return value
    if shape is int:
        return whole(value)
    if shape is Decimal:
        return finite(CONTEXT.plus(value))
    if shape is float:
        return finite(CONTEXT.create_decimal(repr(value)))
    if depth > VALUE_DEPTH:
        raise FeelLimit("value_depth", limit=VALUE_DEPTH)
    if shape is list or shape is tuple:
        return [to_feel(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): to_feel(item, depth + 1) for key, item in value.items()}
    return _other(value, depth)


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    if isinstance(key, Enum) and type(key.value) is str:
        return key.value
    raise FeelValueError("not_a_name", type=type(key).__name__)


def _other(value: Any, depth: int) -> Value:
    if isinstance(value, Enum):
        return to_feel(value.value, depth + 1)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, set | frozenset):
        return [to_feel(item, depth + 1) for item in sorted(value)]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_feel(getattr(value, item.name), depth + 1) for item in fields(value)}
    raise FeelValueError("not_feel", type=type(value).__name__)


def to_python(value: Value, budget: Budget, depth: int = 0) -> Any:
    """Give a FEEL value as plain Python: whole numbers as int, others as Decimal; lists and contexts are copied.

    Raises:
        FeelValueError: a range or a function cannot leave an expression.
        FeelLimit: the value is nested too deeply, or larger than the run may still make.
    """
    shape = type(value)
    if shape in PLAIN:
        return value
    if shape is Decimal:
        return int(value) if -WHOLE < value < WHOLE and value == value.to_integral_value() else value
    if depth > VALUE_DEPTH:
        raise FeelLimit("value_depth", limit=VALUE_DEPTH)
    if shape is list:
        budget.spend(len(value))
        return [to_python(item, budget, depth + 1) for item in value]
    if shape is dict:
        budget.spend(len(value))
        return {key: to_python(item, budget, depth + 1) for key, item in value.items()}
    if shape in FAR:
        raise FeelValueError("far_year", year=value.year)
    raise FeelValueError("must_stay", kind=kind(value))


def dump(value: Value, budget: Budget) -> str:
    """Write a FEEL value as JSON; numbers exactly, dates and durations as ISO 8601 text.

    Raises:
        FeelValueError: a range or a function has no JSON.
        FeelLimit: as ``to_python``.
    """
    parts: list[str] = []
    _dump(to_python(value, budget), parts)
    return "".join(parts)


def _dump(value: Any, parts: list[str]) -> None:
    if isinstance(value, dict):
        parts.append("{")
        for count, (key, item) in enumerate(value.items()):
            parts.append((", " if count else "") + json.dumps(key, ensure_ascii=False) + ": ")
            _dump(item, parts)
        parts.append("}")
    elif isinstance(value, list):
        parts.append("[")
        for count, item in enumerate(value):
            if count:
                parts.append(", ")
            _dump(item, parts)
        parts.append("]")
    elif isinstance(value, Decimal | int) and not isinstance(value, bool):
        parts.append(str(value))
    else:
        plain = value is None or isinstance(value, bool | str)
        parts.append(json.dumps(value if plain else write(value), ensure_ascii=False))


def load(text: str) -> Value:
    """Read JSON text; numbers with a point become decimals.

    Raises:
        ValueError: the text is not JSON.
        FeelLimit: the value is nested too deeply.
    """
    try:
        return to_feel(json.loads(text, parse_float=Decimal, parse_constant=_refuse))
    except RecursionError:
        raise FeelLimit("value_depth", limit=VALUE_DEPTH) from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)
