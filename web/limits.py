"""Rate limits whose counts all processes share, in our own database.

Comes in: a key and a window from Flask-Limiter. Goes out: how often it was counted. It never decides what is limited:
the views do. Next: ``registry/attempts.py``.

The ``limits`` library brings storages for Redis, Memcached, MongoDB and Valkey. Each would be one more server to run,
guard and back up beside a house whose processes otherwise meet in the database only; a count is one statement there.
"""

from __future__ import annotations

from datetime import timedelta

from flask import g
from limits.storage import Storage

from engine.errors import EngineError
from registry import attempts
from registry.attempts import Counted
from web.database import house
from web.doorkeeper import digest
from web.settings import Settings

SCHEME = "guichet"


class HouseStorage(Storage):
    """Counts of fixed windows as rows. Used inside requests only."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - the library's own word

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return what may go wrong below: the limiter then counts in memory until the database answers."""
        return EngineError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count and return the sum."""
        with house().begin("system:limits") as unit:
            counted = attempts.count(
                unit.session, _key(key), window=timedelta(seconds=expiry), amount=amount, at=unit.now
            )
        _seen()[key] = counted
        return counted.number

    def get(self, key: str) -> int:
        """Return the sum, without a second look for what this request has counted itself."""
        found = self._look(key)
        return found.number if found else 0

    def get_expiry(self, key: str) -> float:
        """Return the end of the window, in seconds since 1970."""
        found = self._look(key)
        return (found.until if found else house().clock.now()).timestamp()

    def check(self) -> bool:
        """Say whether the database answers."""
        try:
            with house().read() as reading:
                attempts.counted(reading.session, "", at=reading.now)
        except EngineError:
            return False
        return True

    def reset(self) -> int | None:
        """Refuse: rows are forgotten when their windows end."""
        raise NotImplementedError

    def clear(self, key: str) -> None:
        """Forget the count of a key."""
        _seen().pop(key, None)
        with house().begin("system:limits") as unit:
            attempts.clear(unit.session, _key(key))

    def _look(self, key: str) -> Counted | None:
        if key not in _seen():
            with house().read() as reading:
                found = attempts.counted(reading.session, _key(key), at=reading.now)
            if found is None:
                return None
            _seen()[key] = found
        return _seen()[key]


def storage(settings: Settings) -> str:
    """Return where limits are counted: in memory for a single process, else in the database."""
    alone = settings.processes == 1 and settings.database_url.startswith("sqlite")
    return "memory://" if alone else f"{SCHEME}://"


def _key(key: str) -> str:
    return digest("limit", key)


def _seen() -> dict[str, Counted]:
    if "counted" not in g:
        g.counted = {}
    found: dict[str, Counted] = g.counted
    return found
