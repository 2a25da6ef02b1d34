"""Effects on the outside: written with the change that causes them, delivered afterwards.

Comes in: a kind, a payload, a key that never changes. Goes out: one row; later, the delivery's outcome. It
never talks to the outside itself: ``worker.py`` hands rows to the deliverer of their kind. Next:
``engine/worker.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine import ids
from engine.errors import Missing, Refused
from engine.store import Engine, UnitOfWork, insert_new
from engine.tables import Outbox

Deliverer = Callable[[str, Mapping[str, Any]], None]
"""Given the idempotency key and the payload; raises if the outside did not take it."""
MAX_ATTEMPTS = 10
FIRST_BACK_OFF = timedelta(seconds=30)
ACTOR = "system:outbox"


def put(unit: UnitOfWork, kind: str, payload: Mapping[str, Any], key: str) -> None:
    """Note an effect; the same key again changes nothing, so a repeated step sends once."""
    row = {
        "id": ids.derived("outbox", key),
        "kind": kind,
        "key": key,
        "payload": json.dumps(dict(payload), ensure_ascii=False),
        "status": "queued",
        "attempts": 0,
        "next_attempt_at": unit.now,
        "created_at": unit.now,
    }
    insert_new(unit.connection, Outbox, row)


def send_again(unit: UnitOfWork, row_id: str) -> None:
    """Queue an effect again that was given up; its key stays, so the outside can tell a repetition.

    Raises:
        Missing: there is no such effect.
        Refused: it has not failed.
    """
    status = unit.connection.scalar(sa.select(Outbox.status).where(Outbox.id == row_id).with_for_update())
    if status is None:
        raise Missing(f"There is no effect {row_id}.", outbox_id=row_id)
    if status != "failed":
        raise Refused(
            f"Expected an effect that has failed, but it is {status}.", outbox_id=row_id, status=status
        )
    _note(unit, row_id, status="queued", attempts=0, next_attempt_at=unit.now)


def counts(unit: UnitOfWork, kind: str) -> dict[str, int]:
    """Return how many effects of a kind stand in each status: queued, delivered, failed."""
    rows = unit.connection.execute(
        sa.select(Outbox.status, sa.func.count().label("total"))
        .where(Outbox.kind == kind)
        .group_by(Outbox.status)
    )
    return {row.status: row.total for row in rows}


def deliver_due(house: Engine, deliverers: Mapping[str, Deliverer], *, limit: int = 50) -> int:
    """Deliver what is due, one transaction to take each row and one to note the outcome.

    No transaction is open while the outside is asked. A row taken by a process that then died is taken again
    after its back-off: at least once, which is why the key never changes.

    Returns:
        how many were delivered.
    """
    with house.read() as reading:
        due = reading.connection.execute(
            sa.select(Outbox.id, Outbox.kind)
            .where(
                Outbox.status == "queued", Outbox.next_attempt_at <= reading.now, Outbox.kind.in_(deliverers)
            )
            .order_by(Outbox.next_attempt_at)
            .limit(limit)
        ).all()
    return sum(_deliver(house, row_id, deliverers[kind]) for row_id, kind in due)


def _deliver(house: Engine, row_id: str, deliverer: Deliverer) -> bool:
    with house.begin(ACTOR) as unit:
        row = unit.connection.execute(
            sa.select(Outbox.key, Outbox.payload, Outbox.attempts, Outbox.next_attempt_at)
            .where(Outbox.id == row_id, Outbox.status == "queued", Outbox.next_attempt_at <= unit.now)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return False
        attempts = row.attempts + 1
        _note(
            unit, row_id, attempts=attempts, next_attempt_at=unit.now + FIRST_BACK_OFF * 2 ** (attempts - 1)
        )
    house.failpoints.reach("before effect")
    try:
        deliverer(row.key, json.loads(row.payload))
    except Exception as failure:  # noqa: BLE001 - one of the four doors: the outside may fail in any way
        with house.begin(ACTOR) as unit:
            status = "failed" if attempts >= MAX_ATTEMPTS else "queued"
            # Only the newest attempt may fail: a later one, begun when this took too long, may have succeeded.
            _note(unit, row_id, attempt=attempts, error=f"{type(failure).__name__}: {failure}", status=status)
        return False
    house.failpoints.reach("after effect")
    with house.begin(ACTOR) as unit:
        _note(unit, row_id, status="delivered", delivered_at=unit.now, error=None)
    return True


def _note(unit: UnitOfWork, row_id: str, *, attempt: int | None = None, **values: Any) -> None:
    change = sa.update(Outbox).where(Outbox.id == row_id).values(**values)
    if attempt is not None:
        change = change.where(Outbox.attempts == attempt, Outbox.status == "queued")
    unit.connection.execute(change)
