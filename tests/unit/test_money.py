from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import money, quantity
from registry.errors import Refused


@pytest.mark.parametrize(
    ("euros", "cents"),
    [("12.34", 1234), ("0.005", 1), ("0.004999", 0), ("-0.005", -1), ("1234567890123.45", 123456789012345)],
)
def test_euros_become_cents_rounded_half_up(euros, cents):
    assert money.cents(euros) == cents
    assert money.cents(Decimal(euros)) == cents


@pytest.mark.parametrize("nothing", ["NaN", "Infinity"])
def test_what_is_no_number_is_no_money(nothing):
    with pytest.raises(Refused):
        money.cents(nothing)


@given(st.integers(-(10**15), 10**15))
def test_cents_survive_the_way_to_euros_and_back(cents):
    assert money.cents(money.euros(cents)) == cents


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_shares_sum_to_the_whole_and_lie_within_a_cent_of_the_exact_share(total, weights):
    if not any(weights):
        with pytest.raises(money.NoWeight):
            money.split(total, weights)
        return
    shares = money.split(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - total * weight) < sum(weights)
        assert weight or share == 0


def test_the_largest_remainder_takes_the_cent_and_the_earlier_wins_a_tie():
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(10, [Decimal("0.5"), Decimal("0.25"), Decimal("0.25")]) == [5, 3, 2]
    assert money.split(-100, [1, 1, 1]) == [-34, -33, -33]


def test_a_negative_weight_is_refused():
    with pytest.raises(money.NoWeight):
        money.split(100, [2, -1])


def test_a_part_is_rounded_once_half_away_from_zero():
    assert money.part(1, 1, 2) == 1
    assert money.part(-1, 1, 2) == -1
    assert money.part(1, 1, 3) == 0


def test_amounts_are_written_as_each_language_writes_them():
    assert money.formatted(123456789) == "1\u202f234\u202f567,89\u00a0€"
    assert money.formatted(-5, "fr") == "-0,05\u00a0€"
    assert money.formatted(123456789, "en") == "€1,234,567.89"
    assert money.formatted(-123, "en") == "-€1.23"


def test_quantities_keep_three_decimals_and_refuse_a_fourth():
    assert quantity.milli("1.5") == 1500
    assert quantity.milli(12) == 12000
    with pytest.raises(quantity.TooFine):
        quantity.milli("1.2345")
    with pytest.raises(quantity.TooFine):
        quantity.milli("NaN")


@given(st.integers(-(10**12), 10**12))
def test_thousandths_survive_the_way_to_units_and_back(milli):
    assert quantity.milli(quantity.units(milli)) == milli


def test_quantities_are_written_as_each_language_writes_them():
    assert quantity.formatted(12000, "kg") == "12 kg"
    assert quantity.formatted(1500, "kg", "fr") == "1,5 kg"
    assert quantity.formatted(1234500, "m", "en") == "1,234.5 m"
    assert quantity.formatted(1000000, "", "fr") == "1\u202f000"
