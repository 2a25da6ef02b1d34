import csv

import pytest
from click.testing import CliRunner

from tests import factories
from web import migrations, settings
from web.cli import main
from web.database import open_house

PROFILE = """
title = "Bancs"
[class]
code = "bench"
name_fr = "Banc"
name_en = "Bench"
[key]
column = "numero"
[facts]
name = "nom"
"""


@pytest.fixture
def town(tmp_path):
    """A folder with a house, a profile and a file; gives a function that runs the command."""
    environment = {"GUICHET_HOME": str(tmp_path)}
    house = open_house(settings.read(environment))
    migrations.upgrade(house.database)
    with house.begin("system:test") as unit:
        factories.entity(unit.session, code="COMMUNE", name="Commune de Montval")
    house.database.dispose()
    (tmp_path / "bancs.toml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "bancs.csv").write_text("numero;nom\n1;Un\n2;Deux\n1;Encore\n", encoding="utf-8")

    def run(*options):
        files = [str(tmp_path / "bancs.csv"), "--profile", str(tmp_path / "bancs.toml")]
        return CliRunner().invoke(main, ["import", "assets", *files, *options], env=environment)

    return run


def figures(result):
    """The rows of the printed account by outcome."""
    lines = [line.split() for line in result.stdout.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 3 and line[1].isdecimal()}


def test_a_dry_run_writes_nothing_and_lists_what_is_refused(town):
    for _ in range(2):
        result = town("--dry-run")
        assert result.exit_code == 0
        assert figures(result) == {"created": 2, "updated": 0, "unchanged": 0, "refused": 1, "read": 3}
        assert "row 4 refused numero: Expected each key once, but line 2 has it already." in result.stdout
        assert "Nothing was written." in result.stdout


def test_a_second_import_finds_everything_unchanged_and_writes_the_report(town, tmp_path):
    assert town().exit_code == 0
    report = tmp_path / "report.csv"
    result = town("--entity", "COMMUNE", "--report", str(report))
    assert figures(result) == {"created": 0, "updated": 0, "unchanged": 2, "refused": 1, "read": 3}
    with report.open(encoding="utf-8", newline="") as lines:
        assert [row["line"] for row in csv.DictReader(lines, delimiter=";")] == ["4"]


def test_an_unknown_owner_is_one_sentence_and_exit_code_one(town):
    result = town("--entity", "NOBODY")
    assert result.exit_code == 1
    assert result.stderr.endswith("Expected an entity with code NOBODY, but there is none.\n")


def test_a_file_that_is_none_is_one_sentence_and_exit_code_one(town, tmp_path):
    (tmp_path / "bancs.csv").write_bytes(b"PK no zip")
    result = town()
    assert result.exit_code == 1
    assert "Expected bancs.csv to be a zip, but it is damaged" in result.stderr


def test_the_profiles_are_listed(town):
    result = CliRunner().invoke(main, ["import", "profiles"])
    assert "montpellier-street-lights" in result.stdout
