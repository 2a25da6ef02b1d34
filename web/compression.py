"""Small answers: brotli for pages, prepared brotli files and a year of cache for the browser files.

Comes in: an answer that is ready. Goes out: the same answer, smaller where the browser can read it, with a mark by
which it need not be sent again. It never touches streams and files. Next: ``web/app.py``.
"""

from __future__ import annotations

import brotli
from flask import Flask, Response, request

_TEXT = ("text/", "application/json", "application/xml", "image/svg+xml", "application/javascript")
_WORTH = 800


def install(app: Flask) -> None:
    """Register the last touch on every answer."""
    app.after_request(_finish)


def _finish(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.direct_passthrough = False
        response.make_sequence()  # the browser files are small; read whole, they can be compressed
    if response.direct_passthrough or response.status_code != 200 or not response.is_sequence:
        return response
    body = response.get_data()
    if request.method in {"GET", "HEAD"} and "ETag" not in response.headers:
        response.add_etag()
    # Sessions are SameSite=Lax: no other site can make a browser ask these pages again and again with its cookie,
    # which is what guessing secrets from compressed sizes needs (BREACH).
    if (
        len(body) > _WORTH
        and (response.mimetype or "").startswith(_TEXT)
        and request.accept_encodings["br"] > 0
    ):
        response.set_data(brotli.compress(body, quality=5))
        response.headers["Content-Encoding"] = "br"
        response.vary.add("Accept-Encoding")
    if request.method == "GET":
        response.make_conditional(request)
    return response
