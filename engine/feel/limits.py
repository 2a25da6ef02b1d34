"""What one evaluation may cost.

Comes in: nothing, or the caller's own bounds. Goes out: a frozen set of bounds that ``run.py`` counts
against. It never measures memory: sizes are bounded by charging whoever makes them. Next: ``run.py``.
"""

from __future__ import annotations

from typing import NamedTuple

SOURCE_CHARACTERS = 100_000
"""Longest source text that is read at all."""

TOKENS = 5_000
"""Most tokens in one source text."""

NESTING = 50
"""Deepest nesting of one source text; Python's own recursion limit is then far away."""

VALUE_DEPTH = 100
"""Deepest nesting of a value that leaves an evaluation."""

PATTERN_CHARACTERS = 500
"""Longest regular expression."""

WARNINGS = 50
"""Most warnings kept from one evaluation."""


class Limits(NamedTuple):
    """Bound one evaluation.

    Attributes:
        steps: iterations, calls, list elements and chunks of 32 characters that may be made in all.
        calls: how deeply functions may call one another.
        characters: the longest text.
        items: the longest list.
        pattern_seconds: the time all regular expressions of the evaluation may take together.
    """

    steps: int = 200_000
    calls: int = 60
    characters: int = 1_000_000
    items: int = 100_000
    pattern_seconds: float = 0.1


DEFAULT = Limits()
