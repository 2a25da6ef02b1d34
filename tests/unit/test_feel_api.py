"""How the rest of the house calls FEEL."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine import feel
from engine.feel.builder import Scope
from engine.feel.types import NAMES, is_named

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)


def test_free_names_are_those_the_text_does_not_bind_itself():
    compiled = feel.compile(
        "for r in rows return {total: r.price * factor, twice: total * 2}.twice + sum(r.list[item > limit])"
    )
    assert compiled.free_names == {"rows", "factor", "limit"}
    assert feel.compile("? > limit and f(1)", "unary-tests").free_names == {"limit", "f"}
    assert feel.compile("count(items)").free_names == {"items"}
    assert feel.compile("{mode: mode}").free_names == {"mode"}
    assert feel.compile("limit + 1").place_of("limit").column == 1


def test_only_the_names_that_are_used_are_converted():
    assert feel.compile("a + 1").eval({"a": 1, "b": object()}).value == 2
    with pytest.raises(feel.FeelValueError):
        feel.compile("b").eval({"b": object()})


def test_the_same_text_is_compiled_once():
    assert feel.compile("a + 1") is feel.compile("a + 1", names=frozenset({"a", "plain"}))
    assert feel.compile("a - b") is not feel.compile("a - b", names=frozenset({"a - b"}))


def test_a_variable_hides_a_built_in_only_when_it_is_a_function():
    assert feel.compile("count([1, 2])").eval({"count": 7}).value == 2
    assert feel.compile("{count: count}").eval({"count": 7}).value == {"count": 7}
    ours = feel.Function(["list"], lambda _run, values: len(values[0]) * 100, "count")
    assert feel.compile("count([1, 2])").eval({"count": ours}).value == 200


def test_a_known_function_named_like_a_folded_built_in_is_called():
    ours = feel.Function(["text"], lambda _run, values: values[0] + "!")
    assert feel.compile('date("x")', names=frozenset({"date"})).eval({"date": ours}).value == "x!"


def test_now_and_today_are_those_of_the_caller_in_its_zone():
    compiled = feel.compile("[now(), today()]")
    assert compiled.eval({}, now=NOW, zone="Europe/Brussels").value == [NOW, date(2026, 11, 22)]
    assert compiled.eval({}, now=NOW, zone="America/New_York").value[1] == date(2026, 11, 21)
    assert compiled.eval({}, now=NOW).value == [NOW, date(2026, 11, 21)]
    assert compiled.eval({}).value == [None, None]


def test_many_expressions_share_one_budget_and_one_list_of_warnings():
    run = feel.Run(limits=feel.Limits(steps=50))
    loop = feel.compile("for i in 1..10 return i")
    assert loop.value(run, {}) == list(range(1, 11))
    assert feel.compile("nowhere").value(run, {}) is None
    assert [w.code for w in run.warnings] == ["NO_VARIABLE"]
    with pytest.raises(feel.FeelLimit):
        loop.value(run, {})


def test_unary_tests_run_in_a_shared_run_and_on_a_shared_scope():
    run = feel.Run()
    cell = feel.compile("> limit, ? = 0", "unary-tests")
    assert cell.holds(run, 9, {"limit": 5}) is True
    scope = Scope({"?": 3}, Scope({"limit": 5}, None, run), run)
    assert cell.passing(scope, 3) is False
    assert feel.compile("limit + 1").closure(Scope({"limit": 5}, None, run)) == 6


def test_functions_of_the_house_are_called_by_position_and_by_name():
    asked = []

    def discount(run, values):
        run.spend(1)
        asked.append(values)
        return values[0] - values[1]

    function = feel.Function(["amount", "percent"], discount, "Discount")
    assert feel.compile("Discount(100, 7)").eval({"Discount": function}).value == 93
    assert feel.compile("Discount(percent: 7, amount: 100)").eval({"Discount": function}).value == 93
    assert feel.compile("Discount(100)").eval({"Discount": function}).value is None
    assert asked == [[100, 7], [100, 7]]
    run = feel.Run()
    assert run.call(function, {"amount": 5, "percent": 1}) == 4
    assert run.call(function, {"amount": 5, "other": 1}) is None


def test_the_last_parameters_of_a_function_may_be_optional():
    function = feel.Function(["a", "b"], lambda _run, values: len(values), optional=1)
    assert feel.compile("f(1) + f(1, 2)").eval({"f": function}).value == 3


class ModelTypes:
    """A model that has one type of its own, and an import."""

    def holds(self, value, name):
        if name == "lib.tSize":
            return value is not None and is_named(value, "number")
        if name != "tPriority":
            return None
        return value in ("high", "low")

    def coerce(self, value, name):
        return value if self.holds(value, name) else feel.MISSING


def test_types_of_a_model_are_asked_by_name():
    types = ModelTypes()

    def value(text):
        return feel.compile(text).eval({}, types=types).value

    assert value('"high" instance of tPriority') is True
    assert value('"odd" instance of tPriority') is False
    assert value('["high", "low"] instance of list<tPriority>') is True
    assert value("5 instance of lib.tSize") is True
    assert value('"high" instance of tNobody') is None
    assert value('(function(p: tPriority) p)("high")') == "high"
    assert value('(function(p: tPriority) p)("odd")') is None
    assert "number" in NAMES


def test_neither_variables_nor_constants_are_ever_changed():
    rows = [{"a": 1}]
    compiled = feel.compile('[context put(rows[1], "b", 2), append(rows, 3), [1, 2]]')
    first = compiled.eval({"rows": rows}).value
    first[2].append(99)
    first[1][0]["a"] = 7
    assert rows == [{"a": 1}]
    assert compiled.eval({"rows": rows}).value[2] == [1, 2]


def test_the_two_kinds_of_text_are_not_confused():
    with pytest.raises(TypeError):
        feel.compile("1").test(1)
    with pytest.raises(TypeError):
        feel.compile("> 1", "unary-tests").eval({})
    with pytest.raises(ValueError, match="unary-tests"):
        feel.compile("1", "cell")


def test_numbers_leave_as_int_when_they_are_whole():
    assert repr(feel.compile("1.0 + a").eval({"a": Decimal("2.00")}).value) == "3"
    assert repr(feel.compile("a / 4").eval({"a": 10}).value) == "Decimal('2.5')"


def test_a_text_shows_itself():
    assert repr(feel.compile("a  +  1")) == "Compiled('a  +  1')"
    assert feel.print_tree(feel.compile("a  +  (1)").tree) == "a + 1"
