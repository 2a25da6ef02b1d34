"""Every page, on a desk and on a phone: nothing axe objects to, nothing the policy blocks, nothing that overflows."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESK, PHONE, Site

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PUBLIC = ("/", "/?q=tilleuls", "/sign-in", "/nowhere")
INSIDE = (
    "/home",
    "/inbox",
    "/inbox?view=team",
    "/inbox?view=late&q=rien",
    "/requests/",
    "/requests/?status=closed",
    "/orders/",
    "/assets/",
    "/stock/",
    "/stock/JOINT",
    "/postings/",
    "/postings/posted",
    "/postings/export",
    "/postings/export/file?entity=COMMUNE&format=fec&from=2026-12-31&to=2026-01-01",
    "/processes/",
    "/processes/intervention",
    "/operations/",
    "/account",
    "/signed-in/",
    "/nowhere",
)
WIDE_TABLES = "[...document.querySelectorAll('.card > table')].filter(t => t.offsetWidth > t.parentElement.clientWidth).length"
SIZES = {"desk": DESK, "phone": PHONE}


def judge(site: Site, size: str, addresses: tuple[str, ...], email: str = "") -> list[str]:
    """Return what is wrong with the pages: axe, console and policy, sideways scrolling."""
    page = site.signed_in(email, SIZES[size]) if email else site.page(SIZES[size])
    wrong = []
    for address in addresses:
        page.said.clear()
        page.goto(address)
        if page.locator("[data-diagram]").count():
            page.locator("[data-diagram]").first.scroll_into_view_if_needed()
            page.wait_for_selector("[data-drawn]")
        found = Axe().run(page, options=RULES).response["violations"]
        wrong += [f"{address}: {one['id']} {one['nodes'][0]['html'][:120]}" for one in found]
        said = [line for line in page.said if "404" not in line and "422" not in line]
        wrong += [f"{address}: {line}" for line in said]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"{address}: wider than the screen")
        if page.evaluate(WIDE_TABLES):
            wrong.append(f"{address}: a table is wider than its card")
    return wrong


@pytest.mark.parametrize("size", SIZES)
def test_public_pages_are_sound(site: Site, size: str) -> None:
    assert judge(site, size, PUBLIC) == []


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_the_house_are_sound(site: Site, size: str) -> None:
    asked = site.town.ask(title="Fuite sous l’évier")
    with site.town.house.read() as reading:
        rows = reading.connection.exec_driver_sql(
            "select r.reference, r.token, o.reference from request r left join work_order o on o.request_id = r.id"
            " where r.id = ?",
            (asked,),
        ).one()
    school = f"/assets/{site.town.ids['school']}"
    addresses = (*INSIDE, f"/requests/{rows[0]}", f"/orders/{rows[2]}", f"/f/{rows[1]}", school)
    assert judge(site, size, addresses, "tout@valmont.example") == []


@pytest.mark.parametrize("size", SIZES)
def test_a_task_and_its_refusal_are_sound(site: Site, size: str) -> None:
    site.town.ask(asset_id=None, nature_code=None, title=f"Banc cassé {size}")
    page = site.signed_in("guichet@valmont.example", SIZES[size])
    page.goto(f"/inbox?view=team&q={size}")
    page.click("a.task")
    page.click("button:has-text('Prendre cette tâche')")
    page.click("button:has-text('Terminer la tâche')")
    page.wait_for_selector(".summary")
    assert [one["id"] for one in Axe().run(page, options=RULES).response["violations"]] == []
    targets = page.evaluate(
        "[...document.querySelectorAll('main button, main a.button, main input:not([type=hidden]), main select')]"
        ".filter(e => e.offsetParent).map(e => [e.outerHTML.slice(0, 80), e.closest('label.option') || e])"
        ".map(([html, e]) => [html, e.getBoundingClientRect().height]).filter(([, height]) => height < 43.5)"
    )
    assert targets == []


LISTS = (
    "/requests/",
    "/orders/",
    "/assets/",
    "/stock/",
    "/postings/",
    "/processes/",
    "/account",
    "/signed-in/",
)


def test_no_list_makes_a_tablet_or_a_small_desk_scroll_sideways(site: Site) -> None:
    site.town.ask(title="Chauffe-eau de la cantine de l’école élémentaire Marie-Curie : plus d’eau chaude")
    page = site.signed_in("tout@valmont.example", DESK)
    wrong = []
    for width in (1280, 1024, 860):
        page.set_viewport_size({"width": width, "height": 900})
        for address in LISTS:
            page.goto(address)
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wrong.append(f"{address} at {width}")
            wrong += [f"{address} at {width}: a table"] * page.evaluate(WIDE_TABLES)
    assert wrong == []


def test_english_pages_speak_no_french(site: Site) -> None:
    page = site.signed_in("tout@valmont.example", locale="en-GB")
    page.goto("/home")
    page.click("header.side button:has-text('English')")
    found = []
    for address in (
        "/home",
        "/inbox",
        "/requests/",
        "/orders/",
        "/assets/",
        "/stock/",
        "/postings/",
        "/processes/",
        "/operations/",
    ):
        page.goto(address)
        text = page.inner_text("body")
        found += [
            (address, word)
            for word in ("Tâches", "Demandes", "Patrimoine", "Équipe", "Chercher")
            if word in text
        ]
    assert page.get_attribute("html", "lang") == "en"
    assert found == []
