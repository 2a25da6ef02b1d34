"""A request's journey, walked by child processes that die where they are told to.

Comes in: one order per line, as JSON. Goes out: one line per order, with how the child ended. Each child is forked
from this process, which holds no connection and no thread: it begins with nothing but what the database keeps, as
after a power cut, without paying for the imports again. Next: ``tests/crashes/test_journey_killed.py``.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from engine import outbox, store
from engine.clock import SettableClock
from engine.tables import Outbox
from integrations.tasks import HANDLERS
from tests.factories_processes import MORNING, Town

REQUEST = "0b7f6c1e-3c55-4b0a-9a53-5f3f6f1c2d11"
PART = {"itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(2)}


class Killer(store.Failpoints):
    """Kills this process the first time a step reaches a point; what it did is noted outside the database."""

    def __init__(self, point: str, notes: pathlib.Path) -> None:
        self.point, self.notes = point, notes
        self.step = ""
        self.reached = 0

    def enter(self, step: str) -> None:
        self.step, self.reached = step, 0

    def reach(self, name: str) -> None:
        if name != self.point:
            return
        self.reached += 1
        place = f"{self.step}#{self.reached}\n"
        if place in self.notes.read_text():
            return
        with self.notes.open("a") as notes:
            notes.write(place)
        os.kill(os.getpid(), signal.SIGKILL)


def walk(town: Town, killer: Killer, outside: pathlib.Path) -> None:
    """Go on from wherever the rows stand, each step at its own instant, to the end of the journey."""
    steps: dict[str, Callable[[], Any]] = {
        "qualify": lambda: _qualify(town),
        "plan": lambda: town.done(
            "plan", personId=town.ids["agent"], plannedStart="2026-01-05T13:00", plannedEnd="2026-01-05T15:00"
        ),
        "do_work": lambda: town.done(
            "do_work",
            report="Joint remplacé",
            labour=[{"hours": Decimal("1.5")}],
            parts=[PART],
            photos=[],
            finished=True,
        ),
    }
    _at(town, killer, "ask", 0)
    town.ask(id=REQUEST, asset_id=None)
    for minutes, (element, complete) in enumerate(steps.items(), start=1):
        _at(town, killer, element, minutes)
        if element in town.waiting():
            complete()
    _deliver(town, killer, outside, "deliver", MORNING + timedelta(hours=1))
    _at(town, killer, "five days", 6 * 24 * 60)
    town.wait(timedelta(0))
    _deliver(town, killer, outside, "deliver at last", MORNING + timedelta(days=7))
    killer.enter("look back")
    assert town.incidents() == []
    assert town.status(REQUEST) == ("closed", "completed")


def _at(town: Town, killer: Killer, step: str, minutes: int) -> None:
    killer.enter(step)
    town.clock.set(MORNING + timedelta(minutes=minutes))


def _qualify(town: Town) -> None:
    town.done(
        "qualify",
        decision="accept",
        natureCode="BAT.PLOMBERIE",
        assetId=town.ids["school"],
        team="PLOMBERIE",
        priority=Decimal(2),
        workMode="in_house",
        delayHours=Decimal(24),
        supplierCode=None,
        materials=[PART | {"quantity": Decimal(3)}],
    )


def _deliver(town: Town, killer: Killer, outside: pathlib.Path, step: str, begin: datetime) -> None:
    """Deliver until nothing is queued; what a dead process had taken comes back after its back-off."""
    killer.enter(step)
    town.clock.set(begin)

    def take(key: str, _payload: Mapping[str, Any]) -> None:
        with outside.open("a") as letters:
            letters.write(f"{key}\n")

    while _queued(town):
        outbox.deliver_due(town.house, {"mail": take})
        town.clock.advance(timedelta(minutes=1))


def _queued(town: Town) -> int:
    with town.house.read() as reading:
        query = sa.select(sa.func.count()).select_from(Outbox).where(Outbox.status == "queued")
        return int(reading.connection.scalar(query) or 0)


def run(order: Mapping[str, Any]) -> None:
    """Walk the journey on one database, in this process."""
    folder = pathlib.Path(order["folder"])
    killer = Killer(order["point"], folder / "killed.txt")
    database = store.connect(order["url"])
    clock = SettableClock(MORNING)
    house = store.Engine(database, clock=clock, handlers=HANDLERS, failpoints=killer)
    walk(Town(house, clock, order["ids"]), killer, folder / "letters.txt")
    database.dispose()


def main() -> None:
    """Fork one child per order."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                run(json.loads(line))
            except BaseException:  # noqa: BLE001 - the child must end here, whatever happened in it
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
