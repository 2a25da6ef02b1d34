"""What can be wrong with a DMN model, in words for the person who drew it.

Comes in: a code with its facts, and the place (decision, rule, column, line). Goes out: ``Problem``, with a
message and an advice in English and French. It never decides whether something is wrong. Next:
``engine/dmn/checks.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.dmn.wordings import WORDINGS, Severity
from engine.errors import Failed, Refused

Locale = Literal["en", "fr"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong, and where.

    Attributes:
        code: stable key into ``WORDINGS``.
        line: 1-based line in the file (0: the file as a whole).
        element: id of the element that holds the problem.
        label: what a reader sees on the diagram: the decision's name, or the element's label.
        rule: number of the rule (1-based), for cells and rules of a table.
        column: label of the column, for cells.
        facts: what fills the sentences.
    """

    code: str
    line: int = 0
    element: str = ""
    label: str = ""
    rule: int | None = None
    column: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """An error stops a deployment; a warning does not."""
        return WORDINGS[self.code].severity

    def message(self, locale: Locale = "en") -> str:
        """Say what is wrong, place first."""
        wording = WORDINGS[self.code]
        sentence = (wording.fr if locale == "fr" else wording.en).format_map(_words(self.facts, locale))
        place = self.place(locale)
        return f"{place}{' : ' if locale == 'fr' else ': '}{sentence}" if place else sentence

    def advice(self, locale: Locale = "en") -> str:
        """Say what to do about it."""
        wording = WORDINGS[self.code]
        sentence = wording.advice_fr if locale == "fr" else wording.advice_en
        return sentence.format_map(_words(self.facts, locale))

    def place(self, locale: Locale = "en") -> str:
        """Name the place as a reader sees it: decision, rule, column."""
        names = {"en": ("rule {}", "column “{}”"), "fr": ("règle {}", "colonne « {} »")}[locale]
        parts = [self.label] if self.label else []
        if self.rule is not None:
            parts.append(names[0].format(self.rule))
        if self.column:
            parts.append(names[1].format(self.column))
        return ", ".join(parts)


def _words(facts: Mapping[str, Any], locale: Locale) -> dict[str, Any]:
    """Choose the language of facts that come in two: a pair (English, French)."""
    return {
        name: fact[1 if locale == "fr" else 0] if type(fact) is tuple else fact
        for name, fact in facts.items()
    }


class DmnRefused(Refused):
    """A DMN file cannot be used; ``problems`` lists every reason."""

    code = "dmn_refused"

    def __init__(self, problems: list[Problem], *, file: str = "") -> None:
        sentence = "; ".join(problem.message() for problem in problems[:3])
        super().__init__(
            f"Expected a DMN 1.3, 1.4 or 1.5 model in {file or 'the file'}, but {sentence}",
            problems=problems,
            file=file,
        )


class DecisionFailed(Failed):
    """A decision has no answer: its rules contradict one another, or it needs itself.

    ``reason`` is ``unique_violated``, ``any_violated`` or ``cyclic_requirement``;
    ``decision`` is the id of the decision and ``rules`` holds the numbers of the rules that disagree.
    """

    code = "decision_failed"

    def __init__(self, message: str, *, french: str, reason: str, **facts: Any) -> None:
        super().__init__(message, reason=reason, **facts)
        self.french = french

    def describe(self, language: str = "fr") -> str:
        """Say it in ``"fr"`` or ``"en"``."""
        return self.french if language == "fr" else self.message
