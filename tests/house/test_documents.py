"""What the documents say is so: commands, settings, links, the files to read."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from web.cli import MODULES
from web.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_the_map_names_every_command() -> None:
    assert [name for name in MODULES if not re.search(rf"`(guichet )?{name}\b", README)] == []


def test_the_map_names_every_setting() -> None:
    names = [f"{PREFIX}{one.name.upper()}" for one in fields(Settings) if one.name != "origins"]
    assert [name for name in names if name not in README] == []


@pytest.mark.parametrize("document", _documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []
