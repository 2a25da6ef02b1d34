"""The storekeeper's forms and the operator's page in a browser: refused, mended, done; sound on a desk and a phone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Site
from tests.browser.test_pages import RULES, SIZES

pytestmark = pytest.mark.browser


def sound(page: Page) -> list[str]:
    """Return what axe, the policy or the width of the screen object to."""
    wrong = [one["id"] for one in Axe().run(page, options=RULES).response["violations"]]
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    low = (
        "[...document.querySelectorAll('main button, main input:not([type=hidden]), main select')]"
        ".filter(e => e.checkVisibility()).map(e => e.closest('label.option') || e)"
        ".filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))"
    )
    refused = [line for line in page.said if "422" not in line]
    return wrong + refused + page.evaluate(low) + (["wide"] if page.evaluate(wide) else [])


@pytest.mark.parametrize("size", SIZES)
def test_goods_are_received_after_a_slip(site: Site, size: str) -> None:
    page = site.signed_in("magasin@valmont.example", SIZES[size])
    page.goto("/stock/JOINT")
    page.click("summary:has-text('Réceptionner')")
    page.fill("#receive-quantity", "douze")
    page.fill("#receive-cost", "2,40")
    page.fill("#receive-document", "BL-9")
    page.click("button:has-text('Réceptionner')")
    page.wait_for_selector(".summary")
    assert sound(page) == []
    assert page.input_value("#receive-document") == "BL-9"
    page.fill("#receive-quantity", "12,5")
    page.click("button:has-text('Réceptionner')")
    assert "Réception de 12,5 pce" in page.inner_text(".flashes")


@pytest.mark.parametrize("size", SIZES)
def test_what_stopped_is_tried_again(site: Site, size: str) -> None:
    site.town.ask(title=f"Fuite {size}", asset_id=None)
    site.town.qualify()
    site.town.plan()
    part = {"itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(900)}
    site.town.done("do_work", report="Fait", labour=[], parts=[part], photos=[], finished=True)
    page = site.signed_in("tout@valmont.example", SIZES[size])
    page.goto("/operations/")
    page.check("main input[type=checkbox] >> nth=0")
    page.click("button:has-text('Réessayer ceux choisis')")
    page.wait_for_selector("#results")
    assert "Arrêté à nouveau" in page.inner_text("main")
    assert sound(page) == []
    page.click("section a[href^='/requests/'] >> nth=0")
    page.click("summary:has-text('Suspendre')")
    assert sound(page) == []
