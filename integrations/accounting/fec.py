"""FEC: the file of accounting entries of French tax law, written and checked.

Comes in: entries of one fiscal year. Goes out: the flat file of 18 fields, and every problem a checker would raise.
It never writes an analytic posting: the file is of the general ledger. Next:
``integrations/accounting/hledger.py``.

Source: article A47 A-1 of the Livre des procédures fiscales. Which field must be filled is what the tax office's own
checker (Test Compta Demat) answered; that the file balances, which that checker does not look at, is checked here.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from integrations.accounting.words import decimal, one_line, plainer
from registry.queries.ledger import Entry

FIELDS = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
Level = Literal["error", "alarm", "missing"]
_FILLED: Mapping[str, Level] = {
    "EcritureNum": "error",
    "EcritureDate": "error",
    "CompteNum": "error",
    "CompteLib": "error",
    "EcritureLib": "error",
    "Debit": "error",
    "Credit": "error",
    "JournalCode": "missing",
    "JournalLib": "missing",
    "PieceRef": "missing",
    "PieceDate": "missing",
    "ValidDate": "missing",
}
_DATES = ("EcritureDate", "PieceDate", "DateLet", "ValidDate")
_NUMBERS = ("Debit", "Credit", "Montantdevise")
_NUMBER = re.compile(r"[+-]?\d+(,\d+)?")
_DATE = re.compile(r"20\d{6}")
_NAME = re.compile(r"(.*)FEC(20\d\d[01]\d[0-3]\d)(\..*)?")
_TOTALS = ("Debit", "Credit")


@dataclass(frozen=True, slots=True)
class Problem:
    """What a checker says about a line: ``error`` refuses the file, ``alarm`` and ``missing`` are looked into."""

    line: int
    """Line of the file, the header being 1; 0 for the whole file."""
    field: str
    level: Level
    expected: str
    found: str


def filename(siren: str, closing: date) -> str:
    """Return the name the law gives the file: ``SirenFECAAAAMMJJ``, the day being that of closing."""
    return f"{siren}FEC{closing:%Y%m%d}.txt"


def render(entries: Iterable[Entry], *, encoding: str = "iso8859-15", separator: str = "\t") -> bytes:
    r"""Return the file: a header, then one record for each line of each entry.

    Args:
        entries: of one fiscal year, in the order of their validation.
        encoding: ISO 8859-15 is the law's; UTF-8 is accepted by the office's checker too.
        separator: tab or ``|``; both are taken out of every text.
    """
    lines = [separator.join(FIELDS)]
    lines += [separator.join(_safe(record[field]) for field in FIELDS) for record in _records(entries)]
    return "".join(f"{line}\r\n" for line in lines).encode(encoding, errors="replace")


def validate(content: bytes, *, encoding: str = "iso8859-15", name: str | None = None) -> list[Problem]:
    """Return every problem of a file, in the order of its lines; an empty list is a file that conforms.

    Besides the rules of the law it checks that each entry and the whole file balance, that numbers grow without gaps
    in each journal or over all, and that entries stand in the order of their validation.
    """
    problems = []
    if name is not None and not _NAME.fullmatch(name):
        problems.append(Problem(0, "", "alarm", "a name like SirenFECAAAAMMJJ", name))
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        return [*problems, Problem(0, "", "error", f"characters of {encoding}", f"byte {error.start}")]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    separator = "\t" if "\t" in lines[0] else "|"
    header = tuple(lines[0].split(separator))
    if header != FIELDS:
        return [*problems, Problem(1, "", "error", f"the fields {', '.join(FIELDS)}", ", ".join(header))]
    records: list[tuple[int, dict[str, str]]] = []
    for number, line in enumerate(lines[1:], start=2):
        values = line.split(separator)
        if len(values) != len(FIELDS):
            problems.append(Problem(number, "", "error", f"{len(FIELDS)} fields", str(len(values))))
            continue
        record = dict(zip(FIELDS, values, strict=True))
        problems += _check_record(number, record)
        records.append((number, record))
    return sorted([*problems, *_check_books(records)], key=lambda problem: problem.line)


def _records(entries: Iterable[Entry]) -> Iterator[dict[str, str]]:
    for entry in entries:
        for line in entry.lines:
            yield {
                "JournalCode": entry.journal_code,
                "JournalLib": entry.journal_name,
                "EcritureNum": str(entry.number),
                "EcritureDate": f"{entry.day:%Y%m%d}",
                "CompteNum": line.account_code,
                "CompteLib": line.account_name,
                "CompAuxNum": line.party_code or "",
                "CompAuxLib": line.party_name or "",
                "PieceRef": line.piece_reference,
                "PieceDate": f"{line.piece_date:%Y%m%d}",
                "EcritureLib": line.label,
                "Debit": decimal(line.debit_cents, ","),
                "Credit": decimal(line.credit_cents, ","),
                "EcritureLet": "",
                "DateLet": "",
                "ValidDate": f"{entry.valid_day:%Y%m%d}",
                "Montantdevise": "",
                "Idevise": "",
            }


def _safe(text: str) -> str:
    return one_line(plainer(text), without="\t|")


def _check_record(number: int, record: Mapping[str, str]) -> Iterator[Problem]:
    for field, level in _FILLED.items():
        if not record[field].strip():
            yield Problem(number, field, level, "to be filled", "nothing")
    for field in _DATES:
        value = record[field]
        if value and not _is_date(value):
            yield Problem(number, field, "error", "a day as AAAAMMJJ", value)
    for field in _NUMBERS:
        value = record[field]
        if value and not _NUMBER.fullmatch(value):
            yield Problem(number, field, "error", "a number with a comma and no spaces", value)
    account = record["CompteNum"]
    if (account and not account[:3].isdecimal()) or 0 < len(account) < 3:
        yield Problem(number, "CompteNum", "alarm", "three digits first", account)
    debit, credit = (_cents(record[field]) for field in _TOTALS)
    if debit is not None and credit is not None and (debit == 0) == (credit == 0):
        yield Problem(
            number,
            "Debit",
            "alarm",
            "either a debit or a credit",
            f"{record['Debit']} and {record['Credit']}",
        )


def _check_books(records: list[tuple[int, dict[str, str]]]) -> Iterator[Problem]:
    entries: dict[tuple[str, str], list[tuple[int, dict[str, str]]]] = defaultdict(list)
    for number, record in records:
        entries[record["JournalCode"], record["EcritureNum"]].append((number, record))
    for (journal, entry), lines in entries.items():
        debit, credit = (sum(_cents(record[field]) or 0 for _, record in lines) for field in _TOTALS)
        if debit != credit:
            found = f"{decimal(debit, ',')} and {decimal(credit, ',')}"
            yield Problem(lines[0][0], "Debit", "error", f"entry {journal} {entry} to balance", found)
        days = {record["EcritureDate"] for _, record in lines}
        if len(days) > 1:
            yield Problem(
                lines[0][0],
                "EcritureDate",
                "alarm",
                f"one day in entry {journal} {entry}",
                ", ".join(sorted(days)),
            )
    debit, credit = (sum(_cents(record[field]) or 0 for _, record in records) for field in _TOTALS)
    if debit != credit:
        yield Problem(
            0, "Debit", "error", "the file to balance", f"{decimal(debit, ',')} and {decimal(credit, ',')}"
        )
    yield from _check_numbers(list(entries), {key: lines[0][0] for key, lines in entries.items()})
    for (_, before), (number, record) in itertools.pairwise(records):
        if record["ValidDate"] < before["ValidDate"]:
            yield Problem(
                number, "ValidDate", "alarm", "entries in the order of their validation", record["ValidDate"]
            )


def _check_numbers(keys: list[tuple[str, str]], lines: Mapping[tuple[str, str], int]) -> Iterator[Problem]:
    """Numbers run on in each journal, or over the whole file; numbers that are no integers are not looked at."""
    if not all(number.isdecimal() for _, number in keys):
        return
    over_all = [int(number) for _, number in keys]
    if all(after == before + 1 for before, after in itertools.pairwise(over_all)):
        return
    last: dict[str, int] = {}
    for journal, number in keys:
        if journal in last and int(number) != last[journal] + 1:
            yield Problem(
                lines[journal, number],
                "EcritureNum",
                "alarm",
                f"{last[journal] + 1} in journal {journal}",
                number,
            )
        last[journal] = int(number)


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True


def _cents(value: str) -> int | None:
    if not _NUMBER.fullmatch(value):
        return None
    whole, _, rest = value.lstrip("+-").partition(",")
    cents = int(whole) * 100 + int((rest + "00")[:2])
    return -cents if value.startswith("-") else cents
