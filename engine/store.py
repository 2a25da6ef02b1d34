"""The database: how it is opened, and the only place that commits or rolls back.

Comes in: a URL, a clock, the handlers of task types. Goes out: units of work, each one transaction, one
instant, one actor. It never runs a process: ``instances.py`` does. Next: ``engine/definitions.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction

from engine.clock import Clock, SystemClock
from engine.errors import Busy
from engine.library import Library
from engine.statements import failure

IDLE_SECONDS = 5
"""A connection unused for longer is asked whether it still lives before it is used."""
READS_ONLY = {"guichet_reads_only": True, "postgresql_readonly": True}
"""Of a connection that reads: SQLite need not lock for writing, PostgreSQL refuses to write."""
LOCK_SECONDS = 3
"""How long a command waits for a row another one holds, before it is refused as busy."""


def connect(url: str, *, pool_size: int = 10) -> sa.Engine:
    """Open a database.

    SQLite: WAL, foreign keys, ``BEGIN IMMEDIATE`` (a transaction that read first and wrote later could
    not be repeated), a busy time-out. PostgreSQL: a lock time-out of the same length, UTC.

    Args:
        url: ``sqlite:///file``, ``sqlite://`` (in memory, one connection), ``postgresql+psycopg://…``.
        pool_size: connections kept; as many again may be opened at peak.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _connect_sqlite(parsed)
    database = sa.create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,  # errors go into logs and incidents, and values may be personal data
        connect_args={"options": f"-c lock_timeout={LOCK_SECONDS}s -c timezone=UTC", "prepare_threshold": 2},
    )
    _ping_idle(database)
    return database


def _ping_idle(database: sa.Engine) -> None:
    """Ask a connection that has idled whether it still lives; a busy one would have told.

    SQLAlchemy's own ``pool_pre_ping`` asks before every transaction: one round trip more for each.
    """

    @sa.event.listens_for(database, "checkin")
    def put_back(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = monotonic()

    @sa.event.listens_for(database, "checkout")
    def take_out(connection: Any, record: Any, _proxy: object) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or monotonic() - idle_since < IDLE_SECONDS:
            return
        try:
            database.dialect.do_ping(connection)
        except database.dialect.loaded_dbapi.Error as error:
            # The pool then throws away all connections of that age and opens a new one.
            raise sa.exc.DisconnectionError from error


def _connect_sqlite(url: sa.URL) -> sa.Engine:
    in_memory = url.database in (None, "", ":memory:")
    options: dict[str, Any] = {"poolclass": sa.pool.StaticPool} if in_memory else {}
    database = sa.create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": LOCK_SECONDS},
        hide_parameters=True,
        **options,
    )

    @sa.event.listens_for(database, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin by itself: see below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA wal_autocheckpoint=8000")  # pages: 32 MB of log; an fsync less often
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @sa.event.listens_for(database, "begin")
    def begin(connection: sa.Connection) -> None:
        reads_only = connection.get_execution_options().get("guichet_reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return database


@functools.cache
def _insert_new(dialect: str, table: type[DeclarativeBase]) -> sa.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def insert_new(connection: sa.Connection, table: type[DeclarativeBase], row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same key exists; return whether it was inserted.

    A transaction that inserts the same key is waited for, so two that meet agree on who was first; nothing
    breaks in the one that was second.
    """
    return connection.execute(_insert_new(connection.dialect.name, table), dict(row)).rowcount == 1


@dataclass(frozen=True, slots=True)
class Call:
    """One job that a handler of this house does inside the transaction.

    Attributes:
        type: the task type; ``inputs``: what the diagram maps to it; ``headers``: fixed texts.
        instance_id: root instance; ``business_key``: what the outside calls it.
        element_id: where in the diagram.
        step_id: the same for the same step however often it is repeated: derive row ids from it.
    """

    type: str
    inputs: dict[str, Any]
    headers: Mapping[str, str]
    instance_id: str
    business_key: str | None
    element_id: str
    step_id: str


@dataclass(slots=True)
class UnitOfWork:
    """One transaction: what a person or the worker does in one go.

    Attributes:
        connection: the transaction's connection; the engine works on it through SQLAlchemy Core.
        now: the one instant of everything in it, aware, UTC.
        actor: a person's id, or ``system:…``.
        in_motion: instances that are thawed just now; none may be thawed twice.
        later: what waits until they are at rest: signals, messages that a handler sends to its own instance.
    """

    house: Engine
    connection: sa.Connection
    now: datetime
    actor: str
    in_motion: set[str] = field(default_factory=set)
    later: list[Callable[[], object]] = field(default_factory=list)
    _session: Session | None = None
    _doing_later: bool = False

    @property
    def session(self) -> Session:
        """Return the ORM session on the same connection, made when first asked for."""
        if self._session is None:
            # Savepoints of handlers are made on the connection; the session joins whatever is open.
            self._session = Session(
                bind=self.connection,
                autoflush=True,
                expire_on_commit=False,
                join_transaction_mode="conditional_savepoint",
            )
        return self._session

    def flush(self) -> None:
        """Write what the session holds, so that the engine's statements see it."""
        if self._session is not None:
            self._session.flush()

    @contextmanager
    def round_trip(self) -> Iterator[None]:
        """Send the ``Statement``s inside to PostgreSQL in one round trip instead of one for each.

        Nothing inside may fetch rows nor look at a row count: the answers come at the end.
        """
        dialect = self.connection.dialect
        if dialect.name != "postgresql":
            yield
            return
        try:
            with self.connection.connection.driver_connection.pipeline():  # type: ignore[union-attr]  # psycopg's
                yield
        except dialect.loaded_dbapi.Error as error:
            raise failure(dialect, error) from error

    def do_later(self) -> None:
        """Do what waits until no instance is thawed, one after the other, and what that adds."""
        if self._doing_later or self.in_motion:
            return
        self._doing_later = True
        try:
            while self.later:
                self.later.pop(0)()
        finally:
            self._doing_later = False

    def close(self) -> None:
        """Let the session go; the connection is the store's affair."""
        if self._session is not None:
            self._session.close()


class GuardedUnit(UnitOfWork):
    """The same transaction in the hands of a handler, whose writes can be undone alone.

    The savepoint is made when the handler first asks for the session or the connection: one that only
    computes costs no round trip.
    """

    __slots__ = ("_outer", "_savepoint")

    def __init__(self, outer: UnitOfWork) -> None:
        self._outer = outer
        self._savepoint: SessionTransaction | None = None
        self.house, self.now, self.actor = outer.house, outer.now, outer.actor
        self.in_motion, self.later = outer.in_motion, outer.later
        self._session = None
        self._doing_later = True  # what waits until instances are at rest waits for the outer unit

    @property
    def connection(self) -> sa.Connection:  # type: ignore[override]  # nobody sets it after it is made
        """Return the transaction's connection, behind the savepoint."""
        self._guard()
        return self._outer.connection

    @property
    def session(self) -> Session:
        """Return the transaction's session, behind the savepoint."""
        self._guard()
        return self._outer.session

    def flush(self) -> None:
        """Write what the session holds."""
        self._outer.flush()

    def _guard(self) -> None:
        if self._savepoint is None:
            session = self._outer.session
            self._savepoint = session.begin_nested()
            session.connection()  # else the savepoint comes with the session's own first statement, too late for Core's

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._savepoint is None:
            return
        if kind is None:
            self._savepoint.commit()
        else:
            self._savepoint.rollback()


Handler = Callable[[UnitOfWork, Call], Mapping[str, Any]]


class Failpoints:
    """Named places where a test may stop the process; silent in production."""

    def reach(self, name: str) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Engine:
    """The engine on one database.

    Attributes:
        database: opened by ``connect``.
        clock: the only source of instants.
        handlers: task type → function, done inside the transaction.
        zone: the municipality's time zone.
        library: compiled definitions, shared by all threads.
        failpoints: for crash tests.
    """

    database: sa.Engine
    clock: Clock = field(default_factory=SystemClock)
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    zone: str = "Europe/Paris"
    library: Library = field(default_factory=Library)
    failpoints: Failpoints = field(default_factory=Failpoints)

    @contextmanager
    def begin(self, actor: str) -> Iterator[UnitOfWork]:
        """Open one transaction; it commits at the end and rolls back on any exception.

        Raises:
            Busy: another command holds a row for longer than ``LOCK_SECONDS``.
        """
        with self.database.connect() as connection:
            try:
                transaction = connection.begin()
            except sa.exc.OperationalError as error:
                raise _busy(error) from error
            unit = UnitOfWork(self, connection, self.clock.now(), actor)
            try:
                yield unit
                unit.flush()
                self.failpoints.reach("before commit")
                transaction.commit()
            except sa.exc.OperationalError as error:
                transaction.rollback()
                if _is_lock(error):
                    raise _busy(error) from error
                raise
            except BaseException:
                transaction.rollback()
                raise
            finally:
                unit.close()
            self.failpoints.reach("after commit")

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """Open a transaction that keeps nothing of what is written in it: for screens and reports."""
        with self.database.connect().execution_options(**READS_ONLY) as connection:
            transaction = connection.begin()
            unit = UnitOfWork(self, connection, self.clock.now(), "system:reader")
            try:
                yield unit
                if self.database.dialect.name == "postgresql":
                    transaction.commit()  # psycopg forgets at every ROLLBACK what it has prepared
            finally:
                unit.close()
                transaction.close()


def _is_lock(error: sa.exc.OperationalError) -> bool:
    """Tell a lock that was not given in time, or a deadlock, from a real failure."""
    state = getattr(error.orig, "sqlstate", None)
    return state in ("55P03", "40P01", "40001") or "database is locked" in str(error.orig)


def _busy(error: sa.exc.OperationalError) -> Exception:
    if not _is_lock(error):
        return error
    return Busy(
        f"Expected to hold the instance within {LOCK_SECONDS} seconds, but another command is working on it. Try again."
    )
