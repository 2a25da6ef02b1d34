from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from registry import checks, people, queries, rows, rules, work
from registry.errors import Missing
from registry.tables.work import LabourEntry, WorkOrder
from tests import factories

WHO = {"at": factories.NOW, "by": factories.BY}


@pytest.fixture
def session():
    with factories.memory() as session:
        yield session


@pytest.fixture
def town(session):
    return factories.town(session)


def order(session, town, **facts):
    facts = {"entity_id": town.entity.id, "team_code": town.team.code} | facts
    return factories.order(session, **facts)


def hours(session, order, town, minutes, **facts):
    facts = {"person_id": town.agent.id, "day": factories.TODAY, **WHO} | facts
    return work.log_labour(session, order.id, minutes=minutes, **facts)


def charge(session, order, town, cents, document="F-1", **facts):
    return work.record_contractor_cost(
        session,
        order.id,
        supplier_id=town.supplier.id,
        amount_cents=cents,
        document_reference=document,
        day=factories.TODAY,
        **WHO,
        **facts,
    )


def test_an_order_goes_from_open_to_closed_and_tells_each_step(session, town):
    job = order(session, town, team_code=None)
    work.assign(session, job.id, team_code=town.team.code, person_id=town.agent.id, **WHO)
    work.plan(session, job.id, starts_at=factories.NOW, ends_at=factories.NOW + timedelta(hours=2), **WHO)
    work.begin(session, job.id, **WHO)
    work.finish(session, job.id, report="Joint changé", **WHO)
    work.redo(session, job.id, reason="Fuit encore", **WHO)
    work.finish(session, job.id, report="Robinet changé", **WHO)
    work.close(session, job.id, **WHO)
    told = [event.kind for event in work.timeline(session, job.id)]
    assert told == ["opened", "assigned", "planned", "begun", "finished", "sent_back", "finished", "closed"]
    assert (job.reference, job.status, job.version) == ("OT-2026-000001", "closed", 8)
    assert checks.run(session) == []


def test_an_order_for_a_team_is_assigned_at_once(session, town):
    assert order(session, town).status == "assigned"


@pytest.mark.parametrize(("verb", "facts"), [("begin", {}), ("finish", {"report": "fait"}), ("close", {})])
def test_work_nobody_has_cannot_begin_or_end(session, town, verb, facts):
    job = order(session, town, team_code=None)
    with pytest.raises(rules.WrongState) as refusal:
        getattr(work, verb)(session, job.id, **facts, **WHO)
    assert refusal.value.status == "open"
    assert (job.begun_at, job.finished_at, job.report) == (None, None, None)


def test_an_order_goes_to_whom_its_mode_allows(session, town):
    with pytest.raises(rules.Unfit):
        work.assign(session, order(session, town).id, supplier_id=town.supplier.id, **WHO)
    outside = order(session, town, mode="contractor")
    with pytest.raises(rules.Unfit):
        work.assign(session, outside.id, person_id=town.agent.id, **WHO)
    with pytest.raises(rules.Unfit):
        work.assign(session, outside.id, **WHO)
    assert (
        work.assign(session, outside.id, supplier_id=town.supplier.id, **WHO).supplier_id == town.supplier.id
    )


def test_a_repeated_step_meets_its_own_order(session, town):
    first = order(session, town, id="step-1")
    assert order(session, town, id="step-1") is first
    assert session.scalar(sa.select(sa.func.count()).select_from(WorkOrder)) == 1
    with pytest.raises(rows.DifferentFacts):
        order(session, town, id="step-1", mode="contractor")


@pytest.mark.parametrize(("minutes", "cents"), [(60, 3001), (1, 50), (90, 4502), (3, 150), (31, 1551)])
def test_an_hour_is_frozen_at_the_rate_of_its_day_rounded_half_up(session, town, minutes, cents):
    agent = factories.person(session, town.entity.id, hourly_cents=3001)
    entry = hours(session, order(session, town), town, minutes, person_id=agent.id)
    people.set_rate(session, person_id=agent.id, hourly_cents=9999, valid_from=date(2026, 1, 1), **WHO)
    assert (entry.amount_cents, entry.entity_id) == (cents, town.entity.id)


def test_the_database_itself_refuses_an_hour_of_another_price(session, town):
    hours(session, order(session, town), town, 60)
    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.update(LabourEntry).values(amount_cents=3001))


def test_a_day_has_twenty_four_hours(session, town):
    job, other = order(session, town), order(session, town)
    hours(session, job, town, 1000)
    with pytest.raises(rules.Unfit) as refusal:
        hours(session, other, town, 441)
    assert refusal.value.known == 1000
    hours(session, other, town, 440)


def test_hours_of_tomorrow_or_without_a_rate_are_refused(session, town):
    job = order(session, town)
    with pytest.raises(rules.Unfit):
        hours(session, job, town, 60, day=factories.TODAY + timedelta(days=1))
    with pytest.raises(Missing):
        hours(session, job, town, 60, day=date(2019, 12, 31))


def test_closed_and_cancelled_orders_take_no_hours(session, town):
    closed, cancelled = order(session, town), order(session, town)
    work.finish(session, closed.id, report="fait", **WHO)
    work.close(session, closed.id, **WHO)
    work.cancel(session, cancelled.id, reason="inutile", **WHO)
    for job in (closed, cancelled):
        with pytest.raises(rules.WrongState):
            hours(session, job, town, 60)


def test_a_struck_entry_counts_no_more_and_stays_readable(session, town):
    job = order(session, town)
    wrong = hours(session, job, town, 600)
    work.strike_labour(session, wrong.id, reason="60 minutes, pas 600", **WHO)
    right = hours(session, job, town, 60)
    assert [entry.id for entry in work.labour_of(session, job.id)] == [right.id]
    assert wrong.struck_reason == "60 minutes, pas 600"
    with pytest.raises(rules.WrongState):
        work.strike_labour(session, wrong.id, reason="encore", **WHO)


def test_a_repeated_log_meets_its_own_entry(session, town):
    job = order(session, town)
    assert hours(session, job, town, 60, id="step-2").id == hours(session, job, town, 60, id="step-2").id
    with pytest.raises(rows.DifferentFacts):
        hours(session, job, town, 90, id="step-2")


def test_a_contractor_charges_a_document_once_even_after_the_order_is_closed(session, town):
    job = order(session, town, mode="contractor")
    work.assign(session, job.id, supplier_id=town.supplier.id, **WHO)
    work.finish(session, job.id, report="fait", **WHO)
    work.close(session, job.id, **WHO)
    charge(session, job, town, 120_000)
    with pytest.raises(rules.Taken):
        charge(session, job, town, 120_000)
    charge(session, job, town, -20_000, document="AV-1")
    assert [cost.amount_cents for cost in work.contractor_costs_of(session, job.id)] == [-20_000, 120_000]


def test_contractors_charge_nothing_for_work_done_in_house(session, town):
    with pytest.raises(rules.WrongState):
        charge(session, order(session, town), town, 100)


def test_the_history_of_an_asset_adds_up_by_year_kind_nature_and_intervener(session, town):
    facts = {"asset_id": town.school.id, "nature_code": town.nature.code}
    inside = order(session, town, **facts)
    outside = order(session, town, mode="contractor", **facts)
    hours(session, inside, town, 60)
    hours(session, inside, town, 60, day=date(2025, 12, 31))
    struck = hours(session, inside, town, 30)
    work.strike_labour(session, struck.id, reason="erreur", **WHO)
    charge(session, outside, town, 50_000)
    history = queries.asset_history(session, town.school.id)
    assert history.by_year() == {2026: 53_000, 2025: 3_000}
    assert history.by_kind() == {"contractor": 50_000, "labour": 6_000}
    assert history.by_nature() == {town.nature.code: 56_000}
    assert history.by_intervener() == {town.supplier.name: 50_000, town.team.name: 6_000}
    assert history.order_cents == {inside.id: 6_000, outside.id: 50_000}
    assert queries.asset_history(session, town.school.id, entity_ids=[]).costs == []


def test_orders_are_listed_for_a_supplier_and_found_by_words(session, town):
    job = order(session, town, mode="contractor", title="Réparer la toiture")
    work.assign(session, job.id, supplier_id=town.supplier.id, **WHO)
    order(session, town)
    (row,) = queries.orders_page(session, entity_ids=None, supplier_id=town.supplier.id).rows
    assert (row.reference, row.supplier_name) == (job.reference, town.supplier.name)
    assert queries.orders_page(session, entity_ids=None, text="TOITURE reparer").total == 1


def test_a_list_costs_two_queries_however_long_it_is(session, town):
    for _ in range(12):
        order(session, town, asset_id=town.school.id, nature_code=town.nature.code)
    statements = []
    sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *call: statements.append(call[2]))
    page = queries.orders_page(session, entity_ids=[town.entity.id])
    assert (page.total, len(statements)) == (12, 2)
