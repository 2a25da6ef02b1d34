"""What somebody may try from outside: borrow another row's words, a link's credit, a log's silence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from engine import store
from registry import requests
from registry.tables.work import WorkOrder
from tests import factories, factories_processes
from tests.unit.web.test_task_pages import Desk
from tests.web_house import WebHouse, opened
from web.files import Drawer
from web.forms import submitted
from web.pages.sign_in import inside
from web.security import limiter


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limiter.enabled = False
    with factories_processes.opened() as town:
        yield Desk(town, tmp_path)
    limiter.enabled = True


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    with opened(tmp_path) as house:
        yield house


def test_a_request_that_quotes_a_reference_does_not_show_on_the_sheet_of_that_request(desk: Desk) -> None:
    first = desk.town.ask(requester_name="Madame Parent")
    with desk.town.house.read() as reading:
        reference = requests.get(reading.session, first).reference
    desk.town.clock.advance(timedelta(minutes=1))
    desk.town.ask(title=f"Voir {reference}", requester_name="Monsieur Faussaire")
    page = desk.client("operator").get(f"/requests/{reference}").text
    assert "Madame Parent" in page
    assert "Faussaire" not in page


def test_an_order_that_quotes_a_reference_does_not_show_on_the_sheet_of_that_order(desk: Desk) -> None:
    desk.town.ask()
    with desk.town.house.begin("system:test") as unit:
        reference = unit.session.scalars(sa.select(WorkOrder.reference)).one()
        other = factories.entity(unit.session, name="Régie voisine")
        factories.order(unit.session, entity_id=other.id, title=f"Suite de {reference}")
    page = desk.client("leader", entity_id=desk.town.ids["commune"]).get(f"/orders/{reference}").text
    assert "Régie voisine" not in page


def test_an_error_page_has_no_button_to_the_site_that_sent_the_form(web: WebHouse) -> None:
    sent = {"headers": {"Referer": "https://elsewhere.example/trap"}, "data": {"locale": "xx"}}
    assert "elsewhere.example" not in web.visitor().post("/language", **sent).text
    ours = {"headers": {"Referer": "http://localhost/sign-in"}, "data": {"locale": "xx"}}
    assert 'href="http://localhost/sign-in"' in web.visitor().post("/language", **ours).text


@pytest.mark.parametrize(
    "address",
    [
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t\\elsewhere.example",
        "/\n/elsewhere.example",
        "https:x",
    ],
)
def test_signing_in_leads_to_a_page_of_the_house_only(address: str) -> None:
    assert inside(address) is None


def test_what_was_looked_for_stays_out_of_the_text_of_a_failed_query() -> None:
    database = store.connect("sqlite://")
    with database.connect() as connection, pytest.raises(sa.exc.OperationalError) as failed:
        connection.execute(sa.text("select nothing where :mail = 1"), {"mail": "parent@exemple.example"})
    assert "parent@exemple.example" not in str(failed.value)
    database.dispose()


def test_a_title_that_a_stranger_wrote_makes_no_link_in_the_form_of_a_task(desk: Desk) -> None:
    desk.town.ask(nature_code=None, title="[Cliquez *ici*](https://elsewhere.example)", asset_id=None)
    element = desk.town.waiting()[0]
    address, browser = f"/tasks/{desk.task(element)}", desk.client("operator", "leader", "manager")
    browser.post(f"{address}/claim")
    page = browser.get(address).text
    assert 'href="https://elsewhere.example"' not in page
    assert '<div class="markdown">' in page
    assert page.count("[Cliquez *ici*](https://elsewhere.example)") >= 2


@pytest.mark.parametrize(
    "address", ["/requests/?page=²", "/requests/?page=" + "9" * 30, "/requests/?q=%00", "/f/%00"]
)
def test_an_address_that_nobody_typed_is_answered_400(web: WebHouse, address: str) -> None:
    assert web.signed_in("operator").get(address).status_code == 400


@pytest.mark.parametrize("year", ["²²²²", "9" * 30])
def test_a_year_that_is_none_filters_nothing(web: WebHouse, year: str) -> None:
    assert web.signed_in("accountant").get("/postings/posted", query_string={"year": year}).status_code == 200


def test_a_nul_in_a_form_is_answered_400(web: WebHouse) -> None:
    assert web.visitor().post("/sign-in", data={"email": "a\x00", "password": "x"}).status_code == 400


def test_a_row_of_a_list_that_has_no_number_is_left_out(tmp_path: Path) -> None:
    drawer = Drawer(tmp_path, "task", factories.NOW, {})
    rows = MultiDict([("work.²", ""), ("work.²._row", ""), ("work." + "9" * 5000 + "._row", "")])
    listed = {"type": "dynamiclist", "path": "work", "components": []}
    assert submitted([listed], rows, MultiDict(), drawer) == {"work": []}


@pytest.mark.parametrize("typed", ["1e99999999", "-1e-99999999", "Infinity", "NaN"])
def test_a_number_that_would_fill_the_memory_stays_a_text_for_the_check_to_name(
    typed: str, tmp_path: Path
) -> None:
    drawer = Drawer(tmp_path, "task", factories.NOW, {})
    field = {"type": "number", "key": "hours"}
    assert submitted([field], MultiDict({"hours": typed}), MultiDict(), drawer) == {"hours": typed}
