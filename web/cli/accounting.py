"""Commands of the accountant: hand postings over, prove the books again.

Comes in: an entity, days, a format. Goes out: a file of postings, or the proof of every invariant. It never posts and
never repairs. Next: ``integrations/accounting/exports.py``, ``registry/checks.py``.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from integrations.accounting import FORMATS, export
from integrations.accounting.exports import DEFAULT_PROFILE
from registry import checks, money
from registry.tables.accounting import Layer
from web import migrations, settings
from web.database import open_house

_SHOWN = 10
_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("posting")
def posting() -> None:
    """The postings of the accounts."""


@posting.command("export")
@click.option("--format", "format_code", required=True, type=click.Choice(list(FORMATS)), help="Of the file.")
@click.option("--entity", "entity_code", required=True, help="Code of the entity whose books are exported.")
@click.option("--from", "start", required=True, type=_DAY, help="First posting day, as 2026-01-01.")
@click.option("--to", "end", required=True, type=_DAY, help="Last posting day, as 2026-12-31.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="File to write; without it the postings go to standard output.",
)
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice(get_args(Layer)),
    help="Layer to export, may be repeated; by default those the format is meant for.",
)
@click.option(
    "--profile",
    default=DEFAULT_PROFILE,
    show_default=True,
    help="For csv: a shipped profile, or the path of a .toml file.",
)
@click.option("--siren", help="For fec: the registration number in the file's name.")
def export_postings(
    format_code: str,
    entity_code: str,
    start: datetime,
    end: datetime,
    output: Path | None,
    layers: tuple[str, ...],
    profile: str,
    siren: str | None,
) -> None:
    """Write the postings of an entity in the format of another program."""
    house = open_house(settings.read())
    if migrations.behind(house.database):
        raise click.ClickException("The database is behind. Run: guichet db upgrade")
    with house.read() as reading:
        made = export(
            reading.session,
            entity_code=entity_code,
            start=start.date(),
            end=end.date(),
            format_code=format_code,
            layers=layers,
            profile=profile,
            siren=siren,
        )
    if output is None:
        sys.stdout.buffer.write(made.content)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(made.content)
    total = money.formatted(made.total_cents, "en")
    click.echo(
        f"{made.entries} posting(s) of {entity_code}, {total} on each side, "
        f"as {FORMATS[format_code].name_en} to {output or 'standard output'}.",
        err=True,
    )
    if not made.entries:
        click.echo(
            "Nothing was posted in these days. The page Accounting lists what waits to be accepted.", err=True
        )
    elif format_code == "fec" and output is not None and output.name != made.filename:
        click.echo(f"For the tax office the file is to be named {made.filename}.", err=True)
    elif format_code == "hledger" and output is not None:
        click.echo(f"Next: hledger -f {output} balance --pivot asset", err=True)


@click.command("audit")
def audit() -> None:
    """Prove every invariant of the registry again from its rows; exit code 1 when one does not hold."""
    house = open_house(settings.read())
    if migrations.behind(house.database):
        raise click.ClickException("The database is behind. Run: guichet db upgrade")
    width = max(len(sentence) for sentence in checks.INVARIANTS.values())
    broken = rows = 0
    with house.read() as reading:
        for proof in checks.prove(reading.session):
            rows += proof.rows
            broken += len(proof.findings)
            mark = click.style("✗", fg="red") if proof.findings else click.style("✓", fg="green")
            found = f"broken in {len(proof.findings)} of" if proof.findings else "proved over"
            click.echo(f"{mark} {proof.sentence.ljust(width)}  {found} {proof.rows:,} rows")
            for finding in proof.findings[:_SHOWN]:
                click.echo(f"    {finding.subject}: expected {finding.expected}, but found {finding.found}")
            if len(proof.findings) > _SHOWN:
                click.echo(f"    … and {len(proof.findings) - _SHOWN} more")
    click.echo()
    if broken:
        click.secho(
            f"{broken} finding(s). Nothing was changed: tell whoever keeps this installation.", fg="red"
        )
        sys.exit(1)
    click.echo(f"All {len(checks.INVARIANTS)} invariants hold, proved again over {rows:,} rows.")


COMMANDS = [posting, audit]
