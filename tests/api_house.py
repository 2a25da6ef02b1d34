"""Programs in front of the small town of ``tests/web_house.py``.

Comes in: scopes. Goes out: callers with tokens, diagrams deployed by them. It never writes a row by hand. Next:
``tests/web_house.py``.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry import people, tokens
from tests import diagrams as d
from tests import factories
from tests.web_house import WebHouse

ROOT = "/api/v1"
METER = d.process(
    "meter",
    d.start(),
    d.service("read", "meter.read", retries="2"),
    d.boundary("unreadable", "read", '<bpmn:errorEventDefinition errorRef="broken"/>'),
    d.user("repair"),
    d.user("check", label="Check the reading"),
    d.end(),
    d.end("mended"),
    flows="start read check end; unreadable repair mended",
    extra='<bpmn:error id="broken" errorCode="BROKEN"/>',
)
WAITING = d.process(
    "waiting",
    d.start(),
    d.catch("paid", '<bpmn:messageEventDefinition messageRef="payment"/>'),
    d.catch("frost", '<bpmn:signalEventDefinition signalRef="frozen"/>'),
    d.end(),
    flows="start paid frost end",
    extra=(
        '<bpmn:message id="payment" name="payment"><bpmn:extensionElements>'
        '<zeebe:subscription correlationKey="=order"/></bpmn:extensionElements></bpmn:message>'
        '<bpmn:signal id="frozen" name="frost"/>'
    ),
)


@dataclass
class Caller:
    """A program with its token."""

    client: FlaskClient
    token: str

    def get(self, path: str, *, language: str = "en", **query: Any) -> TestResponse:
        headers = self._headers() | {"Accept-Language": language}
        return self.client.get(ROOT + path, query_string=query, headers=headers)

    def post(self, path: str, body: Any = None, key: str | None = None, **more: Any) -> TestResponse:
        headers = self._headers() | ({"Idempotency-Key": key} if key else {}) | more.pop("headers", {})
        sent = {"json": {} if body is None else body} if "data" not in more else {}
        return self.client.post(ROOT + path, headers=headers, **sent, **more)

    def deploy(self, files: Mapping[str, bytes], message: str = "first", **more: Any) -> TestResponse:
        data = {"message": message, "files": [(io.BytesIO(content), name) for name, content in files.items()]}
        return self.post("/deployments", data=data, content_type="multipart/form-data", **more)

    def started(self, process_id: str, variables: Mapping[str, Any] | None = None, **more: Any) -> str:
        answer = self.post(f"/processes/{process_id}/instances", {"variables": variables or {}, **more})
        assert answer.status_code == 201, answer.text
        instance_id: str = answer.json["instanceId"]
        return instance_id

    def leased(self, job_type: str = "meter.read", **more: Any) -> dict[str, Any]:
        [job] = self.post("/jobs/activate", {"types": [job_type], "worker": "w", **more}).json["jobs"]
        return dict(job)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def program(
    web: WebHouse,
    *scopes: str,
    person_id: str | None = None,
    entity_ids: Collection[str] | None = None,
    days: int = 1,
) -> Caller:
    """Return a program with a token for these scopes, or for all of them."""
    with web.house.begin("system:test") as unit:
        _, text = tokens.create(
            unit.session,
            name="test",
            scopes=scopes or tokens.SCOPES,
            person_id=person_id,
            entity_ids=entity_ids,
            expires_at=unit.now + timedelta(days=days),
            at=unit.now,
            by=unit.actor,
        )
    return Caller(web.visitor(), text)


def somebody(web: WebHouse, *roles: Any, entity_id: str | None = None) -> str:
    """Return the id of a person with these roles, everywhere or in one entity, in the town's team."""
    with web.house.begin("system:test") as unit:
        person = factories.person(unit.session, web.town.entity.id)
        facts: Any = {"person_id": person.id, "at": unit.now, "by": unit.actor}
        for role in roles:
            people.grant(unit.session, role=role, entity_id=entity_id, **facts)
        people.join(unit.session, team_id=web.town.team.id, **facts)
        return person.id
