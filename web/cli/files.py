"""The files that a command is given: whatever can be read is read, and what cannot is said.

Comes in: paths of files and folders. Goes out: diagrams, decisions and forms with their content, scenario
files, and a problem for each path that cannot be read. It never stops at the first of them. Next:
``engine/definitions.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from engine import definitions, scenarios
from engine.definitions import File
from engine.problems import Problem

MOST_BYTES = 5_000_001
"""One more than any reader takes: a longer file is refused without having been read."""
REASONS = {
    "absent": {"en": "it does not exist", "fr": "il n’existe pas"},
    "folder": {"en": "the folder may not be entered", "fr": "le dossier n’est pas accessible"},
    "other": {
        "en": "it is no diagram, decision, form or scenario (.bpmn .dmn .form .json)",
        "fr": "ce n’est ni un diagramme, ni une décision, ni un formulaire, ni un scénario (.bpmn .dmn .form .json)",
    },
    "special": {"en": "it is no file", "fr": "ce n’est pas un fichier"},
}


@dataclass(slots=True)
class Gathered:
    """What stands under the given paths.

    Attributes:
        files: diagrams, decisions and forms; stories: scenario files.
        unreadable: a problem for each path that could not be read.
    """

    files: list[File] = field(default_factory=list)
    stories: list[Path] = field(default_factory=list)
    unreadable: list[Problem] = field(default_factory=list)


def gather(paths: Iterable[Path]) -> Gathered:
    """Read the files at and under ``paths``; a file that two of them name is taken once."""
    found = Gathered()
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            for one in _under(path, found):
                if definitions.kind_of(one.name) is not None:
                    _take(one, found, seen)
                elif one.suffix == ".json" and scenarios.is_scenario(one):
                    _take_story(one, found, seen)
        elif not path.exists():
            found.unreadable.append(_unreadable(path, "absent"))
        elif path.suffix.lower() == ".json":
            _take_story(path, found, seen)
        elif definitions.kind_of(path.name) is None:
            found.unreadable.append(_unreadable(path, "other"))
        else:
            _take(path, found, seen)
    return found


def shown(path: Path) -> str:
    """Return a path as text that every terminal and file can hold."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _under(folder: Path, found: Gathered) -> list[Path]:
    refused: list[OSError] = []
    files: list[Path] = []
    for where, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "node_modules"]
        files += [one for name in names if (one := Path(where) / name).is_file()]
    found.unreadable += [_unreadable(Path(str(error.filename)), "folder") for error in refused]
    return sorted(files)


def _take(path: Path, found: Gathered, seen: set[Path]) -> None:
    if (real := path.resolve()) in seen:
        return
    seen.add(real)
    if not path.is_file():
        found.unreadable.append(_unreadable(path, "special"))
        return
    try:
        with path.open("rb") as stream:
            found.files.append(File(shown(path), stream.read(MOST_BYTES)))
    except OSError as error:
        found.unreadable.append(_unreadable(path, str(error.strerror)))


def _take_story(path: Path, found: Gathered, seen: set[Path]) -> None:
    if (real := path.resolve()) not in seen:
        seen.add(real)
        found.stories.append(path)


def _unreadable(path: Path, reason: str) -> Problem:
    return Problem("path.unreadable", file=shown(path), facts={"reason": REASONS.get(reason, reason)})
