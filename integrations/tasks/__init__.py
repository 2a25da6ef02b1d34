"""The bridge: task types that diagrams ask for, done by verbs of the registry in the same transaction.

Comes in: service tasks of a running process. Goes out: changed rows and the step's outputs. It never commits and
never speaks to the outside: letters go to the outbox. Next: ``integrations/tasks/catalogue.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.store import Handler
from integrations.tasks.catalogue import TYPES, check_task, described, handlers, printed
from integrations.tasks.declaration import Field, TaskType
from integrations.tasks.templates import element_templates

HANDLERS: Final[Mapping[str, Handler]] = handlers()

__all__ = [
    "HANDLERS",
    "TYPES",
    "Field",
    "TaskType",
    "check_task",
    "described",
    "element_templates",
    "handlers",
    "printed",
]
