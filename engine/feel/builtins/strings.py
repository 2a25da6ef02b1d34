"""Built-ins over texts, without patterns.

Comes in: texts. Goes out: texts, numbers and booleans. Positions count code points, from 1, or from the end when
negative. They charge the run before they make a long text. Next: ``patterns.py``. DMN 1.5, 10.3.4.3.
"""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from engine.feel.builtins.table import BAD, Library
from engine.feel.run import Run
from engine.feel.values import Value, as_index

LIBRARY: Final = Library()
add = LIBRARY.add


@add("substring", "string: string", "start position: number", "length: number?")
def substring(run: Run, text: str, start: Value, length: Value = None) -> Value:
    """Cut a part out of a text."""
    at = as_index(start)
    if at == 0 or (length is not None and length < 1):
        return BAD
    if at > len(text):
        return ""
    if -at > len(text):
        return BAD
    first = at - 1 if at > 0 else len(text) + at
    run.spend_characters(len(text) - first if length is None else min(as_index(length), len(text)))
    return text[first:] if length is None else text[first : first + as_index(length)]


@add("string length", "string: string")
def string_length(_run: Run, text: str) -> Value:
    """Count the characters."""
    return len(text)


@add("upper case", "string: string")
def upper_case(run: Run, text: str) -> Value:
    """Write in capitals."""
    run.spend_characters(len(text))
    return text.upper()


@add("lower case", "string: string")
def lower_case(run: Run, text: str) -> Value:
    """Write in small letters."""
    run.spend_characters(len(text))
    return text.lower()


@add("substring before", "string: string", "match: string")
def substring_before(run: Run, text: str, match: str) -> Value:
    """Give what stands before the first ``match``; nothing when there is none."""
    run.spend_characters(len(text))
    at = text.find(match)
    return text[:at] if at >= 0 else ""


@add("substring after", "string: string", "match: string")
def substring_after(run: Run, text: str, match: str) -> Value:
    """Give what stands after the first ``match``; nothing when there is none."""
    run.spend_characters(len(text))
    at = text.find(match)
    return text[at + len(match) :] if at >= 0 else ""


@add("contains", "string: string", "match: string")
def contains(run: Run, text: str, match: str) -> Value:
    """Tell whether a text contains another."""
    run.spend_characters(len(text))
    return match in text


@add("starts with", "string: string", "match: string")
def starts_with(_run: Run, text: str, match: str) -> Value:
    """Tell whether a text starts with another."""
    return text.startswith(match)


@add("ends with", "string: string", "match: string")
def ends_with(_run: Run, text: str, match: str) -> Value:
    """Tell whether a text ends with another."""
    return text.endswith(match)


@add("string join", "list: list", "delimiter: string?")
def string_join(run: Run, items: list[Value], delimiter: str | None = None) -> Value:
    """Join texts; nulls are passed over."""
    return _join(run, items, delimiter or "", "", "")


@add("string join", "list: list", "delimiter: string?", "prefix: string", "suffix: string")
def string_join_around(
    run: Run, items: list[Value], delimiter: str | None, prefix: str, suffix: str
) -> Value:
    """Join texts between a prefix and a suffix (Camunda)."""
    return _join(run, items, delimiter or "", prefix, suffix)


def _join(run: Run, items: list[Value], delimiter: str, prefix: str, suffix: str) -> Value:
    run.spend(len(items))
    texts = [item for item in items if item is not None]
    if any(type(item) is not str for item in texts):
        return BAD
    run.spend_characters(
        sum(map(len, texts)) + len(delimiter) * max(len(texts) - 1, 0) + len(prefix) + len(suffix)
    )
    return prefix + delimiter.join(texts) + suffix


@add("trim", "string: string")
def trim(run: Run, text: str) -> Value:
    """Cut the spaces at both ends (Camunda)."""
    run.spend_characters(len(text))
    return text.strip()


@add("is blank", "string: string")
def is_blank(run: Run, text: str) -> Value:
    """Tell whether a text has nothing but spaces (Camunda)."""
    run.spend_characters(len(text))
    return not text.strip()


@add("uuid")
def uuid(_run: Run) -> Value:
    """Make a random identifier (Camunda); the engine records it, so a replay does not call it again."""
    return str(uuid4())
