"""Profiles: what the columns of a file mean, as data.

Comes in: the name of a profile shipped here, or the path of a TOML file. Goes out: a ``Profile``, checked. It never
ignores a word it does not know: a misspelt option is refused by name. Next: ``integrations/imports/assets.py``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from integrations.imports.errors import UnfitProfile, UnknownProfile

_Section = TypeVar("_Section")


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How a table is written: the mark that ends a header's name, the decimal mark."""

    header_until: str = ""
    decimal: str = "."


@dataclass(frozen=True, slots=True)
class KeyOptions:
    """What names an asset in the file.

    ``none`` lists what is written where there is no key. ``otherwise`` says what then: refuse the row, or name the
    asset by its place. ``repeated`` says what rows with the same key are: parts of one asset, further assets to be
    numbered, or a mistake.
    """

    column: str = ""
    none: tuple[str, ...] = ("",)
    otherwise: Literal["refuse", "place"] = "refuse"
    repeated: Literal["merge", "number", "refuse"] = "refuse"
    code: str = "{key}"
    code_by_place: str = "{place}"


@dataclass(frozen=True, slots=True)
class FactOptions:
    """Columns of the facts every asset has, and what stands in for an empty one."""

    name: str = ""
    name_otherwise: str = ""
    address: str = ""
    owned_from: str = ""
    owned_from_otherwise: str = "2000-01-01"
    count_as: str = ""


@dataclass(frozen=True, slots=True)
class PlaceOptions:
    """Where an asset is: columns of degrees, the reference system of geometries, the box it must lie in."""

    longitude: str = ""
    latitude: str = ""
    crs: str = "EPSG:4326"
    within: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeOptions:
    """Where an own field of the class comes from, and what rows merged into one asset make of it."""

    column: str
    type: Literal["string", "number", "integer", "boolean"] = "string"
    digits: int = 6
    merge: Literal["first", "sum", "join"] = "first"


@dataclass(frozen=True, slots=True)
class ClassOptions:
    """The asset class, created by the import when the house has none of that code."""

    code: str
    name_fr: str
    name_en: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """One way of reading one kind of file."""

    name: str
    title: str
    source: str
    asset_class: ClassOptions
    file: FileOptions
    key: KeyOptions
    facts: FactOptions
    place: PlaceOptions
    attributes: Mapping[str, AttributeOptions]


def names() -> list[str]:
    """Return the names of the profiles shipped."""
    return sorted(
        entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml")
    )


def load(name: str) -> Profile:
    """Return the profile of that name, or of that path when it ends in ``.toml``.

    Raises:
        UnknownProfile: there is none.
        UnfitProfile: it is no TOML, or has a word this module does not know.
    """
    own = Path(name)
    if name.endswith(".toml") and own.is_file():
        return parse(own.stem, own.read_text(encoding="utf-8"))
    if name not in names():
        raise UnknownProfile(
            f"Expected the name of a profile ({', '.join(names())}) or the path of a .toml file, but found {name}.",
            found=name,
        )
    return parse(name, (_folder() / f"{name}.toml").read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Profile:
    """Return the profile that a TOML text describes.

    Raises:
        UnfitProfile: it is no TOML, or has a word this module does not know.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnfitProfile(f"Expected profile {name} to be TOML, but {error}.", profile=name) from error
    known = {"title", "source", "class", "file", "key", "facts", "place", "attributes"}
    if set(data) - known or not isinstance(data.get("title"), str):
        raise UnfitProfile(
            f"Expected profile {name} to have a title and the sections {', '.join(sorted(known))}, "
            f"but found {', '.join(sorted(data))}.",
            profile=name,
        )
    attributes = {
        attribute: _section(name, f"attributes.{attribute}", AttributeOptions, options)
        for attribute, options in data.get("attributes", {}).items()
    }
    facts = _section(name, "facts", FactOptions, data.get("facts", {}))
    _check_day(name, facts.owned_from_otherwise)
    return Profile(
        name=name,
        title=data["title"],
        source=data.get("source", ""),
        asset_class=_section(name, "class", ClassOptions, data.get("class", {})),
        file=_section(name, "file", FileOptions, data.get("file", {})),
        key=_section(name, "key", KeyOptions, data.get("key", {})),
        facts=facts,
        place=_section(name, "place", PlaceOptions, data.get("place", {})),
        attributes=attributes,
    )


def _folder() -> resources.abc.Traversable:
    return resources.files("integrations.imports") / "profiles"


def _section(profile: str, section: str, kind: type[_Section], data: Any) -> _Section:
    """Return the options of a section, refusing words and values that ``kind`` does not know."""
    known = {option.name: option for option in fields(cast("Any", kind))}
    if not isinstance(data, dict) or set(data) - set(known):
        raise UnfitProfile(
            f"Expected section {section} of profile {profile} to have only {', '.join(known)}, but found {data}.",
            profile=profile,
            section=section,
        )
    absent = [
        name
        for name, option in known.items()
        if option.default is MISSING and option.default_factory is MISSING and name not in data
    ]
    if absent:
        raise UnfitProfile(
            f"Expected {', '.join(absent)} in section {section} of profile {profile}, but it is absent.",
            profile=profile,
            section=section,
        )
    for name, value in data.items():
        words = _WORDS.get(name)
        if words is not None and value not in words:
            raise UnfitProfile(
                f"Expected {name} in section {section} of profile {profile} to be one of {', '.join(words)}, "
                f"but found {value}.",
                profile=profile,
                section=section,
            )
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in data.items()})


_WORDS = {
    "otherwise": ("refuse", "place"),
    "repeated": ("merge", "number", "refuse"),
    "type": ("string", "number", "integer", "boolean"),
    "merge": ("first", "sum", "join"),
    "decimal": (".", ","),
}


def _check_day(profile: str, text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise UnfitProfile(
            f"Expected owned_from_otherwise of profile {profile} to be a day like 2000-01-01, but found {text}.",
            profile=profile,
        ) from error
