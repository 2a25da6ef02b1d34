"""What every body and answer of the API shares.

Comes in: nothing. Goes out: the bases of the models, names in camelCase, and texts of bounded length. It never checks
what the floors below check. Next: ``jobs.py``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Variables = Annotated[
    dict[str, Any],
    Field(
        default_factory=dict,
        description="Variables by name, as JSON; a number keeps every digit it is sent with.",
    ),
]


def _moment(given: object) -> object:
    """Read an instant: ISO 8601 with its offset, nothing else."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given if isinstance(given, str) else "")
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("expected a date and time with its offset, such as 2026-02-01T10:00:00+01:00")


Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Fence = Annotated[
    int,
    Field(ge=1, le=2**62, description="The fencing token that came with the job; a newer lease voids it."),
]


class Given(BaseModel):
    """What a program sends. A name the model does not know is refused: it would be a typing error overlooked."""

    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, validate_by_name=False, validate_by_alias=True
    )


class Told(BaseModel):
    """What a program is told."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=False)


class Pages(Given):
    """Which page of a list."""

    page: int = Field(1, ge=1, le=10_000)
    size: int = Field(50, ge=1, le=200)
