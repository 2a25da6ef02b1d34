"""The house behind the web: one database, one engine, the handlers of the bridge.

Comes in: settings. Goes out: an open ``engine.store.Engine``; inside a request, its units of work in the name of the
signed-in person. It never writes SQL. Next: ``engine/store.py``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta

from flask import current_app
from flask_login import current_user

from engine import store
from engine.clock import SystemClock
from engine.worker import Worker
from integrations import mail
from integrations.tasks import HANDLERS
from registry import answers, attempts, reservations, sign_ins
from web.settings import Settings

PUBLIC_ACTOR = "system:portal"
ANSWERS_KEPT = timedelta(days=7)
"""How long a program may repeat a command and get the answer it had: longer than a weekend."""


def open_house(settings: Settings) -> store.Engine:
    """Connect to the database of ``settings`` and put the handlers of the bridge behind it."""
    if settings.database_url.startswith("sqlite"):
        settings.home.mkdir(parents=True, exist_ok=True)
    database = store.connect(settings.database_url)
    return store.Engine(database, clock=SystemClock(), handlers=HANDLERS, zone=settings.timezone)


def background(house: store.Engine, settings: Settings) -> Worker:
    """Return the worker of this house: timers and deliveries, and the registry's own chores.

    Without a mail server nobody delivers letters: they stay queued until there is one.
    """

    def expire_reservations() -> None:
        with house.begin("system:reservations") as unit:
            reservations.expire_due(unit.session, at=unit.now, by=unit.actor)

    def forget() -> None:
        with house.begin("system:forget") as unit:
            answers.forget(unit.session, before=unit.now - ANSWERS_KEPT)
            sign_ins.forget(unit.session, before=unit.now)
            attempts.forget(unit.session, before=unit.now)

    return Worker(
        house,
        deliverers={mail.KIND: mail.deliverer(mail_server(settings))} if settings.smtp_host else {},
        chores={"reservations": (60.0, expire_reservations), "forget": (3600.0, forget)},
    )


def mail_server(settings: Settings) -> mail.Server:
    """Return the mail server that the settings name."""
    return mail.Server(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password,
        starttls=settings.smtp_starttls,
        sender=settings.mail_from,
        name=settings.town,
        follow_url=f"{settings.base_url}/f/",
    )


def house() -> store.Engine:
    """Return the house of the running application."""
    found: store.Engine = current_app.extensions["house"]
    return found


def begin() -> AbstractContextManager[store.UnitOfWork]:
    """Begin one transaction in the name of the signed-in person, or of the portal for a requester."""
    return house().begin(current_user.id if current_user.is_authenticated else PUBLIC_ACTOR)


def read() -> AbstractContextManager[store.UnitOfWork]:
    """Begin a transaction that only reads."""
    return house().read()
