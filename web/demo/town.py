"""The demo town: founded, then lived for eight months.

Comes in: an empty database, a scale, a last day. Goes out: the same town for the same day, to the reference number
and the cent. It never takes the machine's clock: the town has its own. Next: ``web/demo/journey.py``.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine import store
from engine.clock import SettableClock
from registry import people
from registry.tables.entities import Entity
from web.demo import calls, facts, founding, hours, roll
from web.demo.hands import Hands
from web.demo.life import Life

FOUNDER: Final = "system:demo"


@dataclass(frozen=True, slots=True)
class Scale:
    """How long the town has lived and how many work orders it closed."""

    days: int
    orders: int


SCALES: Final = {"seed": Scale(245, 600), "full": Scale(366, 15_000)}


State = Literal["none", "demo", "half", "another"]


def state(house: store.Engine) -> State:
    """Say whether the database holds no town, the demo town, one that was left half built, or another town.

    The accounts get their passwords last, so that a town without them is known to be unfinished.
    """
    with house.read() as reading:
        if reading.connection.scalar(sa.select(sa.func.count()).select_from(Entity)) == 0:
            return "none"
        operator = people.by_email(reading.session, facts.email(facts.read("town")["office"][0]["name"]))
    if operator is None:
        return "another"
    return "half" if operator.password_hash is None else "demo"


def last_day(now: datetime, zone: ZoneInfo) -> date:
    """Return the last working day before an instant: the town has lived until yesterday, or until Friday."""
    day = now.astimezone(zone).date() - timedelta(days=1)
    while not hours.is_working_day(day):
        day -= timedelta(days=1)
    return day


def build(
    house: store.Engine,
    scale: Scale,
    last: date,
    tell: Callable[[date], None] = lambda _today: None,
) -> None:
    """Found the town in an empty database and let it live until its last day.

    Args:
        house: gives the database and the handlers; its clock is not read.
        scale: how long and how much.
        last: the last day; the same day gives the same town, to the reference number and the cent.
        tell: called for each day that begins: to show progress.
    """
    zone = ZoneInfo(house.zone)
    first = last - timedelta(days=scale.days)
    clock = SettableClock(datetime.combine(first, time(7), zone))
    own = store.Engine(house.database, clock=clock, handlers=house.handlers, zone=house.zone)
    with own.begin(FOUNDER) as unit:
        founding.found(unit, years=range(first.year, last.year + 2), raised_from=last.replace(month=7, day=1))
    with own.read() as reading:
        known = roll.read(reading)
    coming = calls.calls(known, first=first + timedelta(days=1), last=last, orders=scale.orders, zone=zone)
    with _quiet_collector():
        Life(own, clock, Hands(known), zone).live(
            coming, until=datetime.combine(last, time(18), zone), tell=tell
        )
    with own.begin(FOUNDER) as unit:
        roll.give_passwords(unit)


@contextmanager
def _quiet_collector() -> Iterator[None]:
    """Let the garbage collector look less often: what stays is known, what goes is small (a seventh of the time)."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
