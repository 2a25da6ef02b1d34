"""Events: what an instance waits for and what it tells others (BPMN 2.0, 10.5 and 13.5).

Comes in: a token on an event, or something that happened. Goes out: a wait, a thrown error, escalation or
signal, an interrupted activity. An event never reads the clock: the environment's instant does. Next:
``engine/kernel/compensation.py``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine import feel
from engine import variables as values
from engine.kernel import compensation, cycles
from engine.kernel.activities import Activity, JobElement
from engine.kernel.elements import Element, caught, throw_error
from engine.kernel.expressions import Expression
from engine.kernel.gateways import EventBasedGateway
from engine.kernel.token import WAITING, Token

WATCHED = frozenset({"timer", "message", "signal"})


class CatchingEvent(Element):
    """An event that waits: intermediate, attached to an activity, or the start of an event subprocess."""

    kind = "intermediate_catch_event"

    @property
    def needs_watch(self) -> bool:
        """Tell whether something outside brings the event, so that it must be known there."""
        return self.details.event.kind in WATCHED

    def enter(self, token: Token) -> bool:
        """Wait, unless the event has already happened."""
        happened = token.internal_data.pop("event", None)
        if happened is None:
            return super().enter(token)
        token.workflow.record("entered", token)
        token.internal_data["results"] = happened
        return True

    def act(self, token: Token) -> bool:
        """Wait; a catching link has nothing to wait for."""
        if not self.needs_watch:
            return True
        token._set_state(WAITING)
        self.subscribe(token)
        return False

    def watch(self, host: Token) -> None:
        """Wait beside ``host`` without keeping it alive."""
        watcher = host.workflow.place(self, host, state=WAITING, mark="watch")
        self.subscribe(watcher)

    def subscribe(self, token: Token) -> None:
        """Tell the outside what would wake ``token``."""
        event, run = self.details.event, token.workflow
        if event.kind == "timer":
            run.open_wait("timer", token, due_at=self.first_due(token))
            return
        assert event.name is not None, "checked at deployment"
        name = event.name.words(token, f"a {event.kind} name")
        if event.kind == "message":
            assert event.key is not None, "checked at deployment"
            run.open_wait("message", token, name=name, key=event.key.words(token, "a correlation key"))
        else:
            token.internal_data["signal"] = name
            run.open_wait("signal", token, name=name)

    def triggered(self, token: Token, variables: dict[str, Any]) -> None:
        """Go on: behind an event-based gateway the gateway goes on with this event."""
        host = token.parent
        if token.mark == "watch" and host is not None and isinstance(host.task_spec, EventBasedGateway):
            host.task_spec.chosen(host, self, variables)
        else:
            self.finish(token, variables)

    # ------------------------------------------------------------------ timers

    def first_due(self, token: Token) -> datetime:
        """Return when the timer fires first; a cycle leaves its repetitions in the token's memory.

        Raises:
            Fault: the expression gives no date, duration or cycle.
        """
        event = self.details.event
        assert event.when is not None, "checked at deployment"
        now = token.workflow.environment.now
        if event.timer == "date":
            moment = event.when.instant(token, "a date and time")
            if moment is None:
                raise event.when.unfit("a date and time", None)
            return moment
        value = event.when.value(token)
        if event.timer == "duration":
            return _after(now, value, event.when)
        zone = token.workflow.environment.zone
        cycle = cycles.read(value, zone) if type(value) is str else None
        due = cycle.first(now, zone) if cycle is not None else None
        if cycle is None or due is None:
            raise event.when.unfit("a cycle such as R3/PT2H or 0 0 9 * * MON-FRI", value)
        token.internal_data.update(left=cycle.times, every=cycle.every, due=due.isoformat())
        return due

    def rearm_or_forget(self, watcher: Token) -> None:
        """Keep a repeated timer going; a message or signal stays, a single timer is forgotten.

        The next due date follows the last one, not the present: a late worker moves no later occurrence.
        """
        if self.details.event.kind != "timer":
            return
        memory = watcher.internal_data
        left = memory.get("left", 1)
        zone = watcher.workflow.environment.zone
        last = None
        if left != 1:
            # States of the first format do not say when the timer was due.
            last = (
                datetime.fromisoformat(memory["due"]) if "due" in memory else watcher.workflow.environment.now
            )
        due = cycles.following(last, memory["every"], zone) if last is not None else None
        if due is None:
            watcher.workflow.remove(watcher)
            return
        if left != cycles.FOR_EVER:
            memory["left"] = left - 1
        memory["due"] = due.isoformat()
        watcher.workflow.rearm(watcher, due_at=due)


class BoundaryEvent(CatchingEvent):
    """An event attached to an activity; interrupting or beside it."""

    kind = "boundary_event"

    def enter(self, token: Token) -> bool:
        """Go on: a token stands here only once the event has happened."""
        token.workflow.record("entered", token)
        token.internal_data["results"] = token.internal_data.pop("event", {})
        return True

    def triggered(self, token: Token, variables: dict[str, Any]) -> None:
        """React to the watched timer, message or signal."""
        host = token.parent
        assert host is not None, "a watcher has a host"
        if not self.details.interrupting:
            self.rearm_or_forget(token)
        self.caught(host, variables)

    def caught(self, host: Token, variables: dict[str, Any], code: str = "") -> None:
        """Interrupt ``host`` or not, and go on from here."""
        scope = host.parent
        assert scope is not None, "an activity lives in a scope"
        if self.details.interrupting and not host.workflow.remove(host, terminated=True):
            host.internal_data["then"] = [self.name, variables]
        else:
            self.follow(scope, variables)

    def follow(self, scope: Token, variables: dict[str, Any]) -> None:
        """Go on from here."""
        scope.workflow.place(self, scope).internal_data["event"] = variables


class StartEvent(CatchingEvent):
    """Where a process, subprocess or event subprocess begins."""

    kind = "start_event"

    def enter(self, token: Token) -> bool:
        """Go on with what the trigger brought."""
        token.workflow.record("entered", token)
        token.internal_data["results"] = token.internal_data.pop("event", {})
        return True

    def triggered(self, token: Token, variables: dict[str, Any]) -> None:
        """Start the event subprocess this event belongs to."""
        scope = token.parent
        assert scope is not None, "a watcher has a host"
        if not self.details.interrupting:
            self.rearm_or_forget(token)
        self.caught(scope, variables)

    def caught(self, scope: Token, variables: dict[str, Any], code: str = "") -> None:
        """Begin the event subprocess inside ``scope``, ending everything else there if interrupting."""
        ended = True
        if self.details.interrupting:
            ended = scope.workflow.clear(scope)
            if scope.task_spec.details.ad_hoc is not None:
                # Nothing else can begin in there any more, so its condition is not asked again.
                scope.internal_data["enough"] = True
        if ended:
            self.follow(scope, variables)
        else:
            scope.internal_data["then"] = [self.name, variables]

    def follow(self, scope: Token, variables: dict[str, Any]) -> None:
        """Begin the event subprocess inside ``scope``."""
        self.begun_in(scope, variables)

    def begun_in(self, scope: Token, variables: dict[str, Any]) -> Token:
        """Return the token of the event subprocess, begun inside ``scope``."""
        assert self.scope_id is not None, "an event subprocess contains its start"
        inner = scope.workflow.place(self.process.task_specs[self.scope_id], scope)
        inner.internal_data.update(start=self.name, event=variables)
        return inner


class ReceiveTask(Activity, CatchingEvent):
    """A task that waits for a message."""

    kind = "receive_task"

    def act(self, token: Token) -> bool:
        """Wait for the message."""
        self.subscribe(token)
        return False

    def triggered(self, token: Token, variables: dict[str, Any]) -> None:
        """Go on with the message's variables, also behind an event-based gateway."""
        CatchingEvent.triggered(self, token, variables)

    def enter(self, token: Token) -> bool:
        """Wait, unless an event-based gateway has already received the message."""
        if "event" in token.internal_data:
            return CatchingEvent.enter(self, token)
        return Activity.enter(self, token)


class ThrowEvent(JobElement):
    """An intermediate or end event that tells others something."""

    kind = "intermediate_throw_event"

    def act(self, token: Token) -> bool:
        """Throw; the token goes on unless what it threw ended it."""
        event = self.details.event
        if self.details.job is not None:
            return self.open_job(token)
        if event.kind == "signal":
            assert event.name is not None, "checked at deployment"
            return broadcast(token, event.name.words(token, "a signal name"))
        if event.kind == "escalation":
            # Nobody listening is no fault (BPMN 2.0, 10.5.6).
            caught(
                token, "escalation", event.code.words(token, "an escalation code") if event.code else "", {}
            )
            return token.alive
        if event.kind == "compensation":
            return compensation.begin(token, event.activity)
        if event.kind == "link":
            self._jump(token)
        return True

    def _jump(self, token: Token) -> None:
        """Go on at the catching link of the same name, in the same scope."""
        target = next(
            element
            for element in self.process.inside[self.scope_id]
            if element.kind == "intermediate_catch_event"
            and element.details.event.kind == "link"
            and element.details.event.link == self.details.event.link
        )
        token.workflow.place(target, token.parent)


class EndEvent(ThrowEvent):
    """Where a path ends, quietly or with a last word."""

    kind = "end_event"

    def act(self, token: Token) -> bool:
        """End the path; an error or a termination reaches further."""
        event, run = self.details.event, token.workflow
        if event.kind == "error":
            code = event.code.words(token, "an error code") if event.code else ""
            variables = dict(token.data) if self.details.inputs else {}
            throw_error(token, code, "", variables)
            return False
        if event.kind == "terminate":
            scope = token.parent
            assert scope is not None, "an end event lives in a scope"
            run.clear(scope, spare=token)
            return True
        return super().act(token)


def broadcast(token: Token, name: str) -> bool:
    """Send a signal to whoever waits now, inside this instance and, through the effects, outside.

    The event has done its part once the signal is out: it completes even if the signal ends its own scope.
    """
    if "end" not in token.task_spec.details.listeners:
        token.workflow.record("completed", token)
        token.internal_data["told"] = True
    token.workflow.say(token, name, dict(token.data))
    return False


def _after(now: datetime, value: Any, when: Expression) -> datetime:
    duration = values.parse_duration(value) if type(value) is str else value
    if isinstance(duration, (timedelta, feel.Months, values.Period)):
        try:
            return values.shift(now, duration)
        except (OverflowError, ValueError):  # beyond the year 9999
            pass
    raise when.unfit("a duration such as PT2H or P5D", value)
