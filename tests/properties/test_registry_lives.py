"""Random lives of requests, orders and owners: whatever is tried, the audit finds nothing."""

from datetime import date, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from registry import assets, checks, requests, rules, work
from registry.errors import Refused
from tests import factories

WHO = {"at": factories.NOW, "by": factories.BY}
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

REQUEST_VERBS = {
    "qualify": {"priority": 2},
    "accept": {},
    "refuse": {"reason": "non"},
    "attach": {},
    "start": {},
    "answer": {"text": "fait"},
    "close": {},
    "reopen": {"reason": "encore"},
    "withdraw": {"reason": "erreur"},
}
ORDER_VERBS = {
    "assign": {},
    "plan": {"starts_at": factories.NOW, "ends_at": factories.NOW + timedelta(hours=1)},
    "begin": {},
    "finish": {"report": "fait"},
    "redo": {"reason": "mal fait"},
    "close": {},
    "cancel": {"reason": "inutile"},
    "log_labour": {"minutes": 400},
}


@FEW
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(REQUEST_VERBS)), st.integers(0, 2), st.integers(0, 2)), max_size=25
    )
)
def test_requests_go_only_where_their_verbs_allow(steps):
    with factories.memory() as session:
        entity = factories.entity(session)
        town = [factories.request(session, entity_id=entity.id) for _ in range(3)]
        for verb, one, other in steps:
            request = town[one]
            before, allowed = request.status, requests.TRANSITIONS[verb]
            facts = {"duplicate_of": town[other].id} if verb == "attach" else REQUEST_VERBS[verb]
            try:
                getattr(requests, verb)(session, request.id, **facts, **WHO)
            except rules.Cycle:
                assert verb == "attach"
            except rules.WrongState:
                assert before not in allowed
            else:
                assert request.status == allowed[before]
        assert checks.run(session) == []


@FEW
@given(st.lists(st.sampled_from(sorted(ORDER_VERBS)), max_size=25))
def test_orders_go_only_where_their_verbs_allow(steps):
    with factories.memory() as session:
        town = factories.town(session)
        order = factories.order(session, entity_id=town.entity.id)
        extra = {
            "assign": {"team_code": town.team.code},
            "log_labour": {"person_id": town.agent.id, "day": factories.TODAY},
        }
        for verb in steps:
            before = order.status
            try:
                getattr(work, verb)(session, order.id, **ORDER_VERBS[verb], **extra.get(verb, {}), **WHO)
            except Refused:
                assert order.status == before
        assert checks.run(session) == []
        logged = sum(entry.amount_cents for entry in work.labour_of(session, order.id))
        assert logged == 20_000 * len(work.labour_of(session, order.id))


@FEW
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-5, 400)), max_size=12))
def test_an_asset_has_one_owner_on_every_day_since_the_first(moves):
    first = date(2025, 11, 1)
    with factories.memory() as session:
        owners = [factories.entity(session).id for _ in range(3)]
        asset = factories.asset(session, entity_id=owners[0], owned_from=first)
        expected = [(first, owners[0])]
        for owner, days in moves:
            on = first + timedelta(days=days)
            try:
                assets.transfer(
                    session, asset_id=asset.id, to_entity_id=owners[owner], on=on, reason="acte", **WHO
                )
            except Refused:
                continue
            expected.append((on, owners[owner]))
        assert checks.run(session) == []
        for day in (first + timedelta(days=days) for days in range(0, 386, 7)):
            owner = [owner for start, owner in expected if start <= day][-1]
            assert assets.owner_on(session, asset.id, day) == owner


@given(st.integers(1, 1440), st.integers(0, 100_000))
def test_an_hour_costs_what_the_exact_product_rounds_to(minutes, rate):
    exact = minutes * rate / 60
    assert work.labour_cents(minutes, rate) == pytest.approx(exact, abs=0.5000001)
    assert 60 * work.labour_cents(minutes, rate) - minutes * rate <= 30
