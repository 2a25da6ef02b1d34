"""Signing in: nobody learns which addresses exist, and a new password ends old sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from registry import people
from tests import factories
from tests.web_house import WebHouse, opened
from web import passwords

PASSWORD = "correct horse battery"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    with opened(tmp_path) as house:
        yield house


def account(web: WebHouse, email: str = "ana@ville.example") -> str:
    """Create an account with a password and return the person's id."""
    with web.house.begin("system:test") as unit:
        person = factories.person(unit.session, web.town.entity.id, email=email)
        people.grant(unit.session, person_id=person.id, role="operator", at=unit.now, by=unit.actor)
        people.set_password_hash(
            unit.session, person.id, passwords.hashed(PASSWORD), at=unit.now, by=unit.actor
        )
        return person.id


def enter(web: WebHouse, password: str = PASSWORD, email: str = "ana@ville.example", **more: str):
    client = web.visitor()
    return client, client.post("/sign-in", data={"email": email, "password": password, **more})


def test_the_right_password_opens_the_house(web: WebHouse) -> None:
    account(web)
    client, answer = enter(web)
    assert (answer.status_code, answer.location) == (302, "/home")
    assert client.get("/home").status_code == 200


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(web: WebHouse) -> None:
    account(web)
    _, wrong = enter(web, "not the password")
    _, unknown = enter(web, email="nobody@ville.example")
    assert wrong.status_code == unknown.status_code == 422
    assert bare(wrong.text) == bare(unknown.text)


def bare(page: str) -> str:
    """Return a page without what differs between any two answers."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page).replace("ana@", "").replace("nobody@", "")


def test_an_account_rests_after_five_wrong_passwords_and_then_opens_again(web: WebHouse) -> None:
    account(web)
    for _ in range(5):
        enter(web, "not the password")
    assert enter(web)[1].status_code == 422
    web.clock.advance(timedelta(minutes=6))
    assert enter(web)[1].status_code == 302


def test_a_session_planted_before_sign_in_does_not_survive_it(web: WebHouse) -> None:
    account(web)
    client = web.visitor()
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    client.post("/sign-in", data={"email": "ana@ville.example", "password": PASSWORD})
    with client.session_transaction() as session:
        assert "planted" not in session


def test_a_new_password_ends_the_sessions_of_the_old_one(web: WebHouse) -> None:
    person = account(web)
    client, _ = enter(web)
    with web.house.begin("system:test") as unit:
        kept = passwords.hashed("another long password")
        people.set_password_hash(unit.session, person, kept, at=unit.now, by=unit.actor)
    assert client.get("/home").location.startswith("/sign-in")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_link_cannot_send_people_elsewhere_after_sign_in(web: WebHouse, elsewhere: str) -> None:
    account(web)
    assert enter(web, next=elsewhere)[1].location == "/home"


def test_after_sign_in_people_are_where_they_wanted_to_go(web: WebHouse) -> None:
    account(web)
    asked = web.visitor().get("/assets/?q=school")
    assert asked.location == "/sign-in?next=/assets/?q%3Dschool"
    assert enter(web, next="/assets/?q=school")[1].location == "/assets/?q=school"


def test_signing_out_ends_the_session_and_keeps_the_language(web: WebHouse) -> None:
    account(web)
    client, _ = enter(web)
    client.post("/language", data={"locale": "en"})
    client.post("/sign-out")
    assert client.get("/home").status_code == 302
    assert "Sign in" in client.get("/sign-in").text


def test_a_short_password_is_refused() -> None:
    with pytest.raises(passwords.TooShort):
        passwords.hashed("short")


def test_attempts_from_one_address_are_limited(tmp_path: Path) -> None:
    with opened(tmp_path, guarded=True, sign_in_limit="2 per minute") as web:
        web.app.config["WTF_CSRF_ENABLED"] = False
        answers = [enter(web, "not the password")[1].status_code for _ in range(3)]
    assert answers == [422, 422, 429]
