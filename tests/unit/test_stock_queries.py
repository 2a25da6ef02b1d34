import pytest

from registry import postings, queries, reservations, stock
from registry.errors import Missing
from registry.queries import ledger
from registry.rules import Unfit
from tests import factories_accounts as town_with
from tests.factories_stock import ACCOUNTANT, AT, KG, WHO, memory


@pytest.fixture
def session():
    with memory(town_with.books) as session:
        yield session


@pytest.fixture
def town(session):
    return town_with.reread(session)


def test_the_stock_list_says_what_each_store_has_and_finds_by_word(session, town):
    salt = stock.create_item(
        session,
        code="SALT",
        name_fr="sel de déneigement",
        name_en="road salt",
        unit="kg",
        reorder_milli=50 * KG,
        **WHO,
    )
    facts = {"item_id": salt.id, "store_id": town.store.id, "document": "BL", **WHO}
    stock.receive(session, quantity_milli=20 * KG, unit_cost_cents=10, **facts)
    page = queries.stock_page(session, entity_ids=None)
    assert [(row.item_code, row.available_milli, row.below_reorder) for row in page.rows] == [
        ("SALT", 20 * KG, True),
        ("TILE", 1000 * KG, False),
    ]
    assert [row.item_code for row in queries.stock_page(session, entity_ids=None, text="deneig").rows] == [
        "SALT"
    ]
    assert [row.item_code for row in queries.reorder_list(session, entity_ids=None)] == ["SALT"]
    assert queries.stock_page(session, entity_ids=[town.cpas.id]).total == 0
    assert queries.stock_page(session, entity_ids=None, store_code="D1", below_reorder=True).total == 1
    assert queries.stores(session, entity_ids=[town.commune.id]) == [town.store]
    with pytest.raises(Unfit):
        queries.stock_page(session, entity_ids=None, sort="colour")


def test_the_moves_of_an_item_name_store_order_and_document(session, town):
    order_id = town_with.order(session, town)
    town_with.material(session, town, order_id, 2)
    rows = queries.moves_page(session, entity_ids=None, item_id=town.item.id, sort="quantity").rows
    assert [(row.kind, row.store_code, row.quantity_milli, row.document) for row in rows] == [
        ("issue", "D1", -2 * KG, None),
        ("receipt", "D1", 1000 * KG, "BL-1"),
    ]
    assert rows[0].order_reference.startswith("OT-")
    assert queries.moves_page(session, entity_ids=[]).total == 0


def test_the_materials_of_an_order_are_what_it_holds_used_and_waits_for(session, town):
    order_id = town_with.order(session, town)
    facts = {**town.place, "order_id": order_id, **WHO}
    held = reservations.hold(session, quantity_milli=3 * KG, **facts)
    reservations.consume(session, held.id, quantity_milli=2 * KG, at=AT, by="x")
    reservations.hold(session, quantity_milli=KG, **facts)
    move_id = town_with.material(session, town, order_id, 4)
    stock.put_back(session, move_id, quantity_milli=KG, reason="unused", **WHO)
    reservations.ask(session, quantity_milli=9 * KG, **facts)
    found = {
        (row.noun, row.status): (row.quantity_milli, row.used_milli, row.amount_cents)
        for row in queries.materials_of(session, order_id)
    }
    assert found == {
        ("reservation", "consumed"): (3 * KG, 2 * KG, 500),
        ("reservation", "held"): (KG, 0, None),
        ("move", "issue"): (4 * KG, 4 * KG, 1000),
        ("move", "return"): (KG, -KG, -250),
        ("need", "waiting"): (9 * KG, 0, None),
    }
    (row,) = queries.reservations_of_item(session, town.item.id)
    assert (row.status, row.quantity_milli, row.order_id) == ("held", KG, order_id)
    assert queries.reservations_of_item(session, town.item.id, entity_ids=[]) == []
    assert len(queries.reservations_of_order(session, order_id)) == 2


def test_proposals_and_postings_are_listed_with_their_names(session, town):
    order_id = town_with.order(session, town, mode="contractor")
    town_with.labour(session, town, order_id)
    town_with.invoice(session, town, order_id)
    proposals = town_with.proposed(session, order_id)
    page = queries.proposals_page(session, entity_ids=[town.commune.id], status=("pending",), sort="amount")
    assert [(row.journal_code, row.total_cents) for row in page.rows] == [("AN", 4500), ("AC", 123456)]
    sheet = queries.proposal_sheet(session, page.rows[0].id)
    assert [source.label for source in sheet.sources] == [town.agent.name]
    assert (sheet.sources[0].quantity, sheet.sources[0].amount_cents) == (90, 4500)
    assert len(sheet.lines) == 2
    posted = [postings.accept(session, proposal.id, **ACCOUNTANT) for proposal in proposals]
    rows = queries.postings_page(
        session, entity_ids=None, layer="general", fiscal_year=2026, journal_code="AC"
    ).rows
    assert [(row.reference, row.total_cents, row.reversed_by) for row in rows] == [
        ("AC/2026/000001", 123456, None)
    ]
    reversal = postings.reverse(session, rows[0].id, reason="wrong", **WHO)
    sheet = queries.posting_sheet(session, rows[0].id)
    assert sheet.row.reversed_by == reversal.id
    assert [source.label for source in sheet.sources] == ["Toits & Fils F-1"]
    assert queries.postings_page(session, entity_ids=None, order_id=order_id).total == len(posted) + 1
    assert queries.proposals_page(session, entity_ids=None, text="toiture").total == 2
    assert queries.proposals_page(session, entity_ids=None, text="jardin", order_id=order_id).total == 0


def test_a_sheet_of_nothing_is_missing(session):
    for sheet in (queries.proposal_sheet, queries.posting_sheet):
        with pytest.raises(Missing):
            sheet(session, "none")


def test_the_chart_the_journals_and_the_months_of_an_entity_are_listed(session, town):
    assert [account.code for account in queries.accounts(session, town.commune.id)][:2] == ["321", "4011"]
    assert [journal.code for journal in queries.journals(session, town.commune.id)] == [
        "AC",
        "AN",
        "OT",
        "RF",
    ]
    latest = queries.periods(session, town.commune.id)[0]
    assert (latest.month, latest.status) == (12, "open")


def test_the_ledger_gives_entries_in_their_order_and_balances_of_the_database(session, town):
    for pieces in (1, 2, 3):
        town_with.material_posting(session, town, pieces)
    span = {"entity_id": town.commune.id, "start": AT.date(), "end": AT.date()}
    found = list(ledger.entries(session, **span))
    assert [entry.reference for entry in found] == ["OT/2026/000001", "OT/2026/000002", "OT/2026/000003"]
    added: dict[str, int] = {}
    for entry in found:
        for line in entry.lines:
            added[line.account_code] = added.get(line.account_code, 0) + line.debit_cents - line.credit_cents
    assert added == ledger.balances(session, **span) == {"6068": 1500, "321": -1500}
    assert list(ledger.entries(session, **span, layers=("analytic",))) == []
