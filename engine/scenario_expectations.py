"""What a scenario may expect of an instance, and how a difference is told.

Comes in: an expectation and the stage. Goes out: nothing, or ``Failed`` with what was expected and found. It
never moves the stage. Next: ``engine/rehearsal.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine import kernel, variables
from engine.feel import Months
from engine.rehearsal import Acted, Stage
from engine.scenario_language import TASK_FACTS, Unusable, numbered


class Failed(Exception):
    """What was expected is not so."""


WAITING_KINDS = frozenset({"task", "job", "message", "signal", "timer"})


@dataclass(slots=True)
class Seen:
    """One instance under the eyes of an expectation: a root, or one that was called.

    Attributes:
        processes: tokens of the process itself and of those it called.
        token: of the process itself.
    """

    stage: Stage
    acted: Acted
    token: int
    processes: frozenset[int]

    @property
    def history(self) -> list[kernel.Step]:
        """Return what happened in it, elements only."""
        return [
            step
            for step in self.acted.history
            if step.process in self.processes and step.token not in self.processes
        ]

    def status(self) -> str:
        """Return active, completed or terminated."""
        ended = self.acted.ended.get(self.token)
        return ended.status if ended is not None else "active"

    def variables(self) -> dict[str, Any]:
        """Return the variables of the process instance, also after its end."""
        ended = self.acted.ended.get(self.token)
        return ended.variables if ended is not None else self.acted.run.tasks[self.token].data


def expect(stage: Stage, named: Mapping[str, Acted], expected: Mapping[str, Any]) -> None:
    """Check every key of an expectation.

    Raises:
        Failed: the first that does not hold.
        Unusable: an unknown key or instance.
    """
    if "instances" in expected:
        _instances(stage, expected["instances"])
    if not set(expected) - {"instances", "note"}:
        return
    seen = _find(stage, named, expected)
    for key, value in expected.items():
        check = _CHECKS.get(key)
        if check is not None:
            check(seen, value)
    if "absent" in expected:
        _absent("the instance", expected["absent"], seen.variables())


def visible(acted: Acted, token: int) -> dict[str, Any]:
    """Return what a waiting task can see."""
    return acted.run.tasks[token].visible()


def waiting_names(acted: Acted, processes: Collection[int] | None = None) -> list[str]:
    """Return the elements that wait in an instance, or in ``processes`` of it; one with an incident does not."""
    names: list[str] = []
    for token in acted.run.tasks.values():
        elsewhere = processes is not None and token.process().id not in processes
        if elsewhere or token.mark == "watch" or "fault" in token.internal_data:
            continue
        waits = token.internal_data.get("wait") in WAITING_KINDS
        if waits or (token.task_spec.kind == "event_based_gateway" and token.children):
            names.append(token.task_spec.name)
    return sorted(names)


def equal(expected: Any, found: Any) -> bool:
    """Compare as the scenario language does: numbers by value, dates and durations as ISO text."""
    if isinstance(expected, bool) or isinstance(found, bool) or expected is None or found is None:
        return expected is found
    if isinstance(expected, (int, float, Decimal)) and isinstance(found, (int, float, Decimal)):
        return Decimal(str(expected)) == Decimal(str(found))
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return expected.keys() == found.keys() and all(
            equal(value, found[key]) for key, value in expected.items()
        )
    if isinstance(expected, list) and isinstance(found, (list, tuple)):
        return len(expected) == len(found) and all(map(equal, expected, found))
    if isinstance(found, datetime) and isinstance(expected, str):
        wanted = variables.to_instant(expected, zone="UTC")
        return wanted is not None and wanted == variables.to_instant(found, zone="UTC")
    if isinstance(found, (date, time, timedelta, Months)) and isinstance(expected, str):
        return variables.to_text(found) == expected
    return bool(expected == found)


# ---------------------------------------------------------------------- one check a key


def _status(seen: Seen, value: str) -> None:
    if seen.status() != value:
        raise Failed(f"expected the instance to be {value}, but it is {seen.status()}{_why(seen)}")


def _waiting_names(seen: Seen) -> list[str]:
    return waiting_names(seen.acted, seen.processes)


def _waiting(seen: Seen, value: list[str]) -> None:
    found = _waiting_names(seen)
    if sorted(value) != found:
        raise Failed(f"expected waiting {_names(sorted(value))}, but found {_names(found)}{_why(seen)}")


def _waiting_any(seen: Seen, value: list[str]) -> None:
    found = _waiting_names(seen)
    if not set(value) & set(found):
        raise Failed(f"expected one of {_names(value)} to wait, but waiting are {_names(found)}{_why(seen)}")


def _completed(seen: Seen, value: Mapping[str, int]) -> None:
    counts = Counter(step.element for step in seen.history if step.event == "completed")
    for element, count in value.items():
        if counts[element] != count:
            raise Failed(
                f"expected “{element}” to have completed {count} time(s), but it was {counts[element]}{_why(seen)}"
            )


def _never(seen: Seen, value: list[str]) -> None:
    entered = {step.element for step in seen.history}
    for element in value:
        if element in entered:
            raise Failed(f"expected “{element}” never to be entered, but it was")


def _terminated(seen: Seen, value: list[str] | Mapping[str, int]) -> None:
    ended = Counter(step.element for step in seen.history if step.event == "terminated")
    for element in value:
        if element not in ended:
            raise Failed(
                f"expected “{element}” to have been terminated, but only {_names(sorted(ended))} were"
            )
        if isinstance(value, Mapping) and ended[element] != value[element]:
            raise Failed(
                f"expected “{element}” to have been terminated {value[element]} time(s), but it was {ended[element]}"
            )


def _path(seen: Seen, value: list[str]) -> None:
    found = [step.element for step in seen.history if step.event == "completed"]
    if list(value) != found:
        raise Failed(f"expected the path {_names(value)}, but it was {_names(found)}")


def _before(seen: Seen, value: list[Any]) -> None:
    pairs = [value] if value and isinstance(value[0], str) else value
    for first, second in pairs:
        done = [n for n, s in enumerate(seen.history) if s.element == first and s.event == "completed"]
        begun = [n for n, s in enumerate(seen.history) if s.element == second and s.event == "entered"]
        if not done or not begun or done[0] > begun[0]:
            raise Failed(f"expected “{first}” to complete before “{second}” was entered, but it did not")


def _variables(seen: Seen, value: Mapping[str, Any]) -> None:
    _subset("the instance", value, seen.variables())


def _task_variables(seen: Seen, value: Mapping[str, Any]) -> None:
    element = value["element"]
    for token, wait in sorted(seen.acted.waits.items()):
        if wait.element == element and wait.process in seen.processes and token in seen.acted.run.tasks:
            found = visible(seen.acted, token)
            wanted = value.get(
                "variables", {k: v for k, v in value.items() if k not in ("element", "absent")}
            )
            _subset(f"“{element}”", wanted, found)
            _absent(f"“{element}”", value.get("absent", []), found)
            return
    raise Failed(f"expected “{element}” to wait, but waiting are {_names(_waiting_names(seen))}{_why(seen)}")


def _task(seen: Seen, value: Mapping[str, Any]) -> None:
    for _, wait in sorted(seen.acted.waits.items()):
        if wait.kind == "task" and wait.element == value["element"] and wait.process in seen.processes:
            for key, wanted in value.items():
                if key != "element":
                    _task_fact(wait, key, wanted)
            return
    raise Failed(
        f"expected the user task “{value['element']}” to wait, but waiting are {_names(_waiting_names(seen))}{_why(seen)}"
    )


def _task_fact(wait: kernel.Wait, key: str, wanted: Any) -> None:
    found = wait.facts.get(TASK_FACTS[key])
    if isinstance(wanted, list):
        matches = isinstance(found, list) and sorted(map(str, wanted)) == sorted(found)
    else:
        matches = equal(wanted, found)
    if not matches:
        raise Failed(f"expected {key} of “{wait.element}” to be {_show(wanted)}, but it is {_show(found)}")


def _incidents(seen: Seen, value: list[Mapping[str, Any]]) -> None:
    found = [
        {"element": element, "kind": fault.kind, "message": fault.message}
        for token, (element, fault) in sorted(seen.acted.incidents.items())
        if token in seen.acted.run.tasks and seen.acted.run.tasks[token].process().id in seen.processes
    ]
    left = list(found)
    for wanted in value:
        match = next((f for f in left if all(f[key] == text for key, text in wanted.items())), None)
        if match is None:
            raise Failed(f"expected the incident {_show(dict(wanted))}, but found {_show(found)}")
        left.remove(match)
    if left:
        raise Failed(f"expected {len(value)} incident(s), but also found {_show(left)}")


_CHECKS: dict[str, Callable[[Seen, Any], None]] = {
    "status": _status,
    "waiting": _waiting,
    "waiting_any": _waiting_any,
    "completed": _completed,
    "never": _never,
    "terminated": _terminated,
    "path": _path,
    "before": _before,
    "variables": _variables,
    "task_variables": _task_variables,
    "task": _task,
    "incidents": _incidents,
}


# ---------------------------------------------------------------------- finding and telling


def _instances(stage: Stage, value: Mapping[str, Any]) -> None:
    process_id = value["process"]
    counts: Counter[str] = Counter()
    for acted in stage.instances:
        for token, name in acted.processes.items():
            if name == process_id:
                ended = acted.ended.get(token)
                counts[ended.status if ended is not None else "active"] += 1
    for status, wanted in value.items():
        if status == "process":
            continue
        found = sum(counts.values()) if status == "total" else counts[status]
        if found != wanted:
            raise Failed(
                f"expected {wanted} {status} instance(s) of “{process_id}”, but there are {found} ({dict(counts)})"
            )


def _find(stage: Stage, named: Mapping[str, Acted], expected: Mapping[str, Any]) -> Seen:
    name = str(expected.get("instance", "i1"))
    if name.startswith("#") and "process" in expected:
        process_id = expected["process"]
        every = [
            (acted, token)
            for acted in stage.instances
            for token, called in acted.processes.items()
            if called == process_id
        ]
        every.sort(key=lambda one: (one[0].begun[one[1]], one[1]))
        index = numbered(name) - 1
        if index < 0:
            raise Unusable(
                f"there is no instance “{name}”; count from #1",
                f"il n’y a pas d’instance « {name} » ; comptez à partir de #1",
            )
        if index >= len(every):
            raise Failed(f"expected {index + 1} instance(s) of “{process_id}”, but there are {len(every)}")
        return _seen(stage, *every[index])
    acted = find_instance(stage, named, name)
    return _seen(stage, acted, acted.run.task_tree.id)


def find_instance(stage: Stage, named: Mapping[str, Acted], name: str) -> Acted:
    """Return the instance that a step called so; ``i1`` is else the first, whatever started it, ``#2`` the second.

    Raises:
        Unusable: there is none.
    """
    if name in named:
        return named[name]
    number = 1 if name == "i1" else numbered(name)
    if not 1 <= number <= len(stage.instances):
        known, count = ", ".join(named), len(stage.instances)
        raise Unusable(
            f"there is no instance “{name}”; {count} were started, named: {known or 'none'}",
            f"il n’y a pas d’instance « {name} » ; démarrées : {count}, nommées : {known or 'aucune'}",
        )
    return stage.instances[number - 1]


def _seen(stage: Stage, acted: Acted, token: int) -> Seen:
    inside = {token}
    parents = acted.parents
    for child in sorted(acted.processes):
        if parents.get(child) in inside:
            inside.add(child)
    return Seen(stage, acted, token, frozenset(inside))


def _subset(where: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        if name not in found:
            raise Failed(
                f"expected {where} to have the variable “{name}”, but it has {_names(sorted(found))}"
            )
        if not equal(value, found[name]):
            raise Failed(f"expected “{name}” of {where} to be {_show(value)}, but it is {_show(found[name])}")


def _absent(where: str, names: list[str], found: Mapping[str, Any]) -> None:
    for name in names:
        if name in found:
            raise Failed(f"expected {where} not to have “{name}”, but it is {_show(found[name])}")


def _names(names: list[str]) -> str:
    return "[" + ", ".join(names) + "]"


def _show(value: Any) -> str:
    try:
        return variables.dumps(value)
    except TypeError:
        return repr(value)


def _why(seen: Seen) -> str:
    """Add the incidents, which are the usual reason."""
    faults = [f"{element}: {fault.message}" for element, fault in seen.acted.incidents.values()]
    return f" (incidents: {'; '.join(faults)})" if faults else ""
