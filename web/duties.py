"""Separation of duties: who had a hand in the work of an order does not accept its postings.

Comes in: a person and the answers of a task. Goes out: nothing, or the refusal that posting would meet later, while
the person can still read it. It never says who may decide at all: ``web/security.py`` does. Next:
``registry/postings.py``, which refuses whatever way a decision comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.queries import TaskRow
from engine.store import UnitOfWork
from integrations import deciders
from registry import entities, postings, work

REVIEW_FORM: Final = "review-proposal"
"""The form in which an accountant accepts or rejects what a process proposes."""


def check_answers(
    unit: UnitOfWork, task: TaskRow, data: Mapping[str, Any], answers: Mapping[str, Any]
) -> None:
    """Refuse a review by somebody who is no accountant of the entity, or who accepts the postings of own work.

    Rejecting those of own work is free.

    Raises:
        NotAccountant: the task was given to somebody who may not decide.
        postings.OwnWork: the person planned, began, reported, did or accepted it, or entered its costs.
    """
    order_id, part = data.get("orderId"), data.get("part")
    if (
        task.form_id != REVIEW_FORM
        or not isinstance(order_id, str)
        or not work.exists(unit.session, order_id)
    ):
        return
    code = part.get("entityCode") if isinstance(part, Mapping) else None
    if isinstance(code, str):
        day = entities.local_day(entities.by_code(unit.session, code), unit.now)
        deciders.require_accountant(unit.session, unit.actor, code, day)
    if answers.get("verdict") != "reject":
        postings.require_other_hands(unit.session, unit.actor, order_id)
