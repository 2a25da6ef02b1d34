"""The rules of the house that no linter knows: sizes, rooms, doors, and what never enters the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("engine", "registry", "integrations", "bpmn", "forms", "web")
LONGEST_FILE = 600
LONGEST_FUNCTION = 70


def _tracked(*patterns: str) -> list[Path]:
    """Return files git knows or would add; a wheel or archive without git is not what this test is for."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in sorted(set(listed.stdout.splitlines())) if (ROOT / name).is_file()]


def _product() -> list[Path]:
    return [
        p for p in _tracked(*(f"{room}/**.py" for room in ROOMS)) if "migrations/versions" not in p.as_posix()
    ]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_no_file_is_longer_than_six_hundred_lines() -> None:
    long = {
        _name(p): count
        for p in _product()
        if (count := len(p.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_function_is_longer_than_seventy_lines() -> None:
    long = {
        f"{_name(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in _product()
        for node in _functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    mute = [
        _name(p)
        for p in _product()
        if p.read_text(encoding="utf-8").strip()
        and ast.get_docstring(ast.parse(p.read_text(encoding="utf-8"))) is None
    ]
    assert mute == []


def test_every_room_has_a_readme() -> None:
    rooms = [
        *ROOMS,
        "engine/feel",
        "engine/dmn",
        "engine/kernel",
        "integrations/tasks",
        "integrations/accounting",
    ]
    rooms += ["integrations/imports", "tests", "web/assets"]
    assert [room for room in rooms if not (ROOT / room / "README.md").is_file()] == []


@pytest.mark.parametrize(
    ("what", "pattern", "allowed"),
    [
        (
            "the clock is read in clock.py",
            r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(",
            r"/clock\.py$",
        ),
        ("commit and rollback stand in store.py", r"\.(commit|rollback)\(\)", r"^engine/store\.py$"),
        ("nothing is evaluated", r"(?<!def )(?<![._a-zA-Z`])(eval|exec)\(", r"^$"),
        ("no SQL is built from strings", r"text\(f[\"']|execute\(f[\"']", r"^$"),
        (
            "no class is called Service, Manager, Helper or Util",
            r"^class (?!DecisionService)\w+(Service|Manager|Helper|Utils?)\b",
            r"^$",
        ),
        ("nothing is left for later", r"\b(TODO|FIXME|XXX|HACK)\b", r"^$"),
    ],
)
def test_habits_hold(what: str, pattern: str, allowed: str) -> None:
    found = [
        f"{_name(path)}:{number}: {line.strip()}"
        for path in _product()
        if not re.search(allowed, _name(path))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    assert found == [], what


def test_no_built_or_large_file_is_in_git() -> None:
    bad = [
        _name(path)
        for path in _tracked()
        if re.search(r"\.min\.(js|css)$|static/dist/|node_modules/", _name(path))
        or path.stat().st_size > 400_000
    ]
    assert bad == []


def test_no_package_host_or_machine_path_is_named() -> None:
    # Written in pieces, so that this file does not name what it forbids.
    hosts = ["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "deb" + r"\.debian"]
    paths = ["/" + "work/", "/" + "farm/"]
    pattern = re.compile("|".join([*hosts, *(rf"(^|[^a-zA-Z0-9._-]){p}" for p in paths)]))
    found = []
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{_name(path)}: {match[0]}" for match in pattern.finditer(text)]
    assert found == []


def test_no_test_is_skipped_but_the_public_kit_that_may_be_absent() -> None:
    pattern = re.compile(r"pytest\.(skip|mark\.(skip|skipif|xfail))")
    found = [
        _name(path)
        for path in _tracked("tests/**.py")
        if path != Path(__file__) and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert [name for name in found if not name.startswith("tests/tck/")] == []
