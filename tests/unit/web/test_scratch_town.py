"""Stories with the real handlers run in a town of their own, which is forgotten with them."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from tests.diagrams import end, process, service, start
from web.cli import main

LETTER = (
    '<bpmn:serviceTask id="letter"><bpmn:extensionElements><zeebe:taskDefinition type="notify.mail"/>'
    '<zeebe:ioMapping><zeebe:input source="=address" target="to"/><zeebe:input source="Works" target="subject"/>'
    '<zeebe:input source="From Monday." target="text"/></zeebe:ioMapping>'
    "</bpmn:extensionElements></bpmn:serviceTask>"
)


def test_known_task_types_are_done_for_real_and_others_stay_jobs(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(
        process("p", start(), LETTER, service("own", "of.a.worker"), end(), flows="start letter own end")
    )
    go = {"do": "start", "process": "p"}
    for name, steps in {
        "done": [{**go, "variables": {"address": "ana@example.org"}}, {"expect": {"waiting": ["own"]}}],
        "refused": [
            {**go, "variables": {"address": 5}},
            {"expect": {"incidents": [{"element": "letter", "kind": "job_no_retries"}]}},
        ],
    }.items():
        story = {"id": name, "resources": ["p.bpmn"], "steps": steps}
        (tmp_path / f"{name}.json").write_text(json.dumps(story))
    told = CliRunner().invoke(main, ["test", "--with-handlers", str(tmp_path)])
    assert "2 passed, 0 failed" in told.output, told.output
    assert CliRunner().invoke(main, ["test", str(tmp_path / "done.json")]).exit_code == 1
