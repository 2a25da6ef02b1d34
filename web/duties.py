"""Separation of duties: who had a hand in the work of an order does not accept its postings.

Comes in: a person and the answers of a task. Goes out: nothing, or the refusal that posting would meet later, while
the person can still read it. It never says who may decide at all: ``web/security.py`` does. Next:
``registry/postings.py``, which refuses whatever way a decision comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from engine.queries import TaskRow
from registry import postings, work

REVIEW_FORM: Final = "review-proposal"
"""The form in which an accountant accepts or rejects what a process proposes."""


def check_answers(
    session: Session, person_id: str, task: TaskRow, data: Mapping[str, Any], answers: Mapping[str, Any]
) -> None:
    """Refuse the answers of a review that accept the postings of the person's own work; a rejection is free.

    Raises:
        postings.OwnWork: the person planned, began, reported, did or accepted it, or entered its costs.
    """
    order_id = data.get("orderId")
    accepts = task.form_id == REVIEW_FORM and answers.get("verdict") != "reject"
    if accepts and isinstance(order_id, str) and work.exists(session, order_id):
        postings.require_other_hands(session, person_id, order_id)
