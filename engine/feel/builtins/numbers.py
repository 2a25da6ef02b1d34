"""Built-ins over numbers.

Comes in: numbers and durations. Goes out: numbers of at most 34 digits, or ``BAD``. They never use binary floats.
Next: ``dates.py``. DMN 1.5, 10.3.4.5.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from typing import Final

from engine.feel.builtins.table import BAD, Library
from engine.feel.run import TRANSCENDENTAL, Run
from engine.feel.values import CONTEXT, Months, Value, as_index, decimal, finite

LIBRARY: Final = Library()
add = LIBRARY.add

WIDE: Final = Context(prec=6_200, Emin=-99_999, Emax=99_999, traps=[])
"""Enough digits to round any number at any place."""

SMALLEST_SCALE, LARGEST_SCALE = -6_111, 6_176
RANDOM_DIGITS = 17

Rounder = Callable[..., Value]


def rounder(mode: str) -> Rounder:
    """Make a function that rounds to a number of decimals."""

    def to_scale(_run: Run, number: Value, scale: Value = 0) -> Value:
        if scale is None:
            return BAD
        places = as_index(scale)
        if not SMALLEST_SCALE <= places <= LARGEST_SCALE:
            return BAD
        if type(number) is int and places >= 0:
            return number
        step = Decimal((0, (1,), -places))
        rounded = decimal(number).quantize(step, rounding=mode, context=WIDE)
        return finite(CONTEXT.plus(rounded))

    return to_scale


for _name, _mode in {"floor": ROUND_FLOOR, "ceiling": ROUND_CEILING}.items():
    add(_name, "n: number", "scale: number?")(rounder(_mode))
for _name, _mode in {
    "decimal": ROUND_HALF_EVEN,
    "round up": ROUND_UP,
    "round down": ROUND_DOWN,
    "round half up": ROUND_HALF_UP,
    "round half down": ROUND_HALF_DOWN,
}.items():
    add(_name, "n: number", "scale: number")(rounder(_mode))


@add("abs", "n: number")
def absolute(_run: Run, number: Value) -> Value:
    """Give a number without its sign."""
    return CONTEXT.abs(number) if type(number) is Decimal else abs(number)


@add("abs", "n: duration")
def absolute_duration(_run: Run, duration: Value) -> Value:
    """Give a duration without its sign."""
    return Months(abs(duration.months)) if type(duration) is Months else abs(duration)


@add("modulo", "dividend: number", "divisor: number")
def modulo(_run: Run, dividend: Value, divisor: Value) -> Value:
    """Give the rest of a division; it has the sign of the divisor."""
    if divisor == 0:
        return BAD
    if type(dividend) is int and type(divisor) is int:
        return dividend % divisor
    a, b = decimal(dividend), decimal(divisor)
    quotient = CONTEXT.divide(a, b).to_integral_value(ROUND_FLOOR)
    return finite(CONTEXT.subtract(a, CONTEXT.multiply(b, quotient)))


@add("sqrt", "number: number")
def square_root(run: Run, number: Value) -> Value:
    """Give the square root."""
    run.spend(TRANSCENDENTAL)
    return finite(CONTEXT.sqrt(decimal(number))) if number >= 0 else BAD


@add("log", "number: number")
def logarithm(run: Run, number: Value) -> Value:
    """Give the natural logarithm."""
    run.spend(TRANSCENDENTAL)
    return finite(CONTEXT.ln(decimal(number))) if number > 0 else BAD


@add("exp", "number: number")
def exponential(run: Run, number: Value) -> Value:
    """Raise e to a power."""
    run.spend(TRANSCENDENTAL)
    return finite(CONTEXT.exp(decimal(number)))


@add("odd", "number: number")
def odd(_run: Run, number: Value) -> Value:
    """Tell whether a whole number is odd."""
    return _rest_of_two(number, 1)


@add("even", "number: number")
def even(_run: Run, number: Value) -> Value:
    """Tell whether a whole number is even."""
    return _rest_of_two(number, 0)


def _rest_of_two(number: Value, rest: int) -> Value:
    if type(number) is int:
        return number % 2 == rest
    if number != number.to_integral_value():
        return BAD
    return WIDE.remainder(WIDE.abs(number), Decimal(2)) == rest


@add("random number")
def random_number(_run: Run) -> Value:
    """Give a number from 0 to below 1 (Camunda); the engine records it, so a replay does not call it again."""
    return Decimal((0, tuple(map(int, str(secrets.randbelow(10**RANDOM_DIGITS)))), -RANDOM_DIGITS))
