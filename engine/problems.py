"""What is wrong with a diagram, decision, form or scenario, said so that its author can mend it.

Comes in: a code and facts. Goes out: ``Problem``, with file, line, element, and a message and an advice in
English and French. It never decides what happens then: deployment does. Next: ``engine/definitions.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.wordings import CATALOGUE

Severity = Literal["error", "warning"]
Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend.

    Attributes:
        code: stable name of the kind of problem; the key of its texts.
        file: name of the file; line: 1-based, 0 when the whole file is meant.
        element: id of the element; label: its name in the diagram.
        severity: an error refuses the deployment, a warning tells of a surprise.
        facts: filled into the texts.
        texts: (what is wrong, what to do) by language, for problems worded elsewhere (decisions, forms).
    """

    code: str
    file: str = ""
    line: int = 0
    element: str = ""
    label: str = ""
    severity: Severity = "error"
    facts: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, tuple[str, str]] | None = None

    def message(self, language: Language = "en") -> str:
        """Return what is wrong."""
        return self._text(language, 0)

    def advice(self, language: Language = "en") -> str:
        """Return what to do."""
        return self._text(language, 1)

    def _text(self, language: Language, part: int) -> str:
        if self.texts is not None:
            return self.texts[language][part]
        label = " ".join(self.label.split()) or self.element
        facts = {**self.facts, "label": label, "element": self.element}
        return fill(CATALOGUE[self.code][language][part], facts, language)

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """Return the record that ``guichet check --json`` writes."""
        return {
            "file": self.file,
            "line": self.line,
            "element": self.element,
            "label": " ".join(self.label.split()),
            "severity": self.severity,
            "code": self.code,
            "message": self.message(language),
            "advice": self.advice(language),
        }


def fill(text: str, facts: Mapping[str, Any], language: Language) -> str:
    """Return ``text`` with its facts; of a fact in several languages the one of ``language``."""
    return text.format(
        **{
            name: value[language] if isinstance(value, Mapping) and language in value else value
            for name, value in facts.items()
        }
    )


def errors_among(problems: Iterable[Problem]) -> list[Problem]:
    """Return those that refuse a deployment."""
    return [problem for problem in problems if problem.severity == "error"]
