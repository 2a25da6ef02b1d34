"""Photos and documents of requests.

Comes in: the request and the key of a file. Goes out: the file, to those who may read the request. It never shows
anything but images and PDF in the page: the rest is downloaded. Next: ``web/files.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, send_file

from registry import requests
from web import files
from web.database import read
from web.security import needs, require

pages = Blueprint("uploads", __name__)


@pages.get("/files/<owner>/<key>")
@needs("request.read")
def show(owner: str, key: str) -> Any:
    """Send the file."""
    with read() as reading:
        require("request.read", requests.get(reading.session, owner).entity_id)
    found = files.find(current_app.extensions["settings"].files, owner, key)
    if found is None:
        abort(404)
    plain = found.type == "application/octet-stream"
    response = send_file(found.path, mimetype=found.type, as_attachment=plain, max_age=3600)
    response.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
    )
    return response
