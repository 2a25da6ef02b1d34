"""Uploaded photos and documents: their bytes, kept in the data folder under their SHA-256.

Comes in: what a browser sent. Goes out: a stored file and what to write down about it. It never trusts a name or a
declared type: the first bytes decide; a file that is there is never written again. Next: ``registry/documents.py``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from registry import documents, ids

_UNKNOWN = "application/octet-stream"
# First bytes → type.
KINDS: dict[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"%PDF-": "application/pdf",
}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 120
_CHUNK = 1 << 20


class Kept(NamedTuple):
    """A stored file: what ``registry.documents.attach`` wants to know of it."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str


def keep(folder: Path, upload: FileStorage) -> Kept | None:
    """Store an upload under the hash of its bytes; None when it is empty.

    The file appears under its name only when all its bytes are on the disk: a process that dies leaves a file that
    nobody asks for, never half of one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest, size, head = hashlib.sha256(), 0, b""
    handle, written = tempfile.mkstemp(dir=folder, prefix="upload-")
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - the handle, not a path
            while chunk := upload.stream.read(_CHUNK):
                head = head or chunk[:12]
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if not size:
            return None
        path = _path(folder, digest.hexdigest())
        path.parent.mkdir(exist_ok=True)
        Path(written).replace(path)
    finally:
        Path(written).unlink(missing_ok=True)
    name = Path((upload.filename or "").replace("\\", "/")).name.strip()[:_LONGEST_NAME] or "document"
    return Kept(name.replace("\x00", ""), _kind(head), size, digest.hexdigest())


def find(folder: Path, sha256: str) -> Path | None:
    """Return where the bytes with that hash lie, or None."""
    path = _path(folder, sha256) if _SHA256.fullmatch(sha256) else None
    return path if path is not None and path.is_file() else None


@dataclass
class Drawer:
    """The files of one task, as its form knows them.

    Attributes:
        folder: where bytes lie.
        task_id: the task.
        now: the instant of the visit.
        known: id → file, of those the visitor uploaded to this task before.
        fresh: id → file, of those that came with this visit.
    """

    folder: Path
    task_id: str
    now: datetime
    known: Mapping[str, Kept]
    fresh: dict[str, Kept] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, folder: Path, task_id: str, person_id: str, now: datetime) -> Drawer:
        """Open the drawer of a task for whoever fills in its form."""
        known = {
            one.id: Kept(one.name, one.media_type, one.size_bytes, one.sha256)
            for one in documents.of(session, [("task", task_id)])
            if one.created_by == person_id
        }
        return cls(folder, task_id, now, known)

    def keep(self, upload: FileStorage) -> dict[str, Any] | None:
        """Store an upload and return what the form remembers of it; None when it is empty."""
        kept = keep(self.folder, upload)
        if kept is None:
            return None
        document_id = ids.new(self.now)
        self.fresh[document_id] = kept
        return _remembered(document_id, kept)

    def again(self, written: str) -> dict[str, Any] | None:
        """Return what the page remembered of an upload that came before, when it is one of ours."""
        try:
            document_id = str(json.loads(written)["id"])
        except (ValueError, TypeError, KeyError):
            return None
        return _remembered(document_id, self.known[document_id]) if document_id in self.known else None

    def attach(self, session: Session, *, at: datetime, by: str) -> None:
        """Write down what came with this visit as documents of the task."""
        for document_id, kept in self.fresh.items():
            place: documents.Place = ("task", self.task_id)
            documents.attach(session, place, **kept._asdict(), at=at, by=by, id=document_id)

    def file(
        self, session: Session, values: Mapping[str, Any], place: documents.Place, *, at: datetime, by: str
    ) -> None:
        """File the documents that a submission names with the request or order that the task was about."""
        for document_id in _named(values.values()) & {*self.known, *self.fresh}:
            documents.file(session, document_id, place, at=at, by=by)


def _remembered(document_id: str, kept: Kept) -> dict[str, Any]:
    return {"id": document_id, "name": kept.name, "type": kept.media_type, "size": kept.size_bytes}


def _named(values: Iterable[Any]) -> set[str]:
    """Return every id that a submission holds, at any depth."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, Mapping):
            found |= _named(value.values())
            if isinstance(value.get("id"), str):
                found.add(value["id"])
        elif isinstance(value, list):
            found |= _named(value)
    return found


def _kind(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for mark, kind in KINDS.items() if head.startswith(mark)), _UNKNOWN)


def _path(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256
