"""A mail server on the loopback, for tests of what we hand to one.

Comes in: SMTP (RFC 5321) from one program. Goes out: what it was given, command by command. It never sends anything on.
"""

from __future__ import annotations

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """What the server was told, and how it answers."""

    port: int = 0
    greetings: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    refuses: str = ""
    silent: bool = False

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(one, policy=policy.default) for one in self.raw]


class _Conversation(socketserver.StreamRequestHandler):
    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        told: MailServer = self.server.told  # type: ignore[attr-defined]
        if told.silent:
            self.rfile.readline()
            return
        self.say("220 mail.example")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    told.greetings.append(rest)
                    self.say("250-mail.example\r\n250 AUTH PLAIN")
                case "AUTH":
                    told.accounts.append(base64.b64decode(rest.split()[1]).decode())
                    self.say("235 welcome")
                case "MAIL":
                    told.senders.append(rest)
                    self.say("250 ok")
                case "RCPT":
                    told.recipients.append(rest)
                    self.say(told.refuses or "250 ok")
                case "DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    told.raw.append(
                        b"".join(
                            line.removeprefix(b".") if line.startswith(b"..") else line for line in lines
                        )
                    )
                    self.say("250 kept")
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 ok")


@contextmanager
def listening(**answers: object) -> Iterator[MailServer]:
    """Open a mail server on a free port of the loopback."""
    told = MailServer(**answers)  # type: ignore[arg-type]
    with socketserver.TCPServer(("127.0.0.1", 0), _Conversation) as server:
        server.told = told  # type: ignore[attr-defined]
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
