"""Drop-downs of forms offer what the registry holds, in the person's language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from integrations import lookups
from registry import assets
from tests import factories_processes
from tests.factories_processes import Town


@pytest.fixture
def town() -> Iterator[Town]:
    with factories_processes.opened() as opened:
        yield opened


def labels(town: Town, name: str, locale: str = "fr", **variables: Any) -> list[str]:
    with town.house.read() as reading:
        return [one["label"] for one in lookups.options(reading.session, name, variables, locale)]


def test_members_are_those_of_the_team_of_the_task(town: Town) -> None:
    assert labels(town, "members", team="PLOMBERIE") == ["Agent Un", "Cheffe Deux"]
    assert labels(town, "members", team="VOIRIE") == []
    assert labels(town, "members") == []


def test_items_tell_their_unit_and_speak_english(town: Town) -> None:
    assert labels(town, "items") == ["Joint (pce) · JOINT"]
    assert labels(town, "items", "en") == ["Seal (pce) · JOINT"]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("natures", "BAT.PLOMBERIE"),
        ("teams", "Maconnerie"),
        ("stores", "Dépôt"),
        ("suppliers", "Toits et Cie"),
    ],
)
def test_codes_are_offered_by_name(town: Town, name: str, first: str) -> None:
    assert labels(town, name)[0] == first


def test_assets_are_those_near_the_request_beside_its_asset_or_found_by_words(town: Town) -> None:
    with town.house.begin("system:test") as unit:
        facts = {
            "entity_id": town.ids["commune"],
            "class_code": "school",
            "owned_from": date(2010, 1, 1),
            "at": unit.now,
            "by": unit.actor,
        }
        school = town.ids["school"]
        assets.create(unit.session, code="P1", name="Préau", parent_id=school, **facts)
        assets.create(unit.session, code="N1", name="Crèche", longitude=3.8705, latitude=43.6101, **facts)
        assets.create(
            unit.session, code="F1", name="Piscine lointaine", longitude=4.2, latitude=43.9, **facts
        )
    request_id = town.ask(asset_id=None, longitude=3.87, latitude=43.61)
    school_and_near = ["Crèche · N1", "École des Tilleuls · E1"]
    assert labels(town, "assets", requestId=request_id) == school_and_near
    assert labels(town, "assets", assetId=school) == ["École des Tilleuls · E1", "Préau · P1"]
    assert labels(town, "assets", assetWords="pisc") == ["Piscine lointaine · F1"]
    assert labels(town, "assets") == []


def test_an_unknown_lookup_is_an_error(town: Town) -> None:
    with town.house.read() as reading, pytest.raises(KeyError):
        lookups.options(reading.session, "planets", {})
