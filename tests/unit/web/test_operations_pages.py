"""What has stopped is seen in one place and tried again there; who may, stops and ends processes with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from engine.tables import Incident
from integrations import goods, incidents
from registry import entities, requests
from tests import factories_processes
from tests.unit.web.test_task_pages import Desk
from web.security import limiter


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limiter.enabled = False
    with factories_processes.opened() as town:
        yield Desk(town, tmp_path)
    limiter.enabled = True


def stopped(desk: Desk, title: str = "Fuite") -> str:
    """Let an agent report more seals than there are; returns the reference of the request that stops."""
    asked = desk.town.ask(title=title, asset_id=None)
    desk.town.qualify()
    desk.town.plan()
    part = {"itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(20)}
    desk.town.done(
        "do_work",
        report="Joint remplacé",
        labour=[{"hours": Decimal(1)}],
        parts=[part],
        photos=[],
        finished=True,
    )
    return reference(desk, asked)


def reference(desk: Desk, request_id: str) -> str:
    with desk.town.house.read() as reading:
        return requests.get(reading.session, request_id).reference


def open_ids(desk: Desk) -> list[str]:
    with desk.town.house.read() as reading:
        return list(reading.connection.scalars(sa.select(Incident.id).where(Incident.resolved_at.is_(None))))


def deliver(desk: Desk, seals: int) -> None:
    with desk.town.house.begin("system:test") as unit:
        goods.receive(
            unit,
            item_id=desk.town.ids["item"],
            store_id=desk.town.ids["store"],
            quantity_milli=seals * 1000,
            unit_cost_cents=250,
            document="BL-2",
        )


def tried(client: FlaskClient, **chosen: Any) -> str:
    return client.post("/operations/", data=chosen).text


def test_a_house_where_nothing_has_stopped_says_so(desk: Desk) -> None:
    assert "Rien ne s’est arrêté" in desk.client("admin").get("/operations/").text
    assert "Nothing has stopped" in desk.client("owner", locale="en").get("/operations/").text


def test_incidents_alike_stand_together_with_their_requests(desk: Desk) -> None:
    references = [stopped(desk, title) for title in ("Fuite", "Joint")]
    page = desk.client("owner").get("/operations/").text
    assert all(f'href="/requests/{one}"' in page for one in references)
    assert page.count('aria-labelledby="group-') == 1
    assert "2 incidents" in page
    assert "10 pce" in page
    assert "<span>Un événement devait intercepter l’erreur « STOCK_SHORTAGE »" in page
    assert "puis réessayez.</span>" in page
    assert "2" in desk.client("admin").get("/home").text.split("arrêtés, à réessayer")[0][-40:]


def test_an_incident_from_before_codes_is_shown_as_english(desk: Desk) -> None:
    stopped(desk)
    with desk.town.house.begin("system:test") as unit:
        unit.connection.execute(sa.update(Incident).values(code=None, facts=None))
    page = desk.client("owner").get("/operations/").text
    assert '<span lang="en">Expected an event that catches the error “STOCK_SHORTAGE”' in page


def test_the_list_turns_its_pages(desk: Desk) -> None:
    references = [stopped(desk, title) for title in ("Fuite", "Joint")]
    with desk.town.house.read() as reading:
        pages = [incidents.open_page(reading, entity_ids=None, page=number, size=1) for number in (1, 2)]
    assert sorted(str(page.rows[0].reference) for page in pages) == sorted(references)
    assert [(page.total, page.rows[0].alike) for page in pages] == [(2, 2), (2, 2)]


def test_trying_again_says_what_stopped_again_and_what_goes_on(desk: Desk) -> None:
    stopped(desk)
    client = desk.client("admin")
    assert "Arrêté à nouveau" in tried(client, one=open_ids(desk))
    deliver(desk, 20)
    page = tried(client, one=open_ids(desk))
    assert "Continue" in page
    assert "Rien ne s’est arrêté" in page
    assert open_ids(desk) == []


def test_the_chosen_ones_are_tried_each_for_itself(desk: Desk) -> None:
    for title in ("Fuite", "Joint"):
        stopped(desk, title)
    deliver(desk, 15)
    page = tried(desk.client("admin"), chosen=open_ids(desk))
    assert page.count("Continue") == 1
    assert page.count("Arrêté à nouveau") == 1
    assert len(open_ids(desk)) == 1


def test_a_group_is_tried_by_one_button(desk: Desk) -> None:
    for title in ("Fuite", "Joint"):
        stopped(desk, title)
    deliver(desk, 40)
    assert tried(desk.client("admin"), these=" ".join(open_ids(desk))).count("Continue") == 2


def test_nothing_chosen_is_said(desk: Desk) -> None:
    answer = desk.client("admin").post("/operations/")
    assert answer.status_code == 422
    assert "choisissez au moins un incident" in answer.text


def test_an_operator_of_another_entity_neither_sees_nor_tries(desk: Desk) -> None:
    found = stopped(desk)
    deliver(desk, 20)
    with desk.town.house.begin("system:test") as unit:
        other = entities.create(
            unit.session,
            code="CPAS",
            name="CPAS",
            kind="cpas",
            accounting="public",
            at=unit.now,
            by=unit.actor,
        ).id
    client = desk.client("admin", entity_id=other)
    assert found not in client.get("/operations/").text
    assert found not in tried(client, one=open_ids(desk))
    assert len(open_ids(desk)) == 1


def test_one_that_somebody_else_has_mended_meanwhile_is_said(desk: Desk) -> None:
    stopped(desk)
    deliver(desk, 20)
    ids = open_ids(desk)
    client = desk.client("admin")
    tried(client, one=ids)
    assert "Cette étape est déjà" in tried(client, one=ids)


def steered(desk: Desk, client: FlaskClient, found: str, command: str, **fields: str) -> Any:
    given = {"command": command, "reason": "Erreur de site", "sure": "yes"} | fields
    return client.post(f"/requests/{found}/process", data=given, follow_redirects=True)


def test_a_process_is_suspended_resumed_and_cancelled_with_reasons(desk: Desk) -> None:
    asked = desk.town.ask()
    found = reference(desk, asked)
    client = desk.client("owner")
    page = steered(desk, client, found, "suspend").text
    assert "Le processus est suspendu" in page
    assert "Erreur de site" in page
    assert desk.town.status(asked)[1] == "suspended"
    page = steered(desk, client, found, "resume", reason="Corrigé").text
    assert "Le processus continue" in page
    assert "Corrigé" in page
    assert desk.town.status(asked)[1] == "active"
    assert "Le processus est annulé" in steered(desk, client, found, "cancel").text
    assert desk.town.status(asked)[1] == "terminated"
    assert desk.town.waiting() == []


def test_a_command_without_reason_or_confirmation_is_not_carried_out(desk: Desk) -> None:
    asked = desk.town.ask()
    client = desk.client("admin")
    answer = steered(desk, client, reference(desk, asked), "cancel", reason=" ", sure="")
    assert answer.status_code == 422
    assert "2 points à corriger" in answer.text
    kept = steered(desk, client, reference(desk, asked), "cancel", sure="").text
    assert "Erreur de site</textarea>" in kept
    assert desk.town.status(asked)[1] == "active"


def test_what_is_suspended_already_is_refused(desk: Desk) -> None:
    found = reference(desk, desk.town.ask())
    client = desk.client("admin")
    steered(desk, client, found, "suspend")
    assert steered(desk, client, found, "suspend").status_code == 409


@pytest.mark.parametrize("role", ["operator", "leader", "manager", "storekeeper"])
def test_others_see_no_switch_and_may_not_use_it(desk: Desk, role: str) -> None:
    found = reference(desk, desk.town.ask())
    client = desk.client(role)
    assert "Exploitation du processus" not in client.get(f"/requests/{found}").text
    assert steered(desk, client, found, "cancel").status_code == 403


def test_a_suspended_process_s_incident_waits_for_the_resumption(desk: Desk) -> None:
    found = stopped(desk)
    client = desk.client("admin")
    assert "processus terminé" not in steered(desk, client, found, "suspend").text
    page = client.get("/operations/").text
    assert "Suspendu" in page
    assert 'name="one"' not in page
