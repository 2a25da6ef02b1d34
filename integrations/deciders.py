"""Deciders: who accepts or rejects the postings of an entity.

Comes in: a person, an entity, a day. Goes out: nothing, or a refusal. It never asks whose task it is: being offered or
given a task makes nobody an accountant. Next: ``integrations/tasks/costs.py``, ``web/duties.py``.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from registry import people
from registry.errors import Refused


class NotAccountant(Refused):
    """Somebody who is no accountant of the entity, nor stands in for one, would decide on its postings."""

    code = "not_accountant"


def group(entity_code: str) -> str:
    """Return the candidate group of the accountants of an entity."""
    return f"accountant:{entity_code}"


def require_accountant(session: Session, person_id: str, entity_code: str, day: date) -> None:
    """Refuse whoever is no accountant of the entity on that day, nor stands in for one.

    Raises:
        NotAccountant: so it is.
    """
    if group(entity_code) not in people.groups_of(session, person_id, day):
        raise NotAccountant(
            f"Expected an accountant of {entity_code} to decide on its postings, but this person is none.",
            entity_code=entity_code,
        )
