"""Every table of the registry, so that one import fills the metadata.

Comes in: nothing. Goes out: ``Base`` with all tables known to it. It never holds a verb. Next:
``registry/tables/base.py``, then the module of the noun you look for.
"""

from __future__ import annotations

from registry.tables import (
    accounting,
    assets,
    attempts,
    calendars,
    changes,
    costs,
    documents,
    entities,
    natures,
    numbers,
    people,
    requests,
    sign_ins,
    stock,
    suppliers,
    tokens,
    work,
)
from registry.tables.base import Base

__all__ = [
    "Base",
    "accounting",
    "assets",
    "attempts",
    "calendars",
    "changes",
    "costs",
    "documents",
    "entities",
    "natures",
    "numbers",
    "people",
    "requests",
    "sign_ins",
    "stock",
    "suppliers",
    "tokens",
    "work",
]
