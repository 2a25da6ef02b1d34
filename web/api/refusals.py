"""Refusals of the API: a status, a stable code, a sentence, facts.

Comes in: what a request lacks. Goes out: ``Refusal``, and the words of each HTTP status. It never knows JSON:
``shape.py`` writes it. Next: ``shape.py``.
"""

from __future__ import annotations

from typing import Any, Final

ROOT: Final = "/api/"

# Status → stable code, what happened and what to do.
WORDS: Final[dict[int, tuple[str, str]]] = {
    400: ("not_understood", "Expected a request of the form the documentation shows, but it is another."),
    401: ("no_token", "Expected a valid token in the header “Authorization: Bearer …”, but there is none."),
    403: (
        "not_allowed",
        "Expected a token with the scope, and for the entity, that this needs, but it lacks one.",
    ),
    404: ("missing", "There is nothing under this address."),
    405: ("wrong_method", "Expected another method at this address."),
    409: ("refused", "This can no longer be done."),
    413: ("too_large", "Expected a smaller body."),
    415: ("wrong_type", "Expected another content type."),
    422: ("unfit", "Expected other values."),
    429: ("too_many", "Expected fewer requests a minute. Wait, then go on."),
    500: (
        "failed",
        "Something went wrong on our side and nothing was saved. Give the number to the operator.",
    ),
    503: ("busy", "Another command is at work on this. Try again in a few seconds."),
}


class Refusal(Exception):
    """A request that the API itself refuses."""

    def __init__(self, status: int, code: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.facts = facts
