"""Telling a scenario: each step, on a stage in memory.

Comes in: one step. Goes out: the stage moved, or ``Failed`` with what was expected and what was found. It
never guesses a misspelt key: ``scenario_language.py`` refuses it. Next: ``engine/rehearsal.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from engine import variables
from engine.errors import Refused
from engine.rehearsal import Acted, Stage
from engine.scenario_expectations import Failed, equal, expect, find_instance, visible, waiting_names
from engine.scenario_language import check_step, span, task_change
from engine.variables import to_text

_ARGUMENTS = {"as": "name_as", "type": "job_type"}
"""Keys of steps that Python would not take as names of arguments."""


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
        step = getattr(self, f"_{action['do']}")
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

    def _complete_all_waiting(
        self, variables: Mapping[str, Any] | None = None, *, optional: bool = False
    ) -> None:
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

    def _resolve_incident(self, element: str) -> None:
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

    def _advance_clock(self, by: str) -> None:
        self.stage.advance_clock(span(by, self.stage.now))

    def _publish_message(
        self,
        name: str,
        key: str | int | Decimal = "",
        variables: Mapping[str, Any] | None = None,
        ttl: str = "PT1H",
    ) -> None:
        text = key if isinstance(key, str) else to_text(key)
        self.stage.publish(name, text, variables or {}, span(ttl, self.stage.now))

    def _broadcast_signal(self, name: str, variables: Mapping[str, Any] | None = None) -> None:
        self.stage.broadcast(name, variables or {})

    def _cancel_instance(self, instance: str = "i1") -> None:
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
