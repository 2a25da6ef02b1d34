"""The doorkeeper: how many passwords may be tried for an account, from where, and by which device.

Comes in: a mail address as typed, the request with its device cookie. Goes out: whether this attempt may count, and a
cookie for a device that knew the password. It never says whether an account exists: unknown addresses are counted the
same. Next: ``registry/attempts.py``.

Three counts, after OWASP's "device cookies":
1. A device that has signed in to the account before counts for itself: strangers cannot shut it out.
2. Anybody else counts by account and network address: a stranger's slips shut out the stranger's address only.
3. All of the second kind together slow down by account: guessing from many addresses gets no further.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask import Response, current_app, request
from flask_limiter.util import get_remote_address
from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine.store import UnitOfWork
from registry import attempts
from web.settings import Settings

PATIENCE: Final = 5
"""Passwords that one device, or one address, may try for an account in ``REST``."""
REST: Final = timedelta(minutes=5)
STRANGERS: Final = 20
"""Passwords that all unknown devices together may try for an account in ``SLOW``."""
SLOW: Final = timedelta(minutes=15)
COOKIE: Final = "guichet_device"
KNOWN_FOR: Final = timedelta(days=180)
SHARED_BY: Final = 8
"""How many accounts a device is known for: a counter's computer, not a list of everybody."""


@dataclass(frozen=True)
class Attempt:
    """One try at an account: the keys that it counts under, the narrowest first."""

    keys: tuple[tuple[str, int, timedelta], ...]

    def count(self, unit: UnitOfWork) -> bool:
        """Count the try before its password is looked at, so that many at once do not slip through together.

        Returns:
            False when there were too many already.
        """
        fine = True
        for key, most, window in self.keys:
            # What a narrower count refuses is no try for the wider one: else a single address, refused again and
            # again, would fill the count of all strangers and shut the owner's new phone out.
            counted = attempts.count(unit.session, key, window=window, amount=int(fine), at=unit.now)
            fine = fine and counted.number <= most
        return fine

    def forget(self, unit: UnitOfWork) -> None:
        """Forget the tries of this device or address: the password was right. Those of all strangers stay."""
        attempts.clear(unit.session, self.keys[0][0])


def attempt(email: str) -> Attempt:
    """Return the try at an account that this request is."""
    account = _account(email)
    device = _known().get(account)
    if device is not None:
        return Attempt(((digest("device", account, device), PATIENCE, REST),))
    return Attempt(
        (
            (digest("address", account, network(get_remote_address())), PATIENCE, REST),
            (digest("strangers", account), STRANGERS, SLOW),
        )
    )


def remember(response: Response, email: str) -> None:
    """Let the device be known for the account from now on; the cookie names neither the account nor the person."""
    account, known = _account(email), _known()
    device = known.pop(account, None) or secrets.token_urlsafe(16)
    newest = [*known.items(), (account, device)][-SHARED_BY:]
    settings: Settings = current_app.extensions["settings"]
    response.set_cookie(
        COOKIE,
        _signer().dumps(dict(newest)),
        max_age=KNOWN_FOR,
        httponly=True,
        samesite="Lax",
        secure=settings.secure,
        path="/sign-in",
    )


def network(address: str) -> str:
    """Return what counts as one address: of IPv6 the first 64 bits, which one line at home has to itself.

    A server that listens to both (``[::]``) is told IPv4 addresses as IPv6 (``::ffff:192.0.2.1``), whose first 64
    bits are those of everybody: they count as the IPv4 addresses they are.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, ipaddress.IPv6Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def digest(*words: str) -> str:
    """Return a key that only this house can make: no address and no account can be read from the counts."""
    key = str(current_app.secret_key).encode()
    return hmac.new(key, "\0".join(words).encode(), hashlib.sha256).hexdigest()


def _account(email: str) -> str:
    return digest("account", email.strip().lower())[:32]


def _known() -> dict[str, str]:
    """Return account → device of the cookie that came; nothing when it is none of ours."""
    try:
        found: Any = _signer().loads(request.cookies.get(COOKIE, ""), max_age=int(KNOWN_FOR.total_seconds()))
    except BadSignature:
        return {}
    return {str(account): str(device) for account, device in found.items()}


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="guichet-device")
