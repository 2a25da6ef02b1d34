"""The schema of the database, brought up to date.

Comes in: a database. Goes out: the same database at the newest revision of each floor, or what is missing. It never
writes a table itself: the revisions of ``engine/migrations`` and ``registry/migrations`` do. Next: those folders.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import engine.migrations
import registry.migrations

FLOORS: Final = {"engine": engine.migrations, "registry": registry.migrations}


def behind(database: sa.Engine) -> dict[str, str]:
    """Return for each floor that is not at its newest revision what it lacks; empty when all is well."""
    lacking = {}
    for floor in FLOORS:
        script = _script(floor)
        with database.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": _table(floor)})
            current = context.get_current_revision()
        newest = script.get_current_head()
        if current != newest:
            lacking[floor] = f"{current or 'nothing'} → {newest}"
    return lacking


def upgrade(database: sa.Engine, tell: Callable[[str], None] = lambda _text: None) -> list[str]:
    """Bring every floor to its newest revision, each floor in one transaction; return the revisions applied."""
    applied: list[str] = []
    for floor in FLOORS:
        script = _script(floor)

        def steps(revision: Any, _context: Any, script: ScriptDirectory = script) -> Any:
            return script._upgrade_revs("head", revision)  # noqa: SLF001 - what alembic's own command calls

        with EnvironmentContext(Config(), script, fn=steps) as environment, database.begin() as connection:
            environment.configure(
                connection=connection,
                version_table=_table(floor),
                on_version_apply=lambda step, floor=floor, **_rest: applied.append(
                    f"{floor} {step.up_revision_id}"
                ),
                render_as_batch=True,
            )
            environment.run_migrations()
        tell(f"{floor}: {script.get_current_head()}")
    return applied


def _table(floor: str) -> str:
    return f"{floor}_schema"


def _script(floor: str) -> ScriptDirectory:
    folder = Path(next(iter(FLOORS[floor].__path__)))
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])
