"""A house with an engine and nothing else: diagrams deployed, a clock that stands still, hands for each verb.

Comes in: diagrams as bytes. Goes out: what happened, read back from the rows. It never writes a row by hand.
Next: ``tests/unit/test_engine_tasks.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine import definitions, instances, messages, queries, store, tables, tasks, timers
from engine.clock import SettableClock

MORNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class House:
    """An engine on a database of its own."""

    def __init__(self, url: str = "sqlite://", handlers: Mapping[str, store.Handler] | None = None) -> None:
        self.clock = SettableClock(MORNING)
        self.engine = store.Engine(
            store.connect(url, pool_size=20), clock=self.clock, handlers=handlers or {}
        )
        tables.Base.metadata.create_all(self.engine.database)

    def deploy(self, *contents: bytes, actor: str = "ana", **named: bytes) -> tuple[str, ...]:
        """Deploy diagrams; named files keep their names, with an underscore for the dot."""
        files = [definitions.File(f"file{number}.bpmn", content) for number, content in enumerate(contents)]
        files += [definitions.File(name.replace("_", "."), content) for name, content in named.items()]
        with self.engine.begin(actor) as unit:
            return definitions.deploy(unit, files, message="test").definitions

    def start(self, process_id: str = "p", variables: Mapping[str, Any] | None = None, **facts: Any) -> str:
        with self.engine.begin("ana") as unit:
            return instances.start(unit, process_id, variables, **facts)

    def task(self, element: str, instance_id: str | None = None) -> str:
        """Return the id of the oldest open task of an element."""
        with self.engine.read() as reading:
            wanted = [tables.UserTask.element == element, tables.UserTask.status == "open"]
            if instance_id is not None:
                wanted.append(tables.UserTask.instance_id == instance_id)
            query = sa.select(tables.UserTask.id).where(*wanted).order_by(tables.UserTask.id).limit(1)
            return str(reading.connection.execute(query).scalar_one())

    def complete(
        self, element: str, instance_id: str | None = None, *, actor: str = "ana", **answers: Any
    ) -> None:
        task_id = self.task(element, instance_id)
        with self.engine.begin(actor) as unit:
            tasks.complete(unit, task_id, answers)

    def publish(self, name: str, key: str = "", **facts: Any) -> messages.Published:
        with self.engine.begin("ana") as unit:
            return messages.publish(unit, name, key, **facts)

    def do(self, verb: Callable[..., Any], *given: Any, actor: str = "ana", **facts: Any) -> Any:
        """Call a verb in a transaction of its own."""
        with self.engine.begin(actor) as unit:
            return verb(unit, *given, **facts)

    def wait(self, by: timedelta) -> int:
        """Let time pass and fire what falls due; return how many timers fired."""
        self.clock.advance(by)
        return timers.fire_due(self.engine)

    def waiting(self, instance_id: str | None = None) -> list[str]:
        """Return the elements of the open user tasks, sorted."""
        query = sa.select(tables.UserTask.element).where(tables.UserTask.status == "open")
        if instance_id is not None:
            query = query.where(tables.UserTask.instance_id == instance_id)
        return sorted(self.column(query))

    def status(self, instance_id: str) -> str:
        with self.engine.read() as reading:
            return queries.parts(reading, instance_id)[0].status

    def variables(self, instance_id: str) -> dict[str, Any]:
        with self.engine.read() as reading:
            return instances.variables_of(reading, instance_id)

    def history(self, instance_id: str) -> list[tuple[str, str]]:
        """Return (event, element) in order."""
        with self.engine.read() as reading:
            return [(row.event, row.element) for row in queries.history(reading, instance_id)]

    def count(self, table: type[tables.Base]) -> int:
        with self.engine.read() as reading:
            return int(reading.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

    def column(self, query: sa.Select[Any]) -> list[Any]:
        with self.engine.read() as reading:
            return list(reading.connection.scalars(query))

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table: to show that nothing has changed."""
        with self.engine.read() as reading:
            return {
                table.name: sorted(
                    (tuple(row) for row in reading.connection.execute(sa.select(table))), key=repr
                )
                for table in tables.Base.metadata.sorted_tables
            }

    def close(self) -> None:
        self.engine.database.dispose()
