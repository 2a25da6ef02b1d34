"""A journey killed at every step of every named point ends with the rows of one that was never killed."""

from __future__ import annotations

import json
import pathlib
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import engine.tables
import registry.tables
from engine import store
from registry import checks
from tests import databases, engine_proofs, factories_processes

POINTS = ("before write", "after write", "before commit", "after commit", "before effect", "after effect")
COMMANDS = ("ask", "qualify", "plan", "do_work", "five days")
DELIVERIES = ("deliver",)
AT_COMMIT = dict.fromkeys(("before commit", "after commit"), (*DELIVERIES, "look back"))
ROOT = pathlib.Path(__file__).parents[2]
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_FOLLOW = re.compile(r'(?<="followToken": ")[\w-]+')
# Random by design, or the trace of a delivery that was tried once more.
_OWN = {
    ("request", "token"),
    ("asset", "qr_token"),
    ("outbox", "attempts"),
    ("outbox", "next_attempt_at"),
    ("outbox", "delivered_at"),
}


@pytest.fixture(scope="module")
def driver() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crashes.driver"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


@contextmanager
def _url(kind: str, folder: pathlib.Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'town.db'}"
        return
    with databases.scratch() as url:
        yield url


def _walk(driver: subprocess.Popen[str], url: str, folder: pathlib.Path, point: str) -> int:
    """Prepare a town, let children walk until one arrives; return how many were killed on the way."""
    assert driver.stdin is not None
    assert driver.stdout is not None
    (folder / "killed.txt").write_text("")
    (folder / "letters.txt").write_text("")
    with factories_processes.opened(url) as town:
        order = json.dumps({"url": url, "folder": str(folder), "ids": town.ids, "point": point})
    for killed in range(200):
        driver.stdin.write(f"{order}\n")
        driver.stdin.flush()
        code = int(driver.stdout.readline())
        if code == 0:
            return killed
        assert code == -signal.SIGKILL
    raise AssertionError("the journey did not arrive")


def _rows(url: str) -> dict[str, list[tuple[str, ...]]]:
    """Return every row of both floors as text, ids and digests masked."""
    database = store.connect(url)
    found: dict[str, list[tuple[str, ...]]] = {}
    with database.connect().execution_options(guichet_reads_only=True) as connection:
        for metadata in (engine.tables.Base.metadata, registry.tables.Base.metadata):
            for table in metadata.sorted_tables:
                columns = [column for column in table.c if (table.name, column.name) not in _OWN]
                rows = connection.execute(sa.select(*columns))
                found[table.name] = sorted(tuple(_masked(value) for value in row) for row in rows)
    database.dispose()
    return found


def _masked(value: Any) -> str:
    return _FOLLOW.sub("token", _DIGEST.sub("digest", _ID.sub("id", repr(value))))


def _proven(url: str) -> None:
    database = store.connect(url)
    assert engine_proofs.findings(database) == []
    with Session(database) as session:
        assert checks.run(session) == []
    database.dispose()


Rows = dict[str, list[tuple[str, ...]]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def unkilled(
    request: pytest.FixtureRequest, driver: subprocess.Popen[str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Rows]:
    """The kind of database, and its rows after a journey that nothing disturbed."""
    folder = tmp_path_factory.mktemp("unkilled")
    with _url(request.param, folder) as url:
        assert _walk(driver, url, folder, "never") == 0
        _proven(url)
        return request.param, _rows(url)


@pytest.mark.parametrize("point", POINTS)
def test_a_journey_killed_everywhere_ends_as_one_that_was_not(
    driver: subprocess.Popen[str], unkilled: tuple[str, Rows], tmp_path: pathlib.Path, point: str
) -> None:
    kind, wanted = unkilled
    with _url(kind, tmp_path) as url:
        killed = _walk(driver, url, tmp_path, point)
        _proven(url)
        rows = _rows(url)
    for name in wanted:
        assert rows[name] == wanted[name]
    places = (tmp_path / "killed.txt").read_text().split("\n")
    steps = {place.partition("#")[0] for place in places if place}
    assert steps == (set(DELIVERIES) if point.endswith("effect") else {*COMMANDS, *AT_COMMIT.get(point, ())})
    letters = Counter((tmp_path / "letters.txt").read_text().split())
    assert len(letters) == len(wanted["outbox"])
    again = letters.total() - len(letters)
    if point == "after effect":
        assert again == killed  # at least once, and with the same key: the outside can tell
    elif point == "before commit":
        assert 1 <= again <= len(letters)  # killed while noting that a letter was delivered
    else:
        assert again == 0


def test_every_named_point_is_one_that_the_engine_reaches() -> None:
    sources = [path.read_text() for path in (ROOT / "engine").rglob("*.py")]
    reached = {name for source in sources for name in re.findall(r'failpoints\.reach\("([^"]+)"\)', source)}
    assert reached == set(POINTS)
