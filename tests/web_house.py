"""A web application on a small town in memory, to test pages with.

Comes in: what a test cares about. Goes out: the application, its town, clients signed in as any role. It never opens
a port. Next: ``tests/factories.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

import engine.tables
import registry.tables
from engine import store
from engine.clock import SettableClock
from registry import people, sign_ins
from tests import factories
from web.app import create_app
from web.security import SESSION_LIFE, limiter
from web.settings import Settings


@dataclass
class WebHouse:
    """The application, the house behind it, the town in it."""

    app: Flask
    house: store.Engine
    town: factories.Town
    clock: SettableClock

    def visitor(self) -> FlaskClient:
        """Return a browser that nobody signed in with."""
        return self.app.test_client()

    def signed_in(
        self, *roles: Any, team: bool = False, entity_id: str | None = None, **facts: Any
    ) -> FlaskClient:
        """Return the browser of a new person with these roles in the town, or in one entity."""
        with self.house.begin("system:test") as unit:
            person = factories.person(unit.session, self.town.entity.id, **facts)
            for role in roles:
                people.grant(
                    unit.session,
                    person_id=person.id,
                    role=role,
                    entity_id=entity_id,
                    at=unit.now,
                    by=unit.actor,
                )
            if team:
                people.join(
                    unit.session, person_id=person.id, team_id=self.town.team.id, at=unit.now, by=unit.actor
                )
            person_id = person.id
        return browser_of(self.app, self.house, person_id)


def browser_of(app: Flask, house: store.Engine, person_id: str) -> FlaskClient:
    """Return a browser in which a person has just signed in."""
    with house.begin("system:test") as unit:
        key = sign_ins.begin(
            unit.session, person_id=person_id, browser="Firefox, Linux", life=SESSION_LIFE, at=unit.now
        )
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = key
    return client


@contextmanager
def opened(folder: Path, **chosen: Any) -> Iterator[WebHouse]:
    """Open a small town in memory behind an application without CSRF and limits, unless a test asks for them."""
    database = store.connect("sqlite://")
    engine.tables.Base.metadata.create_all(database)
    registry.tables.Base.metadata.create_all(database)
    clock = SettableClock(factories.NOW)
    house = store.Engine(database, clock=clock)
    with house.begin("system:test") as unit:
        town = factories.town(unit.session)
    guarded = chosen.pop("guarded", False)
    app = create_app(replace(Settings(home=folder), **chosen), house)
    app.config.update(WTF_CSRF_ENABLED=guarded)
    limiter.enabled = guarded
    try:
        yield WebHouse(app, house, town, clock)
    finally:
        limiter.enabled = True
        limiter.reset()
        database.dispose()
