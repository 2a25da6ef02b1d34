"""A step of an instance that cannot be taken as drawn.

Comes in: the kind of fault, its code and facts. Goes out: ``Fault``, which the machine turns into an incident at
the element, and its words in the language of a reader. It never decides what happens then. Next:
``engine/kernel/machine.py``, ``engine/incident_wordings.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.incident_wordings import INCIDENTS
from engine.problems import Language, fill

FaultKind = Literal[
    "condition",
    "expression",
    "job_no_retries",
    "unhandled_error",
    "called_process_missing",
]


class Fault(Exception):
    """The instance stays where it is and an operator is told why.

    Attributes:
        kind: one of the incident kinds of the scenario language.
        code: key of the words in ``engine/incident_wordings.py``.
        facts: what fills the words: texts, numbers, or a text by language.
    """

    def __init__(self, kind: FaultKind, code: str, /, **facts: Any) -> None:
        self.kind: FaultKind = kind
        self.code = code
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """Return what was expected and found, in English: what scenarios compare and history keeps."""
        return worded(self.code, self.facts, "en")[0]


def worded(code: str, facts: Mapping[str, Any], language: Language) -> tuple[str, str]:
    """Return (what was expected and found, what to do) for an incident.

    Raises:
        KeyError: the code or a fact is of another release.
    """
    said, advice = INCIDENTS[code][language]
    return fill(said, facts, language), advice


class Denial(Fault):
    """A listener does not allow what is about to happen to a user task; where nothing can be denied, a fault."""

    def __init__(self, message: str) -> None:
        super().__init__("job_no_retries", "handler.refused", text=message)


class ThrownError(Exception):
    """A handler reports a BPMN error by code; the nearest catching event takes it (BPMN 2.0, 10.5.6).

    Attributes:
        error_code: compared with ``errorCode`` of the catching events.
        message: shown in the incident when nothing catches it.
        variables: merged where the error is caught.
    """

    def __init__(
        self, error_code: str, message: str = "", variables: dict[str, object] | None = None
    ) -> None:
        super().__init__(message or error_code)
        self.error_code = error_code
        self.message = message
        self.variables = variables or {}
