"""Calls: what the people of the town ask for, when, and what becomes of each.

Comes in: a roll of the town, a period, how many work orders it shall close. Goes out: calls in the order of time,
the same on every run. It never speaks to the database. Next: ``web/demo/life.py``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Final, Literal
from zoneinfo import ZoneInfo

from web.demo import facts
from web.demo.hours import is_working_day
from web.demo.roll import Roll, Thing

Fate = Literal[
    "plain", "contractor", "declined", "rework", "disputed", "not_fixed", "shortage", "refused", "duplicate"
]
Channel = Literal["portal", "phone", "mail", "counter", "qr"]
_Planned = tuple[Fate, str | None]
_CHANNELS: Final[dict[Channel, int]] = {"portal": 45, "phone": 25, "mail": 12, "counter": 8, "qr": 10}
_SHARES: Final[dict[Fate, float]] = {
    "contractor": 0.11,
    "declined": 0.012,
    "rework": 0.012,
    "disputed": 0.008,
    "not_fixed": 0.025,
    "shortage": 0.015,
    "refused": 0.04,
    "duplicate": 0.03,
}
_ORDERS: Final[dict[Fate, int]] = {"not_fixed": 2, "refused": 0, "duplicate": 0}
_BY_CONTRACTOR: Final = frozenset({"contractor", "declined", "rework", "disputed"})
_SLOW_UNTIL: Final = 0.75
"""Calls that take weeks come in the first three quarters of the period, so that all of them end within it."""

# Where a call may stop and wait at the end of the period: element → how many, and its fate.
OPEN: Final[tuple[tuple[str, int, Fate], ...]] = (
    ("qualify", 9, "plain"),
    ("plan", 7, "plain"),
    ("do_work", 12, "plain"),
    ("solve_shortage", 3, "shortage"),
    ("goods_received", 2, "shortage"),
    ("choose", 3, "declined"),
    ("answer_order", 3, "contractor"),
    ("report_done", 5, "contractor"),
    ("accept_work", 3, "contractor"),
    ("review", 5, "contractor"),
    ("correct_imputation", 1, "disputed"),
    ("correct_costs", 1, "disputed"),
    ("settle_dispute", 1, "disputed"),
)
_OPEN_DAYS: Final = 9


@dataclass(frozen=True, slots=True)
class Call:
    """One request before it is made.

    Attributes:
        number: its place among all calls, and the seed of what people do about it.
        fate: what becomes of it; ``stop``: the element it waits at when the period ends, or None.
        hurried: whether people answer within hours, so that it ends within the period.
        certain: whether the requester chooses the nature of the work.
    """

    number: int
    at: datetime
    fate: Fate
    stop: str | None
    hurried: bool
    certain: bool
    nature: facts.Nature
    thing: Thing
    title: str
    description: str
    report: str
    channel: Channel
    requester: str

    def chance(self) -> random.Random:
        """Return the chance that decides what people do about this call, the same each time."""
        return random.Random(f"{facts.read('town')['seed']}:{self.number}")  # noqa: S311 - no secret hangs on it


def calls(roll: Roll, *, first: date, last: date, orders: int, zone: ZoneInfo) -> Iterator[Call]:
    """Yield the calls of a period in the order of time.

    Args:
        roll: who and what the town has.
        first: first day.
        last: last day; some calls of its last days stay open.
        orders: how many work orders of the period are closed by its end.
        zone: of the town.
    """
    chance = random.Random(f"{facts.read('town')['seed']}:calls")  # noqa: S311 - as above
    planned: list[_Planned] = [(fate, None) for fate in _fates(orders, chance)]
    # Those that have the longest way to where they wait come first.
    recent: list[_Planned] = [(fate, stop) for stop, count, fate in reversed(OPEN) for _ in range(count)]
    dated = [
        *_spread(planned, first, last - timedelta(days=4), chance, zone),
        *_spread(recent, last - timedelta(days=_OPEN_DAYS), last - timedelta(days=2), chance, zone),
    ]
    rush = datetime.combine(last - timedelta(days=25), time(), zone)
    for number, (at, (fate, stop)) in enumerate(sorted(dated, key=lambda one: one[0]), start=1):
        yield _call(roll, number, at, fate, stop, hurried=at >= rush)


def _fates(orders: int, chance: random.Random) -> list[Fate]:
    """Return fates whose work orders add up to ``orders``, the slow ones not among the last."""
    counts: Counter[Fate] = Counter({fate: max(1, round(share * orders)) for fate, share in _SHARES.items()})
    given = sum(count * _ORDERS.get(fate, 1) for fate, count in counts.items())
    plain = max(0, orders - given)
    early: list[Fate] = list(counts.elements())
    room = max(0, round((len(early) + plain) * _SLOW_UNTIL) - len(early))
    early += ["plain"] * min(room, plain)
    chance.shuffle(early)
    return early + ["plain"] * (plain - min(room, plain))


def _spread(
    fates: list[_Planned], first: date, last: date, chance: random.Random, zone: ZoneInfo
) -> list[tuple[datetime, _Planned]]:
    """Give each fate an instant, in their order: many on working days, few on the others."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    weighted = [day for day in days for _ in range(5 if is_working_day(day) else 1)]
    instants = []
    for position in range(len(fates)):
        day = weighted[position * len(weighted) // len(fates)]
        at = time(chance.randint(7, 19), chance.randint(0, 59), chance.randint(0, 59))
        instants.append(datetime.combine(day, at, zone))
    # Sorted within the day only: the order of the fates is the order of the days.
    ordered = [at for _, group in groupby(instants, key=datetime.date) for at in sorted(group)]
    return list(zip(ordered, fates, strict=True))


def _call(roll: Roll, number: int, at: datetime, fate: Fate, stop: str | None, *, hurried: bool) -> Call:
    chance = random.Random(f"{facts.read('town')['seed']}:call:{number}")  # noqa: S311 - as above
    outside = fate in _BY_CONTRACTOR
    fitting = [one for one in facts.natures() if one.contractor == outside and one.weight > 0]
    if fate == "shortage":
        fitting = [one for one in fitting if one.articles]
    (nature,) = chance.choices(fitting, [one.weight for one in fitting])
    thing = chance.choice([thing for kind in nature.kinds for thing in roll.things[kind]])
    title, description, report = chance.choice(nature.calls)
    (channel,) = chance.choices(list(_CHANNELS), list(_CHANNELS.values()))
    names = facts.read("town")["names"]
    return Call(
        number=number,
        at=at,
        fate=fate,
        stop=stop,
        hurried=hurried,
        certain=fate in ("plain", "not_fixed") and stop != "qualify" and chance.random() < 0.75,
        nature=nature,
        thing=thing,
        title=f"{title} – {thing.name}",
        description=description,
        report=report,
        channel=channel,
        requester=f"{chance.choice(names['first'])} {chance.choice(names['last'])}",
    )
