"""What is installed is what is declared, and the wheel carries all that the product reads at run time."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _pinned(name: str) -> set[str]:
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return {_plain(match[1]) for line in lines if (match := re.match(r"([A-Za-z0-9_.-]+)(\[.*\])?==", line))}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _declared(requirements: list[str]) -> set[str]:
    return {_plain(re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]) for requirement in requirements}


def test_every_declared_dependency_is_pinned_with_its_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert _declared(project["project"]["dependencies"]) - _pinned("run.txt") == set()
    assert _declared(project["dependency-groups"]["dev"]) - _pinned("dev.txt") == set()
    for name in ("run.txt", "dev.txt", "build.txt", "uv.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert text.count("--hash=sha256:") >= len(_pinned(name))


def test_the_wheel_carries_diagrams_forms_templates_assets_and_no_sources(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for wanted in (
        "bpmn/intervention/intervention.bpmn",
        "bpmn/intervention/triage.dmn",
        "forms/intervention/plan-work.form",
        "integrations/imports/profiles/montpellier-buildings.toml",
        "engine/migrations/versions/2026_11_21_first.py",
        "registry/migrations/versions/2026_11_21_first.py",
        "web/templates/layout.html",
        "web/static/dist/manifest.json",
        "web/static/dist/THIRD-PARTY.txt",
        "web/demo/buildings.csv",
    ):
        assert wanted in names, wanted
    assert any(name.startswith("web/translations/") and name.endswith(".mo") for name in names)
    unwanted = [name for name in names if re.search(r"node_modules|^tests/|^web/assets/|README\.md$", name)]
    assert unwanted == []
