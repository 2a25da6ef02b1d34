"""Completing a user task, beside a bare SQLAlchemy Core transaction that writes the very same rows.

Comes in: a database URL for each side. Goes out: milliseconds, statements, bytes. It never compares two runs: both
sides take turns in one run, completion by completion. Next: ``tests/bench/__main__.py``.

The floor is recorded: what the engine executes for each instance is kept as statement and parameters, then executed
again on an empty twin of the database, with its one read at the start, its writes and its commit, and without
anything that finds out what to write.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine import instances, projections, store, tasks
from engine.statements import Statement
from engine.tables import Base, InstanceState, Instant
from tests.bench import case

Recorded = list[tuple[Any, Any]]


@dataclass
class Measured:
    """What one database gave; times in milliseconds."""

    engine: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    state_bytes: list[int] = field(default_factory=list)


class Recorder:
    """Keeps what SQLite executes, transaction by transaction, as Core statements with their parameters.

    On PostgreSQL the same rows travel as one text per table, which is the engine's affair, not the floor's.
    """

    def __init__(self, database: sa.Engine) -> None:
        assert database.dialect.name == "sqlite"
        self.units: list[Recorded] = []
        self._now: Recorded = []
        self.database = database
        known = [it for room in (instances, projections, tasks) for it in vars(room).values()]
        self._known = {
            statement.compile(database.dialect).text: statement
            for statement in known
            if isinstance(statement, Statement)
        }
        self._listeners = {
            "before_execute": self._note,
            "before_cursor_execute": self._note_text,
            "begin": self._begin,
            "commit": self._commit,
        }
        for name, listener in self._listeners.items():
            sa.event.listen(database, name, listener)

    def _begin(self, _connection: sa.Connection) -> None:
        self._now = []

    def _note(self, _connection: Any, statement: Any, many: Any, one: Any, _options: Any) -> None:
        self._now.append((statement, many or one or None))

    def _note_text(self, _conn: Any, _cursor: Any, text: str, given: Any, _context: Any, many: bool) -> None:
        statement = self._known.get(text)
        if statement is not None:
            rows = [self._as_core(statement, row) for row in (given if many else [given])]
            self._now.append((statement.core, rows if many else rows[0]))

    def _as_core(self, statement: Statement, given: Any) -> dict[str, Any]:
        """Return a row as it was before the driver's wishes were met."""
        compiled = statement.compile(self.database.dialect)
        assert compiled.order is not None, "SQLite's parameters have places"
        row = dict(zip(compiled.order, given, strict=True))
        instant = Instant().dialect_impl(self.database.dialect)
        read = instant.result_processor(self.database.dialect, None)
        for name, _ in compiled.processors:
            if read is not None and isinstance(row[name], str):
                row[name] = read(row[name])
        return {name: value for name, value in row.items() if name not in compiled.constants}

    def _commit(self, _connection: sa.Connection) -> None:
        self.units.append(self._now)

    def stop(self) -> None:
        for name, listener in self._listeners.items():
            sa.event.remove(self.database, name, listener)


def floor_of(recorded: Recorded) -> Recorded:
    """Keep the first read and every write; savepoints and look-ups are the engine's own affair."""
    kept: Recorded = []
    for statement, parameters in recorded:
        if isinstance(statement, sa.Select):
            if not kept:
                kept.append((statement, parameters))
        elif statement.is_dml:
            kept.append((statement, parameters))
    return kept


def replay(database: sa.Engine, recorded: Recorded) -> None:
    """Execute recorded statements in one transaction."""
    with database.connect() as connection, connection.begin():
        for statement, parameters in recorded:
            result = connection.execute(statement, parameters)
            if result.returns_rows:
                result.one_or_none()


@contextmanager
def counted(database: sa.Engine) -> Iterator[list[str]]:
    """Collect the SQL that reaches the driver; BEGIN and COMMIT are the connection's own."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    sa.event.listen(database, "before_cursor_execute", note)
    yield seen
    sa.event.remove(database, "before_cursor_execute", note)


def measure(url: str, twin_url: str, *, cases: int) -> Measured:
    """Walk ``cases`` cases through on ``url`` and replay recorded ones on ``twin_url``, in turns."""
    measured = Measured()
    twin = store.connect(twin_url)
    Base.metadata.create_all(twin)
    units = [[floor_of(unit) for unit in written] for written in recorded(cases + 2, twin)]
    with case.house(url) as live:
        _in_turns(live, twin, units, measured)
    twin.dispose()
    return measured


def recorded(cases: int, twin: sa.Engine) -> list[list[Recorded]]:
    """Return what the engine executes for each case, transaction by transaction; ``twin`` gets its definitions."""
    units = []
    with case.house("sqlite://") as house:
        copy_definitions(house.database, twin)
        recorder = Recorder(house.database)
        for number in range(cases):
            recorder.units = []
            case.walk(house, case.start(house, number), lambda _step, complete: complete())
            units.append(recorder.units)
        recorder.stop()
    return units


def _in_turns(live: store.Engine, twin: sa.Engine, units: list[list[Recorded]], measured: Measured) -> None:
    """Take turns completion by completion, so that whatever else the machine does falls on both alike."""
    gc.collect()
    gc.freeze()
    for number, (begin, *completions) in enumerate(units):
        instance_id = case.start(live, 1_000_000 + number)
        replay(twin, begin)
        rest = iter(completions)

        def both(
            _step: str, complete: Callable[[], None], *, rest: Iterator[Recorded] = rest, number: int = number
        ) -> None:
            recorded = next(rest)
            if number == 1:
                with counted(live.database) as seen:
                    complete()
                measured.statements.append(len(seen))
                replay(twin, recorded)
                return
            engine, floor = _timed(complete), _timed(lambda: replay(twin, recorded))
            if number > 1:  # the first instances compile what is compiled once
                measured.engine.append(engine)
                measured.floor.append(floor)

        case.walk(live, instance_id, both)
    measured.state_bytes = _states(live)
    gc.unfreeze()


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _states(live: store.Engine) -> list[int]:
    """Return the size of the state after each step of one case."""
    sizes: list[int] = []
    instance_id = case.start(live, 2_000_000)

    def note(_step: str, complete: Callable[[], None]) -> None:
        with live.read() as reading:
            document = reading.connection.scalar(
                sa.select(InstanceState.document).where(InstanceState.instance_id == instance_id)
            )
        sizes.append(len(str(document).encode()))
        complete()

    case.walk(live, instance_id, note)
    return sizes


def copy_definitions(source: sa.Engine, target: sa.Engine) -> None:
    """Give an empty database the deployments that recorded rows point to."""
    names = ("deployment", "resource", "deployment_file", "definition")
    with source.connect() as reading, target.begin() as writing:
        for name in names:
            table = Base.metadata.tables[name]
            rows = [dict(row._mapping) for row in reading.execute(sa.select(table))]
            writing.execute(sa.insert(table), rows)
