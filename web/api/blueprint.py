"""The blueprint of the API: its rooms, its limits, its own document.

Comes in: the rooms. Goes out: what ``web/app.py`` registers. It never decides who may enter: each view declares its
action to ``web/security.py``. Next: ``doors.py``, then a room: ``jobs.py``.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from flask import Blueprint, Response, current_app
from flask.blueprints import BlueprintSetupState

from web.api import feel, instances, jobs, messages, openapi, processes, programs, shape, tasks, values
from web.api.doors import Door, Room, serve
from web.api.refusals import ROOT, Refusal
from web.api.waiting import Waiting
from web.security import API, csrf, limiter, needs

PREFIX: Final = f"{ROOT}v1"
ROOMS: Final[tuple[Room, ...]] = (
    jobs.room,
    processes.room,
    instances.room,
    messages.room,
    tasks.room,
    feel.room,
)

api = Blueprint(API, __name__, url_prefix=PREFIX)


@functools.cache
def _document() -> bytes:
    return values.write(openapi.document(ROOMS, PREFIX))


@api.get("/openapi.json")
@needs("public")
def describe() -> Response:
    """Return the OpenAPI document."""
    return Response(_document(), mimetype="application/json")


def _refused(refusal: Refusal) -> Response:
    return shape.answer(refusal.status, refusal)


def _limit() -> str:
    return str(current_app.extensions["settings"].api_limit)


def _prepare(state: BlueprintSetupState) -> None:
    # Half of the threads at most may wait for work: the others serve people.
    state.app.extensions["waiting"] = Waiting(state.app.extensions["settings"].threads // 2)


def _view(door: Door) -> Any:
    def view(**path: str) -> Response:
        return serve(door, path)

    view.__name__ = door.name
    view.__doc__ = door.view.__doc__
    return needs(f"{API}.{door.scope}")(view)


for _room in ROOMS:
    for _door in _room.doors:
        address = re.sub(r"{(\w+)}", r"<\1>", _door.path)
        api.add_url_rule(address, _door.name, _view(_door), methods=[_door.method])
csrf.exempt(api)
limiter.shared_limit(_limit, scope=API, key_func=programs.caller)(api)
api.before_request(programs.check_csrf)
api.register_error_handler(Refusal, _refused)
api.record(_prepare)
