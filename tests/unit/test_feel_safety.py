"""What a hostile author may try: each attempt ends in a typed error or a harmless value, soon and in little memory."""

import tracemalloc

import pytest

from engine import feel
from engine.errors import EngineError

DOUBLED = "(for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])"
SLOW_PATTERN = '"(a|aa)+$"'

TOO_MUCH = [
    ("a long loop", "for x in 1..1000000000 return x", "items"),
    ("nested loops", "count(for x in 1..3000, y in 1..3000, z in 1..3000 return x*y*z)", "steps"),
    ("a function that calls itself", "(function(f) f(f))(function(f) f(f))", "calls"),
    (
        "a doubled text",
        'string length((for i in 1..60 return if i = 1 then "x" else partial[-1] + partial[-1])[-1])',
        "characters",
    ),
    (
        "a doubled list",
        "count((for i in 1..60 return if i = 1 then [1] else concatenate(partial[-1], partial[-1]))[-1])",
        "items",
    ),
    ("a long search", "some x in 1..100000000 satisfies x < 0", "items"),
    ("a long join", f'string join(for x in 1..90000 return "{"a" * 100}")', "steps"),
    ("a heavy body", "count(for i in 1..100000 return " + "+".join(["i"] * 2_000) + ")", "steps"),
    ("equality of doubled lists", f"{DOUBLED} = {DOUBLED}", "steps"),
    ("a doubled list as text", f"string({DOUBLED}[-1])", "steps"),
    ("a doubled list made flat", f"flatten({DOUBLED})", "steps"),
    ("a doubled list as a result", DOUBLED, "steps"),
    ("a doubled context as JSON", ("to json((for i in 1..60 return if i = 1 then {a: 1} else "
     "{a: partial[-1], b: partial[-1]})[-1])"), "steps"),
    ("a value nested deeply", "(for i in 1..300 return if i = 1 then [] else [partial[-1]])[-1]", "value_depth"),
    ("a list kept at each turn", "for i in 1..2000 return partial", "steps"),
    ("a replacement that grows", ('replace(string join(for i in 1..1000 return "aaaaaaaaaa"), "a", '
     'string join(for i in 1..1000 return "bbbbbbbbbb"))'), "steps"),
    ("functions that call each other", "{f: function(n) g(n), g: function(n) f(n), r: f(1)}.r", "calls"),
    ("a deep recursion", "{f: function(n) if n = 0 then 0 else 1 + f(n - 1), r: f(100000)}.r", "calls"),
    ("a sort by function", "sort(for i in 1..50000 return i, function(a, b) a > b)", "steps"),
    ("a sort of many", "sort(for i in 1..90000 return -i)", "steps"),
    ("distinct dates", 'distinct values(for i in 1..20000 return @"2026-01-01" + @"P1D" * i)', "steps"),
    ("JSON nested deeply", 'from json("' + "[" * 50_000 + '")', "value_depth"),
    ("a growing context", ("count(get entries((for i in 1..5000 return if i = 1 then {} else "
     "context put(partial[-1], string(i), i))[-1]))"), "steps"),
    ("every day there is", 'count(for d in @"0001-01-01"..@"9999-12-31" return d)', "items"),
    ("every day of an age", 'count(for d in @"-99999-01-01"..@"9999-12-31" return d)', "items"),
    ("logarithms", "for i in 1..99999 return log(i) ** 0.123", "steps"),
    ("moments in order", 'sort(for i in 1..9999 return @"2026-01-01T10:00:00@Europe/Brussels" + @"PT1H" * i)', "steps"),
    ("pairs", "every x in 1..1000, y in 1..1000 satisfies x > 0", "steps"),
    ("many capitals", f'count(for i in 1..100000 return upper case("{"a" * 60}"))', "steps"),
    ("base 64 of base 64", '(for i in 1..60 return if i = 1 then "x" else to base64(partial[-1]))[-1]', "characters"),
    ("many tests", "count(for i in 1..100000 return i in (" + ",".join(map(str, range(1_000))) + "))", "steps"),
    ("a filter in a filter", "count((for i in 1..3000 return {a: i})[a in (for x in 1..3000 return x)])", "steps"),
    ("a pattern that tries everything", f'matches("{"a" * 2_000}!", {SLOW_PATTERN})', "pattern_seconds"),
    ("many slow patterns", f'count(for i in 1..1000 return matches("{"a" * 2_000}!", {SLOW_PATTERN}))', "pattern_seconds"),
]  # fmt: skip

LARGEST = [
    text
    for name, text, _ in TOO_MUCH
    if name in {"a doubled text", "a doubled list", "a long join", "base 64 of base 64"}
]

NOT_READ = [
    ("20,000 parentheses", "(" * 20_000 + "1" + ")" * 20_000),
    ("20,000 minus signs", "-" * 20_000 + "1"),
    ("nested lists", "[" * 300 + "]" * 300),
    ("nested contexts", "{a:" * 300 + "1" + "}" * 300),
    ("nested conditions", "if a then " * 300 + "1" + " else 2" * 300),
    ("nested functions", "function(x) " * 300 + "x"),
    ("nested types", "1 instance of " + "list<" * 300 + "number" + ">" * 300),
    ("a long path", "a" + ".b" * 2_000),
    ("a long row of filters", "[1]" + "[1]" * 1_500),
    ("a long row of calls", "f" + "()" * 1_500),
    ("a long row of comparisons", "1" + "=1" * 2_400),
    ("paths in parentheses in paths", "(" * 49 + "a" + (".b" * 45 + ")") * 49),
    ("too many tokens", "[" + ",".join(["1"] * 6_000) + "]"),
    ("too many characters", '"' + "x" * 200_000 + '"'),
    ("900 iterators", "for " + ", ".join(f"v{i} in [1]" for i in range(900)) + " return 1"),
]

HARMLESS = [
    ("class of a text", '"".__class__.__mro__', None),
    ("class of a context", "{}.__class__", None),
    ("globals of a function", "{a: 1}.__class__.__init__.__globals__", None),
    ("globals of a built-in", "count.__globals__", None),
    ("import", '__import__("os")', None),
    ("built-ins of Python", "__builtins__", None),
    ("a format", '"{0.__class__}"', "{0.__class__}"),
    ("attributes of a date", 'date("2026-11-21").resolution', None),
    ("methods of a date", '@"2026-11-21".isoformat', None),
    ("a filter by true", "count([1, 2, 3][true])", 3),
    ("a tower of powers", "9**9**9**9 > 1e600", True),
    ("a power beyond all", "9**9**9**9**9**9", None),
    ("a very long number", "string length(string(10**6000)) < 100", True),
    ("a very small number", "10**-6000 * 10**-6000 = 0", True),
    ("an exponent beyond all", 'number("1e999999999999")', None),
    ("a duration beyond all", 'duration("P999999999999999999D")', None),
    ("months beyond all", 'duration("P999999999999999999Y") * 10**30', None),
    ("a year beyond all", '@"999999999-12-31" + @"P1Y"', None),
    ("an index beyond all", "[1, 2, 3][10**30]", None),
    ("a length beyond all", "sublist([1, 2, 3], 1, 10**6000)", None),
    ("many different numbers", "count(distinct values(for x in 1..30000 return x))", 30_000),
    ("repeats of repeats", 'matches("a", "(((((a{999}){999}){999}){999}){999})")', None),
    ("240 groups", 'matches("a", "' + "(" * 240 + "a" + ")" * 240 + '")', True),
    ("a pattern that is too long", 'matches("a", "' + "a" * 600 + '")', None),
    ("a code in a pattern", 'matches("a", "(?{print(1)})")', None),
    ("a zone out of the files", 'time("10:00:00@../../etc/passwd")', None),
    ("a zone that is a folder", 'time("10:00:00@Europe")', None),
    ("a code point that is none", '"\\U999999"', "\ufffd"),
    ("half a character", '"\\uD83D"', "\ufffd"),
]


@pytest.mark.parametrize(
    ("text", "bound"), [case[1:] for case in TOO_MUCH], ids=[case[0] for case in TOO_MUCH]
)
def test_what_would_cost_too_much_is_stopped_by_its_bound(text, bound):
    compiled = feel.compile(text)
    with pytest.raises(feel.FeelLimit) as caught:
        compiled.eval({})
    assert caught.value.problem == bound


@pytest.mark.parametrize("text", [case[1] for case in NOT_READ], ids=[case[0] for case in NOT_READ])
def test_what_is_too_long_or_too_deep_is_not_read(text):
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.compile(text)
    assert caught.value.problem in {"too_deep", "source_too_long"}


@pytest.mark.parametrize(
    ("text", "expected"), [case[1:] for case in HARMLESS], ids=[case[0] for case in HARMLESS]
)
def test_what_reaches_for_python_or_infinity_finds_nothing(text, expected):
    assert feel.compile(text).eval({}).value == expected


def test_no_attack_takes_much_memory():
    tracemalloc.start()
    try:
        for text in LARGEST:
            with pytest.raises(EngineError):
                feel.compile(text).eval({})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


def test_the_caller_sets_tighter_bounds():
    tight = feel.Limits(steps=100, calls=3, characters=10, items=5)
    with pytest.raises(feel.FeelLimit, match="list"):
        feel.compile("for i in 1..6 return i").eval({}, limits=tight)
    with pytest.raises(feel.FeelLimit, match="text"):
        feel.compile('"12345678" + a').eval({"a": "9ab"}, limits=tight)
    with pytest.raises(feel.FeelLimit, match="deeply"):
        feel.compile("{f: function(n) f(n), r: f(1)}.r").eval({}, limits=tight)


def test_a_list_that_contains_the_list_made_so_far_is_no_circle():
    assert feel.compile("for i in 1..3 return partial").eval({}).value == [[], [[]], [[], [[]]]]
