"""Journey: one new request travels from a phone to the accounts, told step by step.

Comes in: a house with the demo town, a teller. Goes out: a request carried to the books by the product's own verbs,
and the telling of it. It never tells a figure that it did not read back. Next: ``web/demo/acts.py``.

Decisions:
1. The journey has its own clock, some days back, so that five days without news pass while one reads. It never posts
   before what the house has posted already: a journal stays in the order of its numbers. When that leaves fewer than
   five days, the timer is left to ``guichet serve``, and the telling says so.
2. Rows are counted at the cursor and steps are read from the process's history: the telling cannot drift from the code.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine import store
from engine.clock import SettableClock
from integrations import goods
from registry import entities, journal, stock, work
from registry.tables.accounting import Period, Posting
from registry.tables.requests import Request
from web.demo import acts, books, facts, hours, roll
from web.demo.acts import Journey
from web.demo.telling import Teller

_BACK: Final = timedelta(days=6)


def tell(house: store.Engine, teller: Teller) -> bool:
    """Carry one new request to the books and tell it.

    Args:
        house: a house whose database holds the demo town; its clock says what day it is.
        teller: prints.

    Returns:
        whether every invariant was proved at the end.
    """
    zone = ZoneInfo(house.zone)
    now = house.clock.now()
    with house.read() as reading:
        known = roll.read(reading)
        told, last = _told_before(reading)
        story = facts.read("stories")["stories"][told % len(facts.read("stories")["stories"])]
        things = [thing for kind in story["kinds"] for thing in known.things[kind]]
    start = _start(now, last, zone)
    clock = SettableClock(start)
    own = store.Engine(house.database, clock=clock, handlers=house.handlers, zone=house.zone)
    journey = Journey(own, clock, now, teller, known, story, things[told % len(things)])
    _prepare(journey)
    acts.ask(journey)
    acts.qualify(journey)
    acts.plan(journey)
    acts.report(journey)
    journey.at(last)
    with own.read() as reading:
        order = work.of_request(reading.session, journey.request_id)[0]
    books.show_costs(own, teller, order.id)
    acts.review(journey, order.id)
    books.show_exports(own, teller, order.id)
    acts.five_days(journey)
    return books.show_proof(own, teller)


def _told_before(reading: store.UnitOfWork) -> tuple[int, datetime]:
    """Return how many journeys were told here, and the instant of the house's last posting."""
    requesters = [one["requester"] for one in facts.read("stories")["stories"]]
    told = reading.session.scalar(
        sa.select(sa.func.count()).where(Request.requester_name.in_(requesters), Request.channel == "qr")
    )
    last = reading.session.scalar(sa.select(sa.func.max(Posting.posted_at)))
    assert last is not None, "the demo town has posted"
    return int(told or 0), last


def _start(now: datetime, last: datetime, zone: ZoneInfo) -> datetime:
    """Return a working morning six days back, or the day the town ended when the machine's clock is behind it."""
    day = (now - _BACK).astimezone(zone).date()
    while not hours.is_working_day(day):
        day -= timedelta(days=1)
    ended = last.astimezone(zone).date()
    if (now - last) < _BACK and now < last:
        day = ended
    return datetime.combine(day, time(8, 12), zone)


def _prepare(journey: Journey) -> None:
    """Let the month be open and the parts be in the store, as on any morning."""
    day = journey.local(8, 0).date()
    with journey.house.begin(journey.known.office["accountant"]) as unit:
        for entity in entities.every(unit.session):
            if not _is_known(unit, entity.id, day):
                journal.open_year(
                    unit.session, entity_id=entity.id, year=day.year, at=unit.now, by=unit.actor
                )
    for code, wanted in journey.story["parts"]:
        item_id, store_id = acts.place_of(journey, code)
        with journey.house.begin(journey.known.office["storekeeper"]) as unit:
            if stock.available(unit.session, item_id, store_id) >= wanted * 1000:
                continue
            goods.receive(
                unit,
                item_id=item_id,
                store_id=store_id,
                quantity_milli=6 * wanted * 1000,
                unit_cost_cents=_price(code),
                document=f"BL {day:%Y-%m-%d} {code}",
            )


def _is_known(unit: store.UnitOfWork, entity_id: str, day: date) -> bool:
    month = (Period.entity_id == entity_id, Period.year == day.year, Period.month == day.month)
    return bool(unit.session.scalar(sa.select(sa.exists().where(*month))))


def _price(code: str) -> int:
    family, _, number = code.partition("-")
    first, more = next(one["cents"] for one in facts.read("items")["families"] if one["code"] == family)
    return int(first + more * (int(number) - 1))
