"""Where workers wait for work: a few seats, so that waiting never takes the threads that serve people.

Comes in: how many threads this process has. Goes out: a seat or none, and a pause. It never waits inside a
transaction. Next: ``jobs.py``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Waiting:
    """The seats of one process.

    Attributes:
        pause: waits for some seconds; tests put their own clock here.
    """

    def __init__(self, seats: int, pause: Callable[[float], None] = time.sleep) -> None:
        self.pause = pause
        self._seats = threading.BoundedSemaphore(max(1, seats))

    @contextmanager
    def seat(self) -> Iterator[bool]:
        """Take a seat if one is free, and say whether."""
        seated = self._seats.acquire(blocking=False)
        try:
            yield seated
        finally:
            if seated:
                self._seats.release()
