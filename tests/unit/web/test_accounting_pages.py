"""Proposals, postings and exports as pages: only the accountant of the entity decides, and only once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine import tasks
from registry import queries, tokens
from tests import factories, factories_processes
from tests.unit.web.test_task_pages import Desk
from web.security import limiter


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limiter.enabled = False
    with factories_processes.opened() as town:
        yield Desk(town, tmp_path)
    limiter.enabled = True


def finish(desk: Desk, hours: int) -> str:
    """Do some hours of work on a leak, up to the books, and return the id of the first proposal."""
    desk.town.ask()
    desk.town.plan()
    line = {"hours": Decimal(hours), "day": "2026-01-05"}
    desk.town.done("do_work", report="Colonne remplacée", labour=[line], parts=[], photos=[], finished=True)
    with desk.town.house.read() as reading:
        return queries.proposals_page(reading.session, entity_ids=None).rows[0].id


def test_a_small_amount_is_posted_by_rule_and_shown_with_its_lines(desk: Desk) -> None:
    finish(desk, 1)
    accountant = desk.client("accountant")
    page = accountant.get("/postings/posted").text
    assert "30,00\xa0€" in page
    with desk.town.house.read() as reading:
        row = queries.postings_page(reading.session, entity_ids=None).rows[0]
    sheet = accountant.get(f"/postings/posted/{row.id}").text
    assert row.reference in sheet
    assert sheet.count("30,00\xa0€") >= 4


def test_a_large_amount_waits_in_the_process_and_the_page_leads_there(desk: Desk) -> None:
    proposal = finish(desk, 20)
    page = desk.client("accountant").get(f"/postings/proposals/{proposal}").text
    assert "Ouvrir la tâche" in page
    assert "Accepter et comptabiliser" not in page
    assert "À décider" in page


def test_the_accountant_decides_in_the_task(desk: Desk) -> None:
    finish(desk, 20)
    accountant = desk.client("accountant")
    address = f"/tasks/{desk.task('review')}"
    accountant.post(f"{address}/claim")
    assert accountant.post(address, data={"verdict": "accept"}).status_code == 303
    assert "600,00\xa0€" in accountant.get("/postings/posted").text


def test_the_manager_reads_but_does_not_decide(desk: Desk) -> None:
    proposal = finish(desk, 20)
    manager = desk.client("manager")
    assert "Décider" not in manager.get(f"/postings/proposals/{proposal}").text
    assert manager.post(f"/postings/proposals/{proposal}/accept").status_code == 403


def test_a_rejection_needs_its_code(desk: Desk) -> None:
    proposal = finish(desk, 20)
    answer = desk.client("accountant").post(
        f"/postings/proposals/{proposal}/reject", data={"code": "", "text": "non"}
    )
    assert answer.status_code == 422
    assert 'href="#code"' in answer.text


def test_a_proposal_is_accepted_once(desk: Desk) -> None:
    proposal = finish(desk, 20)
    accountant = desk.client("accountant")
    first = accountant.post(f"/postings/proposals/{proposal}/accept")
    assert first.status_code == 302
    rejected = accountant.post(
        f"/postings/proposals/{proposal}/reject", data={"code": "AMOUNT", "text": "trop"}
    )
    assert rejected.status_code == 409


@pytest.mark.parametrize(
    ("code", "ending"),
    [("fec", ".txt"), ("csv", ".csv"), ("hledger", ".journal"), ("beancount", ".beancount")],
)
def test_postings_leave_as_files(desk: Desk, code: str, ending: str) -> None:
    finish(desk, 1)
    answer = desk.client("accountant").get(
        f"/postings/export/file?entity=COMMUNE&format={code}&from=2026-01-01&to=2026-12-31"
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(f'{ending}"')


@pytest.mark.parametrize(
    "span", ["from=2026-12-31&to=2026-01-01", "from=yesterday&to=2026-01-01", "from=&to="]
)
def test_a_span_that_makes_no_sense_is_said_to(desk: Desk, span: str) -> None:
    answer = desk.client("accountant").get(f"/postings/export/file?entity=COMMUNE&format=fec&{span}")
    assert answer.status_code == 422
    assert "à corriger" in answer.text
    assert "Expected" not in answer.text


def test_an_accountant_of_another_entity_neither_sees_nor_decides(desk: Desk) -> None:
    proposal = finish(desk, 20)
    with desk.town.house.begin("system:test") as unit:
        cpas = factories.entity(unit.session, code="CPAS", name="CPAS de Valmont").id
    stranger, own = (
        desk.client("accountant", entity_id=entity_id) for entity_id in (cpas, desk.town.ids["commune"])
    )
    task = desk.task("review")
    assert stranger.get(f"/tasks/{task}").status_code == 403
    assert stranger.post(f"/postings/proposals/{proposal}/accept").status_code == 403
    assert "Contrôler la proposition" not in stranger.get("/inbox?view=team").text
    assert "Comptables, Commune de Valmont" in own.get("/inbox?view=team").text
    own.post(f"/tasks/{task}/claim")
    page = own.get(f"/tasks/{task}").text
    assert "pour COMMUNE" in page
    assert "600,00 €" in page


def test_who_did_the_work_does_not_accept_its_postings_in_the_task(desk: Desk) -> None:
    finish(desk, 20)
    both = desk.client("accountant", person=desk.town.ids["agent"])
    address = f"/tasks/{desk.task('review')}"
    both.post(f"{address}/claim")
    answer = both.post(address, data={"verdict": "accept"})
    assert answer.status_code == 409
    assert "Vous avez pris part à ces travaux" in answer.text
    with desk.town.house.read() as reading:
        assert not queries.postings_page(reading.session, entity_ids=None).rows


@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_a_review_offered_to_somebody_who_is_no_accountant_is_not_decided_by_them(
    desk: Desk, verdict: str
) -> None:
    finish(desk, 20)
    leader = desk.town.ids["leader"]
    client = desk.client("leader", person=leader)
    task = desk.task("review")
    with desk.town.house.begin("system:test") as unit:
        tasks.update(unit, task, {"candidate_users": [leader]})
    client.post(f"/tasks/{task}/claim")
    sent = {"verdict": verdict, "rejectionCode": "AMOUNT", "rejectionText": "trop", "returnTo": "costs"}
    answer = client.post(f"/tasks/{task}", data=sent)
    assert answer.status_code == 409
    assert "Seul un comptable de cette entité" in answer.text
    with desk.town.house.read() as reading:
        assert queries.proposals_page(reading.session, entity_ids=None, status=("pending",)).total > 0


def test_who_did_the_work_does_not_accept_its_postings_on_the_sheet_but_may_reject_them(desk: Desk) -> None:
    proposal = finish(desk, 20)
    both = desk.client("accountant", person=desk.town.ids["agent"])
    answer = both.post(f"/postings/proposals/{proposal}/accept")
    assert answer.status_code == 409
    assert "Vous avez pris part à ces travaux" in answer.text
    sent = {"code": "AMOUNT", "text": "trop d’heures"}
    assert both.post(f"/postings/proposals/{proposal}/reject", data=sent).status_code == 302


def test_a_program_in_the_name_of_who_did_the_work_does_not_accept_its_postings(desk: Desk) -> None:
    finish(desk, 20)
    agent = desk.town.ids["agent"]
    desk.client("accountant", person=agent)
    with desk.town.house.begin("system:test") as unit:
        end = unit.now + timedelta(days=1)
        _row, token = tokens.create(
            unit.session,
            name="Robot",
            scopes=["tasks"],
            expires_at=end,
            person_id=agent,
            at=unit.now,
            by=unit.actor,
        )
    answer = desk.app.test_client().post(
        f"/api/v1/tasks/{desk.task('review')}/complete",
        json={"variables": {"verdict": "accept"}},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 409
    assert answer.get_json()["error"]["code"] == "own_work"
