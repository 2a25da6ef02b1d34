import shutil

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from integrations.accounting import fec
from registry import checks
from registry.tables.stock import StockBalance
from tests import factories_accounts as town_with
from web import migrations, settings
from web.cli import main
from web.database import open_house


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A house with three postings, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("house")
    house = open_house(settings.read({"GUICHET_HOME": str(folder)}))
    migrations.upgrade(house.database)
    with house.begin("system:test") as unit:
        town = town_with.books(unit.session)
        for pieces in (1, 2, 3):
            town_with.material_posting(unit.session, town, pieces)
    house.database.dispose()
    return folder


@pytest.fixture
def environment(template, tmp_path):
    shutil.copytree(template, tmp_path / "home")
    return {"GUICHET_HOME": str(tmp_path / "home")}


@pytest.fixture
def run(environment):
    return lambda *words: CliRunner().invoke(main, words, env=environment)


YEAR = ("--entity", "COM", "--from", "2026-01-01", "--to", "2026-12-31")


def test_the_postings_go_to_a_file_and_a_sentence_says_what_was_written(run, tmp_path):
    file = tmp_path / "books.txt"
    result = run("posting", "export", "--format", "fec", *YEAR, "--output", str(file), "--siren", "123456789")
    assert result.exit_code == 0, result.output
    assert "3 posting(s) of COM, €15.00 on each side" in result.output
    assert "123456789FEC20261231.txt" in result.output
    assert fec.validate(file.read_bytes()) == []


def test_without_a_file_the_postings_go_to_standard_output(run):
    result = run("posting", "export", "--format", "hledger", *YEAR)
    assert result.exit_code == 0
    assert "OT/2026/000003" in result.stdout
    assert "posting(s)" not in result.stdout


@pytest.mark.parametrize("format_code", ["csv", "beancount", "hledger"])
def test_every_format_is_written(run, tmp_path, format_code):
    file = tmp_path / "books"
    result = run("posting", "export", "--format", format_code, *YEAR, "--output", str(file))
    assert result.exit_code == 0
    assert file.stat().st_size > 500


def test_an_empty_export_says_where_to_look(run):
    result = run(
        "posting",
        "export",
        "--format",
        "csv",
        "--entity",
        "CPAS",
        "--from",
        "2026-01-01",
        "--to",
        "2026-01-31",
    )
    assert result.exit_code == 0
    assert "Nothing was posted" in result.stderr


def test_an_unknown_entity_and_wrong_days_are_refused_in_a_sentence(run):
    result = run(
        "posting", "export", "--format", "csv", "--entity", "X", "--from", "2026-01-01", "--to", "2026-01-31"
    )
    assert (result.exit_code, result.stderr.startswith("Expected an entity with code X")) == (1, True)
    assert run("posting", "export", "--format", "csv", *YEAR[:-1], "soon").exit_code == 2


def test_the_audit_prints_every_invariant_with_the_rows_it_was_proved_over(run):
    result = run("audit")
    assert result.exit_code == 0, result.output
    for sentence in checks.INVARIANTS.values():
        assert sentence in result.stdout
    assert "numbered without gaps by entity, journal and year." in result.stdout
    assert f"All {len(checks.INVARIANTS)} invariants hold" in result.stdout


def test_the_audit_lists_what_does_not_hold_and_fails(run, environment):
    house = open_house(settings.read(environment))
    with house.begin("system:test") as unit:
        unit.session.execute(sa.update(StockBalance).values(value_cents=StockBalance.value_cents + 1))
    house.database.dispose()
    result = run("audit")
    assert result.exit_code == 1
    assert "broken in 1 of" in result.stdout
    assert "the sum of its moves" in result.stdout


def test_a_database_that_is_behind_is_told_so(tmp_path):
    for words in (("audit",), ("posting", "export", "--format", "csv", *YEAR)):
        result = CliRunner().invoke(main, words, env={"GUICHET_HOME": str(tmp_path)})
        assert (result.exit_code, "guichet db upgrade" in result.output) == (1, True)
