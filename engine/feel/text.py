"""Values as text, as the function ``string`` writes them.

Comes in: any value. Goes out: its text (DMN 1.5, 10.3.4.1). Walking a value is charged to the run.
It never reads text: that is ``temporal.py``. Next: ``values.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from engine.feel import temporal
from engine.feel.compare import Budget
from engine.feel.lexer import escape
from engine.feel.names import PLAIN
from engine.feel.values import (
    BOOLEAN,
    CONTEXT_KIND,
    DATE,
    DATE_TIME,
    DAYS,
    LIST,
    MONTHS,
    NULL,
    NUMBER,
    RANGE,
    STRING,
    TIME,
    WHOLE,
    Range,
    Value,
    kind,
)

LONGEST_FIXED = 200
"""Numbers with more digits before or after the point are written with an exponent."""


class Free:
    """A budget that nobody pays: for values known to be short."""

    def spend(self, steps: int) -> None:
        """Charge nothing."""


FREE: Final = Free()


def write_number(number: int | Decimal) -> str:
    """Write a number without needless zeros."""
    if isinstance(number, int):
        return str(number)
    if -WHOLE < number < WHOLE and number == number.to_integral_value():
        return str(int(number))
    if not -LONGEST_FIXED <= number.adjusted() <= LONGEST_FIXED:
        return str(number)
    fixed = format(number, "f")
    return fixed.rstrip("0").rstrip(".") if "." in fixed else fixed


WRITERS: Final[dict[str, Callable[[Value], str]]] = {
    NULL: lambda _: "null",
    BOOLEAN: lambda value: "true" if value else "false",
    NUMBER: write_number,
    STRING: escape,
    DATE: temporal.write_date,
    TIME: temporal.write_time,
    DATE_TIME: lambda value: f"{temporal.write_date(value)}T{temporal.write_time(value)}",
    DAYS: temporal.write_days,
    MONTHS: temporal.write_months,
}


def write(value: Value, budget: Budget = FREE) -> str:
    """Write ``value``; a text alone stays as it is, inside a list it is quoted."""
    return value if type(value) is str else _write(value, budget)


def _write(value: Value, budget: Budget) -> str:
    what = kind(value)
    writer = WRITERS.get(what)
    if writer is not None:
        result = writer(value)
        budget.spend(len(result) >> 5)
        return result
    if what == LIST:
        budget.spend(len(value))
        return "[" + ", ".join(_write(item, budget) for item in value) + "]"
    if what == CONTEXT_KIND:
        budget.spend(len(value))
        entries = (f"{_entry(name)}: {_write(item, budget)}" for name, item in value.items())
        return "{" + ", ".join(entries) + "}"
    return _write_range(value, budget) if what == RANGE else "function"


def _entry(name: str) -> str:
    return name if all(PLAIN.match(part) for part in name.split(" ")) else escape(name)


def _write_range(span: Range, budget: Budget) -> str:
    if span.operator:
        end = span.low if span.low is not None else span.high
        return f"({span.operator} {_write(end, budget)})"
    opening = "[" if span.low_closed else "("
    closing = "]" if span.high_closed else ")"
    return f"{opening}{_write(span.low, budget)}..{_write(span.high, budget)}{closing}"
