"""Belonging: whose an instance is, told by the request that it carries.

Comes in: ids of instances. Goes out: the entities of their requests, or nobody's. It never decides who may see what:
``web/security.py`` does. Next: ``integrations/incidents.py``.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from engine import queries
from engine.store import UnitOfWork
from engine.tables import Incident, ProcessInstance
from registry.tables.requests import Request


def entity_of(unit: UnitOfWork, instance_id: str) -> str | None:
    """Return the entity of the request that an instance carries, itself or for the one that called it.

    Returns:
        None for an instance of no request, and for one that is not there.
    """
    (found,) = entities_of(unit, [instance_id])
    return found


def entities_of(unit: UnitOfWork, instance_ids: Collection[str]) -> set[str | None]:
    """Return the entities of several instances, in one query; None among them as ``entity_of`` returns it."""
    root = aliased(ProcessInstance)
    query = (
        sa.select(ProcessInstance.id, Request.entity_id)
        .join(root, root.id == ProcessInstance.root_id)
        .join(Request, Request.id == root.business_key)
        .where(ProcessInstance.id.in_(instance_ids))
    )
    found = {row.id: row.entity_id for row in unit.connection.execute(query)}
    return {found.get(one) for one in instance_ids}


def entity_of_incident(unit: UnitOfWork, incident_id: str) -> str | None:
    """Return the entity of the instance that an incident has stopped, as ``entity_of`` does."""
    found = unit.connection.scalar(sa.select(Incident.instance_id).where(Incident.id == incident_id))
    return None if found is None else entity_of(unit, found)


def open_incidents(
    unit: UnitOfWork, *, entity_ids: Collection[str] | None, page: int = 1, size: int = 50
) -> list[queries.IncidentRow]:
    """Return open incidents of the requests of these entities, newest first; None for all, of no request too."""
    if entity_ids is None:
        return queries.open_incidents(unit, page=page, size=size)
    theirs = sa.select(Request.id).where(Request.entity_id.in_(sorted(entity_ids)))
    return queries.open_incidents(unit, business_keys=theirs, page=page, size=size)
