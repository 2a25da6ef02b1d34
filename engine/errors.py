"""What the engine refuses, misses or fails at.

Comes in: facts about a command that could not be carried out. Goes out: one typed error with a stable
``code``, the facts as attributes, and a sentence of the mould "Expected to …, but …". It never speaks
HTTP: only ``web/errors.py`` knows statuses. Next: ``engine/store.py``.

    EngineError
    ├── Refused            understood, not allowed now
    │   ├── Busy           another command holds the instance
    │   ├── Stale          the task or definition changed since it was read
    │   ├── TaskTaken      somebody else has claimed the task
    │   ├── Undecided      a listener has yet to hear of an earlier change of the task
    │   ├── Denied         a listener of the task does not allow it
    │   ├── NotWaiting     the instance is not waiting where the command wants to act
    │   ├── TooLarge       the instance would hold more variables than one may
    │   ├── KeyTaken       an instance has the business key, or runs for the message's key
    │   └── DefinitionRefused  the deployment has problems
    ├── Missing            no such definition, instance, task, job, incident
    └── Failed             the engine could not do what it had accepted
"""

from __future__ import annotations

from typing import Any, ClassVar


class EngineError(Exception):
    """The root of everything the engine raises on purpose."""

    code: ClassVar[str] = "engine"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        """Give the facts as attributes: ``error.task_id``."""
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(name) from None


class Refused(EngineError):
    """The command was understood and is not allowed now."""

    code = "refused"


class Busy(Refused):
    """Another command holds the instance's row; the same command may succeed a moment later."""

    code = "busy"


class Stale(Refused):
    """What the command was based on has changed since it was read."""

    code = "stale"


class TaskTaken(Refused):
    """The user task belongs to somebody else."""

    code = "task_taken"


class Undecided(Refused):
    """A change of the user task waits for a listener: until it has answered, nothing else happens to the task."""

    code = "undecided"


class Denied(Refused):
    """A listener of a user task does not allow an assignment, a change or a completion.

    Raised by a handler of the house that is such a listener, and by the command that it denies.
    """

    code = "denied"


class NotWaiting(Refused):
    """The instance does not wait where the command wants to act."""

    code = "not_waiting"


class TooLarge(Refused):
    """The instance would hold more characters of variables than one may."""

    code = "variables_too_large"


class KeyTaken(Refused):
    """An instance has the business key already, or one that the same message and key started still runs."""

    code = "key_taken"


class DefinitionRefused(Refused):
    """A deployment was refused; ``problems`` lists every reason at once."""

    code = "definition_refused"


class Missing(EngineError):
    """There is no such definition, instance, task, job or incident."""

    code = "missing"


class Failed(EngineError):
    """The engine could not do what it had accepted."""

    code = "failed"


class BpmnError(EngineError):
    """A handler reports a business error that the diagram may catch by its code (BPMN 2.0, 10.5.6)."""

    code = "bpmn_error"

    def __init__(self, error_code: str, message: str = "", **variables: Any) -> None:
        super().__init__(message or error_code, error_code=error_code, variables=variables)
