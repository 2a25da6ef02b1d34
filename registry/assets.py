"""Assets: the estate, as classes with own fields, a tree, places, and owners by dated periods.

Comes in: a session, the facts, who and when. Goes out: rows of ``asset`` with their owner periods, events and
search words. It never deletes an asset and never rewrites who owned it when: a transfer ends one period and
begins the next. Next: ``registry/suppliers.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from registry import asset_rows, entities, ids, rows, rules, search
from registry.errors import Missing
from registry.fields import check_schema
from registry.tables.assets import Asset, AssetClass, AssetEvent, OwnerPeriod
from registry.tables.numbers import SearchWord

_CHUNK = 500  # some builds of SQLite take at most 999 bound values in a statement


Draft = asset_rows.Draft
UnfitFields = asset_rows.UnfitFields


class AssetChanges(TypedDict, total=False):
    """What may change on an asset without changing its owner."""

    code: str
    name: str
    parent_id: str | None
    address: str | None
    longitude: float | None
    latitude: float | None
    geometry: dict[str, Any] | None
    attributes: Mapping[str, Any] | None


def create_class(
    session: Session,
    *,
    code: str,
    name_fr: str,
    name_en: str,
    fields: Mapping[str, Any] | None = None,
    at: datetime,
    by: str,
) -> AssetClass:
    """Create a class of assets.

    Args:
        session: the transaction.
        code: short code, unique.
        name_fr: what French screens call it.
        name_en: what English screens call it.
        fields: JSON Schema of its own fields (the part ``registry/fields.py`` checks); None allows any.
        at: the instant.
        by: who decides.

    Raises:
        Taken: the code is in use.
        Unfit: the schema asks for something that would not be checked.
    """
    rules.free(session, AssetClass.code, code, "an asset class")
    schema = dict(fields or {"type": "object", "properties": {}})
    check_schema(schema)
    row = AssetClass(
        id=ids.new(at),
        code=rules.text(code, "code", limit=60),
        name_fr=rules.text(name_fr, "name_fr"),
        name_en=rules.text(name_en, "name_en"),
        fields=schema,
        created_at=at,
        created_by=by,
    )
    session.add(row)
    session.flush()
    return row


def class_by_code(session: Session, code: str) -> AssetClass:
    """Return the asset class with that code, or raise Missing."""
    row = session.scalar(sa.select(AssetClass).where(AssetClass.code == code))
    if row is None:
        raise Missing(
            f"Expected an asset class with code {code}, but there is none.", noun="asset class", value=code
        )
    return row


def classes(session: Session) -> Sequence[AssetClass]:
    """Return every asset class, by its French name."""
    return session.scalars(sa.select(AssetClass).order_by(AssetClass.name_fr)).all()


def create(
    session: Session,
    *,
    entity_id: str,
    class_code: str,
    code: str,
    name: str,
    parent_id: str | None = None,
    address: str | None = None,
    longitude: float | None = None,
    latitude: float | None = None,
    geometry: dict[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
    owned_from: date,
    at: datetime,
    by: str,
) -> Asset:
    """Create an asset and open its first owner period.

    Args:
        session: the transaction.
        entity_id: the owner.
        class_code: its class, whose fields ``attributes`` must fit.
        code: unique in the class, over all entities: an asset keeps its code when it changes owner.
        name: what people call it.
        parent_id: the asset it is a part of.
        address: postal address in one line.
        longitude: degrees east, WGS 84; the centre of ``geometry`` when None.
        latitude: degrees north, WGS 84.
        geometry: GeoJSON geometry (RFC 7946).
        attributes: values of the class's own fields.
        owned_from: first day of ownership.
        at: the instant.
        by: who creates it.

    Raises:
        Missing: there is no such entity, class or parent.
        Taken: the class has an asset with that code.
        Unfit: a value has not the form it needs.
    """
    draft = Draft(
        entity_id=entity_id,
        class_code=class_code,
        code=code,
        name=name,
        owned_from=owned_from,
        parent_id=parent_id,
        address=address,
        longitude=longitude,
        latitude=latitude,
        geometry=geometry,
        attributes=attributes or {},
    )
    (asset_id,) = create_many(session, [draft], at=at, by=by)
    return get(session, asset_id)


def create_many(session: Session, drafts: Sequence[Draft], *, at: datetime, by: str) -> list[str]:
    """Create assets in a handful of statements and return their ids in the order of ``drafts``.

    Raises:
        Missing: there is no such entity, class or parent.
        Taken: a code is in use, or stands twice in ``drafts``.
        Unfit: a value has not the form it needs.
    """
    if not drafts:
        return []
    for entity_id in {draft.entity_id for draft in drafts}:
        entities.get(session, entity_id)
    classes = {code: class_by_code(session, code) for code in {draft.class_code for draft in drafts}}
    for parent_id in {draft.parent_id for draft in drafts if draft.parent_id is not None}:
        get(session, parent_id)
    _refuse_taken(session, drafts)
    assets = [asset_rows.row(draft, classes[draft.class_code], at, by) for draft in drafts]
    periods = [
        {
            "id": ids.derived("owner_period", asset["id"], draft.owned_from),
            "asset_id": asset["id"],
            "entity_id": draft.entity_id,
            "owned_from": draft.owned_from,
            "owned_until": None,
            "reason": "création",
            "created_at": at,
            "created_by": by,
        }
        for asset, draft in zip(assets, drafts, strict=True)
    ]
    events = [asset_rows.event(asset["id"], 1, "created", facts={}, at=at, by=by) for asset in assets]
    texts = {asset["id"]: (asset["code"], asset["name"], asset["address"]) for asset in assets}
    session.flush()
    session.execute(sa.insert(Asset), assets)
    session.execute(sa.insert(OwnerPeriod), periods)
    session.execute(sa.insert(AssetEvent), events)
    words = list(search.rows("asset", texts))
    if words:
        session.execute(sa.insert(SearchWord), words)
    return [asset["id"] for asset in assets]


def get(session: Session, asset_id: str) -> Asset:
    """Return the asset with that id, or raise Missing."""
    return rows.get(session, Asset, asset_id, "asset")


def by_code(session: Session, code: str, class_code: str | None = None) -> Asset:
    """Return the asset with that code.

    Raises:
        Missing: there is none.
        Unfit: several classes have one, and ``class_code`` does not choose.
    """
    query = sa.select(Asset).where(Asset.code == code).limit(2)
    if class_code is not None:
        query = query.where(Asset.class_code == class_code)
    found = session.scalars(query).all()
    if not found:
        raise Missing(f"Expected an asset with code {code}, but there is none.", noun="asset", value=code)
    if len(found) > 1:
        raise rules.Unfit(
            f"Expected one asset with code {code}, but several classes have one: name the class.",
            field="class_code",
        )
    return found[0]


def by_qr_token(session: Session, token: str) -> Asset:
    """Return the asset whose label carries that token, or raise Missing."""
    asset = session.scalar(sa.select(Asset).where(Asset.qr_token == token))
    if asset is None:
        raise Missing("Expected an asset with that label, but there is none.", noun="asset")
    return asset


def update(
    session: Session,
    asset_id: str,
    *,
    reason: str,
    version: int | None = None,
    at: datetime,
    by: str,
    **values: Unpack[AssetChanges],
) -> Asset:
    """Change facts of an asset; nothing is written when nothing differs.

    Args:
        session: the transaction.
        asset_id: the asset.
        reason: why, for its history.
        version: the version the caller read, or None.
        at: the instant.
        by: who changes it.
        **values: the facts to change; a geometry without a point moves the point to its centre.

    Raises:
        Missing: there is no such asset or parent.
        Stale: the asset changed since that version.
        Taken: the class has an asset with the new code.
        Cycle: the new parent is a part of the asset.
        Unfit: a value has not the form it needs.
    """
    asset = rows.locked(session, Asset, asset_id, "asset")
    rules.fresh(asset.version, version, "asset", asset.code)
    class_ = class_by_code(session, asset.class_code)
    return apply(session, asset, class_, values, reason=reason, at=at, by=by)


def apply(
    session: Session,
    asset: Asset,
    class_: AssetClass,
    values: AssetChanges,
    *,
    reason: str,
    at: datetime,
    by: str,
) -> Asset:
    """Change facts of an asset that the caller holds locked with its class: the inner half of ``update``."""
    wanted = _tidy(session, asset, class_, values)
    facts = {name: value for name, value in wanted.items() if getattr(asset, name) != value}
    if not facts:
        return asset
    before = {name: getattr(asset, name) for name in facts}
    if "parent_id" in facts:
        _refuse_cycle(session, asset, facts["parent_id"])
    for name, value in facts.items():
        setattr(asset, name, value)
    asset.version += 1
    asset.changed_at, asset.changed_by = at, by
    told = {
        name: {"before": before[name], "after": facts[name]}
        for name in facts
        if name not in {"geometry", "west", "south", "east", "north"}
    }
    session.add(
        AssetEvent(**asset_rows.event(asset.id, asset.version, "changed", reason, facts=told, at=at, by=by))
    )
    session.flush()
    if facts.keys() & {"code", "name", "address"}:
        search.replace(session, "asset", asset.id, asset.code, asset.name, asset.address)
    return asset


def transfer(
    session: Session,
    *,
    asset_id: str,
    to_entity_id: str,
    on: date,
    reason: str,
    with_parts: bool = True,
    at: datetime,
    by: str,
) -> list[OwnerPeriod]:
    """Give an asset, and its parts of the same owner, to another entity from a day on.

    The open owner period ends the day before; history and costs before it stay with the former owner.

    Args:
        session: the transaction.
        asset_id: the asset.
        to_entity_id: the new owner.
        on: first day of the new ownership, not in the future.
        reason: the deed, the decision.
        with_parts: whether parts of the same owner follow.
        at: the instant.
        by: who records it.

    Returns:
        The periods that begin, the asset's own first.

    Raises:
        Missing: there is no such asset or entity.
        Unfit: the day is in the future, or not after the first day of the present period.
        WrongState: the entity owns the asset already.
    """
    told = rules.text(reason, "reason", limit=500)
    owner = entities.get(session, to_entity_id)
    asset = rows.locked(session, Asset, asset_id, "asset")
    if asset.entity_id == to_entity_id:
        raise rules.WrongState(
            f"Expected {asset.code} to change owner, but {owner.name} owns it already.",
            noun="asset",
            subject=asset.code,
            status=owner.code,
        )
    if on > entities.local_day(owner, at):
        raise rules.Unfit(
            f"Expected a transfer that has taken place, but {on} is in the future.", field="on", found=on
        )
    moved = [asset]
    if with_parts:
        moved += [part for part in descendants(session, asset_id) if part.entity_id == asset.entity_id]
    return [_give(session, one, to_entity_id, on, reason=told, at=at, by=by) for one in moved]


def retire(session: Session, asset_id: str, *, reason: str, at: datetime, by: str) -> Asset:
    """Take an asset out of service; it stays readable and takes no new request.

    Raises:
        Missing: there is no such asset.
        WrongState: it is retired already.
    """
    return _set_status(session, asset_id, "retire", "retired", reason=reason, at=at, by=by)


def restore(session: Session, asset_id: str, *, reason: str, at: datetime, by: str) -> Asset:
    """Put a retired asset back into service.

    Raises:
        Missing: there is no such asset.
        WrongState: it is in service.
    """
    return _set_status(session, asset_id, "restore", "in_service", reason=reason, at=at, by=by)


def owner_on(session: Session, asset_id: str, day: date) -> str:
    """Return the id of the entity that owned an asset on a day.

    Raises:
        Missing: nobody of the house owned it then.
    """
    owner = session.scalar(
        sa.select(OwnerPeriod.entity_id).where(
            OwnerPeriod.asset_id == asset_id,
            OwnerPeriod.owned_from <= day,
            sa.or_(OwnerPeriod.owned_until.is_(None), OwnerPeriod.owned_until > day),
        )
    )
    if owner is None:
        raise Missing(
            f"Expected an owner of the asset on {day}, but none is recorded.",
            noun="owner period",
            asset_id=asset_id,
            day=day,
        )
    return owner


def owner_periods(session: Session, asset_id: str) -> Sequence[OwnerPeriod]:
    """Return the owner periods of an asset, the oldest first."""
    query = sa.select(OwnerPeriod).where(OwnerPeriod.asset_id == asset_id).order_by(OwnerPeriod.owned_from)
    return session.scalars(query).all()


def descendants(session: Session, asset_id: str) -> list[Asset]:
    """Return the parts of an asset, and theirs, in one query, by code."""
    parts = sa.select(Asset.id).where(Asset.parent_id == asset_id).cte("parts", recursive=True)
    inner = aliased(Asset)
    parts = parts.union(sa.select(inner.id).join(parts, inner.parent_id == parts.c.id))
    return list(session.scalars(sa.select(Asset).join(parts, Asset.id == parts.c.id).order_by(Asset.code)))


def ancestors(session: Session, asset_id: str) -> list[Asset]:
    """Return the asset, then what it is a part of, up to the top, in one query."""
    line = (
        sa.select(Asset.id, Asset.parent_id, sa.literal(0).label("depth"))
        .where(Asset.id == asset_id)
        .cte("line", recursive=True)
    )
    outer = aliased(Asset)
    line = line.union_all(
        sa.select(outer.id, outer.parent_id, line.c.depth + 1).join(line, outer.id == line.c.parent_id)
    )
    return list(session.scalars(sa.select(Asset).join(line, Asset.id == line.c.id).order_by(line.c.depth)))


def _tidy(session: Session, asset: Asset, class_: AssetClass, values: AssetChanges) -> dict[str, Any]:
    """Return the columns that ``values`` ask for, checked."""
    wanted: dict[str, Any] = {}
    if "code" in values:
        wanted["code"] = rules.text(values["code"], "code", limit=80)
        if wanted["code"] != asset.code:
            taken = sa.exists().where(Asset.class_code == asset.class_code, Asset.code == wanted["code"])
            if session.scalar(sa.select(taken)):
                raise _taken(wanted["code"], asset.class_code)
    if "name" in values:
        wanted["name"] = rules.text(values["name"], "name")
    if "address" in values:
        wanted["address"] = rules.optional_text(values["address"], "address", limit=500)
    if "parent_id" in values:
        wanted["parent_id"] = values["parent_id"]
    if "attributes" in values:
        wanted["attributes"] = dict(values["attributes"] or {})
        asset_rows.check_fields(class_, wanted["attributes"])
    if values.keys() & {"longitude", "latitude", "geometry"}:
        geometry = values.get("geometry", asset.geometry)
        said = "longitude" in values or "latitude" in values or "geometry" not in values
        wanted |= asset_rows.place(
            values.get("longitude", asset.longitude) if said else None,
            values.get("latitude", asset.latitude) if said else None,
            geometry,
        )
    return wanted


def _give(
    session: Session, asset: Asset, to_entity_id: str, on: date, *, reason: str, at: datetime, by: str
) -> OwnerPeriod:
    held = rows.lock(
        session, OwnerPeriod, OwnerPeriod.asset_id == asset.id, OwnerPeriod.owned_until.is_(None)
    )
    if held is None:
        raise Missing(
            f"Expected an open owner period of {asset.code}, but there is none.", noun="owner period"
        )
    if on <= held.owned_from:
        raise rules.Unfit(
            f"Expected a transfer of {asset.code} after {held.owned_from}, when its present period began, "
            f"but found {on}.",
            field="on",
            found=on,
            owned_from=held.owned_from,
        )
    before = asset.entity_id
    held.owned_until = on
    session.flush()
    begun = OwnerPeriod(
        id=ids.new(at),
        asset_id=asset.id,
        entity_id=to_entity_id,
        owned_from=on,
        owned_until=None,
        reason=reason,
        created_at=at,
        created_by=by,
    )
    asset.entity_id = to_entity_id
    asset.version += 1
    asset.changed_at, asset.changed_by = at, by
    facts = {"before": before, "after": to_entity_id, "on": on.isoformat()}
    session.add(begun)
    session.add(
        AssetEvent(
            **asset_rows.event(asset.id, asset.version, "transferred", reason, facts=facts, at=at, by=by)
        )
    )
    session.flush()
    return begun


_STATUS = {"retire": {"in_service": "retired"}, "restore": {"retired": "in_service"}}


def _set_status(
    session: Session, asset_id: str, verb: str, kind: str, *, reason: str, at: datetime, by: str
) -> Asset:
    asset = rows.locked(session, Asset, asset_id, "asset")
    after = rules.step(_STATUS, verb, asset.status, "asset", asset.code)
    told = rules.text(reason, "reason", limit=500)
    asset.status = after
    asset.version += 1
    asset.changed_at, asset.changed_by = at, by
    session.add(AssetEvent(**asset_rows.event(asset.id, asset.version, kind, told, facts={}, at=at, by=by)))
    session.flush()
    return asset


def _refuse_taken(session: Session, drafts: Sequence[Draft]) -> None:
    seen: set[tuple[str, str]] = set()
    for draft in drafts:
        if (draft.class_code, draft.code) in seen:
            raise _taken(draft.code, draft.class_code)
        seen.add((draft.class_code, draft.code))
    for class_code in {draft.class_code for draft in drafts}:
        codes = [draft.code for draft in drafts if draft.class_code == class_code]
        for first in range(0, len(codes), _CHUNK):
            taken = session.scalar(
                sa.select(Asset.code)
                .where(Asset.class_code == class_code, Asset.code.in_(codes[first : first + _CHUNK]))
                .limit(1)
            )
            if taken is not None:
                raise _taken(taken, class_code)


def _taken(code: str, class_code: str) -> rules.Taken:
    return rules.Taken(
        f"Expected a new code in class {class_code}, but {code} is already in use.",
        noun="asset",
        field="code",
        value=code,
    )


def _refuse_cycle(session: Session, asset: Asset, parent_id: str | None) -> None:
    if parent_id is None:
        return
    parent = get(session, parent_id)
    if asset.id in {outer.id for outer in ancestors(session, parent_id)}:
        raise rules.Cycle(
            f"Expected to put {asset.code} into {parent.code}, but {parent.code} is a part of {asset.code}.",
            code=asset.code,
            parent=parent.code,
        )
