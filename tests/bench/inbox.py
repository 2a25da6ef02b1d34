"""The inbox with a hundred thousand open tasks: what one page costs.

Comes in: a database URL and how many tasks. Goes out: milliseconds per page at the 95th percentile. Its rows are
written in bulk, as no person would; the queries are the product's own. Next: ``tests/bench/__main__.py``.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine import queries
from engine.tables import TaskCandidate, UserTask
from engine.task_rows import NEVER
from tests.factories_engine import MORNING, House

GROUPS = [f"team{number}" for number in range(40)]
BATCH = 5_000


@dataclass(frozen=True)
class Page:
    """One kind of page: median and 95th percentile in milliseconds."""

    name: str
    median: float
    p95: float


def _rows(
    number: int, chance: random.Random, *, is_open: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    due = MORNING + timedelta(minutes=chance.randrange(-20_000, 40_000)) if chance.random() < 0.9 else None
    groups = chance.sample(GROUPS, 2)
    task_id = f"{'open' if is_open else 'done'}-{number}.2"
    task = {
        "id": task_id,
        "instance_id": task_id.partition(".")[0],
        "process_instance_id": task_id.partition(".")[0],
        "process_id": "intervention",
        "token": 2,
        "element": "do_work",
        "name": "Réaliser les travaux",
        "business_key": f"2026-{number:06d}",
        "assignee": f"person{number % 70}" if not is_open or chance.random() < 0.3 else None,
        "candidate_users": "[]",
        "candidate_groups": "[]",
        "priority": 50,
        "due_date": due,
        "status": "open" if is_open else "completed",
        "version": 1,
        "created_at": MORNING,
        "ended_at": None if is_open else MORNING,
    }
    facts = {"task_id": task_id, "due_date": due or NEVER, "free": task["assignee"] is None}
    return task, [{"name": name, **facts} for name in groups] if is_open else []


def fill(house: House, *, count: int, is_open: bool) -> None:
    """Write ``count`` tasks, each offered to two of forty groups."""
    chance = random.Random(7)
    for begin in range(0, count, BATCH):
        made = [_rows(number, chance, is_open=is_open) for number in range(begin, min(begin + BATCH, count))]
        with house.engine.begin("system:bench") as unit:
            unit.connection.execute(sa.insert(UserTask), [task for task, _ in made])
            if is_open:
                unit.connection.execute(sa.insert(TaskCandidate), [row for _, rows in made for row in rows])


def measure(url: str, *, open_tasks: int, finished: int, rounds: int = 60) -> list[Page]:
    """Return what the pages that people look at most cost."""
    house = House(url)
    fill(house, count=open_tasks, is_open=True)
    fill(house, count=finished, is_open=False)
    if house.engine.database.dialect.name == "postgresql":
        with house.engine.database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    house.clock.advance(timedelta(days=1))
    who = {"person": "person7", "groups": frozenset(GROUPS[:3])}
    pages: dict[str, Callable[[Any], object]] = {
        "my tasks": lambda unit: queries.inbox(unit, "mine", **who),
        "my teams', page 1": lambda unit: queries.inbox(unit, "team", **who),
        "my teams', page 20": lambda unit: queries.inbox(unit, "team", page=20, **who),
        "late": lambda unit: queries.inbox(unit, "late", **who),
        "counts of the shelves": lambda unit: queries.counts(unit, **who),
        "one task": lambda unit: queries.task(unit, "open-77.2"),
    }
    found = [_page(house, name, look, rounds) for name, look in pages.items()]
    house.close()
    return found


def _page(house: House, name: str, look: Callable[[Any], object], rounds: int) -> Page:
    times = []
    for _ in range(rounds + 3):
        began = time.perf_counter()
        with house.engine.read() as reading:
            look(reading)
        times.append((time.perf_counter() - began) * 1000)
    times = times[3:]
    return Page(name, statistics.median(times), statistics.quantiles(times, n=20)[-1])
