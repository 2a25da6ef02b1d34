"""The same stories on the real engine, on SQLite in memory: rehearsal and database must agree after every step.

Compared are the frozen states, what is waited for, incidents, instances and history.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.test_stories import LEFT_OUT, STORIES
from tests.twin import twin


@pytest.mark.parametrize(
    "path", [path for path in STORIES if path.stem not in LEFT_OUT], ids=lambda path: path.stem
)
def test_rehearsal_and_database_agree(path: Path) -> None:
    with twin(path) as (both, steps):
        for number, action in enumerate(steps, start=1):
            both.step(action)
            rehearsed, stored = both.both()
            assert stored == rehearsed, f"after step {number}: {action}"
