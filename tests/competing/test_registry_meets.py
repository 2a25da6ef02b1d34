"""Two people act on one row at the same instant; PostgreSQL lets them come one after the other."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import assets, checks, requests
from registry.errors import Refused
from registry.tables import Base
from registry.tables.assets import OwnerPeriod
from registry.tables.requests import Request
from tests import factories
from tests.databases import scratch

pytestmark = pytest.mark.postgres
WHO = {"at": factories.NOW, "by": factories.BY}


@pytest.fixture
def database():
    with scratch() as url:
        database = sa.create_engine(url, pool_size=20)
        Base.metadata.create_all(database)
        yield database
        database.dispose()


def meet(database, count, verb):
    """Run ``verb(session, n)`` in transactions that start together; give results and refusals."""
    barrier = threading.Barrier(count)

    def run(number):
        with Session(database, expire_on_commit=False) as session, session.begin():
            barrier.wait()
            try:
                return verb(session, number)
            except Refused as refusal:
                return refusal

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def committed(database, make):
    with Session(database, expire_on_commit=False) as session, session.begin():
        return make(session)


def test_requests_registered_together_get_different_references(database):
    entity = committed(database, factories.entity)
    made = meet(database, 8, lambda session, _: factories.request(session, entity_id=entity.id).reference)
    assert sorted(made) == [f"2026-{number:06d}" for number in range(1, 9)]


def test_of_two_transfers_at_once_one_is_refused(database):
    def town(session):
        asset = factories.asset(session)
        return asset.id, [factories.entity(session).id for _ in range(2)]

    asset_id, owners = committed(database, town)

    def give(session, number):
        return assets.transfer(
            session, asset_id=asset_id, to_entity_id=owners[number], on=date(2026, 7, 1), reason="acte", **WHO
        )

    results = meet(database, 2, give)
    assert sum(isinstance(result, Refused) for result in results) == 1
    with Session(database) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(OwnerPeriod)) == 2
        assert checks.run(session) == []


def test_of_an_acceptance_and_a_refusal_at_once_one_wins(database):
    request_id = committed(database, factories.request).id

    def decide(session, number):
        if number:
            return requests.accept(session, request_id, **WHO).status
        return requests.refuse(session, request_id, reason="non", **WHO).status

    results = meet(database, 2, decide)
    assert sum(isinstance(result, Refused) for result in results) == 1
    with Session(database) as session:
        assert session.scalar(sa.select(Request.status)) in {"accepted", "refused"}
        assert checks.run(session) == []


def test_the_tables_and_guards_hold_on_postgresql_too(database):
    def overlap(session):
        asset = factories.asset(session)
        session.execute(
            sa.insert(OwnerPeriod).values(
                id="x",
                asset_id=asset.id,
                entity_id=asset.entity_id,
                owned_from=date(2020, 1, 1),
                owned_until=date(2020, 2, 1),
                reason="",
                created_at=factories.NOW,
                created_by="",
            )
        )

    with pytest.raises(sa.exc.IntegrityError, match="one owner"):
        committed(database, overlap)
