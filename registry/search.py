"""Finding rows by the words of their texts, without case or accents, the same on SQLite and PostgreSQL.

Comes in: texts of a row, or what somebody typed. Goes out: rows of ``search_word``, or the conditions that a
query adds. It never ranks: every word typed must begin a word of the row. Next: ``registry/queries``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.tables.numbers import SearchWord

_WORD = re.compile(r"[^\W_]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l"})
_LAST = "\U0010ffff"
_LONGEST = 64


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents: "Cœur d'Été" gives "coeur d'ete"."""
    lower = text.casefold().translate(_LIGATURES)
    return "".join(mark for mark in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(mark))


def words(*texts: str | None) -> frozenset[str]:
    """Return the folded words of ``texts``; a number is also found without its leading zeros."""
    found = {word[:_LONGEST] for text in texts if text for word in _WORD.findall(fold(text))}
    return frozenset(found | {word.lstrip("0") for word in found if word.isdecimal() and word.lstrip("0")})


def rows(noun: str, texts: Mapping[str, Iterable[str | None]]) -> Iterator[dict[str, Any]]:
    """Yield the rows to insert for texts by row id: for writers of many rows at once."""
    for row_id, parts in texts.items():
        for word in sorted(words(*parts)):
            yield {"noun": noun, "word": word, "row_id": row_id}


def index(session: Session, noun: str, row_id: str, *texts: str | None) -> None:
    """Make a new row findable by the words of ``texts``."""
    found = list(rows(noun, {row_id: texts}))
    if found:
        session.execute(sa.insert(SearchWord), found)


def replace(session: Session, noun: str, row_id: str, *texts: str | None) -> None:
    """Make a row findable by the words of ``texts`` instead of those it had."""
    forget(session, noun, row_id)
    index(session, noun, row_id, *texts)


def forget(session: Session, noun: str, row_id: str) -> None:
    """Make a row findable by no word."""
    session.execute(sa.delete(SearchWord).where(SearchWord.noun == noun, SearchWord.row_id == row_id))


def conditions(noun: str, key: InstrumentedAttribute[str], typed: str) -> list[sa.ColumnElement[bool]]:
    """Return conditions that hold for rows of ``noun`` in which each word of ``typed`` begins a word.

    Args:
        noun: the name the rows were indexed under.
        key: the column of the row's id in the query.
        typed: what somebody typed; without a word in it there is no condition.
    """
    found: list[sa.ColumnElement[bool]] = []
    for word in sorted({word[:_LONGEST] for word in _WORD.findall(fold(typed))}):
        ids = sa.select(SearchWord.row_id).where(
            SearchWord.noun == noun, SearchWord.word >= word, SearchWord.word < word + _LAST
        )
        found.append(key.in_(ids))
    return found
