"""Pages of lists: a part of the rows, and how many there are.

Comes in: a query of columns, a sort key, a page. Goes out: ``Page``. It never loads a row to count it. Next:
``registry/queries/requests.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.rules import Unfit

_Row = TypeVar("_Row")
LARGEST = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[_Row]):
    """Some rows of a list: ``number`` counts pages from 1, ``total`` counts all rows of the list."""

    rows: Sequence[_Row]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """Return how many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Return the place of the first row of this page in the list, 0 when there is none."""
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Return the place of the last row of this page in the list, 0 when there is none."""
        return self.first + len(self.rows) - 1 if self.rows else 0


@dataclass(frozen=True, slots=True)
class Order:
    """How a list may be sorted: words of the address bar → columns, and the word that stands when none is given."""

    columns: Mapping[str, InstrumentedAttribute[Any]]
    default: str
    key: InstrumentedAttribute[str]

    def by(self, sort: str) -> list[sa.ColumnElement[Any]]:
        """Return the order that a word asks for, ``-word`` the other way round; the key settles ties.

        Raises:
            Unfit: the list cannot be sorted so.
        """
        word = (sort or self.default).removeprefix("-")
        if word not in self.columns:
            raise Unfit(
                f"Expected a list sorted by one of {', '.join(self.columns)}, but found {word}.",
                field="sort",
                found=word,
            )
        down = (sort or self.default).startswith("-")
        column = self.columns[word]
        return [column.desc() if down else column.asc(), self.key.desc() if down else self.key.asc()]


def read(
    session: Session,
    query: sa.Select[*tuple[Any, ...]],
    where: Sequence[sa.ColumnElement[bool]],
    make: Callable[[sa.Row[*tuple[Any, ...]]], _Row],
    *,
    order: Order,
    sort: str,
    page: int,
    size: int,
) -> Page[_Row]:
    """Return one page of a list.

    Args:
        session: the transaction.
        query: columns and joins of the list, without conditions.
        where: conditions on the table of the order's key.
        make: what a result row becomes.
        order: how the list may be sorted.
        sort: how it is.
        page: which page, from 1.
        size: rows on a page, 1 to 500.

    Raises:
        Unfit: the page, the size or the sort word lies outside.
    """
    if page < 1 or not 1 <= size <= LARGEST:
        raise Unfit(
            f"Expected a page from 1 and a size from 1 to {LARGEST}, but found {page} and {size}.",
            field="page",
        )
    total = session.scalar(sa.select(sa.func.count(order.key)).where(*where)) or 0
    rows = session.execute(
        query.where(*where).order_by(*order.by(sort)).limit(size).offset((page - 1) * size)
    )
    return Page([make(row) for row in rows], page, size, total)
