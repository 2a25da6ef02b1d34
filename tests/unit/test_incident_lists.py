"""Operators see what has stopped and try it again: the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from engine import queries
from integrations import belonging, goods, incidents
from registry import entities
from tests import factories_processes
from tests.factories_processes import Town

OPERATOR = "system:operator"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    with factories_processes.opened_on(request.param) as opened:
        yield opened


def _stop(town: Town, quantity: int) -> None:
    """Report more parts than the store has: the step that uses them stops."""
    town.ask()
    town.plan()
    part = {"itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(quantity)}
    town.done("do_work", report="Fait", labour=[], parts=[part], photos=[], finished=True)


def _listed(town: Town, **facts: object) -> list[incidents.Row]:
    with town.house.read() as reading:
        return list(incidents.open_page(reading, **({"entity_ids": None} | facts)).rows)


def test_what_has_stopped_is_listed_with_its_request_and_those_alike_counted(town: Town) -> None:
    _stop(town, 20)
    [row] = _listed(town)
    assert (row.element, row.reference, row.suspended, row.alike) == ("consume", "2026-000001", False, 1)
    assert _listed(town, entity_ids=[town.ids["commune"]]) == [row]


def test_operators_of_another_entity_see_and_try_nothing(town: Town) -> None:
    _stop(town, 20)
    with town.house.begin(OPERATOR) as unit:
        other = entities.create(
            unit.session,
            code="CPAS",
            name="CPAS",
            kind="cpas",
            accounting="public",
            at=unit.now,
            by=unit.actor,
        ).id
    assert _listed(town, entity_ids=[other]) == []
    [row] = _listed(town)
    assert incidents.try_again(town.house, OPERATOR, [row.id], entity_ids=[other]) == []
    assert _listed(town) == [row]


def test_trying_again_says_why_it_stopped_once_more_and_goes_on_once_the_cause_is_gone(town: Town) -> None:
    _stop(town, 20)
    [row] = _listed(town)
    [outcome] = incidents.try_again(town.house, OPERATOR, [row.id], entity_ids=None)
    assert outcome.refusal is None
    assert outcome.again is not None
    assert "20 pce" in outcome.again.message
    [stopped] = _listed(town)
    with town.house.begin(town.ids["agent"]) as unit:
        goods.receive(
            unit,
            item_id=town.ids["item"],
            store_id=town.ids["store"],
            quantity_milli=30000,
            unit_cost_cents=250,
            document="BL-1",
        )
    [outcome] = incidents.try_again(town.house, OPERATOR, [stopped.id], entity_ids=None)
    assert (outcome.refusal, outcome.again) == (None, None)
    assert _listed(town) == []


def test_an_instance_and_those_it_calls_belong_to_the_entity_of_the_request(town: Town) -> None:
    _stop(town, 20)
    [row] = _listed(town)
    with town.house.read() as reading:
        parts = [one.id for one in queries.parts(reading, row.instance_id)]
        assert len(parts) == 2
        assert {belonging.entity_of(reading, one) for one in parts} == {town.ids["commune"]}
        assert belonging.entity_of(reading, "nothing") is None
        own = belonging.open_incidents(reading, entity_ids=[town.ids["commune"]])
        assert [one.id for one in own] == [row.id]
        assert belonging.open_incidents(reading, entity_ids=["other"]) == []
        assert belonging.open_incidents(reading, entity_ids=None) == own
