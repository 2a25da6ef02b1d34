"""What every table of the registry shares: the declarative base and the column types.

Comes in: nothing. Goes out: ``Base``, ``Instant`` and the naming of constraints. It never holds a table.
Next: ``registry/tables/assets.py``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware instant, stored in UTC. SQLite keeps no zone, so it is put back on the way out."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """Refuse naive instants and convert to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"Expected an aware instant, but {value!r} has no zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """Return an aware UTC instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The registry's declarative base: text keys, aware instants, integer cents, JSON documents."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: sa.Text(),
        int: sa.BigInteger(),
        datetime: Instant(),
        date: sa.Date(),
        dict[str, Any]: sa.JSON(),
        list[Any]: sa.JSON(),
    }
