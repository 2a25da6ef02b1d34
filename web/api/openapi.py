"""The OpenAPI 3.1 document of the API, made from its doors.

Comes in: the rooms. Goes out: one JSON document: each address, its models, its refusals. It never says anything that
the doors do not enforce. Next: ``doors.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from web.api.doors import Door, Room
from web.api.models import Told
from web.api.refusals import WORDS

_JSON = "application/json"
_TEMPLATE = "#/components/schemas/{model}"
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "The same command under the same key is carried out once and answered twice, for seven days.",
}


class Detail(Told):
    """What went wrong: a stable code, a sentence, facts."""

    code: str
    message: str
    facts: dict[str, Any]


class Error(Told):
    """Every error has this shape."""

    error: Detail


def document(rooms: Iterable[Room], prefix: str) -> dict[str, Any]:
    """Return the document of ``rooms`` served under ``prefix``."""
    rooms = tuple(rooms)
    doors = [door for room in rooms for door in room.doors]
    names, definitions = models_json_schema(sorted(_models(doors), key=str), ref_template=_TEMPLATE)
    schemas = {model: names[model, mode] for model, mode in names}
    paths: dict[str, Any] = {}
    for room in rooms:
        for door in room.doors:
            paths.setdefault(door.path, {})[door.method.lower()] = _operation(room, door, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Guichet",
            "version": version("guichet-unique"),
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
            "description": "Workers, processes, messages, tasks and FEEL. Names are camelCase; instants are UTC.",
        },
        "servers": [{"url": prefix}],
        "security": [{"token": []}],
        "tags": [{"name": room.name, "description": room.about} for room in rooms],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "guichet token create"}
            },
            "responses": {
                str(status): {
                    "description": text,
                    "content": {_JSON: {"schema": schemas[Error]}},
                }
                for status, (_code, text) in WORDS.items()
            },
        },
    }


def _models(doors: Iterable[Door]) -> set[tuple[type[BaseModel], JsonSchemaMode]]:
    found: set[tuple[type[BaseModel], JsonSchemaMode]] = {(Error, "serialization")}
    for door in doors:
        if "body" in door.wants:
            found.add((door.wants["body"], "validation"))
        if door.answer is not None:
            found.add((door.answer, "serialization"))
    return found


def _operation(room: Room, door: Door, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    summary, _blank, rest = (door.view.__doc__ or "").partition("\n")
    answered: dict[str, Any] = {"description": "Done."}
    if door.answer is not None:
        answered["content"] = {_JSON: {"schema": schemas[door.answer]}}
    operation: dict[str, Any] = {
        "operationId": door.name,
        "tags": [room.name],
        "summary": summary.strip(),
        "description": " ".join(f"{rest.strip()}\n\nScope: {door.scope}.".split()),
        "parameters": _parameters(door),
        "responses": {
            str(door.status): answered,
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in refusals(door)},
        },
    }
    if "body" in door.wants:
        operation["requestBody"] = {
            "required": True,
            "content": {_JSON: {"schema": schemas[door.wants["body"]]}},
        }
    if "upload" in door.wants:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _UPLOAD}}}
    return operation


_UPLOAD = {
    "type": "object",
    "required": ["files", "message"],
    "properties": {
        "message": {"type": "string", "minLength": 1, "description": "Why, one sentence."},
        "files": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
            "description": "Files whose names end in .bpmn, .dmn or .form.",
        },
    },
}


def _parameters(door: Door) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in door.parameters
    ]
    if "query" in door.wants:
        schema = door.wants["query"].model_json_schema(by_alias=True)
        found += [
            {"name": name, "in": "query", "required": False, "schema": field}
            for name, field in schema["properties"].items()
        ]
    if "unit" in door.wants:
        found.append(KEY)
    return found


def refusals(door: Door) -> list[int]:
    """Return the statuses with which a door may refuse."""
    found = {401, 403, 429, 500}
    if "body" in door.wants or "upload" in door.wants:
        found |= {400, 413, 415, 422}
    if "query" in door.wants:
        found.add(422)
    if door.parameters or "instance" in door.path or "migrations" in door.path:
        found.add(404)
    if door.method == "POST" and door.scope != "feel":
        found |= {409, 503}
    return sorted(found)
