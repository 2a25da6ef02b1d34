"""The only place of the engine that reads the clock.

Comes in: nothing. Goes out: aware UTC instants. It never sleeps. Next: ``engine/store.py``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whatever can tell the present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


class SettableClock:
    """A clock that stands still until it is moved: for scenarios, tests and the demo town."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"Expected an aware instant, but {start!r} has no zone.")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant the clock was set to."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Move the clock to ``instant``; time never runs backwards."""
        instant = instant.astimezone(UTC)
        if instant < self._now:
            raise ValueError(
                f"Expected an instant after {self._now.isoformat()}, but got {instant.isoformat()}."
            )
        self._now = instant

    def advance(self, by: timedelta) -> None:
        """Move the clock forward by ``by``."""
        self.set(self._now + by)
