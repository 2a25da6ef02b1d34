"""Listeners: jobs around an element's own work, one after another, in the order of the diagram.

Comes in: a token that begins or ends, or a user task that is offered or answered. Goes out: handlers run, or
the token waiting for a worker. Start listeners make local variables; end listeners propagate theirs; task
listeners give none. Next: ``engine/kernel/elements.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from engine.kernel.faults import Fault, ThrownError
from engine.kernel.handing import hand_out
from engine.kernel.model import Phase
from engine.kernel.token import Token

if TYPE_CHECKING:
    from engine.kernel.elements import Element

BEFORE: frozenset[str] = frozenset({"start", "creating"})
"""Phases after which the element still has its own work to do."""


def heard(token: Token, phase: Phase) -> bool:
    """Run the listeners of ``phase`` once; True when they are done, False while a worker has one.

    Raises:
        Fault: a listener cannot be handed out, or its handler refuses.
    """
    listeners = token.task_spec.details.listeners
    if phase not in listeners or phase in token.internal_data.get("heard", ()):
        return True
    return _from(token, phase, 0)


def waiting(token: Token) -> Phase | None:
    """Return the phase whose listener the token waits for, if any."""
    listener = token.internal_data.get("listener")
    return cast(Phase, listener[0]) if listener else None


def types(element: Element, phase: Phase) -> list[str]:
    """Return the task types of the listeners of ``phase``, in order."""
    return [job.type.text for job in element.details.listeners.get(phase, ())]


def again(token: Token) -> bool:
    """Hand the listener out once more after an incident; True when its phase is done."""
    phase, index = token.internal_data["listener"]
    return _from(token, phase, index)


def answered(token: Token, results: Mapping[str, Any]) -> bool:
    """Take a worker's results and go on; True when the phase is done."""
    phase, index = token.internal_data["listener"]
    _take(token, phase, results)
    return _from(token, phase, index + 1)


def threw(token: Token, code: str) -> Fault:
    """Return what becomes of a BPMN error from a listener: the element is not at work, so nothing catches it."""
    phase, index = token.internal_data["listener"]
    job = token.task_spec.details.listeners[phase][index]
    return Fault(
        "unhandled_error", "listener.threw", type=job.type.text, label=token.task_spec.label, error=code
    )


def _from(token: Token, phase: Phase, index: int) -> bool:
    memory = token.internal_data
    for number, job in enumerate(token.task_spec.details.listeners[phase][index:], start=index):
        memory["listener"] = [phase, number]
        try:
            results = hand_out(token, job, token.task_spec.words(token, phase))
        except ThrownError as thrown:
            raise threw(token, thrown.error_code) from thrown
        if results is None:
            return False
        _take(token, phase, results)
    memory.pop("listener", None)
    memory["heard"] = [*memory.get("heard", ()), phase]
    return True


def _take(token: Token, phase: Phase, results: Mapping[str, Any]) -> None:
    if phase == "start":
        token.data.update(results)
    elif phase == "end":
        outer = token.parent or token
        for name, value in results.items():
            outer.propagate(name, value)
