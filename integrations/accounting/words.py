"""Words: texts as files of other systems can carry them.

Comes in: labels and names from the registry. Goes out: the same on one line, without the characters a format keeps
for itself. It never shortens. Next: ``integrations/accounting/fec.py``.
"""

from __future__ import annotations

import unicodedata

_PLAINER = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
        "\u202f": " ",
        "\u00a0": " ",
    }
)


def one_line(text: str, *, without: str = "") -> str:
    """Return ``text`` on one line: control characters and those in ``without`` become spaces."""
    kept = [
        " " if character in without or unicodedata.category(character)[0] == "C" else character
        for character in text
    ]
    return " ".join("".join(kept).split())


def plainer(text: str) -> str:
    """Return ``text`` with typographic quotes, dashes and spaces as typewriters have them."""
    return text.translate(_PLAINER)


def decimal(amount_cents: int, mark: str) -> str:
    """Return cents with two decimals and the given mark, without separators of thousands: ``-1234,50``."""
    whole, rest = divmod(abs(amount_cents), 100)
    return f"{'-' if amount_cents < 0 else ''}{whole}{mark}{rest:02d}"
