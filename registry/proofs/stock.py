"""Proofs about stock: balances, reservations, returns, transfers and counts.

Comes in: a session. Goes out: checks, each with rows looked at and findings. It never repairs. Next:
``registry/proofs/accounting.py``.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from registry.proofs.finding import Check, Finding
from registry.tables.base import Base
from registry.tables.stock import MaterialNeed, Reservation, StockBalance, StockCount, StockMove


def balances(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a balance is the sum of its moves, in quantity and value, and that no moves lack a balance."""
    moved = (
        sa.select(
            StockMove.item_id,
            StockMove.store_id,
            sa.func.sum(StockMove.quantity_milli).label("quantity"),
            sa.func.sum(StockMove.value_cents).label("value"),
        )
        .group_by(StockMove.item_id, StockMove.store_id)
        .subquery()
    )
    same = (StockBalance.item_id == moved.c.item_id) & (StockBalance.store_id == moved.c.store_id)
    kept = (StockBalance.item_id, StockBalance.store_id, StockBalance.on_hand_milli, StockBalance.value_cents)
    sums = (sa.func.coalesce(moved.c.quantity, 0), sa.func.coalesce(moved.c.value, 0))
    query = sa.select(*kept, *sums).outerjoin(moved, same)
    wrong = query.where((kept[2] != sums[0]) | (kept[3] != sums[1]))
    findings = [
        Finding(
            "stock_balances",
            f"item {item} in store {store}",
            f"{quantity} thousandths worth {value} cents, the sum of its moves",
            f"{on_hand} worth {worth}",
        )
        for item, store, on_hand, worth, quantity, value in session.execute(wrong)
    ]
    orphans = sa.select(moved).outerjoin(StockBalance, same).where(StockBalance.item_id.is_(None))
    findings += [
        Finding(
            "stock_balances", f"item {row.item_id} in store {row.store_id}", "a balance of its moves", "none"
        )
        for row in session.execute(orphans)
    ]
    return _count(session, StockMove), findings


def held(session: Session) -> tuple[int, list[Finding]]:
    """Prove that what is held is the sum of the held reservations and never more than is on hand."""
    waiting = (
        sa.select(
            Reservation.item_id,
            Reservation.store_id,
            sa.func.sum(Reservation.quantity_milli).label("quantity"),
        )
        .where(Reservation.status == "held")
        .group_by(Reservation.item_id, Reservation.store_id)
        .subquery()
    )
    total = sa.func.coalesce(waiting.c.quantity, 0)
    query = sa.select(StockBalance, total).outerjoin(
        waiting, (StockBalance.item_id == waiting.c.item_id) & (StockBalance.store_id == waiting.c.store_id)
    )
    wrong = query.where(
        (StockBalance.held_milli != total) | (StockBalance.held_milli > StockBalance.on_hand_milli)
    )
    findings = [
        Finding(
            "stock_held",
            f"item {balance.item_id} in store {balance.store_id}",
            f"{quantity} thousandths held, at most {balance.on_hand_milli}",
            str(balance.held_milli),
        )
        for balance, quantity in session.execute(wrong)
    ]
    return _count(session, StockBalance), findings


def answers(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a consumed reservation has one issue of what was consumed, and any other has none."""
    move = (StockMove.kind, StockMove.quantity_milli)
    query = sa.select(Reservation.id, Reservation.consumed_milli, *move).outerjoin(
        StockMove, StockMove.reservation_id == Reservation.id
    )
    wrong = query.where(
        sa.case(
            (
                Reservation.status == "consumed",
                StockMove.id.is_(None)
                | (StockMove.kind != "issue")
                | (StockMove.quantity_milli != -Reservation.consumed_milli)
                | (StockMove.item_id != Reservation.item_id)
                | (StockMove.store_id != Reservation.store_id)
                | StockMove.order_id.is_distinct_from(Reservation.order_id),
            ),
            else_=StockMove.id.is_not(None),
        )
    )
    findings = [
        Finding(
            "reservation_answers",
            f"reservation {reservation}",
            f"an issue of {consumed} thousandths" if consumed else "no issue",
            f"{kind} of {quantity}",
        )
        for reservation, consumed, kind, quantity in session.execute(wrong)
    ]
    return _count(session, Reservation), findings


def returns(session: Session) -> tuple[int, list[Finding]]:
    """Prove that no more came back of an issue than went out, in quantity and value."""
    back = (
        sa.select(
            StockMove.returns_id,
            sa.func.sum(StockMove.quantity_milli).label("quantity"),
            sa.func.sum(StockMove.value_cents).label("value"),
            sa.func.count().label("moves"),
        )
        .where(StockMove.returns_id.is_not(None))
        .group_by(StockMove.returns_id)
        .subquery()
    )
    query = sa.select(StockMove, back).join(back, back.c.returns_id == StockMove.id)
    wrong = query.where(
        (StockMove.kind != "issue")
        | (back.c.quantity > -StockMove.quantity_milli)
        | (back.c.value > -StockMove.value_cents)
    )
    findings = [
        Finding(
            "stock_returns",
            f"{row.StockMove.kind} {row.StockMove.id}",
            f"at most {-row.StockMove.quantity_milli} back",
            str(row.quantity),
        )
        for row in session.execute(wrong)
    ]
    return session.scalar(sa.select(sa.func.coalesce(sa.func.sum(back.c.moves), 0))) or 0, findings


def transfers(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a transfer is one move out and one move in of the same item, quantity and value."""
    query = (
        sa.select(
            StockMove.transfer_id,
            sa.func.count().label("moves"),
            sa.func.count(sa.distinct(StockMove.item_id)).label("kinds"),
            sa.func.sum(StockMove.quantity_milli).label("quantity"),
            sa.func.sum(StockMove.value_cents).label("value"),
        )
        .where(StockMove.transfer_id.is_not(None))
        .group_by(StockMove.transfer_id)
        .subquery()
    )
    wrong = sa.select(query).where(
        (query.c.moves != 2) | (query.c.kinds != 1) | (query.c.quantity != 0) | (query.c.value != 0)
    )
    findings = [
        Finding(
            "stock_transfers",
            f"transfer {row.transfer_id}",
            "two moves that cancel out",
            f"{row.moves} moves, {row.quantity} thousandths and {row.value} cents apart",
        )
        for row in session.execute(wrong)
    ]
    return session.scalar(sa.select(sa.func.count()).select_from(query)) or 0, findings


def counts(session: Session) -> tuple[int, list[Finding]]:
    """Prove that each count's move is the difference between what was found and what the books said."""
    moved = aliased(StockMove)
    gap = StockCount.counted_milli - StockCount.expected_milli
    query = sa.select(StockCount, sa.func.coalesce(moved.quantity_milli, 0)).outerjoin(
        moved, moved.id == StockCount.move_id
    )
    wrong = query.where(sa.func.coalesce(moved.quantity_milli, 0) != gap)
    findings = [
        Finding(
            "stock_counts",
            f"count {count.id}",
            f"a move of {count.counted_milli - count.expected_milli}",
            str(quantity),
        )
        for count, quantity in session.execute(wrong)
    ]
    return _count(session, StockCount), findings


def needs(session: Session) -> tuple[int, list[Finding]]:
    """Prove that a served need has a reservation of its order, item and store that is large enough."""
    query = sa.select(MaterialNeed.id).join(Reservation, Reservation.id == MaterialNeed.reservation_id)
    wrong = query.where(
        (Reservation.order_id != MaterialNeed.order_id)
        | (Reservation.item_id != MaterialNeed.item_id)
        | (Reservation.store_id != MaterialNeed.store_id)
        | (Reservation.quantity_milli < MaterialNeed.quantity_milli)
    )
    findings = [
        Finding("material_needs", f"need {need_id}", "a reservation that serves it", "another one")
        for need_id in session.scalars(wrong)
    ]
    return _count(session, MaterialNeed), findings


def _count(session: Session, kind: type[Base]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


CHECKS = (
    Check(
        "stock_balances", "What a store holds is the sum of its moves, in quantity and in value.", balances
    ),
    Check("stock_held", "What is held is the sum of the held reservations, never more than on hand.", held),
    Check(
        "reservation_answers", "A consumed reservation has exactly one issue, any other has none.", answers
    ),
    Check("stock_returns", "Never more comes back of an issue than went out.", returns),
    Check("stock_transfers", "A transfer takes out of one store what it puts into the other.", transfers),
    Check("stock_counts", "A count corrects the books by the difference it found.", counts),
    Check("material_needs", "A need is served by a reservation of its order, item and store.", needs),
)
