"""The requirements graph: what decisions see, types, knowledge models, services, limits, threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine import dmn
from engine.errors import Missing
from engine.feel.errors import FeelLimit
from tests import drawings as draw


def test_a_required_decision_is_computed_first_and_traced():
    model = draw.read(
        draw.given("cost", "number"),
        draw.decision("Level", draw.feel("if cost > 500 then 2 else 1"), needs=["i_cost"]),
        draw.decision("Approval", draw.feel("Level + 10"), needs=["d_Level"]),
    )
    outcome = dmn.evaluate(model, "d_Approval", {"cost": 600}, now=draw.NOW)
    assert outcome.value == 12
    assert [trace.name for trace in outcome.trace.decisions] == ["Level", "Approval"]
    level, approval = outcome.trace.decisions
    assert (level.inputs, level.value, approval.requires) == ({"cost": 600}, 2, ("d_Level",))


def test_a_decision_required_twice_is_computed_once():
    model = draw.read(
        draw.decision("Base", draw.feel("1")),
        draw.decision("Left", draw.feel("Base"), needs=["d_Base"]),
        draw.decision("Right", draw.feel("Base"), needs=["d_Base"]),
        draw.decision("Top", draw.feel("Left + Right"), needs=["d_Left", "d_Right"]),
    )
    outcome = dmn.evaluate(model, "Top", {}, now=draw.NOW)
    assert [trace.name for trace in outcome.trace.decisions].count("Base") == 1


def test_a_decision_sees_only_the_elements_it_requires():
    model = draw.read(draw.decision("Secret", draw.feel("1")), draw.decision("Curious", draw.feel("Secret")))
    outcome = dmn.evaluate(model, "Curious", {}, now=draw.NOW)
    assert outcome.value is None
    assert outcome.warnings[0].code == "NO_VARIABLE"
    assert outcome.warnings[0].place.label == "Curious"


def test_variables_that_no_element_is_named_after_are_seen_everywhere():
    assert draw.value_of(draw.feel("if amount > 10 then amount else 0"), amount=Decimal("12.50")) == Decimal(
        "12.50"
    )


def test_an_element_is_seen_by_its_name_with_spaces_by_its_variable_and_by_its_id():
    named = '<inputData id="occupied" name="Building occupied"><variable name="occupied now"/></inputData>'
    arrow = '<informationRequirement><requiredInput href="#occupied"/></informationRequirement>'
    texts = ("Building occupied", "occupied now", "occupied")
    for text in texts:
        model = draw.read(named, draw.decision("D", arrow + draw.feel(text)))
        assert draw.decide(model, "D", occupied=True) is True


def test_a_circle_of_decisions_fails_with_its_path():
    model = draw.read(
        draw.decision("A", draw.feel("B"), needs=["d_B"]), draw.decision("B", draw.feel("A"), needs=["d_A"])
    )
    with pytest.raises(dmn.DecisionFailed) as caught:
        draw.decide(model, "A")
    assert caught.value.reason == "cyclic_requirement"
    assert "A needs B needs A" in str(caught.value)


def test_an_unknown_decision_is_missing():
    with pytest.raises(Missing, match="d_A"):
        draw.decide(draw.read(draw.decision("A", draw.feel("1"))), "nope")


def test_a_decision_without_logic_is_null():
    assert draw.decide(draw.read(draw.decision("A")), "A") is None


@pytest.mark.parametrize(
    ("type_ref", "value", "expected"),
    [
        ("number", 3, 3),
        ("number", [3], 3),
        ("number", "3", None),
        ("tAges", 3, [3]),
        ("tAges", [3, "x"], None),
        ("tLevel", "high", "high"),
        ("tLevel", "none", None),
        ("tPerson", {"name": "Ada", "age": [36]}, {"name": "Ada", "age": 36}),
        ("tPerson", {"name": "Ada"}, None),
        ("dateTime", date(2026, 11, 21), datetime(2026, 11, 21, tzinfo=UTC)),
        ("duration", timedelta(days=1), timedelta(days=1)),
        ("Any", [1, "x"], [1, "x"]),
    ],
)
def test_inputs_are_converted_to_their_type(type_ref, value, expected):
    model = draw.read(
        draw.item("tAges", "number", many=True),
        draw.item("tLevel", "string", allowed='"high", "low"'),
        draw.item("tPerson", parts=draw.component("name", "string") + draw.component("age", "number")),
        draw.given("x", type_ref),
        draw.decision("D", draw.feel("x"), needs=["i_x"]),
    )
    outcome = dmn.evaluate(model, "D", {"x": value}, now=draw.NOW)
    assert outcome.value == expected
    assert [warning.code for warning in outcome.warnings] == (["wrong_type"] if expected is None else [])


def test_a_type_may_contain_itself():
    tree = draw.item(
        "tPlace",
        parts=draw.component("name", "string")
        + draw.item("inside", "tPlace", many=True, tag="itemComponent"),
    )
    model = draw.read(
        tree,
        draw.given("place", "tPlace"),
        draw.decision("D", draw.feel("place.inside.name"), needs=["i_place"]),
    )
    place = {"name": "school", "inside": [{"name": "hall", "inside": []}]}
    assert draw.decide(model, "D", place=place) == ["hall"]


def test_instance_of_knows_the_types_of_the_model():
    model = draw.read(
        draw.item("tPerson", parts=draw.component("name", "string")),
        draw.decision("D", draw.feel('[{name: "Ada"} instance of tPerson, 1 instance of tPerson]')),
    )
    assert draw.decide(model, "D") == [True, False]


def test_a_knowledge_model_may_call_itself_within_limits():
    model = draw.read(
        draw.knowledge("factorial", ["n"], draw.feel("if n = 0 then 1 else n * factorial(n - 1)")),
        draw.decision("D", draw.feel("factorial(n)"), needs=["b_factorial"]),
    )
    assert draw.decide(model, "D", n=20) == 2432902008176640000
    with pytest.raises(FeelLimit):
        draw.decide(model, "D", n=-1)


def test_a_knowledge_model_is_evaluated_with_the_variables_it_names():
    model = draw.read(draw.knowledge("twice", ["x"], draw.feel("x * 2")))
    assert draw.decide(model, "twice", x=21) == 42


def service(name, *, outputs, inputs=(), decisions=()):
    parts = [f'<outputDecision href="#{each}"/>' for each in outputs]
    parts += [f'<inputDecision href="#{each}"/>' for each in decisions]
    parts += [f'<inputData href="#{each}"/>' for each in inputs]
    return f'<decisionService id="s_{name}" name="{name}"><variable name="{name}"/>{"".join(parts)}</decisionService>'


def test_a_decision_service_is_a_function_and_can_be_evaluated():
    model = draw.read(
        draw.given("x", "number"),
        draw.decision("Double", draw.feel("x * 2"), needs=["i_x"]),
        draw.decision("Square", draw.feel("x * x"), needs=["i_x"]),
        service("Reckon", outputs=["d_Double", "d_Square"], inputs=["i_x"]),
        draw.decision("User", draw.feel("Reckon(5).Square"), needs=["s_Reckon"]),
    )
    assert draw.decide(model, "Reckon", x=3) == {"Double": 6, "Square": 9}
    assert draw.decide(model, "User") == 25


def test_a_decision_service_is_not_called_with_an_argument_of_the_wrong_type():
    model = draw.read(
        draw.decision("Given", draw.feel('"x"'), type_ref="string"),
        draw.decision("Out", draw.feel("Given = null"), needs=["d_Given"]),
        service("Ask", outputs=["d_Out"], decisions=["d_Given"]),
        draw.decision("User", draw.feel("Ask(123)"), needs=["s_Ask"]),
    )
    outcome = dmn.evaluate(model, "User", {}, now=draw.NOW)
    assert outcome.value is None
    assert outcome.warnings[0].code == "wrong_argument"


def test_the_clock_is_the_callers_and_the_same_for_the_whole_evaluation():
    model = draw.read(draw.decision("D", draw.feel("today()")))
    outcome = dmn.evaluate(
        model, "D", {}, now=datetime(2026, 11, 21, 23, 30, tzinfo=UTC), zone="Europe/Brussels"
    )
    assert outcome.value == date(2026, 11, 22)


def test_json_text_becomes_dates_where_the_model_says_so():
    model = draw.read(
        draw.item("tVisit", parts=draw.component("on", "date")),
        draw.given("due", "date"),
        draw.given("visits", "tVisit"),
    )
    found = dmn.from_json(
        model, {"due": "2026-11-21", "visits": [{"on": "2026-01-02"}], "note": "2026-11-21"}
    )
    assert found == {"due": date(2026, 11, 21), "visits": [{"on": date(2026, 1, 2)}], "note": "2026-11-21"}
    assert dmn.from_json(model, {"due": "soon"}) == {"due": "soon"}


def test_one_budget_pays_for_all_decisions():
    model = draw.read(
        draw.decision("A", draw.feel("count(for i in 1..90000 return i)")),
        draw.decision("B", draw.feel("count(for i in 1..90000 return i) + A"), needs=["d_A"]),
    )
    with pytest.raises(FeelLimit):
        draw.decide(model, "B")


def test_a_model_is_compiled_once_and_shared_by_threads():
    model = draw.read(draw.decision("D", draw.table(["x"], ["y"], ["< 5", "x + 1"], [">= 5", "x - 1"])))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda x: draw.decide(model, "D", x=x), range(200)))
    assert found == [x + 1 if x < 5 else x - 1 for x in range(200)]


def test_traces_hold_no_decimals_floats_would_change():
    model = draw.read(draw.decision("D", draw.feel("[0.1 + 0.2, 12345678901234567890.12, 7]")))
    (trace,) = dmn.evaluate(model, "D", {}, now=draw.NOW).trace.to_json()["decisions"]
    assert trace["value"] == [0.3, "12345678901234567890.12", 7]
