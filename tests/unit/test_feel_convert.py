"""What comes into FEEL, what goes out, and what is refused at the door."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from uuid import UUID

import pytest

from engine import feel
from engine.feel.convert import dump, load, to_feel, to_python
from engine.feel.text import FREE


class Mode(Enum):
    IN_HOUSE = "in_house"


class Priority(IntEnum):
    HIGH = 1


@dataclass
class Item:
    code: str
    quantity: float


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.1, Decimal("0.1")),
        (float("nan"), None),
        (float("inf"), None),
        (Decimal("NaN"), None),
        (Decimal("1.2345678901234567890123456789012345678"), Decimal("1.234567890123456789012345678901235")),
        (10**40 + 1, Decimal(10) ** 40),
        (Mode.IN_HOUSE, "in_house"),
        (Priority.HIGH, 1),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ((1, (2,)), [1, [2]]),
        ({"b", "a"}, ["a", "b"]),
        ({Mode.IN_HOUSE: [1.5]}, {"in_house": [Decimal("1.5")]}),
        (Item("salt", 0.5), {"code": "salt", "quantity": Decimal("0.5")}),
        (True, True),
        (date(2026, 11, 21), date(2026, 11, 21)),
    ],
)
def test_python_values_become_feel_values(given, expected):
    found = to_feel(given)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "stranger", [object(), b"bytes", 1j, range(3), Item, {1: "a"}, {"a": [object()]}, open]
)
def test_what_feel_does_not_know_is_refused_and_never_looked_into(stranger):
    with pytest.raises(feel.FeelValueError):
        to_feel(stranger)


def test_a_value_without_end_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(feel.FeelLimit):
        to_feel(endless)


@pytest.mark.parametrize(
    "text", ["[1..2]", "count", "{a: [function(x) x]}", '@"10000-01-01"', '[@"-0001-01-01"]']
)
def test_what_only_lives_in_expressions_does_not_leave(text):
    with pytest.raises(feel.FeelValueError):
        feel.compile(text).eval({})


def test_json_is_written_exactly_and_read_exactly():
    value = {
        "cents": Decimal("12.30"), "day": date(2026, 11, 21), "at": datetime.fromisoformat("2026-11-21T08:30:00"), "clock": time(8),
        "wait": timedelta(hours=2), "term": feel.Months(14), "list": [1, None, True, 'é "x"'],
    }  # fmt: skip
    assert dump(value, FREE) == (
        '{"cents": 12.30, "day": "2026-11-21", "at": "2026-11-21T08:30:00", "clock": "08:00:00", "wait": "PT2H", '
        '"term": "P1Y2M", "list": [1, null, true, "é \\"x\\""]}'
    )
    assert load('{"a": [0.10, 1e2, 3, "x"]}') == {"a": [Decimal("0.10"), Decimal(100), 3, "x"]}
    with pytest.raises(ValueError, match="NaN"):
        load("[NaN]")
    with pytest.raises(feel.FeelLimit):
        load("[" * 50_000)


def test_what_goes_out_is_a_copy():
    inside = [{"a": [1]}]
    outside = to_python(inside, FREE)
    outside[0]["a"].append(2)
    assert inside == [{"a": [1]}]
