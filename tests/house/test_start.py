"""Commands that people run all day read only what they need.

Comes in: the command line in a fresh Python. Goes out: which modules it has read. It never measures time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STORY = ROOT / "bpmn" / "intervention" / "scenarios" / "asset-unknown.json"
WATCHED = ("flask", "holidays", "apscheduler", "registry.tables", "integrations.tasks")
PROGRAM = """
import sys
from web.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print("read:", *(name for name in {watched} if name in sys.modules))
    raise
"""


def read_by(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{watched}", repr(WATCHED)), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].removeprefix("read:").split())


def test_a_story_is_told_without_pages_registry_or_bridge():
    assert read_by("test", str(STORY)) == set()


def test_a_diagram_is_checked_without_pages_and_without_the_calendars_of_the_world():
    assert read_by("check", str(ROOT / "bpmn" / "intervention")) == {"registry.tables", "integrations.tasks"}
