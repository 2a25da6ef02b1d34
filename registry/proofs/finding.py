"""What a proof says: how many rows it looked at, and each that breaks the rule.

Comes in: nothing. Goes out: ``Finding``, ``Check``. It never reads a row. Next: ``registry/checks.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks an invariant: which invariant, which row, what must hold, what stands there."""

    code: str
    subject: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: its code, its sentence, and the proof that returns rows looked at and findings."""

    code: str
    sentence: str
    prove: Callable[[Session], tuple[int, list[Finding]]]
