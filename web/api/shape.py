"""The shape of every error of the API: ``{"error": {"code", "message", "facts"}}``.

Comes in: an HTTP status and what went wrong. Goes out: the response. It never shows a trace, a query or a file name of
ours. Next: ``web/errors.py``, which chooses the status.
"""

from __future__ import annotations

from flask import Response, request

from engine.errors import EngineError
from engine.problems import Language
from registry.errors import RegistryError
from web.api import values
from web.api.refusals import WORDS, Refusal


def answer(status: int, error: BaseException | None = None, number: str = "") -> Response:
    """Return an error in the one shape.

    Args:
        status: of HTTP.
        error: what was raised: one of the floors' errors or ours gives its own code, message and facts.
        number: under which an unexpected failure stands in the log.
    """
    code, message = WORDS.get(status, WORDS[400 if status < 500 else 500])
    facts: dict[str, object] = {"number": number} if number else {}
    if isinstance(error, (EngineError, RegistryError, Refusal)):
        code, message = error.code, error.message
        facts = values.facts(error.facts, language())
    response = Response(
        values.write({"error": {"code": code, "message": message, "facts": facts}}),
        status,
        mimetype="application/json",
    )
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    allowed = getattr(error, "valid_methods", None)
    if status == 405 and allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def language() -> Language:
    """Return the language in which problems are told: English unless the program prefers French."""
    return "fr" if request.accept_languages.best_match(("en", "fr")) == "fr" else "en"
