"""A town whose processes run: the shipped definitions deployed, the real handlers behind them.

Comes in: nothing. Goes out: a house in memory, its people and things, and hands that complete tasks as a person would.
It never writes a row by hand. Next: ``tests/unit/test_bridge_journey.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

import bpmn
import engine.tables
import forms
import registry.tables
from engine import definitions, instances, store, tasks, timers
from engine.clock import SettableClock
from engine.tables import Incident, Outbox, ProcessInstance, Subscription, UserTask
from integrations import intake
from integrations.tasks import HANDLERS, check_task
from registry import assets, entities, journal, natures, people, requests, settlement, stock, suppliers
from tests import databases

MORNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
BOSS = "system:test"


@dataclass
class Town:
    """One commune with plumbers, roofers, a school, a store and a roofing firm."""

    house: store.Engine
    clock: SettableClock
    ids: dict[str, str]

    def ask(self, **facts: Any) -> str:
        """Register a request about the school and start its process; returns its id."""
        given = {
            "entity_id": self.ids["commune"],
            "asset_id": self.ids["school"],
            "nature_code": "BAT.PLOMBERIE",
            "title": "Fuite dans le préau",
            "channel": "portal",
            "requester_email": "parent@exemple.example",
            "site_occupied": True,
        }
        with self.house.begin("system:portal") as unit:
            return intake.open_request(unit, **(given | facts)).id

    def waiting(self) -> list[str]:
        """Return the elements of open user tasks, sorted."""
        with self.house.read() as reading:
            found = reading.connection.scalars(
                sa.select(UserTask.element).where(UserTask.ended_at.is_(None)).order_by(UserTask.element)
            )
            return list(found)

    def groups(self, element: str) -> list[str]:
        with self.house.read() as reading:
            return json.loads(
                reading.connection.scalar(
                    sa.select(UserTask.candidate_groups).where(
                        UserTask.element == element, UserTask.ended_at.is_(None)
                    )
                )
            )

    def done(self, element: str, actor: str | None = None, **answers: Any) -> None:
        """Complete the open task of an element, as the agent unless somebody else is named."""
        assert element in self.waiting(), f"{element} does not wait: {self.waiting()} {self.incidents()}"
        with self.house.begin(actor or self.ids["agent"]) as unit:
            task_id = unit.connection.scalar(
                sa.select(UserTask.id).where(UserTask.element == element, UserTask.ended_at.is_(None))
            )
            tasks.complete(unit, task_id, answers)

    def qualify(self, **answers: Any) -> None:
        """Accept a request at the window as a leak of the school for the plumbers, without parts."""
        given = {
            "decision": "accept",
            "natureCode": "BAT.PLOMBERIE",
            "assetId": self.ids["school"],
            "team": "PLOMBERIE",
            "priority": Decimal(2),
            "workMode": "in_house",
            "delayHours": Decimal(24),
            "supplierCode": None,
            "materials": [],
        }
        self.done("qualify", **(given | answers))

    def plan(self) -> None:
        """Plan the work for the agent, on Monday afternoon."""
        self.done(
            "plan",
            personId=self.ids["agent"],
            plannedStart="2026-01-05T13:00",
            plannedEnd="2026-01-05T15:00",
        )

    def wait(self, by: timedelta) -> None:
        """Let time pass and fire what falls due."""
        self.clock.advance(by)
        timers.fire_due(self.house)

    def status(self, request_id: str) -> tuple[str, str]:
        """Return the status of the request and of its process instance."""
        with self.house.begin(BOSS) as unit:
            instance = instances.by_business_key(unit, intake.PROCESS, request_id)
            running = unit.connection.scalar(
                sa.select(ProcessInstance.status).where(ProcessInstance.id == instance)
            )
            return requests.get(unit.session, request_id).status, str(running)

    def letters(self) -> list[dict[str, Any]]:
        with self.house.read() as reading:
            rows = reading.connection.scalars(
                sa.select(Outbox.payload).order_by(Outbox.created_at, Outbox.id)
            )
            return [json.loads(row) for row in rows]

    def incidents(self) -> list[tuple[str, str]]:
        with self.house.read() as reading:
            rows = reading.connection.execute(
                sa.select(Incident.element, Incident.message).where(Incident.resolved_at.is_(None))
            )
            return [(element, message) for element, message in rows]

    def subscriptions(self, name: str) -> list[str]:
        with self.house.read() as reading:
            return list(
                reading.connection.scalars(sa.select(Subscription.key).where(Subscription.name == name))
            )


@contextmanager
def opened(url: str = "sqlite://") -> Iterator[Town]:
    """Open the town on a Monday morning, its processes deployed."""
    database = store.connect(url)
    engine.tables.Base.metadata.create_all(database)
    registry.tables.Base.metadata.create_all(database)
    clock = SettableClock(MORNING)
    house = store.Engine(database, clock=clock, handlers=HANDLERS)
    with house.begin(BOSS) as unit:
        keys = _furnish(unit)
        shipped = bpmn.files("intervention") + forms.files("intervention")
        files = [definitions.File(name, content) for name, content in shipped]
        definitions.deploy(unit, files, message="The first version", task_type=check_task)
    yield Town(house, clock, keys)
    database.dispose()


@contextmanager
def opened_on(kind: str) -> Iterator[Town]:
    """Open the town on ``sqlite`` in memory, or on an empty database of ``postgresql``."""
    with (
        databases.scratch() if kind == "postgresql" else nullcontext("sqlite://") as url,
        opened(url) as town,
    ):
        yield town


def _furnish(unit: store.UnitOfWork) -> dict[str, str]:
    session, who = unit.session, {"at": unit.now, "by": unit.actor}
    commune = entities.create(
        session, code="COMMUNE", name="Commune de Valmont", kind="commune", accounting="public", **who
    )
    settlement.install_defaults(session, commune.id, valid_from=date(2020, 1, 1), **who)
    journal.open_year(session, entity_id=commune.id, year=2026, **who)
    teams = {}
    for code in ("PLOMBERIE", "MACONNERIE", "VOIRIE"):
        teams[code] = people.create_team(session, entity_id=commune.id, code=code, name=code.title(), **who)
    agent = people.create_person(
        session, entity_id=commune.id, name="Agent Un", email="agent@valmont.example", **who
    )
    leader = people.create_person(
        session, entity_id=commune.id, name="Cheffe Deux", email="cheffe@valmont.example", **who
    )
    people.join(session, person_id=agent.id, team_id=teams["PLOMBERIE"].id, **who)
    people.join(session, person_id=leader.id, team_id=teams["PLOMBERIE"].id, leader=True, **who)
    accountant = people.create_person(
        session, entity_id=commune.id, name="Comptable Trois", email="comptable@valmont.example", **who
    )
    people.grant(session, person_id=accountant.id, role="accountant", entity_id=commune.id, **who)
    people.set_rate(session, person_id=agent.id, hourly_cents=3000, valid_from=date(2020, 1, 1), **who)
    for code in ("BAT.PLOMBERIE", "BAT.TOITURE", "VOI.CHAUSSEE"):
        natures.create(session, code=code, name_fr=code, name_en=code, **who)
    assets.create_class(session, code="school", name_fr="École", name_en="School", **who)
    school = assets.create(
        session,
        entity_id=commune.id,
        class_code="school",
        code="E1",
        name="École des Tilleuls",
        longitude=3.87,
        latitude=43.61,
        owned_from=date(2010, 1, 1),
        **who,
    )
    store_row = stock.create_store(session, entity_id=commune.id, code="DEPOT", name="Dépôt", **who)
    item = stock.create_item(session, code="JOINT", name_fr="Joint", name_en="Seal", unit="pce", **who)
    stock.receive(
        session,
        item_id=item.id,
        store_id=store_row.id,
        quantity_milli=10_000,
        unit_cost_cents=250,
        document="BL-1",
        **who,
    )
    suppliers.create(session, code="TOITS", name="Toits et Cie", email="toits@exemple.example", **who)
    return {
        "commune": commune.id,
        "agent": agent.id,
        "leader": leader.id,
        "accountant": accountant.id,
        "school": school.id,
        "item": item.id,
        "store": store_row.id,
    }
