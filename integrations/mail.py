"""Mail: letters of the outbox leave through the town's SMTP server.

Comes in: a letter's key and payload. Goes out: one message handed to the server, or an exception when it did not
take it. It never opens a transaction, never sends a password in the clear, and its Message-ID is the letter's key, so
that a letter sent twice can be recognised. Next: ``engine/outbox.py``.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from smtplib import SMTP, SMTP_SSL
from typing import Any, Final

from engine.errors import Refused
from engine.outbox import Deliverer

KIND: Final = "mail"
TLS_PORT: Final = 465
"""Where TLS begins with the connection (RFC 8314, 3.3); on other ports STARTTLS begins it."""
_FOLLOW: Final = {"fr": "Suivre votre demande :", "en": "Follow your request:"}


class UnfitLetter(Refused):
    """A letter cannot be written: no single address, or a name that would break a header."""

    code = "mail_unfit"


@dataclass(frozen=True, slots=True)
class Server:
    """The town's mail server, and who writes.

    Attributes:
        host: its name; port: 465 for TLS at once, 587 for submission with STARTTLS.
        user: account, empty for none; password: its secret.
        starttls: insist on encryption; only a relay on the same machine does without.
        sender: mail address that letters come from; name: what people read before it.
        follow_url: address to which a follow token is appended.
        seconds: how long each answer of the server is waited for.
    """

    host: str
    sender: str
    name: str
    follow_url: str
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True
    seconds: float = 20.0

    @property
    def domain(self) -> str:
        """Return the domain of the sender, which names us in Message-IDs and greetings."""
        return self.sender.rpartition("@")[2]


def deliverer(server: Server) -> Deliverer:
    """Return what the outbox calls for each letter."""

    def deliver(key: str, payload: Mapping[str, Any]) -> None:
        send(server, letter(server, key, payload))

    return deliver


def letter(server: Server, key: str, payload: Mapping[str, Any]) -> EmailMessage:
    """Write the message of a letter.

    Args:
        server: who writes.
        key: the letter's key, which never changes.
        payload: ``to``, ``subject``, ``text``; ``writtenAt`` (ISO 8601), ``locale`` and ``followToken`` where known.

    Raises:
        UnfitLetter: ``to`` is not one mail address.
    """
    locale = payload.get("locale", "fr")
    text = str(payload["text"])
    if token := payload.get("followToken"):
        text += f"\n\n{_FOLLOW[locale]} {server.follow_url}{token}"
    message = EmailMessage(policy.SMTP)
    message.set_content(f"{text}\n")
    message["Message-ID"] = f"<{key}@{server.domain}>"
    message["From"] = _address(server.sender, server.name)
    message["To"] = _address(str(payload["to"]))
    message["Subject"] = _line(str(payload["subject"]))
    if written := payload.get("writtenAt"):
        message["Date"] = datetime.fromisoformat(written)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    message["Content-Language"] = locale
    return message


def send(server: Server, message: EmailMessage) -> None:
    """Hand a message to the server.

    Raises:
        smtplib.SMTPException: it refuses the message, the account, or encryption.
        OSError: it cannot be reached, or does not answer in time.
    """
    safe = ssl.create_default_context()
    # Our own name is said as the sender's domain: asking the network for it can take minutes.
    if server.port == TLS_PORT:
        connection: SMTP = SMTP_SSL(
            server.host, server.port, server.domain, timeout=server.seconds, context=safe
        )
    else:
        connection = SMTP(server.host, server.port, server.domain, timeout=server.seconds)
    with connection:
        if server.starttls and server.port != TLS_PORT:
            connection.starttls(context=safe)
        if server.user:
            connection.login(server.user, server.password)
        connection.send_message(message)


def _address(address: str, name: str = "") -> Address:
    try:
        return Address(display_name=_line(name), addr_spec=address)
    except (ValueError, IndexError) as error:
        raise UnfitLetter(f"Expected one mail address, but found {address!r}.", found=address) from error


def _line(text: str) -> str:
    """Return a text on one line: a line break in a header would begin another header."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
