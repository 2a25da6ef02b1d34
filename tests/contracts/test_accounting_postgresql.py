"""Lists and exports say the same on PostgreSQL as on SQLite."""

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from integrations.accounting import FORMATS, export, fec
from registry import money, queries, stock
from registry.queries import ledger
from registry.tables import Base
from tests import factories_accounts as town_with
from tests.databases import scratch
from tests.factories_stock import KG, WHO, memory, session_on

pytestmark = pytest.mark.postgres
YEAR = {"start": date(2026, 1, 1), "end": date(2026, 12, 31)}


def busy(session) -> None:
    town = town_with.books(session)
    stock.create_item(session, code="SALT", name_fr="sel", name_en="salt", unit="kg", **WHO)
    for pieces in (1, 2):
        town_with.material_posting(session, town, pieces)
    for asset in (town.school, town.home):
        order_id = town_with.order(session, town, asset)
        town_with.labour(session, town, order_id, 75)
        town_with.posted(session, order_id)


@pytest.fixture(scope="module")
def database():
    with scratch() as url:
        database = sa.create_engine(url)
        Base.metadata.create_all(database)
        with session_on(database) as session:
            busy(session)
        yield database
        database.dispose()


def told(session):
    """What the lists say, without ids and instants."""
    town = town_with.reread(session)
    stocked = queries.stock_page(session, entity_ids=None, below_reorder=False, sort="-value")
    moves = queries.moves_page(session, entity_ids=[town.commune.id], sort="quantity")
    posted = queries.postings_page(session, entity_ids=None, sort="-amount")
    proposals = queries.proposals_page(session, entity_ids=None, status=("accepted",), sort="amount")
    return {
        "stock": [(row.item_code, row.on_hand_milli, row.value_cents) for row in stocked.rows],
        "moves": [(row.kind, row.quantity_milli, row.value_cents) for row in moves.rows],
        "postings": sorted((row.entity_code, row.reference, row.total_cents) for row in posted.rows),
        "proposals": sorted((row.entity_code, row.journal_code, row.total_cents) for row in proposals.rows),
        "balances": ledger.balances(session, entity_id=town.commune.id, **YEAR),
        "low": len(queries.reorder_list(session, entity_ids=None)),
    }


def test_lists_and_balances_say_the_same_on_both_databases(database):
    with session_on(database) as there, memory(busy) as here:
        assert told(there) == told(here)
        assert told(here)["stock"] == [("TILE", 997 * KG, 249_250)]


@pytest.mark.parametrize("format_code", FORMATS)
def test_every_export_is_as_long_and_adds_up_to_the_same(database, format_code):
    with session_on(database) as there, memory(busy) as here:
        made = [
            export(session, entity_code="COM", format_code=format_code, **YEAR) for session in (there, here)
        ]
    assert made[0].entries == made[1].entries > 0
    assert made[0].total_cents == made[1].total_cents > 0
    assert len(made[0].content) == len(made[1].content)


def test_the_fec_of_postgresql_conforms(database):
    with session_on(database) as session:
        content = export(session, entity_code="COM", format_code="fec", **YEAR).content
        town = town_with.reread(session)
        assert fec.validate(content) == []
        assert money.euros(ledger.balances(session, entity_id=town.commune.id, **YEAR)["4111"]) == Decimal(
            "37.50"
        )
