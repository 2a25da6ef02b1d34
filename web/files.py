"""Uploaded photos and documents.

Comes in: what a browser sent. Goes out: a file of the data folder under a name nobody can guess, and what the process
keeps about it. It never trusts a name or a declared type: the first bytes decide. Next: ``web/pages/uploads.py``.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage

# First bytes → extension, type, shown in the page rather than downloaded.
KINDS: dict[bytes, tuple[str, str]] = {
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
    b"\x89PNG\r\n\x1a\n": ("png", "image/png"),
    b"GIF8": ("gif", "image/gif"),
    b"RIFF": ("webp", "image/webp"),
    b"%PDF-": ("pdf", "application/pdf"),
}
_NAME = 120


def keep(folder: Path, upload: FileStorage) -> dict[str, Any]:
    """Store an upload and return what to remember: its id, the name it came with, its type and size.

    A file of an unknown kind is stored too, as plain bytes that are only ever downloaded.
    """
    head = upload.stream.read(12)
    upload.stream.seek(0)
    extension, kind = next(
        (found for mark, found in KINDS.items() if head.startswith(mark)), ("bin", "application/octet-stream")
    )
    key = f"{secrets.token_urlsafe(18)}.{extension}"
    path = folder / key[:2] / key
    path.parent.mkdir(parents=True, exist_ok=True)
    upload.save(path)
    return {
        "id": key,
        "name": Path(upload.filename or key).name[:_NAME],
        "type": kind,
        "size": path.stat().st_size,
    }


def find(folder: Path, key: str) -> tuple[Path, str] | None:
    """Return the path and the type of a stored file, or None."""
    stem, dot, extension = key.partition(".")
    if not dot or not all(sign.isalnum() or sign in "-_" for sign in stem):
        return None
    kind = next((found for end, found in KINDS.values() if end == extension), "application/octet-stream")
    path = folder / key[:2] / key
    return (path, kind) if path.is_file() else None
