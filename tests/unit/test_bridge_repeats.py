"""A step done twice under the same step id meets its own rows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from engine.store import Call, UnitOfWork
from engine.tables import Outbox
from integrations.tasks import HANDLERS
from registry import requests, work
from registry.tables.stock import MaterialNeed, Reservation
from registry.tables.work import ContractorCost, LabourEntry, WorkOrder
from tests import factories_processes
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
