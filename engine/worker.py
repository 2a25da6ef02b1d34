"""The background loop: due timers, deliveries, kept messages, tidying, and what the house adds.

Comes in: an engine and named chores. Goes out: each chore run at its interval, one at a time. It never keeps
state: stop it anywhere and start it again. Next: ``engine/timers.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apscheduler.schedulers.background import BackgroundScheduler

from engine import messages, outbox, tasks, timers
from engine.store import Engine

LOG = logging.getLogger("guichet.worker")


@dataclass(slots=True)
class Worker:
    """One process's share of the background work; any number may run against one database.

    Attributes:
        deliverers: kind of outbox row → function that delivers it.
        chores: name → (seconds between runs, function); each opens its own transactions.
    """

    house: Engine
    deliverers: Mapping[str, outbox.Deliverer] = field(default_factory=dict)
    chores: Mapping[str, tuple[float, Callable[[], object]]] = field(default_factory=dict)
    poll_seconds: float = 1.0
    _scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """Begin in a thread of this process."""
        scheduler = BackgroundScheduler(job_defaults={"coalesce": True, "max_instances": 1}, timezone="UTC")
        for name, (seconds, chore) in self._all().items():
            scheduler.add_job(self._guarded, "interval", seconds=seconds, args=(name, chore), id=name)
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """Finish what is running and stop."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None

    def run_once(self) -> None:
        """Do every chore once, now, in this thread."""
        for chore in (chore for _, chore in self._all().values()):
            chore()

    def _all(self) -> dict[str, tuple[float, Callable[[], object]]]:
        return {
            "timers": (self.poll_seconds, lambda: timers.fire_due(self.house)),
            "outbox": (self.poll_seconds, lambda: outbox.deliver_due(self.house, self.deliverers)),
            "messages": (self.poll_seconds, lambda: messages.bring_together(self.house)),
            "tidying": (60.0, self._tidy),
            **self.chores,
        }

    def _tidy(self) -> None:
        """Forget messages whose time is over, and drafts of tasks that are."""
        with self.house.begin("system:tidying") as unit:
            messages.expire(unit)
            tasks.forget_drafts(unit)

    def _guarded(self, name: str, chore: Callable[[], object]) -> None:
        """Keep one failing chore from stopping the others: this is one of the four doors."""
        try:
            chore()
        except Exception:
            LOG.exception("worker.chore_failed", extra={"chore": name})
