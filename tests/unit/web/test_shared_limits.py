"""With more than one process, limits are counted in the database: two processes are one house."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import store
from engine.clock import SettableClock
from engine.errors import Busy
from registry.tables.attempts import Attempt
from tests import databases, factories
from web import limits
from web.app import create_app
from web.security import limiter
from web.settings import Settings

TWO = Settings(processes=2, secret_key="k" * 40, sign_in_limit="3 per minute")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'house.db'}"
        return
    with databases.scratch() as found:
        yield found


def ask(url: str, folder: Path, clock: SettableClock, times: int) -> list[tuple[int, str | None]]:
    """Open the house as a process does, ask for the sign-in some times, close it."""
    database = store.connect(url)
    app = create_app(replace(TWO, home=folder, database=url), store.Engine(database, clock=clock))
    app.config["WTF_CSRF_ENABLED"] = False
    answers = [app.test_client().post("/sign-in", data={"email": "", "password": ""}) for _ in range(times)]
    database.dispose()
    return [(one.status_code, one.headers.get("X-RateLimit-Remaining")) for one in answers]


def test_two_processes_count_together(url: str, tmp_path: Path) -> None:
    made = factories.database(url)
    clock = SettableClock(factories.NOW)
    try:
        assert ask(url, tmp_path, clock, 2) == [(422, "2"), (422, "1")]
        assert ask(url, tmp_path, clock, 2) == [(422, "0"), (429, "0")]
        with made.connect() as connection:
            assert "127.0.0.1" not in str(connection.execute(sa.select(Attempt.key)).all())
    finally:
        made.dispose()


class Unwilling:
    """A house whose database has no time for counting, and time for everything else."""

    def __init__(self, house: store.Engine) -> None:
        self.house, self.clock = house, house.clock

    def begin(self, actor: str) -> AbstractContextManager[store.UnitOfWork]:
        if actor == "system:limits":
            raise Busy("Expected the database to be free, but it is not.")
        return self.house.begin(actor)

    def read(self) -> AbstractContextManager[store.UnitOfWork]:
        return self.house.read()


def test_a_process_counts_in_memory_while_the_database_is_busy(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'house.db'}"
    factories.database(url).dispose()
    database = store.connect(url)
    house = store.Engine(database, clock=SettableClock(factories.NOW))
    app = create_app(replace(TWO, home=tmp_path, database=url), house)
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["house"] = Unwilling(house)
    try:
        answers = [app.test_client().post("/sign-in").status_code for _ in range(4)]
    finally:
        limiter._storage_dead = False  # the limiter is one for the whole process, tests included
        database.dispose()
    assert answers == [422, 422, 422, 429]


def test_a_single_process_counts_in_memory_and_several_in_the_database(tmp_path: Path) -> None:
    alone = Settings(home=tmp_path)
    assert limits.storage(alone) == "memory://"
    assert limits.storage(replace(alone, processes=2)) == "guichet://"
    assert limits.storage(replace(alone, database="postgresql+psycopg://db/guichet")) == "guichet://"
