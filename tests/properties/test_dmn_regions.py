"""What the static checks prove about a table is what its evaluation does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import feel
from engine.dmn import coverage, regions
from tests import drawings as draw

NUMBERS = (1, 2, 3)
DAYS = tuple(date(2026, 11, day) for day in (20, 21, 23))
WORDS = ("a", "b")
SAMPLES = {
    "number": [None, "text", 0, 1, Decimal("1.5"), 2, Decimal("2.5"), 3, 4],
    "date": [None, 7, *(date(2026, 11, day) for day in range(19, 25))],
    "string": [None, 7, "a", "b", "c"],
}


def written(value):
    return f'date("{value}")' if isinstance(value, date) else str(value)


def ordered(values):
    value = st.sampled_from(values).map(written)
    compared = st.tuples(st.sampled_from(["< ", "<= ", "> ", ">= ", ""]), value).map("".join)
    spans = st.tuples(st.sampled_from("[("), value, value, st.sampled_from(")]")).map(
        lambda parts: f"{parts[0]}{parts[1]}..{parts[2]}{parts[3]}"
    )
    simple = st.one_of(compared, spans)
    return st.one_of(
        st.sampled_from(["-", "null"]),
        simple,
        st.tuples(simple, simple).map(", ".join),
        simple.map(lambda test: f"not({test})"),
    )


listed = st.lists(st.sampled_from(['"a"', '"b"']), min_size=1, unique=True).map(", ".join)
CELLS = {
    "number": ordered(NUMBERS),
    "date": ordered(DAYS),
    "string": st.one_of(st.just("-"), st.just("null"), listed, listed.map(lambda text: f"not({text})")),
}


@st.composite
def tables(drawing):
    kinds = drawing(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=2))
    rules = drawing(st.lists(st.tuples(*(CELLS[kind] for kind in kinds)), min_size=1, max_size=4))
    return kinds, rules


def columns_of(kinds, rules):
    return [
        regions.column(
            f"x{at}",
            [feel.compile(rule[at], "unary-tests").tree for rule in rules],
            type_name=kind,
        )
        for at, kind in enumerate(kinds)
    ]


def matching(kinds, rules):
    """Return a function from values to the rules that match them, as the engine evaluates."""
    logic = draw.table(
        [f"x{at}" for at in range(len(kinds))],
        ["rule"],
        *([*rule, str(number)] for number, rule in enumerate(rules)),
        hit="COLLECT",
    )
    model = draw.read(draw.decision("D", logic))

    def evaluate(values):
        named = {f"x{at}": value for at, value in enumerate(values)}
        return set(draw.decide(model, "D", **named) or ())

    return evaluate


def witness(atom):
    """Return a value inside an atom."""
    if atom.kind in {"null", "other"}:
        return None if atom.kind == "null" else timedelta(days=1)
    if atom.is_point:
        return atom.low
    if atom.low is None and atom.high is None:
        return "neither"
    step = timedelta(days=1) if isinstance(atom.low or atom.high, date) else 1
    if atom.low is None:
        return atom.high - step
    if atom.high is None:
        return atom.low + step
    return atom.low + step if isinstance(atom.low, date) else (Decimal(atom.low) + atom.high) / 2


@settings(max_examples=200, deadline=None)
@given(tables())
def test_proved_overlaps_are_real_and_none_is_missed(table):
    kinds, rules = table
    columns, evaluate = columns_of(kinds, rules), matching(kinds, rules)
    proved = {(each.first, each.second): each.situation for each in coverage.overlaps(columns, len(rules))}
    for pair, situation in proved.items():
        assert set(pair) <= evaluate([witness(atom) for atom in situation])
    known = {rule for rule in range(len(rules)) if all(column.masks[rule] is not None for column in columns)}
    for values in product(*(SAMPLES[kind] for kind in kinds)):
        for pair in combinations(sorted(evaluate(values) & known), 2):
            assert pair in proved


@settings(max_examples=200, deadline=None)
@given(tables())
def test_a_proved_gap_is_real_and_none_is_missed(table):
    kinds, rules = table
    columns, evaluate = columns_of(kinds, rules), matching(kinds, rules)
    situation = coverage.gap(columns, len(rules))
    if situation is not None:
        assert evaluate([witness(atom) for atom in situation]) == set()
        return
    if any(mask is None for column in columns for mask in column.masks):
        return
    usual = [[value for value in SAMPLES[kind] if value is not None and fits(value, kind)] for kind in kinds]
    for values in product(*usual):
        assert evaluate(values)


def fits(value, kind):
    return isinstance(value, {"number": int | Decimal, "date": date, "string": str}[kind])


@settings(max_examples=200, deadline=None)
@given(tables())
def test_a_hidden_rule_never_answers_first(table):
    kinds, rules = table
    columns, evaluate = columns_of(kinds, rules), matching(kinds, rules)
    hidden = {rule for rule, _ in coverage.hidden(columns, len(rules))}
    for values in product(*(SAMPLES[kind] for kind in kinds)):
        matched = evaluate(values)
        assert not matched or min(matched) not in hidden
