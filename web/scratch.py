"""A scratch town for stories that run the real handlers: founded in memory, forgotten with the story.

Comes in: the stage of a story. Goes out: the handlers of the house, each in a transaction of its own on that town, at
the story's own time. It never touches the database of the installation. Next: ``engine/scenarios.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import engine.tables
import registry.tables
from engine import kernel, store
from engine.clock import SystemClock
from engine.environment import HouseEnvironment
from engine.rehearsal import Handlers, Stage
from integrations.tasks import HANDLERS
from web.demo import founding

ACTOR: Final = "system:rehearsal"
_YEARS: Final = range(2019, 2040)
"""Whose months are open for posting; stories of other years have no books."""


class _StageClock:
    """Tells the time of the story."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def now(self) -> datetime:
        """Return the story's instant."""
        return self.stage.now


def handlers(stage: Stage) -> Handlers:
    """Return what does each task type of the installation, in a town founded for this story alone."""
    database = store.connect("sqlite://")
    with database.connect() as connection:
        connection.connection.driver_connection.deserialize(_founded())  # type: ignore[union-attr]  # sqlite3
    house = store.Engine(database, clock=_StageClock(stage), handlers=HANDLERS, zone=stage.zone)
    done = 0

    def work(job: kernel.Work) -> Mapping[str, Any]:
        nonlocal done
        done += 1
        with house.begin(ACTOR) as unit:
            handler = HouseEnvironment(unit, f"rehearsal-{done}", None, None).handler(job.type)
            assert handler is not None, "the stage asks for known types only"
            return handler(job)

    return dict.fromkeys(HANDLERS, work)


@functools.cache
def _founded() -> bytes:
    """Return the town as founded: made once, since it takes more than a second, and copied for each story."""
    database = store.connect("sqlite://")
    engine.tables.Base.metadata.create_all(database)
    registry.tables.Base.metadata.create_all(database)
    house = store.Engine(database, clock=SystemClock(), handlers=HANDLERS)
    with house.begin(ACTOR) as unit:
        founding.found(unit, years=_YEARS, raised_from=date(_YEARS[-1], 1, 1))
    with database.connect() as connection:
        content: bytes = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]  # sqlite3
    database.dispose()
    return content
