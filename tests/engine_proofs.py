"""Every promise of the engine's rows, proved again from the rows.

Comes in: a database. Goes out: sentences about what does not agree; none when all is well. It never repairs. Next:
``tests/competing/test_commands_meet.py``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine import variables
from engine.tables import (
    History,
    Incident,
    InstanceState,
    Job,
    ProcessInstance,
    Subscription,
    TaskCandidate,
    Timer,
    UserTask,
)

_WAITS: dict[str, tuple[Any, ...]] = {
    "task": (UserTask, UserTask.status == "open"),
    "job": (Job,),
    "timer": (Timer,),
    "message": (Subscription, Subscription.kind == "message"),
    "signal": (Subscription, Subscription.kind == "signal"),
}


def findings(database: sa.Engine) -> list[str]:
    """Return what does not agree; empty when the rows are whole."""
    found: list[str] = []
    with database.connect().execution_options(guichet_reads_only=True) as connection:
        for row in connection.execute(sa.select(InstanceState)).all():
            found += _of_instance(connection, row)
        orphans = sa.select(TaskCandidate.task_id).where(
            ~sa.exists().where(UserTask.id == TaskCandidate.task_id, UserTask.status == "open")
        )
        found += [f"candidates of {task}, which is not open" for task in connection.scalars(orphans)]
        claimed = sa.select(TaskCandidate.task_id).join(UserTask, UserTask.id == TaskCandidate.task_id)
        wrong = claimed.where(TaskCandidate.free != UserTask.assignee.is_(None))
        found += [f"{task} is offered and claimed, or neither" for task in connection.scalars(wrong)]
        keys = sa.select(ProcessInstance.process_id, ProcessInstance.business_key).where(
            ProcessInstance.business_key.is_not(None)
        )
        seen = [tuple(row) for row in connection.execute(keys)]
        found += [f"business key {key} twice" for key in {key for key in seen if seen.count(key) > 1}]
    return found


def _of_instance(connection: sa.Connection, row: Any) -> list[str]:
    found: list[str] = []
    of = row.instance_id
    _format, _next, status, tokens = variables.loads(row.document)
    ended = status in ("completed", "terminated")
    if ended != (row.status in ("completed", "terminated")):
        found.append(f"{of}: the document is {status}, its row {row.status}")
    listed = connection.scalar(sa.select(ProcessInstance.status).where(ProcessInstance.id == of))
    if listed != row.status:
        found.append(f"{of}: the state is {row.status}, the instance {listed}")
    for kind, (table, *conditions) in _WAITS.items():
        query = sa.select(table.token, table.element).where(table.instance_id == of, *conditions)
        rows = sorted(map(tuple, connection.execute(query)))
        waits = sorted((token[0], token[2]) for token in tokens if token[5] and token[5].get("wait") == kind)
        if rows != ([] if ended else waits):
            found.append(f"{of}: {kind} rows for tokens {rows}, the document waits at {waits}")
    faults = sorted((token[0], token[2]) for token in tokens if token[5] and "fault" in token[5])
    stopped = sa.select(Incident.token, Incident.element).where(
        Incident.instance_id == of, Incident.resolved_at.is_(None)
    )
    open_incidents = sorted(map(tuple, connection.execute(stopped)))
    if open_incidents != ([] if ended else faults):
        found.append(f"{of}: incidents at {open_incidents}, the document has faults at {faults}")
    lines = sorted(connection.scalars(sa.select(History.seq).where(History.instance_id == of)))
    if lines != list(range(1, row.history_seq + 1)):
        found.append(f"{of}: {len(lines)} lines of history, {row.history_seq} counted")
    return found
