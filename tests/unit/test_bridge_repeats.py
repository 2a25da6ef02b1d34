"""A step done twice under the same step id meets its own rows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from engine.store import Call, UnitOfWork
from engine.tables import Outbox
from integrations.tasks import HANDLERS, letters
from integrations.tasks.catalogue import StepRefused
from registry import checks, people, requests, stock, work
from registry.rows import DifferentFacts
from registry.tables.accounting import Posting, Proposal
from registry.tables.stock import MaterialNeed, Reservation
from registry.tables.work import ContractorCost, LabourEntry, WorkOrder
from tests import databases, factories_processes
from tests.factories_processes import Town


@pytest.fixture
def town() -> Iterator[Town]:
    with factories_processes.opened() as opened:
        yield opened


def twice(unit: UnitOfWork, name: str, **inputs: Any) -> dict[str, Any]:
    call = Call(name, inputs, {}, "i1", None, "element", f"i1.{name}")
    first, second = HANDLERS[name](unit, call), HANDLERS[name](unit, call)
    assert first == second
    return dict(first)


def count(unit: UnitOfWork, kind: Any) -> int:
    return int(unit.session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0)


def an_order(unit: UnitOfWork, town: Town, mode: Any = "in_house") -> str:
    order = work.open_order(
        unit.session,
        entity_id=town.ids["commune"],
        title="Réparer",
        priority=2,
        mode=mode,
        team_code="PLOMBERIE",
        at=unit.now,
        by=unit.actor,
    )
    return order.id


def test_an_order_is_opened_once(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        request = requests.register(
            unit.session,
            entity_id=town.ids["commune"],
            title="Fuite",
            channel="phone",
            at=unit.now,
            by=unit.actor,
        )
        requests.accept(unit.session, request.id, at=unit.now, by=unit.actor)
        facts = {"natureCode": None, "assetId": None, "priority": 2, "delayHours": 24, "team": "PLOMBERIE"}
        twice(unit, "work.open", requestId=request.id, title="Fuite", workMode="in_house", **facts)
        assert count(unit, WorkOrder) == 1


def test_an_item_is_reserved_and_needed_once(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        item = {"orderId": an_order(unit, town), "itemCode": "JOINT", "storeCode": "DEPOT"}
        twice(unit, "stock.reserve", quantity=Decimal("2.5"), **item)
        first = HANDLERS["stock.need"](
            unit, Call("stock.need", {**item, "quantity": 50}, {}, "i1", None, "e", "i1.1")
        )
        again = HANDLERS["stock.need"](
            unit, Call("stock.need", {**item, "quantity": 60}, {}, "i1", None, "e", "i1.2")
        )
        assert first != again
        assert count(unit, Reservation) == 1
        waiting = sa.select(MaterialNeed.quantity_milli).where(MaterialNeed.status == "waiting")
        assert unit.session.scalars(waiting).all() == [60_000]


def test_hours_are_logged_once(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        lines = [{"hours": Decimal("1.5")}, {"hours": Decimal("0.25"), "day": "2026-01-04"}]
        found = twice(unit, "work.log", orderId=an_order(unit, town), labour=lines)
        assert found == {"minutes": 105, "labourCents": 5250}
        assert count(unit, LabourEntry) == 2


def test_a_letter_is_written_once_to_each_address(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        found = twice(unit, "notify.mail", group="PLOMBERIE", subject="Rappel", text="Rendez compte.")
        assert found == {"written": 2}
        assert count(unit, Outbox) == 2
        assert twice(unit, "notify.mail", group="supplier:TOITS", subject="A", text="B") == {"written": 1}
        assert twice(unit, "notify.mail", group="VOIRIE:leader", subject="A", text="B") == {"written": 0}


def test_a_letter_to_a_role_of_an_entity_reaches_whoever_holds_it_there(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        who = {"at": unit.now, "by": unit.actor}
        people.grant(
            unit.session,
            person_id=town.ids["agent"],
            role="accountant",
            entity_id=town.ids["commune"],
            **who,
        )
        people.grant(unit.session, person_id=town.ids["leader"], role="accountant", **who)
        assert letters.addresses_of(unit, "accountant:COMMUNE") == [
            "agent@valmont.example",
            "cheffe@valmont.example",
            "comptable@valmont.example",
        ]
        assert letters.addresses_of(unit, "accountant:CPAS") == ["cheffe@valmont.example"]
        assert letters.addresses_of(unit, "accountant") == ["cheffe@valmont.example"]


def test_a_contractors_cost_is_recorded_once_for_each_step(town: Town) -> None:
    with town.house.begin(town.ids["leader"]) as unit:
        order_id = an_order(unit, town, "contractor")
        HANDLERS["contract.order"](
            unit,
            Call(
                "contract.order",
                {"orderId": order_id, "supplierCode": "TOITS"},
                {},
                "i1",
                None,
                "e",
                "i1.1",
            ),
        )
        inputs = {
            "orderId": order_id,
            "supplierCode": "TOITS",
            "amount": Decimal("99.995"),
            "documentReference": "F-1",
            "day": "2026-01-05",
            "report": "Fait",
        }
        call = Call("contract.accept", inputs, {}, "i1", None, "e", "i1.2")
        assert HANDLERS["contract.accept"](unit, call) == {"contractorCents": 10000}
        assert count(unit, ContractorCost) == 1
        assert work.get(unit.session, order_id).status == "finished"


def a_request(unit: UnitOfWork, town: Town, title: str = "Fuite") -> str:
    facts = {"entity_id": town.ids["commune"], "title": title, "channel": "phone"}
    return requests.register(unit.session, **facts, at=unit.now, by=unit.actor).id


def events(unit: UnitOfWork, request_id: str) -> list[str]:
    return [event.kind for event in requests.timeline(unit.session, request_id)]


def test_each_step_of_a_requests_life_writes_its_event_once(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        request_id, follower = a_request(unit, town), a_request(unit, town, "Fuite encore")
        facts = {"natureCode": None, "assetId": None, "priority": 2, "delayHours": 24, "team": "PLOMBERIE"}
        twice(unit, "request.qualify", requestId=request_id, workMode="in_house", **facts)
        twice(unit, "request.attach", requestId=follower, duplicateOf=request_id)
        twice(unit, "request.answer", requestId=request_id, text="C’est fait.")
        twice(unit, "request.close", requestId=request_id)
        twice(unit, "request.reopen", requestId=request_id, reason="Il coule encore")
        assert events(unit, request_id) == [
            "registered",
            "qualified",
            "accepted",
            "answered",
            "closed",
            "reopened",
        ]
        assert events(unit, follower) == ["registered", "attached", "answered", "closed"]


def test_a_request_is_refused_once_and_later_steps_are_still_refused_by_its_state(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        request_id = a_request(unit, town)
        twice(unit, "request.refuse", requestId=request_id, reason="Terrain privé")
        assert events(unit, request_id) == ["registered", "refused", "closed"]
        other = Call("request.refuse", {"requestId": request_id, "reason": "x"}, {}, "i1", None, "e", "i1.9")
        with pytest.raises(StepRefused, match="is closed"):
            HANDLERS["request.refuse"](unit, other)


def test_a_step_key_never_serves_two_verbs(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        request_id, order_id = a_request(unit, town), an_order(unit, town)
        requests.accept(unit.session, request_id, at=unit.now, by=unit.actor, id="k1")
        with pytest.raises(DifferentFacts):
            requests.refuse(unit.session, request_id, reason="x", at=unit.now, by=unit.actor, id="k1")
        work.begin(unit.session, order_id, at=unit.now, by=unit.actor, id="k2")
        with pytest.raises(DifferentFacts):
            work.finish(unit.session, order_id, report="x", at=unit.now, by=unit.actor, id="k2")


def test_an_order_is_assigned_planned_finished_and_closed_once(town: Town) -> None:
    with town.house.begin(town.ids["leader"]) as unit:
        order_id = an_order(unit, town)
        planned = {"startsAt": "2026-01-05T13:00", "endsAt": "2026-01-05T15:00"}
        twice(unit, "work.assign", orderId=order_id, personId=town.ids["agent"], **planned)
        twice(unit, "work.finish", orderId=order_id, report="Fait")
        twice(unit, "work.close", orderId=order_id)
        kinds = [event.kind for event in work.timeline(unit.session, order_id)]
        assert kinds == ["opened", "assigned", "planned", "finished", "closed"]


def _use_and_settle(unit: UnitOfWork, town: Town) -> None:
    order_id = an_order(unit, town)
    held = {"orderId": order_id, "itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(3)}
    twice(unit, "stock.reserve", **held)
    parts = [
        {"itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(2)},
        {"itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(4)},
    ]
    assert twice(unit, "stock.consume", orderId=order_id, parts=parts) == {"partsCents": 1500}
    assert stock.on_hand(unit.session, town.ids["item"], town.ids["store"]) == 4000
    assert twice(unit, "stock.release", orderId=order_id) == {"released": 0}
    twice(unit, "work.log", orderId=order_id, labour=[{"hours": Decimal(1)}])
    twice(unit, "work.finish", orderId=order_id, report="Fait")
    assert twice(unit, "cost.settle", orderId=order_id) == {"totalCents": 4500}
    proposed = twice(unit, "posting.propose", orderId=order_id)
    assert proposed["proposedCents"] == 4500
    assert count(unit, Proposal) == len(proposed["proposalIds"]) == 2
    ruled = {"decidedIn": "review", "unreviewedCents": 25000}
    posted = twice(unit, "posting.accept", proposalIds=proposed["proposalIds"], **ruled)
    assert count(unit, Posting) == len(posted["postings"]) == 2
    assert twice(unit, "posting.propose", orderId=order_id) == proposed
    assert checks.run(unit.session) == []


def test_parts_leave_the_store_once_and_are_proposed_and_posted_once(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        _use_and_settle(unit, town)


@pytest.mark.postgres
def test_the_same_steps_meet_their_rows_on_postgresql() -> None:
    with (
        databases.scratch() as url,
        factories_processes.opened(url) as town,
        town.house.begin(town.ids["agent"]) as unit,
    ):
        _use_and_settle(unit, town)


def test_a_released_reservation_is_counted_the_same_when_the_step_repeats(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        order_id = an_order(unit, town)
        held = {"orderId": order_id, "itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(3)}
        twice(unit, "stock.reserve", **held)
        assert twice(unit, "stock.release", orderId=order_id) == {"released": 1}
        assert stock.available(unit.session, town.ids["item"], town.ids["store"]) == 10_000
