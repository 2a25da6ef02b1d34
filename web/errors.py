"""Errors as pages: the only place that knows HTTP statuses.

Comes in: errors of the floors below, of Flask, and what nobody expected. Goes out: a page that says what happened
and what to do next, in the language of the page, or JSON for programs. It never hides a failure: an unexpected one
is logged with the number that the page shows. Next: ``web/templates/error.html``.
"""

from __future__ import annotations

import secrets
import traceback
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, json, render_template, request
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from engine import errors as engine_errors
from registry import errors as registry_errors
from registry import rules
from web.api import shape
from web.api.refusals import ROOT
from web.words import SENTENCES

log = structlog.get_logger()

# Status → what happened, what to do next.
PAGES: dict[int, tuple[Any, Any]] = {
    400: (_("This request could not be understood"), _("Go back, reload the page and try again.")),
    403: (
        _("This page is not for you"),
        _("Your roles do not allow it. Ask your administrator if you need it for your work."),
    ),
    404: (_("Nothing here under this address"), _("Check the address, or start again from the home page.")),
    405: (_("This address does not accept that"), _("Go back and use the buttons of the page.")),
    409: (
        _("This can no longer be done"),
        _("Somebody or something was faster. Reload the page to see where it stands."),
    ),
    413: (_("What you sent is too large"), _("Send fewer or smaller photos.")),
    422: (_("Some points must be corrected"), _("Go back and correct them.")),
    429: (_("Too many attempts"), _("Wait a minute, then try again.")),
    500: (
        _("Something went wrong on our side"),
        _("Nothing was saved. Try again; if it happens again, give this number to your administrator."),
    ),
    503: (_("The house is busy"), _("Try again in a few seconds.")),
}


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error of the floors below."""
    match error:
        case engine_errors.Busy():
            return 503
        case engine_errors.DefinitionRefused() | rules.Unfit():
            return 422
        case engine_errors.Refused() | registry_errors.Refused() | engine_errors.BpmnError():
            return 409
        case engine_errors.Missing() | registry_errors.Missing():
            return 404
        case _:
            return 500


def sentence_of(error: Exception) -> str:
    """Return what to tell the person about an error of the floors below, in the language of the page."""
    if not isinstance(error, (engine_errors.EngineError, registry_errors.RegistryError)):
        return ""
    wanted = (f"{error.code}.{error.facts.get('status')}", error.code, "refused")
    said = str(next(SENTENCES[code] for code in wanted if code in SENTENCES))
    # What a check of the task says is written by whoever drew the process, for the people who work on it.
    return f"{said} {error.message}" if isinstance(error, engine_errors.Denied) else said


def _page(status: int, detail: str = "", number: str = "", error: Exception | None = None) -> Any:
    if request.path.startswith(ROOT):
        return shape.answer(status, error, number)
    title, advice = PAGES.get(status, PAGES[400 if status < 500 else 500])
    headers = {"Retry-After": "3"} if status == 503 else {}
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        body = {"status": status, "title": str(title), "detail": detail, "number": number}
        return json.dumps(body), status, {**headers, "Content-Type": "application/problem+json"}
    again = request.path if request.method == "GET" else _came_from()
    page = render_template(
        "error.html", status=status, title=title, advice=advice, detail=detail, number=number, again=again
    )
    return page, status, headers


def _came_from() -> str | None:
    """Return the page of ours that a form stood on: another site must not get a button on our error pages."""
    referrer = urlsplit(request.referrer or "")
    ours = referrer.netloc == request.host and referrer.scheme == request.scheme
    return request.referrer if ours else None


def _of_floor(error: Exception) -> Any:
    status = status_of(error)
    if status >= 500 and status != 503:
        return _unexpected(error)
    log.info("web.refused", code=getattr(error, "code", ""), status=status, endpoint=request.endpoint)
    return _page(status, sentence_of(error), error=error)


def _http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    if isinstance(error, InternalServerError):
        return _unexpected(error.original_exception or error)
    return _page(error.code, error=error)


def _csrf(error: CSRFError) -> Any:
    log.info("web.csrf_refused", endpoint=request.endpoint, reason=error.description)
    return _page(400, str(_("The form was too old, or came from elsewhere.")), error=error)


def _unexpected(error: BaseException) -> Any:
    number = secrets.token_hex(4)
    # A plain trace: renderers that print local variables would print keys and personal data.
    trace = "".join(traceback.format_exception(error))
    log.error("web.failed", number=number, endpoint=request.endpoint, trace=trace)
    return _page(500, number=number)


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(engine_errors.EngineError, _of_floor)
    app.register_error_handler(registry_errors.RegistryError, _of_floor)
    app.register_error_handler(Exception, _unexpected)
