"""The definitions shipped with Guichet: processes and decisions, by domain, with their scenarios beside them.

Comes in: the name of a domain. Goes out: names and bytes of its files, ready to be deployed. It never reads what they
mean: ``engine/definitions.py`` does. Next: ``forms/__init__.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files as resources
from importlib.resources.abc import Traversable

SUFFIXES = (".bpmn", ".dmn")


def domains() -> list[str]:
    """Return the names of the domains, sorted."""
    return sorted(one.name for one in resources(__name__).iterdir() if _has(one, SUFFIXES))


def files(domain: str) -> list[tuple[str, bytes]]:
    """Return name and content of each process and decision of a domain, sorted by name."""
    return list(_read(resources(__name__) / domain, SUFFIXES))


def scenarios(domain: str) -> list[tuple[str, bytes]]:
    """Return name and content of each scenario of a domain, sorted by name."""
    return list(_read(resources(__name__) / domain / "scenarios", (".json",)))


def _has(folder: Traversable, suffixes: tuple[str, ...]) -> bool:
    return folder.is_dir() and any(one.name.endswith(suffixes) for one in folder.iterdir())


def _read(folder: Traversable, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for one in sorted(folder.iterdir(), key=lambda each: each.name):
        if one.name.endswith(suffixes):
            yield one.name, one.read_bytes()
