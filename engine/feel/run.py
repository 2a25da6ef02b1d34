"""One evaluation: what it has spent, what it warns of, and what surrounds it.

Comes in: the present instant, a zone, limits and the types of the model. Goes out: a counter that every
loop, call and built-in charges, and the warnings. It never reads the clock. Next: ``compiler.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import thread_time
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from engine.feel.errors import FeelLimit, FeelWarning, Place
from engine.feel.limits import DEFAULT, WARNINGS, Limits
from engine.feel.values import Function, Value

TRANSCENDENTAL = 20
"""Steps of a power, a logarithm or an exponential of 34 digits."""

CHUNK = 5
"""A text costs one step for every 2 to this power of characters."""


class Types(Protocol):
    """The types of a model (DMN item definitions), asked for names that FEEL itself does not know."""

    def holds(self, value: Value, name: str) -> bool | None:
        """Tell whether ``value`` is an instance of the type ``name``; None when there is no such type."""
        ...

    def coerce(self, value: Value, name: str) -> Value:
        """Convert ``value`` to the type ``name`` (DMN 1.5, 10.3.2.9.4), or give ``MISSING`` if it does not fit."""
        ...


class Run:
    """The budget, the surroundings and the warnings of one evaluation."""

    __slots__ = ("calls", "limits", "now", "pattern_seconds", "steps", "types", "warnings", "zone")

    def __init__(
        self,
        now: datetime | None = None,
        zone: str | None = None,
        limits: Limits = DEFAULT,
        types: Types | None = None,
    ) -> None:
        self.now = now
        self.zone = zone
        self.limits = limits
        self.types = types
        self.steps = limits.steps
        self.calls = 0
        self.pattern_seconds = limits.pattern_seconds
        self.warnings: list[FeelWarning] = []

    def spend(self, steps: int) -> None:
        """Charge ``steps``.

        Raises:
            FeelLimit: the evaluation has used up its steps.
        """
        self.steps -= steps
        if self.steps < 0:
            raise FeelLimit("steps", limit=self.limits.steps)

    def spend_items(self, count: int) -> None:
        """Charge for a list of ``count`` elements, before it is made."""
        if count > self.limits.items:
            raise FeelLimit("items", limit=self.limits.items)
        self.spend(count)

    def spend_characters(self, count: int) -> None:
        """Charge for a text of ``count`` characters, before it is made if possible."""
        if count > self.limits.characters:
            raise FeelLimit("characters", limit=self.limits.characters)
        self.spend(count >> CHUNK)

    def warn(self, code: str, place: Place, **facts: Any) -> None:
        """Keep a warning; after ``WARNINGS`` of them no more are kept."""
        if len(self.warnings) < WARNINGS:
            self.warnings.append(FeelWarning(code, place, facts))

    def present(self) -> datetime | None:
        """Give the present instant in the zone of the evaluation, or None when nobody said it."""
        if self.now is None or self.zone is None:
            return self.now
        return self.now.astimezone(ZoneInfo(self.zone))

    def call(self, function: Function, arguments: Sequence[Value] | Mapping[str, Value]) -> Value:
        """Call ``function`` with arguments by position or by name; null when they do not fit its parameters."""
        values = bind(function, arguments)
        if values is None:
            return None
        self.spend(1)
        self.calls += 1
        if self.calls > self.limits.calls:
            raise FeelLimit("calls", limit=self.limits.calls)
        try:
            return function.call(self, values)
        finally:
            self.calls -= 1


def bind(function: Function, arguments: Sequence[Value] | Mapping[str, Value]) -> list[Value] | None:
    """Put arguments into the order of the parameters; None when they do not fit."""
    names = function.parameters
    if isinstance(arguments, Mapping):
        if any(name not in names for name in arguments):
            return None
        given = [name for name in names if name in arguments]
        if len(given) < len(names) - function.optional or list(names[: len(given)]) != given:
            return None
        return [arguments[name] for name in given]
    if function.variadic or len(names) - function.optional <= len(arguments) <= len(names):
        return list(arguments)
    return None


class Stopwatch:
    """Charge the processor time of one regular expression to the time all of them may take together.

    Processor time, because a busy machine must not turn a harmless pattern into an incident.
    """

    __slots__ = ("run", "start")

    def __init__(self, run: Run) -> None:
        self.run = run
        self.start = 0.0

    def __enter__(self) -> float:
        """Give the seconds that are left, at least a moment so that a cheap pattern still answers."""
        if self.run.pattern_seconds <= 0:
            raise FeelLimit("pattern_seconds", limit=self.run.limits.pattern_seconds)
        self.start = thread_time()
        return self.run.pattern_seconds

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self.run.pattern_seconds -= thread_time() - self.start
        if kind is TimeoutError:
            raise FeelLimit("pattern_seconds", limit=self.run.limits.pattern_seconds)
