"""Incidents: tokens that could not go on, and trying again.

Comes in: an operator's command. Goes out: the token tried again, in one transaction. It never hides an
incident: a second failure is a new one. Next: ``engine/history.py``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine import instances
from engine.errors import Missing, NotWaiting
from engine.store import UnitOfWork
from engine.tables import Incident


def resolve(unit: UnitOfWork, incident_id: str) -> None:
    """Try again where the incident stopped the instance.

    Raises:
        Missing: there is no such incident.
        NotWaiting: it is resolved already.
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
        run.resolve(row.token)
