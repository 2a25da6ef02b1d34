"""The commands of an installation speak in sentences and keep their secrets."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from registry import entities, people
from registry.queries import CostRow
from tests import factories
from tests.web_house import opened
from web import bundle, charts, passwords, settings
from web.bundle import NotBuilt
from web.cli import main
from web.database import open_house


def run(home: Path, *words: str, **more: str) -> Result:
    environment = {"GUICHET_HOME": str(home)} | more
    return CliRunner().invoke(main, words, env=environment, catch_exceptions=False)


def test_settings_are_printed_with_their_origin_and_without_their_secrets(tmp_path: Path) -> None:
    database = "postgresql+psycopg://guichet:verysecret@db/guichet"
    told = run(tmp_path, "settings", GUICHET_DATABASE=database, GUICHET_SECRET_KEY="k" * 40)
    assert told.exit_code == 0
    assert "GUICHET_PORT" in told.output
    assert "verysecret" not in told.output
    assert "kkkk" not in told.output


def test_an_unknown_setting_is_one_sentence_and_exit_code_two(tmp_path: Path) -> None:
    told = run(tmp_path, "settings", GUICHET_PROT="1")
    assert told.exit_code == 2
    assert "GUICHET_PROT" in told.output


def test_a_database_is_behind_then_up_to_date(tmp_path: Path) -> None:
    assert run(tmp_path, "db", "check").exit_code == 1
    assert run(tmp_path, "db", "upgrade").exit_code == 0
    assert "up to date" in run(tmp_path, "db", "check").output
    assert "up to date" in run(tmp_path, "db", "upgrade").output


def test_serving_a_database_that_is_behind_is_refused(tmp_path: Path) -> None:
    told = run(tmp_path, "serve")
    assert told.exit_code == 1
    assert "guichet db upgrade" in told.output


def founded(home: Path) -> None:
    run(home, "db", "upgrade")
    house = open_house(settings.read({"GUICHET_HOME": str(home)}))
    with house.begin("system:test") as unit:
        factories.entity(unit.session, code="COMMUNE")
    house.database.dispose()


def test_an_account_is_made_that_can_sign_in(tmp_path: Path) -> None:
    founded(tmp_path)
    words = (
        "person",
        "create",
        "ana@ville.example",
        "--name",
        "Ana",
        "--entity",
        "COMMUNE",
        "--role",
        "operator",
    )
    assert run(tmp_path, *words, PASSWORD="correct horse battery").exit_code == 0
    house = open_house(settings.read({"GUICHET_HOME": str(tmp_path)}))
    with house.read() as reading:
        made = people.by_email(reading.session, "ana@ville.example")
        assert made is not None
        assert passwords.matches(made.password_hash, "correct horse battery")
        where = entities.by_code(reading.session, "COMMUNE").id
        assert [(one.role, one.entity_id) for one in people.grants_of(reading.session, made.id)] == [
            ("operator", where)
        ]
    house.database.dispose()


def test_a_short_password_or_an_unknown_entity_makes_no_account(tmp_path: Path) -> None:
    founded(tmp_path)
    words = ("person", "create", "ana@ville.example", "--name", "Ana", "--entity")
    assert run(tmp_path, *words, "COMMUNE", PASSWORD="short").exit_code == 1
    assert run(tmp_path, *words, "NOWHERE", PASSWORD="correct horse battery").exit_code == 1


def test_without_the_built_files_the_house_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="pip install"):
        bundle.manifest(tmp_path)


def test_a_catalogue_that_was_not_compiled_is_named(tmp_path: Path) -> None:
    (tmp_path / "nl" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "nl" / "LC_MESSAGES" / "messages.po").touch()
    with pytest.raises(NotBuilt, match=r"messages\.mo"):
        bundle.check_catalogues(tmp_path)


def test_bars_of_a_chart_stand_on_one_another_and_their_table_adds_up(tmp_path: Path) -> None:
    spent = [("labour", 2025, 30_000), ("material", 2025, 10_000), ("contractor", 2026, -500)]
    costs = [CostRow(year, kind, None, None, cents) for kind, year, cents in spent]
    with opened(tmp_path) as web, web.app.test_request_context():
        chart = charts.costs_by_year(costs)
    first, second = chart["bars"][:2]
    assert first["y"] == pytest.approx(second["y"] + second["height"], abs=0.2)
    assert [row["total"] for row in chart["table"]] == [-500, 40_000]
    assert all(bar["height"] >= 0 for bar in chart["bars"])


def test_serving_on_a_used_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    run(tmp_path, "db", "upgrade")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        told = run(tmp_path, "serve", GUICHET_PORT=str(other.getsockname()[1]))
    assert told.exit_code == 1
    assert "GUICHET_PORT" in told.output


def test_a_contractors_account_names_the_firm_and_takes_no_role(tmp_path: Path) -> None:
    founded(tmp_path)
    house = open_house(settings.read({"GUICHET_HOME": str(tmp_path)}))
    with house.begin("system:test") as unit:
        factories.supplier(unit.session, code="TOITS")
    words = ("person", "create", "toits@exemple.example", "--name", "Toits", "--entity", "COMMUNE")
    firm = (*words, "--supplier", "TOITS")
    refused = run(tmp_path, *firm, "--role", "accountant", PASSWORD="correct horse battery")
    assert refused.exit_code == 1
    assert run(tmp_path, *firm, PASSWORD="correct horse battery").exit_code == 0
    with house.read() as reading:
        made = people.by_email(reading.session, "toits@exemple.example")
        assert made is not None
        assert people.groups_of(reading.session, made.id) == {"supplier:TOITS"}
    house.database.dispose()
