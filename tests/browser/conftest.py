"""A real browser on a real server: Chromium of the machine, the town of ``tests/factories_processes.py``.

Comes in: nothing. Goes out: an address, pages of a desk and of a phone that note what the console and the policy say.
It never reaches outside: the server listens on the loopback, the browser asks nobody else. Next: ``test_pages.py``.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse battery"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 780}
WITHOUT = "browser tests: not collected, because no chromium is on PATH"
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]


def pytest_report_header() -> str | None:
    """Say why nothing is collected here, where that is so."""
    return None if CHROMIUM else WITHOUT


if CHROMIUM:
    from playwright.sync_api import Browser, Page, sync_playwright
    from werkzeug.serving import make_server

    from registry import people
    from tests import factories_processes
    from web import passwords
    from web.app import create_app
    from web.security import limiter
    from web.settings import Settings

    ACCOUNTS: dict[str, tuple[str, ...]] = {
        "guichet@valmont.example": ("operator",),
        "agent@valmont.example": ("agent",),
        "cheffe@valmont.example": ("leader",),
        "compta@valmont.example": ("accountant",),
        "magasin@valmont.example": ("storekeeper",),
        "tout@valmont.example": (
            "manager",
            "admin",
            "owner",
            "operator",
            "accountant",
            "storekeeper",
            "leader",
        ),
    }

    @dataclass
    class Site:
        """A served town."""

        url: str
        town: factories_processes.Town
        browser: Browser
        opened: list[Any] = field(default_factory=list)

        def page(self, size: dict[str, int] = DESK, *, scripts: bool = True, locale: str = "fr-FR") -> Page:
            """Open a page whose console errors and policy violations are kept in ``page.said``."""
            context = self.browser.new_context(
                viewport=size, locale=locale, java_script_enabled=scripts, base_url=self.url
            )
            context.set_default_timeout(10_000)
            self.opened.append(context)
            page = context.new_page()
            page.said = []
            page.on(
                "console",
                lambda line: page.said.append(line.text) if line.type in {"error", "warning"} else None,
            )
            page.on("pageerror", lambda error: page.said.append(str(error)))
            return page

        def signed_in(self, email: str, size: dict[str, int] = DESK, **more: Any) -> Page:
            """Open a page of somebody who has signed in."""
            page = self.page(size, **more)
            page.goto("/sign-in")
            page.fill("#email", email)
            page.fill("#password", PASSWORD)
            page.click("main button.primary")
            page.wait_for_url("**/home")
            return page

    @pytest.fixture(scope="session")
    def browser() -> Iterator[Browser]:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield browser
            browser.close()

    def _accounts(town: factories_processes.Town) -> None:
        kept = passwords.hashed(PASSWORD)
        with town.house.begin("system:test") as unit:
            for email, roles in ACCOUNTS.items():
                person = people.by_email(unit.session, email)
                if person is None:
                    person = people.create_person(
                        unit.session,
                        entity_id=town.ids["commune"],
                        name=email.split("@")[0].title(),
                        email=email,
                        at=unit.now,
                        by=unit.actor,
                    )
                people.set_password_hash(unit.session, person.id, kept, at=unit.now, by=unit.actor)
                for role in roles:
                    people.grant(unit.session, person_id=person.id, role=role, at=unit.now, by=unit.actor)

    @pytest.fixture(scope="module")
    def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
        folder = tmp_path_factory.mktemp("site")
        with factories_processes.opened(f"sqlite:///{folder / 'town.db'}") as town:
            _accounts(town)
            settings = replace(Settings(home=folder), town="Valmont")
            limiter.enabled = False
            server = make_server("127.0.0.1", 0, create_app(settings, town.house), threaded=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            served = Site(f"http://127.0.0.1:{server.server_port}", town, browser)
            yield served
            for context in served.opened:
                context.close()
            server.shutdown()
            thread.join()
            server.server_close()
            limiter.enabled = True

    @pytest.fixture
    def look(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
        """Return a way to keep a picture: with ``--basetemp`` it can be looked at afterwards."""
        folder: Path = request.getfixturevalue("tmp_path")
        return lambda page, name: page.screenshot(path=folder / f"{name}.png", full_page=True) and None
