"""Letters as a mail server sees them: one message each, recognisable when repeated, never in the clear with a password."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engine import outbox
from engine.tables import Outbox
from integrations import mail
from tests import databases, factories_processes
from tests.factories_processes import Town
from tests.mail_server import MailServer, listening
from web import database, settings
from web.cli import main

KEY = "6d2a0c1e-3c1f-5b6e-9a3e-0d6c2d7f1a11"
LETTER = {
    "to": "parent@exemple.example",
    "subject": "Votre demande 2026-000001 est enregistrée",
    "text": "Bonjour,\n\nNous avons bien reçu votre demande « Fuite ».\n.\nUn point seul n’y met pas fin.",
    "writtenAt": "2026-01-05T08:00:00+00:00",
}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with listening() as told:
        yield told


def to(server: MailServer, **chosen: Any) -> mail.Server:
    facts: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "sender": "guichet@valmont.example",
        "name": "Ville de Valmont, guichet",
        "follow_url": "https://guichet.example/f/",
        "starttls": False,
        "seconds": 5.0,
    }
    return mail.Server(**(facts | chosen))


def test_a_letter_arrives_as_it_was_written(server: MailServer) -> None:
    mail.deliverer(to(server))(KEY, LETTER)
    [message] = server.messages
    assert message["To"] == "parent@exemple.example"
    assert message["From"] == '"Ville de Valmont, guichet" <guichet@valmont.example>'
    assert message["Subject"] == LETTER["subject"]
    assert message["Date"].datetime == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == LETTER["text"] + "\n"
    assert server.senders[0].startswith("FROM:<guichet@valmont.example>")
    assert server.recipients == ["TO:<parent@exemple.example>"]
    assert server.greetings == ["valmont.example"]
    assert server.accounts == []


def test_the_same_letter_sent_twice_is_the_same_message(server: MailServer) -> None:
    deliver = mail.deliverer(to(server))
    deliver(KEY, LETTER)
    deliver(KEY, LETTER)
    assert {message["Message-ID"] for message in server.messages} == {f"<{KEY}@valmont.example>"}
    assert server.raw[0] == server.raw[1]


@pytest.mark.parametrize(
    ("locale", "words"), [("fr", "Suivre votre demande : "), ("en", "Follow your request: ")]
)
def test_the_follow_link_closes_the_letter_in_its_language(
    server: MailServer, locale: str, words: str
) -> None:
    mail.deliverer(to(server))(KEY, LETTER | {"followToken": "t0k-en_", "locale": locale})
    assert f"{words}https://guichet.example/f/t0k-en_" in server.messages[0].get_content()
    assert server.messages[0]["Content-Language"] == locale


@pytest.mark.parametrize(
    "subject",
    ["Fuite\r\nBcc: tous@exemple.example", "Fuite\nX: y\n\nCorps", "Fuite\x85Bcc: a@b.example", "a\u2028b"],
)
def test_a_line_break_in_a_title_begins_no_header(server: MailServer, subject: str) -> None:
    mail.deliverer(to(server))(KEY, LETTER | {"subject": subject})
    [message] = server.messages
    assert set(message) == {
        "Message-ID",
        "From",
        "To",
        "Subject",
        "Date",
        "Auto-Submitted",
        "Content-Language",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    }
    assert "\n" not in message["Subject"]
    assert server.recipients == ["TO:<parent@exemple.example>"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b.example, c@d.example",
        "a,b@c.example",
        "a@b.example\r\nBcc: c@d.example",
        "A <a@b.example>",
        "a@b.example>",
    ],
)
def test_what_is_not_one_address_gets_no_letter(server: MailServer, address: str) -> None:
    with pytest.raises(mail.UnfitLetter):
        mail.deliverer(to(server))(KEY, LETTER | {"to": address})
    assert server.raw == []


def test_a_server_without_encryption_gets_neither_letter_nor_password(server: MailServer) -> None:
    with pytest.raises(smtplib.SMTPNotSupportedError):
        mail.deliverer(to(server, starttls=True, user="guichet", password="s3cret"))(KEY, LETTER)
    assert (server.raw, server.accounts) == ([], [])


def test_an_account_signs_in(server: MailServer) -> None:
    mail.deliverer(to(server, user="guichet", password="s3cret"))(KEY, LETTER)
    assert server.accounts == ["\0guichet\0s3cret"]
    assert "s3cret" not in repr(to(server, password="s3cret"))


def test_a_refused_recipient_and_a_silent_server_are_failures() -> None:
    with listening(refuses="550 unknown") as server, pytest.raises(smtplib.SMTPRecipientsRefused):
        mail.deliverer(to(server))(KEY, LETTER)
    with listening(silent=True) as server, pytest.raises(OSError, match="timed out"):
        mail.deliverer(to(server, seconds=0.2))(KEY, LETTER)


def _deliver_all(town: Town, server: MailServer) -> None:
    town.ask()
    deliver = {mail.KIND: mail.deliverer(to(server))}
    assert outbox.deliver_due(town.house, {}) == 0
    with town.house.read() as reading:
        assert outbox.counts(reading, mail.KIND) == {"queued": 1}
    assert outbox.deliver_due(town.house, deliver) == 1
    assert outbox.deliver_due(town.house, deliver) == 0
    with town.house.read() as reading:
        assert outbox.counts(reading, mail.KIND) == {"delivered": 1}
        key = reading.connection.scalar(sa.select(Outbox.key))
    [message] = server.messages
    assert message["Message-ID"] == f"<{key}@valmont.example>"
    assert "https://guichet.example/f/" in message.get_content()


def test_a_request_is_acknowledged_by_mail_once_there_is_a_server(server: MailServer) -> None:
    with factories_processes.opened() as town:
        _deliver_all(town, server)


@pytest.mark.postgres
def test_letters_leave_postgresql_the_same_way(server: MailServer) -> None:
    with databases.scratch() as url, factories_processes.opened(url) as town:
        _deliver_all(town, server)


def test_a_letter_that_failed_is_tried_again_later() -> None:
    with factories_processes.opened() as town:
        town.ask()
        with listening(refuses="451 later") as server:
            assert outbox.deliver_due(town.house, {mail.KIND: mail.deliverer(to(server))}) == 0
        town.clock.advance(timedelta(minutes=1))
        with listening() as server:
            assert outbox.deliver_due(town.house, {mail.KIND: mail.deliverer(to(server))}) == 1


def test_the_worker_delivers_only_when_a_server_is_set(tmp_path: Path) -> None:
    alone = settings.read({"GUICHET_HOME": str(tmp_path)})
    with_mail = replace(
        alone, smtp_host="mail.valmont.example", mail_from="guichet@valmont.example", town="Valmont"
    )
    house = database.open_house(alone)
    assert database.background(house, alone).deliverers == {}
    assert set(database.background(house, with_mail).deliverers) == {"mail"}
    made = database.mail_server(with_mail)
    assert (made.port, made.starttls, made.name) == (587, True, "Valmont")
    house.database.dispose()


def test_a_command_tells_how_many_letters_wait_and_why(tmp_path: Path) -> None:
    environment = {"GUICHET_HOME": str(tmp_path)}

    def told(word: str, **more: str) -> str:
        return CliRunner().invoke(main, [word], env=environment | more, catch_exceptions=False).output

    assert "guichet db upgrade" in told("letters")
    CliRunner().invoke(main, ["db", "upgrade"], env=environment, catch_exceptions=False)
    house = database.open_house(settings.read(environment))
    with house.begin("system:test") as unit:
        outbox.put(unit, mail.KIND, LETTER, KEY)
    house.database.dispose()
    assert told("letters").startswith("0 sent, 1 waiting, 0 given up.")
    for word in ("letters", "settings"):
        assert "No mail server is set" in told(word)
    named = {"GUICHET_SMTP_HOST": "mail.example", "GUICHET_MAIL_FROM": "a@b.example"}
    assert "No mail server" not in told("letters", **named)
    hidden = told("settings", GUICHET_SMTP_PASSWORD="verysecret", **named)
    assert "verysecret" not in hidden
    assert "No mail server" not in hidden


@pytest.mark.parametrize(
    "chosen",
    [
        {"SMTP_HOST": "mail.example"},
        {"SMTP_HOST": "mail.example", "MAIL_FROM": "a@b.example, c@d.example"},
        {"SMTP_HOST": "mail.example", "MAIL_FROM": "a@b.example", "SMTP_USER": "a", "SMTP_STARTTLS": "no"},
    ],
)
def test_mail_settings_that_would_fail_or_leak_are_refused(chosen: dict[str, str]) -> None:
    with pytest.raises(settings.SettingsError, match=r"GUICHET_(MAIL_FROM|SMTP_STARTTLS)"):
        settings.read({f"GUICHET_{name}": value for name, value in chosen.items()})
