"""Proofs about the estate: owners, trees, places, own fields.

Comes in: a session. Goes out: checks, each with rows looked at and findings. It never repairs. Next:
``registry/proofs/requests.py``.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.fields import problems
from registry.proofs.finding import Check, Finding
from registry.tables.assets import Asset, AssetClass, AssetEvent, OwnerPeriod
from registry.tables.natures import Nature


def owner_periods(session: Session) -> tuple[int, list[Finding]]:
    """Prove that the owner periods of an asset follow one another without gap or overlap, the last one open."""
    following = sa.func.lead(OwnerPeriod.owned_from).over(
        partition_by=OwnerPeriod.asset_id, order_by=OwnerPeriod.owned_from
    )
    periods = sa.select(
        OwnerPeriod.asset_id, OwnerPeriod.owned_from, OwnerPeriod.owned_until, following.label("next")
    ).subquery()
    wrong = sa.select(periods).where(periods.c.owned_until.is_distinct_from(periods.c.next))
    findings = [
        Finding("owner_periods", f"asset {asset} from {start}", f"to end at {following}", str(end))
        for asset, start, end, following in session.execute(wrong)
    ]
    return session.scalar(sa.select(sa.func.count()).select_from(OwnerPeriod)) or 0, findings


def present_owner(session: Session) -> tuple[int, list[Finding]]:
    """Prove that an asset names the entity of its open owner period."""
    wrong = (
        sa.select(Asset.code, Asset.entity_id, OwnerPeriod.entity_id)
        .outerjoin(OwnerPeriod, (OwnerPeriod.asset_id == Asset.id) & OwnerPeriod.owned_until.is_(None))
        .where(Asset.entity_id.is_distinct_from(OwnerPeriod.entity_id))
    )
    findings = [
        Finding("present_owner", f"asset {code}", f"owner {owner}", named)
        for code, named, owner in session.execute(wrong)
    ]
    return _count_assets(session), findings


def asset_tree(session: Session) -> tuple[int, list[Finding]]:
    """Prove that no asset is a part of itself."""
    return _tree(session, Asset.id, Asset.parent_id, "asset_tree", "asset")


def nature_tree(session: Session) -> tuple[int, list[Finding]]:
    """Prove that no nature lies below itself."""
    return _tree(session, Nature.id, Nature.parent_id, "nature_tree", "nature")


def asset_history(session: Session) -> tuple[int, list[Finding]]:
    """Prove that an asset has one event for each version, numbered from 1."""
    told = (
        sa.select(
            AssetEvent.asset_id.label("asset_id"),
            sa.func.count().label("events"),
            sa.func.max(AssetEvent.number).label("last"),
        )
        .group_by(AssetEvent.asset_id)
        .subquery()
    )
    wrong = (
        sa.select(Asset.code, Asset.version, told.c.events, told.c.last)
        .outerjoin(told, told.c.asset_id == Asset.id)
        .where(Asset.version.is_distinct_from(told.c.events) | Asset.version.is_distinct_from(told.c.last))
    )
    findings = [
        Finding("asset_history", f"asset {code}", f"{version} events", f"{events}, the last numbered {last}")
        for code, version, events, last in session.execute(wrong)
    ]
    return _count_assets(session), findings


def asset_fields(session: Session) -> tuple[int, list[Finding]]:
    """Prove that the own fields of an asset fit its class."""
    schemas = {row.code: row.fields for row in session.scalars(sa.select(AssetClass))}
    seen, findings = 0, []
    query = sa.select(Asset.code, Asset.class_code, Asset.attributes)
    for code, class_code, attributes in session.execute(query).yield_per(2000):
        seen += 1
        findings += [
            Finding("asset_fields", f"asset {code}, field {problem.field}", problem.expected, problem.found)
            for problem in problems(schemas[class_code], attributes)
        ]
    return seen, findings


def _count_assets(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Asset)) or 0


def _tree(
    session: Session,
    key: InstrumentedAttribute[str],
    parent: InstrumentedAttribute[str | None],
    code: str,
    noun: str,
) -> tuple[int, list[Finding]]:
    """Walk up from each row that has a parent; a row met twice on one walk lies below itself."""
    query = sa.select(key, parent).where(parent.is_not(None))
    above = {child: str(outer) for child, outer in session.execute(query)}
    sound: set[str] = set()
    findings = []
    for start in above:
        walked: list[str] = []
        here = start
        while here in above and here not in sound and here not in walked:
            walked.append(here)
            here = above[here]
        if here in walked:
            findings.append(Finding(code, f"{noun} {here}", "not to lie below itself", " > ".join(walked)))
        sound.update(walked)
    return len(above), findings


CHECKS = (
    Check(
        "owner_periods", "Owner periods of an asset follow one another without gap or overlap.", owner_periods
    ),
    Check("present_owner", "An asset's owner is the one of its open owner period.", present_owner),
    Check("asset_tree", "No asset is a part of itself.", asset_tree),
    Check("asset_history", "Every change of an asset has its numbered event.", asset_history),
    Check("asset_fields", "The own fields of an asset fit its class.", asset_fields),
    Check("nature_tree", "No nature of work lies below itself.", nature_tree),
)
