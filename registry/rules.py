"""Refusals that every noun shares: a code that is taken, a text that is empty, a state that forbids the verb.

Comes in: a session or a value, and what people call it. Goes out: the value made tidy, or a refusal that says
what was found. It never writes a row. Next: ``registry/entities.py``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.errors import Refused

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Taken(Refused):
    """The code, address or key already names another row."""

    code = "taken"


class Unfit(Refused):
    """A value has not the form the field needs."""

    code = "unfit"


class WrongState(Refused):
    """The row is in a state from which the verb is not allowed."""

    code = "wrong_state"


class Cycle(Refused):
    """A row would become its own ancestor."""

    code = "cycle"


class Stale(Refused):
    """The row changed since the caller read it."""

    code = "stale"


def free(session: Session, column: InstrumentedAttribute[Any], value: str, noun: str) -> None:
    """Refuse a value that a row of ``column`` already has.

    Raises:
        Taken: another row has it.
    """
    if session.scalar(sa.select(sa.exists().where(column == value))):
        raise Taken(
            f"Expected a new {column.key} for {noun}, but {value} is already in use.",
            noun=noun,
            field=column.key,
            value=value,
        )


def text(value: str, field: str, *, limit: int = 200) -> str:
    """Return ``value`` without outer spaces.

    Raises:
        Unfit: it is empty, longer than ``limit`` characters, or carries a NUL that PostgreSQL cannot store.
    """
    tidy = value.strip()
    if not tidy:
        raise Unfit(f"Expected a text in {field}, but it is empty.", field=field, found=value)
    if len(tidy) > limit:
        raise Unfit(
            f"Expected at most {limit} characters in {field}, but found {len(tidy)}.",
            field=field,
            limit=limit,
            found=len(tidy),
        )
    if "\x00" in tidy:
        raise Unfit(f"Expected a text in {field}, but it carries a NUL character.", field=field, found=value)
    return tidy


def optional_text(value: str | None, field: str, *, limit: int = 200) -> str | None:
    """Return ``value`` without outer spaces, or None when nothing is left of it."""
    return text(value, field, limit=limit) if value and value.strip() else None


def email(value: str | None) -> str | None:
    """Return a mail address in lower case, or None when there is none.

    Raises:
        Unfit: it has not the form ``name@domain``. Whether it receives mail only sending can tell.
    """
    tidy = optional_text(value, "email", limit=254)
    if tidy is not None and not _EMAIL.fullmatch(tidy):
        raise Unfit(f"Expected a mail address like name@domain, but found {tidy}.", field="email", found=tidy)
    return tidy.lower() if tidy is not None else None


def word(value: str, field: str, words: Collection[str]) -> str:
    """Return ``value`` when it is one of ``words``.

    Raises:
        Unfit: it is another word.
    """
    if value not in words:
        raise Unfit(
            f"Expected {field} to be one of {', '.join(words)}, but found {value}.", field=field, found=value
        )
    return value


def priority(value: int) -> int:
    """Return a priority from 1 (at once) to 4 (when it suits).

    Raises:
        Unfit: it lies outside.
    """
    if not 1 <= value <= 4:
        raise Unfit(f"Expected a priority from 1 to 4, but found {value}.", field="priority", found=value)
    return value


def step(
    transitions: Mapping[str, Mapping[str, str]], verb: str, status: str, noun: str, subject: str
) -> str:
    """Return the status ``verb`` leads to from ``status``.

    Args:
        transitions: verb → (status before → status after).
        verb: the verb that is tried.
        status: where the row stands.
        noun: what people call the row.
        subject: its reference number.

    Raises:
        WrongState: the verb is not allowed from there.
    """
    allowed = transitions[verb]
    if status not in allowed:
        raise WrongState(
            f"Expected to {verb} a {noun} that is {' or '.join(allowed)}, but {subject} is {status}.",
            noun=noun,
            verb=verb,
            subject=subject,
            status=status,
            allowed=tuple(allowed),
        )
    return allowed[status]


def fresh(current: int, seen: int | None, noun: str, subject: str) -> None:
    """Refuse a change made from an old reading: ``seen`` is the version the caller read, None skips.

    Raises:
        Stale: the row has another version now.
    """
    if seen is not None and seen != current:
        raise Stale(
            f"Expected to change version {seen} of {noun} {subject}, but it is now at version {current}.",
            noun=noun,
            subject=subject,
            seen=seen,
            current=current,
        )
