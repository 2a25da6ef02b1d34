"""Text of a diagram that is either a fixed value or FEEL.

Comes in: the text of an attribute; in the zeebe dialect a leading ``=`` makes it FEEL. Goes out: an
``Expression`` compiled once at deployment and evaluated against a token's visible variables. It never
reaches Python's own evaluator. Next: ``engine/kernel/token.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine import feel
from engine import variables as values
from engine.kernel.faults import Fault
from engine.kernel.terms import in_both
from engine.problems import LANGUAGES

if TYPE_CHECKING:
    from engine.kernel.token import Token

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,32})(\.[0-9]{1,33})?")
"""A fixed number of no more digits than FEEL's have; a code that begins with a zero stays a text."""
NUL = "\0"
"""FEEL can write it; no row of PostgreSQL can hold it."""
LONGEST = 200
"""Characters of a value that an incident quotes: a list of thousands helps nobody."""


class Expression:
    """A fixed text, or FEEL compiled to a closure.

    Attributes:
        text: as written in the diagram.
        fixed: True for a text without a leading ``=``.
        names: the variables that FEEL may ask for; only these are looked up.
    """

    __slots__ = ("_compiled", "_constant", "fixed", "names", "text")

    def __init__(self, text: str) -> None:
        """Compile ``text``.

        Raises:
            FeelSyntaxError: the text after ``=`` is not FEEL.
        """
        self.text = text
        self.fixed = not text.lstrip().startswith("=")
        self._compiled = None if self.fixed else feel.compile(text.lstrip()[1:])
        self._constant = _fixed(text)
        self.names: frozenset[str] = frozenset() if self._compiled is None else self._compiled.free_names

    def value(self, token: Token, extra: Mapping[str, Any] | None = None) -> Any:
        """Return the value for ``token``; null for data that FEEL cannot make sense of.

        A fixed number is a number, as in zeebe.

        Args:
            token: whose visible variables the expression sees.
            extra: variables that hide those of the token for this evaluation.

        Raises:
            Fault: a limit was exceeded, an assertion does not hold, or the value cannot leave FEEL.
        """
        return self.explained(token, extra)[0] if self._compiled is not None else self._constant

    def explained(
        self, token: Token, extra: Mapping[str, Any] | None = None
    ) -> tuple[Any, Sequence[feel.FeelWarning]]:
        """Return the value and the warnings that came with it."""
        compiled = self._compiled
        if compiled is None:
            return self.text, ()
        if extra is None:
            variables = token.visible_among(self.names)
        else:
            variables = token.visible_among(self.names - extra.keys())
            variables.update((name, extra[name]) for name in self.names & extra.keys())
        environment = token.workflow.environment
        try:
            result = compiled.eval(variables, now=environment.now, zone=environment.zone)
        except (feel.FeelLimit, feel.FeelAssertion, feel.FeelValueError) as error:
            reason = {language: error.describe(language) for language in LANGUAGES}
            raise Fault("expression", "expression.failed", text=self.text, reason=reason) from error
        return result.value, result.warnings

    def truth(self, token: Token, extra: Mapping[str, Any] | None = None) -> bool:
        """Return True or False, and nothing else (design 5.1: not a guess).

        Raises:
            Fault: the value is neither; the message carries FEEL's warnings.
        """
        value, warnings = self.explained(token, extra)
        if value is True or value is False:
            return bool(value)
        raise Fault("condition", "expression.truth", text=self.text, **_found(value, warnings))

    def words(self, token: Token, what: str) -> str:
        """Return a text or the text of a number: a name, a code, a key.

        Raises:
            Fault: the value is neither.
        """
        if self.fixed:
            return self.text
        value, warnings = self.explained(token)
        if type(value) is str and NUL not in value:
            return value
        if value is not None and type(value) not in (bool, str) and not isinstance(value, (list, dict)):
            return values.to_text(value)
        raise self.unfit(what, value, warnings)

    def words_or_none(self, token: Token, what: str) -> str | None:
        """Return a text, or None for an empty one: nobody in particular.

        Raises:
            Fault: the value is null or no text.
        """
        if not self.fixed and self.explained(token)[0] == "":
            return None
        return self.words(token, what)

    def listing(self, token: Token, what: str) -> list[Any]:
        """Return a list.

        Raises:
            Fault: the value is no list.
        """
        value, warnings = self.explained(token)
        if isinstance(value, list):
            return value
        raise self.unfit(what, value, warnings)

    def names_of(self, token: Token, what: str) -> list[str]:
        """Return a list of texts, also from one text with commas (candidate groups and users)."""
        value, warnings = self.explained(token)
        if type(value) is str and NUL not in value:
            return [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, list) and all(type(part) is str and NUL not in part for part in value):
            return [part for part in value if part]
        raise self.unfit(what, value, warnings)

    def instant(self, token: Token, what: str) -> datetime | None:
        """Return an aware instant, or None for null; text is read as ISO 8601.

        Raises:
            Fault: the value is no instant.
        """
        value, warnings = self.explained(token)
        if value is None or value == "":
            return None
        moment = values.to_instant(value, zone=token.workflow.environment.zone)
        if moment is None:
            raise self.unfit(what, value, warnings)
        return moment

    def unfit(self, what: str, value: Any, warnings: Sequence[feel.FeelWarning] = ()) -> Fault:
        """Return the fault of a value that is not ``what``, a term of ``engine/kernel/terms.py``, had to be."""
        return Fault(
            "expression", "expression.value", text=self.text, what=in_both(what), **_found(value, warnings)
        )

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def _found(value: Any, warnings: Sequence[feel.FeelWarning]) -> dict[str, Any]:
    """Return the facts of an unexpected value: its text, shortened, and FEEL's reasons in both languages."""
    text = values.to_text(value).replace(NUL, "\N{SYMBOL FOR NULL}")
    found = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    reasons = {
        language: " (" + "; ".join(one.describe(language) for one in warnings) + ")" for language in LANGUAGES
    }
    return {"found": found, "reason": reasons if warnings else ""}


def _fixed(text: str) -> str | int | Decimal:
    if not _NUMBER.fullmatch(text):
        return text
    return Decimal(text) if "." in text else int(text)
