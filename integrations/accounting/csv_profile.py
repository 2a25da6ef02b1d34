"""CSV profiles: postings as the delimited file that one accounting package imports.

Comes in: entries and a profile, which is data. Goes out: the file. It never runs what a profile says: a column names
one of the facts below or a constant text. Next: ``integrations/accounting/exports.py``.

A profile is a TOML file beside this module (``profiles/NAME.toml``) or anywhere on disk; see ``profiles/french.toml``.
A text that a spreadsheet would run as a formula (it begins with ``=``, ``+``, ``-``, ``@``, tab or return) gets an
apostrophe before it (OWASP, CSV injection); amounts and days never do.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from integrations.accounting.words import decimal, one_line, plainer
from registry.errors import Missing, Refused
from registry.queries.ledger import Entry, EntryLine

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTING: Mapping[str, Literal[0, 1]] = {"minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL}
_ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "iso8859-15")

Value = str | int | date
FACTS: Mapping[str, Callable[[Entry, EntryLine], Value]] = {
    "entity_code": lambda entry, _: entry.entity_code,
    "journal_code": lambda entry, _: entry.journal_code,
    "journal_name": lambda entry, _: entry.journal_name,
    "fiscal_year": lambda entry, _: str(entry.fiscal_year),
    "number": lambda entry, _: str(entry.number),
    "reference": lambda entry, _: entry.reference,
    "key": lambda entry, _: entry.key,
    "layer": lambda entry, _: entry.layer,
    "kind": lambda entry, _: entry.kind,
    "day": lambda entry, _: entry.day,
    "valid_day": lambda entry, _: entry.valid_day,
    "entry_label": lambda entry, _: entry.label,
    "order_reference": lambda entry, _: entry.order_reference,
    "account_code": lambda _, line: line.account_code,
    "account_name": lambda _, line: line.account_name,
    "party_code": lambda _, line: line.party_code or "",
    "party_name": lambda _, line: line.party_name or "",
    "piece_reference": lambda _, line: line.piece_reference,
    "piece_date": lambda _, line: line.piece_date,
    "label": lambda _, line: line.label,
    "debit": lambda _, line: line.debit_cents,
    "credit": lambda _, line: line.credit_cents,
    "amount": lambda _, line: line.debit_cents - line.credit_cents,
    "absolute_amount": lambda _, line: abs(line.debit_cents - line.credit_cents),
    "side": lambda _, line: "D" if line.debit_cents else "C",
    "axis_asset": lambda _, line: line.axes.get("asset", ""),
    "axis_nature": lambda _, line: line.axes.get("nature", ""),
    "axis_entity": lambda _, line: line.axes.get("entity", ""),
    "axis_team": lambda _, line: line.axes.get("team", ""),
}
"""What a column can show of a line. Integers are cents, days are days, all else is text."""


class UnusableProfile(Refused):
    """A profile says something this program cannot do."""

    code = "export_unusable_profile"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading and the fact or constant text below it."""

    heading: str
    fact: str | None
    text: str
    limit: int | None
    """Texts are cut to so many characters, because the package would refuse the file."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one accounting package wants its file."""

    name: str
    delimiter: str
    encoding: str
    decimal_mark: str
    day_format: str
    heading: bool
    quoting: Literal["minimal", "all"]
    columns: tuple[Column, ...]


def names() -> list[str]:
    """Return the names of the profiles shipped."""
    folder = resources.files("integrations.accounting") / "profiles"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def load(name: str) -> Profile:
    """Return a shipped profile by name, or the one in the file at that path.

    Raises:
        Missing: there is neither.
        UnusableProfile: it says something that cannot be done.
    """
    if name in names():
        text = (resources.files("integrations.accounting") / "profiles" / f"{name}.toml").read_text("utf-8")
    elif name.endswith(".toml") and Path(name).is_file():
        text = Path(name).read_text("utf-8")
    else:
        raise Missing(
            f"Expected a profile named {', '.join(names())} or a .toml file, but there is no {name}.",
            profile=name,
        )
    try:
        return read(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UnusableProfile(
            f"Expected a profile in TOML, but {name} is not: {error}.", profile=name
        ) from error


def read(data: Mapping[str, Any]) -> Profile:
    """Return the profile that ``data`` describes.

    Raises:
        UnusableProfile: a key or value is unknown or missing.
    """
    known = {"name", "delimiter", "encoding", "decimal_mark", "day_format", "heading", "quoting", "columns"}
    _only(data, known, "a profile")
    profile = Profile(
        name=_text(data, "name"),
        delimiter=_one_of(data, "delimiter", (";", ",", "\t", "|")),
        encoding=_one_of(data, "encoding", _ENCODINGS),
        decimal_mark=_one_of(data, "decimal_mark", (",", ".")),
        day_format=_text(data, "day_format"),
        heading=bool(data.get("heading", True)),
        quoting="all" if _one_of(data, "quoting", tuple(_QUOTING), "minimal") == "all" else "minimal",
        columns=tuple(_column(column) for column in data.get("columns", ())),
    )
    if not profile.columns:
        raise UnusableProfile("Expected a profile with columns, but it has none.", profile=profile.name)
    return profile


def render(entries: Iterable[Entry], profile: Profile) -> bytes:
    """Return the file: a heading when the profile wants one, then one record for each line."""
    file = io.StringIO(newline="")
    writer = csv.writer(
        file, delimiter=profile.delimiter, quoting=_QUOTING[profile.quoting], lineterminator="\r\n"
    )
    if profile.heading:
        writer.writerow([column.heading for column in profile.columns])
    for entry in entries:
        for line in entry.lines:
            writer.writerow([_cell(profile, column, entry, line) for column in profile.columns])
    return file.getvalue().encode(profile.encoding, errors="replace")


def _cell(profile: Profile, column: Column, entry: Entry, line: EntryLine) -> str:
    value = column.text if column.fact is None else FACTS[column.fact](entry, line)
    if isinstance(value, int):
        return decimal(value, profile.decimal_mark)
    if isinstance(value, date):
        return value.strftime(profile.day_format)
    text = one_line(value if profile.encoding.startswith("utf") else plainer(value))
    if text.startswith(_FORMULA):
        text = f"'{text}"
    return text[: column.limit]


def _column(data: Any) -> Column:
    if not isinstance(data, Mapping):
        raise UnusableProfile(f"Expected a column with a heading, but got {data}.")
    _only(data, {"heading", "fact", "text", "limit"}, "a column")
    fact = data.get("fact")
    if (fact is None) == ("text" not in data) or (fact is not None and fact not in FACTS):
        raise UnusableProfile(
            f"Expected column {data.get('heading')} to show a text or one of {', '.join(FACTS)}, but it shows {fact}.",
            fact=fact,
        )
    limit = data.get("limit")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise UnusableProfile(f"Expected a limit above zero, but got {limit}.", limit=limit)
    return Column(_text(data, "heading"), fact, str(data.get("text", "")), limit)


def _only(data: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(data) - known)
    if unknown:
        raise UnusableProfile(
            f"Expected {what} with {', '.join(sorted(known))}, but it has {', '.join(unknown)}.",
            unknown=unknown,
        )


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise UnusableProfile(f"Expected a text for {key}, but got {value}.", key=key)
    return value


def _one_of(data: Mapping[str, Any], key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    value = data.get(key, default)
    if value not in allowed:
        raise UnusableProfile(f"Expected {key} to be one of {allowed}, but got {value!r}.", key=key)
    return str(value)
