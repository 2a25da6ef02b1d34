"""Built-ins over lists.

Comes in: lists. Goes out: new lists and values; none is ever changed. They charge the run for each element they
make or compare. Next: ``numbers.py``. DMN 1.5, 10.3.4.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cmp_to_key, reduce
from typing import Final

from engine.feel import arithmetic
from engine.feel.builtins.table import BAD, Library
from engine.feel.compare import contains, equal, less
from engine.feel.run import TRANSCENDENTAL, Run
from engine.feel.values import CONTEXT, NUMBERS, ORDERED, Function, Value, as_index, decimal, finite, kind

LIBRARY: Final = Library()
add = LIBRARY.add

HASHED: Final = frozenset({str, int, Decimal, bool})
"""Types whose equality in FEEL is that of Python, within one kind."""


@add("not", "negand: any")
def negation(_run: Run, value: Value) -> Value:
    """Turn true into false and false into true; anything else is null."""
    if type(value) is bool:
        return not value
    return None if value is None else BAD


@add("list contains", "list: list", "element: any")
def list_contains(run: Run, items: list[Value], value: Value) -> Value:
    """Tell whether a list has an element."""
    return contains(items, value, run)


@add("count", "list: list")
def count(_run: Run, items: list[Value]) -> Value:
    """Count the elements."""
    return len(items)


def _extreme(run: Run, items: list[Value], before: Callable[[Value, Value], bool | None]) -> Value:
    if not items:
        return None
    run.spend(len(items))
    best = items[0]
    if kind(best) not in ORDERED:
        return BAD
    for item in items[1:]:
        result = before(item, best)
        if result is None:
            return BAD
        if result:
            best = item
    return best


@add("min", "list: any+")
def smallest(run: Run, items: list[Value]) -> Value:
    """Give the smallest element; null of none."""
    return _extreme(run, items, less)


@add("max", "list: any+")
def largest(run: Run, items: list[Value]) -> Value:
    """Give the largest element; null of none."""
    return _extreme(run, items, lambda a, b: less(b, a))


def all_numbers(run: Run, items: Sequence[Value]) -> bool:
    """Tell whether all elements are numbers."""
    run.spend(len(items))
    return all(type(item) in NUMBERS for item in items)


def _total(items: Sequence[Value], combine: Callable[[Value, Value], Value]) -> Value:
    return reduce(lambda total, item: None if total is None else combine(total, item), items)


@add("sum", "list: any+")
def total(run: Run, items: list[Value]) -> Value:
    """Add numbers; null of none."""
    if not items:
        return None
    return _total(items, arithmetic.add) if all_numbers(run, items) else BAD


@add("product", "list: any+")
def product(run: Run, items: list[Value]) -> Value:
    """Multiply numbers; null of none."""
    if not items:
        return None
    return _total(items, arithmetic.multiply) if all_numbers(run, items) else BAD


def _mean(items: Sequence[Value]) -> Value:
    summed = _total(items, arithmetic.add)
    return None if summed is None else arithmetic.divide(summed, len(items))


@add("mean", "list: any+")
def mean(run: Run, items: list[Value]) -> Value:
    """Give the average of numbers; null of none."""
    if not items:
        return None
    return _mean(items) if all_numbers(run, items) else BAD


@add("median", "list: any+")
def median(run: Run, items: list[Value]) -> Value:
    """Give the middle number; null of none."""
    if not items:
        return None
    if not all_numbers(run, items):
        return BAD
    run.spend(len(items) * len(items).bit_length())
    ordered = sorted(items)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else _mean(ordered[middle - 1 : middle + 1])


@add("stddev", "list: any+")
def standard_deviation(run: Run, items: list[Value]) -> Value:
    """Give the standard deviation of a sample of at least two numbers."""
    if len(items) < 2 or not all_numbers(run, items):
        return BAD if items else None
    run.spend(TRANSCENDENTAL)
    average = _mean(items)
    if average is None:
        return BAD
    squares = Decimal(0)
    for item in items:
        gap = CONTEXT.subtract(decimal(item), decimal(average))
        squares = CONTEXT.add(squares, CONTEXT.multiply(gap, gap))
    return finite(CONTEXT.sqrt(CONTEXT.divide(squares, decimal(len(items) - 1))))


@add("mode", "list: any+")
def mode(run: Run, items: list[Value]) -> Value:
    """List the most frequent numbers, in order."""
    if not all_numbers(run, items):
        return BAD
    run.spend_items(len(items))
    counts: dict[Value, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(item for item, times in counts.items() if times == most)


def _decide(run: Run, items: list[Value], decisive: bool) -> Value:
    run.spend(len(items))
    known = True
    for item in items:
        if item is decisive:
            return decisive
        known = known and type(item) is bool
    return (not decisive) if known else None


@add("all", "list: any+")
@add("and", "list: any+")
def every(run: Run, items: list[Value]) -> Value:
    """Tell whether all elements are true, three-valued."""
    return _decide(run, items, decisive=False)


@add("any", "list: any+")
@add("or", "list: any+")
def some(run: Run, items: list[Value]) -> Value:
    """Tell whether an element is true, three-valued."""
    return _decide(run, items, decisive=True)


def _index(items: list[Value], position: Value) -> int | None:
    """Give the Python index of a FEEL position; null outside."""
    at = as_index(position)
    if at == 0 or abs(at) > len(items):
        return None
    return at - 1 if at > 0 else len(items) + at


@add("sublist", "list: list", "start position: number", "length: number?")
def sublist(run: Run, items: list[Value], start: Value, length: Value = None) -> Value:
    """Cut a part out of a list."""
    first = _index(items, start)
    if first is None or (length is not None and (length < 1 or first + length > len(items))):
        return BAD
    end = len(items) if length is None else first + as_index(length)
    run.spend_items(end - first)
    return items[first:end]


@add("append", "list: list", "item: any*")
def append(run: Run, items: list[Value], *more: Value) -> Value:
    """Put values at the end."""
    run.spend_items(len(items) + len(more))
    return [*items, *more]


@add("concatenate", "list: list*")
def concatenate(run: Run, *lists: list[Value]) -> Value:
    """Join lists."""
    run.spend_items(sum(map(len, lists)))
    return [item for items in lists for item in items]


@add("insert before", "list: list", "position: number", "newItem: any")
def insert_before(run: Run, items: list[Value], position: Value, value: Value) -> Value:
    """Put a value before an element."""
    at = _index(items, position)
    if at is None:
        return BAD
    run.spend_items(len(items) + 1)
    return [*items[:at], value, *items[at:]]


@add("remove", "list: list", "position: number")
def remove(run: Run, items: list[Value], position: Value) -> Value:
    """Take an element out."""
    at = _index(items, position)
    if at is None:
        return BAD
    run.spend_items(len(items))
    return items[:at] + items[at + 1 :]


@add("list replace", "list: list", "position: number", "newItem: any")
def replace_at(run: Run, items: list[Value], position: Value, value: Value) -> Value:
    """Put a value in the place of an element."""
    at = _index(items, position)
    if at is None:
        return BAD
    run.spend_items(len(items))
    return [*items[:at], value, *items[at + 1 :]]


@add("list replace", "list: list", "match: function", "newItem: any")
def replace_where(run: Run, items: list[Value], match: Function, value: Value) -> Value:
    """Put a value in the place of each element for which ``match(element, value)`` is true."""
    made = []
    run.spend_items(len(items))
    for item in items:
        result = run.call(match, [item, value])
        if type(result) is not bool:
            return BAD
        made.append(value if result else item)
    return made


@add("reverse", "list: list")
def reverse(run: Run, items: list[Value]) -> Value:
    """Turn a list around."""
    run.spend_items(len(items))
    return items[::-1]


@add("index of", "list: list", "match: any")
def index_of(run: Run, items: list[Value], value: Value) -> Value:
    """List the positions of an element."""
    run.spend(len(items))
    return [position for position, item in enumerate(items, 1) if equal(item, value, run) is True]


def distinct(run: Run, items: list[Value]) -> list[Value]:
    """Keep the first of equal elements, in order."""
    run.spend_items(len(items))
    if all(type(item) in HASHED for item in items):
        seen: dict[tuple[bool, Value], Value] = {}
        for item in items:
            seen.setdefault((type(item) is bool, item), item)  # 1 and true are equal for Python only
        return list(seen.values())
    made: list[Value] = []
    for item in items:
        if not contains(made, item, run):
            made.append(item)
    return made


@add("union", "list: list*")
def union(run: Run, *lists: list[Value]) -> Value:
    """Join lists, each value once."""
    return distinct(run, concatenate(run, *lists))


@add("distinct values", "list: list")
def distinct_values(run: Run, items: list[Value]) -> Value:
    """Give each value once."""
    return distinct(run, items)


@add("duplicate values", "list: list")
def duplicate_values(run: Run, items: list[Value]) -> Value:
    """Give each value that occurs more than once (Camunda)."""
    seen: list[Value] = []
    twice: list[Value] = []
    for item in items:
        if not contains(seen, item, run):
            seen.append(item)
        elif not contains(twice, item, run):
            twice.append(item)
    return twice


@add("flatten", "list: list")
def flatten(run: Run, items: list[Value]) -> Value:
    """Put the elements of nested lists into one list."""
    made: list[Value] = []
    waiting = [iter(items)]
    while waiting:
        for item in waiting[-1]:
            run.spend(1)
            if type(item) is list:
                waiting.append(iter(item))
                break
            made.append(item)
        else:
            waiting.pop()
    run.spend_items(len(made))
    return made


@add("sort", "list: list", "precedes: function?")
def sort(run: Run, items: list[Value], precedes: Function | None = None) -> Value:
    """Order a list, by a function that tells whether one element precedes another."""
    run.spend_items(len(items))
    run.spend(len(items) * len(items).bit_length())
    if precedes is None:
        if _extreme(run, items, less) is BAD:
            return BAD
        return sorted(items, key=cmp_to_key(lambda a, b: -1 if less(a, b) else int(less(b, a) is True)))

    def order(a: Value, b: Value) -> int:
        if run.call(precedes, [a, b]) is True:
            return -1
        return int(run.call(precedes, [b, a]) is True)

    return sorted(items, key=cmp_to_key(order))


@add("is empty", "list: list")
def is_empty(_run: Run, items: list[Value]) -> Value:
    """Tell whether a list has no element (Camunda)."""
    return not items


@add("partition", "list: list", "size: number")
def partition(run: Run, items: list[Value], size: Value) -> Value:
    """Cut a list into lists of at most ``size`` elements (Camunda)."""
    length = as_index(size)
    if length < 1:
        return BAD
    run.spend_items(2 * len(items))
    return [items[at : at + length] for at in range(0, len(items), length)]
