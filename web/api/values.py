"""JSON as programs send and read it.

Comes in: bytes, or values as the engine keeps them. Goes out: numbers without loss, texts that every database can
hold, or a refusal; bytes again. It never reads deep, huge or ambiguous JSON. Next: ``doors.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson
from pydantic.alias_generators import to_camel

from engine import variables
from engine.feel import Months
from engine.problems import Language, Problem
from web.api.refusals import Refusal

DEEPEST: Final = 40
"""Lists and objects inside one another; FEEL itself goes to 100 and a process adds its own."""
DIGITS: Final = 34
"""Digits of a number, as FEEL and decimal128 have them (IEEE 754-2019)."""
_EXPONENT: Final = 6000
_WHOLE = 2**63
_UNFIT = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL or UTF-8 cannot hold."""


def read(raw: bytes) -> Any:
    """Return what ``raw`` says, numbers with a point as ``Decimal``.

    Raises:
        Refusal: 400 it is not JSON; 422 it is deeper, longer or stranger than a variable may be.
    """
    try:
        value = json.loads(raw, parse_float=_number, parse_int=_whole, parse_constant=_refuse_constant)
    except RecursionError:
        raise _unfit(f"Expected JSON at most {DEEPEST} deep, but it is deeper.", deepest=DEEPEST) from None
    except ValueError as error:
        place = (
            {"line": error.lineno, "column": error.colno} if isinstance(error, json.JSONDecodeError) else {}
        )
        raise Refusal(400, "not_json", "Expected JSON in UTF-8, but it cannot be read.", **place) from None
    _look_over(value)
    return value


def fit(text: str) -> bool:
    """Say whether every database can hold ``text``."""
    return _UNFIT.search(text) is None


def _look_over(value: Any) -> None:
    waiting = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, str):
            if not fit(one):
                raise _unfit("Expected text without NUL and half characters, but found one.")
        elif isinstance(one, (dict, list)):
            if depth > DEEPEST:
                raise _unfit(f"Expected JSON at most {DEEPEST} deep, but it is deeper.", deepest=DEEPEST)
            if isinstance(one, dict):
                if variables.TAG in one:
                    raise _unfit(
                        f"Expected other names than {variables.TAG}, which the house keeps to itself."
                    )
                waiting += [(name, depth) for name in one]
                waiting += [(item, depth + 1) for item in one.values()]
            else:
                waiting += [(item, depth + 1) for item in one]


def _unfit(message: str, **facts: Any) -> Refusal:
    return Refusal(422, "unfit", message, **facts)


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if len(number.as_tuple().digits) > DIGITS or abs(number.adjusted()) > _EXPONENT:
        raise _unfit(f"Expected numbers of at most {DIGITS} digits, but found a longer one.", digits=DIGITS)
    return number


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > DIGITS:
        raise _unfit(f"Expected numbers of at most {DIGITS} digits, but found a longer one.", digits=DIGITS)
    return int(text)


def _refuse_constant(text: str) -> None:
    raise ValueError(text)


# ---------------------------------------------------------------------- out


def write(value: Any) -> bytes:
    """Return ``value`` as JSON; instants in UTC end in Z."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def plain(value: Any) -> Any:
    """Return a process variable as JSON can say it: numbers exactly, dates and durations as ISO 8601 text."""
    if isinstance(value, bool | str | None):
        return value
    if isinstance(value, int):
        return value if -_WHOLE <= value < _WHOLE else orjson.Fragment(str(value))
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value)) if value.is_finite() else None
    if isinstance(value, float):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime, date, time, timedelta, Months)):
        return variables.to_text(value)
    return str(value)


def facts(given: Mapping[str, Any], language: Language = "en") -> dict[str, Any]:
    """Return the facts of an error as JSON can say them, in camelCase; problems of definitions in ``language``."""
    return {to_camel(name): _fact(value, language) for name, value in given.items()}


def _fact(value: Any, language: Language) -> Any:
    if isinstance(value, Problem):
        return value.as_json(language)
    if isinstance(value, datetime):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_fact(item, language) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _fact(item, language) for name, item in value.items()}
    if is_dataclass(value) and not isinstance(value, (type, Months)):
        return {to_camel(one.name): _fact(getattr(value, one.name), language) for one in fields(value)}
    return plain(value)
