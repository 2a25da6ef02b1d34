"""The facts of the demo town, read from the data files beside this module.

Comes in: TOML and CSV files of this folder. Goes out: plain dictionaries, places and natures. It never touches the
database. Next: ``web/demo/founding.py``.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

_FOLDER: Final = resources.files("web.demo")


@dataclass(frozen=True, slots=True)
class Place:
    """A building or a green space of the open data: WGS 84 degrees, square metres."""

    kind: str
    name: str
    district: str
    longitude: float
    latitude: float
    square_metres: int


@dataclass(frozen=True, slots=True)
class Nature:
    """A kind of work and what people typically ask of it.

    Attributes:
        calls: title, description, report of each typical request.
        kinds: the kinds of asset it concerns: kinds of places, or an asset class.
        minutes: shortest and longest intervention; ``euros``: smallest and largest contractor's invoice.
        articles: families of items the work may use.
        weight: how often it is asked, against the others.
    """

    code: str
    names: tuple[str, str]
    team: str
    contractor: bool
    account: str | None
    weight: int
    kinds: tuple[str, ...]
    minutes: tuple[int, int]
    euros: tuple[int, int]
    articles: tuple[str, ...]
    calls: tuple[tuple[str, str, str], ...]


@cache
def read(name: str) -> dict[str, Any]:
    """Return the facts of one TOML file: ``town``, ``natures`` or ``items``."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def places(name: str) -> tuple[Place, ...]:
    """Return the places of ``buildings`` or ``green_spaces``, in the order of the file."""
    rows = csv.DictReader((_FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines())
    return tuple(
        Place(
            row["kind"],
            row["name"],
            row["district"],
            float(row["longitude"]),
            float(row["latitude"]),
            int(row["square_metres"]),
        )
        for row in rows
    )


@cache
def natures() -> tuple[Nature, ...]:
    """Return the kinds of work, in the order of the file."""
    shipped = read("natures")
    groups: dict[str, list[str]] = shipped["groups"]
    return tuple(
        Nature(
            code=one["code"],
            names=(one["names"][0], one["names"][1]),
            team=one["team"],
            contractor=one.get("contractor", False),
            account=one.get("account"),
            weight=one["weight"],
            kinds=tuple(groups[one["kinds"]] if isinstance(one["kinds"], str) else one["kinds"]),
            minutes=tuple(one.get("minutes", (30, 120))),
            euros=tuple(one.get("euros", (200, 1500))),
            articles=tuple(one.get("articles", ())),
            calls=tuple((title, description, report) for title, description, report in one["calls"]),
        )
        for one in shipped["natures"]
    )


def email(name: str) -> str:
    """Return the mail address of a person of the town: ``adele.tuyaut@montreval.example``."""
    plain = name.lower().replace(" ", ".").replace("’", "")
    for accented, letter in ("éèêë", "e"), ("àâ", "a"), ("îï", "i"), ("ôö", "o"), ("ùû", "u"), ("ç", "c"):
        for one in accented:
            plain = plain.replace(one, letter)
    return f"{plain}@{read('town')['domain']}"
