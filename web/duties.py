"""Separation of duties: who had a hand in the work of an order does not accept its postings.

Comes in: a person, an order, the answers of a task. Goes out: nothing, or a refusal. It never says who may decide at
all: ``web/security.py`` does. Next: ``registry/work_done.py``, which knows whose hands they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from engine.queries import TaskRow
from registry import work
from registry.errors import Refused

REVIEW_FORM: Final = "review-proposal"
"""The form in which an accountant accepts or rejects what a process proposes."""


class OwnWork(Refused):
    """Whoever planned, did or accepted the work would accept its postings too."""

    code = "own_work"


def require_other_hands(session: Session, person_id: str, order_id: str) -> None:
    """Refuse whoever had a hand in the work of the order.

    Raises:
        OwnWork: the person planned, began, reported, did or accepted it, or entered its costs.
    """
    if person_id in work.hands_of(session, order_id):
        order = work.get(session, order_id)
        raise OwnWork(
            f"Expected somebody without a hand in {order.reference} to accept its postings, but this person had one.",
            order_id=order_id,
        )


def check_answers(
    session: Session, person_id: str, task: TaskRow, data: Mapping[str, Any], answers: Mapping[str, Any]
) -> None:
    """Refuse the answers of a review that accept the postings of the person's own work; a rejection is free.

    Raises:
        OwnWork: as ``require_other_hands``.
    """
    order_id = data.get("orderId")
    accepts = task.form_id == REVIEW_FORM and answers.get("verdict") != "reject"
    if accepts and isinstance(order_id, str) and work.exists(session, order_id):
        require_other_hands(session, person_id, order_id)
