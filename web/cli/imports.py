"""Commands that bring other people's files into the registry.

Comes in: a file, the name of a profile. Goes out: rows of the registry in one transaction, or nothing; an account of
every row. It never decides what a column means: the profile does. Next: ``integrations/imports/assets.py``.
"""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy.orm import Session

from integrations.imports import assets as asset_import
from integrations.imports import files, profile
from integrations.imports.report import Report, write_csv
from registry import entities
from registry.tables.entities import Entity
from web import migrations, settings
from web.database import open_house

ACTOR = "system:import"
_SHOWN = 20


@click.group("import")
def import_() -> None:
    """Bring a file into the registry."""


@import_.command("assets")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--profile", "profile_name", required=True, help="What the columns mean: see guichet import profiles."
)
@click.option(
    "--entity", "entity_code", help="Code of the owner of new assets; needed when there are several."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, row by row, and write nothing.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write a CSV with a line for each row refused, merged or remarked on.",
)
def import_assets(
    file: Path, profile_name: str, entity_code: str | None, dry_run: bool, report_file: Path | None
) -> None:
    """Import assets from FILE: a CSV, a GeoJSON or a zipped shapefile."""
    chosen = profile.load(profile_name)
    house = open_house(settings.read())
    if migrations.behind(house.database):
        raise click.ClickException("The database is behind. Run: guichet db upgrade")
    click.echo(f"Reading {file.name} as {chosen.title} …", err=True)
    source = files.read(file, header_until=chosen.file.header_until)
    click.echo(f"{len(source.rows):,} rows, {source.format}. Comparing with the registry …", err=True)
    if dry_run:
        with house.read() as reading:
            owner = _owner(reading.session, entity_code)
            report = asset_import.plan(
                reading.session, source, chosen, entity_id=owner.id, at=reading.now
            ).report
    else:
        with house.begin(ACTOR) as unit:
            owner = _owner(unit.session, entity_code)
            made = asset_import.plan(unit.session, source, chosen, entity_id=owner.id, at=unit.now)
            click.echo(
                f"Writing {len(made.new) + len(made.changed) + len(made.adopted):,} assets …", err=True
            )
            report = asset_import.write(unit.session, made, at=unit.now, by=ACTOR)
    if report_file is not None:
        with report_file.open("w", encoding="utf-8", newline="") as target:
            write_csv(report.notes, target)
    _tell(report, owner, dry_run=dry_run, report_file=report_file)


@import_.command("profiles")
def show_profiles() -> None:
    """List the profiles shipped."""
    found = [profile.load(name) for name in profile.names()]
    width = max(len(one.name) for one in found)
    for one in found:
        click.echo(f"{one.name.ljust(width)}  {one.title}. Source: {one.source}")
    click.echo("A profile of your own is a .toml file: give its path. Copy one of these to begin.")


def _owner(session: Session, code: str | None) -> Entity:
    """Return the entity named, or the only one there is."""
    if code is not None:
        return entities.by_code(session, code)
    found = entities.every(session)
    if len(found) == 1:
        return found[0]
    known = ", ".join(entity.code for entity in found) or "none yet"
    raise click.UsageError(f"Say which entity owns the assets: --entity CODE (known: {known}).")


def _tell(report: Report, owner: Entity, *, dry_run: bool, report_file: Path | None) -> None:
    """Print the account: figures that add up, the first notes, what to do next."""
    click.echo(
        f"{'Would import' if dry_run else 'Imported'} for {owner.name} ({owner.code}), {report.profile}"
    )
    outcomes = (
        ("created", report.created, report.assets_created),
        ("updated", report.updated, report.assets_updated),
        ("unchanged", report.unchanged, report.assets_unchanged),
        ("refused", report.refused, 0),
    )
    click.echo(f"  {'':10} {'rows':>9} {'assets':>9}")
    for name, rows, made in outcomes:
        click.echo(f"  {name:10} {rows:>9,} {made:>9,}")
    click.echo(f"  {'read':10} {report.read:>9,} {report.assets:>9,}")
    if report.merged:
        click.echo(f"  {report.merged:,} of these rows were merged into the asset of an earlier row.")
    if report.absent:
        click.echo(f"  {report.absent:,} assets of earlier files are not in this one; they stay as they are.")
    notes = sorted(report.notes, key=lambda note: (note.kind != "refused", note.line))
    shown = notes if dry_run else notes[:_SHOWN]
    for note in shown:
        about = f" {note.field}" if note.field else ""
        click.echo(f"  row {note.line} {note.kind}{about}: {note.reason}")
    if len(notes) > len(shown):
        click.echo(f"  … and {len(notes) - len(shown):,} more rows to look at.")
    if notes and report_file is None:
        click.echo("Next: add --report FILE.csv to keep the list of rows refused, merged or remarked on.")
    elif report_file is not None:
        click.echo(f"The list of {len(notes):,} rows is in {report_file}.")
    if dry_run:
        click.echo("Nothing was written. Next: run it again without --dry-run.")


COMMANDS = [import_]
