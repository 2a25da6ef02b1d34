"""Somebody who works for a supplier: the firm's tasks and orders, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from registry import documents, people, suppliers, work
from tests import factories_processes
from tests.unit.test_bridge_journey import _qualify
from tests.unit.web.test_task_pages import Desk
from web.security import limiter


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limiter.enabled = False
    with factories_processes.opened() as town:
        yield Desk(town, tmp_path)
    limiter.enabled = True


def of_firm(desk: Desk, code: str) -> str:
    with desk.town.house.begin("system:test") as unit:
        who = {"at": unit.now, "by": unit.actor}
        if code != "TOITS":
            suppliers.create(unit.session, code=code, name=f"Entreprise {code}", **who)
        firm = suppliers.by_code(unit.session, code)
        return people.create_person(
            unit.session,
            entity_id=desk.town.ids["commune"],
            name=f"Couvreur {code}",
            email=f"{code.lower()}@exemple.example",
            supplier_id=firm.id,
            **who,
        ).id


def roof(desk: Desk) -> str:
    """Order a roof from TOITS and return the reference of the order."""
    request_id = desk.town.ask(
        nature_code="BAT.TOITURE", title="Tuiles tombées", requester_name="Madame Parent"
    )
    _qualify(
        desk.town, natureCode="BAT.TOITURE", team="MACONNERIE", workMode="contractor", supplierCode="TOITS"
    )
    with desk.town.house.begin("system:test") as unit:
        facts = {"name": "toit.jpg", "media_type": "image/jpeg", "size_bytes": 1, "sha256": "c" * 64}
        documents.attach(unit.session, ("request", request_id), **facts, at=unit.now, by=unit.actor)
        return work.of_request(unit.session, request_id)[0].reference


def test_the_firm_sees_its_task_and_its_order_without_who_asked(desk: Desk) -> None:
    reference = roof(desk)
    client = desk.client(person=of_firm(desk, "TOITS"))
    task = client.get(f"/tasks/{desk.task('answer_order')}").text
    assert "Tuiles tombées" in task
    assert "Madame Parent" not in task
    assert reference in client.get("/firm/orders/").text
    sheet = client.get(f"/firm/orders/{reference}").text
    assert "École des Tilleuls" in sheet
    assert "toit.jpg" in sheet
    assert "Madame Parent" not in sheet


def test_another_firm_sees_neither_the_task_nor_the_order_nor_its_papers(desk: Desk) -> None:
    reference = roof(desk)
    stranger = desk.client(person=of_firm(desk, "AUTRE"))
    assert stranger.get(f"/tasks/{desk.task('answer_order')}").status_code == 403
    assert reference not in stranger.get("/firm/orders/").text
    assert stranger.get(f"/firm/orders/{reference}").status_code == 404
    with desk.town.house.read() as reading:
        request_id = work.by_reference(reading.session, reference).request_id
        assert request_id is not None
        [paper] = documents.of(reading.session, [("request", request_id)])
        address = f"/files/{paper.id}"
    assert stranger.get(address).status_code == 403
    own = desk.client(person=of_firm(desk, "TOITS"))
    assert (
        own.get(address).status_code == 404
    )  # allowed to look, but the bytes were never stored in this test


@pytest.mark.parametrize("address", ["/orders/", "/requests/", "/assets/", "/stock/", "/postings/"])
def test_the_rooms_of_the_house_stay_closed_to_firms(desk: Desk, address: str) -> None:
    client = desk.client(person=of_firm(desk, "TOITS"))
    assert client.get(address).status_code == 403
    assert f'href="{address}"' not in client.get("/home").text


def test_staff_use_the_orders_of_the_house_not_those_of_a_firm(desk: Desk) -> None:
    roof(desk)
    assert desk.client("manager", "admin").get("/firm/orders/").status_code == 403


def test_what_the_firm_charged_stands_on_its_own_sheet_only(desk: Desk) -> None:
    reference = roof(desk)
    client = desk.client(person=of_firm(desk, "TOITS"))
    desk.town.done("answer_order", accepted=True, promisedDay="2026-01-06")
    desk.town.done(
        "report_done",
        report="Tuiles remplacées",
        amount=Decimal("1250.50"),
        documentReference="F-77",
        workDay="2026-01-05",
        photos=[],
    )
    desk.town.done("accept_work", conform=True)
    sheet = client.get(f"/firm/orders/{reference}").text
    assert "F-77" in sheet
    assert "1 250,50" in sheet.replace("\xa0", " ").replace("\u202f", " ")
