"""Real service requests, driven through the shipped processes to closure and posting.

Comes in: a CSV of requests as Los Angeles publishes them (MyLA311: type, dates, place, status). Goes out: how many
were closed, refused and attached, what was posted, the balance as another program finds it, and the time of each
step. It never writes a row itself and leaves nothing behind. Next: ``web/demo/founding.py``, whose town does the work.

    python -m tests.bench.replay_requests [CSV] [--requests 1000] [--postgres]

What is real: type, instant, place, way in, whether and when it was closed. What is ours: nature and team of each type,
hours and materials, and that the window refuses what was cancelled and attaches what it finds 80 % alike.
"""

from __future__ import annotations

import argparse
import csv
import gc
import heapq
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from beancount import loader
from beancount.core.data import Transaction

import engine.tables
import registry.tables
from engine import queries, store, tasks, timers
from engine.clock import SettableClock
from engine.tables import Incident, ProcessInstance, Timer
from integrations import intake
from integrations.accounting import exports
from integrations.tasks import HANDLERS
from registry import checks, entities
from registry.queries import ledger
from registry.tables.accounting import Posting
from registry.tables.requests import Request
from registry.tables.work import WorkOrder
from tests import databases
from web.demo import founding, hours, roll

DEFAULT = Path(__file__).parents[3] / "shared" / "data" / "requests" / "requests_2020_seed.csv"
ZONE = ZoneInfo("Europe/Paris")
# Type of the city → nature of the town, team, minutes of work, family of items; None: the window has to choose.
TYPES: dict[str, tuple[str | None, str, int, str | None]] = {
    "Bulky Items": ("PRO.DEPOT", "PROPRETE", 30, None),
    "Metal/Household Appliances": ("PRO.DEPOT", "PROPRETE", 30, None),
    "Electronic Waste": ("PRO.DEPOT", "PROPRETE", 20, None),
    "Illegal Dumping Pickup": ("PRO.DEPOT", "PROPRETE", 45, "SAC"),
    "Dead Animal Removal": ("PRO.DEPOT", "PROPRETE", 20, "SAC"),
    "Graffiti Removal": ("PRO.GRAFFITI", "PROPRETE", 50, "DEC"),
    "Single Streetlight Issue": ("ECL.POINT", "ECLAIRAGE", 60, "LED"),
    "Multiple Streetlight Issue": ("ECL.RESEAU", "ECLAIRAGE", 120, "LED"),
    "Report Water Waste": ("VOI.AVALOIR", "VOIRIE", 60, None),
    "Homeless Encampment": (None, "PROPRETE", 60, "SAC"),
    "Other": (None, "PROPRETE", 30, None),
}
CHANNELS = {
    "Call": "phone",
    "Mobile App": "portal",
    "Self Service": "portal",
    "Email": "mail",
    "Letter": "mail",
}
ALIKE = Decimal("0.8")


@dataclass
class Row:
    """One request of the city."""

    number: int
    kind: str
    status: str
    channel: str
    asked: datetime
    closed: datetime
    longitude: float | None
    latitude: float | None
    address: str


@dataclass
class Replay:
    """The replay under way: its own clock, what is still to be done, and how long each step took."""

    house: store.Engine
    clock: SettableClock
    known: roll.Roll
    agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    logged: Counter[tuple[date, str]] = field(default_factory=Counter)
    line: int = 0

    @contextmanager
    def timed(self, step: str, actor: str) -> Iterator[store.UnitOfWork]:
        begun = time.perf_counter()
        with self.house.begin(actor) as unit:
            yield unit
        self.took[step].append((time.perf_counter() - begun) * 1000)

    def note(self, at: datetime, deed: Callable[[], None]) -> None:
        self.line += 1
        heapq.heappush(self.agenda, (max(at, self.clock.now()), self.line, deed))

    def local(self) -> datetime:
        return self.clock.now().astimezone(ZONE)

    def run(self) -> None:
        """Do everything in the order of time, timers among it, until nothing is left."""
        while True:
            due = timers.next_due(self.house)
            at = self.agenda[0][0] if self.agenda else None
            if due is not None and (at is None or due <= at):
                self.clock.set(max(due, self.clock.now()))
                self._fire()
            elif at is not None:
                self.clock.set(max(at, self.clock.now()))
                heapq.heappop(self.agenda)[2]()
            else:
                return

    def _fire(self) -> None:
        with self.house.read() as reading:
            first = reading.connection.execute(
                sa.select(Timer.instance_id, Timer.token, Timer.element, ProcessInstance.business_key)
                .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
                .order_by(Timer.due_at, Timer.instance_id, Timer.token)
                .limit(1)
            ).one()
        step = "close after five days" if first.element == "five_days" else "remind"
        with self.timed(step, timers.ACTOR) as unit:
            timers.fire(unit, first.instance_id, first.token)

    # ---------------------------------------------------------------- steps

    def ask(self, row: Row) -> None:
        nature = TYPES[row.kind][0]
        with self.timed("ask, triage", "system:portal") as unit:
            request = intake.open_request(
                unit,
                entity_id=entities.by_code(unit.session, "COMMUNE").id,
                nature_code=nature,
                title=row.kind,
                channel=row.channel,
                longitude=row.longitude,
                latitude=row.latitude,
                address=row.address or None,
            )
        self.look(row, request.id)

    def look(self, row: Row, request_id: str) -> None:
        """Let somebody answer what waits in a request's process, each at their own time."""
        with self.house.read() as reading:
            instance = queries.instance_of(reading, request_id, intake.PROCESS)
            waiting = queries.open_tasks_of(reading, str(instance))
        for task in waiting:
            deed, at = {
                "qualify": (self.qualify, hours.after(self.local(), minutes=30)),
                "plan": (self.plan, hours.after(self.local(), minutes=60)),
                "do_work": (self.report, row.closed),
                "review": (self.review, hours.after(self.local(), minutes=120)),
            }[task.element]
            self.note(at, lambda deed=deed, task=task: deed(row, request_id, task.id))

    def qualify(self, row: Row, request_id: str, task_id: str) -> None:
        nature, team, _minutes, _family = TYPES[row.kind]
        with self.timed("qualify, open order", self.known.office["operator"]) as unit:
            seen = tasks.variables_of(unit, task_id)
            alike = [one for one in seen["duplicates"] if one["score"] >= ALIKE]
            if row.status == "Cancelled":
                answers: dict[str, Any] = {
                    "decision": "refuse",
                    "refusalReason": "La demande a été annulée par son auteur.",
                }
            elif alike:
                answers = {"decision": "duplicate", "duplicateOf": alike[0]["requestId"]}
            else:
                answers = {
                    "decision": "accept",
                    "natureCode": nature or "PRO.CORBEILLE",
                    "assetId": None,
                    "team": team,
                    "priority": Decimal(3),
                    "workMode": "in_house",
                    "delayHours": Decimal(24),
                    "supplierCode": None,
                    "materials": [],
                }
            tasks.complete(unit, task_id, answers)
        self.look(row, request_id)

    def plan(self, row: Row, request_id: str, task_id: str) -> None:
        team = TYPES[row.kind][1]
        begins = max(self.local(), row.closed - timedelta(hours=2)).astimezone(ZONE)
        answers = {
            "personId": None,
            "plannedStart": f"{begins:%Y-%m-%dT%H:%M}",
            "plannedEnd": f"{begins + timedelta(hours=3):%Y-%m-%dT%H:%M}",
        }
        with self.timed("plan", self.known.leaders[team]) as unit:
            tasks.complete(unit, task_id, answers)
        self.look(row, request_id)

    def report(self, row: Row, request_id: str, task_id: str) -> None:
        _nature, team, minutes, family = TYPES[row.kind]
        day = self.local().date()
        agents = self.known.agents[team]
        agent = min(agents, key=lambda person: (self.logged[day, person], agents.index(person)))
        minutes = min(minutes, max(6, 600 - self.logged[day, agent]))  # a busy day is shared out
        self.logged[day, agent] += minutes
        parts = []
        if family is not None:
            items = self.known.items[family]
            place = self.known.stores[family]
            parts = [{"itemCode": items[row.number % len(items)], "storeCode": place, "quantity": Decimal(1)}]
        answers = {
            "report": "Fait, les lieux sont propres.",
            "labour": [{"personId": agent, "hours": Decimal(minutes) / 60}],
            "parts": parts,
            "photos": [],
            "finished": True,
        }
        with self.timed("report, settle, post", agent) as unit:
            tasks.complete(unit, task_id, answers)
        self.look(row, request_id)

    def review(self, row: Row, request_id: str, task_id: str) -> None:
        with self.timed("review, post", self.known.office["accountant"]) as unit:
            tasks.complete(unit, task_id, {"verdict": "accept"})
        self.look(row, request_id)


def read(path: Path, wanted: int) -> list[Row]:
    """Return requests spread evenly over the file, in the order of time."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    step = max(1, len(lines) // wanted)
    rows = []
    for number, line in enumerate(lines[::step][:wanted]):
        asked = _instant(line["createddate"])
        closed = _instant(line["closeddate"]) if line["closeddate"] else asked + timedelta(days=2)
        rows.append(
            Row(
                number,
                line["requesttype"],
                line["status"],
                CHANNELS.get(line["requestsource"], "api"),
                asked,
                max(closed, asked + timedelta(hours=1)),
                float(line["longitude"]) if line["longitude"] else None,
                float(line["latitude"]) if line["latitude"] else None,
                line["address"],
            )
        )
    return sorted(rows, key=lambda row: row.asked)


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%y %H:%M").replace(tzinfo=ZONE)


@contextmanager
def _database(postgres: bool) -> Iterator[sa.Engine]:
    if postgres:
        with databases.scratch() as url:
            opened = store.connect(url)
            yield opened
            opened.dispose()
        return
    with tempfile.TemporaryDirectory() as folder:
        opened = store.connect(f"sqlite:///{folder}/replay.db")
        yield opened
        opened.dispose()


def main() -> int:
    """Replay and report; returns 0 when every book balances as another program finds it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    options = parser.parse_args()
    rows = read(options.csv, options.requests)
    with _database(options.postgres) as database:
        engine.tables.Base.metadata.create_all(database)
        registry.tables.Base.metadata.create_all(database)
        clock = SettableClock(rows[0].asked - timedelta(days=1))
        house = store.Engine(database, clock=clock, handlers=HANDLERS)
        with house.begin("system:bench") as unit:
            founding.found(unit, years=range(2020, 2022), raised_from=date(2020, 7, 1))
        with house.read() as reading:
            replay = Replay(house, clock, roll.read(reading))
        for row in rows:
            replay.note(row.asked, lambda row=row: replay.ask(row))
        gc.freeze()
        begun = time.perf_counter()
        replay.run()
        seconds = time.perf_counter() - begun
        return _report(house, replay, len(rows), seconds)


def _report(house: store.Engine, replay: Replay, asked: int, seconds: float) -> int:
    with house.read() as reading:
        session = reading.session
        outcomes = dict(
            session.execute(
                sa.select(sa.func.coalesce(Request.outcome, Request.status), sa.func.count()).group_by(
                    sa.func.coalesce(Request.outcome, Request.status)
                )
            ).all()
        )
        closed = session.scalar(sa.select(sa.func.count()).where(Request.status == "closed"))
        orders = session.scalar(sa.select(sa.func.count()).where(WorkOrder.status == "closed"))
        posted, total = session.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Posting.total_cents), 0))
        ).one()
        incidents = session.execute(
            sa.select(Incident.element, Incident.message).where(Incident.resolved_at.is_(None))
        ).all()
        proofs = list(checks.prove(session))
        print(f"{asked} real requests on {house.database.dialect.name}, {seconds:.1f} s")
        print(
            f"  closed {closed}: {', '.join(f'{name} {count}' for name, count in sorted(outcomes.items()))}"
        )
        print(
            f"  work orders closed {orders}, postings {posted}, {total / 100:,.2f} EUR, incidents {len(incidents)}"
        )
        for element, message in incidents[:5]:
            print(f"    {element}: {message}")
        findings = [finding for proof in proofs for finding in proof.findings]
        looked = sum(proof.rows for proof in proofs)
        print(f"  {len(proofs)} invariants proved again over {looked:,} rows, {len(findings)} findings")
        balanced = [_balanced(session, entity.code) for entity in entities.every(session)]
    print(f"  {'step':24} {'times':>6} {'median ms':>10} {'95 % ms':>9}")
    for step, took in sorted(replay.took.items(), key=lambda one: -len(one[1])):
        worst = statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
        print(f"  {step:24} {len(took):6} {statistics.median(took):10.1f} {worst:9.1f}")
    return 0 if all(balanced) and not findings and not incidents else 1


def _balanced(session: Any, code: str) -> bool:
    """Compare our balances with those that a program we did not write finds in our file."""
    entity = entities.by_code(session, code)
    span = {"start": date(2020, 1, 1), "end": date(2020, 12, 31)}
    ours = ledger.balances(session, entity_id=entity.id, layers=("general", "analytic"), **span)
    if not ours:
        return True
    hledger = shutil.which("hledger")
    theirs = _by_hledger(session, code, hledger, span) if hledger else _by_beancount(session, code, span)
    same = {account: cents for account, cents in ours.items() if cents} == theirs
    words = "the same balances" if same else f"OTHER balances: {theirs} for {ours}"
    print(
        f"  {code}: {'hledger' if hledger else 'beancount'} finds {words} in {len(ours)} accounts, to the cent"
    )
    return same and sum(theirs.values()) == 0


def _by_beancount(session: Any, code: str, span: dict[str, date]) -> dict[str, int]:
    made = exports.export(session, entity_code=code, format_code="beancount", **span)
    entries, errors, _options = loader.load_string(made.content.decode())
    assert errors == [], errors[:3]
    codes = {entry.account: entry.meta["code"] for entry in entries if hasattr(entry, "currencies")}
    found: Counter[str] = Counter()
    for entry in entries:
        if isinstance(entry, Transaction):
            for line in entry.postings:
                found[codes[line.account]] += int(line.units.number * 100)
    return {account: cents for account, cents in found.items() if cents}


def _by_hledger(session: Any, code: str, hledger: str, span: dict[str, date]) -> dict[str, int]:
    made = exports.export(session, entity_code=code, format_code="hledger", **span)
    with tempfile.NamedTemporaryFile(suffix=".journal") as file:
        file.write(made.content)
        file.flush()
        command = [hledger, "-f", file.name, "balance", "--flat", "--no-total", "-O", "csv"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = list(csv.reader(printed.splitlines()))[1:]
    return {
        account.partition(":")[2]: int(Decimal(amount.removesuffix(" EUR")) * 100)
        for account, amount in lines
        if Decimal(amount.removesuffix(" EUR"))
    }


if __name__ == "__main__":
    sys.exit(main())
