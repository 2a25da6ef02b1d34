"""Founding: the demo town as it stands before its first request, made by the registry's verbs.

Comes in: a unit of work and the facts of ``web/demo/*.toml``. Goes out: entities, people, assets, natures, stock,
suppliers, books and the shipped processes. It never asks for work. Next: ``web/demo/calls.py``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import bpmn
import forms
from engine import definitions, store
from integrations.tasks import check_task
from registry import assets, entities, journal, natures, people, settlement, stock, suppliers
from web.demo import facts

FIRST_DAY: Final = date(2019, 1, 1)
"""Since when the town owns things and pays rates."""
RAISE_PERCENT: Final = 2
"""By how much an hour of labour becomes dearer on the day of the raise: rates have validity dates."""
_AGENTS: Final = 4


def found(unit: store.UnitOfWork, *, years: range, raised_from: date) -> None:
    """Found the town and deploy the shipped processes, in the caller's transaction.

    Args:
        unit: the transaction.
        years: whose months are opened for posting.
        raised_from: the day from which an hour of labour costs more.
    """
    town = facts.read("town")
    chance = random.Random(town["seed"])  # noqa: S311 - a town is not a secret; it must be the same each time
    _entities(unit, town, years)
    _suppliers(unit, town)
    _people(unit, town, raised_from)
    _natures(unit)
    _stores(unit, town)
    _assets(unit, town, chance)
    shipped = bpmn.files("intervention") + forms.files("intervention")
    files = [definitions.File(name, content) for name, content in shipped]
    definitions.deploy(unit, files, message="Première mise en service du guichet", task_type=check_task)


def _who(unit: store.UnitOfWork) -> dict[str, Any]:
    return {"at": unit.now, "by": unit.actor}


def _entities(unit: store.UnitOfWork, town: dict[str, Any], years: range) -> None:
    for one in town["entities"]:
        made = entities.create(unit.session, **one, **_who(unit))
        settlement.install_defaults(unit.session, made.id, valid_from=FIRST_DAY, **_who(unit))
        for year in years:
            journal.open_year(unit.session, entity_id=made.id, year=year, **_who(unit))


def _suppliers(unit: store.UnitOfWork, town: dict[str, Any]) -> None:
    for one in town["suppliers"]:
        mail = f"contact@{one['code'].lower()}.example"
        suppliers.create(unit.session, code=one["code"], name=one["name"], email=mail, **_who(unit))


def _people(unit: store.UnitOfWork, town: dict[str, Any], raised_from: date) -> None:
    names = _names(town)
    for one in town["teams"]:
        entity = entities.by_code(unit.session, one["entity"])
        team = people.create_team(
            unit.session, entity_id=entity.id, code=one["code"], name=one["name"], **_who(unit)
        )
        for number in range(1 + _AGENTS):
            person = _person(unit, next(names), entity.id)
            people.join(unit.session, person_id=person, team_id=team.id, leader=number == 0, **_who(unit))
            role: Any = "leader" if number == 0 else "agent"
            people.grant(unit.session, person_id=person, role=role, entity_id=entity.id, **_who(unit))
        for cents, day in (
            (one["hourly_cents"], FIRST_DAY),
            (one["hourly_cents"] * (100 + RAISE_PERCENT) // 100, raised_from),
        ):
            people.set_rate(unit.session, team_id=team.id, hourly_cents=cents, valid_from=day, **_who(unit))
    for one in town["office"]:
        entity = entities.by_code(unit.session, one["entity"])
        person = _person(unit, one["name"], entity.id)
        for role in one["roles"]:
            people.grant(unit.session, person_id=person, role=role, **_who(unit))
    for one in town["suppliers"]:
        commune = entities.by_code(unit.session, "COMMUNE")
        firm = suppliers.by_code(unit.session, one["code"])
        _person(unit, next(names), commune.id, supplier_id=firm.id)


def _person(unit: store.UnitOfWork, name: str, entity_id: str, supplier_id: str | None = None) -> str:
    made = people.create_person(
        unit.session,
        entity_id=entity_id,
        name=name,
        email=facts.email(name),
        supplier_id=supplier_id,
        **_who(unit),
    )
    return made.id


def _names(town: dict[str, Any]) -> Iterator[str]:
    """Yield fictional names, each once: the last names in their order, the first names a little apart each round."""
    first, last = town["names"]["first"], town["names"]["last"]
    for number in range(len(first) * len(last)):
        turn, position = divmod(number, len(last))
        yield f"{first[(7 * position + 11 * turn) % len(first)]} {last[position]}"


def _natures(unit: store.UnitOfWork) -> None:
    for code, (fr, en) in facts.read("natures")["parents"].items():
        natures.create(unit.session, code=code, name_fr=fr, name_en=en, **_who(unit))
    for one in facts.natures():
        natures.create(
            unit.session,
            code=one.code,
            name_fr=one.names[0],
            name_en=one.names[1],
            parent_code=one.code.partition(".")[0],
            team_code=one.team,
            expense_account=one.account,
            **_who(unit),
        )


def _stores(unit: store.UnitOfWork, town: dict[str, Any]) -> None:
    stores = {
        one["code"]: stock.create_store(
            unit.session,
            entity_id=entities.by_code(unit.session, one["entity"]).id,
            code=one["code"],
            name=one["name"],
            **_who(unit),
        )
        for one in town["stores"]
    }
    for family in facts.read("items")["families"]:
        fr, en = family["names"]
        first, more = family["cents"]
        for number, variant in enumerate(family["variants"]):
            item = stock.create_item(
                unit.session,
                code=f"{family['code']}-{number + 1:02d}",
                name_fr=f"{fr} {variant}",
                name_en=f"{en} {variant}",
                unit=family["unit"],
                reorder_milli=family["stock"] * 250,
                **_who(unit),
            )
            stock.receive(
                unit.session,
                item_id=item.id,
                store_id=stores[family["store"]].id,
                quantity_milli=family["stock"] * 1000,
                unit_cost_cents=first + more * number,
                document="Inventaire initial",
                **_who(unit),
            )


def _assets(unit: store.UnitOfWork, town: dict[str, Any], chance: random.Random) -> None:
    for code, one in town["classes"].items():
        properties = {
            name: field | ({"enum": sorted(field["labels"])} if "labels" in field else {})
            for name, field in one["fields"].items()
        }
        assets.create_class(
            unit.session,
            code=code,
            name_fr=one["fr"],
            name_en=one["en"],
            fields={"type": "object", "properties": properties},
            **_who(unit),
        )
    owner = {one["code"]: entities.by_code(unit.session, one["code"]).id for one in town["entities"]}
    drafts = [
        *_buildings(town, owner),
        *_roads(town, owner, chance),
        *_lights(town, owner, chance),
        *_vehicles(town, owner, chance),
    ]
    assets.create_many(unit.session, drafts, **_who(unit))
    parks = list(_parks(owner))
    keys = assets.create_many(unit.session, parks, **_who(unit))
    parts = _parts_of_parks(town, owner, dict(zip(keys, parks, strict=True)))
    assets.create_many(unit.session, list(parts), **_who(unit))


def _buildings(town: dict[str, Any], owner: dict[str, str]) -> Iterator[assets.Draft]:
    for number, place in enumerate(facts.places("buildings"), start=1):
        yield assets.Draft(
            entity_id=owner[town["owners"].get(place.kind, "COMMUNE")],
            class_code="school" if place.kind == "school" else "building",
            code=f"B{number:03d}",
            name=place.name,
            owned_from=FIRST_DAY,
            address=place.district or None,
            longitude=place.longitude,
            latitude=place.latitude,
            attributes={"kind": place.kind, "square_metres": place.square_metres},
        )


def _parks(owner: dict[str, str]) -> Iterator[assets.Draft]:
    for number, place in enumerate(facts.places("green_spaces"), start=1):
        yield assets.Draft(
            entity_id=owner["COMMUNE"],
            class_code="green_space",
            code=f"EV{number:03d}",
            name=place.name,
            owned_from=FIRST_DAY,
            address=place.district or None,
            longitude=place.longitude,
            latitude=place.latitude,
            attributes={"kind": place.kind, "square_metres": place.square_metres},
        )


def _parts_of_parks(
    town: dict[str, Any], owner: dict[str, str], parks: dict[str, assets.Draft]
) -> Iterator[assets.Draft]:
    """Yield playgrounds, lawns and flower beds, in turn, until there are as many green spaces as the town has."""
    names, kinds = town["green"]["parts"], town["green"]["part_kinds"]
    whole = list(parks.items())
    for number in range(town["green"]["total"] - len(whole)):
        turn, position = divmod(number, len(whole))
        key, park = whole[position]
        part = (turn + position) % len(names)
        assert park.longitude is not None
        assert park.latitude is not None
        yield assets.Draft(
            entity_id=owner["COMMUNE"],
            class_code="green_space",
            code=f"{park.code}-{turn + 1}",
            name=f"{names[part]}, {park.name}",
            owned_from=FIRST_DAY,
            parent_id=key,
            address=park.address,
            longitude=round(park.longitude + 0.0004 * (turn + 1), 5),
            latitude=round(park.latitude - 0.0003 * (turn + 1), 5),
            attributes={"kind": kinds[part], "square_metres": 40 + 15 * part},
        )


def _roads(town: dict[str, Any], owner: dict[str, str], chance: random.Random) -> Iterator[assets.Draft]:
    for number, name in enumerate(
        f"{kind} {of}" for of in town["roads"]["names"] for kind in town["roads"]["kinds"]
    ):
        longitude, latitude = _somewhere(chance)
        yield assets.Draft(
            entity_id=owner["COMMUNE"],
            class_code="road",
            code=f"V{number + 1:03d}",
            name=name,
            owned_from=FIRST_DAY,
            longitude=longitude,
            latitude=latitude,
            attributes={"kind": name.split(" ", maxsplit=1)[0]},
        )


def _lights(town: dict[str, Any], owner: dict[str, str], chance: random.Random) -> Iterator[assets.Draft]:
    for number in range(town["lights"]["total"]):
        lamp, watts = chance.choice(town["lights"]["lamps"])
        longitude, latitude = _somewhere(chance)
        yield assets.Draft(
            entity_id=owner["COMMUNE"],
            class_code="street_light",
            code=f"L{number + 1:05d}",
            name=f"Lampadaire {number + 1}",
            owned_from=FIRST_DAY,
            longitude=longitude,
            latitude=latitude,
            attributes={"lamp": lamp, "watts": watts},
        )


def _vehicles(town: dict[str, Any], owner: dict[str, str], chance: random.Random) -> Iterator[assets.Draft]:
    owners = [code for code, count in town["vehicles"]["owners"].items() for _ in range(count)]
    for number, code in enumerate(owners, start=1):
        make = chance.choice(town["vehicles"]["makes"])
        yield assets.Draft(
            entity_id=owner[code],
            class_code="vehicle",
            code=f"VH{number:03d}",
            name=f"{make} n° {number}",
            owned_from=FIRST_DAY,
            attributes={"make": make, "first_registered": chance.randint(2008, 2025)},
        )


def _somewhere(chance: random.Random) -> tuple[float, float]:
    """Return a point of the town: near one of its buildings, so that maps look lived in."""
    near = chance.choice(facts.places("buildings"))
    return (
        round(near.longitude + chance.uniform(-0.004, 0.004), 5),
        round(near.latitude + chance.uniform(-0.003, 0.003), 5),
    )
