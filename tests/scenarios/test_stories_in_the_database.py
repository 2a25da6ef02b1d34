"""The same stories on the real engine and its databases: rehearsal and rows must agree after every step.

Compared are the frozen states, what is waited for, incidents, instances and history.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import twin
from tests.scenarios.test_stories import LEFT_OUT, STORIES


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """One database for all stories: each begins with empty tables."""
    with getattr(twin, request.param)() as opened:
        yield opened


@pytest.mark.parametrize(
    "path", [path for path in STORIES if path.stem not in LEFT_OUT], ids=lambda path: path.stem
)
def test_rehearsal_and_database_agree(path: Path, database: sa.Engine) -> None:
    twin.forget(database)
    with twin.twin(path, database) as (both, steps):
        for number, action in enumerate(steps, start=1):
            both.step(action)
            rehearsed, stored = both.both()
            assert stored == rehearsed, f"after step {number}: {action}"
