"""Commands for the tokens of programs: create, list, revoke.

Comes in: a name, scopes, an end. Goes out: the token's text, once; lists without it. It never prints a token a second
time. Next: ``registry/tokens.py``.
"""

from __future__ import annotations

from datetime import timedelta

import click

from registry import entities, people, tokens
from registry.queries import names_of
from web import settings
from web.database import open_house

ACTOR = "system:cli"


@click.group("token")
def token() -> None:
    """The tokens with which programs use the API."""


@token.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(tokens.SCOPES),
    help="What it opens; may be repeated.",
)
@click.option("--person", "email", help="Mail address of the person in whose name it acts.")
@click.option(
    "--entity", "codes", multiple=True, help="Code of an entity it may see, with read; may be repeated."
)
@click.option(
    "--days", default=365, show_default=True, type=click.IntRange(1, 3650), help="How long it is good."
)
def create(name: str, scopes: tuple[str, ...], email: str | None, codes: tuple[str, ...], days: int) -> None:
    """Create a token for the program NAME and print it, once."""
    with open_house(settings.read()).begin(ACTOR) as unit:
        person = people.by_email(unit.session, email) if email else None
        if email and person is None:
            raise click.ClickException(f"Nobody can sign in as {email}.")
        row, text = tokens.create(
            unit.session,
            name=name,
            scopes=scopes,
            expires_at=unit.now + timedelta(days=days),
            person_id=person.id if person else None,
            entity_ids=[entities.by_code(unit.session, code).id for code in codes] or None,
            at=unit.now,
            by=unit.actor,
        )
        who = f", in the name of {person.name}" if person else ""
        who += f", of {', '.join(codes)} alone" if codes else ""
    click.echo(text)
    click.echo(
        f"For {', '.join(row.scopes)}{who}, until {row.expires_at:%Y-%m-%d}. "
        "Keep it now: it is not shown again.",
        err=True,
    )


@token.command("list")
def show() -> None:
    """List the tokens: never their text, only how each begins."""
    with open_house(settings.read()).read() as reading:
        found = tokens.listed(reading.session)
        codes = {one.id: one.code for one in entities.every(reading.session)}
        names = names_of(reading.session, {row.person_id for row in found if row.person_id})
        lines = [("token", "name", "scopes", "entities", "person", "last used", "state")]
        for row in found:
            state = f"until {row.expires_at:%Y-%m-%d}"
            if row.revoked_at is not None:
                state = f"revoked {row.revoked_at:%Y-%m-%d}"
            elif row.expires_at <= reading.now:
                state = f"expired {row.expires_at:%Y-%m-%d}"
            used = f"{row.used_on:%Y-%m-%d}" if row.used_on else "–"
            person = names.get(row.person_id or "", "–")
            seen = "all" if row.entity_ids is None else ",".join(codes[one] for one in row.entity_ids)
            lines.append((row.prefix, row.name, ",".join(row.scopes), seen, person, used, state))
    if len(lines) == 1:
        click.echo("There is no token. Create one: guichet token create NAME --scope read")
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


@token.command("revoke")
@click.argument("prefix")
@click.option("--reason", required=True, help="Why; kept in the log of changes.")
def revoke(prefix: str, reason: str) -> None:
    """Close the token whose text begins with guichet_PREFIX, for ever."""
    with open_house(settings.read()).begin(ACTOR) as unit:
        row = tokens.revoke(unit.session, prefix, reason=reason, at=unit.now, by=unit.actor)
        name = row.name
    click.echo(f"The token {prefix} of {name} is closed.")


COMMANDS: list[click.Command] = [token]
