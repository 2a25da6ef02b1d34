"""User tasks whose cancellation listeners hear of: what interrupts them goes on once the last one has answered.

Comes in: tokens that are being taken off the diagram. Goes out: those that stay for their listeners, and with them
the scopes around; then whatever had to wait. A cancellation cannot be denied; one that fails is an incident that
can be tried again. Next: ``engine/kernel/transitions.py``.

A token that stays has ``leaving`` in its memory; ``then`` names the element at which the interruption goes on.
"""

from __future__ import annotations

from typing import Any

from engine.kernel import listeners
from engine.kernel.faults import Fault
from engine.kernel.token import STARTED, Token

WAITS, OVER = 1, 2
"""What ``leaving`` says: the token stays for a listener, or the listeners inside have all answered."""


def stays(token: Token, *, around: bool) -> bool:
    """Tell whether a token that is being terminated must stay for listeners, its own or those of a task inside.

    Args:
        around: True for a scope in which a task stays.
    """
    memory, run = token.internal_data, token.workflow
    memory.pop("then", None)  # what an earlier interruption wanted is overtaken by this one
    if "leaving" in memory:
        return bool(memory["leaving"] == WAITS)
    if not around and not _has_task(token):
        return False
    run.close_wait(token)
    run.forgive(token)
    memory.pop("listener", None)
    memory["leaving"] = WAITS
    token._set_state(STARTED)
    if around:
        return True
    try:
        return not listeners.heard(token, "canceling")
    except Fault as fault:
        run.raise_incident(token, fault, stage="listener")
        return True


def _has_task(token: Token) -> bool:
    """Tell whether a user task is offered at ``token``, or about to be, or about to be completed."""
    memory = token.internal_data
    return memory.get("wait") == "task" or listeners.waiting(token) in ("creating", "completing")


def proceed(token: Token) -> None:
    """Take a task off the diagram whose listeners have all heard, and do what waited for it."""
    token.internal_data["leaving"] = OVER
    scope, then = token.parent, token.internal_data.pop("then", None)
    assert scope is not None, "a task lives in a scope"
    token.workflow.remove(token, terminated=True)
    _go_on(scope, then)


def _go_on(scope: Token, then: list[Any] | None) -> None:
    """Go on in ``scope``, from which a token has gone: at the element that interrupted it, or as the scope does."""
    run, memory = scope.workflow, scope.internal_data
    if then is not None:
        name, variables = then
        scope.task_spec.process.task_specs[name].follow(scope, variables)
    elif "leaving" in memory:
        if scope.children:
            return
        if scope.parent is None:
            run.cancelled()
        else:
            proceed(scope)
    elif "then" in memory:
        if not scope.has_live_children():
            _go_on(scope, memory.pop("then"))
    elif "loop" in memory:
        if not scope.has_live_children():
            scope.complete()
    else:
        run.settle(scope)
