"""Doors: one declaration for each method and address; from it come the view, its checks and its documentation.

Comes in: a function with typed parameters. Goes out: what Flask calls and what OpenAPI shows, which so cannot disagree.
It never knows what a door is for. Next: ``jobs.py`` for a room of doors, ``openapi.py`` for the document.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, get_type_hints

from flask import Response, request
from flask_login import current_user
from pydantic import ValidationError

from engine.definitions import File
from registry import answers
from web import database
from web.api import values
from web.api.models import Given, Told
from web.api.refusals import Refusal
from web.security import Program

JSON_BYTES: Final = 1_000_000
"""Largest JSON body: variables beyond it belong in files."""
MOST_FILES: Final = 200
_KEY = re.compile(r"[\x21-\x7e]{1,200}")

_View = TypeVar("_View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Door:
    """One method at one address.

    Attributes:
        scope: which tokens it opens to.
        wants: parameters of the view besides those of the path: body, query, upload, unit, reading.
        same: name of the field that tells two commands at this address apart, for commands repeated without a key.
    """

    method: str
    path: str
    scope: str
    view: Callable[..., Told | None]
    wants: Mapping[str, Any]
    answer: type[Told] | None
    status: int
    same: str | None
    largest: int

    @property
    def name(self) -> str:
        """Return the name of the operation: the view's."""
        return f"{self.view.__module__.rsplit('.', 1)[-1]}_{self.view.__name__}"

    @property
    def parameters(self) -> list[str]:
        """Return the names in the path."""
        return re.findall(r"{(\w+)}", self.path)


@dataclass(frozen=True)
class Room:
    """The doors of one noun.

    Attributes:
        name: of the noun; about: one sentence for the documentation.
    """

    name: str
    about: str
    doors: list[Door] = field(default_factory=list)

    def get(self, path: str, *, scope: str) -> Callable[[_View], _View]:
        """Declare a view that reads."""
        return self._door("GET", path, scope, 200, None, JSON_BYTES)

    def post(
        self,
        path: str,
        *,
        scope: str,
        status: int = 200,
        same: str | None = None,
        largest: int = JSON_BYTES,
    ) -> Callable[[_View], _View]:
        """Declare a view that acts; see ``Door`` for the arguments."""
        return self._door("POST", path, scope, status, same, largest)

    def _door(
        self, method: str, path: str, scope: str, status: int, same: str | None, largest: int
    ) -> Callable[[_View], _View]:
        def declare(view: _View) -> _View:
            hints = get_type_hints(view)
            answer = hints.pop("return")
            told = None if answer is type(None) else answer
            names = set(re.findall(r"{(\w+)}", path))
            wants = {name: hint for name, hint in hints.items() if name not in names}
            self.doors.append(
                Door(method, path, scope, view, wants, told, status if told else 204, same, largest)
            )
            return view

        return declare


@dataclass(frozen=True)
class Upload:
    """Files sent as a form, and the sentence that says why."""

    files: tuple[File, ...]
    message: str


def serve(door: Door, path: Mapping[str, str]) -> Response:
    """Read the request, call the view, write its answer.

    Raises:
        Refusal: the request is not what the door expects.
    """
    if not all(values.fit(text) for text in path.values()):
        raise Refusal(404, "missing", "There is nothing under this address.")
    given: dict[str, Any] = dict(path)
    digest = hashlib.sha256(f"{door.method} {request.path}\n".encode())
    if "query" in door.wants:
        given["query"] = _fill(door.wants["query"], request.args.to_dict(), strict=False)
    if "body" in door.wants:
        raw = _json(door.largest)
        digest.update(raw)
        given["body"] = _fill(door.wants["body"], values.read(raw or b"{}"), strict=True)
    if "upload" in door.wants:
        given["upload"] = _upload(digest)
    if "unit" in door.wants:
        return _once(door, given, digest.hexdigest())
    if "reading" in door.wants:
        with database.read() as reading:
            return _respond(door.status, _written(door.view(reading=reading, **given)))
    return _respond(door.status, _written(door.view(**given)))


def _once(door: Door, given: Mapping[str, Any], digest: str) -> Response:
    """Carry a command out in one transaction, or give the answer that it has had."""
    key = _key(door, given)
    holder = current_user.token_id if isinstance(current_user, Program) else current_user.id
    with database.begin() as unit:
        if key is not None:
            had = answers.begin(unit.session, holder=holder, key=key, digest=digest, at=unit.now)
            if had is not None:
                response = _respond(had.status, had.body.encode())
                response.headers["Idempotency-Replayed"] = "true"
                return response
        body = _written(door.view(unit=unit, **given))
        if key is not None:
            had = answers.Answer(door.status, body.decode())
            answers.keep(unit.session, holder=holder, key=key, answer=had)
    return _respond(door.status, body)


def _key(door: Door, given: Mapping[str, Any]) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        if not _KEY.fullmatch(key):
            raise Refusal(400, "bad_key", "Expected an Idempotency-Key of 1 to 200 visible ASCII characters.")
        return f"key:{key}"
    if door.same is None:
        return None
    return ":".join([*(given[name] for name in door.parameters), str(getattr(given["body"], door.same))])


def _json(largest: int) -> bytes:
    request.max_content_length = largest
    raw = request.get_data(cache=False)
    if raw and request.mimetype != "application/json":
        raise Refusal(
            415,
            "wrong_type",
            f"Expected application/json, but got {request.mimetype or 'no content type'}.",
            expected="application/json",
        )
    return raw


def _fill(model: type[Given], found: Any, *, strict: bool) -> Given:
    try:
        return model.model_validate(found, strict=strict)
    except ValidationError as error:
        problems = [
            {
                "place": ".".join(str(step) for step in one["loc"]) or "body",
                "code": one["type"],
                "message": one["msg"],
            }
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        first = problems[0]
        raise Refusal(
            422,
            "unfit",
            f"Expected other values at {len(problems)} place(s); the first: {first['place']}: {first['message']}.",
            problems=problems,
        ) from None


def _upload(digest: Any) -> Upload:
    if request.mimetype != "multipart/form-data":
        raise Refusal(
            415,
            "wrong_type",
            f"Expected multipart/form-data, but got {request.mimetype or 'no content type'}.",
            expected="multipart/form-data",
        )
    message = request.form.get("message", "").strip()
    sent = request.files.getlist("files")
    names = [one.filename or "" for one in sent]
    if not message or not names or len(names) > MOST_FILES or len(set(names)) < len(names):
        raise Refusal(
            422,
            "unfit",
            f"Expected a message and 1 to {MOST_FILES} files, each with a name of its own.",
            sentence=message,
            files=names,
        )
    if not all(values.fit(text) for text in (message, *names)):
        raise Refusal(422, "unfit", "Expected text without NUL and half characters, but found one.")
    files = tuple(File(name, one.read()) for name, one in zip(names, sent, strict=True))
    digest.update(message.encode())
    for one in files:
        digest.update(b"\0" + one.name.encode() + b"\0" + one.content)
    return Upload(files, message)


def _written(told: Told | None) -> bytes:
    return b"" if told is None else values.write(told.model_dump(by_alias=True))


def _respond(status: int, body: bytes) -> Response:
    return Response(body, status, mimetype="application/json" if body else None)
