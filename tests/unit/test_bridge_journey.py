"""Requests travel through the shipped processes with the real handlers, from the window to the accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from engine import queries, tasks
from engine.store import Call
from integrations import goods, intake
from integrations.tasks import HANDLERS
from registry import assets, checks, entities, journal, people, requests, settlement, stock
from registry.rules import Unfit, WrongState
from registry.tables.accounting import Posting, Proposal
from registry.tables.stock import Reservation
from registry.tables.work import LabourEntry, WorkOrder
from tests import databases, factories_processes
from tests.factories_processes import Town

LINE = {"hours": Decimal("1.5")}
PART = {"itemCode": "JOINT", "storeCode": "DEPOT", "quantity": Decimal(2)}


@pytest.fixture
def town() -> Iterator[Town]:
    with factories_processes.opened() as opened:
        yield opened


def _plan(town: Town) -> None:
    town.plan()


def _work(town: Town, *parts: dict[str, object], finished: bool = True) -> None:
    town.done(
        "do_work", report="Joint remplacé", labour=[LINE], parts=list(parts), photos=[], finished=finished
    )


def _qualify(town: Town, **answers: object) -> None:
    given = {
        "decision": "accept",
        "natureCode": "BAT.PLOMBERIE",
        "assetId": town.ids["school"],
        "team": "PLOMBERIE",
        "priority": Decimal(2),
        "workMode": "in_house",
        "delayHours": Decimal(24),
        "supplierCode": None,
        "materials": [],
    }
    town.done("qualify", **(given | answers))


def _leak(town: Town) -> None:
    request_id = town.ask()
    assert town.waiting() == ["plan"]
    assert town.groups("plan") == ["PLOMBERIE:leader"]
    _plan(town)
    _work(town)
    assert town.incidents() == []
    assert town.status(request_id) == ("answered", "active")
    with town.house.read() as reading:
        assert reading.session.scalars(sa.select(WorkOrder.status)).all() == ["closed"]
        posted = reading.session.scalars(sa.select(Posting.total_cents)).all()
        assert posted == [4500]
        assert checks.run(reading.session) == []
    town.wait(timedelta(days=5))
    assert town.status(request_id) == ("closed", "completed")


def test_a_leak_in_a_school_travels_to_the_accounts_without_the_window(town: Town) -> None:
    _leak(town)


@pytest.mark.postgres
def test_the_same_leak_travels_the_same_way_on_postgresql() -> None:
    with databases.scratch() as url, factories_processes.opened(url) as town:
        _leak(town)


def test_the_requester_is_told_at_each_turn_and_never_twice(town: Town) -> None:
    town.ask()
    _plan(town)
    _work(town)
    subjects = {letter["subject"] for letter in town.letters()}
    assert len(town.letters()) == 2
    assert subjects == {"Votre demande 2026-000001 est enregistrée", "Votre demande 2026-000001 est traitée"}
    assert {letter["to"] for letter in town.letters()} == {"parent@exemple.example"}


def test_whoever_asked_in_english_is_answered_in_english_with_the_same_words_of_the_agent(town: Town) -> None:
    town.ask(requester_locale="en")
    _plan(town)
    _work(town)
    subjects = {letter["subject"] for letter in town.letters()}
    assert subjects == {
        "Your request 2026-000001 is registered",
        "Your request 2026-000001 has been dealt with",
    }
    assert {letter["locale"] for letter in town.letters()} == {"en"}
    assert any("Joint remplacé" in letter["text"] for letter in town.letters())


def test_a_colleague_who_asks_is_written_to_in_their_own_language(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        who = {"at": unit.now, "by": unit.actor}
        commune = town.ids["commune"]
        kim = people.create_person(
            unit.session, entity_id=commune, name="Kim", email="kim@valmont.example", locale="en", **who
        ).id
    town.ask(requester_email=None, requester_person_id=kim)
    [letter] = town.letters()
    assert (letter["to"], letter["subject"]) == (
        "kim@valmont.example",
        "Your request 2026-000001 is registered",
    )


def test_a_language_we_do_not_write_is_answered_in_french(town: Town) -> None:
    with town.house.begin(town.ids["agent"]) as unit:
        who = {"at": unit.now, "by": unit.actor}
        commune = town.ids["commune"]
        jan = people.create_person(
            unit.session, entity_id=commune, name="Jan", email="jan@valmont.example", locale="nl", **who
        ).id
    town.ask(requester_email=None, requester_person_id=jan)
    assert town.letters()[0]["subject"] == "Votre demande 2026-000001 est enregistrée"
    with town.house.begin(town.ids["agent"]) as unit, pytest.raises(Unfit):
        intake.open_request(unit, entity_id=commune, title="x", channel="portal", requester_locale="nl")


def test_only_the_requester_is_given_the_follow_link(town: Town) -> None:
    request_id = town.ask()
    with town.house.begin(town.ids["agent"]) as unit:
        inputs = {"group": "PLOMBERIE", "requestId": request_id, "subject": "A", "text": "B"}
        HANDLERS["notify.mail"](unit, Call("notify.mail", inputs, {}, "i1", None, "e", "i1.99"))
    linked = {letter["to"] for letter in town.letters() if "followToken" in letter}
    assert linked == {"parent@exemple.example"}
    assert len(town.letters()) == 4


def test_planned_hours_without_a_zone_are_those_of_the_town(town: Town) -> None:
    town.ask()
    _plan(town)
    with town.house.read() as reading:
        order = reading.session.scalars(sa.select(WorkOrder)).one()
        assert (order.planned_start.hour, order.status) == (12, "planned")


def test_hours_without_a_name_belong_to_whoever_completed_the_task(town: Town) -> None:
    town.ask()
    _plan(town)
    _work(town)
    with town.house.read() as reading:
        entry = reading.session.scalars(sa.select(LabourEntry)).one()
        assert (entry.person_id, entry.minutes, entry.amount_cents) == (town.ids["agent"], 90, 4500)


def test_reserved_parts_are_consumed_and_the_rest_is_released(town: Town) -> None:
    town.ask(asset_id=None)
    _qualify(town, materials=[PART | {"quantity": Decimal(3)}])
    with town.house.read() as reading:
        assert stock.available(reading.session, town.ids["item"], town.ids["store"]) == 7000
    _plan(town)
    _work(town, PART)
    with town.house.read() as reading:
        assert stock.available(reading.session, town.ids["item"], town.ids["store"]) == 8000
        held = reading.session.scalars(sa.select(Reservation)).one()
        assert (held.status, held.consumed_milli) == ("consumed", 2000)
        assert sorted(reading.session.scalars(sa.select(Posting.total_cents))) == [500, 4500]


def test_parts_nobody_reserved_come_from_what_is_available(town: Town) -> None:
    town.ask()
    _plan(town)
    _work(town, PART)
    with town.house.read() as reading:
        assert stock.on_hand(reading.session, town.ids["item"], town.ids["store"]) == 8000


def test_a_shortage_waits_for_the_goods_and_is_then_reserved(town: Town) -> None:
    town.ask(asset_id=None)
    _qualify(town, materials=[PART | {"quantity": Decimal(12)}])
    assert town.waiting() == ["plan", "solve_shortage"]
    assert town.groups("solve_shortage") == ["storekeeper:COMMUNE"]
    town.done("solve_shortage", answer="order")
    assert len(town.subscriptions("goods-received")) == 1
    for quantity in (1000, 5000):
        with town.house.begin(town.ids["agent"]) as unit:
            goods.receive(
                unit,
                item_id=town.ids["item"],
                store_id=town.ids["store"],
                quantity_milli=quantity,
                unit_cost_cents=250,
                document=f"BL-{quantity}",
            )
            left = 0 if quantity == 5000 else 1
        assert len(town.subscriptions("goods-received")) == left
    with town.house.read() as reading:
        assert reading.session.scalars(sa.select(Reservation.quantity_milli)).all() == [12000]
        assert checks.run(reading.session) == []


def test_a_shortage_found_when_reporting_is_an_incident_and_keeps_the_report(town: Town) -> None:
    town.ask()
    _plan(town)
    _work(town, PART | {"quantity": Decimal(20)})
    [(element, message)] = town.incidents()
    assert element == "consume"
    assert "20 pce" in message
    with town.house.read() as reading:
        assert stock.on_hand(reading.session, town.ids["item"], town.ids["store"]) == 10000
        assert len(reading.session.scalars(sa.select(LabourEntry)).all()) == 1


def test_a_roof_is_repaired_by_a_contractor_and_reviewed_by_the_accountant(town: Town) -> None:
    request_id = town.ask(nature_code="BAT.TOITURE", title="Tuiles tombées")
    assert town.waiting() == ["qualify"]
    _qualify(town, natureCode="BAT.TOITURE", team="MACONNERIE", workMode="contractor", supplierCode="TOITS")
    assert town.groups("answer_order") == ["supplier:TOITS"]
    town.done("answer_order", accepted=True, promisedDay="2026-01-06")
    town.done(
        "report_done",
        report="Tuiles remplacées",
        amount=Decimal("1250.50"),
        documentReference="F-77",
        workDay="2026-01-05",
        photos=[],
    )
    town.done("accept_work", conform=True)
    assert town.waiting() == ["review"]
    assert town.groups("review") == ["accountant:COMMUNE"]
    town.wait(timedelta(minutes=5))
    accountant = town.ids["accountant"]
    town.done(
        "review",
        accountant,
        verdict="reject",
        rejectionCode="AMOUNT",
        rejectionText="À revoir",
        returnTo="imputation",
    )
    town.wait(timedelta(minutes=5))
    town.done("correct_imputation", correction="Rien à changer")
    town.done("review", accountant, verdict="accept")
    assert town.incidents() == []
    with town.house.read() as reading:
        assert reading.session.scalars(sa.select(Posting.total_cents)).all() == [125050]
        assert requests.get(reading.session, request_id).answer == "Tuiles remplacées"
        assert checks.run(reading.session) == []


def test_a_refused_request_is_closed_with_its_reason(town: Town) -> None:
    request_id = town.ask(nature_code=None, asset_id=None)
    _qualify(town, decision="refuse", refusalReason="Ce terrain est privé.")
    assert town.status(request_id) == ("closed", "completed")
    [letter] = [one for one in town.letters() if one["subject"].endswith("n’est pas retenue")]
    assert letter["text"].endswith("Ce terrain est privé.")


def test_a_duplicate_shares_the_answer_of_the_first(town: Town) -> None:
    first = town.ask()
    second = town.ask(requester_email="voisin@exemple.example")
    assert "qualify" in town.waiting()
    _qualify(town, decision="duplicate", duplicateOf=first)
    assert town.status(second) == ("duplicate", "completed")
    _plan(town)
    _work(town)
    told = {letter["to"] for letter in town.letters() if letter["subject"].endswith("est traitée")}
    assert told == {"parent@exemple.example", "voisin@exemple.example"}
    town.wait(timedelta(days=5))
    assert town.status(second)[0] == "closed"


def test_not_fixed_opens_the_request_again_for_the_window(town: Town) -> None:
    request_id = town.ask()
    _plan(town)
    _work(town)
    with town.house.begin("system:portal") as unit:
        intake.say_not_fixed(unit, request_id, "Il coule encore")
    assert town.waiting() == ["qualify"]
    assert town.status(request_id) == ("reopened", "active")
    _qualify(town)
    _plan(town)
    _work(town)
    town.wait(timedelta(days=5))
    assert town.status(request_id) == ("closed", "completed")
    with town.house.read() as reading:
        assert reading.session.scalars(sa.select(WorkOrder.status)).all() == ["closed", "closed"]


def test_not_fixed_comes_too_late_when_the_request_is_closed(town: Town) -> None:
    request_id = town.ask()
    _plan(town)
    _work(town)
    town.wait(timedelta(days=5))
    with town.house.begin("system:portal") as unit, pytest.raises(WrongState, match="is closed"):
        intake.say_not_fixed(unit, request_id, "Il coule encore")


def test_the_leader_is_written_to_at_the_due_date_and_the_team_before(town: Town) -> None:
    town.ask()
    _plan(town)
    town.wait(timedelta(hours=8))
    town.wait(timedelta(days=3))
    written = [letter["to"] for letter in town.letters() if "passée" in letter["subject"]]
    assert sorted(written) == ["agent@valmont.example", "cheffe@valmont.example", "cheffe@valmont.example"]
    assert town.waiting() == ["do_work"]


def test_work_planned_for_nobody_is_offered_to_the_team(town: Town) -> None:
    town.ask()
    town.done("plan", personId=None, plannedStart="2026-01-05T13:00", plannedEnd="2026-01-05T15:00")
    assert town.groups("do_work") == ["PLOMBERIE"]
    _work(town)
    assert town.waiting() == []


def _shared_school(town: Town) -> None:
    """Let the plumbers of the commune work twenty hours in a house of the CPAS: two entities post."""
    with town.house.begin(town.ids["agent"]) as unit:
        who = {"at": unit.now, "by": unit.actor}
        people.grant(unit.session, person_id=town.ids["accountant"], role="accountant", **who)
        cpas = entities.create(
            unit.session, code="CPAS", name="CPAS de Valmont", kind="cpas", accounting="public", **who
        )
        settlement.install_defaults(unit.session, cpas.id, valid_from=date(2020, 1, 1), **who)
        journal.open_year(unit.session, entity_id=cpas.id, year=2026, **who)
        house = assets.create(
            unit.session,
            entity_id=cpas.id,
            class_code="school",
            code="R1",
            name="Résidence des Saules",
            owned_from=date(2010, 1, 1),
            **who,
        )
    town.ask(entity_id=cpas.id, asset_id=house.id)
    _plan(town)
    town.done("do_work", report="Fait", labour=[{"hours": Decimal(20)}], parts=[], photos=[], finished=True)
    assert town.waiting() == ["review", "review"]


def _review(town: Town, entity: str, **answers: object) -> None:
    with town.house.begin(town.ids["accountant"]) as unit:
        inbox = queries.inbox(unit, "team", person="p", groups={f"accountant:{entity}"})
        [task] = inbox.rows
        tasks.complete(unit, task.id, answers)


def test_the_accountants_of_both_entities_see_their_own_part_and_both_must_accept(town: Town) -> None:
    _shared_school(town)
    with town.house.read() as reading:
        for entity in ("COMMUNE", "CPAS"):
            [task] = queries.inbox(reading, "team", person="p", groups={f"accountant:{entity}"}).rows
            part = tasks.variables_of(reading, task.id)["part"]
            owners = {settlement.get(reading.session, one).entity_id for one in part["proposalIds"]}
            assert owners == {entities.by_code(reading.session, entity).id}
            assert part["cents"] >= 60_000
    _review(town, "CPAS", verdict="accept")
    assert town.waiting() == ["review"]
    _review(town, "COMMUNE", verdict="accept")
    assert town.waiting() == []
    assert town.incidents() == []
    with town.house.read() as reading:
        assert len(set(reading.session.scalars(sa.select(Posting.entity_id)))) == 2
        assert checks.run(reading.session) == []


def test_one_rejection_withdraws_the_other_review_and_posts_nothing(town: Town) -> None:
    _shared_school(town)
    _review(town, "COMMUNE", verdict="accept")
    _review(
        town, "CPAS", verdict="reject", rejectionCode="OTHER", rejectionText="Rien reçu", returnTo="dispute"
    )
    assert town.waiting() == ["settle_dispute"]
    assert town.groups("settle_dispute") == ["manager:CPAS"]
    assert town.incidents() == []
    with town.house.read() as reading:
        assert set(reading.session.scalars(sa.select(Proposal.status))) == {"rejected"}
        assert reading.session.scalars(sa.select(Posting.id)).all() == []
