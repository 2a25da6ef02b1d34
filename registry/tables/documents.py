"""Table of documents: what was uploaded, by whom, when, and what it belongs to.

Comes in: nothing. Goes out: ``Document``. It never holds the bytes: those lie in the data folder under their SHA-256.
Next: ``registry/documents.py``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base
from registry.tables.stamps import Stamped, one_of

Noun = Literal["task", "request", "work_order"]


class Document(Stamped, Base):
    """A photo or file. One uploaded in a task belongs to the task until the task is done."""

    __tablename__ = "document"
    __table_args__ = (
        one_of("noun", get_args(Noun)),
        sa.CheckConstraint("size_bytes > 0", name="size_bytes"),
        sa.CheckConstraint("length(sha256) = 64", name="sha256"),
        sa.CheckConstraint("(filed_at IS NULL) = (filed_by IS NULL)", name="filed_by_somebody"),
        sa.Index("ix_document_noun_row_id", "noun", "row_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    noun: Mapped[str]
    row_id: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(index=True)
    filed_at: Mapped[datetime | None]
    """When a task's document was filed with its request or order; its making stays in ``created_at``."""
    filed_by: Mapped[str | None]
