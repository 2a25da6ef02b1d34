"""Watch: what a transaction really writes, counted at the database's own cursor.

Comes in: a database and a block of code. Goes out: rows inserted, changed and deleted by table, and how many
statements that took. It never counts what somebody claims to have written. Next: ``web/demo/telling.py``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

_WRITES: Final = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
_RETURNS: Final = re.compile(r"\bRETURNING\b", re.IGNORECASE)
_SAVEPOINTS: Final = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(slots=True)
class Written:
    """What was written between two points.

    Attributes:
        inserted: table → rows; ``changed`` and ``deleted`` likewise.
        statements: SQL statements executed, reading ones too, savepoints not.
    """

    inserted: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    statements: int = 0


@contextmanager
def watched(database: sa.Engine) -> Iterator[Written]:
    """Count what is written through any connection of the database meanwhile."""
    written = Written()

    def count(
        _connection: sa.Connection, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        if statement.lstrip().upper().startswith(_SAVEPOINTS):
            return
        written.statements += 1
        found = _WRITES.match(statement)
        if found is None:
            return
        rows = cursor.rowcount
        if _RETURNS.search(statement):
            # A driver counts the rows of such a statement while they are read, which is later.
            rows = len(parameters) if many else statement.count("), (") + 1
        if rows > 0:
            verb, table = found.group(1).upper(), found.group(2).lower()
            kept = {"INSERT INTO": written.inserted, "UPDATE": written.changed}.get(verb, written.deleted)
            kept[table] += rows

    sa.event.listen(database, "after_cursor_execute", count)
    try:
        yield written
    finally:
        sa.event.remove(database, "after_cursor_execute", count)
