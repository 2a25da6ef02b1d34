"""Local passwords.

Comes in: a password, the hash that was kept. Goes out: a hash (argon2id, RFC 9106), or whether they match. It never
keeps or logs a password. Next: ``web/pages/sign_in.py``.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
_HASHER = PasswordHasher()
# Compared when nobody has that address, so that an answer takes as long as for somebody (no list of accounts by stopwatch).
_NOBODY = _HASHER.hash("nobody has this password")


class TooShort(ValueError):
    """The password has fewer characters than the house asks for."""


def hashed(password: str) -> str:
    """Return the hash to keep.

    Raises:
        TooShort: fewer than 12 characters (ANSSI, R22: length is what counts).
    """
    if len(password) < SHORTEST:
        raise TooShort(f"Expected a password of at least {SHORTEST} characters, but it has {len(password)}.")
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Say whether ``password`` is the one that ``kept`` was made of; None takes as long and is never right."""
    try:
        _HASHER.verify(kept or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None
