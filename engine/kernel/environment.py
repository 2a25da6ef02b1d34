"""What a run asks of the house around it.

Comes in: nothing. Goes out: the protocol that ``engine/instances.py`` and the scenario runner fulfil. It
never holds state of an instance. Next: ``engine/kernel/machine.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from engine.kernel.model import Called

if TYPE_CHECKING:
    from engine.kernel.process import ProcessSpec
    from engine.kernel.token import Token


@dataclass(frozen=True, slots=True)
class Work:
    """One job handed to a handler inside the transaction."""

    type: str
    inputs: dict[str, Any]
    headers: Mapping[str, str]
    element: str
    token: int


HandlerOfRun = Callable[[Work], Mapping[str, Any]]


class Environment(Protocol):
    """The world of one command.

    Attributes:
        now: the instant of the command, aware, UTC.
        zone: the municipality's time zone, for FEEL's ``today()`` and local times.
    """

    @property
    def now(self) -> datetime:
        """Return the instant of the command."""
        ...

    @property
    def zone(self) -> str:
        """Return the time zone."""
        ...

    def called_process(self, called: Called, process_id: str, caller: ProcessSpec) -> ProcessSpec:
        """Return the process a call activity starts.

        Raises:
            Fault: ``called_process_missing``.
        """
        ...

    def decide(
        self, called: Called, decision_id: str, variables: Mapping[str, Any], caller: ProcessSpec
    ) -> tuple[Any, dict[str, Any]]:
        """Return a decision's value and its trace.

        Raises:
            Fault: the decision is missing or failed.
        """
        ...

    def task(self, token: Token) -> Mapping[str, Any]:
        """Return what the task offered at ``token`` is like now: assignee, candidates, dates, priority, form.

        Asked only for listeners of tasks that were offered by an earlier command.
        """
        ...

    def handler(self, job_type: str) -> HandlerOfRun | None:
        """Return the function that does ``job_type`` inside the transaction, or None for a worker's job.

        The function raises ``ThrownError`` for a BPMN error and ``Fault`` for an incident.
        """
        ...
