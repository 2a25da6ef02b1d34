"""Forms: check what somebody submitted against a form-js schema.

Comes in: a schema that was read, the variables of the task, a submission. Goes out: clean values and every issue at
once. It never trusts the browser: unknown keys and hidden fields are dropped, expressions are computed again. Next:
``web/forms.py`` renders the same schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import regex

from engine.form_schema import STILL, TEMPLATE, Form, problems, read, sources

__all__ = [
    "Checked",
    "Filling",
    "Form",
    "Issue",
    "as_text",
    "asked",
    "check",
    "compute",
    "hidden",
    "label_of",
    "options",
    "problems",
    "read",
    "read_only",
    "rule",
    "sources",
    "text",
    "worded",
]

MOST_ROWS: Final = 200
MOST_TEXT: Final = 20_000
_PATTERN_SECONDS: Final = 0.2

# The address form of the HTML standard (4.10.5.1.5), the one that browsers check.
_EMAIL: Final = regex.compile(r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*")
_PHONE: Final = regex.compile(r"\+?[(]?[0-9]{1,4}[)]?[-\s./0-9]{3,30}")
_NUMBER: Final = regex.compile(r"-?[0-9]{1,24}(?:\.[0-9]{1,12})?")


@dataclass(frozen=True)
class Filling:
    """One person in front of one form: what FEEL may ask about now, and the language of labels."""

    form: Form
    now: datetime
    zone: str
    locale: str = "fr"


@dataclass(frozen=True)
class Issue:
    """One thing to correct in a submission: where (keys and row numbers), which rule, its limit."""

    path: tuple[str | int, ...]
    label: str
    code: str
    limit: Any = None


@dataclass(frozen=True)
class Checked:
    """The clean values of a submission and what must be corrected; complete only without issues."""

    values: dict[str, Any]
    issues: tuple[Issue, ...]


def hidden(filling: Filling, component: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Say whether the component's condition hides it, given everything known so far."""
    hide = (component.get("conditional") or {}).get("hide")
    return bool(hide) and _value(filling, str(hide), live) is True


def options(filling: Filling, component: Mapping[str, Any], live: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Return what a choice offers: pairs of value and label."""
    found: Any = component.get("values")
    if found is None and component.get("valuesKey"):
        found = _lookup(live, str(component["valuesKey"]))
    if found is None and component.get("valuesExpression"):
        found = _value(filling, str(component["valuesExpression"]), live)
    pairs = []
    for one in found if isinstance(found, list) else []:
        if isinstance(one, Mapping):
            label = one.get(f"label_{filling.locale}") or one.get("label", one.get("value"))
            pairs.append((one.get("value"), str(label)))
        else:
            pairs.append((one, str(one)))
    return pairs


def text(filling: Filling, written: Any, live: Mapping[str, Any], quote: Callable[[str], str] = str) -> str:
    """Return a label or text with its FEEL filled in: ``=…`` as a whole, or ``{{…}}`` in places, each one quoted."""
    if not isinstance(written, str):
        return ""
    if written.startswith("="):
        return _shown(_value(filling, written, live))
    return TEMPLATE.sub(lambda found: quote(_shown(_value(filling, found.group(1), live))), written)


def worded(
    filling: Filling,
    component: Mapping[str, Any],
    name: str,
    live: Mapping[str, Any],
    quote: Callable[[str], str] = str,
) -> str:
    """Return a text of the component in the language of the person: ``properties.label_en``, else ``label``."""
    own = (component.get("properties") or {}).get(f"{name}_{filling.locale}")
    return text(filling, own or component.get(name), live, quote)


def label_of(filling: Filling, component: Mapping[str, Any], live: Mapping[str, Any]) -> str:
    """Return what a person calls the component."""
    for name in ("label", "dateLabel", "timeLabel"):
        found = worded(filling, component, name, live)
        if found:
            return found
    return str(component.get("key") or component.get("path") or "")


def rule(filling: Filling, component: Mapping[str, Any], name: str, live: Mapping[str, Any]) -> Any:
    """Return a validation rule, computed when it is FEEL."""
    found = (component.get("validate") or {}).get(name)
    return _value(filling, found, live) if isinstance(found, str) and found.startswith("=") else found


def read_only(filling: Filling, component: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Say whether the component only shows its value."""
    found = component.get("readonly")
    if isinstance(found, str) and found.startswith("="):
        found = _value(filling, found, live)
    return bool(component.get("disabled")) or found is True


def compute(filling: Filling, component: Mapping[str, Any], live: Mapping[str, Any]) -> Any:
    """Return the value of an expression field."""
    return _value(filling, str(component.get("expression") or "null"), live)


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _value(filling: Filling, written: str, live: Mapping[str, Any]) -> Any:
    return filling.form.compiled[written].eval(live, now=filling.now, zone=filling.zone).value


def _lookup(data: Mapping[str, Any], key: str) -> Any:
    found: Any = data
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


# --- the check of a submission


@dataclass(frozen=True)
class _Level:
    """Where the walk through the schema stands: what was sent here, all that is known, what is kept, where."""

    sent: Mapping[str, Any]
    live: Mapping[str, Any]
    kept: dict[str, Any]
    path: tuple[str | int, ...]
    issues: list[Issue]


def check(filling: Filling, submission: Mapping[str, Any], data: Mapping[str, Any]) -> Checked:
    """Check a submission against a schema.

    Args:
        filling: the schema, and who fills it where and when.
        submission: typed values by key: text, ``Decimal``, bool, lists, rows of dynamic lists, files as mappings
            with ``name``. Keys the schema does not name are dropped.
        data: the variables that the task can see.
    """
    sent = asked(filling.form.components, submission)
    level = _Level(sent, {**data, **sent}, {}, (), [])
    _check_level(filling, filling.form.components, level)
    return Checked(level.kept, tuple(level.issues))


def asked(components: Any, given: Any) -> dict[str, Any]:
    """Return what of a submission the form asks for: no key of another name can pass for a variable of the task."""
    given = given if isinstance(given, Mapping) else {}
    kept: dict[str, Any] = {}
    for one in components:
        kind, path = one["type"], one.get("path")
        if kind == "group" and not path:
            kept |= asked(one["components"], given)
        elif kind == "group":
            kept[path] = asked(one["components"], given.get(path))
        elif kind == "dynamiclist":
            rows = given.get(path)
            kept[path] = [asked(one["components"], row) for row in rows] if isinstance(rows, list) else []
        elif kind not in STILL and kind != "expression" and one.get("readonly") is not True:
            *parents, last = one["key"].split(".")
            around = _lookup(given, ".".join(parents)) if parents else given
            if isinstance(around, Mapping) and last in around and not one.get("disabled"):
                _put(kept, one["key"], around[last])
    return kept


def _check_level(filling: Filling, components: Any, level: _Level) -> None:
    for one in components:
        kind = one["type"]
        if kind in STILL or hidden(filling, one, level.live):
            continue
        if kind == "group":
            _check_group(filling, one, level)
        elif kind == "dynamiclist":
            level.kept[one["path"]] = _check_rows(filling, one, level)
        elif kind == "expression":
            _put(level.kept, one["key"], compute(filling, one, level.live))
        elif not read_only(filling, one, level.live):
            value, codes = _check_field(filling, one, _lookup(level.sent, one["key"]), level.live)
            _put(level.kept, one["key"], value)
            label = label_of(filling, one, level.live)
            level.issues.extend(
                Issue((*level.path, one["key"]), label, code, limit) for code, limit in codes[:1]
            )


def _check_group(filling: Filling, one: Mapping[str, Any], level: _Level) -> None:
    key = one.get("path")
    if not key:
        _check_level(filling, one["components"], level)
        return
    sent = level.sent.get(key)
    sent = sent if isinstance(sent, Mapping) else {}
    inner = replace(
        level,
        sent=sent,
        live={**level.live, **sent},
        kept=level.kept.setdefault(key, {}),
        path=(*level.path, key),
    )
    _check_level(filling, one["components"], inner)


def _check_rows(filling: Filling, one: Mapping[str, Any], level: _Level) -> list[dict[str, Any]]:
    rows, path = level.sent.get(one["path"]), (*level.path, one["path"])
    rows = rows if isinstance(rows, list) else []
    if len(rows) > MOST_ROWS:
        level.issues.append(Issue(path, label_of(filling, one, level.live), "rows", MOST_ROWS))
    kept: list[dict[str, Any]] = []
    for number, row in enumerate(rows[:MOST_ROWS]):
        sent = row if isinstance(row, Mapping) else {}
        around = {**level.live, **sent, "this": sent, "i": Decimal(number + 1), "parent": level.live}
        inner = replace(level, sent=sent, live=around, kept={}, path=(*path, number))
        _check_level(filling, one["components"], inner)
        kept.append(inner.kept)
    return kept


def _put(into: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        into = into.setdefault(parent, {})
    into[last] = value


def _check_field(
    filling: Filling, one: Mapping[str, Any], given: Any, live: Mapping[str, Any]
) -> tuple[Any, list[tuple[str, Any]]]:
    value, codes = _typed(filling, one, given, live)
    if not codes and rule(filling, one, "required", live) and value in (None, "", [], False):
        codes.append(("required", None))
    if isinstance(value, Decimal):
        codes += _check_number(filling, one, value, live)
    elif isinstance(value, str) and value and one["type"] in {"textfield", "textarea"}:
        codes += _check_text(filling, one, value, live)
    return value, codes


def _typed(
    filling: Filling, one: Mapping[str, Any], given: Any, live: Mapping[str, Any]
) -> tuple[Any, list[tuple[str, Any]]]:
    """Bring a submitted value to the type of its field; what cannot be brought there is dropped or named."""
    match one["type"]:
        case "textfield" | "textarea":
            value = (
                str(given) if isinstance(given, str | int | Decimal) and not isinstance(given, bool) else ""
            )
            return value[:MOST_TEXT], [("maxLength", MOST_TEXT)] if len(value) > MOST_TEXT else []
        case "checkbox":
            return given is True, []
        case "number":
            return _number(given)
        case "select" | "radio":
            offered = [value for value, _label in options(filling, one, live)]
            return next((value for value in offered if _same(given, value)), None), []
        case "checklist" | "taglist":
            offered = [value for value, _label in options(filling, one, live)]
            wanted = given if isinstance(given, list) else []
            return [value for value in offered if any(_same(one_given, value) for one_given in wanted)], []
        case "datetime":
            return _instant(given, str(one.get("subtype", "date")))
        case _:
            files = (
                [dict(each) for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []
            )
            return files, _check_files(one, files)


def as_text(value: Any) -> str:
    """Return the text under which a page sends an option's value back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _same(given: Any, value: Any) -> bool:
    return given == value or (isinstance(given, str) and given != "" and given == as_text(value))


def _number(given: Any) -> tuple[Decimal | None, list[tuple[str, Any]]]:
    if given is None or given == "" or isinstance(given, bool):
        return None, []
    written = format(given, "f") if isinstance(given, Decimal) else str(given).strip()
    if not _NUMBER.fullmatch(written):
        return None, [("number", None)]
    return Decimal(written), []


def _instant(given: Any, subtype: str) -> tuple[str | None, list[tuple[str, Any]]]:
    if not isinstance(given, str) or not given:
        return None, []
    try:
        {"date": date.fromisoformat, "time": time.fromisoformat}.get(subtype, datetime.fromisoformat)(given)
    except ValueError:
        return None, [(subtype if subtype in {"date", "time"} else "datetime", None)]
    return given, []


def _check_files(one: Mapping[str, Any], files: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    if len(files) > 1 and not one.get("multiple"):
        return [("one_file", None)]
    accepted = [
        each.strip().lower()
        for each in str(one.get("accept") or "").split(",")
        if each.strip().startswith(".")
    ]
    if accepted and any(not str(each.get("name", "")).lower().endswith(tuple(accepted)) for each in files):
        return [("file_kind", ", ".join(accepted))]
    return []


def _check_number(
    filling: Filling, one: Mapping[str, Any], value: Decimal, live: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    codes: list[tuple[str, Any]] = []
    digits = one.get("decimalDigits")
    exponent = value.normalize().as_tuple().exponent
    if isinstance(digits, int) and isinstance(exponent, int) and -exponent > digits:
        codes.append(("decimals", digits))
    least, most = rule(filling, one, "min", live), rule(filling, one, "max", live)
    if isinstance(least, int | Decimal) and value < least:
        codes.append(("min", least))
    if isinstance(most, int | Decimal) and value > most:
        codes.append(("max", most))
    return codes


def _check_text(
    filling: Filling, one: Mapping[str, Any], value: str, live: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    codes: list[tuple[str, Any]] = []
    pattern = rule(filling, one, "pattern", live)
    if isinstance(pattern, str) and pattern and not _fits(pattern, value):
        codes.append(("pattern", pattern))
    least, most = rule(filling, one, "minLength", live), rule(filling, one, "maxLength", live)
    if isinstance(least, int | Decimal) and len(value.strip()) < least:
        codes.append(("minLength", least))
    if isinstance(most, int | Decimal) and len(value.strip()) > most:
        codes.append(("maxLength", most))
    kind = rule(filling, one, "validationType", live)
    if kind == "email" and not _EMAIL.fullmatch(value):
        codes.append(("email", None))
    if kind == "phone" and not _PHONE.fullmatch(value):
        codes.append(("phone", None))
    return codes


def _fits(pattern: str, value: str) -> bool:
    try:
        return regex.search(pattern, value, timeout=_PATTERN_SECONDS) is not None
    except TimeoutError:
        return False
