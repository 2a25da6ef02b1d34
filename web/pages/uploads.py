"""Photos and documents of requests, work orders and tasks.

Comes in: the id of a document. Goes out: its bytes, to those who may read what it belongs to. It never lets a browser
open a file by itself: pages show images, everything else is downloaded. Next: ``web/files.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, current_app, send_file
from flask_login import current_user

from registry import documents, requests, work
from registry.tables.work import WorkOrder
from web import files
from web.database import read
from web.security import can, may_see_order, needs

pages = Blueprint("uploads", __name__)


@pages.get("/files/<document_id>")
@needs("file.read")
def show(document_id: str) -> Any:
    """Send the file."""
    with read() as reading:
        document = documents.get(reading.session, document_id)
        match document.noun:
            case "request":
                asked = requests.get(reading.session, document.row_id)
                _require(asked.entity_id, work.of_request(reading.session, asked.id))
            case "work_order":
                order = work.get(reading.session, document.row_id)
                _require(order.entity_id, [order])
            case _:
                if document.created_by != current_user.id:
                    abort(403)
        found = (document.sha256, document.media_type, document.name)
    sha256, media_type, name = found
    path = files.find(current_app.extensions["settings"].files, sha256)
    if path is None:
        abort(404)
    response = send_file(
        path,
        mimetype=media_type,
        as_attachment=True,
        download_name=name,
        max_age=3600,
        etag=sha256,
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _require(entity_id: str, orders: Sequence[WorkOrder]) -> None:
    """Refuse whoever reads neither the request nor one of the orders made of it."""
    if not can(current_user, "request.read", entity_id) and not any(
        may_see_order(current_user, one.entity_id, one.supplier_id) for one in orders
    ):
        abort(403)
