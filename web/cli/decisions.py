"""``guichet decide``: ask a decision and read why.

Comes in: a DMN file, the name of a decision, inputs as JSON. Goes out: the value, the rules that matched with their
notes, the required decisions; or the same as JSON. It never touches a database. Next: ``engine/dmn/README.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import orjson

from engine import dmn
from engine.clock import SystemClock
from engine.dmn.building import named
from engine.dmn.trace import DecisionTrace, TableTrace, jsonable
from engine.errors import EngineError
from engine.feel.convert import load


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("decision")
@click.option("--input", "given", default="{}", metavar="JSON", help="Inputs as a JSON object, or @FILE.")
@click.option(
    "--at", metavar="INSTANT", help="Instant for now() and today(), ISO 8601 (default: the present)."
)
@click.option("--zone", default="Europe/Brussels", show_default=True, help="Zone of now() and today().")
@click.option("--json", "as_json", is_flag=True, help="Print value, trace and warnings as JSON.")
def decide(file: Path, decision: str, given: str, at: str | None, zone: str, *, as_json: bool) -> None:
    """Evaluate DECISION (id or name) of a DMN FILE and show which rules decided.

    Example: guichet decide triage.dmn Priority --input '{"nature": "leak", "occupied": true}'
    """
    now = _instant(at, zone)
    variables = _inputs(given)
    try:
        model = _read(file)
        outcome = dmn.evaluate(model, decision, dmn.from_json(model, variables), now=now, zone=zone)
    except dmn.DmnRefused as refusal:
        for problem in refusal.problems:
            click.echo(f"{file}:{problem.line}: {problem.message()}\n  {problem.advice()}", err=True)
        raise SystemExit(1) from None
    if as_json:
        click.echo(orjson.dumps(_report(outcome), option=orjson.OPT_INDENT_2))
        return
    for line in _told(outcome):
        click.echo(line)
    errors = [problem for problem in dmn.check(model) if problem.severity == "error"]
    if errors:
        click.echo(f"\nThe model has {len(errors)} error(s); the first: {errors[0].message()}", err=True)


def _instant(at: str | None, zone: str) -> datetime:
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise click.BadParameter(f"there is no zone “{zone}”", param_hint="--zone") from None
    if at is None:
        return SystemClock().now()
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        raise click.BadParameter(f"“{at}” is no instant like 2026-11-21T09:00", param_hint="--at") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=place)


def _inputs(given: str) -> dict[str, Any]:
    """Read the inputs; numbers with a point stay exact."""
    try:
        text = Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given
        found = load(text)
    except (OSError, ValueError, EngineError) as error:
        raise click.BadParameter(f"expected a JSON object, but {error}", param_hint="--input") from None
    if not isinstance(found, dict):
        raise click.BadParameter('expected a JSON object such as {"nature": "leak"}', param_hint="--input")
    return found


def _read(file: Path) -> dmn.Model:
    """Read the file, and the models beside it when it imports any."""
    source = file.read_bytes()
    model = dmn.read(source, name=file.name)
    if not model.imports:
        return model
    files = {file.name: source}
    for beside in sorted(file.parent.glob("*.dmn")):
        if beside.name != file.name and _readable(beside):
            files[beside.name] = beside.read_bytes()
    return dmn.read_all(files)[file.name]


def _readable(file: Path) -> bool:
    """Tell whether a file beside the one that was asked for can be imported at all."""
    try:
        dmn.read(file.read_bytes(), name=file.name)
    except dmn.DmnRefused:
        return False
    return True


def _report(outcome: dmn.Outcome) -> dict[str, Any]:
    return {
        "value": jsonable(outcome.value),
        "trace": outcome.trace.to_json(),
        "warnings": [
            {
                "code": warning.code,
                "message": warning.message(),
                "decision": warning.place.label,
                "rule": warning.place.rule,
                "column": warning.place.column,
                "line": warning.place.line,
            }
            for warning in outcome.warnings
        ],
    }


def _told(outcome: dmn.Outcome) -> Iterator[str]:
    """Tell the value first, then why, the asked decision before those it required."""
    asked = outcome.trace.of(outcome.trace.decision)
    yield f"{asked.name if asked else outcome.trace.decision} = {named(outcome.value, longest=10_000)}"
    for decision in reversed(outcome.trace.decisions):
        yield ""
        yield from _decision(decision, outcome.trace, asked=asked is decision)
    if outcome.warnings:
        yield ""
        yield "Warnings"
        for warning in outcome.warnings:
            place = f", rule {warning.place.rule}" if warning.place.rule else ""
            column = f", column “{warning.place.column}”" if warning.place.column else ""
            yield f"  {warning.place.label}{place}{column} (line {warning.place.line}): {warning.message()}"


def _decision(decision: DecisionTrace, trace: dmn.Trace, *, asked: bool) -> Iterator[str]:
    yield "Why" if asked else f"{decision.name} = {named(decision.value)}"
    if decision.inputs:
        width = max(map(len, decision.inputs))
        for name, value in decision.inputs.items():
            yield f"  {name:<{width}} = {named(value)}"
    for table in decision.tables:
        yield from _table(table)
    if decision.requires:
        required = (trace.of(each) for each in decision.requires)
        yield f"  requires {', '.join(each.name for each in required if each)}"


def _table(table: TableTrace) -> Iterator[str]:
    if not table.matched:
        yield "  no rule matched" + (": the default conclusions apply" if table.defaulted else "")
    for rule in table.matched:
        outputs = ", ".join(
            f"{name} = {named(value)}" if name else named(value) for name, value in rule.outputs.items()
        )
        notes = "; ".join(rule.annotations.values())
        yield f"  rule {rule.number} ({table.hit_policy}): {outputs}" + (f" – {notes}" if notes else "")


COMMANDS = [decide]
