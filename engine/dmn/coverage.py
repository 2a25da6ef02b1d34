"""Overlaps, gaps and hidden rules of a decision table, proved without running it.

Comes in: the columns of ``regions.py``. Goes out: rules that meet, rules that never answer, situations without
a rule, each as one atom per column. It never accuses on a guess: a cell that is not understood proves nothing.
Next: ``engine/dmn/table_checks.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.dmn.regions import Atom, Column

#: Steps after which a search gives up without a verdict (about a second).
SEARCH_LIMIT: Final = 300_000


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two rules (counted from 0) and a situation in which both match."""

    first: int
    second: int
    situation: tuple[Atom, ...]


def overlaps(columns: Sequence[Column], rules: int) -> Iterator[Meeting]:
    """Yield each pair of rules that certainly meet."""
    accepting = [_accepting(column, unknown=False) for column in columns]
    for first in range(rules):
        others = _later(first, rules)
        for column, rules_of in zip(columns, accepting, strict=True):
            touching = 0
            for index in _ones(column.masks[first] or 0):
                touching |= rules_of[index]
                if touching & others == others:
                    break
            others &= touching
        for second in _ones(others):
            yield Meeting(first, second, tuple(_common(column, first, second) for column in columns))


def hidden(columns: Sequence[Column], rules: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield each rule that never answers first, with the earlier rules that take its situations."""
    accepting = [_accepting(column, unknown=False) for column in columns]
    steps = 0
    for rule in range(1, rules):
        if steps > SEARCH_LIMIT:
            return
        masks = [column.masks[rule] for column in columns]
        if any(mask is None for mask in masks):
            continue
        bounds = [mask or 0 for mask in masks]
        search = _Search(columns, accepting, bounds)
        found = search.run((1 << rule) - 1)
        steps += search.steps
        if found is None and all(bounds) and not search.exhausted:
            earlier = tuple(other for other in range(rule) if _meet(columns, other, rule))
            yield rule, earlier


def gap(columns: Sequence[Column], rules: int) -> tuple[Atom, ...] | None:
    """Find a usual situation that certainly matches no rule (None: there is none, or the search gave up)."""
    accepting = [_accepting(column, unknown=True) for column in columns]
    search = _Search(columns, accepting, [column.usual for column in columns])
    return search.run((1 << rules) - 1)


def _later(first: int, rules: int) -> int:
    """Return the rules after ``first``, as bits."""
    return ((1 << rules) - 1) >> (first + 1) << (first + 1)


def _ones(mask: int) -> Iterator[int]:
    """Yield the places of the bits that are set; through text, which is linear for wide masks."""
    return (place for place, bit in enumerate(reversed(f"{mask:b}")) if bit == "1")


def _accepting(column: Column, *, unknown: bool) -> list[int]:
    """Return, for each atom, the rules that accept it as bits; ``unknown``: what unread cells count as."""
    everywhere = (1 << len(column.atoms)) - 1
    same: dict[int, int] = {}
    for rule, found in enumerate(column.masks):
        mask = found if found is not None else (everywhere if unknown else 0)
        same[mask] = same.get(mask, 0) | 1 << rule
    rules_of = [0] * len(column.atoms)
    for mask, rules in same.items():
        for index, bit in enumerate(reversed(f"{mask:b}")):
            if bit == "1":
                rules_of[index] |= rules
    return rules_of


def _common(column: Column, first: int, second: int) -> Atom:
    """Choose an atom that both rules accept, a usual one when there is one."""
    both = (column.masks[first] or 0) & (column.masks[second] or 0)
    return _lowest(column, both & column.usual or both)


def _meet(columns: Sequence[Column], first: int, second: int) -> bool:
    return all((column.masks[first] or 0) & (column.masks[second] or 0) for column in columns)


def _lowest(column: Column, mask: int) -> Atom:
    return column.atoms[(mask & -mask).bit_length() - 1]


class _Search:
    """Look for a situation within bounds that no rule matches, column by column.

    Atoms of a column that the same rules accept are one case, and a set of rules once found to leave nothing
    uncovered from a column on is not searched again: what stays is small for tables that people draw.
    """

    def __init__(
        self, columns: Sequence[Column], accepting: Sequence[Sequence[int]], bounds: Sequence[int]
    ) -> None:
        self.columns = columns
        self.accepting = accepting
        self.bounds = bounds
        self.steps = 0
        self.covered: set[tuple[int, int]] = set()

    @property
    def exhausted(self) -> bool:
        """The search gave up: it has no verdict."""
        return self.steps > SEARCH_LIMIT

    def run(self, rules: int) -> tuple[Atom, ...] | None:
        """Return one situation that none of the rules (bits) matches."""
        return self._from(0, rules) if all(self.bounds) else None

    def _from(self, place: int, alive: int) -> tuple[Atom, ...] | None:
        """Search the columns from ``place`` on; ``alive`` are the rules that match so far."""
        if not alive:
            rest = zip(self.columns[place:], self.bounds[place:], strict=True)
            return tuple(_lowest(column, bound) for column, bound in rest)
        if place == len(self.columns) or (place, alive) in self.covered:
            return None
        cases: dict[int, int] = {}
        for index in _ones(self.bounds[place]):
            cases.setdefault(alive & self.accepting[place][index], index)
        self.steps += len(cases)
        if self.exhausted:
            return None
        for matching, index in sorted(cases.items(), key=lambda case: case[0].bit_count()):
            found = self._from(place + 1, matching)
            if found is not None:
                return (self.columns[place].atoms[index], *found)
        self.covered.add((place, alive))
        return None
