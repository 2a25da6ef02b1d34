"""What the floors below refuse is said on pages in the language of the page, never in the English of the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import definitions, instances, operations
from engine.errors import BpmnError, DefinitionRefused, Denied, EngineError
from registry.errors import RegistryError
from tests import diagrams as d
from tests import factories_processes
from tests.unit.web.test_task_pages import ACCEPT, Desk, qualify
from web.errors import sentence_of, status_of
from web.security import limiter
from web.words import SENTENCES

ELSEWHERE = (
    "engine.feel",
    "engine.dmn",
    "integrations.imports",
    "integrations.mail",
    "integrations.tasks",
    "web.scratch",
)
"""Told by editors, by the command line, or by incidents."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limiter.enabled = False
    with factories_processes.opened() as town:
        yield Desk(town, tmp_path)
    limiter.enabled = True


def _below(family: type[Exception]) -> Iterator[type[Exception]]:
    for one in family.__subclasses__():
        yield one
        yield from _below(one)


def test_every_refusal_that_a_page_can_meet_has_its_words() -> None:
    met = [
        one
        for family in (EngineError, RegistryError)
        for one in _below(family)
        if not one.__module__.startswith(ELSEWHERE)
        and one not in (BpmnError, DefinitionRefused)
        and status_of(one.__new__(one)) != 500
    ]
    assert len(met) > 20
    assert [one.__qualname__ for one in met if one.code not in SENTENCES] == []  # type: ignore[attr-defined]


def test_what_has_no_words_of_its_own_is_said_in_french_all_the_same(desk: Desk) -> None:
    with desk.app.test_request_context("/", headers={"Accept-Language": "fr"}):
        said = sentence_of(BpmnError("BROKEN", "The pump is broken."))
    assert said == "Cela ne peut pas se faire comme demandé."


def test_what_a_listener_denies_is_said_in_its_own_words(desk: Desk) -> None:
    with desk.app.test_request_context("/", headers={"Accept-Language": "fr"}):
        said = sentence_of(Denied("Le rapport n’a pas de date."))
    assert said == "Un contrôle de cette tâche ne le permet pas. Le rapport n’a pas de date."


def test_a_claim_that_waits_for_its_check_says_so_and_a_second_one_is_refused(desk: Desk) -> None:
    drawn = d.process(
        "signed",
        d.start(),
        d.user("sign", groups="operator", listeners="assigning:may.sign"),
        flows="start sign",
    )
    with desk.town.house.begin("system:test") as unit:
        definitions.deploy(unit, [definitions.File("signed.bpmn", drawn)], message="test")
        instances.start(unit, "signed")
    client = desk.client("operator")
    address = f"/tasks/{desk.task('sign')}"
    shown = client.post(f"{address}/claim", follow_redirects=True)
    assert shown.status_code == 200
    assert "Cette tâche sera à vous dès que son contrôle aura répondu." in shown.text
    again = client.post(f"{address}/claim")
    assert again.status_code == 409
    assert "Une modification précédente de cette tâche attend encore son contrôle." in again.text


def test_a_task_of_a_suspended_process_says_that_it_waits_for_the_resumption(desk: Desk) -> None:
    client, address = qualify(desk)
    with desk.town.house.begin("system:test") as unit:
        task = unit.connection.exec_driver_sql("select instance_id from user_task").scalar()
        operations.suspend(unit, str(task), "site")
    answer = client.post(address, data=ACCEPT)
    assert answer.status_code == 409
    assert "Le processus est suspendu\u00a0: rien ne le fait avancer" in answer.text


def test_an_answer_that_a_case_cannot_hold_is_refused_on_its_form(desk: Desk) -> None:
    client, address = qualify(desk)
    with desk.town.house.begin("system:test") as unit:
        instance_id = unit.connection.exec_driver_sql("select instance_id from user_task").scalar()
        instances.set_variables(unit, str(instance_id), {"notes": "x" * 999_000})
    answer = client.post(address, data=ACCEPT)
    assert answer.status_code == 409
    assert "plus de texte que permis" in answer.text
