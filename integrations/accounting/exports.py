"""Exports: the postings of an entity in the format an accountant chooses.

Comes in: an entity, days, a format. Goes out: a named file, proved as far as this house can prove it alone. It never
changes a posting, nor says that one was delivered. Next: ``web/cli/accounting.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from integrations.accounting import beancount, csv_profile, fec, hledger
from registry import entities
from registry.errors import Failed, Refused
from registry.queries import ledger
from registry.queries.ledger import Entry

DEFAULT_PROFILE = "french"


class WrongSpan(Refused):
    """The days asked for cannot be exported together."""

    code = "export_wrong_span"


class UnknownFormat(Refused):
    """There is no such format."""

    code = "export_unknown_format"


class NotConform(Failed):
    """A file that was just written breaks a rule of its own format; facts: ``problems``."""

    code = "export_not_conform"


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its code, what people call it, its file, and the layers it carries unless told otherwise."""

    code: str
    name_fr: str
    name_en: str
    extension: str
    media_type: str
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A file ready to be handed over."""

    filename: str
    media_type: str
    content: bytes
    entries: int
    total_cents: int


FORMATS: Mapping[str, Format] = {
    entry.code: entry
    for entry in (
        Format(
            "fec", "FEC (administration fiscale)", "FEC (French tax file)", "txt", "text/plain", ("general",)
        ),
        Format(
            "csv", "CSV (logiciel comptable)", "CSV (accounting package)", "csv", "text/csv", ("general",)
        ),
        Format(
            "hledger", "Journal hledger", "hledger journal", "journal", "text/plain", ("general", "analytic")
        ),
        Format(
            "beancount",
            "Grand livre beancount",
            "beancount ledger",
            "beancount",
            "text/plain",
            ("general", "analytic"),
        ),
    )
}


def export(
    session: Session,
    *,
    entity_code: str,
    start: date,
    end: date,
    format_code: str,
    layers: Collection[str] = (),
    profile: str = DEFAULT_PROFILE,
    siren: str | None = None,
) -> Export:
    """Return the postings of an entity as a file.

    Args:
        session: the transaction.
        entity_code: whose books.
        start: first posting day.
        end: last posting day; the FEC is named after it.
        format_code: one of ``FORMATS``.
        layers: general, analytic, budget; none for those of the format.
        profile: for csv, a shipped profile or the path of one.
        siren: for the name of a FEC; the entity's code stands in when None.

    Raises:
        Missing: there is no such entity or profile.
        UnknownFormat: there is no such format.
        WrongSpan: the days are the wrong way round, or a FEC spans two fiscal years.
        NotConform: the written file breaks a rule of its format.
    """
    chosen = FORMATS.get(format_code)
    if chosen is None:
        raise UnknownFormat(
            f"Expected a format among {', '.join(FORMATS)}, but got {format_code}.", format=format_code
        )
    if end < start or (format_code == "fec" and start.year != end.year):
        raise WrongSpan(
            f"Expected days in order, of one fiscal year for a FEC, but got {start} to {end}.",
            start=start,
            end=end,
        )
    entity = entities.by_code(session, entity_code)
    found = list(
        ledger.entries(session, entity_id=entity.id, start=start, end=end, layers=layers or chosen.layers)
    )
    content = _writer(format_code, profile)(found)
    name = f"{entity.code}-{start}-{end}.{chosen.extension}"
    if format_code == "fec":
        name = fec.filename(siren or entity.code, end)
        _prove(content, name)
    total = sum(line.debit_cents for entry in found for line in entry.lines)
    return Export(name, chosen.media_type, content, len(found), total)


def _writer(format_code: str, profile: str) -> Callable[[Sequence[Entry]], bytes]:
    if format_code == "csv":
        loaded = csv_profile.load(profile)
        return lambda entries: csv_profile.render(entries, loaded)
    writers: dict[str, Callable[[Sequence[Entry]], bytes]] = {
        "fec": fec.render,
        "hledger": hledger.render,
        "beancount": beancount.render,
    }
    return writers[format_code]


def _prove(content: bytes, name: str) -> None:
    problems = [problem for problem in fec.validate(content, name=name) if problem.level == "error"]
    if problems:
        first = problems[0]
        raise NotConform(
            f"Expected {first.expected} in line {first.line} of {name}, but it is {first.found}.",
            problems=problems,
        )
