"""A posting bears the name of the accountant who decided, whoever moves the process on, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from engine import incidents, queries, tasks
from engine.store import Call
from engine.tables import Incident
from integrations.tasks import HANDLERS
from integrations.tasks.costs import RULE, NotReviewed
from registry import assets, checks, entities, journal, people, settlement
from registry.tables.accounting import Posting, Proposal
from tests import factories_processes
from tests.factories_processes import Town

OPERATOR = "system:operator"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    with factories_processes.opened_on(request.param) as opened:
        yield opened


def _work(town: Town, hours: int, **facts: object) -> None:
    town.ask(**facts)
    town.plan()
    town.done(
        "do_work", report="Fait", labour=[{"hours": Decimal(hours)}], parts=[], photos=[], finished=True
    )
    town.wait(timedelta(minutes=5))


def _abroad(town: Town) -> str:
    """Work twenty hours in a house of the CPAS, whose books are not open yet; return its accountant."""
    with town.house.begin(OPERATOR) as unit:
        who = {"at": unit.now, "by": unit.actor}
        cpas = entities.create(
            unit.session, code="CPAS", name="CPAS", kind="cpas", accounting="public", **who
        )
        settlement.install_defaults(unit.session, cpas.id, valid_from=date(2020, 1, 1), **who)
        home = assets.create(
            unit.session,
            entity_id=cpas.id,
            class_code="school",
            code="R1",
            name="Résidence",
            owned_from=date(2010, 1, 1),
            **who,
        )
        accountant = people.create_person(
            unit.session, entity_id=cpas.id, name="Comptable", email=None, **who
        )
        people.grant(unit.session, person_id=accountant.id, role="accountant", entity_id=cpas.id, **who)
        ids = {"entity_id": cpas.id, "asset_id": home.id}
        accountant_id = accountant.id
    _work(town, 20, **ids)
    town.ids["cpas"] = ids["entity_id"]
    return accountant_id


def _appoint(town: Town, who: str) -> None:
    with town.house.begin(OPERATOR) as unit:
        commune = town.ids["commune"]
        people.grant(
            unit.session,
            person_id=town.ids[who],
            role="accountant",
            entity_id=commune,
            at=unit.now,
            by=unit.actor,
        )


def _review(town: Town, entity: str, actor: str, **answers: object) -> None:
    with town.house.begin(actor) as unit:
        [task] = queries.inbox(unit, "team", person=actor, groups={f"accountant:{entity}"}).rows
        tasks.complete(unit, task.id, answers)
    town.wait(timedelta(minutes=5))


def _try_again(town: Town) -> None:
    with town.house.begin(OPERATOR) as unit:
        found = unit.connection.scalars(sa.select(Incident.id).where(Incident.resolved_at.is_(None))).all()
        for one in found:
            incidents.resolve(unit, one)


def _posters(town: Town) -> dict[str, set[str]]:
    with town.house.read() as reading:
        found: dict[str, set[str]] = {}
        for entity_id, by in reading.session.execute(sa.select(Posting.entity_id, Posting.posted_by)):
            found.setdefault(entity_id, set()).add(by)
        assert checks.run(reading.session) == []
        return found


def test_an_operator_who_tries_again_posts_in_the_names_of_both_accountants(town: Town) -> None:
    abroad, here = _abroad(town), town.ids["accountant"]
    _review(town, "COMMUNE", here, verdict="accept")
    _review(town, "CPAS", abroad, verdict="accept")
    assert [element for element, _ in town.incidents()] == ["post"]
    assert _posters(town) == {}
    with town.house.begin(OPERATOR) as unit:
        journal.open_year(unit.session, entity_id=town.ids["cpas"], year=2026, at=unit.now, by=unit.actor)
    _try_again(town)
    assert town.incidents() == []
    assert _posters(town) == {town.ids["commune"]: {here}, town.ids["cpas"]: {abroad}}
    with town.house.read() as reading:
        assert set(reading.session.scalars(sa.select(Proposal.answered_by))) == {here, abroad}


def test_no_answer_can_name_another_decider(town: Town) -> None:
    _work(town, 20)
    forged = {"decidedIn": "plan", "endedBy": town.ids["leader"], "by": town.ids["leader"]}
    _review(town, "COMMUNE", town.ids["accountant"], verdict="accept", **forged)
    assert _posters(town) == {town.ids["commune"]: {town.ids["accountant"]}}


def test_small_amounts_are_posted_by_the_rule_not_by_who_did_the_work(town: Town) -> None:
    _work(town, 1)
    assert _posters(town) == {town.ids["commune"]: {RULE}}


def test_who_did_the_work_is_refused_at_the_posting_too_and_stays_refused_when_an_operator_tries(
    town: Town,
) -> None:
    _work(town, 20)
    _appoint(town, "agent")
    _review(town, "COMMUNE", town.ids["agent"], verdict="accept")
    for _ in range(2):
        [(element, message)] = town.incidents()
        assert element == "post"
        assert "without a hand in OT-2026-000001" in message
        _try_again(town)
    assert _posters(town) == {}


def test_a_task_given_to_somebody_makes_nobody_an_accountant(town: Town) -> None:
    _work(town, 20)
    _review(town, "COMMUNE", town.ids["leader"], verdict="accept")
    [(element, message)] = town.incidents()
    assert (element, "this person is none" in message) == ("post", True)
    _try_again(town)
    assert _posters(town) == {}


def _stand_in(town: Town) -> str:
    """Return who stands in for the accountant from the 5th to the 9th of January."""
    with town.house.begin(OPERATOR) as unit:
        who = {"at": unit.now, "by": unit.actor}
        found = people.create_person(
            unit.session, entity_id=town.ids["commune"], name="Remplaçante", email=None, **who
        ).id
        people.substitute(
            unit.session,
            person_id=town.ids["accountant"],
            substitute_id=found,
            first_day=date(2026, 1, 5),
            last_day=date(2026, 1, 9),
            reason="congé",
            **who,
        )
    return found


def test_whoever_stands_in_for_the_accountant_decides_in_the_own_name(town: Town) -> None:
    _work(town, 20)
    stand_in = _stand_in(town)
    _review(town, "COMMUNE", stand_in, verdict="accept")
    assert _posters(town) == {town.ids["commune"]: {stand_in}}


def test_what_a_stand_in_decided_is_posted_after_the_days_of_standing_in_too(town: Town) -> None:
    abroad, stand_in = _abroad(town), _stand_in(town)
    _review(town, "COMMUNE", stand_in, verdict="accept")
    _review(town, "CPAS", abroad, verdict="accept")
    assert [element for element, _ in town.incidents()] == ["post"]
    town.wait(timedelta(days=10))
    with town.house.begin(OPERATOR) as unit:
        journal.open_year(unit.session, entity_id=town.ids["cpas"], year=2026, at=unit.now, by=unit.actor)
    _try_again(town)
    assert _posters(town) == {town.ids["commune"]: {stand_in}, town.ids["cpas"]: {abroad}}


def test_a_rejection_bears_the_name_of_who_rejected(town: Town) -> None:
    abroad = _abroad(town)
    _review(town, "COMMUNE", town.ids["accountant"], verdict="accept")
    refusal = {"rejectionCode": "OTHER", "rejectionText": "Rien reçu", "returnTo": "dispute"}
    _review(town, "CPAS", abroad, verdict="reject", **refusal)
    with town.house.read() as reading:
        assert set(reading.session.scalars(sa.select(Proposal.answered_by))) == {abroad}


def test_a_step_that_skipped_the_review_posts_nothing(town: Town) -> None:
    _work(town, 20)
    with town.house.begin(OPERATOR) as unit:
        waiting = unit.session.scalars(sa.select(Proposal.id)).all()
        instance = unit.connection.scalar(sa.text("SELECT max(instance_id) FROM user_task"))
        inputs = {"proposalIds": list(waiting), "decidedIn": "review", "unreviewedCents": 59_999}
        with pytest.raises(NotReviewed, match="an accountant of COMMUNE"):
            HANDLERS["posting.accept"](
                unit, Call("posting.accept", inputs, {}, str(instance), None, "post", "s")
            )
    assert _posters(town) == {}


def test_an_earlier_review_decides_nothing_about_later_proposals(town: Town) -> None:
    _work(town, 20)
    refusal = {"rejectionCode": "AMOUNT", "rejectionText": "À revoir", "returnTo": "imputation"}
    _review(town, "COMMUNE", town.ids["accountant"], verdict="reject", **refusal)
    town.done("correct_imputation", correction="Rien")
    with town.house.begin(OPERATOR) as unit:
        again = unit.session.scalars(sa.select(Proposal).where(Proposal.status == "pending")).all()
        instance = unit.connection.scalar(sa.text("SELECT max(instance_id) FROM user_task"))
        inputs = {"proposalIds": [one.id for one in again], "decidedIn": "review"}
        call = Call("posting.accept", inputs, {}, str(instance), None, "post", "s")
        with pytest.raises(NotReviewed):
            HANDLERS["posting.accept"](unit, call)
