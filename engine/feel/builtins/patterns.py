"""Built-ins over text patterns: ``matches``, ``replace``, ``split``, ``extract``.

Comes in: texts and XPath patterns. Goes out: booleans, texts and lists. A pattern is translated for the package
``regex``, which stops at a time limit; all patterns of a run share one. Next: ``lists.py``. DMN 1.5, 10.3.4.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex

from engine.feel.builtins.table import BAD, Library
from engine.feel.limits import PATTERN_CHARACTERS
from engine.feel.run import Run, Stopwatch
from engine.feel.values import Value

LIBRARY: Final = Library()
add = LIBRARY.add

FLAGS: Final = frozenset("smixq")
LARGEST_REPEAT: Final = 1_000
"""A pattern such as ``(a{999}){999}`` would take long to compile, before any time limit counts."""

SUBTRACTION: Final = re.compile(r"-\[([^\]]*)\]\]")
PART: Final = re.compile(
    r"""
    (?P<escape>\\(?:[pP]\{[^}]*\}|.))
   |(?P<class>\[(?:[^\[\]\\]|\\.|\[(?:[^\]\\]|\\.)*\])*\])
   |(?P<extension>\(\?(?!:))
   |(?P<dot>\.)
   |(?P<repeat>\{(?P<low>\d*),?(?P<high>\d*)\})
   |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
SPACE: Final = re.compile(r"(?P<class>\[(?:[^\]\\]|\\.)*\])|\s+", re.DOTALL)
ESCAPES: Final = {r"\i": r"[\p{L}_:]", r"\c": r"[\p{L}\p{N}_:.\-]"}
BLOCK: Final = re.compile(r"\\p\{Is(\w+)\}")
REPLACEMENT: Final = re.compile(r"\\[\\$]|\$(\d+)")
BAD_REPLACEMENT: Final = re.compile(r"\\(?![\\$])|(?<!\\)\$(?!\d)")


@lru_cache(maxsize=500)
def compiled(pattern: str, flags: str) -> regex.Pattern[str] | None:
    """Translate an XPath pattern (XPath functions 3.1, 5.6.1); null when it is none."""
    if len(pattern) > PATTERN_CHARACTERS or set(flags) - FLAGS:
        return None
    translated = re.escape(pattern) if "q" in flags else translate(pattern, flags)
    if translated is None:
        return None
    options = regex.V1
    for letter, option in (("i", regex.IGNORECASE), ("s", regex.DOTALL), ("m", regex.MULTILINE)):
        if letter in flags:
            options |= option
    try:
        return regex.compile(translated, options)
    except (regex.error, OverflowError, RecursionError, KeyError, ValueError):
        return None


def translate(pattern: str, flags: str) -> str | None:
    """Write an XPath pattern as the package ``regex`` reads it; null for what XPath does not have."""
    if "x" in flags:
        pattern = SPACE.sub(lambda part: part["class"] or "", pattern)
    written: list[str] = []
    repeats = 1
    for part in PART.finditer(SUBTRACTION.sub(r"--[\1]]", pattern)):
        text = part[0]
        kind = part.lastgroup
        if kind == "extension" or (kind == "class" and re.search(r"\\\d", text)):
            return None
        if kind == "dot" and "s" not in flags:
            text = r"[^\n\r]"
        elif kind == "escape":
            text = ESCAPES.get(text, BLOCK.sub(r"\\p{In\1}", text))
        elif kind == "class":
            text = BLOCK.sub(r"\\p{In\1}", text.replace(r"\i", ESCAPES[r"\i"]).replace(r"\c", ESCAPES[r"\c"]))
        elif part["repeat"]:
            repeats *= max(int((part["high"] or part["low"] or "1")[:9]), 1)
            if repeats > LARGEST_REPEAT:
                return None
        written.append(text)
    return "".join(written)


def pattern_of(pattern: str, flags: str | None) -> regex.Pattern[str] | None:
    """Find the compiled pattern."""
    return compiled(pattern, flags or "")


@add("matches", "input: string", "pattern: string", "flags: string?")
def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> Value:
    """Tell whether a pattern occurs in a text."""
    found = pattern_of(pattern, flags)
    if found is None:
        return BAD
    run.spend_characters(len(text))
    with Stopwatch(run) as seconds:
        return found.search(text, timeout=seconds) is not None


def occurrences(run: Run, found: regex.Pattern[str], text: str) -> Iterator[regex.Match[str]]:
    """Find every occurrence, each charged."""
    run.spend_characters(len(text))
    with Stopwatch(run) as seconds:
        for match in found.finditer(text, timeout=seconds):
            run.spend(1)
            yield match


def is_empty_pattern(found: regex.Pattern[str]) -> bool:
    """Tell whether a pattern matches the empty text, which XPath refuses for ``replace`` and ``split``."""
    try:
        return found.search("", timeout=0.01) is not None
    except TimeoutError:
        return True


@add("replace", "input: string", "pattern: string", "replacement: string", "flags: string?")
def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> Value:
    """Replace every occurrence of a pattern; ``$1`` is its first group."""
    found = pattern_of(pattern, flags)
    if found is None or is_empty_pattern(found):
        return BAD
    literal = "q" in (flags or "")
    if not literal and BAD_REPLACEMENT.search(replacement):
        return BAD
    pieces: list[str] = []
    size = end = 0
    for match in occurrences(run, found, text):
        piece = replacement if literal else expanded(replacement, match)
        pieces += (text[end : match.start()], piece)
        size += match.start() - end + len(piece)
        run.spend_characters(len(piece))
        end = match.end()
    pieces.append(text[end:])
    run.spend_characters(size + len(text) - end)
    return "".join(pieces)


def expanded(replacement: str, match: regex.Match[str]) -> str:
    """Put the groups of ``match`` into a replacement."""
    return REPLACEMENT.sub(lambda part: _group(part, match), replacement)


def _group(part: re.Match[str], match: regex.Match[str]) -> str:
    """Give what an escaped sign or ``$12`` stands for: the longest number that is a group, then digits."""
    if part[1] is None:
        return part[0][1]
    digits = used = part[1]
    count = len(match.groups())
    while len(used) > 1 and int(used[:9]) > count:
        used = used[:-1]
    group = match[int(used)] if int(used) <= count else ""
    return (group or "") + digits[len(used) :]


@add("split", "string: string", "delimiter: string")
def split(run: Run, text: str, delimiter: str) -> Value:
    """Cut a text at every occurrence of a pattern."""
    found = pattern_of(delimiter, None)
    if found is None or is_empty_pattern(found):
        return BAD
    pieces: list[str] = []
    end = 0
    for match in occurrences(run, found, text):
        pieces.append(text[end : match.start()])
        end = match.end()
    return [*pieces, text[end:]]


@add("extract", "string: string", "pattern: string", "flags: string?")
def extract(run: Run, text: str, pattern: str, flags: str | None = None) -> Value:
    """List every occurrence of a pattern (Camunda)."""
    found = pattern_of(pattern, flags)
    if found is None:
        return BAD
    return [match[0] for match in occurrences(run, found, text)]
