"""Guessing is slowed down by device, address and account; a stranger shuts nobody out but the stranger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from registry import people
from registry.tables.attempts import Attempt
from registry.tables.sign_ins import SignIn
from tests.unit.web.test_sign_in import PASSWORD, account, bare
from tests.web_house import WebHouse, opened
from web import doorkeeper
from web.database import background
from web.settings import Settings

ANA = "ana@ville.example"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    with opened(tmp_path) as house:
        account(house)
        yield house


def knock(client: FlaskClient, password: str = PASSWORD, address: str = "192.0.2.1", email: str = ANA) -> int:
    sent = {"email": email, "password": password}
    return client.post("/sign-in", data=sent, environ_base={"REMOTE_ADDR": address}).status_code


def guess(web: WebHouse, times: int, address: str = "198.51.100.9", email: str = ANA) -> None:
    """Let a stranger try passwords; only the counting, for looking at a password is slow on purpose."""
    for _ in range(times):
        with web.app.test_request_context("/sign-in", environ_base={"REMOTE_ADDR": address}):
            tried = doorkeeper.attempt(email)
            with web.house.begin("system:test") as unit:
                tried.count(unit)
                people.record_attempt(unit.session, email, at=unit.now)


def test_a_stranger_shuts_out_the_own_address_and_no_other(web: WebHouse) -> None:
    guess(web, 6)
    assert knock(web.visitor(), address="198.51.100.9") == 422
    assert knock(web.visitor(), address="192.0.2.1") == 302


def test_a_device_that_knew_the_password_is_not_shut_out_by_its_own_network(web: WebHouse) -> None:
    desk = web.visitor()
    assert knock(desk, address="192.0.2.1") == 302
    desk.post("/sign-out")
    guess(web, 6, address="192.0.2.1")
    assert knock(web.visitor(), address="192.0.2.1") == 422
    assert knock(desk, address="192.0.2.1") == 302


def test_guesses_from_many_addresses_are_slowed_down_and_a_known_device_still_enters(web: WebHouse) -> None:
    desk = web.visitor()
    assert knock(desk) == 302
    desk.post("/sign-out")
    for number in range(doorkeeper.STRANGERS):
        guess(web, 1, address=f"203.0.113.{number}")
    assert knock(web.visitor(), address="203.0.113.250") == 422
    assert knock(desk) == 302
    web.clock.advance(doorkeeper.SLOW)
    assert knock(web.visitor(), address="203.0.113.250") == 302


def test_one_address_alone_does_not_slow_down_those_of_others(web: WebHouse) -> None:
    guess(web, 3 * doorkeeper.STRANGERS)
    assert knock(web.visitor(), address="203.0.113.250") == 302


def test_a_known_device_has_its_own_patience(web: WebHouse) -> None:
    desk = web.visitor()
    assert knock(desk) == 302
    desk.post("/sign-out")
    for _ in range(doorkeeper.PATIENCE):
        assert knock(desk, "a guess") == 422
    assert knock(desk) == 422
    web.clock.advance(doorkeeper.REST)
    assert knock(desk) == 302


def test_the_cookie_of_a_device_serves_no_other_account_and_cannot_be_made(web: WebHouse) -> None:
    account(web, "ben@ville.example")
    desk = web.visitor()
    assert knock(desk) == 302
    cookie = desk.get_cookie(doorkeeper.COOKIE, path="/sign-in")
    assert cookie is not None
    assert cookie.http_only
    assert "ana" not in cookie.value
    desk.post("/sign-out")
    guess(web, 6, address="192.0.2.1", email="ben@ville.example")
    assert knock(desk, address="192.0.2.1", email="ben@ville.example") == 422
    forged = web.visitor()
    forged.set_cookie(doorkeeper.COOKIE, cookie.value[:-3] + "abc", path="/sign-in")
    guess(web, 6, address="192.0.2.7")
    assert knock(forged, address="192.0.2.7") == 422


def test_a_right_password_forgets_the_slips_before_it(web: WebHouse) -> None:
    for _ in range(3):
        guess(web, doorkeeper.PATIENCE - 1, address="192.0.2.1")
        assert knock(web.visitor()) == 302


def test_a_line_at_home_counts_as_one_address() -> None:
    assert doorkeeper.network("2001:db8:1:2:aaaa::1") == doorkeeper.network("2001:db8:1:2:bbbb::2")
    assert doorkeeper.network("2001:db8:1:2::1") != doorkeeper.network("2001:db8:1:3::1")
    assert doorkeeper.network("192.0.2.1") == "192.0.2.1"
    assert doorkeeper.network("unix") == "unix"


def test_an_ipv4_address_counts_for_itself_where_the_server_listens_to_both_kinds() -> None:
    assert doorkeeper.network("::ffff:192.0.2.1") == "192.0.2.1"


def test_refused_and_wrong_and_unknown_look_the_same_and_take_the_same_statements(web: WebHouse) -> None:
    looks, takes = set(), set()
    for email, password, address in (
        (ANA, "a guess", "192.0.2.1"),
        ("nobody@ville.example", "a guess", "192.0.2.2"),
        (ANA, PASSWORD, "198.51.100.9"),
        ("nobody@ville.example", "a guess", "198.51.100.8"),
    ):
        if address.startswith("198"):
            guess(web, 6, address, email)
        said: list[str] = []

        def listen(*facts: object, said: list[str] = said) -> None:
            said.append(re.sub(r"\s+", " ", str(facts[2]))[:40])

        sa.event.listen(web.house.database, "before_cursor_execute", listen)
        answer = web.visitor().post(
            "/sign-in", data={"email": email, "password": password}, environ_base={"REMOTE_ADDR": address}
        )
        sa.event.remove(web.house.database, "before_cursor_execute", listen)
        looks.add((answer.status_code, bare(answer.text)))
        takes.add(tuple(said))
    assert len(looks) == 1
    assert len(takes) == 1


def test_no_mail_address_and_no_network_address_stands_in_the_counts(web: WebHouse) -> None:
    guess(web, 2)
    with web.house.read() as reading:
        keys = reading.session.scalars(sa.select(Attempt.key)).all()
    assert len(keys) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)


def test_whoever_signs_in_learns_that_others_tried(web: WebHouse) -> None:
    guess(web, 4)
    client = web.visitor()
    assert knock(client) == 302
    assert "4 mots de passe erronés ont été essayés" in client.get("/home").text


def test_what_is_over_is_forgotten_by_the_worker(web: WebHouse, tmp_path: Path) -> None:
    guess(web, 2)
    assert knock(web.visitor()) == 302
    web.clock.advance(timedelta(days=2))
    chore = background(web.house, Settings(home=tmp_path)).chores["forget"][1]
    chore()
    with web.house.read() as reading:
        assert reading.session.scalars(sa.select(Attempt.key)).all() == []
        assert reading.session.scalars(sa.select(SignIn.id)).all() == []
