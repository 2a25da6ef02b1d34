"""The kit, run.

Comes in: suites of cases. Goes out: for each case whether it passed, and why not. It evaluates through the public
verbs of ``engine.dmn`` only. Next: ``__main__.py``, ``test_tck.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine import dmn
from engine.errors import EngineError
from engine.feel.compare import equal
from engine.feel.text import FREE
from engine.feel.values import CONTEXT_KIND, DATE_TIME, KINDS, LIST, NUMBER, TIME, kind
from tests.tck.cases import Case, Result, Suite, Unreadable

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EXCLUSIONS = Path(__file__).with_name("exclusions.json")


@dataclass(frozen=True)
class Verdict:
    level: int
    key: str  # folder/suite/case: stable name of the case
    passed: bool
    why: str = ""


def exclusions() -> dict[str, str]:
    """Return key of each excluded case to the reason."""
    groups = json.loads(EXCLUSIONS.read_text(encoding="utf-8"))
    return {key: group["reason"] for group in groups for key in group["cases"]}


def run(suite: Suite) -> Iterator[Verdict]:
    """Run every case of a suite."""
    models = dmn.read_all(suite.files)
    model = models[suite.model]
    for case in suite.cases:
        reasons = [reason for result in case.results if (reason := _judge(model, case, result))]
        yield Verdict(suite.level, f"{suite.folder}/{suite.name}/{case.id}", not reasons, "; ".join(reasons))


def _judge(model: dmn.Model, case: Case, result: Result) -> str:
    """Return why the result is wrong (empty: it is right)."""
    try:
        found = _answer(model, case, result)
    except EngineError as error:
        if result.is_error or result.expected is None:
            return ""
        return f"{result.name}: {type(error).__name__}: {error}"
    except Exception as crash:  # noqa: BLE001 - anything untyped is a defect to be listed with its case
        return f"{result.name}: CRASH {type(crash).__name__}: {crash}"
    if result.is_error:
        return "" if found is None else f"{result.name}: expected an error, got {found!r}"
    return (
        "" if same(found, result.expected) else f"{result.name}: expected {result.expected!r}, got {found!r}"
    )


def _answer(model: dmn.Model, case: Case, result: Result) -> Any:
    variables = {name: value for (namespace, name), value in case.inputs.items()}
    given = {(namespace or model.namespace, name): value for (namespace, name), value in case.inputs.items()}
    target = case.service or result.name
    source = model
    if result.namespace not in {None, model.namespace}:
        source = next(each.model for each in model.imports if each.namespace == result.namespace)
    outcome = dmn.evaluate(source, target, variables, now=NOW, zone="UTC", given=given)
    if case.service is None:
        return outcome.value
    service = source.find(case.service)
    several = len(service.outputs) > 1
    named = isinstance(outcome.value, dict) and result.name in outcome.value
    return outcome.value[result.name] if several or named else outcome.value


def same(found: Any, expected: Any) -> bool:
    """Compare as the kit does: numbers within 1e-8, times with their offsets."""
    if found is None or expected is None:
        return found is expected
    if isinstance(expected, Unreadable) or type(found) not in KINDS or kind(found) != kind(expected):
        return False
    what = kind(expected)
    if what == NUMBER:
        return abs(Decimal(found) - Decimal(expected)) <= max(
            Decimal("1e-8"), abs(expected) * Decimal("1e-12")
        )
    if what == LIST:
        return len(found) == len(expected) and all(map(same, found, expected))
    if what == CONTEXT_KIND:
        return found.keys() == expected.keys() and all(same(found[key], expected[key]) for key in expected)
    if what in {TIME, DATE_TIME} and (found.tzinfo is None) != (expected.tzinfo is None):
        return False
    return equal(found, expected, FREE) is True
