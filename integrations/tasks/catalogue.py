"""The catalogue of task types: what diagrams may ask for, and the check of what they do ask for.

Comes in: the declarations of the modules beside this one. Goes out: handlers for the engine, problems for
deployment. It never runs a process. Next: ``integrations/tasks/templates.py`` and ``registry/reservations.py``.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from engine.errors import BpmnError, Refused
from engine.problems import Problem
from engine.store import Call, Handler, UnitOfWork
from integrations.tasks import contract, costs, notify, requests, stock, work
from integrations.tasks.declaration import TaskType, perform
from registry.errors import RegistryError

TYPES: Final[Mapping[str, TaskType]] = MappingProxyType(
    {one.name: one for module in (requests, work, stock, contract, costs, notify) for one in module.TYPES}
)


class StepRefused(Refused):
    """The registry refused the work of a step; the facts are the registry's, ``reason`` its code."""

    code = "step_refused"


def handlers() -> Mapping[str, Handler]:
    """Return the function that the engine calls for each task type."""
    return {name: _handler(task_type) for name, task_type in TYPES.items()}


def _handler(task_type: TaskType) -> Handler:
    def handle(unit: UnitOfWork, call: Call) -> Mapping[str, Any]:
        try:
            return perform(task_type, unit, call)
        except RegistryError as error:
            raise _translated(task_type, error) from error

    return handle


def _translated(task_type: TaskType, error: RegistryError) -> Exception:
    """Return what the engine understands: an error the diagram may catch, or a refusal that becomes an incident."""
    bpmn_code = task_type.errors.get(error.code)
    if bpmn_code is None:
        return StepRefused(error.message, **{**error.facts, "reason": error.code})
    variables = task_type.error_variables(error) if task_type.error_variables is not None else {}
    return BpmnError(bpmn_code, error.message, **variables)


def check_task(name: str, input_names: Collection[str]) -> list[Problem]:
    """Return what is wrong with a service task of a diagram, for deployment.

    Args:
        name: the task type that the diagram asks for.
        input_names: targets of its input mappings.
    """
    task_type = TYPES.get(name)
    if task_type is None:
        # What begins with a noun of the house and a dot is reserved: a misspelt verb is a mistake. Any other
        # type is a worker's, also one that is a mere noun, such as “notify” in a diagram from elsewhere.
        noun, dot, _ = name.partition(".")
        if dot and noun in {known.partition(".")[0] for known in TYPES}:
            return [Problem("tasktype.unknown", facts={"hint": _hint(name, TYPES)})]
        return [Problem("tasktype.worker", severity="warning")]
    missing = [
        Problem(
            "tasktype.input_missing",
            facts={"name": one.name, "meaning": {"fr": one.fr, "en": one.en}},
        )
        for one in task_type.inputs
        if one.required and one.name not in input_names
    ]
    declared = [one.name for one in task_type.inputs]
    unknown = [
        Problem("tasktype.input_unknown", facts={"name": given, "hint": _hint(given, declared)})
        for given in sorted(input_names)
        if given not in declared
    ]
    return missing + unknown


def _hint(name: str, known: Iterable[str]) -> Mapping[str, str]:
    close = difflib.get_close_matches(name, known, n=1)
    if not close:
        return {"fr": "", "en": ""}
    return {"fr": f" (vouliez-vous dire « {close[0]} » ?)", "en": f" (did you mean “{close[0]}”?)"}


def described() -> list[dict[str, Any]]:
    """Return the catalogue as plain data, in the order of the modules: for documents and the API."""
    return [
        {
            "name": one.name,
            "label": {"fr": one.fr, "en": one.en},
            "about": {"fr": one.about_fr, "en": one.about_en},
            "inputs": [_described(each) for each in one.inputs],
            "outputs": [_described(each) for each in one.outputs],
            "errors": sorted(set(one.errors.values())),
        }
        for one in TYPES.values()
    ]


def _described(one: Any) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "label": {"fr": one.fr, "en": one.en},
        "required": one.required,
    }


def printed() -> str:
    """Return the catalogue as the table that the README shows."""
    lines = ["| task type | what it does | inputs | outputs | errors |", "|---|---|---|---|---|"]
    for one in TYPES.values():
        inputs = ", ".join(f"`{each.name}`" if each.required else f"`{each.name}`?" for each in one.inputs)
        outputs = ", ".join(f"`{each.name}`" for each in one.outputs)
        errors = ", ".join(f"`{code}`" for code in sorted(set(one.errors.values())))
        lines.append(f"| `{one.name}` | {one.about_en} | {inputs} | {outputs} | {errors} |")
    return "\n".join(lines)
