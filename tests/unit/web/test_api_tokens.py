"""Tokens are shown once, kept as a hash, listed without secret, closed for ever; answers are forgotten in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from registry import answers, rows, rules, tokens
from registry.errors import Missing
from registry.tables.tokens import ApiToken
from tests.api_house import program
from tests.web_house import WebHouse, opened
from web.cli import main


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebHouse]:
    with opened(tmp_path) as house:
        yield house


@pytest.fixture
def home(tmp_path: Path) -> Path:
    run(tmp_path, "db", "upgrade")
    return tmp_path


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"GUICHET_HOME": str(home)}, catch_exceptions=False)


def test_a_token_is_printed_once_and_listed_without_its_secret(home: Path) -> None:
    made = run(home, "token", "create", "meter reader", "--scope", "jobs", "--scope", "read", "--days", "30")
    assert made.exit_code == 0
    text = made.stdout.strip()
    assert text.startswith("guichet_")
    listed = run(home, "token", "list").output
    prefix = text.split("_")[1]
    assert prefix in listed
    assert "meter reader" in listed
    assert "read,jobs" in listed
    assert text not in listed
    assert text.split("_", 2)[2] not in listed


def test_a_closed_token_is_listed_as_closed(home: Path) -> None:
    assert "There is no token" in run(home, "token", "list").output
    prefix = run(home, "token", "create", "x", "--scope", "read").stdout.split("_")[1]
    assert "is closed" in run(home, "token", "revoke", prefix, "--reason", "lost").output
    assert "revoked" in run(home, "token", "list").output


def test_a_token_for_nobody_known_is_refused(home: Path) -> None:
    refused = run(home, "token", "create", "x", "--scope", "tasks", "--person", "nobody@ville.example")
    assert refused.exit_code == 1
    assert "nobody@ville.example" in refused.output
    assert run(home, "token", "create", "x", "--scope", "everything").exit_code == 2
    assert run(home, "token", "revoke", "00000000", "--reason", "r").exit_code == 1


def test_the_secret_is_nowhere_in_the_database(web: WebHouse) -> None:
    caller = program(web, "read")
    with web.house.read() as reading:
        row = reading.session.scalars(sa.select(ApiToken)).one()
        kept = " ".join(str(value) for value in vars(row).values())
    assert caller.token.split("_", 2)[2] not in kept
    assert row.prefix == caller.token.split("_")[1]


def test_the_last_day_of_use_is_noted(web: WebHouse) -> None:
    caller = program(web, "read")
    days = []
    for _ in range(2):
        caller.get("/processes")
        with web.house.read() as reading:
            days.append(reading.session.scalars(sa.select(ApiToken.used_on)).one())
        web.clock.advance(timedelta(hours=23, minutes=59))
    assert days[1] - days[0] == timedelta(days=1)


def test_what_makes_no_token_is_refused(web: WebHouse) -> None:
    with web.house.begin("system:test") as unit:
        good = {
            "name": "x",
            "scopes": ["read"],
            "expires_at": unit.now + timedelta(days=1),
            "at": unit.now,
            "by": "t",
        }
        for wrong in ({"scopes": []}, {"scopes": ["all"]}, {"expires_at": unit.now}, {"name": " "}):
            with pytest.raises(rules.Unfit):
                tokens.create(unit.session, **(good | wrong))
        with pytest.raises(Missing):
            tokens.create(unit.session, **(good | {"person_id": "nobody"}))


def test_an_answer_is_kept_for_its_holder_and_forgotten_in_time(web: WebHouse) -> None:
    with web.house.begin("system:test") as unit:
        facts = {"holder": "a", "key": "k", "digest": "d", "at": unit.now}
        assert answers.begin(unit.session, **facts) is None
        answers.keep(unit.session, holder="a", key="k", answer=answers.Answer(201, "{}"))
        assert answers.begin(unit.session, **facts) == (201, "{}")
        assert answers.begin(unit.session, **(facts | {"holder": "b"})) is None
        with pytest.raises(rows.DifferentFacts):
            answers.begin(unit.session, **(facts | {"digest": "e"}))
        assert answers.forget(unit.session, before=unit.now) == 0
        assert answers.forget(unit.session, before=unit.now + timedelta(seconds=1)) == 2
        assert answers.begin(unit.session, **facts) is None
