"""Incidents beside the requests they hold up: lists for operators, and what trying again came to.

Comes in: which entities somebody may see, a page, incidents to try again. Goes out: plain rows, and one outcome per
incident. It never moves a token itself: the engine does. Next: ``engine/incidents.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from engine import incidents
from engine.errors import EngineError
from engine.store import Engine, UnitOfWork
from engine.tables import Incident, ProcessInstance
from registry.queries import Page
from registry.tables.requests import Request

_RUNNING = ("active", "suspended")


@dataclass(frozen=True, slots=True)
class Row:
    """One open incident; ``alike`` counts those with the same process, element and message on all pages."""

    id: str
    instance_id: str
    process_id: str
    definition_id: str
    element: str
    token: int
    message: str
    code: str | None
    facts: Mapping[str, Any] | None
    since: datetime
    suspended: bool
    reference: str | None
    title: str | None
    entity_id: str | None
    alike: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What trying again came to: ``refusal`` says why it was not tried, ``again`` is where it stopped once more."""

    row: Row
    refusal: EngineError | None = None
    again: Row | None = None


def open_page(
    unit: UnitOfWork, *, entity_ids: Collection[str] | None, page: int = 1, size: int = 25
) -> Page[Row]:
    """Return open incidents, the most frequent kind first, those of one kind together, newest first.

    Args:
        unit: the transaction.
        entity_ids: only those of requests of these entities; None for all, also those of no request.
        page: from 1.
        size: rows a page.
    """
    own = aliased(ProcessInstance)
    kind = (own.process_id, Incident.element, Incident.message)
    alike = sa.func.count().over(partition_by=kind)
    query = _listed(own, entity_ids, alike).where(Incident.resolved_at.is_(None))
    rows = unit.connection.execute(
        query.order_by(alike.desc(), *kind, Incident.created_at.desc(), Incident.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return Page([Row(*row) for row in rows], page, size, count(unit, entity_ids=entity_ids))


def count(unit: UnitOfWork, *, entity_ids: Collection[str] | None) -> int:
    """Return how many incidents are open in these entities; None for all."""
    query = _listed(aliased(ProcessInstance), entity_ids, sa.literal(1)).where(Incident.resolved_at.is_(None))
    return unit.connection.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


def try_again(
    house: Engine, actor: str, incident_ids: Sequence[str], *, entity_ids: Collection[str] | None
) -> list[Outcome]:
    """Try again at incidents of these entities, each in its own transaction, in the order given.

    Incidents that are not there, or belong to other entities, are passed over.
    """
    with house.read() as reading:
        known = {row.id: row for row in _rows(reading, Incident.id.in_(incident_ids), entity_ids)}
        wanted = [known[one] for one in dict.fromkeys(incident_ids) if one in known]
        places = {row.instance_id for row in wanted}
        before = {row.id for row in _open_in(reading, places)}
    answers = incidents.resolve_many(house, actor, [row.id for row in wanted])
    with house.read() as reading:
        fresh = {
            (row.instance_id, row.token): row for row in _open_in(reading, places) if row.id not in before
        }
    return [Outcome(row, answers[row.id], fresh.get((row.instance_id, row.token))) for row in wanted]


def _open_in(unit: UnitOfWork, instance_ids: Collection[str]) -> list[Row]:
    return _rows(unit, sa.and_(Incident.instance_id.in_(instance_ids), Incident.resolved_at.is_(None)), None)


def _rows(unit: UnitOfWork, where: sa.ColumnElement[bool], entity_ids: Collection[str] | None) -> list[Row]:
    query = _listed(aliased(ProcessInstance), entity_ids, sa.literal(1)).where(where)
    return [Row(*row) for row in unit.connection.execute(query)]


def _listed(own: Any, entity_ids: Collection[str] | None, alike: sa.ColumnElement[int]) -> sa.Select[Any]:
    """Return the select of ``Row``: ``own`` is the process of the element, the root has the request's key."""
    root = aliased(ProcessInstance)
    query = (
        sa.select(
            Incident.id,
            Incident.instance_id,
            own.process_id,
            own.definition_id,
            Incident.element,
            Incident.token,
            Incident.message,
            Incident.code,
            Incident.facts,
            Incident.created_at,
            root.status == "suspended",
            Request.reference,
            Request.title,
            Request.entity_id,
            alike,
        )
        .join(own, own.id == Incident.process_instance_id)
        .join(root, root.id == Incident.instance_id)
        .outerjoin(Request, Request.id == root.business_key)
        .where(root.status.in_(_RUNNING))
    )
    return query if entity_ids is None else query.where(Request.entity_id.in_(sorted(entity_ids)))
