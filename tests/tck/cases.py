"""The cases of the DMN Technology Compatibility Kit.

Comes in: the kit's zip archive. Goes out: suites of cases with their model, inputs and expected values as FEEL
values. It never evaluates. Next: ``running.py``.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from lxml import etree

from engine.feel import temporal

ROOT = Path(__file__).resolve().parents[2]
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
NUMBERS = {"decimal", "double", "integer", "int", "float", "long"}
READERS = {
    "date": temporal.read_date,
    "time": temporal.read_time,
    "dateTime": temporal.read_date_time,
    "duration": temporal.read_duration,
}


@dataclass(frozen=True)
class Unreadable:
    """A value of the kit that Python's calendar cannot hold: no result ever equals it."""

    text: str


@dataclass(frozen=True)
class Result:
    name: str
    namespace: str | None
    expected: Any
    is_error: bool


@dataclass(frozen=True)
class Case:
    id: str
    service: str | None
    inputs: dict[tuple[str | None, str], Any]
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Suite:
    level: int
    folder: str
    name: str
    model: str
    files: dict[str, bytes]
    cases: tuple[Case, ...]


def archive() -> Path:
    """Return where the kit lies: ``GUICHET_TCK``, else beside the repository."""
    return Path(os.environ.get("GUICHET_TCK") or ROOT.parent / "shared" / "data" / "dmn-tck.zip")


def suites(path: Path) -> Iterator[Suite]:
    """Yield every suite of the compliance levels."""
    with zipfile.ZipFile(path) as kit:
        by_folder: dict[PurePosixPath, list[PurePosixPath]] = {}
        for name in sorted(kit.namelist()):
            file = PurePosixPath(name)
            if file.parts[0].startswith("compliance-level-"):
                by_folder.setdefault(file.parent, []).append(file)
        for files in by_folder.values():
            models = {file.name: kit.read(str(file)) for file in files if file.suffix == ".dmn"}
            for file in files:
                if file.suffix == ".xml":
                    yield from _suite(kit.read(str(file)), file, models)


def _suite(source: bytes, file: PurePosixPath, models: dict[str, bytes]) -> Iterator[Suite]:
    root = etree.fromstring(source)
    if _local(root) != "testCases":
        return
    yield Suite(
        level=int(file.parts[0][-1]),
        folder=file.parts[1],
        name=file.stem,
        model=(_text(root, "modelName") or "").strip(),
        files=models,
        cases=tuple(_case(node) for node in _kids(root, "testCase")),
    )


def _case(node: Any) -> Case:
    inputs = {(each.get("namespace"), each.get("name")): _value(each) for each in _kids(node, "inputNode")}
    results = tuple(
        Result(
            name=each.get("name"),
            namespace=each.get("namespace"),
            expected=_value(_kid(each, "expected")),
            is_error=each.get("errorResult") == "true",
        )
        for each in _kids(node, "resultNode")
    )
    service = node.get("invocableName") if node.get("type") == "decisionService" else None
    return Case(id=node.get("id") or node.get("name") or "?", service=service, inputs=inputs, results=results)


def _value(node: Any) -> Any:
    if node is None:
        return None
    components = list(_kids(node, "component"))
    if components:
        return {each.get("name"): _value(each) for each in components}
    items = _kid(node, "list")
    if items is not None:
        return None if items.get(NIL) == "true" else [_value(each) for each in _kids(items, "item")]
    value = _kid(node, "value")
    if value is None or value.get(NIL) == "true":
        return None
    return _simple((value.get(TYPE) or "string").split(":")[-1], "".join(value.itertext()))


def _simple(kind: str, text: str) -> Any:
    if kind == "string":
        return text
    text = text.strip()
    if kind in NUMBERS:
        return Decimal(text)
    if kind == "boolean":
        return text in {"true", "1"}
    found = READERS[kind](text)
    return Unreadable(text) if found is None else found


def _local(node: Any) -> str:
    return etree.QName(node).localname


def _kids(node: Any, name: str) -> Iterator[Any]:
    return (each for each in node if isinstance(each.tag, str) and _local(each) == name)


def _kid(node: Any, name: str) -> Any:
    return next(_kids(node, name), None)


def _text(node: Any, name: str) -> str | None:
    found = _kid(node, name)
    return None if found is None else "".join(found.itertext())
