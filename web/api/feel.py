"""FEEL for the editors: is it written well, and what does it give?

Comes in: a text, the names known where it stands, variables. Goes out: problems with their places in French and
English, or a value with warnings, within tight limits. It never runs anything but FEEL. Next: ``engine/feel``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from engine import feel
from engine.feel import FeelAssertion, FeelLimit, FeelSyntaxError, FeelValueError, Limits
from web import database
from web.api.doors import Room
from web.api.models import Given, Told, Variables
from web.api.refusals import Refusal
from web.api.values import plain

LIMITS = Limits(steps=20_000, calls=30, characters=100_000, items=5_000, pattern_seconds=0.05)
"""A tenth of what a process may spend: a try in an editor is small, and anybody may try."""
BODY_BYTES = 200_000
room = Room("feel", "FEEL expressions and unary tests, checked and tried out.")
Source = Annotated[str, StringConstraints(max_length=20_000)]
Kind = Literal["expression", "unary-tests"]


class Check(Given):
    """A text to check."""

    text: Source = Field(description="FEEL; one leading = (as diagrams write it) is allowed.")
    kind: Kind = "expression"
    names: list[Annotated[str, StringConstraints(max_length=200)]] | None = Field(
        None,
        max_length=2000,
        description="Names known where the text stands. With them, unknown names are reported; "
        "names with spaces are only read as one when they are given.",
    )


class Words(Told):
    """A sentence in both languages."""

    fr: str
    en: str


class Problem(Told):
    """What is wrong, or may be: places count from 1."""

    code: str
    severity: Literal["error", "warning"]
    line: int
    column: int
    message: Words
    suggestion: str | None = None


class Checked(Told):
    """The problems of a text, and the names that must come from outside."""

    valid: bool
    free_names: list[str]
    problems: list[Problem]


class Evaluate(Given):
    """A text to try out."""

    text: Source
    kind: Kind = "expression"
    variables: Variables
    input: Any = Field(None, description="The value that unary tests are about (“?”).")


class Evaluated(Told):
    """The value, dates and durations as ISO 8601 text, and what was null and why."""

    value: Any
    warnings: list[Problem]


@room.post("/feel/check", scope="feel", largest=BODY_BYTES)
def check(body: Check) -> Checked:
    """Check a text: syntax, and names that nobody knows."""
    try:
        compiled = _compiled(body.text, body.kind, frozenset(body.names or ()))
    except FeelSyntaxError as error:
        return Checked(valid=False, free_names=[], problems=[_of_syntax(error)])
    unknown = [] if body.names is None else feel.unknown_names(compiled, body.names)
    problems = [
        Problem(
            code="unknown_function" if one.function else "unknown_name",
            severity="warning",
            line=one.place.line,
            column=one.place.column,
            message=Words(fr=one.describe("fr"), en=one.describe("en")),
            suggestion=one.suggestion,
        )
        for one in unknown
    ]
    return Checked(valid=True, free_names=sorted(compiled.free_names), problems=problems)


@room.post("/feel/evaluate", scope="feel", largest=BODY_BYTES)
def evaluate(body: Evaluate) -> Evaluated:
    """Evaluate a text with variables, as a process would, at the house's own time."""
    house = database.house()
    surroundings: Any = {"now": house.clock.now(), "zone": house.zone, "limits": LIMITS}
    try:
        compiled = _compiled(body.text, body.kind, frozenset(body.variables))
        if body.kind == "unary-tests":
            result = compiled.test(body.input, body.variables, **surroundings)
        else:
            result = compiled.eval(body.variables, **surroundings)
    except FeelSyntaxError as error:
        problem = _of_syntax(error)
        raise Refusal(
            422,
            error.code,
            problem.message.en,
            line=problem.line,
            column=problem.column,
            words={"fr": problem.message.fr, "en": problem.message.en},
        ) from None
    except (FeelLimit, FeelValueError, FeelAssertion) as error:
        words = {"fr": error.describe("fr"), "en": error.describe("en")}
        raise Refusal(422, error.code, words["en"], words=words) from None
    return Evaluated(
        value=plain(result.value),
        warnings=[
            Problem(
                code=one.code,
                severity="warning",
                line=one.line,
                column=one.column,
                message=Words(fr=one.describe("fr"), en=one.describe("en")),
            )
            for one in result.warnings
        ],
    )


def _compiled(text: str, kind: str, names: frozenset[str]) -> feel.Compiled:
    # A blank keeps the places of what follows.
    source = " " + text[1:] if text.startswith("=") else text
    return feel.compile(source, kind, names)


def _of_syntax(error: FeelSyntaxError) -> Problem:
    return Problem(
        code=error.problem,
        severity="error",
        line=error.line,
        column=error.column,
        message=Words(fr=error.describe("fr"), en=error.describe("en")),
        suggestion=error.suggestion,
    )
