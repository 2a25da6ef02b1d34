"""Statements of the hot path, compiled once per kind of database.

Comes in: a SQLAlchemy Core statement with named parameters. Goes out: the same statement sent as the driver's text,
with values prepared as Core would. It never builds SQL from pieces: Core has written every word. Next:
``engine/projections.py``.

Core looks a cached statement up, sorts its parameters and its results at every execution; for rows of a few columns
that costs twice what the driver needs, and to hand a text through Core's execution still half of a completion's CPU on
SQLite. So the text goes to the driver's cursor of the same transaction; who listens to statements hears of these too.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql import ClauseElement

Row = Mapping[str, Any]
Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What one kind of database is sent.

    Attributes:
        order: names of the parameters in the order of their places; None where they are named.
        constants: parameters that stand in the statement itself, prepared.
        processors: how values of some parameters are prepared.
        places: picks the values in their order.
    """

    text: str
    order: tuple[str, ...] | None
    constants: dict[str, Any]
    processors: tuple[tuple[str, Processor], ...]
    places: Callable[[dict[str, Any]], Any]

    def bind(self, row: Row) -> Any:
        """Return the parameters of one row as the driver wants them."""
        values = {**self.constants, **row}
        for name, process in self.processors:
            values[name] = process(values[name])
        return values if self.order is None else self.places(values)


def _picker(order: tuple[str, ...]) -> Callable[[dict[str, Any]], Any]:
    if len(order) > 1:
        return operator.itemgetter(*order)
    return lambda values: [values[name] for name in order]


class Statement:
    """A statement that is executed so often that finding it again costs more than running it.

    Attributes:
        core: the statement; for an INSERT, ``columns`` are those that every row gives.
        in_bulk: the same for PostgreSQL and any number of rows, given as one JSON text: ``rows``.
    """

    __slots__ = ("_compiled", "columns", "core", "in_bulk")

    def __init__(
        self, core: ClauseElement, columns: Sequence[str] = (), in_bulk: Statement | None = None
    ) -> None:
        self.core = core
        self.columns = tuple(columns)
        self.in_bulk = in_bulk
        self._compiled: dict[str, Compiled] = {}

    def run(self, connection: sa.Connection, rows: Row | Sequence[Row]) -> Any:
        """Execute with the parameters of one row, or once per row; return the driver's cursor.

        Raises:
            sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
        """
        dialect = connection.dialect
        many = not isinstance(rows, dict)
        if many and self.in_bulk is not None and len(rows) > 1 and dialect.name == "postgresql":
            return self.in_bulk.run(connection, {"rows": orjson.dumps(rows).decode()})
        compiled = self._compiled.get(dialect.name) or self.compile(dialect)
        bind, text = compiled.bind, compiled.text
        cursor = connection.connection.cursor()
        parameters: Any = [bind(row) for row in rows] if many else bind(rows)  # type: ignore[arg-type]
        for told in connection.dispatch.before_cursor_execute:
            told(connection, cursor, text, parameters, None, many)
        try:
            (cursor.executemany if many else cursor.execute)(text, parameters)
        except dialect.loaded_dbapi.Error as error:
            raise failure(dialect, error, text) from error
        for told in connection.dispatch.after_cursor_execute:
            told(connection, cursor, text, parameters, None, many)
        return cursor

    def compile(self, dialect: sa.Dialect) -> Compiled:
        """Return what ``dialect`` is sent, compiled the first time it is asked for."""
        drawn: Any = self.core.compile(dialect=dialect, column_keys=list(self.columns) or None)
        processors = {}
        for name, parameter in drawn.binds.items():
            process = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if process is not None:
                # The rows of a command carry one instant, many times over; JSON cannot be asked for again.
                impl = getattr(parameter.type, "impl_instance", parameter.type)
                is_instant = isinstance(impl, sa.DateTime)
                processors[name] = functools.lru_cache(maxsize=64)(process) if is_instant else process
        constants = {name: given.value for name, given in drawn.binds.items() if not given.required}
        for name in constants.keys() & processors.keys():
            constants[name] = processors.pop(name)(constants[name])
        order = tuple(drawn.positiontup) if drawn.positional else None
        compiled = Compiled(str(drawn), order, constants, tuple(processors.items()), _picker(order or ()))
        self._compiled[dialect.name] = compiled
        return compiled


def failure(dialect: sa.Dialect, error: Exception, text: str | None = None) -> Exception:
    """Return the driver's error as SQLAlchemy would have raised it, without the values."""
    kind = dialect.loaded_dbapi.Error
    return sa.exc.DBAPIError.instance(text, None, error, kind, hide_parameters=True, dialect=dialect)


def inserting(table: type[DeclarativeBase], *, besides: Collection[str] = ()) -> Statement:
    """Return the INSERT of whole rows of a table, ``besides`` columns that begin as NULL."""
    columns = [column for column in sa.inspect(table).columns if column.name not in besides]
    names = [column.name for column in columns]
    document = sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON)
    rows = sa.func.json_to_recordset(document).table_valued(
        *(sa.column(column.name, column.type) for column in columns)
    )
    in_bulk = sa.insert(table).from_select(names, sa.select(*rows.render_derived(with_types=True).columns))
    return Statement(sa.insert(table), names, Statement(in_bulk))
