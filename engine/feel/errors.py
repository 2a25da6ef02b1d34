"""What FEEL refuses, fails at and warns of.

Comes in: a code and the facts. Goes out: a typed error, or a warning, with its place in the source and
its text in French and English. It never holds the wording itself: that is ``messages.py``. Next: ``lexer.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Failed, Refused
from engine.feel.messages import describe


@dataclass(frozen=True, slots=True)
class Place:
    """Point at one character of a source text."""

    text: str
    position: int

    @property
    def line(self) -> int:
        """Return the line, counted from 1."""
        return self.text.count("\n", 0, self.position) + 1

    @property
    def column(self) -> int:
        """Return the column, counted from 1."""
        return self.position - self.text.rfind("\n", 0, self.position)


class FeelSyntaxError(Refused):
    """The text is not FEEL.

    Attributes:
        problem: the key of the wording in ``messages.py``.
        place: where in the source; also as ``position``, ``line`` and ``column``.
        expected: what could have stood there.
        found: what stands there; empty at the end of the text.
        suggestion: the word that was probably meant.
    """

    code = "feel_syntax"

    def __init__(
        self,
        problem: str,
        place: Place,
        *,
        expected: tuple[str, ...] = (),
        found: str = "",
        suggestion: str | None = None,
    ) -> None:
        self.problem = problem
        self.place = place
        self.position = place.position
        self.line = place.line
        self.column = place.column
        self.expected = expected
        self.found = found
        self.suggestion = suggestion
        super().__init__(self.describe("en"), problem=problem)

    def describe(self, language: str = "fr") -> str:
        """Say what is wrong and where, in ``"fr"`` or ``"en"``."""
        return describe(
            self.problem,
            language,
            {
                "expected": self.expected,
                "found": self.found,
                "suggestion": self.suggestion,
                "line": self.line,
                "column": self.column,
            },
        )


class FeelLimit(Failed):
    """An evaluation would cost more than it may.

    Attributes:
        problem: which bound, as a key of ``messages.py``.
    """

    code = "feel_limit"

    def __init__(self, problem: str, **facts: Any) -> None:
        self.problem = problem
        super().__init__(describe(problem, "en", facts), problem=problem, **facts)

    def describe(self, language: str = "fr") -> str:
        """Say which bound was met, in ``"fr"`` or ``"en"``."""
        return describe(self.problem, language, self.facts)


class FeelValueError(Refused):
    """A value that FEEL does not know came in, or one that must stay inside would leave."""

    code = "feel_value"

    def __init__(self, problem: str, **facts: Any) -> None:
        self.problem = problem
        super().__init__(describe(problem, "en", facts), problem=problem, **facts)

    def describe(self, language: str = "fr") -> str:
        """Say what was refused, in ``"fr"`` or ``"en"``."""
        return describe(self.problem, language, self.facts)


@dataclass(frozen=True, slots=True)
class FeelWarning:
    """Say why a part of an expression gave null.

    Attributes:
        code: NO_VARIABLE, NO_PROPERTY, NOT_COMPARABLE, INVALID_TYPE, INVALID_ARGUMENTS, NO_FUNCTION, ...
        place: where in the source.
        facts: what the wording needs.
    """

    code: str
    place: Place
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.describe("en")

    @property
    def position(self) -> int:
        """Return the character in the source, counted from 0."""
        return self.place.position

    @property
    def line(self) -> int:
        """Return the line, counted from 1."""
        return self.place.line

    @property
    def column(self) -> int:
        """Return the column, counted from 1."""
        return self.place.column

    def describe(self, language: str = "fr") -> str:
        """Say it in ``"fr"`` or ``"en"``."""
        return describe(
            self.code, language, {**self.facts, "line": self.place.line, "column": self.place.column}
        )


class FeelAssertion(Refused):
    """The function ``assert`` stopped an evaluation; ``cause`` is the author's own text."""

    code = "feel_assertion"

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(describe("ASSERT_FAILED", "en", {"text": cause}), cause=cause)

    def describe(self, language: str = "fr") -> str:
        """Say it in ``"fr"`` or ``"en"``."""
        return describe("ASSERT_FAILED", language, {"text": self.cause})
