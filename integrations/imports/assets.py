"""Assets from a file: planned row by row, then written in one transaction.

Comes in: a file and a profile. Goes out: assets with the key the file knows them by, and a report that adds up. It
never drops a row without saying so, never changes an owner, and never takes an asset away that the file no longer
names. Next:
``integrations/imports/asset_facts.py``, ``registry/assets.py``.

A row without a key is named by its place when the profile says so. Rows with the same key are one asset, further
assets or a mistake, as the profile says. An asset whose facts in the file did not change since it was last read is
left alone, whatever the town changed on it meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from integrations.imports.asset_facts import Facts, check_columns, combined
from integrations.imports.files import Source
from integrations.imports.profile import Profile
from integrations.imports.report import Note, Report
from registry import asset_rows, assets, ids
from registry.errors import Refused
from registry.fields import Problem, check_schema
from registry.tables.assets import Asset, AssetClass, AssetSource

_CHUNK = 500
_Item = TypeVar("_Item")


@dataclass(slots=True)
class Plan:
    """What an import will write: nothing was written yet.

    Attributes:
        profile: how the file was read.
        entity_id: the owner of new assets.
        report: what will become of each row.
        new: assets to create.
        changed: assets whose facts differ from what the file says now.
        adopted: assets of the house that the file names for the first time.
        retold: assets that the file says otherwise than last time, but as they stand: only the digest is new.
    """

    profile: Profile
    entity_id: str
    report: Report
    new: list[Facts] = field(default_factory=list)
    changed: list[tuple[str, Facts]] = field(default_factory=list)
    adopted: list[tuple[str, Facts]] = field(default_factory=list)
    retold: list[tuple[str, Facts]] = field(default_factory=list)


def plan(session: Session, source: Source, profile: Profile, *, entity_id: str, at: datetime) -> Plan:
    """Return what importing a file would do, with its report; this only reads.

    Args:
        session: a transaction that may be read-only.
        source: the file's rows.
        profile: what its columns mean.
        entity_id: the owner of assets that are new.
        at: the instant.

    Raises:
        UnfitProfile: the file lacks a column that the profile names.
        Unfit: the class of the profile asks for something that would not be checked.
    """
    check_columns(source, profile)
    report = Report(profile=profile.name, format=source.format, read=len(source.rows))
    made = Plan(profile, entity_id, report)
    class_ = session.scalar(sa.select(AssetClass).where(AssetClass.code == profile.asset_class.code))
    if class_ is None:
        check_schema(profile.asset_class.fields)
        class_ = AssetClass(code=profile.asset_class.code, fields=dict(profile.asset_class.fields))
    found = [facts for facts in combined(source, profile, report) if _fits(facts, class_, made, at)]
    _compare(session, made, found)
    return made


def write(session: Session, made: Plan, *, at: datetime, by: str) -> Report:
    """Write a plan: all of it, in the caller's transaction.

    Raises:
        Refused: the registry changed since the plan was made.
    """
    class_ = _class(session, made.profile, at, by)
    drafts = [_draft(facts, made.profile, made.entity_id) for facts in made.new]
    created = assets.create_many(session, drafts, at=at, by=by)
    _remember(session, made.profile.name, list(zip(created, made.new, strict=True)), at)
    reason = f"import {made.profile.name}"
    for chunk in _chunks([*made.changed, *made.adopted]):
        held = {asset.id: asset for asset in _held(session, [asset_id for asset_id, _ in chunk])}
        for asset_id, facts in chunk:
            assets.apply(
                session, held[asset_id], class_, _changes(held[asset_id], facts), reason=reason, at=at, by=by
            )
    _remember(session, made.profile.name, made.adopted, at)
    for asset_id, facts in (*made.changed, *made.retold):
        session.execute(
            sa.update(AssetSource)
            .where(AssetSource.profile == made.profile.name, AssetSource.key == facts.key)
            .where(AssetSource.asset_id == asset_id)
            .values(fingerprint=facts.fingerprint(), read_at=at)
        )
    return made.report


def _fits(facts: Facts, class_: AssetClass, made: Plan, at: datetime) -> bool:
    """Tell whether the registry would take the asset; if not, refuse all its rows with the reason."""
    try:
        asset_rows.row(_draft(facts, made.profile, made.entity_id), class_, at, "")
    except Refused as error:
        problems: Sequence[Problem] = error.facts.get("problems", ())
        about = problems[0].field if problems else str(error.facts.get("field", ""))
        made.report.refuse_asset(facts.lines, facts.key, about, error.message)
        return False
    return True


def _compare(session: Session, made: Plan, found: Sequence[Facts]) -> None:
    """Sort assets into new, changed, adopted and unchanged ones, and count their rows."""
    known = {
        source.key: source
        for source in session.scalars(sa.select(AssetSource).where(AssetSource.profile == made.profile.name))
    }
    present = _present(session, made.profile, [facts.code for facts in found if facts.key not in known])
    doubtful: list[tuple[str, Facts]] = []
    for facts in found:
        source = known.pop(facts.key, None)
        if source is None and facts.code in present:
            made.adopted.append((present[facts.code], facts))
            made.report.settle("updated", len(facts.lines))
            reason = "The house has an asset with this code already: it is updated and linked to the file."
            made.report.notes.append(Note(facts.lines[0], "remark", facts.key, "", reason))
        elif source is None:
            made.new.append(facts)
            made.report.settle("created", len(facts.lines))
        elif source.fingerprint != facts.fingerprint():
            doubtful.append((source.asset_id, facts))
        else:
            made.report.settle("unchanged", len(facts.lines))
    made.report.absent = len(known)
    _weigh(session, made, doubtful)


def _weigh(session: Session, made: Plan, doubtful: Sequence[tuple[str, Facts]]) -> None:
    """Part assets that the file says otherwise than last time: those that change, those that stand so already."""
    for chunk in _chunks(doubtful):
        query = sa.select(Asset).where(Asset.id.in_([asset_id for asset_id, _ in chunk]))
        held = {asset.id: asset for asset in session.scalars(query)}
        for asset_id, facts in chunk:
            asset = held[asset_id]
            if all(getattr(asset, name) == value for name, value in _changes(asset, facts).items()):
                made.retold.append((asset_id, facts))
                made.report.settle("unchanged", len(facts.lines))
            else:
                made.changed.append((asset_id, facts))
                made.report.settle("updated", len(facts.lines))


def _present(session: Session, profile: Profile, codes: Sequence[str]) -> dict[str, str]:
    """Return the ids, by code, of assets of the class that have one of ``codes``."""
    found: dict[str, str] = {}
    for chunk in _chunks(codes):
        query = sa.select(Asset.code, Asset.id).where(
            Asset.class_code == profile.asset_class.code, Asset.code.in_(chunk)
        )
        found.update(session.execute(query).all())
    return found


def _class(session: Session, profile: Profile, at: datetime, by: str) -> AssetClass:
    options = profile.asset_class
    found = session.scalar(sa.select(AssetClass).where(AssetClass.code == options.code))
    if found is not None:
        return found
    return assets.create_class(
        session,
        code=options.code,
        name_fr=options.name_fr,
        name_en=options.name_en,
        fields=options.fields,
        at=at,
        by=by,
    )


def _draft(facts: Facts, profile: Profile, entity_id: str) -> asset_rows.Draft:
    return asset_rows.Draft(
        entity_id=entity_id,
        class_code=profile.asset_class.code,
        code=facts.code,
        name=facts.name,
        owned_from=facts.owned_from or date.fromisoformat(profile.facts.owned_from_otherwise),
        address=facts.address,
        longitude=facts.point.longitude if facts.point else None,
        latitude=facts.point.latitude if facts.point else None,
        geometry=facts.geometry,
        attributes=facts.attributes,
    )


def _changes(asset: Asset, facts: Facts) -> assets.AssetChanges:
    """Return what the file says of an asset; what the file does not carry stays as it is."""
    changes: assets.AssetChanges = {
        "name": facts.name,
        "attributes": asset.attributes | dict(facts.attributes),
    }
    if facts.address is not None:
        changes["address"] = facts.address
    if facts.point is not None:
        changes["longitude"], changes["latitude"] = facts.point
    if facts.geometry is not None:
        changes["geometry"] = facts.geometry
    return changes


def _held(session: Session, asset_ids: Sequence[str]) -> Sequence[Asset]:
    query = sa.select(Asset).where(Asset.id.in_(asset_ids)).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _remember(session: Session, profile: str, found: Sequence[tuple[str, Facts]], at: datetime) -> None:
    """Keep the key and the digest by which the file knows each asset."""
    if not found:
        return
    session.execute(
        sa.insert(AssetSource),
        [
            {
                "id": ids.derived("asset_source", profile, facts.key),
                "profile": profile,
                "key": facts.key,
                "asset_id": asset_id,
                "fingerprint": facts.fingerprint(),
                "read_at": at,
            }
            for asset_id, facts in found
        ],
    )


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
