"""No diagram reaches Python's own evaluator, by any path through SpiffWorkflow or through us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine import kernel
from tests import diagrams as d

ROOT = Path(__file__).parents[2]

WATCHED = """
import sys
from pathlib import Path
from engine import scenarios

found = scenarios.find([Path("tests/scenarios"), Path("bpmn")])
stories = [path for path in found if path.parent.name != "with_handlers"]  # they are told on a database
runner = scenarios.Runner()
for story in stories:
    runner.run(story)  # everything is read, compiled and imported once before the watch begins

seen = []
watching = False

def watch(event, arguments):
    if watching and event in ("exec", "compile"):
        seen.append(event)

sys.addaudithook(watch)
watching = True
eval("1")  # the watch itself works
assert seen == ["exec"] or "exec" in seen, seen
seen.clear()
fresh = scenarios.Runner()
told = [fresh.run(story).passed for story in stories]
watching = False
print(len(told), all(told), sorted(set(seen)))
"""


def test_no_story_makes_python_compile_or_execute_anything() -> None:
    """Python raises an audit event whenever code is compiled or executed (PEP 578): none may come."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    count, passed, events = done.stdout.split(maxsplit=2)
    assert int(count) > 200
    assert passed == "True"
    assert events.strip() == "[]"


def test_spiffworkflows_script_engine_is_never_imported_by_the_kernel() -> None:
    found = [
        path.name
        for path in (ROOT / "engine").rglob("*.py")
        if "script_engine import" in path.read_text(encoding="utf-8")
    ]
    assert found == []


def test_whoever_asks_a_run_for_a_script_engine_gets_none() -> None:
    content = d.process("p", d.start(), d.end(), flows="start end")
    process = kernel.read(content, "p.bpmn").processes[0]
    run = kernel.Run(process, environment=None)  # type: ignore[arg-type]  # nothing is evaluated here
    with pytest.raises(AttributeError, match="runs no scripts"):
        run.script_engine.evaluate(None, "1 + 1")
