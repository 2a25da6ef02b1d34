"""Uploaded photos and documents, kept in the folder of the request they belong to.

Comes in: what a browser sent. Goes out: a file under a name nobody can guess, and what the process keeps about it. It
never trusts a name or a declared type: the first bytes decide. Next: ``web/pages/uploads.py``.
"""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import Any, NamedTuple

from werkzeug.datastructures import FileStorage

# First bytes → extension, type.
KINDS: dict[bytes, tuple[str, str]] = {
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
    b"\x89PNG\r\n\x1a\n": ("png", "image/png"),
    b"GIF8": ("gif", "image/gif"),
    b"RIFF": ("webp", "image/webp"),
    b"%PDF-": ("pdf", "application/pdf"),
}
_TYPES = dict(KINDS.values())
_OWNER = re.compile(r"[0-9a-f-]{36}")
_KEY = re.compile(r"[A-Za-z0-9_-]{24}\.[a-z]{3,4}")
_LONGEST_NAME = 120


class Kept(NamedTuple):
    """A stored file."""

    owner: str
    key: str
    path: Path
    type: str


def keep(folder: Path, owner: str, upload: FileStorage) -> dict[str, Any]:
    """Store an upload of ``owner`` (a request's id) and return what to remember: id, name, type and size.

    A file of an unknown kind is stored too, as plain bytes that are only ever downloaded.
    """
    head = upload.stream.read(12)
    upload.stream.seek(0)
    extension, kind = next(
        (found for mark, found in KINDS.items() if head.startswith(mark)), ("bin", "application/octet-stream")
    )
    key = f"{secrets.token_urlsafe(18)}.{extension}"
    path = _place(folder, owner) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    upload.save(path)
    name = Path(upload.filename or key).name[:_LONGEST_NAME]
    return {"id": f"{owner}/{key}", "name": name, "type": kind, "size": path.stat().st_size}


class Drawer(NamedTuple):
    """The files of one request, as its forms know them."""

    folder: Path
    owner: str

    def keep(self, upload: FileStorage) -> dict[str, Any]:
        """Store an upload and return what to remember."""
        return keep(self.folder, self.owner, upload)

    def known(self, written: str) -> dict[str, Any] | None:
        """Return what the page remembered of an upload that was stored before, when it is one of ours."""
        try:
            found = json.loads(written)
            owner, _slash, key = str(found["id"]).partition("/")
        except (ValueError, TypeError, KeyError):
            return None
        kept = find(self.folder, owner, key) if owner == self.owner else None
        if kept is None:
            return None
        name = str(found.get("name", key))[:_LONGEST_NAME]
        return {"id": f"{owner}/{key}", "name": name, "type": kept.type, "size": kept.path.stat().st_size}


def of(folder: Path, owner: str) -> list[Kept]:
    """Return the files of ``owner``, oldest first."""
    place = _place(folder, owner)
    paths = sorted(place.iterdir(), key=lambda path: path.stat().st_mtime) if place.is_dir() else []
    return [found for path in paths if (found := find(folder, owner, path.name)) is not None]


def find(folder: Path, owner: str, key: str) -> Kept | None:
    """Return a stored file, or None; a key cannot lead out of the folder."""
    if not _OWNER.fullmatch(owner) or not _KEY.fullmatch(key):
        return None
    path = _place(folder, owner) / key
    if not path.is_file():
        return None
    return Kept(owner, key, path, _TYPES.get(path.suffix[1:], "application/octet-stream"))


def _place(folder: Path, owner: str) -> Path:
    if not _OWNER.fullmatch(owner):
        raise ValueError(f"Expected the id of a request, but got {owner!r}.")
    return folder / owner[-2:] / owner
