"""Crons as Spring reads them, which the zeebe dialect follows, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.kernel import cycles

MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)


def days(cron: str, count: int = 3) -> list[str]:
    cycle = cycles.read(cron, "UTC")
    assert cycle is not None
    due, found = cycle.first(MONDAY, "UTC"), []
    while due is not None and len(found) < count:
        found.append(f"{due:%Y-%m-%d}")
        due = cycles.following(due, cycle.every, "UTC")
    return found


@pytest.mark.parametrize(
    ("cron", "found"),
    [
        ("0 0 12 L * ?", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("0 0 12 L-3 * *", ["2026-01-28", "2026-02-25", "2026-03-28"]),
        ("0 0 12 LW * *", ["2026-01-30", "2026-02-27", "2026-03-31"]),
        ("0 0 12 1W * *", ["2026-02-02", "2026-03-02", "2026-04-01"]),
        ("0 0 12 1W 8 *", ["2026-08-03", "2027-08-02", "2028-08-01"]),
        ("0 0 12 31W * *", ["2026-01-30", "2026-03-31", "2026-07-31"]),
        ("0 0 12 15W,L-1 * *", ["2026-01-15", "2026-01-30", "2026-02-16"]),
        ("0 0 12 1W * MON", ["2026-02-02", "2026-03-02", "2026-06-01"]),
        ("0 0 12 ? * FRIL", ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("0 0 12 * * SUN#2", ["2026-01-11", "2026-02-08", "2026-03-08"]),
        ("0 0 12 * * FRI-SUN", ["2026-01-09", "2026-01-10", "2026-01-11"]),
        ("0 0 12 * * 0", ["2026-01-11", "2026-01-18", "2026-01-25"]),
        ("0 0 12 13 * FRI", ["2026-02-13", "2026-03-13", "2026-11-13"]),
        ("0 0 12 29 2 *", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("0 0 12 31W 2 *", []),
    ],
)
def test_a_cron_comes_on_its_days(cron: str, found: list[str]) -> None:
    assert days(cron) == found


def test_a_cron_of_seconds_keeps_to_its_day() -> None:
    due = cycles.following(datetime(2026, 2, 2, 23, 59, 50, tzinfo=UTC), "*/20 * * 1W * *", "UTC")
    assert due == datetime(2026, 3, 2, tzinfo=UTC)


def test_an_interval_of_millennia_comes_once_before_the_calendar_ends() -> None:
    first = cycles.following(datetime(2026, 2, 2, tzinfo=UTC), "P7000Y", "UTC")
    assert first == datetime(9026, 2, 2, tzinfo=UTC)
    assert cycles.following(first, "P7000Y", "UTC") is None


@pytest.mark.parametrize(
    "text",
    ["* * * * *", "0 0 25 * * *", "0 0 12 32W * *", "0 0 12 L-31 * *", "0 0 12 W * *", "R", "R3", "R/PT0S", "R/-PT1H",
     "R3/PT1H/PT1H", "R3/2026-01-05/soon", "R3/P9000Y", "PT1H", "", "@reboot", "r3/PT1H", "R-1/PT1H"],
)  # fmt: skip
def test_what_is_no_cycle_is_none(text: str) -> None:
    assert cycles.read(text, "UTC") is None
