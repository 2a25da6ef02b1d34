"""The names that need more than one token.

Comes in: the names known where an expression stands. Goes out: a trie over tokens that finds the longest
known name at a place. It never holds plain names: one token needs no help. Next: ``cursor.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from engine.feel.errors import FeelSyntaxError
from engine.feel.lexer import NAME, Token, tokens

PLAIN: Final = re.compile(rf"(?:{NAME})\Z")
LEAF: Final = ""
KEYWORDS: Final = frozenset(
    {
        "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "instance", "of", "and",
        "or", "between", "function", "external", "true", "false", "null",
    }
)  # fmt: skip
"""Words that end a name which is not known (DMN 1.5, 10.3.1.2)."""


def tidy(name: str) -> str:
    """Write a name with single spaces (DMN 1.5, 10.3.1.4)."""
    return " ".join(name.split())


def is_plain(name: str) -> bool:
    """Tell whether ``name`` is one ordinary token."""
    return PLAIN.match(name) is not None and name not in KEYWORDS


class Names:
    """Known names of several tokens."""

    __slots__ = ("roots",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.roots: dict[str, Any] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Learn ``name``; a plain one, or one that no token sequence can spell, is passed over."""
        if is_plain(name):
            return
        try:
            parts = [token.text for token in tokens(name)[:-1]]
        except FeelSyntaxError:
            return  # only backticks can spell it
        if not parts:
            return
        branch = self.roots
        for part in parts:
            branch = branch.setdefault(part, {})
        branch[LEAF] = tidy(name)

    def longest(self, found: Sequence[Token], start: int) -> tuple[str, int] | None:
        """Return the longest known name at token ``start`` and the token after it."""
        branch = self.roots
        best: tuple[str, int] | None = None
        position = start
        while (branch := branch.get(found[position].text)) and found[position].kind != "end":  # type: ignore[assignment]
            position += 1
            name = branch.get(LEAF)
            if name is not None:
                best = (name, position)
        return best
