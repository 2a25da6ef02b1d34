"""JSON to the values that a model's input data promise.

Comes in: JSON values by name. Goes out: the same, with text turned into dates, times and durations where the
model's input data are of such a type. It never guesses: text that is no such value stays text, and the decision
warns. Next: ``engine/dmn/evaluate.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.dmn import program
from engine.dmn.building import Builder
from engine.dmn.model import InputData, ItemDefinition, Model
from engine.feel import temporal
from engine.feel.values import DATE, DATE_TIME, DAYS, MONTHS, TIME

_READERS = {
    DATE: temporal.read_date,
    TIME: temporal.read_time,
    DATE_TIME: temporal.read_date_time,
    DAYS: temporal.read_duration,
    MONTHS: temporal.read_duration,
}


def from_json(source: Model, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Turn JSON text into dates, times and durations where the input data of a model are of such types.

    JSON has no dates; scenarios, the command line and the REST API write them as ISO 8601 text.

    Args:
        source: the model that will be evaluated.
        variables: JSON values by name.

    Returns:
        A new dictionary; names that no input data has are passed as they are.
    """
    builder = program.of(source).builder
    types = {name: drawn.type_ref for drawn in source.inputs for name in _names(drawn)}
    return {name: _converted(value, types.get(name), builder) for name, value in variables.items()}


def _names(drawn: InputData) -> tuple[str, ...]:
    return drawn.name, drawn.variable.name if drawn.variable else drawn.name, drawn.id


def _converted(value: Any, type_name: str | None, builder: Builder) -> Any:
    if type_name is None or value is None:
        return value
    definition = builder.definitions.get(type_name)
    if definition is not None:
        return _item(value, definition, builder)
    reader = _READERS.get(builder.built_in(type_name) or "")
    if reader is None or not isinstance(value, str):
        return value
    found = reader(value)
    return value if found is None else found


def _item(value: Any, definition: ItemDefinition, builder: Builder) -> Any:
    if isinstance(value, list):
        return [_item(each, definition, builder) for each in value]
    if isinstance(value, dict):
        parts = {part.name: part for part in definition.components}
        return {
            name: _item(each, parts[name], builder) if name in parts else each for name, each in value.items()
        }
    return _converted(value, definition.type_ref, builder)
