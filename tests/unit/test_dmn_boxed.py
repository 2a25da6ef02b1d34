"""Boxed expressions, other than tables."""

from __future__ import annotations

import pytest

from engine import dmn
from tests import drawings as draw


def entry(name, logic, type_ref=""):
    promised = f' typeRef="{type_ref}"' if type_ref else ""
    variable = f'<variable name="{name}"{promised}/>' if name else ""
    return f"<contextEntry>{variable}{logic}</contextEntry>"


def function(parameters, body, kind="FEEL"):
    drawn = "".join(f'<formalParameter name="{name}"/>' for name in parameters)
    return f'<functionDefinition kind="{kind}">{drawn}{body}</functionDefinition>'


def invoke(name, **arguments):
    bound = "".join(
        f'<binding><parameter name="{key}"/>{draw.feel(text)}</binding>' for key, text in arguments.items()
    )
    return f"<invocation>{draw.feel(name)}{bound}</invocation>"


def loop(tag, source, body):
    inner = "return" if tag == "for" else "satisfies"
    return f'<{tag} iteratorVariable="n"><in>{draw.feel(source)}</in><{inner}>{draw.feel(body)}</{inner}></{tag}>'


def test_entries_of_a_context_see_those_above_them():
    logic = f"<context>{entry('net cost', draw.feel('100'))}{entry('gross', draw.feel('net cost * 1.21'))}</context>"
    assert draw.value_of(logic) == {"net cost": 100, "gross": 121}


def test_a_context_with_a_result_gives_only_the_result():
    logic = f"<context>{entry('a', draw.feel('2'))}{entry('', draw.feel('a * 21'))}</context>"
    assert draw.value_of(logic) == 42


def test_a_boxed_function_is_invoked_by_the_names_of_its_parameters():
    logic = (
        f"<context>{entry('area', function(['w', 'h'], draw.feel('w * h')))}{entry('', invoke('area', h='3', w='2'))}"
        "</context>"
    )
    assert draw.value_of(logic) == 6


def test_an_invocation_with_an_unknown_parameter_gives_null():
    logic = f"<context>{entry('f', function(['w'], draw.feel('w')))}{entry('', invoke('f', v='3'))}</context>"
    assert draw.value_of(logic) is None


def test_an_external_function_is_never_run():
    logic = f"<context>{entry('f', function(['w'], draw.feel('w'), kind='Java'))}{entry('', draw.feel('f(1)'))}</context>"
    model = draw.read(draw.decision("D", logic))
    assert draw.decide(model, "D") is None
    assert "external_function" in draw.codes(model)


def test_invoking_what_is_no_function_gives_null_and_a_warning():
    outcome = dmn.evaluate(draw.read(draw.decision("D", invoke("x"))), "D", {"x": 1}, now=draw.NOW)
    assert outcome.value is None
    assert [warning.code for warning in outcome.warnings] == ["not_a_function"]


def test_a_relation_is_a_list_of_contexts():
    columns = '<column name="item"/><column name="stock"/>'
    grid = (('"salt"', "12"), ('"sand"', "x"))
    rows = "".join(f"<row>{draw.feel(item)}{draw.feel(stock)}</row>" for item, stock in grid)
    found = draw.value_of(f"<relation>{columns}{rows}</relation>", x=4)
    assert found == [{"item": "salt", "stock": 12}, {"item": "sand", "stock": 4}]


def test_a_boxed_list_keeps_its_order():
    assert draw.value_of(f"<list>{draw.feel('2')}{draw.feel('x')}</list>", x=1) == [2, 1]


@pytest.mark.parametrize(("x", "expected"), [("true", 1), ("false", 2), ("null", 2), ('"yes"', None)])
def test_a_conditional_takes_the_else_for_false_and_null(x, expected):
    logic = f"<conditional><if>{draw.feel(x)}</if><then>{draw.feel('1')}</then><else>{draw.feel('2')}</else></conditional>"
    assert draw.value_of(logic) == expected


@pytest.mark.parametrize(
    ("match", "expected"),
    [("item > 2", [3]), ("false", []), ('"yes"', None)],
)
def test_a_filter_keeps_what_matches(match, expected):
    logic = f"<filter><in>{draw.feel('[1, 2, 3]')}</in><match>{draw.feel(match)}</match></filter>"
    assert draw.value_of(logic) == expected


def test_the_entries_of_filtered_contexts_are_in_scope():
    logic = f"<filter><in>{draw.feel('rows')}</in><match>{draw.feel('stock < least')}</match></filter>"
    rows = [{"item": "salt", "stock": 2}, {"item": "sand", "stock": 9}]
    assert draw.value_of(logic, rows=rows, least=5) == rows[:1]


@pytest.mark.parametrize(
    ("tag", "source", "body", "expected"),
    [
        ("for", "[1, 2, 3]", "n * n", [1, 4, 9]),
        ("for", "[1..3]", "n", [1, 2, 3]),
        ("for", "1", "n + 1", [2]),
        ("for", "null", "n", None),
        ("for", "[1, 2, 3]", "if partial = [] then n else n + partial[-1]", [1, 3, 6]),
        ("some", "[1, 2]", "n > 1", True),
        ("some", "[1, 2]", "n > 2", False),
        ("some", "[1, null]", "n > 2", None),
        ("every", "[1, 2]", "n > 0", True),
        ("every", "[1, 2]", "n > 1", False),
        ("every", "[1, 2]", '"yes"', None),
    ],
)
def test_loops_follow_three_valued_logic(tag, source, body, expected):
    assert draw.value_of(loop(tag, source, body)) == expected


def test_the_value_of_each_expression_is_converted_to_its_type():
    assert draw.value_of(draw.feel("[7]", "number")) == 7
    outcome = dmn.evaluate(draw.read(draw.decision("D", draw.feel('"7"', "number"))), "D", {}, now=draw.NOW)
    assert outcome.value is None
    assert outcome.warnings[0].code == "wrong_type"
    assert "number" in outcome.warnings[0].message("en")


def test_logic_in_another_language_is_refused_by_the_check_and_gives_null():
    logic = draw.feel("1 + 1").replace("<literalExpression", '<literalExpression expressionLanguage="juel"')
    model = draw.read(draw.decision("D", logic))
    assert draw.codes(model) == ["not_feel"]
    assert draw.decide(model, "D") is None
