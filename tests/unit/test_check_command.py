"""What ``guichet check`` does with what it is given: folders, odd names, odd bytes, and paths nobody can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine import definitions
from engine.definitions import File
from web.cli import main
from web.cli.processes import SHIPPED

NAMESPACE = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def diagram(process: str = "p", inside: str = "") -> bytes:
    return (
        f'<bpmn:definitions xmlns:bpmn="{NAMESPACE}" id="d" targetNamespace="u"><bpmn:process id="{process}" '
        f'isExecutable="true"><bpmn:startEvent id="s"/>{inside}</bpmn:process></bpmn:definitions>'
    ).encode()


def check(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


BROKEN = diagram(inside='<bpmn:task id="lost"/>')


def test_a_path_that_cannot_be_read_hides_no_problem_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.bpmn").write_bytes(BROKEN)
    target = tmp_path / "found.json"
    outcome = check(tmp_path / "none.bpmn", tmp_path / "broken.bpmn", "--json", target, "--lang", "en")
    assert outcome.exit_code == 2
    assert [record["code"] for record in json.loads(target.read_bytes())] == [
        "path.unreadable",
        "element.unreachable",
    ]
    assert "it does not exist" in outcome.output


@pytest.mark.parametrize(
    ("name", "code"), [("note.txt", 2), ("a.BPMN", 0), ("a.bpmn20.xml", 0), ("a.bpmn2", 0)]
)
def test_a_diagram_is_known_by_its_name(tmp_path: Path, name: str, code: int) -> None:
    (tmp_path / name).write_bytes(diagram())
    assert check(tmp_path / name).exit_code == code


def test_a_folder_is_searched_to_its_depths_but_not_behind_its_curtains(tmp_path: Path) -> None:
    for folder in ("deep/deeper", ".git", "node_modules/x", "named.bpmn"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "broken.bpmn").write_bytes(BROKEN)
    (tmp_path / "notes.txt").write_text("nothing")
    outcome = check(tmp_path, "--lang", "en")
    assert outcome.exit_code == 1
    assert outcome.output.rstrip().endswith("2 files: 2 errors, 1 warning.")


def test_a_file_named_twice_is_checked_once(tmp_path: Path) -> None:
    (tmp_path / "a.bpmn").write_bytes(diagram())
    assert "1 fichier : rien à corriger." in check(tmp_path, tmp_path / "a.bpmn").output


def test_names_of_any_bytes_are_written(tmp_path: Path) -> None:
    label = "Accueil&#10;du public"
    (tmp_path / "caf\udce9.bpmn").write_bytes(diagram(inside=f'<bpmn:task id="lost" name="{label}"/>'))
    (tmp_path / "a.form").write_text(
        '{"id": "f", "components": [{"type": "text\\ud800", "label": "\\u001b[31m"}]}'
    )
    target = tmp_path / "found.json"
    outcome = check(tmp_path, "--json", target)
    assert outcome.exit_code == 1
    labels = {record["label"] for record in json.loads(target.read_bytes())}
    assert "Accueil du public" in labels
    assert "\x1b" not in outcome.output


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.bpmn").write_bytes(diagram())
    outcome = check(tmp_path, "--json", tmp_path / "none" / "found.json")
    assert outcome.exit_code == 2
    assert "cannot be written" in outcome.output


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"steps": [{"do": []}], "resources": [5]}', '{"steps": 1}', "{"]
)
def test_a_scenario_of_any_shape_is_a_problem_and_no_crash(tmp_path: Path, text: str) -> None:
    (tmp_path / "story.json").write_text(text)
    outcome = check(tmp_path)
    assert outcome.exit_code == 1
    assert "scenario.unusable" in outcome.output


def test_the_same_definition_in_two_files_is_a_warning() -> None:
    problems = definitions.check([File("a.bpmn", diagram()), File("b.bpmn", diagram())]).problems
    assert [(p.code, p.file, p.element, p.severity) for p in problems] == [
        ("definition.twice", "b.bpmn", "p", "warning")
    ]


def test_two_files_of_one_name_are_refused() -> None:
    problems = definitions.check([File("a.bpmn", diagram()), File("a.bpmn", diagram("q"))]).problems
    assert [(p.code, p.file, p.severity) for p in problems] == [("file.twice", "a.bpmn", "error")]


def test_an_enormous_form_is_refused_unread() -> None:
    problems = definitions.check([File("a.form", b"[" * 50_000_000)]).problems
    assert [p.code for p in problems] == ["file.too_big"]


def test_references_to_what_is_shipped_are_whole() -> None:
    known = {"processes": "closure", "decisions": "triage", "forms": "review-proposal"}
    for kind, key in known.items():
        assert key in getattr(SHIPPED, kind)
        assert not any(key in getattr(SHIPPED, other) for other in known if other != kind)
