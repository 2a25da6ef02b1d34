"""Tables that serve every noun: counters of reference numbers, and the words texts are found by.

Comes in: nothing. Goes out: ``ReferenceCounter``, ``SearchWord``. It never numbers postings: their counter must
leave no gap and stands with the journal. Next: ``registry/references.py``, ``registry/search.py``.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base

# Prefixes are found by a range of the index; that needs byte order, which PostgreSQL only gives on request.
_BYTES = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


class ReferenceCounter(Base):
    """The last number given to a kind of paper in a year."""

    __tablename__ = "reference_counter"
    __table_args__ = (sa.CheckConstraint("last > 0", name="last"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class SearchWord(Base):
    """One folded word (lower case, no accents) of one row of a noun."""

    __tablename__ = "search_word"

    noun: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(_BYTES, primary_key=True)
    row_id: Mapped[str] = mapped_column(primary_key=True, index=True)
