"""One's sessions in a browser: a lost phone is signed out from the desk by keyboard alone; an administrator does it too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, Site
from tests.browser.test_hands import sound
from tests.browser.test_pages import SIZES

pytestmark = pytest.mark.browser


def reach(page: Page, words: str, most: int = 60) -> None:
    """Press Tab until the focus is on something with these words."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if words in page.evaluate("document.activeElement.innerText || ''"):
            return
    raise AssertionError(f"no way to {words} by keyboard")


@pytest.mark.parametrize("size", SIZES)
def test_a_lost_phone_is_signed_out_by_keyboard(
    site: Site, size: str, look: Callable[[Page, str], None]
) -> None:
    lost = site.signed_in("agent@valmont.example", PHONE)
    here = site.signed_in("agent@valmont.example", SIZES[size])
    reach(here, "Mon compte")
    here.keyboard.press("Enter")
    here.wait_for_url("**/account")
    look(here, f"account-{size}")
    assert sound(here) == []
    reach(here, "Déconnecter")
    here.keyboard.press("Enter")
    here.wait_for_selector(".flashes")
    assert "Cette session est terminée" in here.inner_text(".flashes")
    lost.goto("/home")
    assert lost.url.endswith("/sign-in?next=/home")
    reach(here, "Se déconnecter partout")
    here.keyboard.press("Enter")
    here.wait_for_url("**/sign-in")
    assert "déconnecté partout" in here.inner_text("body")


@pytest.mark.parametrize("size", SIZES)
def test_an_administrator_signs_somebody_out(
    site: Site, size: str, look: Callable[[Page, str], None]
) -> None:
    away = site.signed_in("magasin@valmont.example", DESK)
    admin = site.signed_in("tout@valmont.example", SIZES[size])
    admin.goto("/signed-in/?q=magasin")
    look(admin, f"signed-in-{size}")
    assert sound(admin) == []
    admin.click("main tbody button")
    assert "session" in admin.inner_text(".flashes")
    away.goto("/home")
    assert "/sign-in" in away.url


@pytest.mark.parametrize("size", SIZES)
def test_a_wrong_password_says_what_to_do_and_the_focus_goes_there(
    site: Site, size: str, look: Callable[[Page, str], None]
) -> None:
    page = site.page(SIZES[size])
    page.goto("/sign-in")
    page.fill("#email", "agent@valmont.example")
    page.fill("#password", "not the password")
    page.keyboard.press("Enter")
    page.wait_for_selector(".summary")
    look(page, f"wrong-{size}")
    assert "patientez cinq minutes" in page.inner_text(".summary")
    assert sound(page) == []
    assert page.evaluate("document.activeElement.className") == "summary"
