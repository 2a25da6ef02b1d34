"""Tasks as pages: what is typed is kept, what is wrong is named, what happened meanwhile is said."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from engine import definitions, instances, jobs, queries
from engine.errors import Busy
from registry import people
from registry.tables.documents import Document
from tests import diagrams as d
from tests import factories_processes
from tests.factories_processes import Town
from tests.web_house import browser_of
from web import errors
from web.app import create_app
from web.security import limiter
from web.settings import Settings

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


class Desk:
    """A town, its pages, and browsers of its people."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        self.folder = folder
        self.app = create_app(replace(Settings(home=folder)), town.house)
        self.app.config["WTF_CSRF_ENABLED"] = False

    def client(
        self, *roles: Any, person: str | None = None, locale: str = "fr", entity_id: str | None = None
    ) -> FlaskClient:
        with self.town.house.begin("system:test") as unit:
            if person is None:
                made = people.create_person(
                    unit.session,
                    entity_id=self.town.ids["commune"],
                    name="Quelqu’un",
                    email=None,
                    locale=locale,
                    at=unit.now,
                    by=unit.actor,
                )
                person = made.id
            for role in roles:
                people.grant(
                    unit.session,
                    person_id=person,
                    role=role,
                    entity_id=entity_id,
                    at=unit.now,
                    by=unit.actor,
                )
        return browser_of(self.app, self.town.house, person)

    def task(self, element: str) -> str:
        with self.town.house.read() as reading:
            rows = reading.connection.exec_driver_sql(
                "select id from user_task where element = ? and status = 'open'", (element,)
            )
            return str(rows.scalar())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limiter.enabled = False
    with factories_processes.opened() as town:
        yield Desk(town, tmp_path)
    limiter.enabled = True


def qualify(desk: Desk) -> tuple[FlaskClient, str]:
    """Return a window's browser with a task to qualify that it has taken, and the task's address."""
    desk.town.ask(asset_id=None, nature_code=None, title="Porte qui grince")
    client = desk.client("operator")
    address = f"/tasks/{desk.task('qualify')}"
    client.post(f"{address}/claim")
    return client, address


ACCEPT = {
    "decision": "accept",
    "natureCode": "BAT.PLOMBERIE",
    "team": "PLOMBERIE",
    "workMode": "in_house",
    "priority": "2",
    "delayHours": "24",
}


def test_a_refused_form_keeps_what_was_typed_and_names_each_point(desk: Desk) -> None:
    client, address = qualify(desk)
    answer = client.post(address, data=ACCEPT | {"delayHours": "demain", "natureCode": ""})
    assert answer.status_code == 422
    assert 'value="demain"' in answer.text
    assert 'href="#f-delayHours"' in answer.text
    assert 'href="#f-natureCode"' in answer.text
    assert re.search(r'id="f-delayHours"[^>]*aria-invalid="true"', answer.text)


def test_a_completed_form_moves_the_case_on(desk: Desk) -> None:
    client, address = qualify(desk)
    assert client.post(address, data=ACCEPT).status_code == 303
    assert desk.town.waiting() == ["plan"]


def test_fields_of_another_answer_are_not_asked_for(desk: Desk) -> None:
    client, address = qualify(desk)
    shown = client.post(address, data={"decision": "refuse", "_refresh": "1"}).text
    assert 'id="f-refusalReason"' in shown
    assert 'id="f-natureCode"' not in shown


def test_rows_come_and_go_without_scripts(desk: Desk) -> None:
    client, address = qualify(desk)
    one = client.post(address, data=ACCEPT | {"_add": "materials"}).text
    assert 'name="materials.0.itemCode"' in one
    row = {"materials.0.itemCode": "JOINT", "materials.0.storeCode": "DEPOT", "materials.0.quantity": "1,5"}
    two = client.post(address, data=ACCEPT | row | {"_add": "materials"}).text
    assert 'value="1,5"' in two
    assert 'name="materials.1.itemCode"' in two
    left = client.post(address, data=ACCEPT | row | {"_remove": "materials.0"}).text
    assert 'name="materials.0.itemCode"' not in left


def test_a_comma_is_a_comma(desk: Desk) -> None:
    client, address = qualify(desk)
    row = {"materials.0.itemCode": "JOINT", "materials.0.storeCode": "DEPOT", "materials.0.quantity": "1,5"}
    client.post(address, data=ACCEPT | row)
    with desk.town.house.read() as reading:
        held = reading.connection.exec_driver_sql("select quantity_milli from reservation").scalar()
    assert held == 1500


def test_a_draft_is_found_again_by_its_author_only(desk: Desk) -> None:
    client, address = qualify(desk)
    client.post(address, data=ACCEPT | {"delayHours": "37", "_save": "1"})
    again = client.get(address).text
    assert 'value="37"' in again
    assert "brouillon" in again


def test_a_quiet_draft_answers_with_nothing(desk: Desk) -> None:
    client, address = qualify(desk)
    assert client.post(address, data=ACCEPT | {"_save": "1", "_quiet": "1"}).status_code == 204


def test_a_task_that_changed_since_it_was_shown_is_refused_and_nothing_is_lost(desk: Desk) -> None:
    client, address = qualify(desk)
    shown = re.search(r'name="_version" value="(\d+)"', client.get(address).text)
    assert shown is not None
    client.post(f"{address}/release")
    client.post(f"{address}/claim")
    answer = client.post(address, data=ACCEPT | {"delayHours": "41", "_version": shown[1]})
    assert answer.status_code == 409
    assert "a changé pendant que vous l’aviez ouvert" in answer.text
    assert 'value="41"' in answer.text


def test_a_task_done_twice_is_done_once_and_says_so(desk: Desk) -> None:
    client, address = qualify(desk)
    client.post(address, data=ACCEPT)
    answer = client.post(address, data=ACCEPT)
    assert answer.status_code == 409
    assert "Cette étape est déjà faite" in answer.text


def test_a_task_somebody_took_shows_who(desk: Desk) -> None:
    _, address = qualify(desk)
    second = desk.client("operator")
    assert "Quelqu’un a pris cette tâche" in second.get(address).text
    assert second.post(f"{address}/claim").status_code == 409


def test_a_task_of_another_team_is_closed_to_me(desk: Desk) -> None:
    _, address = qualify(desk)
    stranger = desk.client("storekeeper")
    assert stranger.get(address).status_code == 403
    assert stranger.post(f"{address}/claim").status_code == 403
    assert stranger.post(address, data=ACCEPT).status_code == 403


def test_a_task_not_taken_cannot_be_done_by_somebody_outside_its_groups(desk: Desk) -> None:
    desk.town.ask()
    agent = desk.client("agent", person=desk.town.ids["agent"])
    assert agent.post(f"/tasks/{desk.task('plan')}", data={}).status_code == 403


def test_a_given_back_task_waits_for_the_team_again(desk: Desk) -> None:
    client, address = qualify(desk)
    client.post(f"{address}/release")
    assert "Porte qui grince" in client.get("/inbox?view=team").text
    assert "Porte qui grince" not in client.get("/inbox?view=mine").text


def test_a_task_whose_check_has_yet_to_answer_says_so_to_whoever_takes_it_or_gives_it_back(
    desk: Desk,
) -> None:
    drawn = d.process(
        "checked",
        d.start(),
        d.user("write", groups="operator", listeners="assigning:hands.check"),
        d.end(),
        flows="start write end",
    )
    with desk.town.house.begin("system:test") as unit:
        definitions.deploy(unit, [definitions.File("checked.bpmn", drawn)], message="A task with a check")
        instances.start(unit, "checked", {})
    client, address = desk.client("operator"), f"/tasks/{desk.task('write')}"
    assert "dès que son contrôle aura répondu" in client.post(f"{address}/claim", follow_redirects=True).text
    for _ in range(2):
        answer = client.post(f"{address}/claim")
        assert (answer.status_code, "attend encore son contrôle" in answer.text) == (409, True)
    allow(desk)
    page = client.post(f"{address}/release", follow_redirects=True).text
    assert "Vous gardez cette tâche" in page
    assert "attend à nouveau" not in page
    answer = client.post(f"{address}/release")
    assert (answer.status_code, "attend encore son contrôle" in answer.text) == (409, True)
    allow(desk)
    assert "Prendre cette tâche" in client.get(address).text


def test_answers_that_a_check_refuses_come_back_with_the_task(desk: Desk) -> None:
    drawn = d.process(
        "checked",
        d.start(),
        d.user("write", groups="operator", form="letter", listeners="completing:hands.check"),
        d.end(),
        flows="start write end",
    )
    form = {
        "id": "letter",
        "type": "default",
        "components": [{"type": "textfield", "key": "t", "label": "Texte"}],
    }
    files = [
        definitions.File("checked.bpmn", drawn),
        definitions.File("letter.form", json.dumps(form).encode()),
    ]
    with desk.town.house.begin("system:test") as unit:
        definitions.deploy(unit, files, message="A task whose answers are checked")
        instances.start(unit, "checked", {})
    client, address = desk.client("operator"), f"/tasks/{desk.task('write')}"
    client.post(f"{address}/claim")
    said = client.post(address, data={"t": "Un long texte"}, follow_redirects=True).text
    assert "la tâche vous revient avec vos réponses" in said
    with desk.town.house.begin("system:test") as unit:
        [job] = jobs.acquire(unit, ["hands.check"], worker="w", limit=5, lease=timedelta(minutes=1))
        jobs.deny(unit, job.id, job.fence, "Trop long.")
    page = client.get(address).text
    assert 'value="Un long texte"' in page
    client.post(address, data={"t": "Court"})
    allow(desk)
    with desk.town.house.read() as reading:
        assert reading.connection.exec_driver_sql("select count(*) from task_draft").scalar() == 1


def allow(desk: Desk) -> None:
    with desk.town.house.begin("system:test") as unit:
        [job] = jobs.acquire(unit, ["hands.check"], worker="w", limit=5, lease=timedelta(minutes=1))
        jobs.complete(unit, job.id, job.fence, {})


def test_photos_of_a_report_belong_to_the_order_and_are_shown_with_the_request(desk: Desk) -> None:
    desk.town.ask()
    desk.town.plan()
    agent = desk.client("agent", person=desk.town.ids["agent"])
    address = f"/tasks/{desk.task('do_work')}"
    agent.post(f"{address}/claim")
    first = agent.post(
        address,
        data={"report": "", "photos": (io.BytesIO(PNG), "../../avant.png")},
        content_type="multipart/form-data",
    )
    assert first.status_code == 422
    kept = re.search(r'name="photos" value="([^"]+)"', first.text)
    assert kept is not None, "the photo must not have to be chosen again"
    done = {
        "report": "Joint remplacé",
        "labour.0.hours": "1,5",
        "finished": "true",
        "photos": kept[1].replace("&#34;", '"'),
    }
    assert agent.post(address, data=done).status_code == 303
    manager = desk.client("manager")
    for page in ("/requests/2026-000001", "/orders/OT-2026-000001"):
        shown = manager.get(page).text
        assert "avant.png" in shown
        assert "Agent Un" in shown
    picture = re.search(r'src="(/files/[^"]+)"', manager.get("/requests/2026-000001").text)
    assert picture is not None
    sent = manager.get(picture[1], buffered=True)
    assert (sent.status_code, sent.mimetype, sent.data) == (200, "image/png", PNG)
    assert sent.headers["Content-Disposition"] == "attachment; filename=avant.png"
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in sent.headers["Content-Security-Policy"]
    with desk.town.house.read() as reading:
        [document] = reading.session.scalars(sa.select(Document)).all()
        assert (document.noun, document.created_by) == ("work_order", desk.town.ids["agent"])
        assert document.filed_by == desk.town.ids["agent"]


def test_an_upload_is_its_owners_until_the_task_is_done(desk: Desk) -> None:
    desk.town.ask()
    desk.town.plan()
    agent = desk.client("agent", person=desk.town.ids["agent"])
    address = f"/tasks/{desk.task('do_work')}"
    agent.post(f"{address}/claim")
    answer = agent.post(
        address,
        data={"report": "", "photos": (io.BytesIO(PNG), "avant.png"), "_save": "1"},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303
    again = agent.get(address).text
    assert "avant.png" in again
    with desk.town.house.read() as reading:
        document_id = reading.session.scalars(sa.select(Document.id)).one()
    assert agent.get(f"/files/{document_id}", buffered=True).status_code == 200
    assert desk.client("manager").get(f"/files/{document_id}").status_code == 403
    forged = {"report": "", "photos": '{"id": "%s", "name": "x", "type": "y", "size": 1}' % ("0" * 36)}
    assert "0000000000" not in agent.post(address, data=forged).text


@pytest.mark.parametrize("key", ["../../secret.key", "x.png", "0" * 36])
def test_a_file_address_cannot_lead_elsewhere(desk: Desk, key: str) -> None:
    desk.town.ask()
    assert desk.client("manager").get(f"/files/{key}").status_code == 404


def test_english_people_read_their_tasks_in_english(desk: Desk) -> None:
    desk.town.ask(asset_id=None, nature_code=None)
    client = desk.client("operator", locale="en")
    client.post(f"/tasks/{desk.task('qualify')}/claim")
    page = client.get(f"/tasks/{desk.task('qualify')}").text
    assert "Complete the task" in page
    assert "What next?" in page
    assert "Quelle suite" not in page
    assert "Qualifier la demande" not in page


def test_the_inbox_finds_tasks_by_the_words_of_their_requests(desk: Desk) -> None:
    qualify(desk)
    desk.town.ask(asset_id=None, nature_code=None, title="Lampadaire éteint")
    client = desk.client("operator")
    page = client.get("/inbox?view=team&q=lampadaire").text
    assert "Lampadaire éteint" in page
    assert "Porte qui grince" not in page


def test_the_inbox_is_paged_and_the_address_keeps_the_page(desk: Desk) -> None:
    for number in range(27):
        desk.town.ask(asset_id=None, nature_code=None, title=f"Panne {number}")
    client = desk.client("operator")
    first = client.get("/inbox?view=team").text
    assert first.count('class="task"') == 25
    assert "page=2" in first
    assert client.get("/inbox?view=team&page=2").text.count('class="task"') == 2


def test_an_impossible_page_is_said_to_be_one(desk: Desk) -> None:
    client = desk.client("operator")
    assert client.get("/inbox?page=-1").status_code == 400
    assert client.get("/requests/?sort=password").status_code == 422


def test_unknown_tasks_are_not_found(desk: Desk) -> None:
    assert desk.client("operator").get("/tasks/nobody.1").status_code == 404


def test_a_busy_instance_asks_to_try_again(desk: Desk) -> None:
    with desk.app.test_request_context("/inbox"):
        page, status, headers = errors._of_floor(Busy("Another command works on it."))
    assert (status, headers["Retry-After"]) == (503, "3")
    assert "Une autre action est en cours" in page


def test_a_completed_task_leaves_no_draft(desk: Desk) -> None:
    client, address = qualify(desk)
    client.post(address, data=ACCEPT | {"_save": "1"})
    client.post(address, data=ACCEPT)
    with desk.town.house.read() as reading:
        task_id = address.rpartition("/")[2]
        assert queries.task(reading, task_id).status == "completed"
        assert reading.connection.exec_driver_sql("select count(*) from task_draft").scalar() == 0


def test_the_inbox_opens_on_the_first_shelf_that_has_something(desk: Desk) -> None:
    client, _ = qualify(desk)
    assert "Porte qui grince" in client.get("/inbox").text
    desk.town.ask(asset_id=None, nature_code=None, title="Lampadaire éteint")
    newcomer = desk.client("operator")
    assert "Lampadaire éteint" in newcomer.get("/inbox").text
    assert "Lampadaire éteint" not in newcomer.get("/inbox?view=mine").text
