"""The first pass over a source text.

Comes in: the text of an expression. Goes out: tokens with their places, and texts without their escapes.
It never knows what a name means: that depends on the names in scope. Next: ``names.py``, ``parser.py``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from engine.feel.errors import FeelSyntaxError, Place
from engine.feel.limits import SOURCE_CHARACTERS, TOKENS

SPACE = "\u0009\u000a\u000b\u000c\u000d\u0020\u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
NAME_START = (
    r"[^\W\d]|[\u200c\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\ufffd"
    r"\U00010000-\U000effff]"
)
NAME = rf"(?:{NAME_START})(?:{NAME_START}|[\d\u00b7\u0300-\u036f\u203f-\u2040])*"
"""A name part (DMN 1.5, 10.3.1.2, rules 27 to 29)."""

TOKEN = re.compile(
    rf"""
    [{SPACE}]*
    (?:
      (?P<name>{NAME}|\?)
     |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
     |(?P<text>"(?:[^"\\]|\\.)*")
     |(?P<comment>//[^\n]*|/\*.*?\*/)
     |(?P<quoted>`[^`]+`)
     |(?P<sign>\.\.|\*\*|!=|<=|>=|->|/(?!\*)|[-+*<>=()\[\]{{}},:.@'])
     |(?P<end>\Z)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))", re.DOTALL)
SHORT_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
HIGHEST_CODE_POINT = 0x10FFFF
SPACES = re.compile(f"[{SPACE}]*")


class Token(NamedTuple):
    """One token: its kind is name, number, text, quoted, sign or end."""

    kind: str
    text: str
    start: int
    end: int


def tokens(source: str) -> list[Token]:
    """Split ``source`` into tokens; the last one is of kind ``end``.

    Raises:
        FeelSyntaxError: a character means nothing, a text is never closed, or there is too much text.
    """
    if len(source) > SOURCE_CHARACTERS:
        raise FeelSyntaxError("source_too_long", Place(source, SOURCE_CHARACTERS))
    found: list[Token] = []
    scan = TOKEN.scanner(source)  # type: ignore[attr-defined]  # undocumented but stable since Python 2.0
    position = 0
    while (match := scan.match()) is not None:
        kind = match.lastgroup
        position = match.end()
        if kind != "comment":
            found.append(Token(kind, match[kind], match.start(kind), position))
        if kind == "end":
            break
    else:
        _refuse(source, position)
    if len(found) > TOKENS:
        raise FeelSyntaxError("source_too_long", Place(source, found[TOKENS].start))
    return found


def _refuse(source: str, position: int) -> None:
    gap = SPACES.match(source, position)
    position = gap.end() if gap else position
    found = source[position : position + 1]
    problem = "unterminated" if found in {'"', "`"} or source.startswith("/*", position) else "character"
    raise FeelSyntaxError(problem, Place(source, position), found=found)


def unescape(literal: str) -> str:
    """Give the text of a literal without its quotes, escapes resolved (DMN 1.5, 10.3.1.2, rule 64)."""
    body = literal[1:-1]
    if "\\" not in body:
        return body
    body = ESCAPE.sub(_unescaped, body)
    if any("\ud800" <= character <= "\udfff" for character in body):
        body = body.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return body


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code is None:
        return SHORT_ESCAPES.get(match[3], "\\" + match[3])
    point = int(code, 16)
    return chr(point) if point <= HIGHEST_CODE_POINT else "\ufffd"


def escape(text: str) -> str:
    """Write ``text`` as a literal that ``unescape`` reads back."""
    body = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + body.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'
