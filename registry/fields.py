"""The own fields of an asset class: a small part of JSON Schema, checked on write.

Comes in: the schema of a class and the values of an asset. Goes out: the list of what does not fit. It never
ignores a keyword: a schema that asks for more than this checks is refused when the class is made. Next:
``registry/assets.py``.

Source: JSON Schema 2020-12, Validation, clauses 6.1 (type, enum), 6.2 (minimum, maximum), 6.3 (maxLength),
6.5 (required) and 7.3 (format date).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.rules import Unfit

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_KEYWORDS = frozenset({"type", "enum", "minimum", "maximum", "maxLength", "format"}) | {
    "title",
    "title_en",
    "labels",  # of an enum's values, in French
    "labels_en",
    "description",
}
_OUTER = frozenset({"type", "properties", "required", "additionalProperties"})


@dataclass(frozen=True, slots=True)
class Problem:
    """A field whose value does not fit: which, what was expected, what was found."""

    field: str
    expected: str
    found: str


def check_schema(schema: Mapping[str, Any]) -> None:
    """Refuse a schema that this module cannot hold values to.

    Raises:
        Unfit: a keyword, a type or a format is unknown, or a required field is not declared.
    """
    unknown = set(schema) - _OUTER
    if unknown or schema.get("type", "object") != "object":
        raise Unfit(
            f"Expected a schema of type object with {', '.join(sorted(_OUTER))}, but found {sorted(unknown)}.",
            field="fields",
        )
    properties = schema.get("properties", {})
    for name, rule in properties.items():
        strange = set(rule) - _KEYWORDS
        if strange:
            raise Unfit(f"Expected known keywords in field {name}, but found {sorted(strange)}.", field=name)
        if rule.get("type") not in _TYPES:
            raise Unfit(
                f"Expected field {name} to be one of {', '.join(_TYPES)}, but found {rule.get('type')}.",
                field=name,
            )
        if rule.get("format", "date") != "date":
            raise Unfit(f"Expected format date in field {name}, but found {rule['format']}.", field=name)
    for name in schema.get("required", []):
        if name not in properties:
            raise Unfit(f"Expected the required field {name} to be declared, but it is not.", field=name)


def problems(schema: Mapping[str, Any], values: Mapping[str, Any]) -> list[Problem]:
    """Return every value that does not fit the schema, and every required field that is absent.

    Fields the schema does not name are free, unless it says ``additionalProperties: false``.
    """
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    found = [
        Problem(name, "a value", "nothing")
        for name in schema.get("required", [])
        if values.get(name) in {None, ""}
    ]
    for name, value in values.items():
        rule = properties.get(name)
        if rule is None:
            if schema.get("additionalProperties") is False:
                found.append(Problem(name, "a declared field", name))
        elif value is not None:
            found += _unfit(name, rule, value)
    return found


def _unfit(name: str, rule: Mapping[str, Any], value: Any) -> list[Problem]:
    kind = rule["type"]
    fits = isinstance(value, bool) if kind == "boolean" else isinstance(value, _TYPES[kind])
    if not fits or (isinstance(value, bool) and kind != "boolean"):
        return [Problem(name, f"a value of type {kind}", repr(value))]
    found = []
    if "enum" in rule and value not in rule["enum"]:
        found.append(Problem(name, "one of " + ", ".join(str(word) for word in rule["enum"]), str(value)))
    if "minimum" in rule and value < rule["minimum"]:
        found.append(Problem(name, f"at least {rule['minimum']}", str(value)))
    if "maximum" in rule and value > rule["maximum"]:
        found.append(Problem(name, f"at most {rule['maximum']}", str(value)))
    if isinstance(value, str):
        if "maxLength" in rule and len(value) > rule["maxLength"]:
            found.append(Problem(name, f"at most {rule['maxLength']} characters", str(len(value))))
        if rule.get("format") == "date" and not _is_day(value):
            found.append(Problem(name, "a day like 2026-11-21", value))
    return found


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
