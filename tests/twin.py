"""The same story told twice: in rehearsal and on the real engine with its database, step by step.

Comes in: a scenario file, a database. Goes out: for each step what the rehearsal knows and what the rows say, which
must be the same: frozen states, waits, incidents, instances, history. It never looks at expectations; the rehearsal
does. Next: ``tests/scenarios/test_stories_in_the_database.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine import definitions, incidents, instances, jobs, kernel, messages, store, tasks, timers, variables
from engine.clock import SettableClock
from engine.errors import Refused
from engine.rehearsal import Acted, Stage
from engine.scenario_expectations import find_instance
from engine.scenario_language import span, task_change
from engine.scenario_steps import Teller
from engine.scenarios import Runner, load
from engine.tables import (
    Base,
    Definition,
    History,
    Incident,
    InstanceState,
    Job,
    ProcessInstance,
    Subscription,
    Timer,
    UserTask,
)
from tests import databases

ACTOR = "system:test"
TICK = timedelta(milliseconds=1)
"""Between two steps, on both sides: what happened at one instant has no order in a database."""
BORN = {"sqlite": "rowid", "postgresql": "born"}
"""The column that tells in which order instances began."""


@dataclass
class Twin:
    """One story on both stages."""

    stage: Stage
    teller: Teller
    house: store.Engine
    clock: SettableClock
    ids: list[str] = field(default_factory=list)

    def step(self, action: Mapping[str, Any]) -> None:
        """Do one step on both."""
        self.stage.now += TICK
        self.clock.advance(TICK)
        self.stage.advance_clock(timedelta(0))
        self._advance_clock({"by": "PT0S"}, None)
        self._count()
        target = self._target(action)
        self.teller.tell(action)
        getattr(self, f"_{action['do']}")(action, target)
        messages.bring_together(self.house)
        self._count()

    def _count(self) -> None:
        with self.house.read() as reading:
            self.ids = list(
                reading.connection.scalars(
                    sa.select(ProcessInstance.id)
                    .where(ProcessInstance.parent_id.is_(None))
                    .order_by(sa.literal_column(BORN[self.house.database.dialect.name]))
                )
            )

    def both(self) -> tuple[list[Any], list[Any]]:
        """Return what each side knows of every instance."""
        with self.house.read() as reading:
            keys = dict(reading.connection.execute(sa.select(Definition.id, Definition.key)).all())
            rows = [_told_by_rows(reading.connection, instance_id, keys) for instance_id in self.ids]
        return [_told_by_rehearsal(acted) for acted in self.stage.instances], rows

    # ------------------------------------------------------------------ finding

    def _target(self, action: Mapping[str, Any]) -> Any:
        """Return what the rehearsal is going to move: the same instance and token are moved here."""
        order = {id(acted): number for number, acted in enumerate(self.stage.instances)}
        if action["do"] in _KINDS:
            acted, token = self.teller._one(
                action["element"],
                _KINDS[action["do"]],
                action.get("where"),
                action.get("pick", 0),
                action.get("type"),
            )
            return order[id(acted)], token, acted.waits[token].kind
        if action["do"] in ("resolve_incident", "set_retries"):
            return next(
                (number, token, "incident")
                for number, acted in enumerate(self.stage.instances)
                for token, (element, _) in acted.incidents.items()
                if element == action["element"]
            )
        if action["do"] == "complete_all_waiting":
            return [
                (number, token, wait.kind)
                for number, acted in enumerate(self.stage.instances)
                for token, wait in acted.waits.items()
                if wait.kind in ("task", "job")
            ]
        if action["do"] not in ("set_variables", "cancel_instance"):
            return None
        return order[id(find_instance(self.stage, self.teller.named, action.get("instance", "i1")))]

    # ------------------------------------------------------------------ steps

    def _start(self, action: Mapping[str, Any], _: Any) -> None:
        if not action.get("expect_rejected"):
            with self.house.begin(ACTOR) as unit:
                instances.start(unit, action["process"], action.get("variables"))

    def _complete(self, action: Mapping[str, Any], target: tuple[int, int, str]) -> None:
        instance, token, kind = target
        work = f"{self.ids[instance]}.{token}"
        with _refused(action), self.house.begin(ACTOR) as unit:
            if kind == "task":
                assignee = unit.connection.scalar(sa.select(UserTask.assignee).where(UserTask.id == work))
                unit.actor = assignee or ACTOR
                tasks.complete(unit, work, action.get("variables"))
            else:
                jobs.complete(unit, work, self._fence(unit, work), action.get("variables"))

    def _assign(self, action: Mapping[str, Any], target: tuple[int, int, str]) -> None:
        with _refused(action), self.house.begin(ACTOR) as unit:
            tasks.assign(unit, f"{self.ids[target[0]]}.{target[1]}", action.get("assignee"))

    def _update(self, action: Mapping[str, Any], target: tuple[int, int, str]) -> None:
        with _refused(action), self.house.begin(ACTOR) as unit:
            change = task_change(action["change"], self.stage.zone)
            tasks.update(unit, f"{self.ids[target[0]]}.{target[1]}", change)

    def _deny(self, action: Mapping[str, Any], target: tuple[int, int, str]) -> None:
        work = f"{self.ids[target[0]]}.{target[1]}"
        with _refused(action), self.house.begin(ACTOR) as unit:
            jobs.deny(unit, work, self._fence(unit, work), action.get("reason", ""))

    def _complete_all_waiting(self, action: Mapping[str, Any], targets: list[tuple[int, int, str]]) -> None:
        for instance, token, kind in targets:
            work = f"{self.ids[instance]}.{token}"
            open_task = sa.select(UserTask.id).where(UserTask.id == work, UserTask.status == "open")
            open_job = sa.select(Job.id).where(Job.id == work)
            with self.house.read() as reading:
                row = reading.connection.scalar(open_task if kind == "task" else open_job)
            if row is not None:  # an earlier answer may have ended it
                self._complete(action, (instance, token, kind))

    def _throw_error(self, action: Mapping[str, Any], target: tuple[int, int, str]) -> None:
        work = f"{self.ids[target[0]]}.{target[1]}"
        with self.house.begin(ACTOR) as unit:
            facts = action.get("variables", {})
            jobs.throw_error(unit, work, self._fence(unit, work), action["code"], "", facts)

    def _fail_job(self, action: Mapping[str, Any], target: tuple[int, int, str]) -> None:
        work = f"{self.ids[target[0]]}.{target[1]}"
        with self.house.begin(ACTOR) as unit:
            message = action.get("message", "")
            jobs.fail(unit, work, self._fence(unit, work), message=message, retries=action["retries"])

    def _set_retries(self, action: Mapping[str, Any], target: tuple[int, int, str]) -> None:
        with self.house.begin(ACTOR) as unit, instances.moving(unit, self.ids[target[0]]) as run:
            run.tasks[target[1]].internal_data["retries"] = action["retries"]

    def _resolve_incident(self, _: Mapping[str, Any], target: tuple[int, int, str]) -> None:
        with self.house.begin(ACTOR) as unit:
            incident = unit.connection.scalar(
                sa.select(Incident.id).where(
                    Incident.instance_id == self.ids[target[0]],
                    Incident.token == target[1],
                    Incident.resolved_at.is_(None),
                )
            )
            incidents.resolve(unit, incident)

    def _set_variables(self, action: Mapping[str, Any], target: int) -> None:
        with self.house.begin(ACTOR) as unit:
            instances.set_variables(unit, self.ids[target], action["variables"])

    def _advance_clock(self, action: Mapping[str, Any], _: Any) -> None:
        end = self.clock.now() + span(action["by"], self.clock.now())
        while (due := timers.next_due(self.house)) is not None and due <= end:
            self.clock.set(max(due, self.clock.now()))
            timers.fire_due(self.house)
            messages.bring_together(self.house)
        self.clock.set(end)

    def _publish_message(self, action: Mapping[str, Any], _: Any) -> None:
        with self.house.begin(ACTOR) as unit:
            ttl = span(action.get("ttl", "PT1H"), unit.now)
            messages.publish(unit, action["name"], action.get("key", ""), action.get("variables"), ttl=ttl)

    def _broadcast_signal(self, action: Mapping[str, Any], _: Any) -> None:
        with self.house.begin(ACTOR) as unit:
            instances.broadcast(unit, action["name"], action.get("variables", {}))

    def _cancel_instance(self, action: Mapping[str, Any], target: int) -> None:
        with _refused(action), self.house.begin(ACTOR) as unit:
            instances.cancel(unit, self.ids[target], "an operator's wish")

    @staticmethod
    def _fence(unit: store.UnitOfWork, job_id: str) -> int:
        return int(unit.connection.scalar(sa.select(Job.fence).where(Job.id == job_id)))


_KINDS = {
    "assign": ("task",),
    "complete": ("task", "job"),
    "deny": ("job",),
    "fail_job": ("job",),
    "throw_error": ("job", "task"),
    "update": ("task",),
}


def _refused(action: Mapping[str, Any]) -> AbstractContextManager[Any]:
    """Expect a refusal where the story does."""
    return pytest.raises(Refused) if action.get("expect_rejected") else nullcontext()


@contextmanager
def sqlite() -> Iterator[sa.Engine]:
    """Give a database in memory."""
    database = store.connect("sqlite://")
    Base.metadata.create_all(database)
    yield database
    database.dispose()


@contextmanager
def postgresql() -> Iterator[sa.Engine]:
    """Give a database that does not wait for its disk and numbers instances, which SQLite does by itself."""
    with databases.scratch() as url:
        database = store.connect(url)
        Base.metadata.create_all(database)
        with database.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE process_instance ADD COLUMN born bigserial")
            name = sa.make_url(url).database
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
        database.dispose()
        yield database
        database.dispose()


def forget(database: sa.Engine) -> None:
    """Empty every table: quicker than a database for each story."""
    with database.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(sa.delete(table))


@contextmanager
def twin(path: Path, database: sa.Engine) -> Iterator[tuple[Twin, list[Mapping[str, Any]]]]:
    """Set both stages and give the steps of the story, without its expectations."""
    scenario = load(path)
    stage = Runner()._stage(path, scenario)
    clock = SettableClock(datetime.fromisoformat(str(scenario.get("clock", "2026-01-05T08:00:00Z"))))
    house = store.Engine(database, clock=clock, zone=stage.zone)
    files = [definitions.File(name, (path.parent / name).read_bytes()) for name in scenario["resources"]]
    with house.begin(ACTOR) as unit:
        definitions.deploy(unit, files, message="A story")
    steps = [action for action in scenario["steps"] if "expect" not in action]
    yield Twin(stage, Teller(stage), house, clock), steps


# ---------------------------------------------------------------------- what each side knows


def _told_by_rehearsal(acted: Acted) -> dict[str, Any]:
    waits = {
        token: (wait.kind, wait.element, _facts(wait.kind, wait.facts)) for token, wait in acted.waits.items()
    }
    statuses = {
        token: acted.ended[token].status if token in acted.ended else "active" for token in acted.processes
    }
    return {
        "document": json.loads(kernel.freeze(acted.run)),
        "waits": waits,
        "incidents": {
            token: (element, fault.kind, fault.message) for token, (element, fault) in acted.incidents.items()
        },
        "statuses": statuses,
        "history": _history(
            (step.event, step.element, step.token, variables.dumps(step.data)) for step in acted.history
        ),
    }


def _facts(kind: str, facts: Mapping[str, Any]) -> Any:
    if kind == "timer":
        return facts["due_at"]
    if kind in ("message", "signal"):
        return facts["name"], facts.get("key", "")
    if kind == "job":
        return facts["type"], facts["retries"]
    return (
        facts.get("assignee"),
        facts.get("candidate_groups") or [],
        facts.get("priority", 50),
        facts.get("due_date"),
        facts.get("form_id"),
    )


def _history(steps: Iterable[tuple[str, str, int, str]]) -> list[tuple[Any, ...]]:
    """Leave out entries, which the database keeps only where a token stays, and the operator's reason.

    Only the database can say which version of a decision decided.
    """
    told = []
    for event, element, token, text in steps:
        data = json.loads(text)
        if event == "decided":
            data.pop("definition", None)
        if event not in ("entered", "cancelled"):
            told.append((event, element, token, data))
    return told


def _told_by_rows(connection: sa.Connection, instance_id: str, keys: Mapping[str, str]) -> dict[str, Any]:
    text = connection.scalar(
        sa.select(InstanceState.document).where(InstanceState.instance_id == instance_id)
    )
    for definition_id, key in keys.items():
        text = text.replace(definition_id, key)
    open_incident = (Incident.instance_id == instance_id, Incident.resolved_at.is_(None))
    return {
        "document": json.loads(text),
        "waits": _waits(connection, instance_id),
        "incidents": {
            row.token: (row.element, row.kind, row.message)
            for row in connection.execute(
                sa.select(Incident.token, Incident.element, Incident.kind, Incident.message).where(
                    *open_incident
                )
            )
        },
        "statuses": {
            row.token: row.status
            for row in connection.execute(
                sa.select(ProcessInstance.token, ProcessInstance.status).where(
                    ProcessInstance.root_id == instance_id
                )
            )
        },
        "history": _history(
            (row.event, row.element, row.token, row.data or "null")
            for row in connection.execute(
                sa.select(History.event, History.element, History.token, History.data)
                .where(History.instance_id == instance_id)
                .order_by(History.seq)
            )
        ),
    }


def _waits(connection: sa.Connection, instance_id: str) -> dict[int, tuple[str, str, Any]]:
    found: dict[int, tuple[str, str, Any]] = {}
    of = {table: table.instance_id == instance_id for table in (UserTask, Job, Timer, Subscription)}
    for row in connection.execute(
        sa.select(UserTask.__table__).where(of[UserTask], UserTask.status == "open")
    ):
        groups = json.loads(row.candidate_groups)
        facts = (row.assignee, groups, row.priority, row.due_date, row.form_id)
        found[row.token] = ("task", row.element, facts)
    for row in connection.execute(sa.select(Job.__table__).where(of[Job])):
        found[row.token] = ("job", row.element, (row.type, row.retries))
    for row in connection.execute(sa.select(Timer.__table__).where(of[Timer])):
        found[row.token] = ("timer", row.element, row.due_at)
    for row in connection.execute(sa.select(Subscription.__table__).where(of[Subscription])):
        found[row.token] = (row.kind, row.element, (row.name, row.key))
    return found
