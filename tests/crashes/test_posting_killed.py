"""A process that posts is killed at each named point; whoever comes after finds the books as if nothing had happened."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import checks, postings
from registry.tables import Base
from registry.tables.accounting import (
    Posting,
    PostingChain,
    PostingCounter,
    PostingLine,
    PostingSource,
    Proposal,
)
from tests import databases
from tests import factories_accounts as town_with
from tests.factories_stock import ACCOUNTANT, session_on

TABLES = (Posting, PostingLine, PostingSource, PostingCounter, PostingChain, Proposal)
POINTS = ("lines written", "posting written", "before commit", "after commit")


def post_all(path, point=None):
    """Accept every pending proposal, one transaction each; die at ``point`` of the second one."""
    database = databases.sqlite(path)
    with session_on(database) as session:
        waiting = session.scalars(
            sa.select(Proposal.id).where(Proposal.status == "pending").order_by(Proposal.key)
        ).all()
    for number, proposal_id in enumerate(waiting):
        if number == 1 and point is not None:
            _arm(database, point)
        with session_on(database) as session:
            postings.accept(session, proposal_id, **ACCOUNTANT)
    database.dispose()


def _arm(database, point):
    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def after(connection, cursor, statement, *_):
        table = {"lines written": "INSERT INTO posting_line ", "posting written": "INSERT INTO posting "}[
            point
        ]
        if statement.startswith(table):
            die()

    if point.endswith("written"):
        sa.event.listen(database, "after_cursor_execute", after)
    elif point == "before commit":
        sa.event.listen(database, "commit", die)
    else:  # the commit is done: the next transaction dies at its beginning
        seen = []
        sa.event.listen(database, "begin", lambda _: die() if seen else seen.append(1))


def rows(path):
    database = databases.sqlite(path)
    with session_on(database) as session:
        found = {
            kind.__tablename__: session.execute(
                sa.select(kind.__table__).order_by(*sa.inspect(kind).primary_key)
            ).all()
            for kind in TABLES
        }
        assert checks.run(session) == []
    database.dispose()
    return found


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("books") / "books.db"
    database = databases.sqlite(path)
    Base.metadata.create_all(database)
    with session_on(database) as session:
        town = town_with.books(session)
        for asset in (town.school, town.school, town.home, town.school):
            order_id = town_with.order(session, town, asset)
            town_with.material(session, town, order_id)
            town_with.labour(session, town, order_id, 10)
            town_with.proposed(session, order_id)
    database.dispose()  # the last connection to leave empties the write-ahead log into the file
    return path


@pytest.fixture(scope="module")
def undisturbed(template, tmp_path_factory):
    path = tmp_path_factory.mktemp("undisturbed") / "books.db"
    shutil.copy(template, path)
    post_all(path)
    return rows(path)


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_posting_leaves_no_trace_and_no_gap(template, undisturbed, tmp_path, point):
    path = tmp_path / "books.db"
    shutil.copy(template, path)
    root = Path(__file__).resolve().parents[2]
    child = subprocess.run(
        [sys.executable, "-m", "tests.crashes.test_posting_killed", str(path), point],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        timeout=60,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    posted = len(rows(path)["posting"])
    assert posted == (2 if point == "after commit" else 1)
    post_all(path)
    assert rows(path) == undisturbed


if __name__ == "__main__":
    post_all(Path(sys.argv[1]), sys.argv[2])
