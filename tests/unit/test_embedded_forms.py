"""Forms written inside a diagram (``zeebe:userTaskForm``): taken out at deployment, found by their task."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engine import definitions
from engine.definitions import File
from engine.tables import UserTask
from tests.factories_engine import House


def diagram(form: str, *, process: str = "p", key: str = "camunda-forms:bpmn:f") -> bytes:
    return f"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="u">
<bpmn:process id="{process}" isExecutable="true">
<bpmn:extensionElements>
<zeebe:userTaskForm id="f">{form}</zeebe:userTaskForm>
</bpmn:extensionElements>
<bpmn:startEvent id="s"/>
<bpmn:userTask id="t"><bpmn:extensionElements><zeebe:assignmentDefinition assignee="ada"/>
<zeebe:formDefinition formKey="{key}"/></bpmn:extensionElements></bpmn:userTask>
<bpmn:sequenceFlow id="s_t" sourceRef="s" targetRef="t"/>
</bpmn:process></bpmn:definitions>""".encode()


def schema(*keys: str) -> str:
    return json.dumps({"components": [{"type": "textfield", "key": key} for key in keys], "type": "default"})


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def _keys_of_the_form(house: House, process: str = "p") -> list[str]:
    """Return the fields that the one task of a process asks for."""
    with house.engine.read() as reading:
        query = sa.select(UserTask.form_definition_id).where(UserTask.process_id == process)
        form = house.engine.library.form(reading.connection, reading.connection.scalar(query))
        return [component["key"] for component in form.components]


def test_a_task_finds_the_form_inside_its_diagram(house: House) -> None:
    house.deploy(diagram(schema("name", "street")))
    house.start("p")
    assert _keys_of_the_form(house) == ["name", "street"]


def test_forms_of_one_id_in_two_diagrams_are_two(house: House) -> None:
    house.deploy(diagram(schema("name")), diagram(schema("city"), process="q"))
    house.start("p")
    assert _keys_of_the_form(house) == ["name"]
    house.start("q")
    assert _keys_of_the_form(house, "q") == ["city"]


def test_a_form_stays_with_the_version_of_its_process(house: House) -> None:
    house.deploy(diagram(schema("old")))
    house.deploy(diagram(schema("new")))
    house.start("p")
    assert _keys_of_the_form(house) == ["new"]


@pytest.mark.parametrize(
    ("form", "key", "code", "element", "line"),
    [
        ("{\n broken", "camunda-forms:bpmn:f", "form.not_json", "p.f", 6),
        (
            '{"components": [{"type": "select", "key": "k"}]}',
            "camunda-forms:bpmn:f",
            "form.no_options",
            "k",
            5,
        ),
        (schema("a"), "camunda-forms:bpmn:g", "user_task.other_form", "t", 9),
        (schema("a"), "my-own-page", "user_task.other_form", "t", 9),
    ],
)
def test_a_form_that_cannot_be_shown_is_refused_at_its_place(
    form: str, key: str, code: str, element: str, line: int
) -> None:
    content = diagram(form, key=key)
    [problem] = definitions.check([File("p.bpmn", content)]).problems
    expected = next(n for n, text in enumerate(content.splitlines(), 1) if b"formKey" in text)
    assert (problem.code, problem.element, problem.file) == (code, element, "p.bpmn")
    assert problem.line == (expected if element == "t" else line)
