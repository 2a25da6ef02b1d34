"""Closures for literals, names, paths, lists, contexts, ranges and ``if``.

Comes in: their nodes. Goes out: their closures. They warn and give null, and never raise for data.
Next: ``operators.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.feel import syntax, temporal
from engine.feel.builder import Builder, Closure, Maker, Scope
from engine.feel.compare import less
from engine.feel.run import Run
from engine.feel.values import (
    DATE,
    DATE_TIME,
    DAYS,
    MISSING,
    MONTHS,
    ORDERED,
    RANGE,
    STRING,
    TIME,
    Function,
    Range,
    Value,
    kind,
    literal,
)


def number(builder: Builder, node: syntax.Number) -> Closure:
    """Make a number."""
    return builder.constant(literal(node.text))


def text(builder: Builder, node: syntax.Text) -> Closure:
    """Make a text."""
    return builder.constant(node.value)


def constant(builder: Builder, node: syntax.Constant) -> Closure:
    """Make true, false or null."""
    return builder.constant(node.value)


def temporal_literal(builder: Builder, node: syntax.Temporal) -> Closure:
    """Make ``@"…"``; what is no date, time or duration gives null with a warning."""
    value = temporal.read(node.text)
    if value is not None:
        return builder.constant(value)
    place = builder.place(node)

    def absent(scope: Scope) -> None:
        scope.run.warn("INVALID_ARGUMENTS", place, name="@", given=STRING)

    return absent


def name(builder: Builder, node: syntax.Name, functions: dict[str, Function]) -> Closure:
    """Look a name up: variables first, then the built-in functions."""
    word = node.name
    function = functions.get(word)
    builder.mention(word, node.position)
    place = builder.place(node)
    dotted: Closure | None = None
    if "." in word:  # a name known with a dot is also a path: the import "lib" holds "lib.rate"
        base, _, last = word.rpartition(".")
        dotted = path(builder, syntax.Path(node.position, syntax.Name(node.position, base), last))

    def absent(scope: Scope) -> Value:
        if function is not None:
            return function
        if dotted is not None:
            return dotted(scope)
        scope.run.warn("NO_VARIABLE", place, name=word)
        return None

    def find(scope: Scope) -> Value:
        value = scope.find(word)
        return absent(scope) if value is MISSING else value

    def find_directly(scope: Scope) -> Value:
        value = scope.names.get(word, MISSING)
        return absent(scope) if value is MISSING else value

    return find if builder.layers else find_directly


def sign(duration: timedelta) -> int:
    """Return -1 for a duration that goes back, else 1."""
    return -1 if duration.days < 0 else 1


def part(unit: int, modulus: int | None) -> Callable[[timedelta], int]:
    """Make the property that counts whole ``unit`` microseconds, below ``modulus`` of them."""

    def count(duration: timedelta) -> int:
        whole = abs(temporal.microseconds(duration)) // unit
        return (whole if modulus is None else whole % modulus) * sign(duration)

    return count


def zone_name(moment: time | datetime) -> str | None:
    """Give the property ``timezone``: the IANA name, if the moment has one."""
    return moment.tzinfo.key if isinstance(moment.tzinfo, ZoneInfo) else None


DAY_PROPERTIES: Final[dict[str, Callable[[Any], Value]]] = {
    "year": lambda day: day.year,
    "month": lambda day: day.month,
    "day": lambda day: day.day,
    "weekday": date.isoweekday,
}
CLOCK_PROPERTIES: Final[dict[str, Callable[[Any], Value]]] = {
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "second": lambda moment: moment.second,
    "time offset": lambda moment: moment.utcoffset(),
    "timezone": zone_name,
}
MINUTE: Final = 60 * temporal.MICROSECONDS
PROPERTIES: Final[dict[str, dict[str, Callable[[Any], Value]]]] = {
    DATE: DAY_PROPERTIES,
    TIME: CLOCK_PROPERTIES,
    DATE_TIME: {**DAY_PROPERTIES, **CLOCK_PROPERTIES},
    DAYS: {
        "days": part(temporal.DAY_MICROSECONDS, None),
        "hours": part(60 * MINUTE, 24),
        "minutes": part(MINUTE, 60),
        "seconds": part(temporal.MICROSECONDS, 60),
    },
    MONTHS: {
        "years": lambda span: abs(span.months) // 12 * (1 if span.months >= 0 else -1),
        "months": lambda span: abs(span.months) % 12 * (1 if span.months >= 0 else -1),
    },
    RANGE: {
        "start": lambda span: span.low,
        "end": lambda span: span.high,
        "start included": lambda span: span.low_closed,
        "end included": lambda span: span.high_closed,
    },
}
"""The only properties there are besides the entries of contexts (DMN 1.5, tables 65 and 66)."""


def entry(value: Value, word: str, run: Run) -> Value:
    """Return an entry or property, or ``MISSING``; of a list, that of each element."""
    shape = type(value)
    if shape is dict:
        return value.get(word, MISSING)
    if shape is list:
        run.spend(len(value))
        found = [entry(item, word, run) for item in value]
        return [None if item is MISSING else item for item in found]
    give = PROPERTIES.get(kind(value), {}).get(word)
    return MISSING if give is None else give(value)


def path(builder: Builder, node: syntax.Path) -> Closure:
    """Take an entry of a context, or a property of a date, duration or range."""
    base = builder.build(node.base)
    word = node.name
    place = builder.place(node)

    def take(scope: Scope) -> Value:
        value = base(scope)
        found = value.get(word, MISSING) if type(value) is dict else entry(value, word, scope.run)
        if found is not MISSING:
            return found
        scope.run.warn("NO_PROPERTY", place, name=word, kind=kind(value))
        return None

    return take


def list_literal(builder: Builder, node: syntax.ListLiteral) -> Closure:
    """Make a list; one of constants is made once."""
    items = builder.build_all(node.items)
    values = builder.values_of(items)
    if values is not None:
        return builder.constant(values)
    return lambda scope: [item(scope) for item in items]


def context(builder: Builder, node: syntax.ContextLiteral) -> Closure:
    """Make a context; later entries see earlier ones. A name given twice gives null (DMN 1.5, 10.3.2.6)."""
    names = [word for word, _ in node.entries]
    entries = []
    for position, (word, value) in enumerate(node.entries):
        with builder.binding(*names[:position]):
            entries.append((word, builder.build(value)))
    place = builder.place(node)
    twice = (
        next((word for word in names if names.count(word) > 1), None)
        if len(set(names)) < len(names)
        else None
    )

    def make(scope: Scope) -> Value:
        if twice is not None:
            scope.run.warn("DUPLICATE_ENTRY", place, name=twice)
            return None
        made: dict[str, Value] = {}
        inner = Scope(made, scope, scope.run)
        for word, value in entries:
            made[word] = value(inner)
        return made

    return make


def make_range(low: Value, high: Value, low_closed: bool, high_closed: bool) -> Range | None:
    """Make a range of two ends that compare, or with one end; null when it would be empty or has no order."""
    if low is not None and high is not None:
        if less(high, low) is not False or kind(low) not in ORDERED:
            return None
    elif low is None and high is None:
        return None
    return Range(low, high, low_closed, high_closed)


def range_literal(builder: Builder, node: syntax.RangeLiteral) -> Closure:
    """Make a range."""
    low, high = builder.build(node.low), builder.build(node.high)
    low_closed, high_closed = node.low_closed, node.high_closed
    place = builder.place(node)
    values = builder.values_of((low, high))
    if values is not None:
        span = make_range(values[0], values[1], low_closed, high_closed)
        if span is not None:
            return builder.constant(span)

    def make(scope: Scope) -> Value:
        start, end = low(scope), high(scope)
        made = make_range(start, end, low_closed, high_closed)
        if made is None:
            scope.run.warn("INVALID_TYPE", place, operator="..", kind=f"{kind(start)}, {kind(end)}")
        return made

    return make


def half_range_of(operator: str, value: Value) -> Range | None:
    """Make the range ``(< value)``."""
    if operator in {"=", "!="}:
        return Range(value, value, operator == "=", operator == "=", operator)
    if value is None:
        return None
    closed = operator in {"<=", ">="}
    if operator in {"<", "<="}:
        return Range(None, value, low_closed=False, high_closed=closed, operator=operator)
    return Range(value, None, low_closed=closed, high_closed=False, operator=operator)


def half_range(builder: Builder, node: syntax.HalfRange | syntax.UnaryTest) -> Closure:
    """Make ``(< 10)``."""
    operator = node.operator
    operand = builder.build(node.operand)
    return lambda scope: half_range_of(operator, operand(scope))


def conditional(builder: Builder, node: syntax.If) -> Closure:
    """Make ``if``; whatever is not true counts as false (DMN 1.5, 10.3.2.8)."""
    condition, yes, no = builder.build(node.condition), builder.build(node.yes), builder.build(node.no)
    place = builder.place(node.condition)

    def choose(scope: Scope) -> Value:
        value = condition(scope)
        if value is True:
            return yes(scope)
        if value is not False and value is not None:
            scope.run.warn("INVALID_TYPE", place, operator="if", kind=kind(value))
        return no(scope)

    return choose


MAKERS: Final[dict[type, Maker]] = {
    syntax.Number: number,
    syntax.Text: text,
    syntax.Constant: constant,
    syntax.Temporal: temporal_literal,
    syntax.Path: path,
    syntax.ListLiteral: list_literal,
    syntax.ContextLiteral: context,
    syntax.RangeLiteral: range_literal,
    syntax.HalfRange: half_range,
    syntax.If: conditional,
}
