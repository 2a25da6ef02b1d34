"""Sessions are rows: each can be ended alone, by whom it belongs to or by an administrator, and ends at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask.testing import FlaskClient

from registry import sign_ins
from registry.tables.changes import Change
from registry.tables.sign_ins import SignIn
from tests import factories
from tests.unit.web.test_house_command import founded, run
from tests.unit.web.test_sign_in import PASSWORD, account, enter
from tests.web_house import WebHouse, opened
from web.browsers import family
from web.cli import main
from web.security import SESSION_LIFE

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    with opened(tmp_path) as house:
        yield house


def signed_in(client: FlaskClient) -> bool:
    return client.get("/home").status_code == 200


def ids(web: WebHouse, person: str) -> list[str]:
    with web.house.read() as reading:
        return [row.id for row in sign_ins.of_person(reading.session, person, at=reading.now)]


def test_a_copy_of_the_cookie_is_worth_nothing_after_signing_out(web: WebHouse) -> None:
    account(web)
    client, _ = enter(web)
    with client.session_transaction() as session:
        kept = dict(session)
    thief = web.visitor()
    with thief.session_transaction() as session:
        session.update(kept)
    assert signed_in(thief)
    client.post("/sign-out")
    assert not signed_in(thief)


def test_a_key_that_was_never_given_opens_nothing(web: WebHouse) -> None:
    person = account(web)
    enter(web)
    for key in (person, ids(web, person)[0], f"{person}.0123456789abcdef", "", "x" * 43):
        client = web.visitor()
        with client.session_transaction() as session:
            session["_user_id"] = key
        assert not signed_in(client)


def test_one_of_several_sessions_is_ended_from_another(web: WebHouse) -> None:
    person = account(web)
    here, _ = enter(web)
    [mine] = ids(web, person)
    lost = web.visitor()
    sent = {"email": "ana@ville.example", "password": PASSWORD}
    lost.post("/sign-in", data=sent, headers={"User-Agent": PHONE})
    page = here.get("/account").text
    assert "Chrome, Android" in page
    assert page.count("celle-ci") == 1
    [other] = [one for one in ids(web, person) if one != mine]
    assert here.post(f"/account/sessions/{other}/end").location == "/account"
    assert (signed_in(here), signed_in(lost)) == (True, False)
    assert here.post(f"/account/sessions/{mine}/end").location == "/sign-in"
    assert not signed_in(here)


def test_signing_out_everywhere_ends_this_session_too(web: WebHouse) -> None:
    account(web)
    clients = [enter(web)[0] for _ in range(3)]
    answer = clients[1].post("/account/sign-out-everywhere", follow_redirects=True)
    assert "déconnecté partout" in answer.text
    assert [signed_in(client) for client in clients] == [False] * 3


def test_nobody_ends_the_session_of_somebody_else(web: WebHouse) -> None:
    person = account(web)
    client, _ = enter(web)
    web.signed_in("agent").post(f"/account/sessions/{ids(web, person)[0]}/end")
    assert signed_in(client)


def test_signing_in_again_in_the_same_browser_leaves_one_session(web: WebHouse) -> None:
    person = account(web)
    client, _ = enter(web)
    client.post("/sign-in", data={"email": "ana@ville.example", "password": PASSWORD})
    assert len(ids(web, person)) == 1
    assert signed_in(client)


def test_an_administrator_ends_the_sessions_of_a_person_and_that_is_written_down(web: WebHouse) -> None:
    person = account(web)
    clients = [enter(web)[0] for _ in range(2)]
    admin = web.signed_in("admin", name="Zoé")
    page = admin.get("/signed-in/?q=ana@").text
    assert "ana@ville.example" in page
    assert "Zoé" not in page.split('id="list"')[1]
    answer = admin.post(f"/signed-in/{person}/end", follow_redirects=True)
    assert "2 sessions de" in answer.text
    assert [signed_in(client) for client in clients] == [False, False]
    with web.house.read() as reading:
        kinds = reading.session.execute(sa.select(Change.kind, Change.row_id, Change.by)).all()
    [(kind, row_id, by)] = [one for one in kinds if one.kind == "signed_out"]
    assert (kind, row_id) == ("signed_out", person)
    assert not by.startswith("system:")


def test_an_administrator_of_another_entity_neither_sees_nor_ends_sessions(web: WebHouse) -> None:
    person = account(web)
    client, _ = enter(web)
    with web.house.begin("system:test") as unit:
        other = factories.entity(unit.session, code="CPAS").id
    admin = web.signed_in("admin", entity_id=other)
    assert "ana@ville.example" not in admin.get("/signed-in/").text
    assert admin.post(f"/signed-in/{person}/end").status_code == 403
    assert signed_in(client)


def test_a_session_ends_after_a_day_without_use_and_lasts_while_it_is_used(web: WebHouse) -> None:
    account(web)
    client, _ = enter(web)
    for _ in range(3):
        web.clock.advance(SESSION_LIFE - timedelta(minutes=1))
        assert signed_in(client)
    web.clock.advance(SESSION_LIFE)
    assert not signed_in(client)


def test_the_last_use_is_noted_once_a_quarter_of_an_hour(web: WebHouse) -> None:
    account(web)
    client, _ = enter(web)
    seen = []
    for _ in range(4):
        web.clock.advance(timedelta(minutes=8))
        signed_in(client)
        with web.house.read() as reading:
            seen.append(reading.session.scalars(sa.select(SignIn.seen_at)).one())
    assert [late - seen[0] for late in seen] == [timedelta(minutes=m) for m in (0, 16, 16, 32)]


def test_a_page_asks_for_its_session_and_person_in_one_indexed_query(web: WebHouse) -> None:
    account(web)
    client, _ = enter(web)
    said: list[str] = []
    sa.event.listen(web.house.database, "before_cursor_execute", lambda *facts: said.append(facts[2]))
    assert signed_in(client)
    [query] = [one for one in said if "sign_in" in one]
    assert "JOIN person" in query
    assert [one for one in said if "FROM person \nWHERE person.id" in one] == []
    with web.house.read() as reading:
        plan = reading.connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {query}", ("hash", "2026-01-01 00:00:00")
        ).all()
    assert [step[3].split(" USING ")[0] for step in plan] == ["SEARCH sign_in", "SEARCH person"]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (PHONE, "Chrome, Android"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Firefox, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0",
            "Edge, Windows",
        ),
        ("curl/8.5.0", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_a_browser_is_known_by_its_family_alone(header: str, words: str) -> None:
    assert family(header) == words


def test_accounts_are_signed_out_closed_and_opened_by_command(tmp_path: Path) -> None:
    founded(tmp_path)
    made = ("person", "create", "ana@ville.example", "--name", "Ana", "--entity", "COMMUNE")
    run(tmp_path, *made, PASSWORD=PASSWORD)
    why = ("ana@ville.example", "--reason", "lost phone")
    assert "0 session(s) of Ana ended" in run(tmp_path, "person", "sign-out", *why).output
    assert "is closed" in run(tmp_path, "person", "close", *why).output
    assert "can sign in again" in run(tmp_path, "person", "open", *why).output
    nobody = CliRunner().invoke(
        main,
        ["person", "close", "nobody@ville.example", "--reason", "x"],
        env={"GUICHET_HOME": str(tmp_path)},
    )
    assert nobody.exit_code == 1
    assert "Nobody has the mail address" in nobody.output
