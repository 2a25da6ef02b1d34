"""Compiled definitions, shared by every thread of this process.

Comes in: the id of a definition and a connection to read its file once. Goes out: the compiled process,
decision model or form. It never holds anything of an instance, and what it holds never changes: definitions
are immutable rows. Next: ``engine/definitions.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar

import sqlalchemy as sa

from engine import dmn, forms, kernel
from engine.errors import Missing
from engine.tables import Definition, DeploymentFile, Resource

T = TypeVar("T")
_DEFINITION = sa.select(
    Definition.id, Definition.key, Definition.file, Definition.deployment_id, Resource.content
).join(Resource, Resource.hash == Definition.hash)


_DECISION_FILES = (
    sa.select(DeploymentFile.name, Resource.content)
    .join(Resource, Resource.hash == DeploymentFile.hash)
    .where(DeploymentFile.deployment_id == sa.bindparam("deployment"), DeploymentFile.name.endswith(".dmn"))
)


class Library:
    """A cache that cannot go stale."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: dict[str, kernel.ProcessSpec] = {}
        self._decisions: dict[str, dmn.Model] = {}
        self._forms: dict[str, forms.Form] = {}
        self._meanings: tuple[str | None, dict[Hashable, str]] = (None, {})

    def process(self, connection: sa.Connection, definition_id: str) -> kernel.ProcessSpec:
        """Return the compiled process of a definition.

        Raises:
            Missing: there is no such definition.
        """

        def compile_it(row: sa.Row[str, str, str, str, bytes]) -> kernel.ProcessSpec:
            reading = kernel.read(row.content, row.file)
            process = next(process for process in reading.processes if process.process_id == row.key)
            process.key, process.deployment = row.id, row.deployment_id
            return process

        return self._get(self._processes, connection, definition_id, compile_it)

    def decision(self, connection: sa.Connection, definition_id: str) -> dmn.Model:
        """Return the compiled model that holds a decision.

        Raises:
            Missing: there is no such definition.
        """

        def compile_it(row: sa.Row[str, str, str, str, bytes]) -> dmn.Model:
            # Decision files of one deployment may import one another.
            files = connection.execute(_DECISION_FILES, {"deployment": row.deployment_id})
            return dmn.read_all({file.name: file.content for file in files})[row.file]

        return self._get(self._decisions, connection, definition_id, compile_it)

    def form(self, connection: sa.Connection, definition_id: str) -> forms.Form:
        """Return the schema of a form.

        Raises:
            Missing: there is no such definition.
        """
        return self._get(
            self._forms, connection, definition_id, lambda row: forms.read(row.content.decode("utf-8-sig"))
        )

    def meanings(self, generation: str | None) -> dict[Hashable, str]:
        """Return what references have been found to mean since the deployment ``generation``, the newest one.

        The next deployment brings an empty shelf, so that “the latest version” is never an older one.
        """
        known, shelf = self._meanings
        if known != generation:
            shelf = {}
            self._meanings = (generation, shelf)
        return shelf

    def _get(
        self,
        shelf: dict[str, T],
        connection: sa.Connection,
        definition_id: str,
        compile_it: Callable[[sa.Row[str, str, str, str, bytes]], T],
    ) -> T:
        found = shelf.get(definition_id)
        if found is not None:
            return found
        row = connection.execute(_DEFINITION.where(Definition.id == definition_id)).one_or_none()
        if row is None:
            raise Missing(f"There is no definition {definition_id}.", definition_id=definition_id)
        with self._lock:
            return shelf.setdefault(definition_id, compile_it(row))
