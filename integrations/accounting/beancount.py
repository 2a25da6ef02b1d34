"""beancount: postings as a ledger that ``bean-check`` proves.

Comes in: entries. Goes out: one text file with opened accounts, metadata for the axes and the number of each posting.
It never rounds nor adds up. Next: ``integrations/accounting/csv_profile.py``.

Format: https://beancount.github.io/docs/beancount_language_syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from integrations.accounting.words import decimal, one_line
from registry.errors import Refused
from registry.queries.ledger import Entry, EntryLine

ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
_NOT_IN_NAMES = re.compile(r"[^0-9A-Za-z-]+")


class AccountsCollide(Refused):
    """Two accounts of the chart have one name in the exported file."""

    code = "export_accounts_collide"


def render(entries: Iterable[Entry], *, currency: str = "EUR") -> bytes:
    """Return the ledger in UTF-8; debits are positive, credits negative.

    Raises:
        AccountsCollide: two account codes differ only in characters that beancount has not.
    """
    opened: dict[str, tuple[str, str]] = {}
    first: date | None = None
    body: list[str] = []
    for entry in entries:
        first = entry.day if first is None else min(first, entry.day)
        body.append(f"{entry.day} * {_quoted(entry.label)}")
        facts = {
            "posting": entry.reference,
            "layer": entry.layer,
            "kind": entry.kind,
            "order": entry.order_reference,
            "key": entry.key,
            "hash": entry.hash,
        }
        body += [f"  {name}: {_quoted(value)}" for name, value in facts.items()]
        for line in entry.lines:
            name = account(line)
            known = opened.setdefault(name, (line.account_code, line.account_name))
            if known[0] != line.account_code:
                raise AccountsCollide(
                    f"Expected one account for {name}, but {known[0]} and {line.account_code} both become it.",
                    accounts=[known[0], line.account_code],
                )
            body.append(f"  {name}  {decimal(line.debit_cents - line.credit_cents, '.')} {currency}")
            body += [f"    {axis}: {_quoted(value)}" for axis, value in _facts(line).items()]
        body.append("")
    head = [f'option "operating_currency" "{currency}"', ""]
    for name, (code, title) in sorted(opened.items()):
        head += [f"{first} open {name} {currency}", f"  code: {_quoted(code)}", f"  name: {_quoted(title)}"]
    return "\n".join([*head, "", *body]).encode()


def account(line: EntryLine) -> str:
    """Return the full name of a line's account: ``Expenses:6068``."""
    return f"{ROOTS[line.account_kind]}:{_NOT_IN_NAMES.sub('-', line.account_code)}"


def _facts(line: EntryLine) -> dict[str, str]:
    party = {"party": line.party_code} if line.party_code else {}
    return {**line.axes, **party, "piece": line.piece_reference}


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
