"""Durations and instants as timers write them, beyond what FEEL reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine import variables

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("P1W", "2026-02-07T08:00"),
        ("P1W1DT1H", "2026-02-08T09:00"),
        ("P1M", "2026-02-28T08:00"),
        ("P1M1D", "2026-03-01T08:00"),
        ("P1Y2M10DT2H30M", "2027-04-10T10:30"),
        ("-P1M1D", "2025-12-30T08:00"),
        ("PT90M", "2026-01-31T09:30"),
    ],
)
def test_months_are_added_before_days_and_time(text: str, after: str) -> None:
    duration = variables.parse_duration(text)
    assert duration is not None
    assert variables.shift(NOW, duration).isoformat()[:16] == after


@pytest.mark.parametrize(
    "text", ["P", "PT", "P1WT", "P1M1", "P1D1M", "P1.5W", "W", "P1Y1MT", "one week", "P999999999W"]
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert variables.parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-14T10:00:00+02:00[Europe/Brussels]", "2026-07-14T08:00"),
        ("2026-07-14T10:00[Europe/Brussels]", "2026-07-14T08:00"),
        ("2026-07-14T10:00Z", "2026-07-14T10:00"),
        ("2026-07-14T10:00", "2026-07-14T10:00"),
    ],
)
def test_an_instant_may_name_its_zone_and_leave_the_seconds_out(text: str, instant: str) -> None:
    found = variables.to_instant(text, zone="UTC")
    assert found is not None
    assert found.isoformat()[:16] == instant


@pytest.mark.parametrize(
    "text", ["2026-07-14T10:00[Nowhere/Land]", "2026-07-14T10", "2026-02-30T10:00Z", "[UTC]", "10:00"]
)
def test_what_is_no_instant_is_none(text: str) -> None:
    assert variables.to_instant(text, zone="UTC") is None
