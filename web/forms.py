"""Task forms as pages: the form-js schema that the engine checks, shown with native controls.

Comes in: a schema, the task's variables, what was entered so far, issues. Goes out: typed submissions, and parts that
``templates/form.html`` shows. It never decides whether a value is right: ``engine/forms.py`` does. Next:
``web/templates/form.html``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup
from werkzeug.datastructures import FileStorage, MultiDict

from engine import forms
from engine.form_schema import CHOICES, KEYED
from engine.forms import Filling, Issue
from web import i18n
from web.files import Drawer
from web.i18n import gettext as _

_MOST_DIGITS = 40
_PUNCTUATION = re.compile(r"[!-/:-@[-`{-~]")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_inline", "html_block"])
EMPTY = Markup("")
_WIDTHS = range(2, 16)


@dataclass(frozen=True)
class Part:
    """One component as the template shows it."""

    kind: str
    name: str = ""
    label: str = ""
    hint: str = ""
    value: Any = None
    required: bool = False
    still: bool = False
    error: str = ""
    options: tuple[tuple[str, str], ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    width: str = ""
    html: Markup = EMPTY
    triggers: bool = False
    parts: tuple[Part, ...] = ()
    rows: tuple[tuple[Part, ...], ...] = ()

    @property
    def id(self) -> str:
        """Return the id of the control, which links of the error summary name."""
        return f"f-{self.name}"


# --- from the page


def submitted(
    components: Iterable[Mapping[str, Any]],
    posted: MultiDict[str, str],
    files: MultiDict[str, FileStorage],
    drawer: Drawer,
    prefix: str = "",
) -> dict[str, Any]:
    """Return the typed submission of a posted form; texts that are no numbers stay texts, for the check to name."""
    found: dict[str, Any] = {}
    for one in components:
        kind = one["type"]
        if kind == "group":
            path = one.get("path")
            inner = submitted(
                one["components"], posted, files, drawer, f"{prefix}{path}." if path else prefix
            )
            found.update({path: inner} if path else inner)
        elif kind == "dynamiclist":
            found[one["path"]] = [
                submitted(one["components"], posted, files, drawer, f"{prefix}{one['path']}.{row}.")
                for row in _rows(posted, f"{prefix}{one['path']}.")
            ]
        elif kind in KEYED and kind != "expression":
            name = prefix + one["key"]
            if kind == "checkbox":
                found[one["key"]] = name in posted
            elif kind in {"checklist", "taglist"}:
                found[one["key"]] = posted.getlist(name)
            elif kind == "filepicker":
                kept = [
                    known for written in posted.getlist(name) if (known := drawer.again(written)) is not None
                ]
                fresh = [drawer.keep(each) for each in files.getlist(name) if each.filename]
                found[one["key"]] = kept + [one for one in fresh if one is not None]
            elif name in posted:
                found[one["key"]] = _decimal(posted[name]) if kind == "number" else posted[name].strip()
    return _nested(found)


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"a.b": 1}`` as ``{"a": {"b": 1}}``: keys of form-js are paths."""
    found: dict[str, Any] = {}
    for key, value in flat.items():
        *parents, last = key.split(".")
        into = found
        for parent in parents:
            into = into.setdefault(parent, {})
        into[last] = value
    return found


def _rows(posted: MultiDict[str, str], prefix: str) -> list[str]:
    rows = {name[len(prefix) :].split(".", 1)[0] for name in posted if name.startswith(prefix)}
    return sorted((row for row in rows if row.isdecimal() and len(row) < 6), key=int)


def _decimal(text: str) -> Decimal | str | None:
    bare = "".join(text.split()).replace("\u202f", "").replace(",", ".")
    if not bare:
        return None
    try:
        number = Decimal(bare)
    except InvalidOperation:
        return text
    # Written out, 1e999999999 would fill the memory; the check names what stays a text.
    return number if number.is_finite() and abs(number.adjusted()) < _MOST_DIGITS else text


def change_rows(submission: dict[str, Any], posted: Mapping[str, str]) -> bool:
    """Add or take away a row of a dynamic list when a button of the page asks so; say whether one did."""
    add, remove = posted.get("_add"), posted.get("_remove")
    if add:
        rows = _list_at(submission, add)
        rows.append({})
        return True
    if remove and "." in remove:
        path, _dot, number = remove.rpartition(".")
        rows = _list_at(submission, path)
        if number.isdecimal() and len(number) < 6 and int(number) < len(rows):
            del rows[int(number)]
        return True
    return "_refresh" in posted


def _list_at(submission: dict[str, Any], path: str) -> list[Any]:
    into: Any = submission
    *parents, last = path.split(".")
    for parent in parents:
        into = into[int(parent)] if isinstance(into, list) else into.setdefault(parent, {})
    rows: list[Any] = into.setdefault(last, [])
    return rows


# --- to the page


def layout(
    filling: Filling, values: Mapping[str, Any], data: Mapping[str, Any], issues: Iterable[Issue] = ()
) -> tuple[Part, ...]:
    """Return the parts of a form that are visible with ``values``, with the texts of ``issues``."""
    errors = {".".join(str(step) for step in one.path): message(one) for one in issues}
    walk = _Walk(filling, errors, _triggers(filling), values, {**data, **values})
    return tuple(_level(walk, filling.form.components))


def summary(issues: Iterable[Issue]) -> list[dict[str, str]]:
    """Return the lines of the error summary: the control, its label (with its row), what to do."""
    lines = []
    for one in issues:
        rows = [step + 1 for step in one.path if isinstance(step, int)]
        label = _("%(label)s, row %(row)s", label=one.label, row=rows[-1]) if rows else one.label
        lines.append(
            {
                "target": "f-" + ".".join(str(step) for step in one.path),
                "label": label,
                "message": message(one),
            }
        )
    return lines


def message(issue: Issue) -> str:
    """Return what to correct, in the language of the page."""
    limit = issue.limit
    if isinstance(limit, int | Decimal):
        limit = i18n.number(Decimal(limit))
    match issue.code:
        case "required":
            return _("this must be filled in")
        case "min":
            return _("at least %(limit)s", limit=limit)
        case "max":
            return _("at most %(limit)s", limit=limit)
        case "minLength":
            return _("at least %(limit)s characters", limit=limit)
        case "maxLength":
            return _("at most %(limit)s characters", limit=limit)
        case "decimals":
            return _("at most %(limit)s digits after the comma", limit=limit)
        case "number":
            return _("a number is expected, for example 12,5")
        case "email":
            return _("a mail address is expected, for example name@example.org")
        case "phone":
            return _("a phone number is expected, for example 04 67 00 00 00")
        case "date" | "time" | "datetime":
            return _("a day and an hour that exist are expected")
        case "one_file":
            return _("only one file is expected")
        case "file_kind":
            return _("files of this kind are expected: %(limit)s", limit=limit)
        case "rows":
            return _("at most %(limit)s rows", limit=limit)
        case _:
            return _("the form is not the one expected")


def _triggers(filling: Filling) -> frozenset[str]:
    """Return the keys that conditions and computed texts ask about: changing them shows the form anew."""
    return frozenset(name for compiled in filling.form.compiled.values() for name in compiled.free_names)


@dataclass(frozen=True)
class _Walk:
    """Where the walk through the schema stands: what was entered here, all that is known, the name so far."""

    filling: Filling
    errors: Mapping[str, str]
    triggers: frozenset[str]
    values: Mapping[str, Any]
    live: Mapping[str, Any]
    prefix: str = ""

    def into(self, values: Mapping[str, Any], prefix: str, **known: Any) -> _Walk:
        return replace(self, values=values, live={**self.live, **values, **known}, prefix=prefix)


def _level(walk: _Walk, components: Iterable[Mapping[str, Any]]) -> Iterable[Part]:
    for one in components:
        kind = one["type"]
        if kind in {"button", "spacer"} or forms.hidden(walk.filling, one, walk.live):
            continue
        if kind == "group":
            path = one.get("path")
            inner = walk.into(_mapping(walk.values.get(path)), f"{walk.prefix}{path}.") if path else walk
            parts = tuple(_level(inner, one["components"]))
            yield Part("group", label=forms.worded(walk.filling, one, "label", walk.live), parts=parts)
        elif kind == "dynamiclist":
            yield _list_part(walk, one)
        elif kind == "text":
            yield Part(kind, html=_html(forms.worded(walk.filling, one, "text", walk.live, _quoted)))
        elif kind == "separator":
            yield Part(kind)
        else:
            yield _field_part(walk, one)


def _list_part(walk: _Walk, one: Mapping[str, Any]) -> Part:
    name = f"{walk.prefix}{one['path']}"
    rows = walk.values.get(one["path"], walk.live.get(one["path"]))
    if not isinstance(rows, list):
        rows = [{}] * int(one.get("defaultRepetitions", 1))
    shown = []
    for number, row in enumerate(rows):
        sent = _mapping(row)
        inner = walk.into(sent, f"{name}.{number}.", this=sent, i=Decimal(number + 1), parent=walk.live)
        shown.append(tuple(_level(inner, one["components"])))
    label = forms.label_of(walk.filling, one, walk.live)
    return Part("dynamiclist", name=name, label=label, rows=tuple(shown), error=walk.errors.get(name, ""))


def _field_part(walk: _Walk, one: Mapping[str, Any]) -> Part:
    filling, live = walk.filling, walk.live
    kind, name = one["type"], walk.prefix + one["key"]
    rules = {
        each: forms.rule(filling, one, each, live)
        for each in ("required", "min", "max", "maxLength", "validationType")
    }
    rules |= {each: one.get(each) for each in ("subtype", "accept", "multiple", "decimalDigits")}
    rules |= {each: (one.get("appearance") or {}).get(each) for each in ("prefixAdorner", "suffixAdorner")}
    value = forms.compute(filling, one, live) if kind == "expression" else _value(one, walk.values, live)
    choices = forms.options(filling, one, live) if kind in CHOICES else []
    columns = (one.get("layout") or {}).get("columns")
    return Part(
        kind,
        name=name,
        label=forms.label_of(filling, one, live),
        hint=forms.worded(filling, one, "description", live),
        value=_shown(kind, value),
        required=bool(rules["required"]),
        still=kind != "expression" and forms.read_only(filling, one, live),
        error=walk.errors.get(name, ""),
        options=tuple((forms.as_text(each), label) for each, label in choices),
        limits={key: each for key, each in rules.items() if each is not None},
        width=f"span-{columns}" if columns in _WIDTHS else "",
        triggers=one["key"].split(".")[0] in walk.triggers,
    )


def _value(one: Mapping[str, Any], values: Mapping[str, Any], live: Mapping[str, Any]) -> Any:
    for source in (values, live):
        found: Any = source
        for step in one["key"].split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is not None:
            return found
    return one.get("defaultValue")


def _shown(kind: str, value: Any) -> Any:
    """Return a value as its control wants it: texts for all but tick boxes and lists."""
    if kind in {"checklist", "taglist"}:
        return [forms.as_text(each) for each in value] if isinstance(value, list) else []
    if kind == "checkbox":
        return value is True
    if kind == "filepicker":
        return value if isinstance(value, list) else []
    if isinstance(value, Decimal):
        return i18n.plain_number(value)
    return forms.as_text(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _quoted(value: str) -> str:
    """Return a value that means nothing in Markdown: a title that strangers write must not become a link."""
    return _PUNCTUATION.sub(r"\\\g<0>", value)


def _html(text: str) -> Markup:
    tokens = _MARKDOWN.parse(text)
    for one in tokens:
        if one.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            one.tag = "h2"  # below the page's own title, whatever the author chose
    # Raw HTML and images are off, links are checked by the library: what comes out is made of its own tags.
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704
