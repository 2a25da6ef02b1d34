"""The settings of an installation, read once.

Comes in: the environment, one prefix ``GUICHET_``. Goes out: one frozen ``Settings`` and, for each value, where it
came from. It never reads anything else and refuses names it does not know, so a typing error cannot be overlooked.
Next: ``web/app.py``.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PREFIX = "GUICHET_"
LOCALES = ("fr", "en")
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


class SettingsError(ValueError):
    """A setting is unknown or cannot be understood; the text says which and what is expected."""


@dataclass(frozen=True)
class Settings:
    """Everything an installation may choose. Each field is ``GUICHET_`` and its name in capitals."""

    home: Path = field(default=Path("var"), metadata={"help": "folder of the data"})
    database: str = field(
        default="", metadata={"help": "database address; empty: guichet.db in the data folder"}
    )
    secret_key: str = field(
        default="", metadata={"help": "key that signs sessions; empty: made once, kept in the data folder"}
    )
    town: str = field(default="Montreval", metadata={"help": "name that the pages show"})
    public_url: str = field(default="", metadata={"help": "address under which people reach the house"})
    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on"})
    port: int = field(default=8000, metadata={"help": "port to listen on"})
    processes: int = field(default=1, metadata={"help": "web processes"})
    threads: int = field(default=8, metadata={"help": "threads of each web process"})
    worker: bool = field(default=True, metadata={"help": "run timers and deliveries inside guichet serve"})
    locale: str = field(default="fr", metadata={"help": "language shown first: fr or en"})
    timezone: str = field(default="Europe/Paris", metadata={"help": "zone of local days and hours"})
    proxies: int = field(default=0, metadata={"help": "trusted reverse proxies in front"})
    upload_mb: int = field(default=20, metadata={"help": "largest submission, in megabytes"})
    sign_in_limit: str = field(
        default="10 per minute", metadata={"help": "sign-in attempts from one address"}
    )
    ask_limit: str = field(default="30 per hour", metadata={"help": "public requests from one address"})
    api_limit: str = field(default="600 per minute", metadata={"help": "API requests with one token"})
    smtp_host: str = field(default="", metadata={"help": "mail server; empty: letters wait in the database"})
    smtp_port: int = field(default=587, metadata={"help": "its port; 465 for TLS from the first byte"})
    smtp_user: str = field(default="", metadata={"help": "account on the mail server; empty: none"})
    smtp_password: str = field(default="", repr=False, metadata={"help": "password of that account"})
    smtp_starttls: bool = field(default=True, metadata={"help": "insist on encryption with the mail server"})
    mail_from: str = field(default="", metadata={"help": "mail address that letters come from"})
    log_format: str = field(default="text", metadata={"help": "text or json"})
    log_level: str = field(default="INFO", metadata={"help": "DEBUG, INFO, WARNING or ERROR"})
    origins: Mapping[str, str] = field(default_factory=dict, metadata={"help": ""}, repr=False)

    @property
    def database_url(self) -> str:
        """Return the database's address; the embedded default is a file of the data folder."""
        return self.database or f"sqlite:///{self.home / 'guichet.db'}"

    @property
    def base_url(self) -> str:
        """Return the address that follow links and QR codes carry, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def secure(self) -> bool:
        """Say whether people come over https; cookies and headers then insist on it."""
        return self.base_url.startswith("https://")

    @property
    def files(self) -> Path:
        """Return the folder of uploaded photos and documents."""
        return self.home / "files"

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone of local days."""
        return ZoneInfo(self.timezone)


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of ``environment``, by default the process's own.

    Raises:
        SettingsError: a name with our prefix is unknown, or a value cannot be understood.
    """
    environment = os.environ if environment is None else environment
    known = {f"{PREFIX}{one.name.upper()}": one for one in fields(Settings) if one.name != "origins"}
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"Expected settings among {', '.join(known)}, but found {', '.join(unknown)}.")
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for name, one in known.items():
        text = environment.get(name)
        origins[one.name] = "default" if text is None else "environment"
        if text is not None:
            values[one.name] = _convert(name, str(one.type), text)
    settings = Settings(**values, origins=origins)  # type: ignore[arg-type]  # _convert gives each field its own type
    _check(settings)
    return settings


def _convert(name: str, kind: str, text: str) -> object:
    match kind:
        case "int":
            if not text.strip().isdigit():
                raise SettingsError(f"Expected {name} to be a whole number, but it is {text!r}.")
            return int(text)
        case "bool":
            if text.strip().lower() not in _TRUE | _FALSE:
                raise SettingsError(f"Expected {name} to be yes or no, but it is {text!r}.")
            return text.strip().lower() in _TRUE
        case "Path":
            return Path(text)
        case _:
            return text.strip()


def _check(settings: Settings) -> None:
    if settings.locale not in LOCALES:
        raise SettingsError(
            f"Expected GUICHET_LOCALE to be one of {', '.join(LOCALES)}, but it is {settings.locale!r}."
        )
    if settings.log_format not in {"text", "json"}:
        raise SettingsError(
            f"Expected GUICHET_LOG_FORMAT to be text or json, but it is {settings.log_format!r}."
        )
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        raise SettingsError(
            f"Expected GUICHET_PUBLIC_URL to begin with https://, but it is {settings.public_url!r}."
        )
    if settings.smtp_host and not re.fullmatch(r"[^@\s,]+@[^@\s,]+", settings.mail_from):
        raise SettingsError(
            f"Expected GUICHET_MAIL_FROM beside GUICHET_SMTP_HOST to be one mail address, but it is {settings.mail_from!r}."
        )
    if settings.smtp_user and not settings.smtp_starttls and settings.smtp_port != 465:
        raise SettingsError(
            "Expected GUICHET_SMTP_STARTTLS beside GUICHET_SMTP_USER, because a password would travel in the clear, "
            "but it is off."
        )
    if settings.secret_key and len(settings.secret_key) < 32:
        raise SettingsError("Expected GUICHET_SECRET_KEY to have at least 32 characters, but it is shorter.")
    try:
        _ = settings.zone
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(
            f"Expected GUICHET_TIMEZONE to name a zone, but it is {settings.timezone!r}."
        ) from None


def secret_key(settings: Settings) -> str:
    """Return the key that signs sessions; made once in the data folder, readable by its owner only.

    Raises:
        SettingsError: several machines would each make their own key.
    """
    if settings.secret_key:
        return settings.secret_key
    if settings.database and not settings.database.startswith("sqlite"):
        raise SettingsError(
            "Expected GUICHET_SECRET_KEY beside GUICHET_DATABASE, because every process must share one key, but it is absent."
        )
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / "secret.key"
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:  # noqa: PTH123 - created closed to others at once
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text().strip()


class Described(NamedTuple):
    """One setting as ``guichet settings`` prints it."""

    name: str
    value: object
    origin: str
    help: str


def described(settings: Settings) -> list[Described]:
    """Return every setting with its value, its origin and what it is for."""
    return [
        Described(
            one.name,
            getattr(settings, one.name),
            settings.origins.get(one.name, "default"),
            str(one.metadata["help"]),
        )
        for one in fields(Settings)
        if one.name != "origins"
    ]
