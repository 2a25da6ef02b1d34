import hashlib
import json
from datetime import date

import pytest
import sqlalchemy as sa

from registry import chain, journal, postings, settlement
from registry.rules import Taken, Unfit
from registry.tables.accounting import (
    Period,
    Posting,
    PostingChain,
    PostingLine,
    PostingSource,
    Proposal,
    ProposalSource,
)
from tests.factories_accounts import (
    books,
    invoice,
    labour,
    material,
    material_posting,
    order,
    posted,
    proposed,
    reread,
)
from tests.factories_stock import ACCOUNTANT, AT, WHO, memory


@pytest.fixture
def session():
    with memory(books) as session:
        yield session


@pytest.fixture
def town(session):
    return reread(session)


def close(session, entity, *months):
    for month in months:
        journal.close_period(session, entity_id=entity.id, year=2026, month=month, **WHO)


def test_accepting_posts_the_lines_and_sources_of_the_proposal(session, town):
    posting = material_posting(session, town)
    assert (posting.number, posting.position, posting.fiscal_year) == (1, 1, 2026)
    assert (posting.day, posting.piece_date, posting.total_cents) == (AT.date(), AT.date(), 1000)
    assert [
        (line.account_code, line.debit_cents, line.credit_cents)
        for line in postings.lines_of(session, posting.id)
    ] == [
        ("6068", 1000, 0),
        ("321", 0, 1000),
    ]
    (source,) = postings.sources_of(session, posting.id)
    assert (source.source_type, source.purpose, source.turn, source.amount_cents) == (
        "stock_move",
        "cost",
        1,
        1000,
    )


def test_accepting_twice_returns_the_same_posting(session, town):
    order_id = order(session, town)
    material(session, town, order_id)
    (proposal,) = proposed(session, order_id)
    assert postings.accept(session, proposal.id, **ACCOUNTANT) is postings.accept(
        session, proposal.id, **ACCOUNTANT
    )
    assert session.scalar(sa.select(sa.func.count()).select_from(Posting)) == 1


def test_an_accepted_proposal_cannot_be_rejected(session, town):
    material_posting(session, town)
    (proposal,) = session.scalars(sa.select(Proposal)).all()
    with pytest.raises(settlement.AlreadyAnswered):
        settlement.reject(session, proposal.id, code="OTHER", text="too late", **WHO)


def test_numbers_run_by_entity_journal_and_year_and_the_chain_over_years(session, town):
    journal.open_year(session, entity_id=town.commune.id, year=2027, **WHO)
    first, second = material_posting(session, town), material_posting(session, town)
    order_id = order(session, town)
    material(session, town, order_id)
    (later,) = posted(session, order_id, day=date(2027, 1, 4))
    order_id = order(session, town)
    labour(session, town, order_id)
    (other_journal,) = posted(session, order_id)
    assert [(p.fiscal_year, p.number, p.position) for p in (first, second, later, other_journal)] == [
        (2026, 1, 1),
        (2026, 2, 2),
        (2027, 1, 3),
        (2026, 1, 1),
    ]
    assert second.previous_hash == first.hash
    assert later.previous_hash == second.hash
    assert all(intact for _, intact in chain.follow(session, first.journal_id, batch=2))


def test_anybody_can_compute_the_hash_again(session, town):
    material_posting(session, town)
    posting = material_posting(session, town)
    text = chain.canonical(
        posting, postings.lines_of(session, posting.id), postings.sources_of(session, posting.id)
    )
    assert posting.hash == hashlib.sha256((posting.previous_hash + text).encode()).hexdigest()
    document = json.loads(text)
    assert document["lines"][0]["axes"] == {"asset": "ECOLE-01", "entity": "COM", "nature": "TOITURE"}
    assert document["sources"][0]["source_type"] == "stock_move"
    assert text == json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_a_rolled_back_posting_gives_its_number_back(session, town):
    order_id = order(session, town)
    material(session, town, order_id)
    (proposal,) = proposed(session, order_id)
    savepoint = session.begin_nested()
    assert postings.accept(session, proposal.id, **ACCOUNTANT).number == 1
    savepoint.rollback()
    assert postings.accept(session, proposal.id, **ACCOUNTANT).number == 1


def test_both_legs_of_a_reinvoice_are_posted_at_once(session, town):
    order_id = order(session, town, town.home)
    labour(session, town, order_id, 120)
    provider, receiver = proposed(session, order_id)
    posting = postings.accept(session, receiver.id, **ACCOUNTANT)
    assert (posting.proposal_id, provider.status) == (receiver.id, "accepted")
    assert session.scalars(
        sa.select(Posting.total_cents).where(Posting.group_id == provider.group_id)
    ).all() == [
        6000,
        6000,
    ]
    assert postings.accept(session, provider.id, **ACCOUNTANT).kind == "reinvoice_out"


def test_no_leg_is_posted_when_the_other_entity_has_closed_its_books(session, town):
    order_id = order(session, town, town.home)
    labour(session, town, order_id)
    provider, receiver = proposed(session, order_id)
    for month in range(1, 11):
        close(session, town.cpas, month)
    session.execute(
        sa.update(Period)
        .where(Period.entity_id == town.cpas.id, Period.month > 10)
        .values(status="closed", closed_at=AT)
    )
    with pytest.raises(journal.PeriodClosed):
        postings.accept(session, provider.id, **ACCOUNTANT)
    assert (provider.status, receiver.status) == ("pending", "pending")
    assert session.scalar(sa.select(sa.func.count()).select_from(PostingLine)) == 0


def test_a_reversal_swaps_the_sides_and_gives_the_sources_back(session, town):
    posting = material_posting(session, town)
    reversal = postings.reverse(session, posting.id, reason="wrong asset", **WHO)
    assert (reversal.kind, reversal.reversal_of, reversal.number, reversal.reason) == (
        "reversal",
        posting.id,
        2,
        "wrong asset",
    )
    assert [
        (line.account_code, line.debit_cents, line.credit_cents)
        for line in postings.lines_of(session, reversal.id)
    ] == [
        ("6068", 0, 1000),
        ("321", 1000, 0),
    ]
    assert postings.lines_of(session, reversal.id)[0].axes == postings.lines_of(session, posting.id)[0].axes
    (again,) = posted(session, posting.order_id)
    assert again.number == 3
    assert postings.sources_of(session, again.id)[0].turn == 2


def test_a_posting_is_reversed_once_and_a_reversal_never(session, town):
    posting = material_posting(session, town)
    reversal = postings.reverse(session, posting.id, reason="r", **WHO)
    assert postings.reverse(session, posting.id, reason="r", **WHO) is reversal
    assert postings.reversal_of(session, posting.id) is reversal
    with pytest.raises(postings.AlreadyReversed):
        postings.reverse(session, reversal.id, reason="r", **WHO)
    with pytest.raises(Unfit):
        postings.reverse(session, posting.id, reason=" ", **WHO)


def test_a_reinvoice_is_reversed_on_both_sides(session, town):
    order_id = order(session, town, town.home)
    labour(session, town, order_id)
    (posting, _) = posted(session, order_id)
    postings.reverse(session, posting.id, reason="not theirs", **WHO)
    kinds = session.scalars(sa.select(Posting.kind).where(Posting.group_id == posting.group_id)).all()
    assert sorted(kinds) == ["reinvoice_in", "reinvoice_out", "reversal", "reversal"]
    assert len(posted(session, order_id)) == 2


def test_a_cost_of_a_closed_month_is_posted_in_the_next_open_one_with_its_true_piece_date(session, town):
    close(session, town.commune, *range(1, 12))
    posting = material_posting(session, town)
    assert (posting.day, posting.piece_date) == (date(2026, 12, 1), AT.date())


def test_a_named_day_in_a_closed_month_is_refused(session, town):
    close(session, town.commune, 10)
    order_id = order(session, town)
    material(session, town, order_id)
    with pytest.raises(journal.PeriodClosed) as refusal:
        posted(session, order_id, day=date(2026, 10, 31))
    assert refusal.value.message == (
        "Expected an open month 2026-10 in the books of Commune de Valmont, but it is not open for posting."
    )


def test_nothing_is_posted_when_no_later_month_is_open(session, town):
    close(session, town.commune, *range(1, 13))
    order_id = order(session, town)
    material(session, town, order_id)
    with pytest.raises(journal.PeriodClosed):
        posted(session, order_id)


def test_a_reversal_of_a_closed_month_goes_to_the_next_open_one(session, town):
    posting = material_posting(session, town)
    close(session, town.commune, 11)
    assert postings.reverse(session, posting.id, reason="late", **WHO).day == date(2026, 12, 1)


def test_a_month_is_not_closed_while_proposals_wait(session, town):
    order_id = order(session, town)
    material(session, town, order_id)
    (proposal,) = proposed(session, order_id)
    with pytest.raises(journal.StillPending) as refusal:
        close(session, town.commune, 11)
    assert refusal.value.proposals == [proposal.id]
    postings.accept(session, proposal.id, **ACCOUNTANT)
    close(session, town.commune, 11, 11)


def test_a_closed_month_never_opens_again(session, town):
    close(session, town.commune, 3)
    facts = {"entity_id": town.commune.id, "year": 2026, "month": 3}
    with pytest.raises(journal.PeriodClosed):
        journal.open_period(session, **facts, **WHO)
    with pytest.raises(journal.PeriodClosed):
        journal.close_period(session, **{**facts, "year": 2031}, **WHO)
    with pytest.raises(Unfit):
        journal.open_period(session, **{**facts, "month": 13}, **WHO)
    with pytest.raises(sa.exc.IntegrityError, match="never changes"), session.begin_nested():
        session.execute(sa.update(Period).where(Period.month == 3).values(status="open", closed_at=None))


def test_accounts_and_journals_have_one_code_each(session, town):
    facts = {"entity_id": town.commune.id, "name": "again", **WHO}
    with pytest.raises(Taken):
        journal.create_account(session, code="6068", kind="expense", **facts)
    with pytest.raises(Taken):
        journal.create_journal(session, code="OT", **facts)


def test_a_source_is_never_settled_twice(session, town):
    posting = material_posting(session, town)
    order_id = order(session, town)
    material(session, town, order_id)
    (proposal,) = proposed(session, order_id)
    stolen = postings.sources_of(session, posting.id)[0].cost_item_id
    session.add(ProposalSource(proposal_id=proposal.id, cost_item_id=stolen, purpose="cost", amount_cents=1))
    with pytest.raises(postings.AlreadySettled):
        postings.accept(session, proposal.id, **ACCOUNTANT)


def test_an_unbalanced_document_is_never_sealed(session, town):
    posting = material_posting(session, town)
    lines = postings.lines_of(session, posting.id)
    with pytest.raises(postings.Unbalanced):
        postings._seal(session, Posting(label="x"), lines[:1], [])


# What the database itself refuses, whoever writes.


def forged(posting, **facts):
    """The next posting of a journal, written by hand; balanced lines of one euro come before it."""
    given = {column.key: getattr(posting, column.key) for column in Posting.__table__.columns}
    return given | {
        "id": "forged",
        "key": "forged",
        "proposal_id": None,
        "reversal_of": posting.id,
        "kind": "reversal",
        "number": posting.number + 1,
        "position": posting.position + 1,
        "total_cents": 100,
        "previous_hash": posting.hash,
        "hash": "f" * 64,
        **facts,
    }


def forged_line(position, debit, credit, posting_id="forged"):
    return {
        "posting_id": posting_id,
        "position": position,
        "account_code": "6068",
        "account_name": "x",
        "debit_cents": debit,
        "credit_cents": credit,
        "label": "x",
        "axes": {},
        "piece_reference": "x",
        "piece_date": AT.date(),
    }


def write(session, lines, posting):
    with session.begin_nested():
        for line in lines:
            session.execute(sa.insert(PostingLine).values(**line))
        session.execute(sa.insert(Posting).values(**posting))


def test_the_database_takes_the_next_balanced_posting(session, town):
    posting = material_posting(session, town)
    write(session, [forged_line(1, 100, 0), forged_line(2, 0, 100)], forged(posting))


@pytest.mark.parametrize(
    ("lines", "facts", "words"),
    [
        ([(100, 0), (0, 99)], {}, "balances"),
        ([(100, 0)], {}, "balances"),
        ([], {}, "balances"),
        ([(100, 0), (0, 100)], {"total_cents": 99}, "balances"),
        ([(100, 0), (0, 100)], {"number": 3}, "next number"),
        ([(100, 0), (0, 100)], {"number": 1}, "next number"),
        ([(100, 0), (0, 100)], {"position": 3}, "next number|follows the last"),
        ([(100, 0), (0, 100)], {"previous_hash": "0" * 64}, "follows the last"),
        ([(100, 100), (0, 100)], {}, "one_side"),
        ([(-100, 0), (0, -100)], {}, "one_side"),
        ([(0, 0), (0, 0)], {}, "one_side"),
    ],
)
def test_the_database_refuses_a_posting_that_breaks_a_rule(session, town, lines, facts, words):
    posting = material_posting(session, town)
    rows = [forged_line(n, debit, credit) for n, (debit, credit) in enumerate(lines, start=1)]
    with pytest.raises(sa.exc.IntegrityError, match=words):
        write(session, rows, forged(posting, **facts))


def test_the_database_refuses_a_second_reversal(session, town):
    posting = material_posting(session, town)
    reversal = postings.reverse(session, posting.id, reason="r", **WHO)
    again = forged(reversal, reversal_of=posting.id)
    with pytest.raises(sa.exc.IntegrityError, match=r"reversal_of|uq_posting"):
        write(session, [forged_line(1, 100, 0), forged_line(2, 0, 100)], again)


@pytest.mark.parametrize("kind", [Posting, PostingLine, PostingSource])
def test_the_database_refuses_to_change_or_delete_what_was_posted(session, town, kind):
    material_posting(session, town)
    column = "label" if kind is not PostingSource else "purpose"
    for statement in (sa.update(kind).values({column: "cost"}), sa.delete(kind)):
        with pytest.raises(sa.exc.IntegrityError, match="never changes"), session.begin_nested():
            session.execute(statement)


def test_the_database_takes_no_line_or_source_after_the_seal(session, town):
    posting = material_posting(session, town)
    source = postings.sources_of(session, posting.id)[0]
    late = {column.key: getattr(source, column.key) for column in PostingSource.__table__.columns}
    late |= {"source_id": "other", "turn": 9}
    for statement in (
        sa.insert(PostingLine).values(**forged_line(3, 1, 0, posting.id)),
        sa.insert(PostingSource).values(**late),
    ):
        with pytest.raises(sa.exc.IntegrityError, match="takes no new"), session.begin_nested():
            session.execute(statement)


def test_a_line_without_its_posting_cannot_be_committed(session, town):
    session.execute(sa.insert(PostingLine).values(**forged_line(1, 100, 0)))
    with pytest.raises(sa.exc.IntegrityError, match="FOREIGN KEY"):
        session.commit()
    session.rollback()


def test_the_chain_shows_where_it_was_broken(session, town):
    first, second = material_posting(session, town), material_posting(session, town)
    session.execute(sa.text("DROP TRIGGER posting_line_never_changes"))
    session.execute(
        sa.update(PostingLine)
        .where(PostingLine.posting_id == first.id, PostingLine.position == 1)
        .values(axes={"asset": "SOMEBODY-ELSE"})
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    assert [(posting.id, intact) for posting, intact in chain.follow(session, first.journal_id)] == [
        (first.id, False),
        (second.id, True),
    ]
    head = session.get(PostingChain, first.journal_id)
    assert (head.last_position, head.last_hash) == (2, second.hash)


def test_the_person_and_the_instant_of_a_posting_are_kept(session, town):
    order_id = order(session, town, mode="contractor")
    invoice(session, town, order_id)
    (posting,) = posted(session, order_id)
    assert (posting.posted_at, posting.posted_by) == (AT, ACCOUNTANT["by"])
