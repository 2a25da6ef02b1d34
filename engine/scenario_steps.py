"""The language of scenarios: each step and each expectation, on a stage in memory.

Comes in: one step. Goes out: the stage moved, or ``Failed`` with what was expected and what was found. It
never guesses a misspelt key. Next: ``engine/rehearsal.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from engine import variables
from engine.errors import Refused
from engine.rehearsal import Acted, Stage
from engine.scenario_expectations import (
    IN_FRENCH,
    Failed,
    Unusable,
    check_expectation,
    equal,
    expect,
    find_instance,
    visible,
    waiting_names,
)
from engine.variables import to_text

NEEDED: dict[str, frozenset[str]] = {
    "start": frozenset({"process"}),
    "assign": frozenset({"element"}),
    "complete": frozenset({"element"}),
    "deny": frozenset({"element"}),
    "update": frozenset({"element", "change"}),
    "throw_error": frozenset({"element", "code"}),
    "fail_job": frozenset({"element", "retries"}),
    "set_retries": frozenset({"element", "retries"}),
    "resolve_incident": frozenset({"element"}),
    "set_variables": frozenset({"variables"}),
    "advance_clock": frozenset({"by"}),
    "publish_message": frozenset({"name"}),
    "broadcast_signal": frozenset({"name"}),
}
TEXT, OBJECT, NUMBER, YES_OR_NO = (
    (str, "a text"),
    (dict, "an object"),
    (int, "a whole number"),
    (bool, "true or false"),
)
KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "as": TEXT,
    "assignee": TEXT,
    "by": TEXT,
    "change": OBJECT,
    "code": TEXT,
    "element": TEXT,
    "expect_rejected": YES_OR_NO,
    "instance": TEXT,
    "key": ((str, int, Decimal), "a text or a number"),
    "message": TEXT,
    "name": TEXT,
    "optional": YES_OR_NO,
    "pick": NUMBER,
    "process": TEXT,
    "reason": TEXT,
    "retries": NUMBER,
    "ttl": TEXT,
    "type": TEXT,
    "variables": OBJECT,
    "where": OBJECT,
}


SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Whether a duration can be read does not depend on the day."""
STEPS: dict[str, tuple[str, frozenset[str]]] = {
    "start": ("_start", frozenset({"process", "variables", "as", "expect_rejected"})),
    "assign": ("_assign", frozenset({"element", "assignee", "expect_rejected"})),
    "complete": (
        "_complete",
        frozenset({"element", "variables", "where", "pick", "type", "expect_rejected"}),
    ),
    "complete_all_waiting": ("_complete_all", frozenset({"variables", "optional"})),
    "deny": ("_deny", frozenset({"element", "reason", "type", "expect_rejected"})),
    "throw_error": ("_throw_error", frozenset({"element", "code", "variables"})),
    "fail_job": ("_fail_job", frozenset({"element", "retries", "message"})),
    "set_retries": ("_set_retries", frozenset({"element", "retries"})),
    "resolve_incident": ("_resolve", frozenset({"element"})),
    "set_variables": ("_set_variables", frozenset({"variables", "instance"})),
    "update": ("_update", frozenset({"element", "change", "expect_rejected"})),
    "advance_clock": ("_advance", frozenset({"by"})),
    "publish_message": ("_publish", frozenset({"name", "key", "variables", "ttl"})),
    "broadcast_signal": ("_broadcast", frozenset({"name", "variables"})),
    "cancel_instance": ("_cancel", frozenset({"instance"})),
}
"""Each step: the method that does it, and its keys."""


_ARGUMENTS = {"as": "name_as", "type": "job_type"}
_CHANGES = {
    "candidateGroups": "candidate_groups",
    "candidateUsers": "candidate_users",
    "dueDate": "due_date",
    "followUpDate": "follow_up_date",
    "priority": "priority",
}


def check_step(action: Any) -> None:
    """Look at one step without doing it.

    Raises:
        Unusable: it is not of the language.
    """
    if not isinstance(action, dict):
        raise Unusable(
            f"expected a step to be an object, but found {action!r}",
            f"une étape devrait être un objet, mais on trouve {action!r}",
        )
    if "expect" in action:
        if set(action) - {"expect", "note"}:
            raise Unusable(
                f"expected “expect” alone, but found {sorted(action)}",
                f"« expect » devrait être seul, mais on trouve {sorted(action)}",
            )
        check_expectation(action["expect"])
        return
    name = action.get("do")
    if not isinstance(name, str) or name not in STEPS:
        known = ", ".join(sorted(STEPS))
        raise Unusable(
            f"there is no step “{name}”; known are {known}",
            f"il n’y a pas d’étape « {name} » ; on connaît {known}",
        )
    keys = STEPS[name][1]
    unknown = set(action) - keys - {"do", "note"}
    if unknown:
        known = ", ".join(sorted(keys))
        raise Unusable(
            f"the step “{name}” has no key “{min(unknown)}”; known are {known}",
            f"l’étape « {name} » n’a pas de clé « {min(unknown)} » ; on connaît {known}",
        )
    for key in sorted(NEEDED.get(name, frozenset()) - set(action)):
        raise Unusable(f"the step “{name}” needs “{key}”", f"il manque « {key} » à l’étape « {name} »")
    for key in sorted(set(action) & KINDS.keys()):
        kind, what = KINDS[key]
        if not isinstance(action[key], kind) or (isinstance(action[key], bool) and kind is not bool):
            raise Unusable(
                f"the step “{name}” expects {what} as “{key}”, but found {action[key]!r}",
                f"« {key} » de l’étape « {name} » devrait être {IN_FRENCH.get(what, what)}, "
                f"mais on trouve {action[key]!r}",
            )
        if kind is int and action[key] < 0:
            raise Unusable(
                f"the step “{name}” expects “{key}” to be 0 or more, but found {action[key]}",
                f"« {key} » de l’étape « {name} » devrait valoir 0 ou plus, mais on trouve {action[key]}",
            )
        if key in ("by", "ttl"):
            span(action[key], SOME_DAY)


class Teller:
    """Tells one story on one stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.named: dict[str, Acted] = {}

    def tell(self, action: Any) -> None:
        """Do one step, or look at one expectation.

        Raises:
            Failed: what was expected is not so.
            Unusable: the step is not of the language.
        """
        check_step(action)
        if self.stage.backstage is not None:
            action = self.stage.backstage.step(action)
        # A date that is past and a duration of nothing need no step of the clock.
        self.stage.advance_clock(timedelta(0))
        if "expect" in action:
            expect(self.stage, self.named, action["expect"])
            return
        step = getattr(self, STEPS[action["do"]][0])
        step(
            **{_ARGUMENTS.get(key, key): value for key, value in action.items() if key not in ("do", "note")}
        )

    def visited(self) -> dict[str, frozenset[str]]:
        """Return the elements and flows of each process that the story went through."""
        seen: dict[str, set[str]] = {}
        for acted in self.stage.instances:
            for step in acted.history:
                process_id = acted.processes.get(step.process, acted.process_id)
                names = seen.setdefault(process_id, set())
                names.add(step.element)
                process = self.stage.processes[process_id][-1]
                element = process.task_specs.get(step.element)
                if step.event in ("completed", "loop_completed") and element is not None:
                    taken = (step.data or {}).get("flows")
                    names.update(taken if taken is not None else [flow.id for flow in element.outgoing])
        return {process_id: frozenset(names) for process_id, names in seen.items()}

    # ------------------------------------------------------------------ steps

    def _start(
        self,
        process: str,
        variables: Mapping[str, Any] | None = None,
        name_as: str = "i1",
        *,
        expect_rejected: bool = False,
    ) -> None:
        versions = self.stage.processes.get(process)
        startable = versions is not None and versions[-1].none_start() is not None
        if expect_rejected:
            if startable:
                raise Failed(f"expected the start of “{process}” to be rejected, but it can be started")
            return
        if versions is None or not startable:
            raise Failed(f"expected a process “{process}” with a plain start event, but there is none")
        self.named[name_as] = self.stage.start(versions[-1], variables or {})

    def _complete(
        self,
        element: str,
        variables: Mapping[str, Any] | None = None,
        where: Mapping[str, Any] | None = None,
        pick: int = 0,
        job_type: str | None = None,
        *,
        expect_rejected: bool = False,
    ) -> None:
        acted, token = self._one(element, ("task", "job"), where, pick, job_type)
        step = partial(self.stage.finish, acted, token, variables or {})
        self._try(acted, token, step, expect_rejected=expect_rejected)

    def _assign(self, element: str, assignee: str | None = None, *, expect_rejected: bool = False) -> None:
        acted, token = self._one(element, ("task",))
        action = "assign" if assignee is not None else "unassign"
        step = partial(acted.run.change, token, "assigning", {"assignee": assignee}, action)
        self._try(acted, token, step, expect_rejected=expect_rejected)

    def _update(self, element: str, change: Mapping[str, Any], *, expect_rejected: bool = False) -> None:
        acted, token = self._one(element, ("task",))
        facts = task_change(change, self.stage.zone)
        step = partial(acted.run.change, token, "updating", facts, "update")
        self._try(acted, token, step, expect_rejected=expect_rejected)

    def _deny(
        self,
        element: str,
        reason: str = "",
        job_type: str | None = None,
        *,
        expect_rejected: bool = False,
    ) -> None:
        acted, token = self._one(element, ("job",), job_type=job_type)
        try:
            acted.run.deny(token, reason)
        except Refused as refusal:
            if not expect_rejected:
                raise Failed(refusal.message) from refusal
            return
        self.stage.settle(acted)
        if expect_rejected:
            raise Failed(f"expected the listener of “{element}” not to be able to deny, but it was")

    def _try(self, acted: Acted, token: int, step: Callable[[], object], *, expect_rejected: bool) -> None:
        """Do what a listener may deny, or what an earlier change keeps from being done."""
        try:
            step()
            refused = acted.run.effects.denied.get(token)
        except Refused as refusal:
            refused = refusal.message
        self.stage.settle(acted)
        if refused is not None and not expect_rejected:
            raise Failed(refused)
        if refused is None and expect_rejected:
            raise Failed("expected the command to be rejected, but it was carried out")

    def _complete_all(self, variables: Mapping[str, Any] | None = None, *, optional: bool = False) -> None:
        waiting = [
            (a, t, w) for a in self.stage.instances for t, w in a.waits.items() if w.kind in ("task", "job")
        ]
        if not waiting and not optional:
            raise Failed("expected waiting tasks or jobs, but there are none")
        for acted, token, wait in waiting:
            # Another answer may have ended it, or made its listeners wait in its place.
            if acted.waits.get(token) is wait:
                step = partial(self.stage.finish, acted, token, variables or {})
                self._try(acted, token, step, expect_rejected=False)

    def _throw_error(self, element: str, code: str, variables: Mapping[str, Any] | None = None) -> None:
        acted, token = self._one(element, ("job", "task"))
        acted.run.throw(token, code, "", variables or {})
        self.stage.settle(acted)

    def _fail_job(self, element: str, retries: int, message: str = "") -> None:
        acted, token = self._one(element, ("job",))
        if retries > 0:
            acted.waits[token].facts["retries"] = retries
            return
        acted.run.fail(token, message or "The worker failed and no retry is left.")
        self.stage.settle(acted)

    def _set_retries(self, element: str, retries: int) -> None:
        for acted in self.stage.instances:
            for token, (name, _) in acted.incidents.items():
                if name == element:
                    acted.run.tasks[token].internal_data["retries"] = retries
                    return
        for acted in self.stage.instances:
            for wait in acted.waits.values():
                if wait.element == element and wait.kind == "job":
                    wait.facts["retries"] = retries
                    return
        raise Failed(self._missed(element, ("job",), None, 0, 0))

    def _resolve(self, element: str) -> None:
        for acted in self.stage.instances:
            for token, (name, _) in acted.incidents.items():
                if name == element:
                    acted.run.resolve(token)
                    self.stage.settle(acted)
                    return
        raise Failed(f"expected an incident at “{element}”, but there is none{self._stopped()}")

    def _set_variables(self, variables: Mapping[str, Any], instance: str = "i1") -> None:
        acted = self._active(instance)
        acted.run.set_variables(acted.run.task_tree.id, variables)
        self.stage.settle(acted)

    def _advance(self, by: str) -> None:
        self.stage.advance_clock(span(by, self.stage.now))

    def _publish(
        self,
        name: str,
        key: str | int | Decimal = "",
        variables: Mapping[str, Any] | None = None,
        ttl: str = "PT1H",
    ) -> None:
        text = key if isinstance(key, str) else to_text(key)
        self.stage.publish(name, text, variables or {}, span(ttl, self.stage.now))

    def _broadcast(self, name: str, variables: Mapping[str, Any] | None = None) -> None:
        self.stage.broadcast(name, variables or {})

    def _cancel(self, instance: str = "i1") -> None:
        acted = self._active(instance)
        if acted.run.is_leaving:
            raise Failed(f"expected the instance “{instance}” to go on, but it has been cancelled already")
        acted.run.cancel()
        self.stage.settle(acted)

    # ------------------------------------------------------------------ finding

    def _active(self, name: str) -> Acted:
        acted = find_instance(self.stage, self.named, name)
        if acted.run.status != "active":
            raise Failed(f"expected the instance “{name}” to be active, but it is {acted.run.status}")
        return acted

    def _one(
        self,
        element: str,
        kinds: tuple[str, ...],
        where: Mapping[str, Any] | None = None,
        pick: int = 0,
        job_type: str | None = None,
    ) -> tuple[Acted, int]:
        found = [
            (acted, token)
            for acted in self.stage.instances
            for token, wait in acted.waits.items()
            if wait.element == element and wait.kind in kinds and job_type in (None, wait.facts.get("type"))
        ]
        found.sort(key=lambda one: (one[0].since[one[1]], one[1]))
        fitting = [
            (a, t) for a, t in found if all(equal(v, visible(a, t).get(n)) for n, v in (where or {}).items())
        ]
        if len(fitting) <= pick:
            raise Failed(self._missed(element, kinds, where, pick, len(found)))
        return fitting[pick]

    def _missed(
        self, element: str, kinds: tuple[str, ...], where: Mapping[str, Any] | None, pick: int, found: int
    ) -> str:
        """Say what waits instead of what a step asked for."""
        if found:
            asked = f" with {variables.dumps(dict(where))}" if where else ""
            asked += f" at place {pick}, the oldest being 0" if pick else ""
            return f"expected “{element}” to wait{asked}, but none of the {found} that wait there is the one"
        waits = [name for acted in self.stage.instances for name in waiting_names(acted)]
        if element in waits:
            what = "job" if "task" not in kinds else "task or job"
            return f"expected “{element}” to wait as a {what}, but it waits for something else"
        return f"expected “{element}” to wait, but waiting are: {_counted(waits)}{self._stopped()}"

    def _stopped(self) -> str:
        names = [name for acted in self.stage.instances for name, _ in acted.incidents.values()]
        return f"; incidents are at: {_counted(names)}" if names else ""


def _counted(names: Iterable[str]) -> str:
    counts = sorted(Counter(names).items())
    return ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in counts) or "none"


def task_change(change: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """Return the facts of a user task that a step changes; dates are ISO 8601 texts or null."""
    facts: dict[str, Any] = {}
    for key, value in change.items():
        if key not in _CHANGES:
            raise Unusable(f"a task cannot change “{key}”; known are {', '.join(_CHANGES)}")
        is_date = key.endswith("Date") and value is not None
        facts[_CHANGES[key]] = variables.to_instant(value, zone=zone) if is_date else value
    return facts


def span(text: str, now: datetime) -> timedelta:
    """Return how long a duration is from ``now`` on.

    Raises:
        Unusable: it is no ISO 8601 duration, or leads into the past.
    """
    duration = variables.parse_duration(text)
    try:
        after = None if duration is None else variables.shift(now, duration)
    except (OverflowError, ValueError):  # beyond the year 9999
        after = None
    if after is None or after < now:
        raise Unusable(f"“{text}” is no ISO 8601 duration from now on, such as PT2H")
    return after - now


__all__ = ["Failed", "Teller", "Unusable", "check_step"]
