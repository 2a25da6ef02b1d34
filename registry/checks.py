"""Every invariant of the registry, proved again from the rows.

Comes in: a session that may read everything. Goes out: one proof for each invariant, with the rows looked at and
each row that breaks it. It never repairs and never trusts a verb. Next: ``registry/proofs/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.proofs import accounting, estate, requests, settlement, stock, work
from registry.proofs.finding import Check, Finding

CHECKS: tuple[Check, ...] = (
    *estate.CHECKS,
    *requests.CHECKS,
    *work.CHECKS,
    *stock.CHECKS,
    *settlement.CHECKS,
    *accounting.CHECKS,
)

# code → the sentence that must hold.
INVARIANTS: dict[str, str] = {check.code: check.sentence for check in CHECKS}


@dataclass(frozen=True, slots=True)
class Proof:
    """An invariant that was looked at: how many rows, and which of them break it."""

    code: str
    sentence: str
    rows: int
    findings: tuple[Finding, ...]


def prove(session: Session) -> Iterator[Proof]:
    """Yield the proof of one invariant after the other, so that a screen can show progress."""
    for check in CHECKS:
        rows, findings = check.prove(session)
        yield Proof(check.code, check.sentence, rows, tuple(findings))


def run(session: Session) -> list[Finding]:
    """Return every row that breaks an invariant; an empty list means that all of them hold."""
    return [finding for proof in prove(session) for finding in proof.findings]
