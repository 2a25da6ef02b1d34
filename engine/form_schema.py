"""Form schemas: read what the form editor wrote, and say what is wrong with it.

Comes in: form-js JSON. Goes out: a form with its FEEL compiled, or every problem at once. It never sees what
somebody submitted. Next: ``engine/forms.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import regex

from engine import feel
from engine.errors import Failed
from engine.feel.errors import FeelSyntaxError
from engine.problems import Problem

KEYED: Final = frozenset(
    {
        "textfield",
        "textarea",
        "number",
        "select",
        "radio",
        "checkbox",
        "checklist",
        "taglist",
        "datetime",
        "filepicker",
        "expression",
    }
)
CHOICES: Final = frozenset({"select", "radio", "checklist", "taglist"})
STILL: Final = frozenset({"text", "separator", "spacer", "button"})
NESTING: Final = frozenset({"group", "dynamiclist"})
SHAPES: Final[dict[str, type]] = {
    **dict.fromkeys(("id", "key", "path", "type", "label", "text", "description", "expression"), str),
    **dict.fromkeys(("valuesKey", "valuesExpression", "dateLabel", "timeLabel"), str),
    **dict.fromkeys(("conditional", "validate", "properties"), dict),
    **dict.fromkeys(("components", "values"), list),
}
"""What the properties that are read must be."""
WORDS_OF_SHAPES: Final[dict[type, dict[str, str]]] = {
    str: {"en": "a text", "fr": "un texte"},
    dict: {"en": "an object", "fr": "un objet"},
    list: {"en": "a list", "fr": "une liste"},
}
TEMPLATE: Final = regex.compile(r"\{\{(.*?)\}\}", regex.DOTALL)
_DEEPEST: Final = 6
_MOST_FIELDS: Final = 400


@dataclass(frozen=True)
class Form:
    """A schema that was read, with its FEEL compiled once."""

    id: str
    components: tuple[dict[str, Any], ...]
    compiled: Mapping[str, feel.Compiled] = field(repr=False)
    version_tag: str | None = None


def sources(form: Form) -> frozenset[str]:
    """Return the names under which choices look for their options (``valuesKey``)."""
    return frozenset(str(one["valuesKey"]) for one in _all(form.components) if one.get("valuesKey"))


def read(text: str) -> Form:
    """Read a schema.

    Raises:
        Failed: the schema has problems; deployment should have refused it.
    """
    return _read(text)


@lru_cache(maxsize=256)
def _read(text: str) -> Form:
    found = problems(text)
    if found:
        raise Failed(f"Expected a sound form, but {found[0].message}", problems=found)
    schema = json.loads(text, parse_float=Decimal)
    components = tuple(schema.get("components", ()))
    compiled = {text: feel.compile(_bare(text)) for one in _all(components) for text in _expressions(one)}
    tag = schema.get("versionTag")
    return Form(
        str(schema.get("id", "")), components, compiled, tag if isinstance(tag, str) and tag else None
    )


def _bare(text: str) -> str:
    return text.removeprefix("=")


def _all(components: Any) -> Iterator[dict[str, Any]]:
    for one in components:
        yield one
        yield from _all(one.get("components") or ())


def _expressions(component: Mapping[str, Any]) -> Iterator[str]:
    """Yield each FEEL text of a component, as it is written there."""
    hide = (component.get("conditional") or {}).get("hide")
    for value in (hide, component.get("expression"), component.get("valuesExpression")):
        if isinstance(value, str) and value.strip():
            yield value
    for value in (component.get("validate") or {}).values():
        if isinstance(value, str) and value.startswith("="):
            yield value
    for name in ("readonly", "min", "max"):
        value = component.get(name)
        if isinstance(value, str) and value.startswith("="):
            yield value
    for name in ("label", "text", "description", "dateLabel", "timeLabel"):
        value = component.get(name)
        if isinstance(value, str):
            yield from _templates(value)
    for name, value in (component.get("properties") or {}).items():
        if isinstance(value, str) and name.startswith(("label_", "text_", "description_")):
            yield from _templates(value)


def _templates(written: str) -> list[str]:
    return [written] if written.startswith("=") else TEMPLATE.findall(written)


def problems(text: str) -> list[Problem]:
    """Return every reason why a schema cannot be used; an empty list means that it can."""
    try:
        schema = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        return [Problem("form.not_json", line=line, facts={"reason": _reason(error)})]
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        return [Problem("form.no_components")]
    found: list[Problem] = []
    if not isinstance(schema.get("id"), str) or not schema["id"]:
        found.append(Problem("form.no_id"))
    count = _walk_problems(schema["components"], found, 1)
    if count > _MOST_FIELDS:
        found.append(Problem("form.too_many", facts={"count": count, "limit": _MOST_FIELDS}))
    return [replace(problem, line=_line_of(problem.element, text)) for problem in found]


def _line_of(component: str, text: str) -> int:
    """Return the line where the id or key of a component stands; 0 when it has none."""
    place = text.find(json.dumps(component, ensure_ascii=False)) if component else -1
    return text.count("\n", 0, place) + 1 if place >= 0 else 0


def _reason(error: Exception) -> dict[str, str]:
    if not isinstance(error, json.JSONDecodeError):
        return {"en": "it is nested too deeply", "fr": "il est imbriqué trop profondément"}
    return {
        "en": f"{error.msg[:1].lower()}{error.msg[1:]}, column {error.colno}",
        "fr": f"la syntaxe est rompue à la colonne {error.colno}",
    }


def _misshapen(one: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each property of a component that is not of its kind, and what it should be."""
    for name, kind in SHAPES.items():
        value = one.get(name)
        if value is not None and not isinstance(value, kind):
            yield name, WORDS_OF_SHAPES[kind]
    for choice in one["values"] if isinstance(one.get("values"), list) else ():
        if not isinstance(choice, dict):
            yield "values", WORDS_OF_SHAPES[dict]


def _walk_problems(components: Any, found: list[Problem], depth: int) -> int:
    if depth > _DEEPEST:
        found.append(Problem("form.too_deep", facts={"limit": _DEEPEST}))
        return 0
    seen: set[str] = set()
    count = 0
    for one in components:
        if not isinstance(one, dict):
            found.append(Problem("form.no_component", facts={"found": repr(one)[:80]}))
            continue
        count += 1
        found.extend(_component_problems(one, seen))
        if isinstance(one.get("components"), list):
            count += _walk_problems(one["components"], found, depth + 1)
    return count


def _component_problems(one: Mapping[str, Any], seen: set[str]) -> Iterator[Problem]:
    kind, name = one.get("type"), str(one.get("id") or one.get("key") or one.get("type") or "")

    def problem(code: str, **facts: Any) -> Problem:
        return Problem(f"form.{code}", element=name, label=str(one.get("label") or name), facts=facts)

    misshapen = list(_misshapen(one))
    if misshapen:
        for property_name, what in misshapen:
            yield problem("misshapen", name=property_name, what=what)
        return
    if kind not in KEYED | STILL | NESTING:
        yield problem("unknown_type", kind=kind)
        return
    key = one.get("key") if kind in KEYED else one.get("path") if kind == "dynamiclist" else None
    if (kind in KEYED or kind == "dynamiclist") and not (isinstance(key, str) and key):
        yield problem("no_key")
    elif key in seen:
        yield problem("duplicate_key", key=key)
    elif isinstance(key, str):
        seen.add(key)
    if kind in CHOICES and not any(one.get(source) for source in ("values", "valuesKey", "valuesExpression")):
        yield problem("no_options")
    for text in _expressions(one):
        try:
            feel.compile(_bare(text))
        except FeelSyntaxError as error:
            yield problem("feel", text=text, reason={"en": error.describe("en"), "fr": error.describe("fr")})
    pattern = (one.get("validate") or {}).get("pattern")
    if isinstance(pattern, str) and not pattern.startswith("="):
        try:
            regex.compile(pattern)
        except regex.error as error:
            yield problem("pattern", reason=str(error))
