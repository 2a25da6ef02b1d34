"""hledger: postings as a plain-text journal that hledger and ledger read.

Comes in: entries. Goes out: one text file with declared accounts, tags for the axes and the number of each posting.
It never rounds nor adds up. Next: ``integrations/accounting/beancount.py``.

With the file an accountant asks what they like: ``hledger -f FILE balance``, ``hledger -f FILE balance --pivot
asset``, ``hledger -f FILE check --strict``. Format: https://hledger.org/hledger.html#journal
"""

from __future__ import annotations

from collections.abc import Iterable

from integrations.accounting.words import decimal, one_line
from registry.queries.ledger import Entry, EntryLine

ROOTS = {
    "asset": "assets",
    "liability": "liabilities",
    "equity": "equity",
    "income": "income",
    "expense": "expenses",
}


def render(entries: Iterable[Entry], *, currency: str = "EUR") -> bytes:
    """Return the journal in UTF-8; debits are positive, credits negative."""
    declared: dict[str, str] = {}
    body: list[str] = []
    for entry in entries:
        tags = {
            "layer": entry.layer,
            "kind": entry.kind,
            "order": entry.order_reference,
            "key": entry.key,
            "hash": entry.hash,
        }
        body.append(f"{entry.day} * ({_word(entry.reference)}) {_text(entry.label)}  ; {_tags(tags)}")
        for line in entry.lines:
            name = account(line)
            declared[name] = line.account_name
            amount = decimal(line.debit_cents - line.credit_cents, ".")
            body.append(f"    {name}  {amount} {currency}  ; {_tags(_facts(line))}")
        body.append("")
    head = [f"commodity 1000.00 {currency}", "decimal-mark .", ""]
    head += [f"account {name}  ; {_text(title)}" for name, title in sorted(declared.items())]
    return "\n".join([*head, "", *body]).encode()


def account(line: EntryLine) -> str:
    """Return the full name of a line's account: ``expenses:6068``."""
    return f"{ROOTS[line.account_kind]}:{_word(line.account_code)}"


def _facts(line: EntryLine) -> dict[str, str]:
    party = {"party": line.party_code} if line.party_code else {}
    return {**line.axes, **party, "piece": line.piece_reference, "piece-date": line.piece_date.isoformat()}


def _tags(facts: dict[str, str]) -> str:
    # A comma ends a value; nothing else does.
    return ", ".join(f"{name}:{one_line(value, without=',')}" for name, value in facts.items())


def _text(text: str) -> str:
    # A semicolon begins a comment, a colon inside one a tag.
    return one_line(text, without=";:")


def _word(text: str) -> str:
    # Two spaces end an account name, brackets and colons have meanings.
    return one_line(text, without=";()[]:").replace(" ", "-")
