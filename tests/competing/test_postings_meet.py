"""Accountants meet in PostgreSQL: numbers stay gapless, chains whole, and a closed month stays closed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import sqlalchemy as sa

from registry import checks, journal, postings, settlement
from registry.tables import Base
from registry.tables.accounting import Period, Posting, PostingLine, Proposal
from tests import factories_accounts as town_with
from tests.databases import scratch
from tests.factories_stock import ACCOUNTANT, AT, WHO, session_on

pytestmark = pytest.mark.postgres


@pytest.fixture
def database():
    with scratch() as url:
        database = sa.create_engine(url, pool_size=20)
        Base.metadata.create_all(database)
        with session_on(database) as session:
            town_with.books(session)
        yield database
        database.dispose()


@pytest.fixture(scope="module")
def posted():
    """A database with one posting that refused statements leave as it is, and the posting."""
    with scratch() as url:
        database = sa.create_engine(url)
        Base.metadata.create_all(database)
        with session_on(database) as session:
            town_with.books(session)
        ((proposal_id,),) = pending(database, 1)
        with session_on(database) as session:
            posting = postings.accept(session, proposal_id, **ACCOUNTANT)
        yield database, posting
        database.dispose()


def pending(database, count, *, home=False):
    """Make ``count`` orders with one cost each; give the ids of their proposals."""
    with session_on(database) as session:
        town = town_with.reread(session)
        made = []
        for _ in range(count):
            order_id = town_with.order(session, town, town.home if home else town.school)
            if home:
                town_with.labour(session, town, order_id, 10)
            else:
                town_with.material(session, town, order_id, 1)
            made.append([proposal.id for proposal in town_with.proposed(session, order_id)])
        return made


def meet(jobs):
    """Run each job in its own thread, all at the same instant."""
    barrier = threading.Barrier(len(jobs))

    def run(job):
        barrier.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return [done.result() for done in [threads.submit(run, job) for job in jobs]]


def in_transaction(database, verb):
    with session_on(database) as session:
        return verb(session)


class Crash(Exception):
    """Somebody pulls the plug before the commit."""


def test_numbers_stay_gapless_while_some_transactions_crash(database):
    proposals = [legs[0] for legs in pending(database, 40)]

    def worker(number):
        def job():
            for index in range(number, 40, 8):
                if index % 5 == 0:
                    with pytest.raises(Crash):
                        in_transaction(
                            database, lambda session, index=index: crash(session, proposals[index])
                        )
                in_transaction(
                    database,
                    lambda session, index=index: postings.accept(session, proposals[index], **ACCOUNTANT).id,
                )

        return job

    def crash(session, proposal_id):
        postings.accept(session, proposal_id, **ACCOUNTANT)
        raise Crash

    meet([worker(number) for number in range(8)])
    with session_on(database) as session:
        assert session.scalars(sa.select(Posting.number).order_by(Posting.number)).all() == list(range(1, 41))
        assert checks.run(session) == []


def test_the_same_proposal_accepted_at_once_is_posted_once(database):
    ((proposal_id,),) = pending(database, 1)

    def accept():
        return in_transaction(
            database, lambda session: postings.accept(session, proposal_id, **ACCOUNTANT).id
        )

    assert len(set(meet([accept] * 6))) == 1
    with session_on(database) as session:
        assert session.scalars(sa.select(Posting.number)).all() == [1]


def test_accept_and_reject_at_once_give_one_answer(database):
    ((proposal_id,),) = pending(database, 1)

    def accept():
        try:
            in_transaction(database, lambda session: postings.accept(session, proposal_id, **ACCOUNTANT).id)
        except settlement.AlreadyAnswered:
            return "rejected"
        return "accepted"

    def reject():
        try:
            in_transaction(
                database,
                lambda session: settlement.reject(session, proposal_id, code="OTHER", text="no", **WHO).id,
            )
        except settlement.AlreadyAnswered:
            return "accepted"
        return "rejected"

    (answer,) = set(meet([accept, reject] * 3))
    with session_on(database) as session:
        assert session.scalar(sa.select(Proposal.status)) == answer
        assert session.scalar(sa.select(sa.func.count()).select_from(Posting)) == (answer == "accepted")


def test_both_accountants_of_a_reinvoice_may_accept_at_once(database):
    legs = pending(database, 6, home=True)
    jobs = [
        lambda leg=leg: in_transaction(
            database, lambda session: postings.accept(session, leg, **ACCOUNTANT).id
        )
        for pair in legs
        for leg in pair
    ]
    assert len(set(meet(jobs))) == 12
    with session_on(database) as session:
        assert checks.run(session) == []


def test_a_posting_reversed_at_once_is_reversed_once(database):
    ((proposal_id,),) = pending(database, 1)
    posting_id = in_transaction(
        database, lambda session: postings.accept(session, proposal_id, **ACCOUNTANT).id
    )

    def reverse():
        return in_transaction(
            database, lambda session: postings.reverse(session, posting_id, reason="r", **WHO).id
        )

    assert len(set(meet([reverse] * 6))) == 1
    with session_on(database) as session:
        assert checks.run(session) == []


def test_an_order_proposed_at_once_is_proposed_once(database):
    with session_on(database) as session:
        town = town_with.reread(session)
        order_id = town_with.order(session, town)
        town_with.material(session, town, order_id)

    def propose():
        return in_transaction(database, lambda session: len(town_with.proposed(session, order_id)))

    assert sorted(meet([propose] * 5)) == [0, 0, 0, 0, 1]


def test_nothing_is_posted_into_a_month_that_closes_at_the_same_instant(database):
    proposals = [legs[0] for legs in pending(database, 6)]
    with session_on(database) as session:
        commune_id = town_with.reread(session).commune.id

    def accept(proposal_id):
        return lambda: in_transaction(
            database, lambda session: postings.accept(session, proposal_id, **ACCOUNTANT).day
        )

    def close():
        try:
            in_transaction(
                database,
                lambda session: (
                    journal.close_period(session, entity_id=commune_id, year=2026, month=11, **WHO).id
                ),
            )
        except journal.StillPending:
            return "open"
        return "closed"

    *days, status = meet([accept(proposal_id) for proposal_id in proposals] + [close])
    with session_on(database) as session:
        kept = session.scalar(
            sa.select(Period.status).where(Period.entity_id == commune_id, Period.month == 11)
        )
        assert kept == status
        assert set(days) <= {AT.date(), date(2026, 12, 1)}
        assert checks.run(session) == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE posting SET label = 'x'", "never changes"),
        ("DELETE FROM posting", "never changes"),
        ("UPDATE posting_line SET debit_cents = debit_cents + 1", "never changes"),
        ("DELETE FROM posting_line", "never changes"),
        ("DELETE FROM posting_source", "never changes"),
        ("TRUNCATE posting CASCADE", "never changes"),
        ("TRUNCATE posting_line", "never changes"),
        ("TRUNCATE posting_source", "never changes"),
        ("UPDATE proposal SET status = 'pending', answered_at = NULL", "never changes"),
        ("DELETE FROM cost_item", "never changes"),
        ("UPDATE settlement_rule SET priority = 9", "never changes"),
        ("UPDATE period SET year = 1999", "never changes"),
        ("DELETE FROM period", "never changes"),
        ("TRUNCATE proposal CASCADE", "never changes"),
    ],
)
def test_postgresql_refuses_to_touch_what_was_posted(posted, statement, words):
    database, _ = posted
    with pytest.raises(sa.exc.IntegrityError, match=words), database.begin() as connection:
        connection.exec_driver_sql(statement)
    with session_on(database) as session:
        assert checks.run(session) == []


def test_postgresql_takes_no_line_after_the_seal(posted):
    database, posting = posted
    line = {"posting_id": posting.id, "position": 9, "debit_cents": 1, "credit_cents": 0}
    with pytest.raises(sa.exc.IntegrityError, match="takes no new"), database.begin() as connection:
        connection.execute(sa.insert(PostingLine).values(**line, **FORGED))


FORGED = {
    "account_code": "6068",
    "account_name": "x",
    "label": "x",
    "axes": {},
    "piece_reference": "x",
    "piece_date": AT.date(),
}


def forge(session, template, lines, **facts):
    for position, (debit, credit) in enumerate(lines, start=1):
        session.execute(
            sa.insert(PostingLine).values(
                posting_id="forged", position=position, debit_cents=debit, credit_cents=credit, **FORGED
            )
        )
    given = {column.key: getattr(template, column.key) for column in Posting.__table__.columns}
    given |= {
        "id": "forged",
        "key": "forged",
        "kind": "reversal",
        "proposal_id": None,
        "reversal_of": template.id,
        "number": template.number + 1,
        "position": template.position + 1,
        "previous_hash": template.hash,
        "hash": "f" * 64,
        "total_cents": 100,
        **facts,
    }
    session.execute(sa.insert(Posting).values(**given))


@pytest.mark.parametrize(
    ("lines", "facts", "words"),
    [
        ([(100, 0), (0, 99)], {}, "balances"),
        ([(100, 0)], {}, "balances"),
        ([(100, 0), (0, 100)], {"total_cents": 1}, "balances"),
        ([(100, 0), (0, 100)], {"number": 7}, "next number"),
        ([(100, 0), (0, 100)], {"previous_hash": "0" * 64}, "follows the last"),
        ([(100, 100), (0, 100)], {}, "one_side"),
        ([(-100, 0), (0, -100)], {}, "one_side"),
    ],
)
def test_postgresql_refuses_a_posting_that_breaks_a_rule(posted, lines, facts, words):
    database, template = posted
    with pytest.raises(sa.exc.IntegrityError, match=words), session_on(database) as session:
        forge(session, template, lines, **facts)


def test_a_line_slipped_under_a_posting_that_cannot_be_seen_yet_is_refused_at_the_end(database):
    ((proposal_id,),) = pending(database, 1)
    with session_on(database) as session:
        template = postings.accept(session, proposal_id, **ACCOUNTANT)
    slipping = sa.orm.Session(database)
    with session_on(database) as session:
        forge(session, template, [(100, 0), (0, 100)])
        facts = {"posting_id": "forged", "position": 3, "debit_cents": 1, "credit_cents": 0}
        slipping.execute(sa.insert(PostingLine).values(**facts, **FORGED))
    with pytest.raises(sa.exc.IntegrityError, match="balances"):
        slipping.commit()
    slipping.close()
    with session_on(database) as session:
        lines = sa.select(sa.func.count()).select_from(PostingLine)
        assert session.scalar(lines.where(PostingLine.posting_id == "forged")) == 2


def test_postgresql_keeps_labour_as_it_was_once_its_cost_is_gathered(database):
    strike = "UPDATE labour_entry SET struck_at = now(), struck_by = 'x'"
    with session_on(database) as session:
        town = town_with.reread(session)
        order_id = town_with.order(session, town)
        town_with.labour(session, town, order_id)
    with database.connect() as connection:
        assert connection.exec_driver_sql(strike).rowcount == 1
        connection.rollback()
    with session_on(database) as session:
        town_with.proposed(session, order_id)
    for statement in (strike, "DELETE FROM labour_entry"):
        with pytest.raises(sa.exc.IntegrityError, match="never changes"), database.begin() as connection:
            connection.exec_driver_sql(statement)
