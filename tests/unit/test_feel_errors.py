"""What people read when an expression is wrong, or a part of it gave null."""

import pytest

from engine import feel
from engine.errors import Failed, Refused
from engine.feel.messages import KINDS, TEXTS, describe
from engine.feel.values import KINDS as VALUE_KINDS


def refusal(text, kind="expression"):
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.compile(text, kind)
    return caught.value


@pytest.mark.parametrize(
    ("text", "column", "expected", "found", "suggestion"),
    [
        ("if a then b", 12, ("else",), "", None),
        ("if a than b else c", 13, ("then",), "else", "then"),
        ("if a then b elze c", 19, ("else",), "", "else"),
        ("for x in 1..3 retrun x", 15, ("return", ","), "retrun", "return"),
        ("some x in [1] satisfy x", 15, ("satisfies", ","), "satisfy", "satisfies"),
        ("count(items", 12, (",", ")"), "", None),
        ("1 +", 4, ("expression",), "", None),
        ("[1, 2", 6, ("]", ","), "", None),
        ("a between 1 or 2", 13, ("and",), "or", None),
        ("{a 1}", 5, (":",), "}", None),
        ("1 instance of", 14, ("type",), "", None),
        ("a.", 3, ("name",), "", None),
        ("1 2", 3, (), "2", None),
        ("(1", 3, (")",), "", None),
        ("f(1,)", 5, (), ")", None),
        ("@abc", 2, ('"…"',), "abc", None),
    ],
)
def test_a_syntax_error_says_where_what_was_expected_and_what_was_meant(
    text, column, expected, found, suggestion
):
    error = refusal(text)
    assert (error.line, error.column, error.expected, error.found, error.suggestion) == (
        1,
        column,
        expected,
        found,
        suggestion,
    )


def test_the_line_is_counted_too():
    error = refusal("amount > 5\n  and ]")
    assert (error.line, error.column, error.position) == (2, 8, 18)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a # b", "character"),
        ('"never closed', "unterminated"),
        ("`never closed", "unterminated"),
        ("1 /* never closed", "unterminated"),
        ("f(a: 1, 2)", "mixed_arguments"),
        ("1 2", "unexpected"),
        ("[" * 60 + "]" * 60, "too_deep"),
        ("-" * 60 + "1", "too_deep"),
        ("1" + "+1" * 3000, "source_too_long"),
    ],
)
def test_each_problem_has_its_key(text, problem):
    assert refusal(text).problem == problem


def test_errors_read_in_french_and_english():
    error = refusal("if a than b else c")
    assert error.describe("en") == (
        "Expected 'then', but found 'else' (line 1, column 13). Did you mean 'then'?"
    )
    assert error.describe("fr") == (
        "On attendait « then », mais on trouve « else » (ligne 1, colonne 13). Vouliez-vous dire « then » ?"
    )
    assert str(error) == error.describe("en")


def test_every_wording_exists_in_both_languages_and_takes_its_facts():
    facts = {
        "expected": ("name", ")"), "found": "x", "type": "object", "kind": "number", "left": "date", "right": "null",
        "name": "x", "operator": "+", "given": "", "text": "because", "year": 12_000, "line": 1, "column": 2,
        "suggestion": "y",
    }  # fmt: skip
    for code in TEXTS:
        french, english = describe(code, "fr", facts), describe(code, "en", facts)
        assert french != english
        assert "(ligne 1, colonne 2)" in french
        assert "(line 1, column 2)" in english
        assert "{" not in french + english


def test_every_kind_of_value_has_a_name_for_people():
    assert set(VALUE_KINDS.values()) <= KINDS.keys()


def warnings(text, **variables):
    return [(w.code, w.column, dict(w.facts)) for w in feel.compile(text).eval(variables).warnings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amout + 0 * 0", ("NO_VARIABLE", 1, {"name": "amout"})),
        ("school.adress", ("NO_PROPERTY", 7, {"name": "adress", "kind": "context"})),
        ("school < 1", ("NOT_COMPARABLE", 8, {"left": "context", "right": "number"})),
        ('"2026-11-21" < date("2026-11-22")', ("TEXT_AND_DATE", 14, {"kind": "date"})),
        ("1 + true", ("INVALID_TYPE", 3, {"operator": "+", "kind": "number, boolean"})),
        ('-"x"', ("INVALID_TYPE", 1, {"operator": "-", "kind": "string"})),
        ("true and 1", ("INVALID_TYPE", 6, {"operator": "and", "kind": "number"})),
        ("if 1 then 2 else 3", ("INVALID_TYPE", 4, {"operator": "if", "kind": "number"})),
        ("for i in null return i", ("INVALID_TYPE", 1, {"operator": "for", "kind": "null"})),
        ("[1..true]", ("INVALID_TYPE", 1, {"operator": "..", "kind": "number, boolean"})),
        ("sqrt(-1)", ("INVALID_ARGUMENTS", 1, {"name": "sqrt", "given": "number"})),
        ('@"21/11/2026"', ("INVALID_ARGUMENTS", 1, {"name": "@", "given": "string"})),
        ("sqrt()", ("INVALID_ARGUMENTS", 1, {"name": "sqrt", "given": ""})),
        ("triage(1)", ("NO_FUNCTION", 7, {"name": "triage"})),
        ("1 instance of tThing", ("NO_TYPE", 15, {"name": "tThing"})),
        ("now()", ("NO_CLOCK", 1, {})),
        ("{a: 1, a: 2}", ("DUPLICATE_ENTRY", 1, {"name": "a"})),
        ("(function() external 1)()", ("EXTERNAL_FUNCTION", 2, {})),
    ],
)
def test_what_gives_null_says_why_and_where(text, expected):
    assert expected in warnings(text, school={"name": "x"})


def test_warnings_read_in_french_and_english():
    (warning,) = feel.compile("sqrt(-1)").eval({}).warnings
    assert warning.describe("en") == "'sqrt' does not accept a number (line 1, column 1)"
    assert warning.describe("fr") == "« sqrt » n'accepte pas un nombre (ligne 1, colonne 1)"
    assert str(warning) == warning.describe("en")


def test_no_more_than_fifty_warnings_are_kept():
    assert len(feel.compile("for i in 1..500 return unknown").eval({}).warnings) == 50


def test_unknown_names_and_functions_come_with_a_suggestion():
    compiled = feel.compile('amout > 500 and cuont(items[qty > 1]) > 0 and priority = "high" and zzz')
    unknown = feel.unknown_names(compiled, {"amount", "items", "priority"})
    assert [(u.name, u.place.column, u.function, u.suggestion) for u in unknown] == [
        ("amout", 1, False, "amount"),
        ("cuont", 17, True, "count"),
        ("zzz", 69, False, None),
    ]
    assert unknown[0].describe("fr") == (
        "« amout » n'est pas connu ici (ligne 1, colonne 1). Vouliez-vous dire « amount » ?"
    )


def test_the_families_of_the_house_hold():
    assert issubclass(feel.FeelSyntaxError, Refused)
    assert issubclass(feel.FeelLimit, Failed)
    assert issubclass(feel.FeelValueError, Refused)
    with pytest.raises(feel.FeelLimit) as caught:
        feel.compile("for i in 1..10 return i").eval({}, limits=feel.Limits(steps=5))
    assert caught.value.problem == "steps"
    assert caught.value.describe("fr") == "L'expression demande trop de calculs"
    with pytest.raises(feel.FeelValueError) as refused:
        feel.compile("[1..2]").eval({})
    assert refused.value.describe("en") == "A range cannot leave an expression"
