"""Lookups: what the drop-downs of forms offer from the registry.

Comes in: the name a form writes in ``valuesKey``, and the variables of the task. Goes out: options with a value and a
label in the person's language. It never offers a whole estate: assets are those near the request, beside its asset, or
found by the words typed. Next: ``engine/forms.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import places, search
from registry.tables.assets import Asset
from registry.tables.natures import Nature
from registry.tables.people import Membership, Person, Team
from registry.tables.requests import Request
from registry.tables.stock import Item, Store
from registry.tables.suppliers import Supplier

Option = dict[str, str]

_NEAR_METRES: Final = 150.0
_MOST_ASSETS: Final = 60


def options(session: Session, name: str, variables: Mapping[str, Any], locale: str = "fr") -> list[Option]:
    """Return what a drop-down offers, sorted by label.

    Args:
        session: the transaction.
        name: one of ``NAMES``.
        variables: what the task sees and what was submitted; ``team`` chooses members, ``assetId``, ``requestId``
            and ``assetWords`` (typed by the person) choose assets.
        locale: ``fr`` or ``en``.

    Raises:
        KeyError: there is no such lookup.
    """
    found = _LOOKUPS[name](session, variables, locale)
    return sorted(found, key=lambda one: search.fold(one["label"]))


def _natures(session: Session, _variables: Mapping[str, Any], locale: str) -> list[Option]:
    label = Nature.name_en if locale == "en" else Nature.name_fr
    return _pairs(session, sa.select(Nature.code, label).where(Nature.active))


def _teams(session: Session, _variables: Mapping[str, Any], _locale: str) -> list[Option]:
    return _pairs(session, sa.select(Team.code, Team.name).where(Team.active))


def _members(session: Session, variables: Mapping[str, Any], _locale: str) -> list[Option]:
    query = (
        sa.select(Person.id, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .join(Team, Team.id == Membership.team_id)
        .where(Team.code == variables.get("team"), Membership.left_at.is_(None), Person.active)
    )
    return _pairs(session, query)


def _suppliers(session: Session, _variables: Mapping[str, Any], _locale: str) -> list[Option]:
    return _pairs(session, sa.select(Supplier.code, Supplier.name).where(Supplier.active))


def _items(session: Session, _variables: Mapping[str, Any], locale: str) -> list[Option]:
    name = Item.name_en if locale == "en" else Item.name_fr
    rows = session.execute(sa.select(Item.code, name, Item.unit)).all()
    return [{"value": code, "label": f"{label} ({unit}) · {code}"} for code, label, unit in rows]


def _stores(session: Session, _variables: Mapping[str, Any], _locale: str) -> list[Option]:
    return _pairs(session, sa.select(Store.code, Store.name))


def _assets(session: Session, variables: Mapping[str, Any], _locale: str) -> list[Option]:
    conditions = [condition for condition in _which_assets(session, variables) if condition is not None]
    if not conditions:
        return []
    query = (
        sa.select(Asset.id, Asset.name, Asset.code)
        .where(sa.or_(*conditions), Asset.status == "in_service")
        # The asset that stands in the form comes first, so that the limit never cuts it off.
        .order_by((Asset.id == variables.get("assetId")).desc(), Asset.name, Asset.id)
        .limit(_MOST_ASSETS)
    )
    return [{"value": key, "label": f"{name} · {code}"} for key, name, code in session.execute(query).all()]


def _which_assets(session: Session, variables: Mapping[str, Any]) -> list[sa.ColumnElement[bool] | None]:
    known, typed = variables.get("assetId"), variables.get("assetWords")
    family = None
    if known:
        parent = (
            sa.select(Asset.parent_id)
            .where(Asset.id == known, Asset.parent_id.is_not(None))
            .scalar_subquery()
        )
        family = sa.or_(
            Asset.id == known, Asset.parent_id == known, Asset.id == parent, Asset.parent_id == parent
        )
    words = search.conditions("asset", Asset.id, typed) if typed else []
    return [family, sa.and_(*words) if words else None, _near(session, variables.get("requestId"))]


def _near(session: Session, request_id: Any) -> sa.ColumnElement[bool] | None:
    request = session.get(Request, request_id) if request_id else None
    if request is None or request.longitude is None or request.latitude is None:
        return None
    box = places.around(places.Point(request.longitude, request.latitude), _NEAR_METRES)
    return sa.and_(Asset.longitude.between(box.west, box.east), Asset.latitude.between(box.south, box.north))


def _pairs(session: Session, query: sa.Select[str, str]) -> list[Option]:
    return [{"value": value, "label": label} for value, label in session.execute(query).all()]


_LOOKUPS: Final[Mapping[str, Callable[[Session, Mapping[str, Any], str], list[Option]]]] = MappingProxyType(
    {
        "natures": _natures,
        "teams": _teams,
        "members": _members,
        "suppliers": _suppliers,
        "items": _items,
        "stores": _stores,
        "assets": _assets,
    }
)
NAMES: Final = frozenset(_LOOKUPS)
