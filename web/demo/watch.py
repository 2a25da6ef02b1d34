"""Watch: what a transaction really writes, counted by the database.

Comes in: a database and a block of code. Goes out: rows inserted, changed and deleted by table, and how many
statements that took. It never counts what somebody claims to have written. Next: ``web/demo/telling.py``.

SQLite counts at the cursor. PostgreSQL is asked just before the transaction ends (``pg_stat_xact_user_tables``),
because there many statements travel together and their row counts come later.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

_WRITES: Final = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
_RETURNS: Final = re.compile(r"\bRETURNING\b", re.IGNORECASE)
_BY_TRANSACTION: Final = """
    SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables
    WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
"""
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
    asked = database.dialect.name == "postgresql"

    def count(
        _connection: sa.Connection, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        if statement.lstrip().upper().startswith(_SAVEPOINTS):
            return
        written.statements += 1
        found = None if asked else _WRITES.match(statement)
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

    before: dict[str, tuple[int, int, int]] = {}

    def begun(connection: sa.Connection) -> None:
        before.update(_counted(connection))

    def ended(connection: sa.Connection) -> None:
        # What earlier transactions of this connection have not yet reported is counted too: only the difference is ours.
        for table, figures in _counted(connection).items():
            inserted, changed, deleted = (
                now - then for now, then in zip(figures, before.get(table, (0, 0, 0)), strict=True)
            )
            written.inserted[table] += inserted
            written.changed[table] += changed
            written.deleted[table] += deleted

    hooks: list[tuple[str, Callable[..., None]]] = [("after_cursor_execute", count)]
    if asked:
        hooks += [("begin", begun), ("commit", ended), ("rollback", ended)]
    for name, hook in hooks:
        sa.event.listen(database, name, hook)
    try:
        yield written
    finally:
        for name, hook in hooks:
            sa.event.remove(database, name, hook)
        for kept in (written.inserted, written.changed, written.deleted):
            for table in [table for table, rows in kept.items() if rows == 0]:
                del kept[table]


def _counted(connection: sa.Connection) -> dict[str, tuple[int, int, int]]:
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(_BY_TRANSACTION)
        return {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}
