"""Incidents: tokens that could not go on, why in the reader's language, and trying again.

Comes in: an operator's command; what a row keeps. Goes out: the token tried again, in one transaction; words. It
never hides an incident: a second failure is a new one. Next: ``engine/queries.py``, ``incident_wordings.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from engine import instances, kernel
from engine.errors import EngineError, Missing, NotWaiting
from engine.incident_wordings import INCIDENTS
from engine.problems import Language
from engine.store import Engine, UnitOfWork
from engine.tables import Incident


def resolve(unit: UnitOfWork, incident_id: str) -> None:
    """Try again where the incident stopped the instance.

    Raises:
        Missing: there is no such incident.
        NotWaiting: it is resolved already, or its instance has ended or is suspended.
    """
    row: Any = unit.connection.execute(
        sa.select(Incident.instance_id, Incident.token, Incident.resolved_at).where(
            Incident.id == incident_id
        )
    ).one_or_none()
    if row is None:
        raise Missing(f"There is no incident {incident_id}.", incident_id=incident_id)
    if row.resolved_at is not None:
        raise NotWaiting("Expected the incident to be open, but it is resolved.", incident_id=incident_id)
    with instances.moving(unit, row.instance_id) as run:
        token = run.tasks.get(row.token)
        if token is None or "fault" not in token.internal_data:
            # Another operator was first, or the instance has been moved since.
            raise NotWaiting("Expected the incident to be open, but it is resolved.", incident_id=incident_id)
        run.resolve(row.token)


def resolve_many(house: Engine, actor: str, incident_ids: Sequence[str]) -> dict[str, EngineError | None]:
    """Try again at many incidents, each in its own transaction: what one cannot do does not stop the others.

    Returns:
        incident → None, or why it was refused; a try that fails again is a new incident, not a refusal.
    """
    outcomes: dict[str, EngineError | None] = {}
    for incident_id in incident_ids:
        try:
            with house.begin(actor) as unit:
                resolve(unit, incident_id)
            outcomes[incident_id] = None
        except EngineError as refusal:
            outcomes[incident_id] = refusal
    return outcomes


class Told(NamedTuple):
    """Why an instance stopped and what to do; ``language`` is that of the message, None where nobody knows it."""

    message: str
    advice: str
    language: Language | None


_FOREIGN: Mapping[str, Language | None] = {"worker.failed": None, "handler.refused": "en"}
"""Messages that came from outside and stay as they were said."""


def tell(message: str, code: str | None, facts: Mapping[str, Any] | None, language: Language) -> Told:
    """Return the words of an incident in ``language``.

    Args:
        message: in English, what is told of incidents that this release has no words for.
        code: None on rows from before incidents kept one; so are ``facts``.
    """
    if code not in INCIDENTS or facts is None:
        return Told(message, "", "en")
    try:
        said, advice = kernel.worded(code, facts, language)
    except KeyError:  # the words of another release ask for other facts
        return Told(message, "", "en")
    return Told(said, advice, _FOREIGN.get(code, language))
