"""Journey: one new request travels from a phone to the accounts, told step by step.

Comes in: a house with the demo town, a teller. Goes out: a request carried to the books by the product's own verbs,
and the telling of it. It never tells a figure that it did not read back. Next: ``web/demo/acts.py``.

Decisions:
1. The journey has its own clock: it begins six hours back and ends now, so that a day's work fits into a minute of
   reading. It never posts before what the house has posted already: a journal stays in the order of its numbers.
2. The five days without news are rehearsed: the timer is fired on a clock five days ahead, shown, and rolled back.
   The real one waits in its table for ``guichet serve``.
3. Rows are counted at the cursor and steps are read from the process's history: the telling cannot drift from the code.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from engine import store
from engine.clock import SettableClock
from integrations import goods
from registry import entities, journal, stock, work
from registry.tables.accounting import Period, Posting
from registry.tables.requests import Request
from web.demo import acts, books, facts, roll
from web.demo.acts import Journey
from web.demo.telling import Teller

_BACK: Final = timedelta(hours=6)


def tell(house: store.Engine, teller: Teller) -> bool:
    """Carry one new request to the books and tell it.

    Args:
        house: a house whose database holds the demo town; its clock says what day it is.
        teller: prints.

    Returns:
        whether every invariant was proved at the end.
    """
    now = house.clock.now().replace(second=0, microsecond=0)
    with house.read() as reading:
        known = roll.read(reading)
        told, last = _told_before(reading)
        story = facts.read("stories")["stories"][told % len(facts.read("stories")["stories"])]
        things = [thing for kind in story["kinds"] for thing in known.things[kind]]
    # A machine whose clock is behind the town's last posting tells a journey of that day.
    clock = SettableClock(max(now, last) - _BACK)
    own = store.Engine(house.database, clock=clock, handlers=house.handlers, zone=house.zone)
    journey = Journey(own, clock, clock.now(), teller, known, story, things[told % len(things)])
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


def _prepare(journey: Journey) -> None:
    """Let the month be open and the parts be in the store, as on any morning."""
    day = journey.clock.now().astimezone(journey.teller.zone).date()
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
