"""Whether the engine grows: two processes beside one, memory after many completions, many instances in the database.

Comes in: a database URL and how many. Goes out: rates, kilobytes, milliseconds. It never asserts: figures are
printed, not judged. Next: ``tests/bench/__main__.py``.

Instances that fill a database are copies, made by the database, of one that waits in the middle of the case:
state, history, task, candidates and timers, as the engine wrote them.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pathlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from engine import store, tasks
from engine.clock import SettableClock
from engine.tables import Base
from tests.bench import case

COPIED = ("process_instance", "instance_state", "user_task", "task_candidate", "timer", "history")
OWNER = {"process_instance": "id", "task_candidate": "task_id"}
BATCH = 50_000
"""Instances copied in one transaction."""
IDS = ("id", "instance_id", "process_instance_id", "root_id", "task_id")


@dataclass(frozen=True)
class Rates:
    """Completions a second of one process and of two together."""

    one: float
    two: float


@dataclass(frozen=True)
class Memory:
    """Resident kilobytes after so many completions."""

    completions: int
    kilobytes: int


def processes(url: str, *, seconds: float, rounds: int, core_each: bool) -> Rates:
    """Compare one process with two on the same database, in turns so that other work falls on both alike.

    Args:
        core_each: give each process, with the backend that serves it, one core of its own. Left alone, one process
            and its backend already work at the same time on two cores, and find no third to double on.
    """
    one: list[float] = []
    two: list[float] = []
    with case.house(url):
        context = multiprocessing.get_context("spawn")
        hands = []
        for number in range(2):
            ours, theirs = context.Pipe()
            hand = context.Process(target=_hand, args=(url, number, theirs, core_each), daemon=True)
            hand.start()
            hands.append((ours, hand))
        for pipe, _ in hands:
            pipe.recv()
        for _ in range(rounds):
            one.append(_rate([hands[0][0]], seconds))
            two.append(_rate([pipe for pipe, _ in hands], seconds))
        for pipe, hand in hands:
            pipe.send(0.0)
            hand.join(30)
    return Rates(statistics.fmean(one), statistics.fmean(two))


def _rate(pipes: list[Any], seconds: float) -> float:
    for pipe in pipes:
        pipe.send(seconds)
    return float(sum(pipe.recv() for pipe in pipes))


def _hand(url: str, number: int, pipe: Any, core_each: bool) -> None:
    """Walk cases for as long as each message says; answer with completions a second."""
    database = store.connect(url, pool_size=1)
    if core_each:
        with database.connect() as connection:
            backend = connection.scalar(sa.select(sa.func.pg_backend_pid()))
        core = {sorted(os.sched_getaffinity(0))[number]}
        for process in (0, backend):
            os.sched_setaffinity(process, core)
    house = store.Engine(database, clock=SettableClock(case.MORNING), handlers=case.HANDLERS)
    made = number * 10_000_000
    for _ in range(3):
        made += 1
        case.walk(house, case.start(house, made), lambda _step, complete: complete())
    gc.collect()
    gc.freeze()
    pipe.send(0.0)
    while (seconds := pipe.recv()) > 0:
        done = 0
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            made += 1
            case.walk(house, case.start(house, made), lambda _step, complete: complete())
            done += len(case.STEPS)
        pipe.send(done / (time.perf_counter() - began))
    database.dispose()


def memory(url: str, *, completions: int) -> list[Memory]:
    """Return the resident memory of this process at the start, in the middle and after all completions."""
    found = []
    with case.house(url) as house:
        cases = max(8, completions // len(case.STEPS))
        marks = {cases * part // 8 for part in range(1, 9)}
        for number in range(1, cases + 1):
            case.walk(house, case.start(house, number), lambda _step, complete: complete())
            if number in marks:
                gc.collect()
                found.append(Memory(number * len(case.STEPS), _resident()))
    return found


def _resident() -> int:
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def filled(
    small_url: str, large_url: str, *, small: int, large: int, cases: int
) -> tuple[list[float], list[float]]:
    """Return milliseconds of completions among ``small`` and among ``large`` instances, taken in turns."""
    with case.house(small_url) as few, case.house(large_url) as many:
        _fill(few, small)
        _fill(many, large)
        taken: tuple[list[float], list[float]] = ([], [])
        for number in range(cases):
            for house, times in zip((few, many), taken, strict=True):
                case.walk(house, case.start(house, 1_000_000 + number), partial(_timed, times))
    warm = 2 * len(case.STEPS)
    return taken[0][warm:], taken[1][warm:]


def _fill(house: store.Engine, count: int) -> None:
    """Put ``count`` copies of an instance that waits in the middle of the case into the database."""
    model = case.start(house, 0)
    with house.begin(case.ACTOR) as unit:
        tasks.complete(unit, case.open_task(house, model, "review_intake"), case.FORMS["review_intake"])
    for first in range(0, count, BATCH):
        _copy(house.database, model, range(first, min(first + BATCH, count)))
    if house.database.dialect.name == "postgresql":
        with house.database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _copy(database: sa.Engine, model: str, numbers: range) -> None:
    """Copy an instance's rows under other ids; ids of tasks begin with their instance's."""
    marks = sa.table("bench_mark", sa.column("mark", sa.String))
    with database.begin() as connection:
        made = sa.Table("bench_mark", sa.MetaData(), sa.Column("mark", sa.String(36), primary_key=True))
        made.create(connection)
        connection.execute(sa.insert(made), [{"mark": f"copy-{number:09d}"} for number in numbers])
        for name in COPIED:
            table = Base.metadata.tables[name]
            owner = table.c[OWNER.get(name, "instance_id")]
            columns = [
                sa.func.replace(column, model, marks.c.mark) if column.name in IDS else column
                for column in table.columns
            ]
            rows = (
                sa.select(*columns).select_from(table.join(marks, sa.true())).where(owner.startswith(model))
            )
            connection.execute(sa.insert(table).from_select([column.name for column in table.columns], rows))
        made.drop(connection)


def _timed(times: list[float], _step: str, complete: Callable[[], None]) -> None:
    began = time.perf_counter()
    complete()
    times.append((time.perf_counter() - began) * 1000)
