"""Identifiers: sortable by time, or derived from the step that needs them.

Comes in: an instant, the parts that name a step, or a token of an instance. Goes out: 36-character UUID text
(RFC 9562), for what waits at a token followed by its number. It never talks to the database. Next:
``engine/store.py``.
"""

from __future__ import annotations

import uuid
from datetime import datetime

import uuid_utils

MOST_DIGITS = 18
"""Of the number of a token; Python refuses to read numbers of thousands of digits, which anybody may ask for."""
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


def of_work(instance_id: str, token: int) -> str:
    """Return the id of a user task, job or step of a handler: the instance and the token that waits."""
    return f"{instance_id}.{token}"


def origin(work: str) -> tuple[str, int]:
    """Return the instance and the token of a user task or job; token 0 for an id that is none of ours."""
    instance_id, _, token = work.rpartition(".")
    return instance_id, int(token) if token.isdecimal() and len(token) <= MOST_DIGITS else 0
