"""Each task type is declared once; handler, check and template follow from it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import bpmn
from engine import definitions
from engine.errors import BpmnError
from engine.store import Call
from integrations import tasks
from integrations.tasks.catalogue import StepRefused, _handler
from integrations.tasks.declaration import Field, TaskType, WrongInput, WrongOutput, perform, typed
from registry.errors import Missing
from registry.stock import NotEnough

ROOT = Path(__file__).parents[2]


def call(name: str = "test.do", **inputs: Any) -> Call:
    return Call(name, inputs, {}, "i1", None, "element", "i1.7")


def task_type(*inputs: Field, do: Any = None, **facts: Any) -> TaskType:
    def echo(_unit: object, _call: Call, **given: Any) -> Mapping[str, Any]:
        return given

    return TaskType("test.do", "Faire", "Do", "Fait.", "Does.", do or echo, inputs=inputs, **facts)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("text", "a", "a"),
        ("integer", Decimal("3.0"), 3),
        ("integer", "12", 12),
        ("number", Decimal("1.50"), Decimal("1.50")),
        ("boolean", False, False),
        ("date", "2026-01-05", date(2026, 1, 5)),
        ("date", datetime(2026, 1, 5, 8, tzinfo=UTC), date(2026, 1, 5)),
        ("instant", "2026-01-05T08:00:00+00:00", datetime(2026, 1, 5, 8, tzinfo=UTC)),
        ("list", [1], [1]),
        ("object", {"a": 1}, {"a": 1}),
    ],
)
def test_an_input_comes_in_its_declared_type(kind: Any, given: Any, expected: Any) -> None:
    found = typed(task_type(Field("someValue", kind, "Valeur", "Value")), {"someValue": given})
    assert found == {"some_value": expected}
    assert type(found["some_value"]) is type(expected)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("text", 3),
        ("integer", Decimal("1.5")),
        ("integer", True),
        ("number", "douze"),
        ("boolean", "oui"),
        ("date", "demain"),
        ("instant", 7),
        ("list", "a"),
        ("object", []),
    ],
)
def test_an_input_of_another_type_is_refused_with_its_name(kind: Any, given: Any) -> None:
    with pytest.raises(WrongInput, match=r"“someValue” of test\.do"):
        typed(task_type(Field("someValue", kind, "Valeur", "Value")), {"someValue": given})


@pytest.mark.parametrize("given", [{}, {"orderId": None}, {"orderId": ""}])
def test_an_empty_input_is_refused_only_where_it_is_required(given: dict[str, Any]) -> None:
    with pytest.raises(WrongInput, match=r"“orderId” \(Order\), but it is empty"):
        typed(task_type(Field("orderId", "text", "Ordre", "Order")), given)
    assert typed(task_type(Field("orderId", "text", "Ordre", "Order", required=False)), given) == {
        "order_id": None
    }


def test_a_function_must_return_what_its_declaration_names() -> None:
    with pytest.raises(WrongOutput, match="to return"):
        perform(task_type(do=lambda _unit, _call: {"surprise": 1}), None, call())


def test_a_refusal_of_the_registry_becomes_a_refusal_of_the_step_with_its_facts() -> None:
    def refuse(_unit: object, _call: Call) -> Mapping[str, Any]:
        raise Missing("Expected an item, but there is none.", noun="item")

    with pytest.raises(StepRefused) as found:
        _handler(task_type(do=refuse))(None, call())
    assert (found.value.reason, found.value.noun) == ("missing", "item")


def test_a_refusal_with_a_bpmn_code_can_be_caught_by_the_diagram() -> None:
    def refuse(_unit: object, _call: Call) -> Mapping[str, Any]:
        raise NotEnough("Expected 12, but 4 are available.", available=4)

    declared = task_type(
        do=refuse,
        errors={NotEnough.code: "STOCK_SHORTAGE"},
        error_variables=lambda error: {"available": error.available},
    )
    with pytest.raises(BpmnError) as found:
        _handler(declared)(None, call())
    assert found.value.error_code == "STOCK_SHORTAGE"
    assert found.value.variables == {"available": 4}


@pytest.mark.parametrize("name", tasks.TYPES)
def test_each_function_takes_the_inputs_that_its_type_declares(name: str) -> None:
    declared = tasks.TYPES[name]
    keywords = [
        one.name
        for one in inspect.signature(declared.do).parameters.values()
        if one.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    assert sorted(keywords) == sorted(one.argument for one in declared.inputs)


def test_an_unknown_type_is_refused_with_the_nearest_name() -> None:
    [problem] = tasks.check_task("stock.reserver", frozenset())
    assert problem.code == "tasktype.unknown"
    assert problem.facts["hint"]["en"] == " (did you mean “stock.reserve”?)"
    assert tasks.check_task("stock.qqqqqqqqqqqqqqqq", frozenset())[0].facts["hint"]["fr"] == ""


@pytest.mark.parametrize("kind", ["weather.ask", "notify", "work", "request-payment"])
def test_a_type_of_another_noun_is_an_outside_workers_and_only_warns(kind: str) -> None:
    [problem] = tasks.check_task(kind, frozenset())
    assert (problem.code, problem.severity) == ("tasktype.worker", "warning")


def test_every_missing_input_is_told_at_once() -> None:
    problems = tasks.check_task("stock.reserve", frozenset({"orderId"}))
    assert [one.facts["name"] for one in problems] == ["itemCode", "storeCode", "quantity"]
    assert tasks.check_task("stock.release", frozenset({"orderId"})) == []


def test_an_input_that_the_type_does_not_know_is_refused_with_the_nearest_name() -> None:
    problems = tasks.check_task("stock.release", frozenset({"orderID"}))
    assert [one.code for one in problems] == ["tasktype.input_missing", "tasktype.input_unknown"]
    assert problems[1].severity == "error"
    assert problems[1].facts["hint"]["fr"] == " (vouliez-vous dire « orderId » ?)"
    [stray] = tasks.check_task("stock.release", frozenset({"orderId", "zzz"}))
    assert stray.facts == {"name": "zzz", "hint": {"fr": "", "en": ""}}


def test_deployment_tells_of_a_misspelt_input_with_element_and_advice() -> None:
    name, content = next(file for file in bpmn.files("intervention") if file[0] == "closure.bpmn")
    broken = content.replace(b'target="text"', b'target="texte"')
    checked = definitions.check(
        [definitions.File(name, broken)], definitions.Known(task_type=tasks.check_task)
    )
    found = [one for one in checked.problems if one.code == "tasktype.input_unknown"]
    assert [(one.element, one.severity) for one in found] == [("reject", "error")]
    assert found[0].message("en").endswith("does not know (did you mean “text”?).")
    assert found[0].advice("fr") == "Corrigez la cible de cette entrée, ou retirez-la."


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_the_editor_offers_every_type_with_every_input_and_output(locale: Any) -> None:
    templates = {one["id"].removeprefix("guichet."): one for one in tasks.element_templates(locale)}
    assert list(templates) == list(tasks.TYPES)
    for name, template in templates.items():
        declared = tasks.TYPES[name]
        bound = [one["binding"] for one in template["properties"]]
        assert bound[0] == {"type": "zeebe:taskDefinition", "property": "type"}
        assert template["properties"][0]["value"] == name
        inputs = [one["name"] for one in bound if one["type"] == "zeebe:input"]
        assert inputs == [one.name for one in declared.inputs]
        outputs = [one["source"] for one in bound if one["type"] == "zeebe:output"]
        assert outputs == [f"={one.name}" for one in declared.outputs]
        assert template["name"] == (declared.fr if locale == "fr" else declared.en)


def test_the_readme_shows_the_catalogue_as_it_is() -> None:
    readme = (ROOT / "integrations" / "tasks" / "README.md").read_text()
    assert tasks.printed() in readme


def test_the_catalogue_is_told_in_both_languages() -> None:
    for one in tasks.described():
        for said in (one["label"], one["about"], *(each["label"] for each in one["inputs"] + one["outputs"])):
            assert said["fr"], one["name"]
            assert said["en"], one["name"]
