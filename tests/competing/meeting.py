"""Two commands that meet on one row of PostgreSQL, in an order that does not depend on luck.

Comes in: two verbs. Goes out: what each gave or how it was refused. The first stops just before its commit until the
database says that the second waits for it, or until the second is done: so every pair is tried at its worst moment,
without a sleep. Next: ``tests/competing/test_commands_meet.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine import store
from engine.errors import EngineError

_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@dataclass
class Outcome:
    """What a verb gave, or the refusal it met."""

    value: Any = None
    refusal: EngineError | None = None

    @property
    def won(self) -> bool:
        return self.refusal is None


class Meeting(store.Failpoints):
    """Holds the thread that came first at a named point."""

    def __init__(self, database: sa.Engine, point: str) -> None:
        self._database = database
        self._point = point
        self._first = threading.get_ident()
        self.reached = threading.Event()
        self.second_done = threading.Event()

    def begin(self) -> None:
        """Say that the calling thread is the first one."""
        self._first = threading.get_ident()

    def reach(self, name: str) -> None:
        if name != self._point or threading.get_ident() != self._first or self.reached.is_set():
            return
        self.reached.set()
        with self._database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not self.second_done.is_set() and not connection.exec_driver_sql(_WAITING).scalar():
                pass


def meet(
    house: store.Engine,
    first: Callable[[], Any],
    second: Callable[[], Any],
    *,
    point: str = "before commit",
) -> tuple[Outcome, Outcome]:
    """Run ``first`` up to ``point``, then ``second`` until it waits or is done, then both to their ends."""
    meeting = Meeting(house.database, point)
    house.failpoints = meeting

    def lead() -> Outcome:
        meeting.begin()
        try:
            return _tried(first)
        finally:
            meeting.reached.set()

    def follow() -> Outcome:
        assert meeting.reached.wait(30)
        try:
            return _tried(second)
        finally:
            meeting.second_done.set()

    with ThreadPoolExecutor(2) as threads:
        leading, following = threads.submit(lead), threads.submit(follow)
        outcomes = leading.result(60), following.result(60)
    house.failpoints = store.Failpoints()
    return outcomes


def together(count: int, verb: Callable[[int], Any]) -> list[Outcome]:
    """Run ``verb(n)`` in ``count`` threads that start at the same instant."""
    barrier = threading.Barrier(count)

    def run(number: int) -> Outcome:
        barrier.wait()
        return _tried(lambda: verb(number))

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def _tried(verb: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(verb())
    except EngineError as refusal:
        return Outcome(refusal=refusal)
