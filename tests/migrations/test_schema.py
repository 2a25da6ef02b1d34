"""The revisions build the very schema that the mappings describe, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

import engine.tables
import registry.tables
from engine import store
from tests import databases
from web import migrations

FLOORS = (engine.tables.Base.metadata, registry.tables.Base.metadata)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def two_databases(request: pytest.FixtureRequest) -> Iterator[tuple[sa.Engine, sa.Engine]]:
    """One empty database to migrate, one to create from the mappings."""
    if request.param == "sqlite":
        pair = store.connect("sqlite://"), store.connect("sqlite://")
        yield pair
        for one in pair:
            one.dispose()
        return
    with databases.scratch() as first, databases.scratch() as second:
        pair = store.connect(first), store.connect(second)
        yield pair
        for one in pair:
            one.dispose()


def _shape(database: sa.Engine) -> dict[str, object]:
    inspector = sa.inspect(database)
    shape: dict[str, object] = {}
    for table in sorted(inspector.get_table_names()):
        if table.endswith("_schema"):
            continue
        shape[table] = (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)),
            sorted(str(i["name"]) for i in inspector.get_indexes(table)),
            sorted(str(u["name"]) for u in inspector.get_unique_constraints(table)),
            sorted(str(c["name"]) for c in inspector.get_check_constraints(table)),
            sorted((str(f["name"]), f["referred_table"]) for f in inspector.get_foreign_keys(table)),
        )
    return shape


def _triggers(database: sa.Engine) -> list[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if database.dialect.name == "sqlite"
        else "SELECT DISTINCT trigger_name FROM information_schema.triggers"
    )
    with database.connect() as connection:
        return sorted(row[0] for row in connection.exec_driver_sql(query))


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_revisions_and_mappings_make_the_same_schema(two_databases: tuple[sa.Engine, sa.Engine]) -> None:
    migrated, created = two_databases
    assert migrations.upgrade(migrated)
    for metadata in FLOORS:
        metadata.create_all(created)
    assert _shape(migrated) == _shape(created)
    assert _triggers(migrated) == _triggers(created)


def test_an_upgraded_database_is_not_behind_and_a_second_upgrade_does_nothing() -> None:
    database = store.connect("sqlite://")
    assert set(migrations.behind(database)) == {"engine", "registry"}
    migrations.upgrade(database)
    assert migrations.behind(database) == {}
    assert migrations.upgrade(database) == []
    database.dispose()
