"""A step of an instance that cannot be taken as drawn.

Comes in: the kind of fault and the facts. Goes out: ``Fault``, which the machine turns into an incident at
the element. It never leaves the kernel. Next: ``engine/kernel/machine.py``.
"""

from __future__ import annotations

from typing import Literal

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
        message: one sentence, what was expected and what was found.
    """

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.kind: FaultKind = kind
        self.message = message


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
