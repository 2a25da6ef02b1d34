"""Identifiers: sortable by time, or derived from the step that needs them.

Comes in: an instant, or the parts that name a step. Goes out: 36-character UUID text (RFC 9562). It never
talks to the database. Next: ``engine/store.py``.
"""

from __future__ import annotations

import uuid
from datetime import datetime

import uuid_utils

_STEPS = uuid.UUID("6f0d3c0e-8f39-4a55-9d0e-6f6ac2d6b6f1")


def new(at: datetime) -> str:
    """Return a UUIDv7 whose time part is ``at``: rows lie in the index in the order of their making."""
    return str(uuid_utils.uuid7(nanoseconds=int(at.timestamp() * 1_000_000) * 1_000))


def after(last: str | None, at: datetime) -> str:
    """Return a new id that sorts behind ``last``, whatever the clocks of two machines say."""
    made = new(at)
    if last is None or made > last:
        return made
    milliseconds = int(last[:8] + last[9:13], 16) + 1
    return str(uuid_utils.uuid7(nanoseconds=milliseconds * 1_000_000))


def derived(*parts: object) -> str:
    """Return the UUIDv5 named by ``parts``: a repeated step gets the same id and meets its own row."""
    return str(uuid.uuid5(_STEPS, "\x1f".join(str(part) for part in parts)))
