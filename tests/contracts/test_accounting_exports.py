"""Programs we did not write read our books and find the same balances, to the cent."""

import csv
import io
import re
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Transaction

from integrations.accounting import FORMATS, beancount, csv_profile, export, exports, fec, hledger
from registry import money, postings, stock
from registry.errors import Missing
from registry.queries import ledger
from tests import factories_accounts as town_with
from tests.factories_stock import AT, KG, WHO, memory

YEAR = {"start": date(2026, 1, 1), "end": date(2026, 12, 31)}
NASTY = '=SUM(A1)|"quoted"; back\\slash\ttab\nline – cœur €'


def busy(session) -> None:
    """Books with every kind of posting, and a label that tries to break each format."""
    town = town_with.books(session)
    for pieces in (1, 3, 7):
        posting = town_with.material_posting(session, town, pieces)
    postings.reverse(session, posting.id, reason="again", **WHO)
    town_with.posted(session, posting.order_id)
    nasty = town_with.order(session, town, mode="contractor", title=NASTY.replace("\n", " "))
    town_with.labour(session, town, nasty, 95)
    town_with.invoice(session, town, nasty, 123_457, number=NASTY)
    town_with.invoice(session, town, nasty, -3_457, number="credit note")
    town_with.posted(session, nasty)
    own = town_with.order(session, town)
    town_with.labour(session, town, own, 60)
    town_with.posted(session, own)
    abroad = town_with.order(session, town, town.home)
    town_with.labour(session, town, abroad, 60)
    move_id = town_with.material(session, town, abroad, 5)
    stock.put_back(session, move_id, quantity_milli=KG, reason="unused", **WHO)
    town_with.posted(session, abroad)


@pytest.fixture
def session():
    with memory(busy) as session:
        yield session


@pytest.fixture
def commune(session):
    return town_with.reread(session).commune


def entries(session, entity, *layers):
    return list(ledger.entries(session, entity_id=entity.id, layers=layers or ("general",), **YEAR))


def ours(session, entity, *layers):
    found = ledger.balances(session, entity_id=entity.id, layers=layers or ("general",), **YEAR)
    return {code: money.euros(cents) for code, cents in found.items()}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def bean_check(path):
    return run(str(Path(sys.executable).parent / "bean-check"), str(path))


def test_bean_check_accepts_the_ledger_and_beancount_finds_our_balances(session, commune, tmp_path):
    layers = ("general", "analytic")
    made = export(session, entity_code="COM", format_code="beancount", **YEAR)
    file = tmp_path / made.filename
    file.write_bytes(made.content)
    checked = bean_check(file)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    found, errors, _ = loader.load_file(str(file))
    assert errors == []
    codes = {entry.account: entry.meta["code"] for entry in found if hasattr(entry, "currencies")}
    balances: dict[str, Decimal] = {}
    transactions = [entry for entry in found if isinstance(entry, Transaction)]
    for transaction in transactions:
        for line in transaction.postings:
            code = codes[line.account]
            balances[code] = balances.get(code, Decimal(0)) + line.units.number
    assert balances == ours(session, commune, *layers)
    assert len(transactions) == made.entries == 10
    costs = [
        line.units.number
        for transaction in transactions
        for line in transaction.postings
        if line.meta.get("asset") == "ECOLE-01"
    ]
    assert sum(costs) == Decimal("2.50") + Decimal("7.50") + Decimal("17.50") + Decimal("1247.50") + 30


def test_bean_check_refuses_the_ledger_when_one_cent_is_missing(session, commune, tmp_path):
    content = beancount.render(entries(session, commune)).decode()
    spoiled = content.replace("Expenses:6068  2.50 EUR", "Expenses:6068  2.51 EUR", 1)
    assert spoiled != content
    file = tmp_path / "spoiled.beancount"
    file.write_text(spoiled, encoding="utf-8")
    assert bean_check(file).returncode == 1


def test_the_hledger_journal_gives_our_balances_when_read_by_its_grammar(session, commune):
    """Amount lines of the journal, read as hledger's manual says: two spaces, number, commodity."""
    content = hledger.render(entries(session, commune, "general", "analytic")).decode()
    amount_line = re.compile(r"    \w+:(\S+)  (-?\d+\.\d\d) EUR  ; ")
    balances: dict[str, Decimal] = {}
    for line in content.splitlines():
        if line.startswith("    "):
            code, amount = amount_line.match(line).groups()
            balances[code] = balances.get(code, Decimal(0)) + Decimal(amount)
    assert balances == ours(session, commune, "general", "analytic")


def test_hledger_itself_accepts_the_journal_and_finds_our_balances_where_it_is_installed(
    session, commune, tmp_path
):
    program = shutil.which("hledger")
    layers = ("general", "analytic")
    file = tmp_path / "books.journal"
    file.write_bytes(export(session, entity_code="COM", format_code="hledger", **YEAR).content)
    if program is None:  # the grammar is held by the test above, and the books by bean-check
        assert b"commodity 1000.00 EUR" in file.read_bytes()
        return
    assert run(program, "-f", str(file), "check", "--strict").returncode == 0
    listed = run(program, "-f", str(file), "balance", "--flat", "--empty", "-O", "csv").stdout
    found = {
        row["account"].rpartition(":")[2]: Decimal(row["balance"].removesuffix(" EUR") or "0")
        for row in csv.DictReader(io.StringIO(listed))
        if not row["account"].lower().startswith("total")
    }
    assert found == ours(session, commune, *layers)
    by_asset = run(program, "-f", str(file), "balance", "--pivot", "asset", "-O", "csv").stdout
    assert {row["account"]: row["balance"] for row in csv.DictReader(io.StringIO(by_asset))}[
        "ECOLE-01"
    ] == "1305.00 EUR"


def test_the_fec_conforms_and_balances_with_our_books(session, commune):
    made = export(session, entity_code="COM", format_code="fec", **YEAR)
    assert fec.validate(made.content, name=made.filename) == []
    assert made.filename == "COMFEC20261231.txt"
    lines = made.content.decode("iso8859-15").split("\r\n")
    assert lines[0].split("\t") == list(fec.FIELDS)
    records = [dict(zip(fec.FIELDS, line.split("\t"), strict=True)) for line in lines[1:-1]]
    balances: dict[str, Decimal] = {}
    for record in records:
        debit, credit = (Decimal(record[side].replace(",", ".")) for side in ("Debit", "Credit"))
        balances[record["CompteNum"]] = balances.get(record["CompteNum"], Decimal(0)) + debit - credit
    assert balances == ours(session, commune)
    assert {record["JournalCode"] for record in records} == {"OT", "AC", "RF"}
    pieces = {record["PieceRef"] for record in records if record["CompAuxNum"] == "COUVREUR"}
    assert pieces == {"credit note", '=SUM(A1) "quoted"; back\\slash tab line - cœur €'}


@pytest.mark.parametrize(("encoding", "separator"), [("utf-8", "\t"), ("iso8859-15", "|")])
def test_the_fec_may_use_the_other_encoding_and_separator(session, commune, encoding, separator):
    content = fec.render(entries(session, commune), encoding=encoding, separator=separator)
    assert fec.validate(content, encoding=encoding) == []


def spoiled(session, commune, change):
    """The FEC of the commune with one change in its first record."""
    lines = fec.render(entries(session, commune)).decode("iso8859-15").split("\r\n")
    record = dict(zip(fec.FIELDS, lines[1].split("\t"), strict=True))
    lines[1] = "\t".join({**record, **change}.values())
    return "\r\n".join(lines).encode("iso8859-15")


# The verdicts that the tax office's own checker gave, except for balance, days and gaps, which it does not look at.
VERDICTS = [
    ({"Debit": "2.50"}, "Debit", "error"),
    ({"Debit": "2 50,00"}, "Debit", "error"),
    ({"EcritureLib": ""}, "EcritureLib", "error"),
    ({"EcritureDate": "20261341"}, "EcritureDate", "error"),
    ({"PieceDate": "2026-11-21"}, "PieceDate", "error"),
    ({"CompteNum": "61"}, "CompteNum", "alarm"),
    ({"CompteNum": "AB61"}, "CompteNum", "alarm"),
    ({"Debit": "0,00"}, "Debit", "alarm"),
    ({"Credit": "2,50"}, "Debit", "alarm"),
    *(
        ({field: ""}, field, "missing")
        for field in ("JournalCode", "JournalLib", "PieceRef", "PieceDate", "ValidDate")
    ),
    *(({field: ""}, field, "error") for field in ("EcritureNum", "EcritureDate", "CompteNum", "CompteLib")),
    ({"Debit": "2,51"}, "Debit", "error"),
    ({"EcritureDate": "20261120"}, "EcritureDate", "alarm"),
    ({"ValidDate": "20261231"}, "ValidDate", "alarm"),
    ({"EcritureNum": "77"}, "EcritureNum", "alarm"),
]


@pytest.mark.parametrize(("change", "field", "level"), VERDICTS)
def test_the_validator_gives_the_official_verdicts_and_checks_the_balance(
    session, commune, change, field, level
):
    problems = fec.validate(spoiled(session, commune, change))
    assert (field, level) in {(problem.field, problem.level) for problem in problems}


def test_a_fec_that_is_no_fec_is_told_so():
    assert fec.validate(b"a;b\r\n")[0].field == ""
    assert fec.validate("\t".join(fec.FIELDS).encode() + b"\r\nx\ty\r\n")[0].expected == "18 fields"
    assert fec.validate("é".encode("iso8859-15"), encoding="utf-8")[0].level == "error"
    assert fec.validate("\t".join(fec.FIELDS).encode(), name="books.txt")[0].level == "alarm"
    assert fec.validate("\t".join(fec.FIELDS).encode()) == []


def test_csv_profiles_write_what_the_package_wants_and_no_formula(session, commune):
    made = export(session, entity_code="COM", format_code="csv", **YEAR)
    rows = list(csv.DictReader(io.StringIO(made.content.decode("cp1252")), delimiter=";"))
    debit, credit = (
        sum(Decimal(row[side].replace(",", ".")) for row in rows) for side in ("Débit", "Crédit")
    )
    assert debit == credit == money.euros(made.total_cents)
    pieces = [row["Pièce"] for row in rows if row["Tiers"] == "COUVREUR"]
    assert sorted(piece[:9] for piece in pieces) == ["'=SUM(A1)", "credit no"]
    assert all(len(row["Libellé"]) <= 100 for row in rows)
    assert {row["Date"] for row in rows} == {"19/11/2026", "21/11/2026"}


def test_the_spreadsheet_profile_signs_amounts_and_names_the_axes(session, commune):
    made = export(
        session,
        entity_code="COM",
        format_code="csv",
        profile="spreadsheet",
        layers=("general", "analytic"),
        **YEAR,
    )
    rows = list(csv.DictReader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert sum(Decimal(row["amount"]) for row in rows) == 0
    school = sum(Decimal(row["amount"]) for row in rows if row["asset"] == "ECOLE-01")
    assert school == Decimal("1305.00")
    assert {row["team"] for row in rows if row["layer"] == "analytic"} == {"", "ROOF"}


PROFILE = {
    "name": "x",
    "delimiter": ";",
    "encoding": "utf-8",
    "decimal_mark": ",",
    "day_format": "%Y",
    "columns": [{"heading": "a", "fact": "debit"}],
}


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"delimiter": "x"},
        {"encoding": "ebcdic"},
        {"name": ""},
        {"columns": []},
        {"columns": ["a"]},
        {"columns": [{"heading": "a", "fact": "__class__"}]},
        {"columns": [{"heading": "a"}]},
        {"columns": [{"heading": "a", "fact": "debit", "text": "b"}]},
        {"columns": [{"heading": "a", "fact": "debit", "limit": 0}]},
        {"columns": [{"heading": "a", "fact": "debit", "size": 1}]},
    ],
)
def test_a_profile_that_says_something_unknown_is_refused(change):
    assert csv_profile.read(PROFILE).columns[0].fact == "debit"
    with pytest.raises(csv_profile.UnusableProfile):
        csv_profile.read({**PROFILE, **change})


def test_profiles_are_found_by_name_or_file(tmp_path):
    assert csv_profile.names() == ["french", "spreadsheet"]
    own = tmp_path / "own.toml"
    own.write_text(
        'name = "own"\ndelimiter = "|"\nencoding = "utf-8"\ndecimal_mark = "."\nday_format = "%d"\n[[columns]]\nheading = "k"\ntext = "EUR"\n'
    )
    assert csv_profile.load(str(own)).columns[0].text == "EUR"
    own.write_text("no toml")
    with pytest.raises(csv_profile.UnusableProfile):
        csv_profile.load(str(own))
    with pytest.raises(Missing):
        csv_profile.load("unknown")


@pytest.mark.parametrize("format_code", FORMATS)
def test_nothing_posted_makes_an_empty_file_that_is_still_well_formed(session, format_code, tmp_path):
    day = date(2026, 2, 1)
    made = export(session, entity_code="COM", format_code=format_code, start=day, end=day)
    assert (made.entries, made.total_cents) == (0, 0)
    if format_code == "beancount":
        file = tmp_path / made.filename
        file.write_bytes(made.content)
        assert bean_check(file).returncode == 0


def test_the_fec_bears_the_registration_number_that_is_given(session):
    made = export(session, entity_code="COM", format_code="fec", siren="123456789", **YEAR)
    assert made.filename == "123456789FEC20261231.txt"


def test_wrong_days_formats_and_entities_are_refused(session):
    facts = {"entity_code": "COM", "format_code": "fec"}
    with pytest.raises(exports.WrongSpan):
        export(session, **facts, start=date(2026, 2, 1), end=date(2026, 1, 1))
    with pytest.raises(exports.WrongSpan):
        export(session, **facts, start=date(2025, 2, 1), end=date(2026, 1, 1))
    with pytest.raises(exports.UnknownFormat):
        export(session, entity_code="COM", format_code="xls", **YEAR)
    with pytest.raises(Missing):
        export(session, entity_code="NONE", format_code="csv", **YEAR)


def test_accounts_that_would_become_one_are_refused(session, commune):
    first, *rest = entries(session, commune)
    twin = first.lines[0].__class__(
        **{name: getattr(first.lines[0], name) for name in first.lines[0].__slots__}
        | {"account_code": "60-68"}
    )
    other = twin.__class__(
        **{name: getattr(twin, name) for name in twin.__slots__} | {"account_code": "60/68"}
    )
    entry = first.__class__(
        **{name: getattr(first, name) for name in first.__slots__} | {"lines": (twin, other)}
    )
    with pytest.raises(beancount.AccountsCollide):
        beancount.render([entry, *rest])


def test_every_export_of_the_receiving_entity_balances_too(session):
    cpas = town_with.reread(session).cpas
    assert ours(session, cpas) == {"6288": Decimal("40.00"), "401": Decimal("-40.00")}
    content = export(session, entity_code="CPAS", format_code="fec", **YEAR).content
    assert fec.validate(content) == []
    assert AT.date() <= YEAR["end"]
