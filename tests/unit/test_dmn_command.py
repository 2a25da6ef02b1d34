"""``guichet decide``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests import drawings as draw
from web.cli.decisions import decide


@pytest.fixture
def triage(tmp_path):
    path = tmp_path / "triage.dmn"
    logic = draw.table(
        ["nature", "occupied"],
        ["level"],
        ['"leak"', "true", '"high"'],
        ["-", "-", '"normal"'],
        hit="FIRST",
        notes=["leak in an occupied school", "everything else"],
    )
    parts = (
        draw.given("nature", "string"),
        draw.given("occupied", "boolean"),
        draw.given("due", "date"),
        draw.decision("Priority", logic, needs=["i_nature", "i_occupied"]),
        draw.decision("Days", draw.feel('if Priority = "high" then 1 else 5'), needs=["d_Priority"]),
        draw.decision("Late", draw.feel("due < today()"), needs=["i_due"]),
    )
    path.write_bytes(draw.definitions(*parts))
    return path


def run(*arguments):
    return CliRunner().invoke(decide, [str(each) for each in arguments])


def test_value_rules_and_requirements_are_told(triage):
    result = run(triage, "Days", "--input", '{"nature": "leak", "occupied": true}')
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "Days = 1"
    assert "  requires Priority" in lines
    assert '  rule 1 (FIRST): level = "high" – leak in an occupied school' in lines
    assert '  nature   = "leak"' in lines


def test_json_is_for_programs(triage):
    result = run(triage, "d_Priority", "--input", '{"nature": 5}', "--json")
    report = json.loads(result.output)
    assert report["value"] == "normal"
    assert report["trace"]["decisions"][0]["tables"][0]["matched"][0]["number"] == 2
    assert report["warnings"][0]["code"] == "wrong_type"


def test_dates_are_read_from_text_and_the_clock_can_be_set(triage):
    for at, expected in (("2026-11-20T10:00", "false"), ("2026-11-23T10:00", "true")):
        result = run(triage, "Late", "--input", '{"due": "2026-11-21"}', "--at", at)
        assert result.output.splitlines()[0] == f"Late = {expected}"


def test_inputs_may_come_from_a_file(triage, tmp_path):
    given = tmp_path / "given.json"
    given.write_text('{"nature": "leak", "occupied": true}')
    assert run(triage, "Priority", "--input", f"@{given}").output.startswith('Priority = "high"')


def test_models_beside_the_file_are_imported(tmp_path):
    (tmp_path / "base.dmn").write_bytes(
        draw.definitions(draw.decision("Rate", draw.feel("21")), namespace="base")
    )
    (tmp_path / "broken.dmn").write_bytes(b"<html/>")
    main = tmp_path / "main.dmn"
    imported = '<import name="base" namespace="base" importType="dmn"/>'
    main.write_bytes(
        draw.definitions(imported, draw.decision("Tax", draw.feel("base.Rate"), needs=["base#d_Rate"]))
    )
    assert run(main, "Tax").output.startswith("Tax = 21")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["Priority", "--input", "{"], 2, "JSON object"),
        (["Priority", "--input", "[1]"], 2, "JSON object"),
        (["Priority", "--zone", "Mars/Base"], 2, "no zone"),
        (["Priority", "--at", "soon"], 2, "no instant"),
    ],
)
def test_what_is_not_understood_is_said_with_code_two(triage, arguments, code, words):
    result = run(triage, *arguments)
    assert result.exit_code == code
    assert words in result.output


def test_a_file_that_is_no_dmn_is_refused_with_advice(tmp_path):
    path = tmp_path / "x.dmn"
    path.write_bytes(b"<html/>")
    result = run(path, "A")
    assert result.exit_code == 1
    assert "Choose a file saved as DMN." in result.output
