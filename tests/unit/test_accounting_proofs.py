"""Each proof holds on a busy town, and finds the one row that was spoiled behind the verbs' back."""

import pytest
import sqlalchemy as sa

from registry import checks, postings, reservations, settlement, stock
from registry.proofs import accounting
from registry.proofs import settlement as settlement_proofs
from registry.proofs import stock as stock_proofs
from registry.tables.accounting import (
    Posting,
    PostingChain,
    PostingCounter,
    PostingLine,
    PostingSource,
    Proposal,
    ProposalLine,
    ProposalSource,
    SettlementRule,
)
from registry.tables.costs import CostItem
from registry.tables.stock import MaterialNeed, Reservation, StockBalance, StockCount, StockMove
from registry.tables.work import LabourEntry
from tests.factories_accounts import books, invoice, labour, material, order, posted, proposed
from tests.factories_stock import AT, KG, WHO, memory

OURS = (*stock_proofs.CHECKS, *settlement_proofs.CHECKS, *accounting.CHECKS)


def busy(session) -> None:
    """Something of everything that the proofs look at."""
    town = books(session)
    other = stock.create_store(session, entity_id=town.cpas.id, code="D2", name="Depot 2", **WHO)
    stock.transfer(
        session,
        item_id=town.item.id,
        from_store_id=town.store.id,
        to_store_id=other.id,
        quantity_milli=7 * KG,
        reason="balance",
        **WHO,
    )
    stock.count(session, **town.place, counted_milli=990 * KG, reason="yearly", **WHO)
    order_id = order(session, town)
    reservations.ask(session, **town.place, quantity_milli=KG, order_id=order_id, **WHO)
    held = [
        reservations.hold(session, **town.place, quantity_milli=n * KG, order_id=order_id, **WHO)
        for n in (1, 2, 3)
    ]
    reservations.consume(session, held[0].id, **WHO)
    reservations.release(session, held[1].id, **WHO)
    labour(session, town, order_id)
    move_id = material(session, town, order_id)
    stock.put_back(session, move_id, quantity_milli=KG, reason="unused", **WHO)
    for posting in posted(session, order_id):
        if posting.layer == "general":
            postings.reverse(session, posting.id, reason="once more", **WHO)
    (again,) = proposed(session, order_id)
    settlement.reject(session, again.id, code="OTHER", text="not yet", **WHO)
    posted(session, order_id)
    for_home = order(session, town, town.home, mode="contractor")
    labour(session, town, for_home)
    invoice(session, town, for_home)
    proposed(session, for_home)
    abroad = order(session, town, town.home)
    labour(session, town, abroad, 30)
    (first, _) = posted(session, abroad)
    postings.reverse(session, first.id, reason="wrong home", **WHO)


@pytest.fixture
def session():
    with memory(busy) as session:
        yield session


def test_every_invariant_holds_on_a_busy_town_and_looks_at_rows(session):
    assert checks.run(session) == []
    looked_at = {proof.code: proof.rows for proof in checks.prove(session)}
    assert all(looked_at[check.code] > 0 for check in OURS)
    assert set(checks.INVARIANTS) >= {check.code for check in OURS}


def first(kind, *where):
    """The key of some row of a table."""
    keys = sa.inspect(kind).primary_key
    return sa.tuple_(*keys).in_(sa.select(*keys).where(*where).order_by(*keys).limit(1))


SPOILED = {
    "stock_balances": lambda: sa.update(StockBalance).values(value_cents=StockBalance.value_cents + 1),
    "stock_held": lambda: sa.update(Reservation).where(Reservation.status == "held").values(quantity_milli=1),
    "reservation_answers": lambda: (
        sa.update(StockMove).where(StockMove.reservation_id.is_not(None)).values(quantity_milli=-1)
    ),
    "stock_returns": lambda: (
        sa.update(StockMove).where(StockMove.kind == "return").values(quantity_milli=9 * KG)
    ),
    "stock_transfers": lambda: (
        sa.update(StockMove).where(StockMove.kind == "transfer_in").values(value_cents=1)
    ),
    "stock_counts": lambda: sa.update(StockCount).values(counted_milli=1),
    "material_needs": lambda: sa.update(MaterialNeed).values(quantity_milli=99 * KG),
    "cost_sources": lambda: sa.update(LabourEntry).values(struck_at=AT, struck_by="x"),
    "rule_versions": lambda: sa.update(SettlementRule).where(first(SettlementRule)).values(version=2),
    "proposal_balance": lambda: (
        sa.update(ProposalLine).where(first(ProposalLine)).values(debit_cents=ProposalLine.debit_cents + 1)
    ),
    "proposal_answers": lambda: (
        sa.update(Proposal).where(Proposal.status == "accepted").values(status="pending", answered_at=None)
    ),
    "live_proposals": lambda: (
        sa.update(Proposal).where(Proposal.status == "rejected").values(status="accepted", reject_code=None)
    ),
    "posting_balance": lambda: (
        sa.update(PostingLine)
        .where(first(PostingLine, PostingLine.debit_cents > 0))
        .values(debit_cents=PostingLine.debit_cents + 1)
    ),
    "posting_sides": lambda: sa.update(PostingLine).where(first(PostingLine)).values(account_code="none"),
    "posting_numbers": lambda: sa.update(PostingCounter).values(last_number=PostingCounter.last_number + 1),
    "posting_chains": lambda: sa.update(PostingLine).where(first(PostingLine)).values(label="rewritten"),
    "posting_days": lambda: sa.update(Posting).where(first(Posting)).values(fiscal_year=2027),
    "posting_sources": lambda: sa.update(PostingSource).where(PostingSource.turn == 2).values(turn=3),
    "posting_amounts": lambda: sa.update(PostingSource).where(first(PostingSource)).values(amount_cents=1),
    "labour_layer": lambda: sa.update(Posting).where(Posting.layer == "analytic").values(layer="general"),
    "posting_reversals": lambda: (
        sa.update(PostingLine)
        .where(PostingLine.posting_id.in_(sa.select(Posting.id).where(Posting.kind == "reversal")))
        .values(account_code="6068")
    ),
    "reinvoices": lambda: (
        sa.update(PostingLine)
        .where(first(PostingLine, PostingLine.party_code == "CPAS"))
        .values(debit_cents=PostingLine.debit_cents + 1)
    ),
}


@pytest.mark.parametrize("code", [check.code for check in OURS])
def test_a_proof_finds_what_was_spoiled_behind_its_back(session, code):
    for name in session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        session.connection().exec_driver_sql(f"DROP TRIGGER {name}")
    session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    session.execute(SPOILED[code]().execution_options(synchronize_session=False))
    session.expire_all()
    assert code in {finding.code for finding in checks.run(session)}


def test_a_lost_head_and_a_lost_source_are_found(session):
    session.execute(sa.update(PostingChain).values(last_hash="0" * 64))
    assert {finding.code for finding in checks.run(session)} == {"posting_chains"}


def test_a_cost_without_its_source_is_found(session):
    session.connection().exec_driver_sql("DROP TRIGGER cost_item_never_changes")
    session.execute(
        sa.update(CostItem).where(CostItem.kind == "contractor").values(source_id="gone", amount_cents=1)
    )
    session.expire_all()
    assert "cost_sources" in {finding.code for finding in checks.run(session)}
    assert session.scalar(sa.select(sa.func.count()).select_from(ProposalSource)) > 0
