"""Decision tables: cells, hit policies, defaults, allowed values, and the trace they leave."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine import dmn
from tests import drawings as draw

LEVELS = ("x", "number")


def by_policy(hit, *rules, aggregation="", output="level", defaults=(), x=15):
    logic = draw.table([LEVELS], [output], *rules, hit=hit, aggregation=aggregation, defaults=defaults)
    return draw.value_of(logic, x=x)


@pytest.mark.parametrize(
    ("cell", "value", "matches"),
    [
        ("-", None, True),
        ("", 3, True),
        ("15", 15, True),
        ("< 10", 9, True),
        ("< 10", 10, False),
        ("[10..20)", 20, False),
        ('"leak", "fire"', "fire", True),
        ('not("leak")', "leak", False),
        ('not("leak")', "noise", True),
        ('starts with(?, "BAT.")', "BAT.PLOMBERIE", True),
        ("null", None, True),
        ("true", False, False),
        ("limit + 5", 15, True),
        ('> date("2026-11-01")', "text", False),
    ],
)
def test_a_cell_tests_the_value_of_its_column(cell, value, matches):
    logic = draw.table(["x"], ["hit"], [cell, "true"], defaults=["false"])
    assert draw.value_of(logic, x=value, limit=10) is matches


def test_unique_answers_with_the_one_rule_that_matches():
    assert by_policy("UNIQUE", ["< 10", '"low"'], [">= 10", '"high"']) == "high"


def test_unique_fails_with_the_numbers_of_the_rules_that_meet():
    with pytest.raises(dmn.DecisionFailed) as caught:
        by_policy("UNIQUE", ["< 5", "1"], ["> 5", "2"], ["> 10", "3"])
    assert caught.value.reason == "unique_violated"
    assert caught.value.rules == [2, 3]
    assert caught.value.decision == "d_answer"
    assert "rules 2 and 3" in str(caught.value)
    assert "règles 2 et 3" in caught.value.describe("fr")


def test_any_answers_when_its_rules_agree_and_fails_when_they_do_not():
    assert by_policy("ANY", ["> 5", "1"], ["> 10", "1"]) == 1
    with pytest.raises(dmn.DecisionFailed) as caught:
        by_policy("ANY", ["> 5", "1"], ["> 10", "2"])
    assert caught.value.rules == [1, 2]


def test_first_takes_the_highest_rule():
    assert by_policy("FIRST", ["> 5", "1"], ["> 10", "2"]) == 1


@pytest.mark.parametrize(("hit", "expected"), [("PRIORITY", "high"), ("OUTPUT ORDER", ["high", "low"])])
def test_allowed_values_rank_the_conclusions(hit, expected):
    output = ("level", "string", '"high", "normal", "low"')
    assert by_policy(hit, ["> 5", '"low"'], ["> 10", '"high"'], output=output) == expected


def test_ranks_come_from_the_type_when_the_column_has_none():
    levels = draw.item("tLevel", "string", allowed='"high", "low"')
    logic = draw.table([LEVELS], [("level", "tLevel")], ["> 5", '"low"'], ["> 10", '"high"'], hit="PRIORITY")
    assert draw.value_of(logic, levels, x=15) == "high"


def test_rule_order_and_collect_keep_the_order_of_the_rules():
    rules = (["> 10", "2"], ["> 5", "1"], ["> 12", "2"])
    assert by_policy("RULE ORDER", *rules) == [2, 1, 2]
    assert by_policy("COLLECT", *rules) == [2, 1, 2]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("SUM", Decimal("0.3")), ("MIN", Decimal("0.1")), ("MAX", Decimal("0.2")), ("COUNT", 2)],
)
def test_collect_aggregates_exactly(aggregation, expected):
    assert by_policy("COLLECT", ["> 5", "0.1"], ["> 10", "0.2"], aggregation=aggregation) == expected


def test_without_a_match_the_value_is_null_or_the_default():
    assert by_policy("UNIQUE", ["> 100", "1"]) is None
    assert by_policy("UNIQUE", ["> 100", "1"], defaults=["7 + 1"]) == 8


def test_several_conclusions_make_a_context():
    logic = draw.table([LEVELS], ["team", "hours"], ["> 10", '"roads"', "24"], ["<= 10", '"parks"', "-"])
    assert draw.value_of(logic, x=11) == {"team": "roads", "hours": 24}
    assert draw.value_of(logic, x=1) == {"team": "parks", "hours": None}


def test_a_value_outside_the_allowed_ones_gives_null_and_a_warning():
    model = draw.read(
        draw.decision("D", draw.table([("kind", "string", '"road", "park"')], ["y"], ["-", "1"], hit="FIRST"))
    )
    outcome = dmn.evaluate(model, "D", {"kind": "boat"}, now=draw.NOW)
    assert outcome.value is None
    (warning,) = outcome.warnings
    assert warning.code == "input_not_allowed"
    assert '"boat"' in warning.message("fr")
    assert draw.decide(model, "D", kind="park") == 1


def test_a_column_converts_its_value_to_its_type():
    logic = draw.table([("x", "number")], ["y"], ["5", "true"], defaults=["false"])
    assert draw.value_of(logic, x=[5]) is True
    assert draw.value_of(logic, x="5") is False


def test_a_comparison_that_makes_no_sense_is_warned_once_with_rule_and_column():
    model = draw.read(draw.decision("D", draw.table(["x"], ["y"], ["< 5", "1"], ["> 7", "2"], hit="FIRST")))
    outcome = dmn.evaluate(model, "D", {"x": "text"}, now=draw.NOW)
    assert outcome.value is None
    (warning,) = outcome.warnings
    assert (warning.code, warning.place.label, warning.place.rule) == ("NOT_COMPARABLE", "D", 1)
    assert warning.place.column == "x"


def test_a_missing_value_is_no_warning():
    model = draw.read(draw.decision("D", draw.table(["x"], ["y"], ["< 5", "1"], hit="FIRST")))
    assert dmn.evaluate(model, "D", {"x": None}, now=draw.NOW).warnings == ()


def test_the_trace_tells_inputs_and_the_rules_with_their_notes():
    logic = draw.table(
        [("nature", "string"), ("occupied", "boolean")],
        [("priority", "string")],
        ['"leak"', "false", '"normal"'],
        ['"leak"', "true", '"high"'],
        notes=["leak", "leak in an occupied school"],
    )
    model = draw.read(draw.decision("Priority", logic))
    outcome = dmn.evaluate(model, "Priority", {"nature": "leak", "occupied": True}, now=draw.NOW)
    (rule,) = outcome.trace.matched
    assert (rule.number, rule.id) == (2, "r2")
    assert rule.annotations == {"Why": "leak in an occupied school"}
    assert outcome.trace.to_json()["decisions"][0]["tables"] == [
        {
            "id": "table",
            "label": "",
            "hit_policy": "UNIQUE",
            "inputs": [
                {"label": "", "expression": "nature", "value": "leak"},
                {"label": "", "expression": "occupied", "value": True},
            ],
            "matched": [
                {
                    "number": 2,
                    "id": "r2",
                    "outputs": {"priority": "high"},
                    "annotations": {"Why": "leak in an occupied school"},
                }
            ],
            "defaulted": False,
        }
    ]


def test_the_description_of_a_rule_is_its_note_too():
    logic = draw.table(["x"], ["y"], ["-", "1"]).replace(
        '<rule id="r1">', '<rule id="r1"><description>always</description>'
    )
    outcome = dmn.evaluate(draw.read(draw.decision("D", logic)), "D", {}, now=draw.NOW)
    assert list(outcome.trace.matched[0].annotations.values()) == ["always"]


def test_a_broken_cell_never_matches_and_a_rule_of_the_wrong_width_never_answers():
    logic = draw.table(["x"], ["y"], ["<<", "1"], ["-"], ["-", "3"], hit="FIRST")
    assert draw.value_of(logic, x=1) == 3
