"""Documents: photos and files of requests and work orders, each with who and when.

Comes in: what is known of stored bytes, and the row they belong to. Goes out: rows of ``document``. It never reads or
writes a byte of a file, and a document filed once stays where it is. Next: ``registry/work.py``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import ids, rows, rules
from registry.tables.documents import Document, Noun
from registry.tables.requests import Request
from registry.tables.work import WorkOrder

Place = tuple[Noun, str]
"""The row a document belongs to: its table and its id."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HOMES = {"request": (Request, "request"), "work_order": (WorkOrder, "work order")}


def attach(
    session: Session,
    place: Place,
    *,
    name: str,
    media_type: str,
    size_bytes: int,
    sha256: str,
    at: datetime,
    by: str,
    id: str | None = None,  # noqa: A002 - the name every verb of the registry gives to its idempotency key
) -> Document:
    """Write down that a file belongs to a request, an order, or a task that is not done yet.

    Args:
        session: the transaction.
        place: the row it belongs to.
        name: what the file was called; shown, never used as a path.
        media_type: as its first bytes say.
        size_bytes: its size, above zero.
        sha256: of its bytes, 64 hexadecimal digits: their address in the data folder.
        at: the instant.
        by: who uploads it.
        id: the caller's id; the same call again returns the same document.

    Raises:
        Missing: there is no such request or order.
        Unfit: the name or the hash has not the form it needs, or the file is empty.
        DifferentFacts: the id was used for another file.
    """
    before = rows.repeated(session, Document, id, "document", sha256=sha256, size_bytes=size_bytes)
    if before is not None:
        return before
    _check_home(session, place)
    if not _SHA256.fullmatch(sha256) or size_bytes <= 0:
        raise rules.Unfit("Expected a file with its SHA-256, but it is empty or unnamed.", field="sha256")
    noun, row_id = place
    document = Document(
        id=id or ids.new(at),
        noun=rules.word(noun, "noun", get_args(Noun)),
        row_id=row_id,
        name=rules.text(name, "name"),
        media_type=rules.text(media_type, "media_type", limit=100),
        size_bytes=size_bytes,
        sha256=sha256,
        created_at=at,
        created_by=by,
    )
    session.add(document)
    session.flush()
    return document


def get(session: Session, document_id: str) -> Document:
    """Return the document with that id, or raise Missing."""
    return rows.get(session, Document, document_id, "document")


def of(session: Session, places: Collection[Place]) -> Sequence[Document]:
    """Return the documents of some rows, oldest first."""
    where = sa.tuple_(Document.noun, Document.row_id).in_(list(places))
    return session.scalars(sa.select(Document).where(where).order_by(Document.created_at, Document.id)).all()


def file(session: Session, document_id: str, place: Place, *, at: datetime, by: str) -> Document:
    """File a task's document with the request or order that the task was about; twice changes nothing.

    Raises:
        Missing: there is no such document, request or order.
        WrongState: it is filed elsewhere.
    """
    document = rows.locked(session, Document, document_id, "document")
    if (document.noun, document.row_id) == place:
        return document
    if document.noun != "task":
        raise rules.WrongState(
            f"Expected a document of a task, but {document.name} belongs to a {document.noun}.",
            noun="document",
            subject=document.name,
            status=document.noun,
        )
    _check_home(session, place)
    document.noun, document.row_id = place
    document.filed_at, document.filed_by = at, by
    session.flush()
    return document


def _check_home(session: Session, place: Place) -> None:
    noun, row_id = place
    if noun in _HOMES:
        kind, words = _HOMES[noun]
        rows.get(session, kind, row_id, words)
