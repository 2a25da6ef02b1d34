"""Every built-in function, by example."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from engine import feel
from engine.feel.builtins import TABLE

EXAMPLES = [
    # conversions
    ('date("2026-11-21")', date(2026, 11, 21)),
    ('date(@"2026-11-21T10:00:00")', date(2026, 11, 21)),
    ("date(2026, 11, 21)", date(2026, 11, 21)),
    ("date(2026, 13, 1)", None),
    ('date("21/11/2026")', None),
    ('time("08:30:00")', time(8, 30)),
    ("time(8, 30, 15.5)", time(8, 30, 15, 500_000)),
    ('time(8, 30, 0, duration("PT1H")) = @"08:30:00+01:00"', True),
    ('time(@"2026-11-21T10:00:00Z")', time(10, tzinfo=UTC)),
    ('time("25:00:00")', None),
    ('date and time("2026-11-21T10:00:00")', datetime.fromisoformat("2026-11-21T10:00:00")),
    ('date and time(@"2026-11-21", @"10:00:00")', datetime.fromisoformat("2026-11-21T10:00:00")),
    ('date and time(@"2026-11-21")', datetime(2026, 11, 21, tzinfo=UTC)),
    (
        'string(date and time(@"2026-11-21T10:00:00Z", "Europe/Brussels"))',
        "2026-11-21T11:00:00@Europe/Brussels",
    ),
    ('date and time(@"2026-11-21T10:00:00Z", "Nowhere/Land")', None),
    ('number("1 234,50", " ", ",")', Decimal("1234.50")),
    ('number("1,500", ",")', 1500),
    ('number("12e2")', 1200),
    ('number("twelve")', None),
    ('number(from: "1.000,5", grouping separator: ".", decimal separator: ",")', Decimal("1000.5")),
    ("number(5)", 5),
    ("string(1.50)", "1.5"),
    ('string("x")', "x"),
    ("string(null)", None),
    (
        'string([1, "a", {b: @"P1D", c d: null}, (< 5), ]1..2]])',
        '[1, "a", {b: P1D, c d: null}, (< 5), (1..2]]',
    ),
    ("string(1e100)", "1" + "0" * 100),
    ('duration("P1DT2H")', timedelta(days=1, hours=2)),
    ('duration("P1Y2M")', feel.Months(14)),
    ('duration("P1Y2D")', None),
    ('duration(@"P1D")', timedelta(days=1)),
    ('years and months duration(@"2024-02-29", @"2026-02-28")', feel.Months(23)),
    ('years and months duration(from: @"2026-02-28", to: @"2024-02-29")', feel.Months(-23)),
    (
        'to json({a: [1, 2.50, "x", null, true], d: @"2026-11-21"})',
        '{"a": [1, 2.50, "x", null, true], "d": "2026-11-21"}',
    ),
    ("to json([1..2])", None),
    ('from json("{\\"a\\": [1.10, true]}").a', [Decimal("1.10"), True]),
    ('from json("{oops")', None),
    ('to base64("école")', "w6ljb2xl"),
    ('from base64("w6ljb2xl")', "école"),
    ('from base64("!")', None),
    # texts
    ('substring("foobar", 3)', "obar"),
    ('substring("foobar", 3, 3)', "oba"),
    ('substring("foobar", -2, 1)', "a"),
    ('substring("\\U01F40Eab", 2)', "ab"),
    ('substring("foobar", 0)', None),
    ('substring("foobar", 9)', ""),
    ('string length("école")', 5),
    ('upper case("été")', "ÉTÉ"),
    ('lower case("ÉTÉ")', "été"),
    ('substring before("foobar", "bar")', "foo"),
    ('substring before("foobar", "xyz")', ""),
    ('substring after("foobar", "ob")', "ar"),
    ('contains("foobar", "ob")', True),
    ('starts with("foobar", "fo")', True),
    ('ends with("foobar", "r")', True),
    ('string join(["a", null, "b"], "-")', "a-b"),
    ('string join(["a", "b"])', "ab"),
    ('string join(["a", "b"], ", ", "[", "]")', "[a, b]"),
    ('string join(["a", 1], "-")', None),
    ('trim("  a b ")', "a b"),
    ('is blank("  ")', True),
    ("string length(uuid())", 36),
    # patterns
    ('matches("foobar", "^fo*b")', True),
    ('matches("FOO", "foo", "i")', True),
    ('matches("foo", "[")', None),
    ('matches("foo", "foo", "z")', None),
    ('matches("a.b", "a.b", "q")', True),
    ('matches("Bourg 12", "^\\\\i\\\\c+ \\\\d{2}$")', True),
    ('matches("hélas", "^[a-z\\\\p{IsLatin-1Supplement}]+$")', None),
    ('matches("abc", "^[a-z-[d-f]]+$")', True),
    ('replace("abracadabra", "bra", "*")', "a*cada*"),
    ('replace("0123456789", "(\\\\d{3})(\\\\d{3})", "($1-$2) ")', "(012-345) 6789"),
    ('replace("abc", "b", "\\\\$")', "a$c"),
    ('replace("abc", "x*", "-")', None),
    ('replace("a+b", "+", "-", "q")', "a-b"),
    ('split("a;b;;c", ";")', ["a", "b", "", "c"]),
    ('extract("references are 1234, 1256", "12[0-9]+")', ["1234", "1256"]),
    # lists
    ("list contains([1, 2, null], null)", True),
    ("count([1, 2])", 2),
    ("min(1, 2, 3)", 1),
    ("min([])", None),
    ('min(["b", "a"])', "a"),
    ('max(@"P1D", @"PT30H")', timedelta(hours=30)),
    ('max(1, "a")', None),
    ("sum([1, 2.5])", Decimal("3.5")),
    ("sum([])", None),
    ('sum([1, "a"])', None),
    ("product(2, 3, 4)", 24),
    ("mean([1, 2, 3, 4])", Decimal("2.5")),
    ("median([8, 2, 5, 3])", 4),
    ("median([8, 2, 5])", 5),
    ("stddev([2, 4, 7, 5])", Decimal("2.081665999466132735282297706979931")),
    ("stddev([1])", None),
    ("mode([6, 1, 9, 6, 1])", [1, 6]),
    ("all([true, null, false])", False),
    ("all([true, null])", None),
    ("all([])", True),
    ("any([false, null, true])", True),
    ("any([])", False),
    ("and([true, true])", True),
    ("or([false, false])", False),
    ("not(true)", False),
    ('not("x")', None),
    ("sublist([4, 5, 6], 2)", [5, 6]),
    ("sublist([4, 5, 6], -2, 1)", [5]),
    ("sublist([4, 5, 6], 3, 2)", None),
    ("append([1], 2, 3)", [1, 2, 3]),
    ("concatenate([1, 2], [3])", [1, 2, 3]),
    ("insert before([1, 3], 1, 2)", [2, 1, 3]),
    ("remove([1, 2, 3], 2)", [1, 3]),
    ("remove([1, 2, 3], 4)", None),
    ("list replace([2, 4, 7, 8], 3, 6)", [2, 4, 6, 8]),
    ("list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5)", [5, 5, 7, 8]),
    ("reverse([1, 2, 3])", [3, 2, 1]),
    ("index of([1, 2, 3, 2], 2)", [2, 4]),
    ("union([1, 2], [2, 3])", [1, 2, 3]),
    ("distinct values([1, true, 1.0, false, 2])", [1, True, False, 2]),
    ("distinct values([[1], [1], {a: 1}, {a: 1}])", [[1], {"a": 1}]),
    ("duplicate values([1, 2, 1, 3, 1, 2])", [1, 2]),
    ("flatten([[1, 2], [[3]], 4])", [1, 2, 3, 4]),
    ("sort([3, 1, 2], function(x, y) x < y)", [1, 2, 3]),
    ("sort([3, 1, 2])", [1, 2, 3]),
    ('sort([3, "a"])', None),
    ("is empty([])", True),
    ("partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
    ("partition([1], 0)", None),
    # numbers
    ("decimal(1/3, 2)", Decimal("0.33")),
    ("decimal(2.5, 0)", 2),
    ("decimal(1.5, 0)", 2),
    ("floor(1.5)", 1),
    ("floor(-1.56, 1)", Decimal("-1.6")),
    ("floor(1.56, null)", None),
    ("ceiling(-1.5)", -1),
    ("ceiling(12.3, -1)", 20),
    ("round up(5.5, 0)", 6),
    ("round up(-1.126, 2)", Decimal("-1.13")),
    ("round down(5.5, 0)", 5),
    ("round half up(2.5, 0)", 3),
    ("round half up(1.125, 2)", Decimal("1.13")),
    ("round half down(2.5, 0)", 2),
    ("abs(-10)", 10),
    ('abs(@"-P1Y")', feel.Months(12)),
    ("modulo(10.1, 4.5)", Decimal("1.1")),
    ("modulo(-12, 5)", 3),
    ("modulo(12, -5)", -3),
    ("modulo(1, 0)", None),
    ("sqrt(16)", 4),
    ("sqrt(-1)", None),
    ("decimal(log(10), 8)", Decimal("2.30258509")),
    ("log(0)", None),
    ("decimal(exp(5), 8)", Decimal("148.41315910")),
    ("odd(5)", True),
    ("odd(5.5)", None),
    ("even(1e40)", True),
    ("random number() >= 0 and random number() < 1", True),
    # dates
    ('day of week(@"2026-11-21")', "Saturday"),
    ('month of year(@"2026-11-21")', "November"),
    ('day of year(@"2026-02-01")', 32),
    ('week of year(@"2026-12-31")', 53),
    ('last day of month(@"2024-02-10")', date(2024, 2, 29)),
    ('is(@"10:00:00Z", @"11:00:00+01:00")', False),
    ("is(1, 1.0)", True),
    ("is(1, null)", False),
    ("now()", datetime(2026, 11, 21, 23, 30, tzinfo=UTC)),
    ("today()", date(2026, 11, 22)),
    ('cycle(duration("PT1H"))', "R/PT1H"),
    ('cycle(3, duration("P1M"))', "R3/P1M"),
    ('cycle(repetitions: null, interval: duration("P7D"))', "R/P7D"),
    ('cycle(1.5, duration("PT1H"))', None),
    ('cycle(-1, duration("PT1H"))', None),
    # contexts
    ('get value({a: 1}, "a")', 1),
    ('get value({a: {b: 2}}, ["a", "b"])', 2),
    ('get value({a: 1}, "b")', None),
    ("get entries({a: 1})", [{"key": "a", "value": 1}]),
    ('context([{key: "a", value: 1}])', {"a": 1}),
    ('context([{key: "a"}])', None),
    ('context put({a: 1}, "b", 2)', {"a": 1, "b": 2}),
    ('context put({a: {b: 1}}, ["a", "c"], 2)', {"a": {"b": 1, "c": 2}}),
    ('context put({a: 1}, ["b", "c"], 2)', None),
    ("context merge([{a: 1, b: 1}, {b: 2}])", {"a": 1, "b": 2}),
    ("is defined(nowhere)", False),
    ("is defined(0)", True),
    ('get or else(nowhere, "none")', "none"),
    ("assert(5, 5 > 1)", 5),
    # ranges
    ("before(1, 10)", True),
    ("before([1..5), 5)", True),
    ("before([1..5], [5..10])", False),
    ("before(null, 1)", None),
    ('before(1, "a")', None),
    ("after([5..10], 4)", True),
    ("after(5, [1..5))", True),
    ("meets([1..5], [5..10])", True),
    ("met by([5..10], [1..5])", True),
    ("overlaps([1..5], [3..8])", True),
    ("overlaps([1..5), [5..8])", False),
    ("overlaps before([1..5], [3..8])", True),
    ("overlaps after([3..8], [1..5])", True),
    ("finishes(10, [1..10])", True),
    ("finishes([5..10], [1..10])", True),
    ("finished by([1..10], 10)", True),
    ("includes([1..10], 5)", True),
    ("includes([1..10], [3..11])", False),
    ("during(5, [1..10])", True),
    ("during([4..6], [1..10))", True),
    ("starts(1, [1..10])", True),
    ("starts([1..5], [1..10])", True),
    ("started by([1..10], [1..5])", True),
    ("coincides([1..5], [1..5])", True),
    ("coincides(1, 2)", False),
    ('range("[1..10)") = [1..10)', True),
    ('range("(>= 5)") = (>= 5)', True),
    ('range("[a..b]")', None),
    ('range("[date(\\"2026-01-01\\")..@\\"2026-12-31\\"]").end', date(2026, 12, 31)),
]

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_each_function_gives_what_the_standard_says(text, expected):
    found = feel.compile(text).eval({}, now=NOW, zone="Europe/Brussels").value
    assert found == expected
    assert type(found) is type(expected) or not isinstance(expected, bool)


def test_every_function_of_the_table_has_an_example():
    shown = " ".join(text for text, _ in EXAMPLES)
    assert [name for name in TABLE if not re.search(rf"\b{name}\(", shown)] == []


def test_a_null_argument_gives_null_with_a_warning():
    result = feel.compile("upper case(null)").eval({})
    assert result.value is None
    assert [(w.code, w.facts["name"]) for w in result.warnings] == [("INVALID_ARGUMENTS", "upper case")]


def test_functions_that_expect_the_unknown_do_not_warn_of_it():
    assert feel.compile("is defined(nowhere.at.all)").eval({}).warnings == ()
    assert feel.compile("get or else(nowhere, 1)").eval({}).warnings == ()


def test_an_assertion_that_fails_stops_the_evaluation_with_its_cause():
    with pytest.raises(feel.FeelAssertion) as caught:
        feel.compile('assert(amount, amount > 0, "an amount must be positive")').eval({"amount": -1})
    assert caught.value.cause == "an amount must be positive"


def test_named_arguments_reach_their_parameters():
    assert feel.compile('substring(start position: 2, string: "abc")').eval({}).value == "bc"
    assert feel.compile('substring(start: 2, string: "abc")').eval({}).value is None
    assert feel.compile("sum(list: [1, 2])").eval({}).value == 3
    assert feel.compile('get value(context: {a: 1}, key: "a")').eval({}).value == 1


def test_functions_are_values():
    assert feel.compile("(for f in [min, max] return f([1, 2, 3]))").eval({}).value == [1, 3]


def test_two_identifiers_differ():
    assert feel.compile("uuid() != uuid()").eval({}).value is True
