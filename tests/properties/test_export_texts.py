"""Whatever people write in titles, names and invoice numbers, the exported files stay readable and balanced."""

import csv
import io
import shutil
import subprocess
from datetime import date
from decimal import Decimal

from beancount import loader
from beancount.core.data import Transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.accounting import beancount, csv_profile, fec, hledger
from registry import money
from registry.queries.ledger import Entry, EntryLine

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
SPITEFUL = st.sampled_from(
    [
        "=1+1",
        "@SUM",
        "-",
        "+",
        ";",
        "a;b",
        "a, b:c",
        '"',
        '\\"',
        "\\",
        "x\ty",
        "x|y",
        "\r\n",
        "{",
        "* note",
        "œ€ü",
        "(x)",
        "date:x",
    ]
)
WORDS = st.one_of(TEXT, SPITEFUL)
CODES = st.from_regex(r"[1-7][0-9]{2,6}", fullmatch=True)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
KINDS = ("asset", "liability", "equity", "income", "expense")


@st.composite
def lines(draw, debit, credit):
    code = draw(CODES)
    return EntryLine(
        account_code=code,
        account_name=draw(WORDS) + "x",
        account_kind=KINDS[int(code[0]) % 5],
        debit_cents=debit,
        credit_cents=credit,
        label=draw(WORDS) + "x",
        axes=draw(st.dictionaries(st.sampled_from(["asset", "nature", "entity", "team"]), WORDS)),
        party_code=draw(st.none() | WORDS),
        party_name=draw(st.none() | WORDS),
        piece_reference=draw(WORDS) + "x",
        piece_date=draw(DAYS),
    )


@st.composite
def ledgers(draw):
    """Balanced entries of one journal, numbered from 1."""
    entries = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        debits = draw(st.lists(st.integers(1, 10**9), min_size=1, max_size=3))
        credits_ = money.split(sum(debits), [1] * min(2, sum(debits)))
        both = [draw(lines(cents, 0)) for cents in debits] + [draw(lines(0, cents)) for cents in credits_]
        entries.append(
            Entry(
                key=draw(WORDS),
                reference=f"OT/2026/{number:06d}",
                entity_code="COM",
                journal_code="OT",
                journal_name=draw(WORDS) + "x",
                fiscal_year=2026,
                number=number,
                layer="general",
                kind="cost",
                day=draw(DAYS),
                valid_day=date(2026, 12, 31),
                label=draw(WORDS),
                order_reference="OT-2026-000001",
                reversal_of=None,
                hash="0" * 64,
                lines=tuple(both),
            )
        )
    return entries


def balances(entries):
    """Euros by account; accounts that the five kinds keep apart stay apart."""
    found: dict[str, Decimal] = {}
    for entry in entries:
        for line in entry.lines:
            net = money.euros(line.debit_cents - line.credit_cents)
            found[line.account_code] = found.get(line.account_code, Decimal(0)) + net
    return found


@given(ledgers())
@settings(max_examples=60, deadline=None)
def test_beancount_reads_any_text_and_finds_the_balances(entries):
    read, errors, _ = loader.load_string(beancount.render(entries).decode())
    assert errors == []
    found: dict[str, Decimal] = {}
    for transaction in read:
        if isinstance(transaction, Transaction):
            for line in transaction.postings:
                code = line.account.partition(":")[2]
                found[code] = found.get(code, Decimal(0)) + line.units.number
    assert found == balances(entries)


@given(ledgers())
@settings(max_examples=100, deadline=None)
def test_a_fec_of_any_text_conforms(entries):
    problems = fec.validate(fec.render(entries))
    assert [problem for problem in problems if problem.level == "error"] == []


@given(ledgers(), st.sampled_from(csv_profile.names()))
@settings(max_examples=100, deadline=None)
def test_a_csv_of_any_text_has_its_rows_and_no_formula(entries, name):
    profile = csv_profile.load(name)
    content = csv_profile.render(entries, profile).decode(profile.encoding)
    rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=profile.delimiter))
    assert len(rows) == 1 + sum(len(entry.lines) for entry in entries)
    assert {len(row) for row in rows} == {len(profile.columns)}
    numbers = {"debit", "credit", "amount", "absolute_amount"}
    for row in rows[1:]:
        for cell, column in zip(row, profile.columns, strict=True):
            assert column.fact in numbers or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(ledgers(), min_size=5, max_size=15))
@settings(max_examples=4, deadline=None)
def test_hledger_reads_any_text_where_it_is_installed(many):
    entries = [entry for few in many for entry in few]
    content = hledger.render(entries)
    amounts = [line for line in content.decode().splitlines() if line.startswith("    ")]
    assert len(amounts) == sum(len(entry.lines) for entry in entries)
    program = shutil.which("hledger")
    if program is None:
        return
    command = [program, "-f-", "balance", "--flat", "--empty", "-O", "csv", "--strict"]
    done = subprocess.run(command, input=content, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    listed = csv.DictReader(io.StringIO(done.stdout.decode()))
    found = {
        row["account"].rpartition(":")[2]: Decimal(row["balance"].removesuffix(" EUR") or "0")
        for row in listed
        if not row["account"].lower().startswith("total")
    }
    assert found == balances(entries)
