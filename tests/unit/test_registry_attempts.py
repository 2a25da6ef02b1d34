"""Attempts are counted exactly, in windows that begin anew, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import attempts
from registry.tables.base import Base
from tests import databases, factories
from tests.factories import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        made = databases.sqlite(tmp_path_factory.mktemp("counts") / "counts.db")
        Base.metadata.create_all(made)
        yield made
        made.dispose()
        return
    with databases.scratch() as url:
        made = factories.database(url)
        yield made
        made.dispose()


def numbers(session: Session, *minutes: int, key: str = "k") -> list[int]:
    return [
        attempts.count(session, key, window=5 * MINUTE, at=NOW + minute * MINUTE).number for minute in minutes
    ]


def test_a_window_counts_from_its_first_attempt_and_then_begins_anew(database: sa.Engine) -> None:
    with factories.session_on(database) as session:
        assert numbers(session, 0, 1, 4, 5, 6, 30) == [1, 2, 3, 1, 2, 1]
        assert numbers(session, 30, key="other") == [1]


def test_what_was_counted_can_be_read_until_its_window_ends(database: sa.Engine) -> None:
    with factories.session_on(database) as session:
        numbers(session, 0, 1)
        found = attempts.counted(session, "k", at=NOW + 4 * MINUTE)
        assert found == attempts.Counted(2, NOW + 5 * MINUTE)
        assert attempts.counted(session, "k", at=NOW + 5 * MINUTE) is None
        attempts.clear(session, "k")
        assert attempts.counted(session, "k", at=NOW) is None


def test_windows_that_are_over_are_forgotten(database: sa.Engine) -> None:
    with factories.session_on(database) as session:
        numbers(session, 0)
        numbers(session, 9, key="later")
        assert attempts.forget(session, before=NOW + 6 * MINUTE) == 1
        assert numbers(session, 9, key="later") == [2]


def test_attempts_at_the_same_instant_are_all_counted(database: sa.Engine) -> None:
    def count(_: int) -> int:
        with Session(database) as session:
            found = attempts.count(session, "k", window=MINUTE, at=NOW).number
            session.commit()
            return found

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(count, range(24))) == list(range(1, 25))
