"""Commands of the installation: settings, schema, serving, first accounts.

Comes in: settings and options. Goes out: a running house, or sentences about it. It never changes the town's records
but for the accounts asked for. Next: ``web/app.py``.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import socket
from collections.abc import Callable
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from engine import outbox
from engine.store import UnitOfWork
from integrations import mail
from registry import entities, people, suppliers
from registry.tables.people import ROLES, Person
from web import logs, migrations, passwords, settings
from web.app import create_app
from web.database import background, open_house

ACTOR = "system:cli"
_NO_SERVER = "No mail server is set: letters wait until GUICHET_SMTP_HOST and GUICHET_MAIL_FROM are."
_PASSWORD = re.compile(r"(://[^:/@]+:)[^@]+@")


@click.command("settings")
def show_settings() -> None:
    """Print every setting, its value and where it came from."""
    found = settings.read()
    rows = []
    for one in settings.described(found):
        secret = one.name in {"secret_key", "smtp_password"} and one.value
        value = "(hidden)" if secret else _PASSWORD.sub(r"\1…@", str(one.value))
        rows.append((f"{settings.PREFIX}{one.name.upper()}", value or "–", one.origin, one.help))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        click.echo(
            "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
        )
    if not found.smtp_host:
        click.echo(f"\n{_NO_SERVER}")


@click.command("letters")
def letters() -> None:
    """Say how many letters were sent, how many wait, and why."""
    chosen = settings.read()
    house = open_house(chosen)
    try:
        if migrations.behind(house.database):
            raise click.ClickException("The database is behind. Run: guichet db upgrade")
        with house.read() as reading:
            found = outbox.counts(reading, mail.KIND)
    finally:
        house.database.dispose()
    sent, waiting, failed = (found.get(status, 0) for status in ("delivered", "queued", "failed"))
    click.echo(f"{sent} sent, {waiting} waiting, {failed} given up.")
    if not chosen.smtp_host:
        click.echo(_NO_SERVER)


@click.group("db")
def database() -> None:
    """The schema of the database."""


@database.command("upgrade")
def upgrade() -> None:
    """Bring the database to the schema of this release."""
    house = open_house(settings.read())
    applied = migrations.upgrade(house.database)
    click.echo(f"{len(applied)} revision(s) applied." if applied else "The database is up to date.")
    for one in applied:
        click.echo(f"  {one}")


@database.command("check")
def check() -> None:
    """Say whether the database has the schema of this release; exit code 1 when not."""
    lacking = migrations.behind(open_house(settings.read()).database)
    for floor, what in lacking.items():
        click.echo(f"{floor}: {what}")
    if lacking:
        raise click.ClickException("The database is behind. Run: guichet db upgrade")
    click.echo("The database is up to date.")


@click.command("serve")
def serve() -> None:
    """Serve the pages, with the worker beside them unless GUICHET_WORKER=no."""
    chosen = settings.read()
    logs.configure(chosen)
    house = open_house(chosen)
    if migrations.behind(house.database):
        raise click.ClickException("The database is behind. Run: guichet db upgrade")
    _check_free(chosen)
    create_app(chosen, house)  # what is missing is said now, by the command, and not by each process later
    house.database.dispose()
    click.echo(f"Guichet listens on http://{chosen.host}:{chosen.port} – stop with Ctrl-C.")
    _Server(chosen).run()


def _check_free(chosen: settings.Settings) -> None:
    """Refuse in one sentence when another program listens on our address."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((chosen.host, chosen.port))
        except OSError as error:
            where = f"{chosen.host}:{chosen.port}"
            raise click.ClickException(
                f"Expected to listen on {where}, but {os.strerror(error.errno or 0).lower()}. "
                "Stop the other program, or choose another port with GUICHET_PORT."
            ) from None


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
    """Gunicorn with our settings; each of its processes opens its own house."""

    def __init__(self, chosen: settings.Settings) -> None:
        self.chosen = chosen
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        self.cfg.set("bind", f"{self.chosen.host}:{self.chosen.port}")
        self.cfg.set("workers", self.chosen.processes)
        self.cfg.set("threads", self.chosen.threads)
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("loglevel", "warning")
        self.cfg.set(
            "control_socket_disable", True
        ) if "control_socket_disable" in self.cfg.settings else None

    def load(self) -> Any:
        """Open the house of this process and build the application on it."""
        house = open_house(self.chosen)
        if self.chosen.worker:
            background(house, self.chosen).start()
        built = create_app(self.chosen, house)
        _keep()
        return built


def _keep() -> None:
    """Set what is loaded by now apart from what the garbage collector looks through.

    The modules, mappings and the application stay until the process ends. Looked through again and again, they cost
    10 to 20 % of the mean of a command (`python -m tests.bench` measures with the same in force).
    """
    gc.collect()
    gc.freeze()


@click.command("worker")
def worker() -> None:
    """Run timers and deliveries alone, until Ctrl-C."""
    chosen = settings.read()
    logs.configure(chosen)
    house = open_house(chosen)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    click.echo(f"The worker runs (process {os.getpid()}) – stop with Ctrl-C.")
    running = background(house, chosen)
    _keep()
    running.start()
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    running.stop()
    click.echo("The worker has stopped.")


@click.group("person")
def person() -> None:
    """The accounts of people."""


@person.command("create")
@click.argument("email")
@click.option("--name", required=True, help="First name and name.")
@click.option("--entity", required=True, help="Code of the entity the person works for.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="A role; may be repeated.")
@click.option(
    "--supplier", help="Code of the supplier the person works for; such a person sees its orders only."
)
@click.option("--everywhere", is_flag=True, help="Hold the roles in all entities, not only their own.")
@click.option("--locale", default="fr", type=click.Choice(settings.LOCALES))
@click.option("--password", envvar="PASSWORD", prompt=True, hide_input=True, confirmation_prompt=True)
def create_person(
    email: str,
    name: str,
    entity: str,
    roles: tuple[Any, ...],
    *,
    everywhere: bool,
    locale: str,
    supplier: str | None,
    password: str,
) -> None:
    """Create an account with a password and roles."""
    try:
        kept = passwords.hashed(password)
    except passwords.TooShort as error:
        raise click.ClickException(str(error)) from None
    house = open_house(settings.read())
    with house.begin(ACTOR) as unit:
        where = entities.by_code(unit.session, entity)
        made = people.create_person(
            unit.session,
            entity_id=where.id,
            name=name,
            email=email,
            locale=locale,
            supplier_id=suppliers.by_code(unit.session, supplier).id if supplier else None,
            at=unit.now,
            by=unit.actor,
        )
        people.set_password_hash(unit.session, made.id, kept, at=unit.now, by=unit.actor)
        for role in roles:
            scope = None if everywhere else where.id
            people.grant(
                unit.session, person_id=made.id, role=role, entity_id=scope, at=unit.now, by=unit.actor
            )
    click.echo(f"{name} can sign in as {email}.")


@person.command("sign-out")
@click.argument("email")
@click.option("--reason", required=True, help="Why; kept in the log of changes.")
def sign_out(email: str, reason: str) -> None:
    """End every session of a person: lost phone, foreign hands."""
    with open_house(settings.read()).begin(ACTOR) as unit:
        found = _account(unit, email)
        ended = people.sign_out(unit.session, found.id, reason=reason, at=unit.now, by=unit.actor)
        name = found.name
    click.echo(f"{ended} session(s) of {name} ended.")


@person.command("close")
@click.argument("email")
@click.option("--reason", required=True, help="Why; kept in the log of changes.")
def close(email: str, reason: str) -> None:
    """Close an account: its sessions end, its tokens are refused, nobody signs in with it."""
    click.echo(f"The account of {_switch(people.deactivate, email, reason)} is closed.")


@person.command("open")
@click.argument("email")
@click.option("--reason", required=True, help="Why; kept in the log of changes.")
def reopen(email: str, reason: str) -> None:
    """Open a closed account again, with the password it had."""
    click.echo(f"{_switch(people.reactivate, email, reason)} can sign in again.")


def _switch(verb: Callable[..., Person], email: str, reason: str) -> str:
    """Close or open an account; return the person's name."""
    with open_house(settings.read()).begin(ACTOR) as unit:
        account = _account(unit, email)
        return verb(unit.session, account.id, reason=reason, at=unit.now, by=unit.actor).name


def _account(unit: UnitOfWork, email: str) -> Person:
    found = people.by_email(unit.session, email, closed=True)
    if found is None:
        raise click.ClickException(f"Nobody has the mail address {email}.")
    return found


COMMANDS: list[click.Command] = [show_settings, letters, database, serve, worker, person]
