"""What the registry refuses, misses or fails at.

Comes in: facts about a verb that could not be carried out. Goes out: one typed error with a stable
``code``, the facts as attributes, and a sentence of the mould "Expected to …, but …". It never speaks
HTTP: only ``web/errors.py`` knows statuses. Next: ``registry/requests.py``.

    RegistryError
    ├── Refused     understood, not allowed now (each noun adds its own below its module)
    ├── Missing     no such row
    └── Failed      an invariant does not hold
"""

from __future__ import annotations

from typing import Any, ClassVar


class RegistryError(Exception):
    """The root of everything the registry raises on purpose."""

    code: ClassVar[str] = "registry"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        """Give the facts as attributes: ``error.available``."""
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(name) from None


class Refused(RegistryError):
    """The verb was understood and is not allowed now."""

    code = "refused"


class Missing(RegistryError):
    """There is no such row."""

    code = "missing"


class Failed(RegistryError):
    """An invariant that must hold does not."""

    code = "failed"
