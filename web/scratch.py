"""A scratch town for stories that run the real handlers: founded in memory, forgotten with the story.

Comes in: the stage of a story. Goes out: what stands behind it: the handlers of the house on that town, at the story's
own time, in the name of whoever completed the last task. It never touches the database of the installation. Next:
``engine/rehearsal.py``, ``web/demo/founding.py``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import sqlalchemy as sa

import engine.tables
import registry.tables
from engine import kernel, store
from engine.clock import SettableClock
from engine.environment import HouseEnvironment
from engine.errors import Missing, Refused
from engine.rehearsal import Stage
from engine.tables import Message, ProcessInstance, UserTask
from integrations import intake
from integrations.tasks import HANDLERS
from registry import assets, entities, people, requests
from registry.errors import RegistryError
from registry.tables.people import Membership, Person
from web.demo import founding

ACTOR: Final = "system:rehearsal"
"""Who acts where no person does: a start, a timer, a message."""
MARK: Final = "town:"
"""What a text begins with that names something of the town: ``town:asset/B001``, ``town:person/PLOMBERIE:leader``."""
SEAT: Final = "COMMUNE"
"""The entity that is asked where the story names neither entity nor asset."""


class NotFound(Missing):
    """A story names what the scratch town has not."""

    code = "scratch_unknown"


class NotRegistered(Refused):
    """The registry refuses the request that a start describes."""

    code = "scratch_request"


@dataclass(frozen=True, slots=True)
class Founded:
    """The town as founded: its database, and who holds each candidate group.

    That is the first in the alphabet of those who lead nobody; else of those who do.
    """

    content: bytes
    holders: Mapping[str, str]


@contextmanager
def backstage(stage: Stage) -> Iterator[Town]:
    """Found a town for one story; it is gone with it."""
    founded = _founded(stage.now.year)
    database = store.connect("sqlite://")
    try:
        with database.connect() as connection:
            connection.connection.driver_connection.deserialize(founded.content)  # type: ignore[union-attr]  # sqlite3
        house = store.Engine(database, clock=_StageClock(stage), handlers=HANDLERS, zone=stage.zone)
        yield Town(house, founded.holders)
    finally:
        database.dispose()


class Town:
    """Fulfils ``engine.rehearsal.Backstage``: the registry's rows, and of the engine only who completed what."""

    def __init__(self, house: store.Engine, holders: Mapping[str, str]) -> None:
        self.house = house
        self.holders = holders
        self.actor: str = ACTOR
        self.keys: dict[int, str] = {}

    def step(self, action: Any) -> Any:
        """Return a step with the town's names as ids; what happens now, happens in nobody's name.

        Raises:
            NotFound: the town has nothing of that name.
        """
        self.actor = ACTOR
        return self._read(action)

    def furnish(self, number: int, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Register the request that a start describes, unless it names one, as intake does.

        Raises:
            NotRegistered: the registry refuses it.
        """
        title = variables.get("title")
        if variables.get("requestId") is None and isinstance(title, str):
            with self.house.begin(self.actor) as unit:
                try:
                    variables = {**_register(unit, variables, title), **variables}
                except RegistryError as error:
                    raise NotRegistered(
                        f"Expected the start to describe a request of the scratch town, but: {error.message}"
                    ) from error
        key = variables.get("requestId")
        if isinstance(key, str):
            self.keys[number] = key
        return variables

    def complete(self, number: int, process_id: str, task: kernel.Wait, offered_at: datetime) -> None:
        """Let the assignee complete a task, else a candidate, else the first person of a candidate group."""
        groups = task.facts.get("candidate_groups") or []
        users = task.facts.get("candidate_users") or []
        held = [self.holders[group] for group in groups if group in self.holders]
        self.actor = next(iter([one for one in (task.facts.get("assignee"), *users, *held) if one]), ACTOR)
        with self.house.begin(self.actor) as unit:
            row = UserTask(
                id=_task_id(number, task),
                instance_id=_instance_id(number),
                process_instance_id=_instance_id(number),
                process_id=process_id,
                token=task.token,
                element=task.element,
                name=str(task.facts.get("label", task.element)),
                assignee=self.actor,
                candidate_users=json.dumps(users),
                candidate_groups=json.dumps(groups),
                priority=50,
                status="completed",
                version=1,
                created_at=offered_at,
                ended_at=unit.now,
                ended_by=self.actor,
            )
            unit.session.merge(row)

    def take_back(self, number: int, task: kernel.Wait) -> None:
        """Forget who completed a task."""
        with self.house.begin(ACTOR) as unit:
            unit.connection.execute(sa.delete(UserTask).where(UserTask.id == _task_id(number, task)))

    def handler(self, number: int, job_type: str) -> kernel.HandlerOfRun | None:
        """Return the handler of the house, in a transaction of its own."""
        if job_type not in self.house.handlers:
            return None

        def work(job: kernel.Work) -> Mapping[str, Any]:
            with self.house.begin(self.actor) as unit:
                around = HouseEnvironment(unit, _instance_id(number), self.keys.get(number), None)
                handle = around.handler(job_type)
                assert handle is not None, "it is one of the house's handlers: see above"
                results = handle(job)
                if unit.later or unit.connection.scalar(_SPOKEN):
                    text = f"Expected “{job_type}” to touch the registry alone, but it starts or wakes processes, which stories cannot follow."
                    raise kernel.Fault("job_no_retries", "handler.refused", text=text)
                return results

        return work

    def _read(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._read(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._read(one) for one in value]
        return self._named(value) if isinstance(value, str) and value.startswith(MARK) else value

    def _named(self, text: str) -> str:
        kind, _, name = text.removeprefix(MARK).partition("/")
        with self.house.read() as unit:
            if kind == "asset":
                try:
                    return assets.by_code(unit.session, name).id
                except RegistryError as error:
                    raise NotFound(
                        f"Expected “{text}” to name an asset of the scratch town: {error.message}"
                    ) from error
            person = people.by_email(unit.session, name) if "@" in name else None
        found = person.id if person is not None else self.holders.get(name)
        if kind != "person" or found is None:
            raise NotFound(
                f"Expected “{text}” to be town:asset/CODE, town:person/MAIL or town:person/GROUP of the scratch town, "
                "but there is none."
            )
        return found


_SPOKEN: Final = sa.select(
    sa.or_(sa.select(Message.id).exists(), sa.select(ProcessInstance.id).exists()),
)
"""Whether a handler has started a process or left a message: the engine's own tables stay empty otherwise."""


class _StageClock:
    """Tells the time of the story."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def now(self) -> datetime:
        """Return the story's instant."""
        return self.stage.now


def _instance_id(number: int) -> str:
    return f"rehearsal-{number}"


def _task_id(number: int, task: kernel.Wait) -> str:
    return f"{_instance_id(number)}.{task.token}"


def _register(unit: store.UnitOfWork, variables: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Register a request by the names that processes know it by; return what intake gives its process."""
    session = unit.session
    code, asset_id = variables.get("entityCode"), variables.get("assetId")
    if code is None and asset_id is not None:
        entity_id = assets.owner_on(session, asset_id, unit.now.date())
    else:
        entity_id = entities.by_code(session, code or SEAT).id
    request = requests.register(
        session,
        entity_id=entity_id,
        nature_code=variables.get("natureCode"),
        asset_id=asset_id,
        title=title,
        description=variables.get("description") or "",
        channel=variables.get("channel") or "portal",
        requester_email="demandeur@montreval.example",
        urgency_words=variables.get("urgencyWords") or (),
        site_occupied=variables.get("occupied"),
        at=unit.now,
        by=unit.actor,
    )
    return intake.start_variables(unit, request)


@functools.cache
def _founded(year: int) -> Founded:
    """Return the town as founded on New Year's Day: made once, since it takes a second, and copied for each story."""
    database = store.connect("sqlite://")
    engine.tables.Base.metadata.create_all(database)
    registry.tables.Base.metadata.create_all(database)
    house = store.Engine(database, clock=SettableClock(datetime(year, 1, 1, tzinfo=UTC)), handlers=HANDLERS)
    with house.begin(ACTOR) as unit:
        # The books of the year before too: work is dated back in January. Hours cost the same all the time.
        founding.found(unit, years=range(year - 1, year + 2), raised_from=date(year + 2, 1, 1))
    with house.read() as unit:
        holders: dict[str, str] = {}
        leads = sa.exists().where(Membership.person_id == Person.id, Membership.leader)
        for person_id in unit.session.scalars(sa.select(Person.id).order_by(leads, Person.email)):
            for group in people.groups_of(unit.session, person_id):
                holders.setdefault(group, person_id)
    with database.connect() as connection:
        content: bytes = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]  # sqlite3
    database.dispose()
    return Founded(content, holders)
