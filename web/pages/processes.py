"""Processes: what is deployed, drawn and in words, and where cases wait.

Comes in: the key of a process. Goes out: pages and the XML that is drawn. It never deploys: ``guichet deploy`` does.
Next: ``engine/definitions.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, url_for

from engine import definitions, queries
from web import cases
from web.database import read
from web.security import needs

pages = Blueprint("processes", __name__, url_prefix="/processes")


@pages.get("/")
@needs("process.read")
def index() -> Any:
    """Show what is deployed."""
    with read() as reading:
        rows = queries.definitions(reading, "process")
        stopped = [one.process_id for one in queries.open_incidents(reading, size=500)]
    incidents = {key: stopped.count(key) for key in set(stopped)}
    return render_template("processes.html", rows=rows, incidents=incidents)


@pages.get("/<key>")
@needs("process.read")
def show(key: str) -> Any:
    """Show one process: its drawing, its steps in words."""
    with read() as reading:
        found = next((one for one in queries.definitions(reading, "process") if one.key == key), None)
        if found is None:
            abort(404)
        steps = cases.outline(reading, found.id, {})
    return render_template(
        "process.html",
        definition=found,
        outline=steps,
        diagram_state={},
        xml_url=url_for("processes.xml", definition_id=found.id),
    )


@pages.get("/xml/<definition_id>")
@needs("request.read")
def xml(definition_id: str) -> Response:
    """Return the file that a diagram is drawn from; a definition never changes, so it may be kept."""
    with read() as reading:
        content = next(iter(definitions.files_of(reading, definition_id).values()))
    response = Response(content, mimetype="application/xml")
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response
