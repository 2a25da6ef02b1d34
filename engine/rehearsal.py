"""A stage in memory for processes: what the database, the clock and the worker do, without any of them.

Comes in: compiled files, a virtual clock. Goes out: runs that can be moved and looked at. It never writes
anything and is never used for real work; what does task types for real stands behind it. Next:
``engine/scenarios.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from engine import dmn, kernel
from engine.environment import decide, not_deployed
from engine.errors import EngineError

MAX_ROUNDS = 10_000


class Backstage(Protocol):
    """What does task types for real behind a stage; without it every service task is a job."""

    def step(self, action: Any) -> Any:
        """Begin a step of the story: nobody acts yet. Return it with what it names by the house's names as ids.

        Raises:
            EngineError: the house has nothing of that name.
        """
        ...

    def furnish(self, number: int, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Put behind the instance that starts what its variables describe; return what it starts with.

        Raises:
            EngineError: the house refuses what they describe.
        """
        ...

    def complete(self, number: int, process_id: str, task: kernel.Wait, offered_at: datetime) -> None:
        """Note who completes a user task: what runs from now on runs in that name."""
        ...

    def take_back(self, number: int, task: kernel.Wait) -> None:
        """Forget that a user task was completed: it was not allowed."""
        ...

    def handler(self, number: int, job_type: str) -> kernel.HandlerOfRun | None:
        """Return what does ``job_type`` for an instance, or None when it is a job."""
        ...


@dataclass(slots=True)
class Acted:
    """One instance on the stage, with everything that happened to it.

    Attributes:
        since: of each wait, the turn of the stage in which it began: the lower, the longer it has waited.
        begun: of each process instance, its own and those it called, the turn in which it began.
    """

    run: kernel.Run
    process_id: str
    start_message: tuple[str, str] | None = None
    waits: dict[int, kernel.Wait] = field(default_factory=dict)
    since: dict[int, int] = field(default_factory=dict)
    offered: dict[int, kernel.Wait] = field(default_factory=dict)
    offered_at: dict[int, datetime] = field(default_factory=dict)
    incidents: dict[int, tuple[str, kernel.Fault]] = field(default_factory=dict)
    history: list[kernel.Step] = field(default_factory=list)
    processes: dict[int, str] = field(default_factory=dict)
    begun: dict[int, int] = field(default_factory=dict)
    parents: dict[int, int | None] = field(default_factory=dict)
    ended: dict[int, kernel.Ended] = field(default_factory=dict)


@dataclass(slots=True)
class Kept:
    """A message that is kept for a later catch."""

    name: str
    key: str
    variables: dict[str, Any]
    expires_at: datetime
    seen_by: set[str] = field(default_factory=set)


class Stage:
    """Instances in memory on a clock that moves when told to."""

    def __init__(self, now: datetime, *, zone: str = "UTC") -> None:
        self.now = now.astimezone(UTC)
        self.zone = zone
        self.backstage: Backstage | None = None
        self.processes: dict[str, list[kernel.ProcessSpec]] = {}
        self.decisions: dict[str, list[tuple[str | None, dmn.Model]]] = {}
        self.instances: list[Acted] = []
        self.kept: list[Kept] = []
        self.starts: dict[str, list[tuple[kernel.ProcessSpec, kernel.StartTrigger]]] = {}
        self.turns = 0

    # ------------------------------------------------------------------ deploying

    def deploy(self, process: kernel.ProcessSpec) -> None:
        """Add a version of a process; only the newest is started by messages, signals and timers."""
        self.processes.setdefault(process.process_id, []).append(process)
        triggers = kernel.start_triggers(process, self.now, self.zone)
        self.starts[process.process_id] = [(process, trigger) for trigger in triggers]

    # ------------------------------------------------------------------ commands

    def start(
        self,
        process: kernel.ProcessSpec,
        variables: Mapping[str, Any],
        *,
        element: str | None = None,
        message: tuple[str, str] | None = None,
    ) -> Acted:
        """Start an instance at its plain start event, or at ``element``."""
        begin = (
            process.none_start() if element is None else next(s for s in process.starts if s.name == element)
        )
        if begin is None:
            raise kernel.Fault("expression", "process.no_start", process=process.process_id)
        number = len(self.instances) + 1
        if self.backstage is not None:
            variables = self.backstage.furnish(number, variables)
        acted = Acted(kernel.Run(process, Surroundings(self, number)), process.process_id, message)
        self.instances.append(acted)
        acted.run.begin(begin, variables)
        self.settle(acted)
        return acted

    def finish(self, acted: Acted, token: int, variables: Mapping[str, Any]) -> None:
        """Finish a waiting user task, in somebody's name, or a job."""
        task = acted.waits[token]
        behind = self.backstage if task.kind == "task" else None
        if behind is None:
            acted.run.finish(token, variables)
            return
        number = self.instances.index(acted) + 1
        behind.complete(number, acted.processes[task.process], task, acted.offered_at[token])
        try:
            acted.run.finish(token, variables)
        except EngineError:
            behind.take_back(number, task)
            raise
        if token in acted.run.effects.denied:
            behind.take_back(number, task)

    def settle(self, acted: Acted) -> None:
        """Note the effects of the last command, give kept messages, spread signals, until all is quiet."""
        for _ in range(MAX_ROUNDS):
            self.turns += 1
            if self.backstage is not None:
                for token in acted.run.effects.reopened:
                    self.backstage.take_back(self.instances.index(acted) + 1, acted.offered[token])
            signals = _absorb(acted, self.turns, self.now)
            for name, variables in signals:
                self.broadcast(name, variables, speaker=acted)
            if not self._take_kept(acted):
                self._start_next(acted)
                return
        raise kernel.Fault("expression", "rehearsal.restless", rounds=MAX_ROUNDS)

    def publish(self, name: str, key: str, variables: Mapping[str, Any], ttl: timedelta) -> None:
        """Correlate a message to one instance of each process, start processes, keep it for its time."""
        kept = Kept(name, key, dict(variables), self.now + ttl)
        if ttl > timedelta(0):
            self.kept.append(kept)
        for acted, token in self._waiting_for(kept):
            wait = acted.waits.get(token)
            if wait is not None and self._owner(acted, wait) not in kept.seen_by:
                kept.seen_by.add(self._owner(acted, wait))
                acted.run.trigger(token, kept.variables)
                self.settle(acted)
        for process, trigger in [row for rows in list(self.starts.values()) for row in rows]:
            if trigger.kind == "message" and trigger.name == name and self._may_start(process, kept):
                kept.seen_by.add(process.process_id)
                self.start(process, variables, element=trigger.element, message=(name, key))

    def broadcast(self, name: str, variables: Mapping[str, Any], speaker: Acted | None = None) -> None:
        """Send a signal to every waiting catch of other instances and to signal starts."""
        for acted in list(self.instances):
            if acted is speaker:
                continue
            waiting = [
                token
                for token, wait in acted.waits.items()
                if wait.kind == "signal" and wait.facts["name"] == name
            ]
            acted.run.hear(waiting, variables)
            self.settle(acted)
        for process, trigger in [row for rows in list(self.starts.values()) for row in rows]:
            if trigger.kind == "signal" and trigger.name == name:
                self.start(process, variables, element=trigger.element)

    def advance_clock(self, by: timedelta) -> None:
        """Move time; timers fire in order of due time, each at its own instant."""
        end, instant, rounds = self.now + by, self.now, 0
        while (fire := self._next_due(end)) is not None:
            fire()
            # A timer may fire ten thousand times over the years, but not at one instant.
            rounds = rounds + 1 if self.now == instant else 0
            instant = self.now
            if rounds > MAX_ROUNDS:
                raise kernel.Fault("expression", "rehearsal.restless", rounds=MAX_ROUNDS)
        self.now = end

    # ------------------------------------------------------------------ inside

    def _next_due(self, end: datetime) -> Callable[[], None] | None:
        candidates: list[tuple[datetime, int, Callable[[], None]]] = []
        for order, acted in enumerate(self.instances):
            for token, wait in acted.waits.items():
                if wait.kind == "timer" and wait.facts["due_at"] <= end:
                    candidates.append((wait.facts["due_at"], order, self._firing(acted, token, wait)))
        for process_id, rows in self.starts.items():
            for index, (process, trigger) in enumerate(rows):
                if trigger.kind == "timer" and trigger.due_at is not None and trigger.due_at <= end:
                    candidates.append(
                        (trigger.due_at, -1, self._starting(process_id, index, process, trigger))
                    )
        return min(candidates, key=lambda candidate: candidate[:2])[2] if candidates else None

    def _firing(self, acted: Acted, token: int, wait: kernel.Wait) -> Callable[[], None]:
        def fire() -> None:
            self.now = max(self.now, wait.facts["due_at"])
            acted.run.trigger(token)
            self.settle(acted)

        return fire

    def _starting(
        self, process_id: str, index: int, process: kernel.ProcessSpec, trigger: kernel.StartTrigger
    ) -> Callable[[], None]:
        def start() -> None:
            assert trigger.due_at is not None, "only timers with a due date are candidates"
            self.now = max(self.now, trigger.due_at)
            self.starts[process_id][index] = (process, trigger.next(self.zone))
            self.start(process, {}, element=trigger.element)

        return start

    def _take_kept(self, acted: Acted) -> bool:
        for token, wait in list(acted.waits.items()):
            if wait.kind != "message":
                continue
            owner = self._owner(acted, wait)
            for kept in self.kept:
                if kept.expires_at > self.now and owner not in kept.seen_by and _fits(wait, kept):
                    kept.seen_by.add(owner)
                    acted.run.trigger(token, kept.variables)
                    return True
        return False

    def _owner(self, acted: Acted, wait: kernel.Wait) -> str:
        return acted.processes[wait.process]

    def _waiting_for(self, kept: Kept) -> list[tuple[Acted, int]]:
        """Return who waits for a message, the longest waiting first."""
        found = [
            (acted.since[token], order, token, acted)
            for order, acted in enumerate(self.instances)
            for token, wait in acted.waits.items()
            if _fits(wait, kept)
        ]
        return [(acted, token) for _, _, token, acted in sorted(found, key=lambda row: row[:3])]

    def _may_start(self, process: kernel.ProcessSpec, kept: Kept) -> bool:
        """Tell whether no instance of the process has had the message, nor is active for the same key."""
        message = (kept.name, kept.key)
        return process.process_id not in kept.seen_by and not (
            kept.key
            and any(
                acted.process_id == process.process_id
                and acted.start_message == message
                and acted.run.status == "active"
                for acted in self.instances
            )
        )

    def _start_next(self, acted: Acted) -> None:
        """Let the next kept message of the same key start the process whose instance has ended."""
        if acted.start_message is None or acted.run.status == "active":
            return
        message, acted.start_message = acted.start_message, None
        for kept in self.kept:
            fresh = (kept.name, kept.key) == message and kept.expires_at > self.now
            for process, trigger in self.starts[acted.process_id]:
                named = trigger.kind == "message" and trigger.name == kept.name
                if fresh and named and self._may_start(process, kept):
                    kept.seen_by.add(process.process_id)
                    self.start(process, kept.variables, element=trigger.element, message=message)
                    return


@dataclass(slots=True)
class Surroundings:
    """Fulfils ``engine.kernel.Environment`` for one instance on the stage; ``number`` counts them from 1."""

    stage: Stage
    number: int

    @property
    def now(self) -> datetime:
        """Return the stage's instant."""
        return self.stage.now

    @property
    def zone(self) -> str:
        """Return the stage's time zone."""
        return self.stage.zone

    def called_process(
        self, called: kernel.Called, process_id: str, caller: kernel.ProcessSpec
    ) -> kernel.ProcessSpec:
        """Return the newest version, or the one with the wanted tag."""
        versions = self.stage.processes.get(process_id, [])
        if called.binding == "versionTag":
            versions = [process for process in versions if process.version_tag == called.version_tag]
        if not versions:
            raise not_deployed("process", process_id, called)
        return versions[-1]

    def decide(
        self,
        called: kernel.Called,
        decision_id: str,
        variables: Mapping[str, Any],
        caller: kernel.ProcessSpec,
    ) -> tuple[Any, dict[str, Any]]:
        """Evaluate the newest version of a decision, or the one with the wanted tag."""
        versions = self.stage.decisions.get(decision_id, [])
        if called.binding == "versionTag":
            versions = [(tag, model) for tag, model in versions if tag == called.version_tag]
        if not versions:
            raise not_deployed("decision", decision_id, called)
        return decide(versions[-1][1], decision_id, variables, self.now, self.zone)

    def task(self, token: kernel.Token) -> Mapping[str, Any]:
        """Return what a user task is like, also while its completion is being heard."""
        offered = self.stage.instances[self.number - 1].offered.get(token.id)
        return offered.facts if offered is not None else {}

    def handler(self, job_type: str) -> kernel.HandlerOfRun | None:
        """Return what does ``job_type`` for real, if anything does."""
        behind = self.stage.backstage
        return behind.handler(self.number, job_type) if behind is not None else None


def _fits(wait: kernel.Wait, kept: Kept) -> bool:
    return wait.kind == "message" and wait.facts["name"] == kept.name and wait.facts["key"] == kept.key


def _absorb(acted: Acted, turn: int, now: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Move the effects of a run into the record of its instance; return the signals it threw."""
    effects = acted.run.effects
    acted.history += effects.history
    acted.processes.update((token, begun.process.process_id) for token, begun in effects.started.items())
    acted.begun.update(dict.fromkeys(effects.started, turn))
    acted.parents.update((token, begun.parent) for token, begun in effects.started.items())
    acted.ended.update(effects.ended)
    for token in effects.closed:
        acted.waits.pop(token, None)
    acted.waits.update(effects.opened)
    offered = {token: wait for token, wait in effects.opened.items() if wait.kind == "task"}
    acted.offered.update(offered)
    acted.offered_at.update(dict.fromkeys(offered, now))
    for token, change in effects.changed.items():
        acted.offered[token].facts.update(change)
    acted.waits.update((token, acted.offered[token]) for token in effects.reopened)
    acted.since.update(dict.fromkeys(effects.opened, turn))
    for token in effects.resolved:
        acted.incidents.pop(token, None)
    acted.incidents.update(effects.incidents)
    signals = effects.signals
    acted.run.effects = kernel.Effects()
    return signals
