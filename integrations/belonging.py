"""Belonging: whose an instance is, told by the request that it carries.

Comes in: the id of an instance. Goes out: the entity of its request, or nobody's. It never decides who may see what:
``web/security.py`` does. Next: ``integrations/incidents.py``.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from engine import queries
from engine.store import UnitOfWork
from engine.tables import ProcessInstance
from registry.tables.requests import Request


def entity_of(unit: UnitOfWork, instance_id: str) -> str | None:
    """Return the entity of the request that an instance carries, itself or for the one that called it.

    Returns:
        None for an instance of no request, and for one that is not there.
    """
    root = aliased(ProcessInstance)
    query = (
        sa.select(Request.entity_id)
        .join(root, root.business_key == Request.id)
        .join(ProcessInstance, ProcessInstance.root_id == root.id)
        .where(ProcessInstance.id == instance_id)
    )
    return unit.connection.scalar(query)


def open_incidents(
    unit: UnitOfWork, *, entity_ids: Collection[str] | None, page: int = 1, size: int = 50
) -> list[queries.IncidentRow]:
    """Return open incidents of the requests of these entities, newest first; None for all, of no request too."""
    if entity_ids is None:
        return queries.open_incidents(unit, page=page, size=size)
    theirs = sa.select(Request.id).where(Request.entity_id.in_(sorted(entity_ids)))
    return queries.open_incidents(unit, business_keys=theirs, page=page, size=size)
