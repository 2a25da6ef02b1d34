"""Why a decision gave its value.

Comes in: what the tables and decisions report while they run. Goes out: plain dataclasses, and with ``to_json``
what history keeps and a requester can be told ("rule 4, leak in an occupied school"). It never changes the
value of anything. Next: ``engine/dmn/evaluate.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final

from engine.feel.text import write
from engine.feel.values import Value

#: Tables remembered for one decision: a knowledge model called for ten thousand rows is not all told.
TABLES_KEPT: Final = 50

#: Whole numbers below this are the same in every JSON reader (RFC 8259, section 6).
_EXACT: Final = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class InputTrace:
    """A condition column and the value it had."""

    label: str
    expression: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrace:
    """A rule that matched: its number as drawn (from 1), what it concluded and what its author noted."""

    number: int
    id: str
    outputs: Mapping[str, Value]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTrace:
    """One evaluation of a decision table; ``defaulted``: no rule matched and the defaults were taken."""

    id: str
    label: str
    hit_policy: str
    inputs: tuple[InputTrace, ...]
    matched: tuple[RuleTrace, ...]
    defaulted: bool = False


@dataclass(slots=True, kw_only=True)
class DecisionTrace:
    """A decision that was evaluated.

    Attributes:
        requires: ids of the required decisions that were evaluated, whose traces stand beside this one.
        tables: its tables, and those of the knowledge models it called.
        omitted: tables that were evaluated and not remembered (``TABLES_KEPT``).
    """

    id: str
    name: str
    value: Value = None
    requires: tuple[str, ...] = ()
    inputs: Mapping[str, Value] = field(default_factory=dict)
    tables: list[TableTrace] = field(default_factory=list)
    omitted: int = 0

    def remember(self, table: TableTrace) -> None:
        """Keep a table's trace, up to ``TABLES_KEPT``."""
        if len(self.tables) < TABLES_KEPT:
            self.tables.append(table)
        else:
            self.omitted += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The whole evaluation: the decision that was asked for, and all it required, first evaluated first."""

    decision: str
    decisions: tuple[DecisionTrace, ...]

    def of(self, decision_id: str) -> DecisionTrace | None:
        """Return the trace of one decision (None: it was not evaluated)."""
        return next((found for found in self.decisions if found.id == decision_id), None)

    @property
    def matched(self) -> tuple[RuleTrace, ...]:
        """The rules that matched in the decision that was asked for."""
        found = self.of(self.decision)
        return tuple(rule for table in found.tables for rule in table.matched) if found else ()

    def to_json(self) -> dict[str, Any]:
        """Return the trace in types that JSON knows.

        Whole numbers stay numbers; others stay numbers when a float holds them exactly as written, else they are
        text. Dates, times, durations and ranges are text in the notation of FEEL.
        """
        made = jsonable(self)
        assert type(made) is dict
        return made


def jsonable(value: Any) -> Any:
    """Return a trace, or a FEEL value inside one, in types that JSON knows."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return _number(value)
        case list() | tuple():
            return [jsonable(item) for item in value]
        case Mapping():
            return {key: jsonable(item) for key, item in value.items()}
        case Trace() | DecisionTrace() | TableTrace() | RuleTrace() | InputTrace():
            return {part.name: jsonable(getattr(value, part.name)) for part in fields(value)}
        case _:
            return write(value)


def _number(value: Decimal) -> int | float | str:
    if value == value.to_integral_value() and abs(value) < _EXACT:
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)
