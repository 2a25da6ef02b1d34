"""One token of the token game: an element instance that is alive.

Comes in: the element it stands on and the scope it lives in. Goes out: its visible variables and its life
(ready, started, waiting, completed). It never keeps finished history: a token that has left is gone from the
tree, which is why the state of an instance stays small. Next: ``engine/kernel/machine.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.kernel.faults import Fault

if TYPE_CHECKING:
    from engine.kernel.elements import Element
    from engine.kernel.machine import Run

READY: int = TaskState.READY
STARTED: int = TaskState.STARTED
WAITING: int = TaskState.WAITING
COMPLETED: int = TaskState.COMPLETED
ERROR: int = TaskState.ERROR
CANCELLED: int = TaskState.CANCELLED


class Token(Task):
    """A SpiffWorkflow task that holds local variables only, with object references for its tree.

    SpiffWorkflow copies all data into every task and keeps every task for ever; here ``data`` holds the
    locals (mapped inputs, the item of a multi-instance, the variables of a scope) and a token that leaves is
    dropped. Price: history lives in the history table alone.

    Attributes:
        id: integer, unique in the instance, growing.
        parent: the scope the token lives in; None for the root process.
        data: local variables.
        internal_data: what the element must remember (arrival flow, loop, stage); JSON-able.
        mark: None, ``"watch"`` (waits for its host or scope, keeps nothing alive), ``"item"`` (one
            instance of a multi-instance) or ``"path"`` (what one element of an ad-hoc subprocess began).
    """

    workflow: Run
    task_spec: Element
    data: dict[str, Any]
    internal_data: dict[str, Any]

    def __init__(self, run: Run, element: Element, parent: Token | None, state: int, token_id: int) -> None:
        self.id = token_id
        self.workflow = run
        self.task_spec = element
        self._parent = parent
        self._children: dict[int, Token] = {}
        self._state = state
        self.data = {}
        self.internal_data = {}
        self.mark: str | None = None
        run.tasks[token_id] = self
        if parent is not None:
            parent._children[token_id] = self

    @property
    def parent(self) -> Token | None:
        """Return the scope this token lives in."""
        return self._parent

    @property
    def children(self) -> list[Token]:
        """Return a copy of the tokens inside; callers change the tree while they iterate."""
        return list(self._children.values())

    @property
    def alive(self) -> bool:
        """Return False once the token has left."""
        return self.workflow.tasks.get(self.id) is self

    @property
    def is_scope(self) -> bool:
        """Tell whether elements inside may be caught here; a body only holds its items, a path only variables."""
        return self.task_spec.is_scope and "loop" not in self.internal_data and self.mark != "path"

    def has_live_children(self) -> bool:
        """Tell whether anything inside keeps this scope open; watchers do not."""
        return any(child.mark != "watch" for child in self._children.values())

    def _set_state(self, value: int) -> None:
        self._state = value

    def run(self) -> bool | None:
        """Let the element act; a fault leaves the token where it is, with an incident."""
        self._state = STARTED
        try:
            done = self.task_spec._run(self)
        except Fault as fault:
            self.workflow.withdraw(self)
            self.workflow.raise_incident(
                self, fault, stage="listener" if "listener" in self.internal_data else "enter"
            )
            return None
        if done:
            self.complete()
        return done

    def complete(self) -> None:
        """Leave the element; a fault on the way out keeps the token, with an incident."""
        try:
            self.task_spec._on_complete(self)
        except Fault as fault:
            self.workflow.raise_incident(
                self, fault, stage="listener" if "listener" in self.internal_data else "leave"
            )

    def ancestors(self) -> Iterable[Token]:
        """Yield the enclosing scopes, nearest first, beyond called processes up to the root."""
        token = self._parent
        while token is not None:
            yield token
            token = token._parent

    def visible_among(self, names: Iterable[str]) -> dict[str, Any]:
        """Return those of ``names`` that are visible here, from the nearest scope that has each."""
        found: dict[str, Any] = {}
        for name in names:
            token: Token | None = self
            while token is not None:
                data = token.data
                if name in data:
                    found[name] = data[name]
                    break
                token = None if token.task_spec.is_process else token._parent
        return found

    def visible(self) -> dict[str, Any]:
        """Return every variable visible here: locals hide those of outer scopes."""
        layers: list[dict[str, Any]] = []
        token: Token | None = self
        while token is not None:
            layers.append(token.data)
            token = None if token.task_spec.is_process else token._parent
        merged: dict[str, Any] = {}
        for layer in reversed(layers):
            merged.update(layer)
        return merged

    def propagate(self, name: str, value: Any) -> None:
        """Write to the nearest scope, from here outwards, that has ``name``; else to the process instance."""
        token = self
        while name not in token.data and not token.task_spec.is_process:
            assert token._parent is not None, "only a process has no parent"
            token = token._parent
        token.data[name] = value

    def process(self) -> Token:
        """Return the token of the process instance this one belongs to."""
        token = self
        while not token.task_spec.is_process:
            assert token._parent is not None, "only a process has no parent"
            token = token._parent
        return token
