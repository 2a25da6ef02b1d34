"""Handing work out: to a handler of the house in this transaction, or to a worker later.

Comes in: a token and a job of the diagram. Goes out: the results, or a wait for a worker. It never decides
what happens with the results: the element does. Next: ``engine/kernel/listeners.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.kernel.environment import Work
from engine.kernel.model import Job
from engine.kernel.token import Token

MOST_RETRIES = 999_999_999
"""How often a job may be tried: no more than a column of the database holds."""


def hand_out(token: Token, job: Job, more: Mapping[str, str] | None = None) -> dict[str, Any] | None:
    """Return the results of the house's handler, or None when a worker must do the job.

    Args:
        more: headers besides those of the diagram.

    Raises:
        Fault: type or retries cannot be evaluated, or the handler refuses.
        ThrownError: the handler reports a BPMN error.
    """
    element = token.task_spec
    headers = {**job.headers, **more} if more else job.headers
    job_type = job.type.words(token, "a task type")
    handler = token.workflow.environment.handler(job_type)
    if handler is None:
        token.workflow.open_wait(
            "job",
            token,
            type=job_type,
            retries=_retries(token, job),
            headers=headers,
            label=element.label,
        )
        return None
    # A change of a user task is heard beside the task, which has the inputs.
    owner = token.parent if token.mark == "watch" and token.parent is not None else token
    inputs = dict(owner.data) if element.details.inputs else owner.visible()
    return dict(handler(Work(job_type, inputs, headers, element.name, token.id)))


def _retries(token: Token, job: Job) -> int:
    """Return how often the worker may try: an operator's number if one was set, else the diagram's."""
    wanted = token.internal_data.pop("retries", None)
    if wanted is not None:
        return int(wanted)
    value = job.retries.value(token)
    if type(value) not in (int, Decimal) or not 0 <= value <= MOST_RETRIES or value % 1:
        raise job.retries.unfit("a whole number", value)
    return int(value)
