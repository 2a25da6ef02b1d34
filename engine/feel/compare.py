"""Equality and order.

Comes in: two values. Goes out: true, false, or null when they do not compare. It never compares values of
different kinds, and charges the run for walking lists. Next: ``operators.py``.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, Final, Protocol

from engine.feel import far, temporal
from engine.feel.far import FAR
from engine.feel.values import (
    CONTEXT_KIND,
    DATE_TIME,
    FUNCTION,
    LIST,
    NUMBERS,
    ORDERED,
    RANGE,
    TIME,
    Range,
    Value,
    kind,
)

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
LOCAL_EPOCH: Final = EPOCH.replace(tzinfo=None)


class Budget(Protocol):
    """Whoever pays for walking a long value."""

    def spend(self, steps: int) -> None:
        """Charge ``steps``."""
        ...


def time_key(moment: time) -> int:
    """Count a time of day in UTC microseconds (DMN 1.5, 10.3.2.3.4)."""
    offset = moment.tzinfo.utcoffset(None) if moment.tzinfo else None
    return temporal.clock_microseconds(moment) - (temporal.microseconds(offset) if offset else 0)


def moment_keys(a: Value, b: Value) -> tuple[Any, Any]:
    """Give what equality and order of two times, or of two dates and times, go by: both with a zone, or neither."""
    if type(a) is time:
        return time_key(a), time_key(b)
    if type(a) is datetime and type(b) is datetime:
        start = EPOCH if a.tzinfo else LOCAL_EPOCH
        return a - start, b - start
    return far.key(a), far.key(b)


def equal(a: Value, b: Value, budget: Budget) -> bool | None:
    """Compare for equality (DMN 1.5, 10.3.2.13); null when the kinds differ."""
    if a is None or b is None:
        return a is b
    same = kind(a)
    if same != kind(b):
        return None
    if same == LIST:
        return _equal_lists(a, b, budget)
    if same == CONTEXT_KIND:
        if a.keys() != b.keys():
            return False
        budget.spend(len(a))
        return all(equal(value, b[key], budget) is True for key, value in a.items())
    if same == RANGE:
        return _equal_ranges(a, b, budget)
    if same == FUNCTION:
        return a is b
    if same in {TIME, DATE_TIME}:
        if (a.tzinfo is None) != (b.tzinfo is None):
            return False
        x, y = moment_keys(a, b)
        return bool(x == y)
    return bool(a == b)


def _equal_lists(a: list[Value], b: list[Value], budget: Budget) -> bool | None:
    if len(a) != len(b):
        return False
    budget.spend(len(a))
    for x, y in zip(a, b, strict=True):
        result = equal(x, y, budget)
        if result is not True:
            return result
    return True


def _equal_ranges(a: Range, b: Range, budget: Budget) -> bool:
    if (a.low_closed, a.high_closed, a.operator) != (b.low_closed, b.high_closed, b.operator):
        return False
    return equal(a.low, b.low, budget) is True and equal(a.high, b.high, budget) is True


def less(a: Value, b: Value) -> bool | None:
    """Tell whether ``a < b``; null when they have no order."""
    ta, tb = type(a), type(b)
    if not (ta in NUMBERS and tb in NUMBERS):
        same = kind(a)
        if same != kind(b) or same not in ORDERED:
            return None
        if same in {TIME, DATE_TIME}:
            if (a.tzinfo is None) != (b.tzinfo is None):
                return None
            a, b = moment_keys(a, b)
        elif ta in FAR or tb in FAR:
            a, b = far.key(a), far.key(b)
    return bool(a < b)


def compare(operator: str, a: Value, b: Value, budget: Budget) -> bool | None:
    """Apply ``=``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``."""
    if operator == "=":
        return equal(a, b, budget)
    if operator == "!=":
        result = equal(a, b, budget)
    elif operator == "<":
        return less(a, b)
    elif operator == ">":
        return less(b, a)
    else:
        result = less(b, a) if operator == "<=" else less(a, b)
    return None if result is None else not result


def within(span: Range, value: Value, budget: Budget) -> bool | None:
    """Tell whether ``value`` lies in ``span`` (DMN 1.5, table 55)."""
    if span.operator in {"=", "!="}:
        return compare(span.operator, value, span.low, budget)
    if value is None or (span.operator is None and (span.low is None or span.high is None)):
        return None
    if span.low is not None:
        result = compare("<=" if span.low_closed else "<", span.low, value, budget)
        if result is not True:
            return result
    if span.high is not None:
        return compare("<=" if span.high_closed else "<", value, span.high, budget)
    return True


def passes(tested: Value, value: Value, budget: Budget) -> bool | None:
    """Tell whether ``value`` passes a test whose own value is ``tested`` (DMN 1.5, table 54, ``in``)."""
    shape = type(tested)
    if shape is Range:
        return within(tested, value, budget)
    if shape is list:
        if type(value) is list and equal(tested, value, budget) is True:
            return True
        budget.spend(len(tested))
        return any(
            (within(item, value, budget) if type(item) is Range else equal(item, value, budget)) is True
            for item in tested
        )
    if tested is None:
        return value is None
    return equal(value, tested, budget)


def contains(items: list[Value], value: Value, budget: Budget) -> bool:
    """Tell whether an element of ``items`` equals ``value``."""
    budget.spend(len(items))
    return any(equal(item, value, budget) is True for item in items)
