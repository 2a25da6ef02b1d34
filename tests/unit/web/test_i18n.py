"""French first, English complete, and values written as people of each language write them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests import factories
from tests.web_house import WebHouse, opened
from web import i18n
from web.bundle import TRANSLATIONS

WEB = TRANSLATIONS.parent


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    with opened(tmp_path) as house:
        yield house


def written() -> set[str]:
    """Return every text that the pages and the code mark for translation."""
    keywords = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
    methods = [("templates/**.html", "jinja2"), ("**.py", "python")]
    found = extract_from_dir(WEB, methods, keywords=keywords)
    return {one[2] if isinstance(one[2], str) else one[2][0] for one in found}


def french() -> Catalog:
    return read_po(io.BytesIO((TRANSLATIONS / "fr" / "LC_MESSAGES" / "messages.po").read_bytes()))


def test_every_text_has_its_french() -> None:
    catalogue = french()
    lacking = [
        text
        for text in written()
        if (found := catalogue.get(text)) is None or not all(as_tuple(found.string))
    ]
    assert lacking == []


def test_no_french_is_left_that_no_page_uses() -> None:
    assert {one.id if isinstance(one.id, str) else one.id[0] for one in french() if one.id} == written()


def test_no_translation_loses_or_invents_a_value() -> None:
    assert [(one.id, list(one.check())) for one in french() if one.id and list(one.check())] == []


def as_tuple(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_the_house_speaks_french_first_and_the_visitor_may_choose(web: WebHouse) -> None:
    client = web.visitor()
    assert '<html lang="fr">' in client.get("/").text
    client.post("/language", data={"locale": "en", "next": "/sign-in"})
    page = client.get("/sign-in").text
    assert '<html lang="en">' in page
    assert "Sign in" in page


def test_the_browser_s_language_is_heard_when_nobody_chose(web: WebHouse) -> None:
    page = web.visitor().get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert '<html lang="en">' in page


def test_a_person_s_language_wins_over_the_browser_s(web: WebHouse) -> None:
    client = web.signed_in("operator", locale="en")
    assert '<html lang="en">' in client.get("/home", headers={"Accept-Language": "fr"}).text


def test_an_unknown_language_is_refused(web: WebHouse) -> None:
    assert web.visitor().post("/language", data={"locale": "tlh"}).status_code == 400


def test_values_are_written_as_the_french_write_them(web: WebHouse) -> None:
    with web.app.test_request_context():
        assert i18n.euros(123_450) == "1\u202f234,50\xa0€"
        assert i18n.quantity(12_500, "kg") == "12,5 kg"
        assert i18n.hours(150) == "2 h 30"
        assert i18n.hours(45) == "45 min"
        assert i18n.day(date(2026, 11, 21)) == "21 novembre 2026"
        assert i18n.moment(factories.NOW) == "21 nov. 2026 à 10:00"


@pytest.mark.parametrize(
    ("after", "words", "colour"),
    [
        (timedelta(days=-2), "En retard de 2 jours", "red"),
        (timedelta(hours=-1), "En retard depuis 09:00", "red"),
        (timedelta(hours=3), "Aujourd’hui", "amber"),
        (timedelta(days=1), "Demain", "blue"),
        (timedelta(days=4), "25 nov.", ""),
    ],
)
def test_a_due_date_says_how_it_stands(web: WebHouse, after: timedelta, words: str, colour: str) -> None:
    with web.app.test_request_context():
        value: datetime = factories.NOW + after
        assert i18n.due(value)[:2] == (words, colour)
