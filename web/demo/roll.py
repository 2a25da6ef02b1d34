"""The roll: who and what the town has, read once and kept by what the demo asks for.

Comes in: a unit of work on a founded town. Goes out: ids of people by what they do, assets by kind, and the accounts
that may sign in. It never writes but for their passwords. Next: ``web/demo/calls.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.store import UnitOfWork
from registry import people
from registry.tables.assets import Asset
from registry.tables.people import Membership, Person, Team
from registry.tables.stock import Item, Store
from registry.tables.suppliers import Supplier
from web import passwords
from web.demo import facts


@dataclass(frozen=True, slots=True)
class Thing:
    """An asset as somebody who asks for work knows it."""

    id: str
    entity_id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Roll:
    """Who and what the town has.

    Attributes:
        office: key of an office (``operator``, ``accountant``…) → person.
        leaders: team code → the one who leads it; ``agents``: team code → the others.
        firms: supplier code → the person who answers for it.
        things: kind of place, or asset class → assets.
        items: family of items → item codes; ``stores``: family → store code.
        ids: code of an item or store → its id.
    """

    office: dict[str, str]
    leaders: dict[str, str]
    agents: dict[str, list[str]]
    firms: dict[str, str]
    things: dict[str, list[Thing]]
    items: dict[str, list[str]]
    stores: dict[str, str]
    ids: dict[str, str]


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in, and what they are for."""

    person_id: str
    name: str
    email: str
    about: dict[str, str]


def read(unit: UnitOfWork) -> Roll:
    """Read the roll of a founded town."""
    session = unit.session
    leaders: dict[str, str] = {}
    agents: dict[str, list[str]] = {}
    members = (
        sa.select(Team.code, Membership.leader, Person.id)
        .join(Membership, Membership.team_id == Team.id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.left_at.is_(None))
        .order_by(Team.code, Person.email)
    )
    for code, leader, person_id in session.execute(members):
        if leader:
            leaders[code] = person_id
        else:
            agents.setdefault(code, []).append(person_id)
    firms = sa.select(Supplier.code, Person.id).join(Person, Person.supplier_id == Supplier.id)
    families = facts.read("items")["families"]
    return Roll(
        office={one["key"]: _by_name(unit, one["name"]) for one in facts.read("town")["office"]},
        leaders=leaders,
        agents=agents,
        firms=_pairs(unit, firms),
        things=_things(unit),
        items={
            one["code"]: [f"{one['code']}-{number:02d}" for number in range(1, len(one["variants"]) + 1)]
            for one in families
        },
        stores={one["code"]: one["store"] for one in families},
        ids=_pairs(unit, sa.select(Item.code, Item.id)) | _pairs(unit, sa.select(Store.code, Store.id)),
    )


def _pairs(unit: UnitOfWork, query: sa.Select[str, str]) -> dict[str, str]:
    return {row[0]: row[1] for row in unit.session.execute(query)}


def _things(unit: UnitOfWork) -> dict[str, list[Thing]]:
    found: dict[str, list[Thing]] = {}
    query = sa.select(Asset.id, Asset.entity_id, Asset.class_code, Asset.name, Asset.attributes)
    for row in unit.session.execute(query.order_by(Asset.class_code, Asset.code)):
        placed = row.class_code in ("building", "school", "green_space")
        kind: str = row.attributes["kind"] if placed else row.class_code
        found.setdefault(kind, []).append(Thing(row.id, row.entity_id, kind, row.name))
    return found


def _by_name(unit: UnitOfWork, name: str) -> str:
    person = people.by_email(unit.session, facts.email(name))
    assert person is not None, f"the town has no {name}: it was not founded by web/demo/founding.py"
    return person.id


def accounts(unit: UnitOfWork) -> list[Account]:
    """Return the accounts of the demo, one for each thing people do."""
    return list(_accounts(unit))


def _accounts(unit: UnitOfWork) -> Iterator[Account]:
    town = facts.read("town")
    known = read(unit)
    shown: list[tuple[str, dict[str, Any]]] = [
        (known.office[one["key"]], one) for one in town["office"] if "fr" in one
    ]
    shown += [
        (known.leaders["VOIRIE"], town["accounts"]["leader"]),
        (known.agents["PLOMBERIE"][0], town["accounts"]["agent"]),
        (known.firms["ARDOISE"], town["accounts"]["contractor"]),
    ]
    for person_id, about in shown:
        person = people.get(unit.session, person_id)
        assert person.email is not None
        yield Account(person.id, person.name, person.email, {"fr": about["fr"], "en": about["en"]})


def give_passwords(unit: UnitOfWork) -> None:
    """Let the demo accounts sign in with the password that the town's facts name."""
    # One hash for all: the password is printed, and each hash costs a tenth of a second.
    kept = passwords.hashed(facts.read("town")["password"])
    for account in accounts(unit):
        people.set_password_hash(unit.session, account.person_id, kept, at=unit.now, by=unit.actor)
