"""The same FEEL here and in the browser: what is compared, and how values of two languages become comparable.

Comes in: the shipped diagrams, decisions and forms, ``own.txt``, variables. Goes out: cases, their values here and under
node, the differences. It never judges a difference: ``differences.json`` gives each its reason. Next: ``__main__.py``.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

import bpmn
import forms
from engine import feel
from engine.feel.convert import to_feel
from engine.feel.far import FAR
from tests.feel_corpus import VARIABLES

HERE = Path(__file__).parent
BROWSERS = HERE.parents[1] / "web" / "assets" / "node_modules" / "@bpmn-io" / "feelin" / "dist" / "index.js"
DIFFERENCES = HERE / "differences.json"
ZONE = "UTC"
UNFIT: dict[str, bool] = {"unfit": True}
"""A made-up value whose type the text does not compare with: it proves nothing about the text."""
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
# Each shipped text is tried with all its names null, then with all of them one of these.
PROFILES: dict[str, Any] = {
    "null": None,
    "number": 5,
    "text": "BAT.PLOMBERIE",
    "true": True,
    "list": [{"id": "a", "quantity": 2, "amount": 10.5, "ok": True}, {"id": "b", "quantity": 0}],
}


@dataclass(frozen=True)
class Case:
    """One text with its variables; the name says where it comes from and what its variables are."""

    name: str
    text: str
    kind: str
    variables: Mapping[str, Any]
    made_up: bool = False


def own() -> list[str]:
    """Return our own expressions."""
    lines = (HERE / "own.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


def shipped() -> list[tuple[str, str, str]]:
    """Return (file, text, kind) of every FEEL text in the shipped diagrams, decisions and forms, each text once."""
    found: dict[tuple[str, str], str] = {}
    for name, content in [*bpmn.files("intervention"), *forms.files("intervention")]:
        for text, kind in _texts(name, content):
            found.setdefault((text.strip(), kind), name)
    return [(name, text, kind) for (text, kind), name in sorted(found.items())]


def _texts(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    if name.endswith(".form"):
        yield from ((text, "expression") for text in _feel_in(json.loads(content)))
        return
    tree = etree.fromstring(content)
    if name.endswith(".dmn"):
        for text in tree.iter("{*}text"):
            cell = etree.QName(text.getparent()).localname == "inputEntry"
            yield text.text or "", "unary-tests" if cell else "expression"
        return
    for element in tree.iter(etree.Element):
        yield from ((text[1:], "expression") for text in element.attrib.values() if text.startswith("="))
        if element.text and element.text.lstrip().startswith("="):
            yield element.text.strip()[1:], "expression"


def _feel_in(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("="):
        yield value[1:]
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _feel_in(item)


def cases() -> list[Case]:
    """Return every case, in a fixed order."""
    made = [Case(text, text, "expression", VARIABLES) for text in own()]
    for file, text, kind in shipped():
        try:
            names = feel.compile(text, kind).free_names
        except feel.FeelSyntaxError:
            names = frozenset()  # a text that only one side can read is a difference like any other
        for profile, value in PROFILES.items():
            if profile != "null" and not names and kind == "expression":
                continue
            # A name with a dot is a path that FEEL reads by itself: its first part is the variable.
            variables = {name.partition(".")[0]: value for name in sorted(names)}
            if kind == "unary-tests":
                variables["?"] = value
            made.append(Case(f"{file} [{profile}]: {text}", text, kind, variables, made_up=profile != "null"))
    return made


# ---------------------------------------------------------------------- values


def here(case: Case) -> Any:
    """Return the canonical value of a case in this engine."""
    try:
        compiled = feel.compile(case.text, case.kind)
    except feel.FeelSyntaxError:
        return {"error": "syntax"}
    run = feel.Run(NOW, ZONE)
    value = _value(case, compiled, run)
    if case.made_up and any(one.code == "NOT_COMPARABLE" for one in run.warnings):
        return UNFIT
    return value


def _value(case: Case, compiled: feel.Compiled, run: feel.Run) -> Any:
    names = {name: to_feel(value) for name, value in case.variables.items() if name != "?"}
    try:
        if case.kind == "unary-tests":
            return compiled.holds(run, to_feel(case.variables["?"]), names) is True
        return canonical(compiled.value(run, names))
    except (feel.FeelLimit, feel.FeelAssertion, feel.FeelValueError):
        return {"error": "failed"}


def canonical(value: Any) -> Any:
    """Return a FEEL value as both languages can say it: feelin 6 knows a date as a moment at midnight in UTC."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | Decimal):
        return {"number": float(value)}
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return _moment(datetime.combine(value, time()))
    if isinstance(value, time):
        return _moment(datetime.combine(date(1900, 1, 1), value))
    if isinstance(value, timedelta):
        return {"months": 0, "seconds": value.total_seconds()}
    if isinstance(value, feel.Months):
        return {"months": value.months, "seconds": 0}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, dict):
        return {"context": {name: canonical(item) for name, item in value.items()}}
    if isinstance(value, feel.Range):
        return {"range": True}
    assert isinstance(value, feel.Function) or type(value) in FAR
    return {"function": True}


def _moment(value: datetime) -> dict[str, str]:
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return {"moment": text.replace("+00:00", "Z")}


def same(one: Any, other: Any) -> bool:
    """Say whether two canonical values agree; numbers as far as a float of JavaScript can tell."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return False
        return all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float | int) and isinstance(other, float | int) and not isinstance(one, bool):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return type(one) is type(other) and bool(one == other)


def there(wanted: list[Case]) -> list[Any]:
    """Return the canonical values of the cases under node, in one run."""
    if not BROWSERS.is_file():
        raise FileNotFoundError(f"Expected {BROWSERS}. Run npm ci in web/assets.")
    sent = {
        "module": str(BROWSERS),
        "now": int(NOW.timestamp() * 1000),
        "cases": [{"text": one.text, "kind": one.kind, "variables": dict(one.variables)} for one in wanted],
    }
    answer = subprocess.run(
        [_node(), str(HERE / "feelin.mjs")],
        input=json.dumps(sent),
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(answer.stdout))


def _node() -> str:
    """Return the machine's node, or the one that comes with Playwright."""
    found = shutil.which("node")
    if found:
        return found
    from playwright._impl._driver import compute_driver_executable

    return str(compute_driver_executable()[0])


def differences() -> dict[str, dict[str, Any]]:
    """Return the cases whose values differ, by name: ours and theirs."""
    wanted = cases()
    found = {}
    for case, theirs in zip(wanted, there(wanted), strict=True):
        ours = here(case)
        if ours is not UNFIT and not same(ours, theirs):
            found[case.name] = {"here": ours, "there": theirs}
    return found


def listed() -> dict[str, Any]:
    """Return the checked-in list: ``reasons`` by code, ``differences`` by reason and case."""
    return dict(json.loads(DIFFERENCES.read_text(encoding="utf-8")))
