"""Whatever is used, proposed, accepted, rejected, reversed and closed, in any order, the books stay true."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from registry import costs, journal, postings, settlement, stock, work
from registry.proofs import accounting
from registry.proofs import settlement as settlement_proofs
from registry.proofs import stock as stock_proofs
from registry.tables.accounting import Period, Posting, PostingLine, Proposal
from registry.tables.work import LabourEntry
from tests import factories_accounts as town_with
from tests.factories_stock import ACCOUNTANT, KG, WHO, memory

OURS = (*stock_proofs.CHECKS, *settlement_proofs.CHECKS, *accounting.CHECKS)


class PostingsMachine(RuleBasedStateMachine):
    @initialize()
    def open_books(self):
        self.context = memory(town_with.books)
        self.session = self.context.__enter__()
        self.town = town_with.reread(self.session)
        self.spent: dict[str, int] = {}
        self.numbered: dict[str, tuple[str, int, str]] = {}
        self.contracts: list[str] = []

    def teardown(self):
        if hasattr(self, "context"):
            self.audit()
            self.context.__exit__(None, None, None)

    def orders(self):
        return sorted(self.spent)

    def some(self, rows, pick):
        return rows[pick % len(rows)] if rows else None

    @rule(home=st.booleans(), contract=st.booleans())
    def open_order(self, home, contract):
        asset = self.town.home if home else self.town.school
        mode = "contractor" if contract else "in_house"
        order_id = town_with.order(self.session, self.town, asset, mode=mode)
        self.spent[order_id] = 0
        if contract:
            self.contracts.append(order_id)

    @precondition(lambda self: getattr(self, "spent", None))
    @rule(pick=st.integers(0, 99), minutes=st.integers(1, 59), days=st.integers(0, 60))
    def work_on(self, pick, minutes, days):
        order_id = self.some(self.orders(), pick)
        day = date(2026, 11, 20) - timedelta(days=days)
        done = self.session.scalar(
            sa.select(sa.func.coalesce(sa.func.sum(LabourEntry.minutes), 0)).where(LabourEntry.day == day)
        )
        if done + minutes <= 24 * 60:
            town_with.labour(self.session, self.town, order_id, minutes, day)
            self.spent[order_id] += work.labour_cents(minutes, 3000)

    @precondition(lambda self: getattr(self, "spent", None))
    @rule(pick=st.integers(0, 99), pieces=st.integers(1, 5), back=st.booleans())
    def use(self, pick, pieces, back):
        order_id = self.some(self.orders(), pick)
        if stock.available(self.session, self.town.item.id, self.town.store.id) < pieces * KG:
            return
        move_id = town_with.material(self.session, self.town, order_id, pieces)
        self.spent[order_id] += 250 * pieces
        if back:
            stock.put_back(self.session, move_id, quantity_milli=KG, reason="unused", **WHO)
            self.spent[order_id] -= 250

    @precondition(lambda self: getattr(self, "contracts", None))
    @rule(pick=st.integers(0, 99), cents=st.integers(-10_000, 100_000).filter(bool), days=st.integers(0, 60))
    def charge(self, pick, cents, days):
        order_id = self.some(self.contracts, pick)
        number = f"F-{len(work.contractor_costs_of(self.session, order_id))}"
        day = date(2026, 11, 20) - timedelta(days=days)
        town_with.invoice(self.session, self.town, order_id, cents, number, day=day)
        self.spent[order_id] += cents

    @precondition(lambda self: getattr(self, "spent", None))
    @rule(pick=st.integers(0, 99))
    def propose(self, pick):
        order_id = self.some(self.orders(), pick)
        town_with.proposed(self.session, order_id)
        assert settlement.propose(self.session, order_id, **WHO) == []
        assert costs.total(self.session, order_id) == self.spent[order_id]

    def pending(self):
        query = sa.select(Proposal.id).where(Proposal.status == "pending").order_by(Proposal.key)
        return self.session.scalars(query).all()

    @rule(pick=st.integers(0, 99))
    def accept(self, pick):
        proposal_id = self.some(self.pending(), pick)
        if proposal_id is not None:
            posting = postings.accept(self.session, proposal_id, **ACCOUNTANT)
            assert postings.accept(self.session, proposal_id, **ACCOUNTANT) is posting

    @rule(pick=st.integers(0, 99))
    def reject(self, pick):
        proposal_id = self.some(self.pending(), pick)
        if proposal_id is not None:
            settlement.reject(self.session, proposal_id, code="AMOUNT", text="no", **WHO)

    @rule(pick=st.integers(0, 99))
    def reverse(self, pick):
        query = sa.select(Posting.id).where(Posting.kind != "reversal").order_by(Posting.key)
        posting_id = self.some(self.session.scalars(query).all(), pick)
        if posting_id is not None:
            postings.reverse(self.session, posting_id, reason="again", **WHO)

    @rule(month=st.integers(9, 10), commune=st.booleans())
    def close(self, month, commune):
        entity = self.town.commune if commune else self.town.cpas
        facts = {"entity_id": entity.id, "year": 2026, "month": month}
        waiting = self.session.scalars(
            sa.select(Proposal.id)
            .where(Proposal.status == "pending", Proposal.entity_id == entity.id)
            .where(Proposal.day < date(2026, month + 1, 1))
        ).all()
        status = sa.select(Period.status).where(
            Period.entity_id == entity.id, Period.year == 2026, Period.month == month
        )
        if waiting and self.session.scalar(status) == "open":
            with pytest.raises(journal.StillPending) as refusal:
                journal.close_period(self.session, **facts, **WHO)
            assert set(refusal.value.proposals) == set(waiting)
        else:
            assert journal.close_period(self.session, **facts, **WHO).status == "closed"

    @rule()
    def audit(self):
        assert [found for check in OURS for found in check.prove(self.session)[1]] == []

    @invariant()
    def no_posting_ever_changes(self):
        if not hasattr(self, "session"):
            return
        now = {
            posting_id: (journal_id, number, found)
            for posting_id, journal_id, number, found in self.session.execute(
                sa.select(Posting.id, Posting.journal_id, Posting.number, Posting.hash)
            )
        }
        assert self.numbered.items() <= now.items()
        self.numbered = now

    @invariant()
    def the_books_hold_what_was_spent_once_everything_is_posted(self):
        if not hasattr(self, "session"):
            return
        for order_id, spent in self.spent.items():
            gathered = costs.total(self.session, order_id)
            if gathered != spent or settlement.unsettled(self.session, order_id):
                continue
            on_assets = self.session.scalar(
                sa.select(
                    sa.func.coalesce(sa.func.sum(PostingLine.debit_cents - PostingLine.credit_cents), 0)
                )
                .join(Posting, Posting.id == PostingLine.posting_id)
                .where(Posting.order_id == order_id, PostingLine.asset_id.is_not(None))
            )
            assert on_assets == spent


TestPostings = PostingsMachine.TestCase
TestPostings.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
