"""Life: the demo town lives its months, each action of a person one transaction of the real engine.

Comes in: a founded town, a settable clock, calls. Goes out: requests, orders, costs and postings as people would have
made them, timers fired at their instant. It never writes a row itself. Next: ``web/demo/town.py``.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine import store, tasks, timers
from engine.clock import SettableClock
from engine.tables import ProcessInstance, Timer, UserTask
from integrations import goods, intake
from registry import entities, journal, requests
from registry.tables.stock import Item, MaterialNeed, StockBalance
from web.demo import facts, hours
from web.demo.calls import Call
from web.demo.hands import Case, Hands

PORTAL: Final = "system:portal"
_CLOSING_DAY: Final = 25
# Prepared once: these are asked after each action, in its own transaction.
_FIRST_TIMER: Final = (
    sa.select(Timer.instance_id, Timer.token, Timer.due_at, ProcessInstance.business_key)
    .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
    # Ties in an order that does not hang on ids.
    .order_by(Timer.due_at, ProcessInstance.started_at, Timer.token)
    .limit(1)
)
_RUNNING: Final = sa.select(ProcessInstance.id).where(
    ProcessInstance.business_key == sa.bindparam("request_id"),
    ProcessInstance.process_id == intake.PROCESS,
    ProcessInstance.status == "active",
)
_WAITING: Final = (
    sa.select(UserTask.id, UserTask.element)
    .where(UserTask.instance_id == sa.bindparam("instance_id"), UserTask.status == "open")
    .order_by(UserTask.token)
)
_STATUS: Final = sa.select(UserTask.status).where(UserTask.id == sa.bindparam("task_id"))
_WRITTEN_BY_WINDOW: Final = frozenset({"phone", "counter"})


@dataclass(slots=True)
class Life:
    """The town while its months pass.

    Attributes:
        agenda: what people will do: instant, place in line, the deed.
        cases: request id → what was decided about it, until its process ends.
        planned: tasks that somebody will answer.
    """

    house: store.Engine
    clock: SettableClock
    hands: Hands
    zone: ZoneInfo
    agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)
    planned: set[str] = field(default_factory=set)
    _line: int = 0
    _timer: Any = None

    def live(self, calls: Iterator[Call], *, until: datetime, tell: Callable[[date], None]) -> None:
        """Let the calls come in and people act until an instant.

        Args:
            calls: in the order of time.
            until: when to stop; what people would do later stays undone.
            tell: called once for each day that begins.
        """
        coming = next(calls, None)
        today = None
        self._routine()
        while True:
            timer = self._timer
            at = min(
                [self.agenda[0][0], *([coming.at] if coming else []), *([timer.due_at] if timer else [])]
            )
            if at > until:
                break
            if at.astimezone(self.zone).date() != today:
                today = at.astimezone(self.zone).date()
                tell(today)
            self.clock.set(max(at, self.clock.now()))
            if timer and timer.due_at <= at:
                self._fire(timer)
            elif coming and coming.at <= at:
                self._ask(coming)
                coming = next(calls, None)
            else:
                heapq.heappop(self.agenda)[2]()
        self.clock.set(until)

    # ------------------------------------------------------------------ time

    def _fire(self, timer: Any) -> None:
        with self.house.begin(timers.ACTOR) as unit:
            fired = timers.fire(unit, timer.instance_id, timer.token)
            assert fired, f"a timer of {timer.instance_id} is due and does not fire"
            self._look(unit, timer.business_key)

    def _note(self, at: datetime, deed: Callable[[], None]) -> None:
        self._line += 1
        heapq.heappush(self.agenda, (at.astimezone(UTC), self._line, deed))

    def _local(self) -> datetime:
        return self.clock.now().astimezone(self.zone)

    # ------------------------------------------------------------------ requests and tasks

    def _ask(self, call: Call) -> None:
        original = self._original() if call.fate == "duplicate" else None
        same = original.call if original is not None else call
        by_window = call.channel in _WRITTEN_BY_WINDOW
        actor = self.hands.roll.office["operator"] if by_window else PORTAL
        with self.house.begin(actor) as unit:
            request = intake.open_request(
                unit,
                entity_id=same.thing.entity_id,
                asset_id=same.thing.id,
                nature_code=same.nature.code if call.certain or original is not None else None,
                title=same.title,
                description=same.description,
                channel=call.channel,
                requester_name=call.requester,
                requester_email=facts.email(call.requester).replace("@", ".citoyen@"),
                site_occupied=True if same.thing.kind in ("school", "nursery", "elderly") else None,
            )
            case = Case(call, request.id, call.chance())
            if original is not None:
                case.duplicate_of = original.request_id
            self.cases[request.id] = case
            self._look(unit, request.id)

    def _original(self) -> Case | None:
        """Return the youngest request on which work has not begun: somebody else asks for the same."""
        for case in reversed(self.cases.values()):
            if (
                not case.seen["do_work"]
                and case.call.fate in ("plain", "contractor")
                and case.call.stop is None
            ):
                return case
        return None

    def _look(self, unit: store.UnitOfWork, request_id: str) -> None:
        """See what waits in a request's process, and let somebody answer it in time."""
        case = self.cases[request_id]
        self._timer = unit.connection.execute(_FIRST_TIMER).one_or_none()
        instance_id = unit.connection.scalar(_RUNNING, {"request_id": request_id})
        if instance_id is None:
            del self.cases[request_id]
            return
        for task_id, element in unit.connection.execute(_WAITING, {"instance_id": instance_id}).all():
            if task_id not in self.planned and element != case.call.stop:
                self.planned.add(task_id)
                at = self.hands.when(case, element, self._local())
                self._note(at, self._deed(case, task_id, element))
        if (
            case.call.fate == "not_fixed"
            and not case.voiced
            and requests.get(unit.session, request_id).status == "answered"
        ):
            case.voiced = True
            self._note(self._local() + timedelta(days=2), lambda: self._complain(case))

    def _deed(self, case: Case, task_id: str, element: str) -> Callable[[], None]:
        def do() -> None:
            self.planned.discard(task_id)
            with self.house.begin(self.hands.who(case, element)) as unit:
                if unit.connection.scalar(_STATUS, {"task_id": task_id}) != "open":
                    return  # the process has moved on without it: a timer ended the wait
                answers = self.hands.answers(unit.session, case, element, self._local())
                tasks.complete(unit, task_id, answers)
                self._look(unit, case.request_id)
            if element == "solve_shortage" and case.call.stop != "goods_received":
                self._note(hours.after(self._local(), days=case.chance.randint(2, 4)), self._delivery(case))

        return do

    def _complain(self, case: Case) -> None:
        with self.house.begin(PORTAL) as unit:
            intake.say_not_fixed(unit, case.request_id, "Le problème est revenu dès le lendemain.")
            self._look(unit, case.request_id)

    # ------------------------------------------------------------------ stores and books

    def _delivery(self, case: Case) -> Callable[[], None]:
        def do() -> None:
            with self.house.read() as reading:
                needs = reading.session.execute(
                    sa.select(Item.code, MaterialNeed.store_id, MaterialNeed.quantity_milli)
                    .join(Item, Item.id == MaterialNeed.item_id)
                    .where(MaterialNeed.status == "waiting", MaterialNeed.item_id == self._item(case))
                    .order_by(MaterialNeed.created_at)
                ).all()
            for code, store_id, wanted in needs[:1]:
                self._receive(code, store_id, wanted, case)

        return do

    def _item(self, case: Case) -> str:
        assert case.wanted is not None
        return self.hands.roll.ids[case.wanted["itemCode"]]

    def _receive(self, code: str, store_id: str, quantity_milli: int, case: Case | None = None) -> None:
        family, number = code.split("-")
        price = next(one["cents"] for one in facts.read("items")["families"] if one["code"] == family)
        with self.house.begin(self.hands.roll.office["storekeeper"]) as unit:
            goods.receive(
                unit,
                item_id=self.hands.roll.ids[code],
                store_id=store_id,
                quantity_milli=quantity_milli,
                unit_cost_cents=price[0] + price[1] * (int(number) - 1),
                document=f"BL {self._local():%Y-%m-%d} {code}",
            )
            if case is not None:
                self._look(unit, case.request_id)

    def _routine(self) -> None:
        """Let stores be filled up every Monday, and months be closed on the 25th of the next one."""
        today = self._local().date()
        monday = today + timedelta(days=(7 - today.weekday()) % 7 or 7)
        self._note(datetime.combine(monday, hours.OPENS, self.zone), self._fill_up)
        self._note(_closing(today, self.zone), self._close_month)

    def _fill_up(self) -> None:
        waiting = sa.select(MaterialNeed.item_id).where(MaterialNeed.status == "waiting")
        with self.house.read() as reading:
            low = reading.session.execute(
                sa.select(Item.code, StockBalance.store_id, Item.reorder_milli)
                .join(StockBalance, StockBalance.item_id == Item.id)
                .where(
                    StockBalance.on_hand_milli - StockBalance.held_milli < Item.reorder_milli,
                    Item.id.not_in(waiting),
                )
                .order_by(Item.code)
            ).all()
        for code, store_id, reorder in low:
            self._receive(code, store_id, 3 * reorder)
        self._note(self._local() + timedelta(days=7), self._fill_up)

    def _close_month(self) -> None:
        month = self._local().date().replace(day=1) - timedelta(days=1)
        with self.house.begin(self.hands.roll.office["accountant"]) as unit:
            try:
                with unit.session.begin_nested():
                    for entity in entities.every(unit.session):
                        journal.close_period(
                            unit.session,
                            entity_id=entity.id,
                            year=month.year,
                            month=month.month,
                            at=unit.now,
                            by=unit.actor,
                        )
            except journal.StillPending:
                self._note(self._local() + timedelta(days=1), self._close_month)
                return
        self._note(_closing(self._local().date(), self.zone), self._close_month)


def _closing(today: date, zone: ZoneInfo) -> datetime:
    """Return the next 25th at noon."""
    day = today.replace(day=_CLOSING_DAY)
    if day <= today:
        day = (day + timedelta(days=10)).replace(day=_CLOSING_DAY)
    return datetime.combine(day, hours.OPENS.replace(hour=12), zone)
