from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from registry import assets, costs, journal, postings, settlement, settlement_rules, stock, work
from registry.errors import Missing
from registry.rules import Taken, Unfit
from registry.settlement_rules import LabourAlreadyPosted, NoRule, UndecidedRule
from registry.tables.accounting import Proposal, ProposalLine, SettlementRule
from registry.tables.work import LabourEntry
from tests import factories
from tests.factories_accounts import books, invoice, labour, material, order, proposed, reread
from tests.factories_stock import ACCOUNTANT, AT, KG, WHO, memory


@pytest.fixture
def session():
    with memory(books) as session:
        yield session


@pytest.fixture
def town(session):
    return reread(session)


def rule(session, town, code, **facts):
    given = {
        "version": 1,
        "valid_from": date(2020, 1, 1),
        "kind": "contractor",
        "debit_account": "615231",
        "credit_account": "4011",
        "journal_code": "AC",
        "layer": "general",
    }
    return settlement.create_rule(session, code=code, **{**given, **facts}, **WHO)


def accounts(session, proposal):
    return [
        (line.account_code, line.debit_cents, line.credit_cents)
        for line in settlement.lines_of(session, proposal.id)
    ]


def test_each_source_becomes_one_cost_item_however_often_costs_are_gathered(session, town):
    order_id = order(session, town)
    labour(session, town, order_id, 90)
    material(session, town, order_id, 4)
    assert [
        (item.kind, item.amount_cents, item.quantity) for item in costs.gather(session, order_id, **WHO)
    ] == [
        ("labour", 4500, 90),
        ("material", 1000, 4 * KG),
    ]
    assert costs.gather(session, order_id, **WHO) == []
    labour(session, town, order_id, 30)
    assert [item.amount_cents for item in costs.gather(session, order_id, **WHO)] == [1500]
    assert costs.total(session, order_id) == 7000


def test_a_cost_belongs_to_the_owner_of_the_asset_on_its_day(session, town):
    order_id = order(session, town)
    labour(session, town, order_id, 60, date(2026, 11, 2))
    labour(session, town, order_id, 60, date(2026, 11, 20))
    assets.transfer(
        session,
        asset_id=town.school.id,
        to_entity_id=town.cpas.id,
        on=date(2026, 11, 10),
        reason="sold",
        **WHO,
    )
    before, after = costs.gather(session, order_id, **WHO)
    assert (before.beneficiary_id, after.beneficiary_id) == (town.commune.id, town.cpas.id)


def test_struck_labour_costs_nothing_and_gathered_labour_cannot_be_struck(session, town):
    order_id = order(session, town)
    labour(session, town, order_id)
    labour(session, town, order_id, 30)
    struck, kept = work.labour_of(session, order_id)
    work.strike_labour(session, struck.id, reason="typed twice", **WHO)
    (item,) = costs.gather(session, order_id, **WHO)
    assert item.source_id == kept.id
    with pytest.raises(sa.exc.IntegrityError, match="never changes"), session.begin_nested():
        session.execute(
            sa.update(LabourEntry).where(LabourEntry.id == kept.id).values(struck_at=AT, struck_by="x")
        )


def test_labour_stays_on_the_analytic_layer_from_the_team_to_the_asset(session, town):
    order_id = order(session, town)
    labour(session, town, order_id, 90)
    (proposal,) = proposed(session, order_id)
    assert (proposal.layer, proposal.purpose, proposal.total_cents) == ("analytic", "cost", 4500)
    debit, credit = settlement.lines_of(session, proposal.id)
    assert debit.account_code == credit.account_code == "6411"
    assert debit.axes == {"asset": "ECOLE-01", "nature": "TOITURE", "entity": "COM"}
    assert credit.axes == {"team": "ROOF", "entity": "COM"}
    assert debit.label.endswith("1 h 30")


def test_a_rule_that_posts_labour_twice_is_refused(session, town):
    with pytest.raises(LabourAlreadyPosted):
        rule(session, town, "labour", kind="labour")


def test_one_proposal_for_each_journal_and_layer_of_an_entity(session, town):
    order_id = order(session, town, mode="contractor")
    labour(session, town, order_id)
    material(session, town, order_id)
    invoice(session, town, order_id)
    made = proposed(session, order_id)
    assert {(proposal.key.split(":")[3], proposal.layer) for proposal in made} == {
        ("AN", "analytic"),
        ("OT", "general"),
        ("AC", "general"),
    }
    for proposal in made:
        lines = settlement.lines_of(session, proposal.id)
        assert sum(line.debit_cents for line in lines) == sum(line.credit_cents for line in lines)


def test_an_invoice_keeps_its_number_its_day_and_its_supplier(session, town):
    order_id = order(session, town, mode="contractor")
    invoice(session, town, order_id, 100_00, "F-1")
    invoice(session, town, order_id, 50_00, "F-2", day=date(2026, 11, 20))
    (proposal,) = proposed(session, order_id)
    assert accounts(session, proposal) == [
        ("615221", 10000, 0),
        ("615221", 5000, 0),
        ("4011", 0, 10000),
        ("4011", 0, 5000),
    ]
    credits_ = settlement.lines_of(session, proposal.id)[2:]
    assert [(line.piece_reference, line.piece_date.day, line.party_code) for line in credits_] == [
        ("F-1", 19, "COUVREUR"),
        ("F-2", 20, "COUVREUR"),
    ]


def test_returns_and_credit_notes_are_written_on_the_other_side_not_netted(session, town):
    order_id = order(session, town)
    move_id = material(session, town, order_id, 4)
    stock.put_back(session, move_id, quantity_milli=KG, reason="unused", **WHO)
    (proposal,) = proposed(session, order_id)
    assert accounts(session, proposal) == [
        ("6068", 1000, 0),
        ("321", 250, 0),
        ("321", 0, 1000),
        ("6068", 0, 250),
    ]
    assert proposal.total_cents == 1250


def test_work_for_another_entity_is_reinvoiced_by_two_proposals_of_one_group(session, town):
    order_id = order(session, town, town.home)
    labour(session, town, order_id, 120)
    provider, receiver = proposed(session, order_id)
    assert provider.group_id == receiver.group_id is not None
    assert (provider.entity_id, receiver.entity_id) == (town.commune.id, town.cpas.id)
    assert accounts(session, provider) == [("4111", 6000, 0), ("70848", 0, 6000)]
    assert accounts(session, receiver) == [("6288", 6000, 0), ("401", 0, 6000)]
    assert settlement.lines_of(session, provider.id)[0].party_code == "CPAS"
    assert settlement.lines_of(session, receiver.id)[1].party_code == "COM"


def test_the_asset_stands_only_in_its_owners_accounts(session, town):
    order_id = order(session, town, town.home)
    material(session, town, order_id)
    with_asset = session.scalars(
        sa.select(Proposal.entity_id)
        .join(ProposalLine, ProposalLine.proposal_id == Proposal.id)
        .where(
            ProposalLine.asset_id.is_not(None), Proposal.id.in_([p.id for p in proposed(session, order_id)])
        )
    ).all()
    assert with_asset == [town.cpas.id]


def test_a_second_gather_settles_only_what_came_since(session, town):
    order_id = order(session, town)
    material(session, town, order_id, 4)
    proposed(session, order_id)
    assert proposed(session, order_id) == []
    material(session, town, order_id, 2)
    (delta,) = proposed(session, order_id)
    assert (delta.sequence, delta.total_cents) == (2, 500)


def test_what_was_rejected_can_be_proposed_anew(session, town):
    order_id = order(session, town)
    material(session, town, order_id)
    (first,) = proposed(session, order_id)
    settlement.reject(session, first.id, code="ACCOUNT_UNKNOWN", text="use 60632", **WHO)
    assert (first.status, first.reject_code, first.reject_text) == (
        "rejected",
        "ACCOUNT_UNKNOWN",
        "use 60632",
    )
    (second,) = proposed(session, order_id)
    assert (second.sequence, second.total_cents) == (2, 1000)


def test_a_proposal_is_answered_once_and_told_twice_without_harm(session, town):
    order_id = order(session, town)
    material(session, town, order_id)
    (proposal,) = proposed(session, order_id)
    settlement.reject(session, proposal.id, code="AMOUNT", text="too much", **WHO)
    assert settlement.reject(session, proposal.id, code="AMOUNT", text="too much", **WHO) is proposal
    with pytest.raises(settlement.AlreadyAnswered):
        settlement.reject(session, proposal.id, code="DUPLICATE", text="twice", **WHO)
    with pytest.raises(settlement.AlreadyAnswered):
        postings.accept(session, proposal.id, **ACCOUNTANT)


def test_a_disputed_reinvoice_is_rejected_on_both_sides(session, town):
    order_id = order(session, town, town.home)
    labour(session, town, order_id)
    provider, receiver = proposed(session, order_id)
    settlement.reject(session, receiver.id, code="OTHER", text="we did not ask", **WHO)
    assert (provider.status, receiver.status) == ("rejected", "rejected")


@pytest.mark.parametrize(("code", "text"), [("NO_SUCH", "why"), ("OTHER", " ")])
def test_a_rejection_needs_a_known_code_and_a_reason(session, town, code, text):
    order_id = order(session, town)
    material(session, town, order_id)
    (proposal,) = proposed(session, order_id)
    with pytest.raises(Unfit):
        settlement.reject(session, proposal.id, code=code, text=text, **WHO)


def test_the_most_specific_rule_decides_and_says_what_it_was_preferred_to(session, town):
    rule(session, town, "roofs", nature_code=town.nature.code, debit_account="615231")
    rule(session, town, "buildings", asset_class="building", debit_account="61551")
    order_id = order(session, town, mode="contractor")
    invoice(session, town, order_id)
    (proposal,) = proposed(session, order_id)
    assert accounts(session, proposal)[0][0] == "615231"
    (why,) = proposal.explanation["rules"]
    assert (why["code"], why["passed_over"]) == ("roofs", ["buildings v1", "COM.contractor v1"])
    assert settlement.explained(proposal, "en") == [
        "Rule roofs version 1 since 2020-01-01 (nature TOITURE), preferred to buildings v1, COM.contractor v1."
    ]
    assert settlement.explained(proposal, "fr")[0].startswith("Règle roofs version 1")
    (source,) = proposal.explanation["sources"]
    assert (source["type"], source["amount_cents"], source["rule"]) == ("contractor_cost", 123456, "roofs v1")


def test_the_nearest_nature_wins_over_a_wider_one(session, town):
    factories.nature(session, code="TUILES", parent_code="TOITURE")
    rule(session, town, "roofs", nature_code="TOITURE", debit_account="615231", priority=9)
    rule(session, town, "tiles", nature_code="TUILES", debit_account="61551")
    order_id = order(session, town, mode="contractor", nature_code="TUILES")
    invoice(session, town, order_id)
    assert accounts(session, proposed(session, order_id)[0])[0][0] == "61551"


def test_priority_decides_between_equals_and_a_tie_is_refused(session, town):
    rule(session, town, "a", nature_code="TOITURE")
    rule(session, town, "b", nature_code="TOITURE", debit_account="61551")
    order_id = order(session, town, mode="contractor")
    invoice(session, town, order_id)
    with pytest.raises(UndecidedRule) as refusal:
        proposed(session, order_id)
    assert refusal.value.rules == ["b", "a"]
    rule(session, town, "c", nature_code="TOITURE", debit_account="61551", priority=1)
    assert accounts(session, proposed(session, order_id)[0])[0][0] == "61551"


def test_a_version_decides_from_its_first_day_until_the_next(session, town):
    rule(session, town, "roofs", nature_code="TOITURE", debit_account="61551", version=1)
    rule(
        session,
        town,
        "roofs",
        nature_code="TOITURE",
        debit_account="615231",
        version=2,
        valid_from=date(2026, 11, 20),
        valid_until=date(2026, 12, 31),
    )
    found = {}
    for day in (date(2026, 11, 19), date(2026, 11, 20)):
        order_id = order(session, town, mode="contractor")
        invoice(session, town, order_id, number=str(day), day=day)
        found[day.day] = accounts(session, proposed(session, order_id)[0])[0][0]
    assert found == {19: "61551", 20: "615231"}


def test_versions_are_written_in_order_and_never_change(session, town):
    rule(session, town, "r", version=1, valid_from=date(2026, 1, 1))
    for wrong in (
        {"version": 3},
        {"version": 2, "valid_from": date(2025, 1, 1)},
        {"version": 2, "valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 1)},
    ):
        with pytest.raises(Unfit):
            rule(session, town, "r", **wrong)
    with pytest.raises(Taken):
        rule(session, town, "r", version=1)
    with pytest.raises(sa.exc.IntegrityError, match="never changes"), session.begin_nested():
        session.execute(sa.update(SettlementRule).values(debit_account="1"))


@pytest.mark.parametrize("scope", [{"entity_id": "x"}, {"nature_code": "x"}, {"asset_class": "x"}])
def test_a_rule_for_what_does_not_exist_is_refused(session, town, scope):
    with pytest.raises(Missing):
        rule(session, town, "r", **scope)


def test_a_cost_without_a_rule_is_refused(session, town):
    order_id = order(session, town, mode="contractor")
    invoice(session, town, order_id, day=date(2019, 12, 31))
    with pytest.raises(NoRule):
        proposed(session, order_id)


def test_a_rule_with_an_unknown_account_or_journal_is_refused(session, town):
    rule(session, town, "roofs", nature_code="TOITURE", debit_account="999")
    order_id = order(session, town, mode="contractor")
    invoice(session, town, order_id)
    with pytest.raises(journal.AccountUnknown):
        proposed(session, order_id)
    rule(session, town, "roofs2", nature_code="TOITURE", journal_code="NONE", priority=1)
    with pytest.raises(Missing):
        proposed(session, order_id)


def test_the_account_of_the_item_wins_over_a_rule_that_names_no_nature(session, town):
    tool = stock.create_item(
        session, code="TOOL", name_fr="outil", name_en="tool", unit="pièce", account="60632", **WHO
    )
    stock.receive(
        session,
        item_id=tool.id,
        store_id=town.store.id,
        quantity_milli=KG,
        unit_cost_cents=900,
        document="BL-2",
        **WHO,
    )
    order_id = order(session, town)
    stock.issue(session, item_id=tool.id, store_id=town.store.id, quantity_milli=KG, order_id=order_id, **WHO)
    (proposal,) = proposed(session, order_id)
    assert accounts(session, proposal)[0] == ("60632", 900, 0)
    assert "item TOOL" in settlement.explained(proposal, "en")[1]


def test_the_account_of_the_nature_wins_for_contractors(session, town):
    factories.nature(session, code="VOIRIE", expense_account="615231")
    order_id = order(session, town, mode="contractor", nature_code="VOIRIE")
    invoice(session, town, order_id)
    assert accounts(session, proposed(session, order_id)[0])[0][0] == "615231"


def test_defaults_are_installed_once(session, town):
    assert settlement.install_defaults(session, town.commune.id, valid_from=date(2020, 1, 1), **WHO) == []
    with pytest.raises(Missing):
        settlement_rules.defaults("none")


@pytest.mark.parametrize("accounting", ["public", "commercial"])
def test_shipped_defaults_name_only_accounts_and_journals_they_ship(accounting):
    shipped = settlement_rules.defaults(accounting)
    codes = {account["code"] for account in shipped["accounts"]}
    journals = {entry["code"] for entry in shipped["journals"]}
    assert {entry["kind"] for entry in shipped["rules"]} == {
        "labour",
        "material",
        "contractor",
        "reinvoice_out",
        "reinvoice_in",
    }
    for entry in shipped["rules"]:
        assert {entry["debit_account"], entry["credit_account"]} <= codes
        assert entry["journal_code"] in journals


def test_an_order_is_settled_when_no_cost_is_left(session, town):
    order_id = order(session, town)
    material(session, town, order_id)
    (proposal,) = proposed(session, order_id)
    assert len(settlement.unsettled(session, order_id)) == 1
    posting = postings.accept(session, proposal.id, **ACCOUNTANT)
    assert settlement.unsettled(session, order_id) == []
    postings.reverse(session, posting.id, reason="wrong account", **WHO)
    assert len(settlement.unsettled(session, order_id)) == 1


def test_proposals_are_listed_by_order_with_their_sources(session, town):
    order_id = order(session, town)
    labour(session, town, order_id)
    (proposal,) = proposed(session, order_id)
    assert settlement.of_order(session, order_id) == [proposal]
    assert [item.kind for item in settlement.sources_of(session, proposal.id)] == ["labour"]
    assert proposal.day == AT.date() - timedelta(days=1)
