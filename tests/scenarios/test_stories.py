"""Every story beside the diagrams of this folder, told in rehearsal.

Each pins one rule of BPMN 2.0 or of the zeebe dialect; engine/kernel/README.md lists the rules by number.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import definitions
from engine.scenarios import Outcome, Runner, coverage, find

HERE = Path(__file__).parent
STORIES = find(sorted(path for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"))
RUNNER = Runner()
LEFT_OUT = {"decision-missing"}
"""Stories of a reference that leads nowhere: deployment would refuse their diagram."""


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_story_comes_true(path: Path) -> None:
    outcome = RUNNER.run(path)
    assert outcome.passed, f"step {outcome.step}: {outcome.message}"


def test_there_are_at_least_a_hundred_and_fifty_stories_with_names_of_their_own() -> None:
    names = [json.loads(path.read_text())["id"] for path in STORIES]
    assert names == [path.stem for path in STORIES]
    assert len(set(names)) == len(names) >= 150


def test_every_diagram_can_be_deployed_and_is_told_by_a_story() -> None:
    told = {
        (path.parent / name).resolve()
        for path in STORIES
        for name in json.loads(path.read_text())["resources"]
    }
    for path in sorted(HERE.rglob("*.bpmn")):
        assert path.resolve() in told
        found = definitions.check([definitions.File(path.name, path.read_bytes())]).problems
        errors = [p for p in found if p.severity == "error" and p.code != "reference.missing"]
        assert errors == []


def test_the_stories_visit_nearly_every_element_and_flow() -> None:
    visited = everything = 0
    for folder in sorted({path.parent for path in STORIES}):
        told: dict[str, list[Outcome]] = {}
        for path in find([folder]):
            told.setdefault(json.loads(path.read_text())["resources"][0], []).append(RUNNER.run(path))
        for name, outcomes in told.items():
            read = definitions.check([definitions.File(name, (folder / name).read_bytes())])
            processes = [process for _, process in read.processes]
            missing = coverage(processes, outcomes)
            all_of_it = sum(len(process.task_specs) - 1 + len(process.flows) for process in processes)
            everything += all_of_it
            visited += all_of_it - sum(map(len, missing.values()))
    assert visited / everything > 0.8
