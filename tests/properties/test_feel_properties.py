"""What holds for every expression and every value, not only for examples."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import feel
from engine.feel import far, syntax, temporal
from engine.feel.convert import dump, load, to_feel, to_python
from engine.feel.lexer import escape, unescape
from engine.feel.text import FREE, write
from tests.feel_corpus import CELLS, EXPRESSIONS

# ---- trees

words = st.sampled_from(["a", "b", "rate", "due", "école", "if", "two words", "a-b", "x.y", "€", "1st"])
plain_words = st.sampled_from(["a", "b", "rate", "due", "two words"])
type_names = st.sampled_from(
    ["number", "days and time duration", "Any", "list", "tPriority", "my type", "lib.tSize"]
)

types = st.recursive(
    st.builds(syntax.TypeName, st.just(0), type_names),
    lambda below: st.one_of(
        st.builds(syntax.ListType, st.just(0), below),
        st.builds(syntax.RangeType, st.just(0), below),
        st.builds(
            syntax.ContextType,
            st.just(0),
            st.lists(st.tuples(plain_words, below), min_size=1, max_size=2).map(tuple),
        ),
        st.builds(syntax.FunctionType, st.just(0), st.lists(below, max_size=2).map(tuple), below),
    ),
    max_leaves=3,
)

leaves = st.one_of(
    st.builds(syntax.Number, st.just(0), st.sampled_from(["0", "12", "1.50", ".5", "1e3", "2.5E-4"])),
    st.builds(syntax.Text, st.just(0), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)),
    st.builds(syntax.Constant, st.just(0), st.sampled_from([True, False, None])),
    st.builds(syntax.Temporal, st.just(0), st.sampled_from(["2026-11-21", "P1D", 'x"y'])),
    st.builds(syntax.Name, st.just(0), words),
)


def chains(below):
    return st.sampled_from(["+-", "*/", "*"]).flatmap(
        lambda signs: st.builds(
            syntax.Chain,
            st.just(0),
            below,
            st.lists(
                st.builds(syntax.Step, st.just(0), st.sampled_from(signs if signs != "*" else ["**"]), below),
                min_size=1,
                max_size=3,
            ).map(tuple),
        )
    )


def branches(below):
    here = st.just(0)
    several = st.lists(below, min_size=2, max_size=3).map(tuple)
    signs = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])
    tests = below | st.builds(syntax.UnaryTest, here, signs, below)
    some_tests = st.lists(tests, min_size=1, max_size=3).map(tuple)
    iterators = st.lists(
        st.builds(syntax.Iterator, here, plain_words, below, st.none() | below), min_size=1, max_size=2
    ).map(tuple)
    parameters = st.lists(st.builds(syntax.Parameter, here, plain_words, st.none() | types), max_size=2).map(
        tuple
    )
    named = st.lists(st.tuples(plain_words, below), min_size=1, max_size=2).map(tuple)
    return st.one_of(
        chains(below),
        st.builds(syntax.And, here, several),
        st.builds(syntax.Or, here, several),
        st.builds(syntax.Negation, here, below),
        st.builds(syntax.Comparison, here, signs, below, below),
        st.builds(syntax.Between, here, below, below, below),
        st.builds(syntax.In, here, below, some_tests),
        st.builds(syntax.Path, here, below, words),
        st.builds(syntax.Filter, here, below, tests),
        st.builds(syntax.Call, here, below, some_tests | st.just(()), st.just(())),
        st.builds(syntax.Call, here, below, st.just(()), named),
        st.builds(syntax.If, here, below, below, below),
        st.builds(syntax.For, here, iterators, below),
        st.builds(syntax.Quantified, here, st.booleans(), iterators, below),
        st.builds(syntax.FunctionLiteral, here, parameters, below, st.booleans()),
        st.builds(syntax.InstanceOf, here, below, types),
        st.builds(syntax.ListLiteral, here, some_tests | st.just(())),
        st.builds(syntax.ContextLiteral, here, named),
        st.builds(syntax.RangeLiteral, here, below, below, st.booleans(), st.booleans()),
        st.builds(syntax.HalfRange, here, signs, below),
    )


trees = st.recursive(leaves, branches, max_leaves=8)


@given(trees)
def test_a_tree_survives_being_written_and_read(tree):
    text = feel.print_tree(tree)
    assert feel.compile(text).tree == tree, text


@pytest.mark.parametrize(
    ("kind", "text"), [*(("expression", t) for t in EXPRESSIONS), *(("unary-tests", t) for t in CELLS)]
)
def test_a_text_written_again_means_the_same(kind, text):
    tree = feel.compile(text, kind).tree
    assert feel.compile(feel.print_tree(tree), kind).tree == tree


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_survives_its_quotes(text):
    assert unescape(escape(text)) == text
    assert feel.compile(escape(text)).eval({}).value == text


# ---- values

zones = st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=-30)), ZoneInfo("Europe/Brussels")])
decimals = st.decimals(-(10**15), 10**15, places=4, allow_nan=False)
clocks = st.builds(lambda clock, zone: clock.replace(tzinfo=zone), st.times(), zones)
moments = st.builds(lambda moment, zone: moment.replace(tzinfo=zone), st.datetimes(), zones)
durations = st.timedeltas(timedelta(days=-(10**6)), timedelta(days=10**6)) | st.builds(
    feel.Months, st.integers(-(10**6), 10**6)
)
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**33), 10**33),
    decimals,
    st.text(),
    st.dates(),
    clocks,
    moments,
    durations,
)
values = st.recursive(
    atoms,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=5), below, max_size=4),
    max_leaves=12,
)


@given(values)
def test_a_value_survives_the_way_in_and_out(value):
    assert to_python(to_feel(value), FREE) == value
    assert feel.compile("v").eval({"v": value}).value == value
    assert feel.compile("[v][1]").eval({"v": value}).warnings == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers().filter(lambda n: abs(n) < 10**34) | decimals | st.text(),
        lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=5), below, max_size=4),
        max_leaves=12,
    )
)
def test_json_loses_nothing(value):
    assert load(dump(value, FREE)) == value


@given(st.one_of(st.dates(), clocks, moments, durations))
def test_dates_and_durations_survive_as_text(value):
    found = temporal.read(write(value))
    assert found == value or write(found) == write(value)
    assert type(found) is type(value)


@given(
    st.integers(-999_000_000, 999_000_000),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(-(10**6), 10**6),
)
def test_the_calendar_goes_on_for_ever_in_both_directions(year, month, day, days):
    start = far.make_date(year, month, day)
    moved = far.move(start, timedelta(days=days))
    assert far.move(moved, timedelta(days=-days)) == start
    assert far.between(moved, start) == timedelta(days=days)
    assert temporal.read(write(moved)) == moved
    assert (start.isoweekday() + days - moved.isoweekday()) % 7 == 0
    assert (far.key(start) < far.key(moved)) is (days > 0)


@given(st.dates(date(2, 1, 1), date(9998, 12, 31)), st.integers(-300, 300))
def test_near_and_far_reckoning_agree(day, days):
    assert far.move(day, timedelta(days=days)) == day + timedelta(days=days)
    cycles, near = far.split(day)
    assert far.join(cycles, near) == day
    shifted = far.join(cycles + 100, near)
    assert far.move(shifted, timedelta(days=-100 * far.CYCLE_DAYS)) == day


@given(decimals, decimals)
def test_arithmetic_is_exact_where_34_digits_suffice(a, b):
    def value(text):
        return feel.compile(text).eval({"a": a, "b": b}).value

    assert value("a + b") == a + b
    assert value("a - b") == a - b
    assert value("a < b") is (a < b)
    assert value("a + b - b = a") is True
    assert value("decimal(a, 2)") == a.quantize(Decimal("0.01"))


@given(st.lists(st.integers(-50, 50)), st.integers(-50, 50))
def test_filters_quantifiers_and_counts_agree_with_one_another(numbers, limit):
    def value(text):
        return feel.compile(text).eval({"numbers": numbers, "limit": limit}).value

    above = [n for n in numbers if n > limit]
    assert value("numbers[item > limit]") == above
    assert value("for n in numbers return n > limit").count(True) == len(above)
    assert value("some n in numbers satisfies n > limit") is bool(above)
    assert value("every n in numbers satisfies n > limit") is (len(above) == len(numbers))
    assert value("sort(numbers)") == sorted(numbers)
    assert value("distinct values(numbers)") == list(dict.fromkeys(numbers))


@given(st.sampled_from([True, False, None]), st.sampled_from([True, False, None]))
def test_de_morgan_holds_with_three_values(a, b):
    def value(text):
        return feel.compile(text).eval({"a": a, "b": b}).value

    assert value("not(a and b)") is value("not(a) or not(b)")
    assert value("not(a or b)") is value("not(a) and not(b)")


@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(-20, 20), st.booleans(), st.booleans())
def test_a_range_means_the_same_as_its_two_comparisons(low, high, number, low_closed, high_closed):
    opening, closing = "[" if low_closed else "(", "]" if high_closed else ")"
    found = feel.compile(f"n in {opening}{low}..{high}{closing}").eval({"n": number}).value
    if high < low:
        assert found is not True
        return
    above = number >= low if low_closed else number > low
    assert found is (above and (number <= high if high_closed else number < high))


def test_a_naive_and_an_aware_moment_never_meet():
    aware = datetime(2026, 11, 21, tzinfo=UTC)
    naive = aware.replace(tzinfo=None)
    assert feel.compile("a = b").eval({"a": aware, "b": naive}).value is False
    assert feel.compile("a < b").eval({"a": aware, "b": naive}).value is None
    assert feel.compile("a < b").eval({"a": time(8), "b": time(9, tzinfo=UTC)}).value is None
