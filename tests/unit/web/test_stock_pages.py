"""The storekeeper's hands: what is received goes on to the work that waits, what cannot be done is said with figures."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from registry import entities, stock
from tests import factories_processes
from tests.unit.web.test_task_pages import Desk
from web.security import limiter

DELIVERY = {"store": "DEPOT", "quantity": "12,5", "cost": "2,40", "per": "unit", "document": "BL-77"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limiter.enabled = False
    with factories_processes.opened() as town:
        yield Desk(town, tmp_path)
    limiter.enabled = True


def on_hand(desk: Desk, store: str = "store") -> int:
    with desk.town.house.read() as reading:
        return stock.on_hand(reading.session, desk.town.ids["item"], desk.town.ids[store])


def second_store(desk: Desk, kind: Any = "commune", code: str = "") -> None:
    """Open a second store, of another entity when a code is given."""
    with desk.town.house.begin("system:test") as unit:
        entity_id = desk.town.ids["commune"]
        if code:
            entity_id = entities.create(
                unit.session, code=code, name=code, kind=kind, accounting="public", at=unit.now, by=unit.actor
            ).id
        made = stock.create_store(
            unit.session, entity_id=entity_id, code="ANNEXE", name="Annexe", at=unit.now, by=unit.actor
        )
        desk.town.ids |= {"annexe": made.id, "other": entity_id}


def sent(client: FlaskClient, verb: str, **fields: str) -> Any:
    return client.post(f"/stock/JOINT/{verb}", data=fields, follow_redirects=True)


def hold(desk: Desk, quantity: int) -> None:
    """Qualify work that holds seals, or waits for them when there are too few."""
    desk.town.ask(asset_id=None)
    desk.town.qualify(materials=[{"itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(quantity)}])
    if "solve_shortage" in desk.town.waiting():
        desk.town.done("solve_shortage", answer="order")


def test_a_receipt_is_written_with_comma_and_cost_of_one(desk: Desk) -> None:
    page = sent(desk.client("storekeeper"), "receive", **DELIVERY).text
    assert "Réception de 12,5 pce dans Dépôt." in page
    assert "BL-77" in page
    assert "30,00\xa0€" in page
    assert on_hand(desk) == 22_500


def test_a_receipt_may_say_its_whole_value(desk: Desk) -> None:
    page = sent(desk.client("storekeeper"), "receive", **DELIVERY | {"per": "total", "cost": "99,99"}).text
    assert "99,99\xa0€" in page


def test_work_that_waits_goes_on_and_the_page_says_so(desk: Desk) -> None:
    hold(desk, 15)
    assert len(desk.town.subscriptions("goods-received")) == 1
    page = sent(desk.client("storekeeper"), "receive", **DELIVERY).text
    assert "1 réservation servie." in page
    assert desk.town.subscriptions("goods-received") == []


def test_a_form_sent_twice_receives_once(desk: Desk) -> None:
    client = desk.client("storekeeper")
    key = str(uuid.uuid4())
    for _ in range(2):
        sent(client, "receive", key=key, **DELIVERY)
    assert on_hand(desk) == 22_500


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"quantity": "beaucoup"}, "Un nombre est attendu"),
        ({"quantity": "NaN"}, "Un nombre est attendu"),
        ({"quantity": "0"}, "Plus que zéro est attendu"),
        ({"quantity": "1,2345"}, "Au plus 3 chiffres après la virgule"),
        ({"quantity": "1e99"}, "Au plus 10\u202f000\u202f000"),
        ({"cost": "-1"}, "Au moins 0"),
        ({"cost": "0,005"}, "Au plus 2 chiffres après la virgule"),
        ({"store": ""}, "Ce champ est obligatoire"),
        ({"document": " "}, "Ce champ est obligatoire"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    desk: Desk, changed: dict[str, str], words: str
) -> None:
    answer = sent(desk.client("storekeeper"), "receive", **DELIVERY | changed)
    assert answer.status_code == 422
    assert "1 point à corriger" in answer.text
    assert words in answer.text
    assert all(f'value="{one}"' in answer.text for one in (DELIVERY | changed).values() if one.strip())
    assert on_hand(desk) == 10_000


def test_a_count_corrects_the_books(desk: Desk) -> None:
    client = desk.client("storekeeper")
    page = sent(client, "count", store="DEPOT", quantity="8", reason="Inventaire").text
    assert "Dépôt\xa0: 8 pce comptés, les livres disaient 10 pce" in page
    assert on_hand(desk) == 8_000
    assert "correspond aux livres" in sent(client, "count", store="DEPOT", quantity="8", reason="Encore").text


def test_a_surplus_serves_work_that_waits(desk: Desk) -> None:
    hold(desk, 15)
    page = sent(desk.client("storekeeper"), "count", store="DEPOT", quantity="20", reason="Inventaire").text
    assert "1 réservation servie." in page


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("fr", "3 pce comptés, mais 6 pce sont réservés pour des interventions"),
        ("en", "3 pce counted, but 6 pce are held for work orders"),
    ],
)
def test_a_count_below_what_is_held_is_refused_with_figures(desk: Desk, locale: str, words: str) -> None:
    hold(desk, 6)
    client = desk.client("storekeeper", locale=locale)
    answer = sent(client, "count", store="DEPOT", quantity="3", reason="Inventaire")
    assert answer.status_code == 409
    assert words in answer.text
    assert 'value="Inventaire"' in answer.text


def test_a_transfer_moves_goods_and_says_from_where_to_where(desk: Desk) -> None:
    second_store(desk)
    way = {"from": "DEPOT", "to": "ANNEXE", "reason": "Chantier"}
    client = desk.client("storekeeper")
    assert "4 pce transférés de Dépôt vers Annexe." in sent(client, "transfer", quantity="4", **way).text
    assert (on_hand(desk), on_hand(desk, "annexe")) == (6_000, 4_000)
    answer = sent(client, "transfer", quantity="7", **way)
    assert answer.status_code == 409
    assert "7 pce demandés, mais seulement 6 pce disponibles" in answer.text


def test_a_transfer_needs_two_stores(desk: Desk) -> None:
    way = {"from": "DEPOT", "to": "DEPOT", "reason": "Chantier", "quantity": "1"}
    assert "un autre magasin que le premier" in sent(desk.client("storekeeper"), "transfer", **way).text


def test_a_storekeeper_moves_nothing_in_the_store_of_another_entity(desk: Desk) -> None:
    second_store(desk, "cpas", "CPAS")
    client = desk.client("storekeeper", entity_id=desk.town.ids["other"])
    assert 'value="DEPOT"' not in client.get("/stock/JOINT").text
    assert sent(client, "receive", **DELIVERY).status_code == 403
    assert on_hand(desk) == 10_000


@pytest.mark.parametrize("role", ["leader", "accountant", "manager", "admin"])
def test_who_only_reads_sees_no_form(desk: Desk, role: str) -> None:
    page = desk.client(role).get("/stock/JOINT").text
    assert "Réceptionner" not in page
    assert "BL-1" in page
