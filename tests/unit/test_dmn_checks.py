"""Static checks: each problem with its place, in two languages."""

from __future__ import annotations

import pytest

from engine import dmn
from engine.dmn.wordings import WORDINGS
from tests import drawings as draw


def problems(*parts):
    return dmn.check(draw.read(*parts))


def of_table(inputs, outputs, *rules, **facts):
    return problems(draw.decision("Priority", draw.table(inputs, outputs, *rules, **facts)))


def found(code, all_of_them):
    return [problem for problem in all_of_them if problem.code == code]


def test_a_sound_table_has_no_problem():
    assert of_table([("x", "number")], ["y"], ["< 10", "1"], [">= 10", "2"]) == []


def test_a_broken_cell_names_decision_rule_column_and_line():
    (problem,) = of_table([("amount", "number")], ["y"], ["-", "1"], ["< ", "2"], hit="FIRST")
    assert (problem.code, problem.severity, problem.rule, problem.column) == (
        "feel_syntax",
        "error",
        2,
        "amount",
    )
    assert problem.line == 1
    assert problem.message("en").startswith("Priority, rule 2, column “amount”: ")
    assert problem.message("fr").startswith("Priority, règle 2, colonne « amount » : ")


def test_arrows_that_lead_nowhere_or_to_the_wrong_kind_are_told():
    arrow = '<informationRequirement><requiredDecision href="#i_x"/></informationRequirement>'
    got = problems(
        draw.given("x"),
        draw.decision("A", draw.feel("1"), needs=["d_gone"]),
        draw.decision("B", arrow + draw.feel("1")),
    )
    assert [problem.code for problem in got] == ["missing_requirement", "wrong_requirement"]
    assert "une décision" in got[1].message("fr")


def test_a_circle_is_told_once_with_its_path():
    got = problems(
        draw.decision("A", draw.feel("B"), needs=["d_B"]), draw.decision("B", draw.feel("A"), needs=["d_A"])
    )
    assert [problem.code for problem in got] == ["cyclic_requirement"]
    assert "A → B → A" in got[0].message()


def test_unknown_types_and_circles_of_types_are_told():
    got = problems(draw.item("tA", "tB"), draw.item("tB", "tA"), draw.given("x", "nunber"))
    assert sorted(problem.code for problem in got) == ["cyclic_type", "cyclic_type", "unknown_type"]
    assert "“number”" in found("unknown_type", got)[0].advice()


def test_names_that_are_not_required_are_told_with_what_was_meant():
    (problem,) = problems(
        draw.given("amount"), draw.decision("D", draw.feel("amont + 1"), needs=["i_amount"])
    )
    assert problem.code == "unknown_name"
    assert "“amount”" in problem.advice("en")
    assert "« amount »" in problem.advice("fr")


def test_a_model_without_input_data_may_use_variables_of_the_process():
    assert problems(draw.decision("D", draw.feel("amount + 1"))) == []


def test_an_unknown_function_is_told():
    (problem,) = problems(draw.decision("D", draw.feel("cont([1])")))
    assert (problem.code, "count" in problem.advice()) == ("unknown_function", True)


@pytest.mark.parametrize(
    ("facts", "rules", "code"),
    [
        ({"aggregation": "SUM", "hit": "FIRST"}, (["-", "1"],), "aggregation_policy"),
        ({"hit": "PRIORITY"}, (["-", "1"],), "outputs_not_ordered"),
        ({"hit": "OUTPUT ORDER"}, (["-", "1"],), "outputs_not_ordered"),
        ({}, (["-"],), "output_count"),
        ({}, (["-", "1", "2", "3"],), "output_count"),
    ],
)
def test_hit_policy_and_shape_must_fit(facts, rules, code):
    assert [problem.code for problem in of_table(["x"], ["y"], *rules, **facts)] == [code]


def test_an_aggregation_of_several_conclusions_is_told():
    got = of_table(["x"], ["y", "z"], ["-", "1", "2"], hit="COLLECT", aggregation="SUM")
    assert [problem.code for problem in got] == ["aggregation_outputs"]


def test_several_conclusions_need_names_of_their_own():
    got = of_table(["x"], ["", "y", "y"], ["-", "1", "2", "3"], hit="FIRST")
    assert [problem.code for problem in got] == ["unnamed_output", "duplicate_output"]


def test_a_conclusion_outside_the_allowed_values_is_told():
    (problem,) = of_table(["x"], [("level", "string", '"high", "low"')], ["-", '"hihg"'], hit="FIRST")
    assert (problem.code, problem.rule, problem.column) == ("output_not_allowed", 1, "level")


def test_a_range_whose_end_lies_before_its_start_is_told():
    (problem,) = of_table([("x", "number")], ["y"], ["[20..10]", "1"], ["-", "2"], hit="FIRST")
    assert (problem.code, problem.rule, problem.column) == ("range_inverted", 1, "x")


def test_a_conditional_column_without_an_expression_is_told():
    assert "missing_expression" in [
        problem.code for problem in of_table([""], ["y"], ["-", "1"], hit="FIRST")
    ]


@pytest.mark.parametrize(
    ("first", "second", "example"),
    [
        ("<= 10", ">= 10", "x = 10"),
        ("[1..5]", "(4..9)", "4 < x < 5"),
        ("< 10", "5", "x = 5"),
        ('"a", "b"', '"b", "c"', 'x = "b"'),
        ('not("a")', '"b"', 'x = "b"'),
        ("-", "true", "x = true"),
        ('>= date("2026-01-01")', '[date("2025-12-01")..date("2026-01-01")]', "x = 2026-01-01"),
        ("? > 3 and ? < 8", "7", "x = 7"),
        ("null", "-", "x is null"),
    ],
)
def test_rules_of_a_unique_table_that_meet_are_told_with_an_example(first, second, example):
    (problem,) = found("rules_overlap", of_table(["x"], ["y"], [first, "1"], [second, "2"]))
    assert (problem.facts["first"], problem.facts["second"]) == (1, 2)
    assert example in problem.message("en")
    assert "règles 1 et 2" in problem.message("fr")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("< 10", ">= 10"),
        ("[1..5)", "[5..9]"),
        ('"a"', '"b"'),
        ('not("a", "b")', '"a"'),
        ("true", "false"),
        ('< date("2026-01-01")', '>= date("2026-01-01")'),
        ('"a"', "5"),
        ("null", "> 0"),
    ],
)
def test_rules_that_do_not_meet_are_not_accused(first, second):
    assert found("rules_overlap", of_table(["x"], ["y"], [first, "1"], [second, "2"])) == []


@pytest.mark.parametrize("cell", ["limit", "> limit", 'starts with(?, "a")', "today()"])
def test_a_cell_that_is_not_constant_proves_nothing(cell):
    assert of_table(["x"], ["y"], [cell, "1"], [cell, "2"]) == []


def test_rules_meet_only_when_they_meet_in_every_column():
    apart = of_table(["x", "k"], ["y"], ["< 10", '"a"', "1"], ["< 20", '"b"', "2"])
    assert found("rules_overlap", apart) == []
    meet = of_table(["x", "k"], ["y"], ["< 10", '"a"', "1"], ["< 20", '"a", "b"', "2"])
    assert 'x < 10 and k = "a"' in found("rules_overlap", meet)[0].message()


def test_rules_of_an_any_table_may_meet_when_they_agree():
    assert found("rules_contradict", of_table(["x"], ["y"], ["< 10", "1"], ["< 5", "1"], hit="ANY")) == []
    assert len(found("rules_contradict", of_table(["x"], ["y"], ["< 10", "1"], ["< 5", "2"], hit="ANY"))) == 1


@pytest.mark.parametrize(
    ("column", "cells", "example"),
    [
        (("x", "number"), ["< 10", "> 10"], "x = 10"),
        (("x", "number"), ["<= 10", "[11..20]"], "10 < x < 11"),
        (("x", "boolean"), ["true"], "x = false"),
        (("x", "string"), ['"a"', '"b"'], 'x is none of "a", "b"'),
        (("x", "string", '"a", "b", "c"'), ['"a"', '"b"'], 'x = "c"'),
        (("x", "date"), ['< date("2026-01-01")', '> date("2026-01-01")'], "x = 2026-01-01"),
    ],
)
def test_a_situation_without_a_rule_is_told_with_an_example(column, cells, example):
    got = of_table([column], ["y"], *([cell, "1"] for cell in cells), hit="FIRST")
    assert example in found("rules_gap", got)[0].message("en")


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        (("x", "number"), ["< 10", ">= 10"]),
        (("x", "boolean"), ["true", "false"]),
        (("x", "string", '"a", "b"'), ['"a"', '"b"']),
        (("x", "string"), ['"a"', 'not("a")']),
        (("x", "date"), ['<= date("2026-01-01")', '>= date("2026-01-02")']),
        (("x", "number"), ["< 10", "> limit"]),
    ],
)
def test_a_complete_table_has_no_gap(column, cells):
    assert found("rules_gap", of_table([column], ["y"], *([cell, "1"] for cell in cells))) == []


def test_a_default_conclusion_closes_every_gap():
    assert of_table([("x", "number")], ["y"], ["< 10", "1"], defaults=["0"]) == []


def test_a_gap_is_found_across_columns():
    got = of_table([("x", "number"), ("b", "boolean")], ["y"], ["< 10", "-", "1"], [">= 10", "true", "2"])
    assert "b = false" in found("rules_gap", got)[0].message()


def test_a_rule_behind_others_that_take_all_its_situations_is_told():
    rules = (["< 10", "1"], [">= 10", "2"], ["[5..15]", "3"])
    (problem,) = of_table([("x", "number")], ["y"], *rules, hit="FIRST")
    assert (problem.code, problem.rule, problem.facts["first"]) == ("rule_hidden", 3, "1, 2")


def test_a_rule_that_still_answers_for_null_is_not_hidden():
    assert of_table([("x", "number")], ["y"], ["< 10", "1"], [">= 10", "2"], ["-", "3"], hit="FIRST") == []


def test_elements_without_logic_or_outputs_are_told():
    empty = '<decisionService id="s_E" name="E"><variable name="E"/></decisionService>'
    assert {problem.code for problem in problems(draw.decision("A"), empty)} == {"no_logic", "empty_service"}


def test_every_wording_is_complete_in_both_languages():
    for code, wording in WORDINGS.items():
        texts = (wording.en, wording.fr, wording.advice_en, wording.advice_fr)
        assert all(texts), code
        assert wording.advice_en.removesuffix("{suggestion}").endswith("."), code
