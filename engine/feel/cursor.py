"""A walk over the tokens of one text.

Comes in: a text and the names known where it stands. Goes out: one token or one name after another, or a syntax
error at the token where it went wrong. It knows no grammar. Next: ``parser.py``.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import NoReturn

from engine.feel.errors import FeelSyntaxError, Place
from engine.feel.lexer import Token, tokens
from engine.feel.limits import NESTING
from engine.feel.names import KEYWORDS, Names, tidy


class Cursor:
    """A place in the tokens of one text."""

    def __init__(self, source: str, names: Names) -> None:
        self.source = source
        self.tokens = tokens(source)
        self.at = 0
        self.here = self.tokens[0]
        self.scopes = [names]
        self.depth = 0
        self.ranges = 0

    def go(self, at: int) -> None:
        """Stand at token ``at``."""
        self.at = at
        self.here = self.tokens[at]

    def next(self) -> Token:
        """Step over one token and return it."""
        token = self.here
        self.go(self.at + 1)
        return token

    def ahead(self, steps: int = 1) -> Token:
        """Look at a later token."""
        return self.tokens[min(self.at + steps, len(self.tokens) - 1)]

    def sees(self, *words: str) -> bool:
        """Tell whether this token is one of ``words`` (texts in quotes never are)."""
        return self.here.text in words and self.here.kind != "end"

    def skip(self, word: str) -> bool:
        """Step over ``word`` if it stands here."""
        if self.here.text == word:
            self.go(self.at + 1)
            return True
        return False

    def take(self, *words: str) -> Token:
        """Step over one of ``words``, which must stand here."""
        if not self.sees(*words):
            self.unexpected(*words)
        return self.next()

    def unexpected(self, *expected: str, at: Token | None = None) -> NoReturn:
        """Refuse this token."""
        token = at or self.here
        suggestion = None
        if token.kind == "name":
            words = [word for word in (*expected, *(() if expected else KEYWORDS)) if word.isalpha()]
            suggestion = next(iter(get_close_matches(token.text, words, 1)), None)
        if (
            suggestion is None and expected and self.at
        ):  # "if a then b elze c": the name took the wrong word in
            before = [part.text for part in self.tokens[max(self.at - 3, 0) : self.at] if part.kind == "name"]
            close = (get_close_matches(word, expected, 1) for word in before if word not in expected)
            suggestion = next((found[0] for found in close if found and found[0].isalpha()), None)
        self.refuse("expected" if expected else "unexpected", token, expected, suggestion)

    def refuse(
        self, problem: str, token: Token, expected: tuple[str, ...] = (), suggestion: str | None = None
    ) -> NoReturn:
        """Raise the syntax error ``problem`` at ``token``."""
        place = Place(self.source, token.start)
        raise FeelSyntaxError(problem, place, expected=expected, found=token.text, suggestion=suggestion)

    def deeper(self, depth: int) -> None:
        """Refuse to nest more than ``NESTING``."""
        if depth > NESTING:
            self.refuse("too_deep", self.here)

    def name(self) -> str:
        """Read a name that is used: the longest known one, else following words that are not keywords."""
        token = self.here
        if token.kind == "quoted":
            return self.next().text[1:-1]
        known = self.known_name()
        if known is not None:
            return known
        if token.kind != "name":
            self.unexpected("name")
        self.next()
        if self.here.kind != "name" or token.text == "?":
            return token.text
        parts = [token.text]
        while self.here.kind == "name" and self.here.text not in KEYWORDS and self.here.text != "?":
            parts.append(self.next().text)
        return " ".join(parts)

    def known_name(self) -> str | None:
        """Read the longest known name of several tokens, if one stands here."""
        best: tuple[str, int] | None = None
        for scope in self.scopes:
            if self.here.text in scope.roots:
                longest = scope.longest(self.tokens, self.at)
                if longest and (best is None or longest[1] >= best[1]):
                    best = longest
        if best is None:
            return None
        self.go(best[1])
        return best[0]

    def declared(self, *stops: str) -> str:
        """Read a name that is introduced: everything up to one of ``stops``."""
        if self.here.kind == "quoted":
            return self.next().text[1:-1]
        first = self.at
        while self.here.text not in stops and self.here.kind in {"name", "number", "sign"}:
            if self.here.text in "()[]{}," or (self.at == first and self.here.kind == "number"):
                break
            self.next()
        if self.at == first:
            self.unexpected("name")
        return tidy(self.source[self.tokens[first].start : self.tokens[self.at - 1].end])
