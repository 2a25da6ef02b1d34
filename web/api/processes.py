"""Processes: deploy, list, start; move running instances to another version.

Comes in: files, variables, plans. Goes out: versions, instances, verdicts. It never decides what a diagram means.
Next: ``engine/definitions.py``, ``engine/operations.py``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask_login import current_user
from pydantic import Field

from engine import definitions, instances, operations, queries
from engine.errors import KeyTaken
from engine.store import UnitOfWork
from integrations import belonging
from integrations.tasks import check_task
from web import database
from web.api.doors import Room, Upload
from web.api.models import Given, Text, Told, Variables
from web.api.refusals import Refusal
from web.security import require_within

Outcome = Literal["possible", "impossible", "done"]
room = Room("processes", "Definitions of processes, decisions and forms, and the instances they start.")


class Deployed(Told):
    """A deployment and the versions it made; a file that did not change makes none."""

    id: str
    definition_ids: list[str]


class Definition(Told):
    """The newest version of a process."""

    id: str
    process_id: str
    version: int
    name: str
    file: str
    deployed_at: datetime
    deployed_by: str
    message: str
    active_instances: int


class Definitions(Told):
    """Every process that is deployed, by name."""

    processes: list[Definition]


class Start(Given):
    """How an instance begins."""

    variables: Variables
    business_key: Text | None = Field(
        None,
        description="What you call it. Unique for ever in its process: a second start is refused with 409.",
    )


class Started(Told):
    """The new instance."""

    instance_id: str


class Migrate(Given):
    """Which instances go to which version."""

    instance_ids: list[Text] = Field(min_length=1, max_length=1000)
    from_definition_id: Text
    to_definition_id: Text
    mapping: dict[str, Text] = Field(
        default_factory=dict, description="Element → element, for those whose id has changed."
    )
    execute: bool = Field(default=False, description="false only says what would happen.")


class Obstacle(Told):
    """Why an instance cannot go over."""

    code: str
    element: str
    message: str


class Verdict(Told):
    """What becomes of one instance; each is atomic, so one that cannot go stays as it is."""

    instance_id: str
    outcome: Outcome
    obstacles: list[Obstacle]


class Migration(Told):
    """A verdict for each instance, and a mapping that fits elements which only changed their id."""

    verdicts: list[Verdict]
    suggested_mapping: dict[str, str]


@room.post("/deployments", scope="processes", status=201)
def deploy(unit: UnitOfWork, upload: Upload) -> Deployed:
    """Check files together and deploy them, or refuse them with every problem at once."""
    made = definitions.deploy(unit, upload.files, message=upload.message, task_type=check_task)
    return Deployed(id=made.id, definition_ids=list(made.definitions))


@room.get("/processes", scope="read")
def listed(reading: UnitOfWork) -> Definitions:
    """List the newest version of every process."""
    return Definitions(
        processes=[
            Definition(
                id=one.id,
                process_id=one.key,
                version=one.version,
                name=one.name,
                file=one.file,
                deployed_at=one.created_at,
                deployed_by=one.created_by,
                message=one.message,
                active_instances=one.active,
            )
            for one in queries.definitions(reading, "process")
        ]
    )


@room.post("/processes/{process_id}/instances", scope="processes", status=201)
def start(unit: UnitOfWork, process_id: str, body: Start) -> Started:
    """Start an instance of the newest version and run it to its first wait.

    With a business key that is taken, the refusal (409) carries the id of the instance that has it.
    """
    try:
        made = instances.start(unit, process_id, body.variables, business_key=body.business_key)
    except KeyTaken as taken:
        key = body.business_key or ""
        existing = instances.by_business_key(unit, process_id, key)
        raise Refusal(
            409, taken.code, taken.message, process_id=process_id, business_key=key, instance_id=existing
        ) from None
    return Started(instance_id=made)


@room.post("/migrations", scope="processes")
def migrate(body: Migrate) -> Migration:
    """Say for each instance whether it can go to another version; with execute, take over those that can."""
    mapping = dict(body.mapping)
    source, target = body.from_definition_id, body.to_definition_id
    with database.read() as reading:
        for entity_id in belonging.entities_of(reading, body.instance_ids):
            require_within("api.processes", entity_id)
        suggested = operations.suggest_mapping(reading, source, target)
        found = (
            [] if body.execute else operations.dry_run(reading, body.instance_ids, source, target, mapping)
        )
    if body.execute:
        house, actor = database.house(), current_user.id
        found = operations.migrate(house, actor, body.instance_ids, source, target, mapping)
    return Migration(verdicts=[_verdict(one) for one in found], suggested_mapping=suggested)


def _verdict(one: operations.Verdict) -> Verdict:
    outcome: Outcome = "done" if one.done else "impossible" if one.reasons else "possible"
    return Verdict(
        instance_id=one.instance_id,
        outcome=outcome,
        obstacles=[
            Obstacle(code=reason.code, element=reason.element, message=reason.message)
            for reason in one.reasons
        ],
    )
