"""The account of an import: what became of every row.

Comes in: notes on rows and counts. Goes out: figures that add up, and a CSV of notes. It never writes to the registry.
Next: ``web/cli/imports.py``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TextIO

Outcome = Literal["created", "updated", "unchanged", "refused"]
NoteKind = Literal["refused", "merged", "remark"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something to say about a row: its line, what it is about, the field, the reason."""

    line: int
    kind: NoteKind
    key: str
    field: str
    reason: str


@dataclass(slots=True)
class Report:
    """What became of the rows of one file.

    Every row read has one outcome, the one of its asset: ``read == created + updated + unchanged + refused``.
    ``merged`` counts, among the rows not refused, those that joined the asset of an earlier row, so that
    ``assets == read - refused - merged``.
    """

    profile: str
    format: str
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    merged: int = 0
    assets_created: int = 0
    assets_updated: int = 0
    assets_unchanged: int = 0
    absent: int = 0
    notes: list[Note] = field(default_factory=list)

    def refuse(self, line: int, key: str, column: str, reason: str) -> None:
        """Count a row as refused, and say why."""
        self.refused += 1
        self.notes.append(Note(line, "refused", key, column, reason))

    def refuse_asset(self, lines: Sequence[int], key: str, column: str, reason: str) -> None:
        """Count all rows of an asset as refused: those that were to be merged are merged no more."""
        self.merged -= len(lines) - 1
        self.notes = [note for note in self.notes if note.kind != "merged" or note.line not in lines]
        for line in lines:
            self.refuse(line, key, column, reason)

    def settle(self, outcome: Outcome, lines: int) -> None:
        """Count an asset and the rows that make it."""
        setattr(self, outcome, getattr(self, outcome) + lines)
        name = f"assets_{outcome}"
        setattr(self, name, getattr(self, name) + 1)

    @property
    def assets(self) -> int:
        """Return how many assets the rows make."""
        return self.assets_created + self.assets_updated + self.assets_unchanged

    def adds_up(self) -> bool:
        """Tell whether every row read has one outcome, and every row not refused is an asset's first or merged."""
        return (
            self.read == self.created + self.updated + self.unchanged + self.refused
            and self.assets == self.read - self.refused - self.merged
        )


def write_csv(notes: Iterable[Note], target: TextIO) -> None:
    """Write notes as CSV with a header, in the order of the lines they are about."""
    writer = csv.writer(target, delimiter=";")
    writer.writerow(("line", "kind", "key", "field", "reason"))
    for note in sorted(notes, key=lambda note: (note.line, note.kind)):
        writer.writerow((note.line, note.kind, note.key, note.field, note.reason))
