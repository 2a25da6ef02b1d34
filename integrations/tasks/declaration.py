"""Task types: one declaration each, from which the handler, the deployment check and the modeler's form are made.

Comes in: a name, labels in French and English, typed inputs and outputs, the function. Goes out: ``TaskType`` and
typed values for the function. It never calls the registry itself. Next: ``integrations/tasks/catalogue.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final, Literal

from engine.errors import Refused
from engine.store import Call, UnitOfWork
from registry.errors import RegistryError

Kind = Literal["text", "integer", "number", "boolean", "date", "instant", "list", "object"]
KINDS: Final[Mapping[Kind, tuple[str, str]]] = MappingProxyType(
    {
        "text": ("texte", "text"),
        "integer": ("nombre entier", "whole number"),
        "number": ("nombre", "number"),
        "boolean": ("oui ou non", "yes or no"),
        "date": ("date", "date"),
        "instant": ("date et heure", "date and time"),
        "list": ("liste", "list"),
        "object": ("objet", "object"),
    }
)


class WrongInput(Refused):
    """A step got an input of another type than its task type declares, or none where one is required."""

    code = "task_input"


class WrongOutput(Refused):
    """A function of the bridge returned something else than its task type declares."""

    code = "task_output"


@dataclass(frozen=True, slots=True)
class Field:
    """One input or output of a task type: what the diagram calls it and what people call it."""

    name: str
    kind: Kind
    fr: str
    en: str
    required: bool = True

    @property
    def argument(self) -> str:
        """Return the keyword of the function: ``orderId`` is ``order_id`` there."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.name).lower()


@dataclass(frozen=True, slots=True)
class TaskType:
    """A kind of service work that a diagram may ask for.

    Attributes:
        name: ``noun.verb``, stable: diagrams refer to it.
        fr: label in French; ``en``: in English.
        about_fr: one sentence for the process owner; ``about_en``: in English.
        do: the function, called with the unit of work, the call, and each input as a keyword.
        inputs: what the diagram must or may map; ``outputs``: what it may map back.
        errors: code of a registry refusal → code of the BPMN error a boundary event can catch.
        error_variables: what the diagram sees of such a refusal.
    """

    name: str
    fr: str
    en: str
    about_fr: str
    about_en: str
    do: Callable[..., Mapping[str, Any]]
    inputs: tuple[Field, ...] = ()
    outputs: tuple[Field, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    error_variables: Callable[[RegistryError], Mapping[str, Any]] | None = None


def perform(task_type: TaskType, unit: UnitOfWork, call: Call) -> Mapping[str, Any]:
    """Do the work of one step with typed inputs.

    Raises:
        WrongInput: an input is missing or of another type.
        WrongOutput: the function returned what its declaration does not name.
    """
    given = typed(task_type, call.inputs)
    result = task_type.do(unit, call, **given)
    declared = {one.name for one in task_type.outputs}
    if set(result) != declared:
        raise WrongOutput(
            f"Expected {task_type.name} to return {sorted(declared)}, but it returned {sorted(result)}.",
            task_type=task_type.name,
        )
    return result


def typed(task_type: TaskType, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs as keywords of the function, each in its declared type.

    What the declaration does not name is left out: deployment has refused a diagram that maps such an input.

    Raises:
        WrongInput: an input is missing or of another type.
    """
    return {one.argument: _value(task_type, one, inputs.get(one.name)) for one in task_type.inputs}


def _value(task_type: TaskType, one: Field, given: Any) -> Any:
    if given is None or given == "":
        if one.required:
            raise WrongInput(
                f"Expected {task_type.name} to get “{one.name}” ({one.en}), but it is empty.",
                task_type=task_type.name,
                input=one.name,
            )
        return None
    try:
        return _CONVERT[one.kind](given)
    except (TypeError, ValueError, InvalidOperation) as error:
        raise WrongInput(
            f"Expected “{one.name}” of {task_type.name} to be a {KINDS[one.kind][1]}, but it is {given!r}.",
            task_type=task_type.name,
            input=one.name,
            found=given,
        ) from error


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(given)
    return given


def _number(given: Any) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, int | Decimal | str):
        raise TypeError(given)
    return Decimal(given)


def _integer(given: Any) -> int:
    number = _number(given)
    if number != number.to_integral_value():
        raise ValueError(given)
    return int(number)


def _boolean(given: Any) -> bool:
    if not isinstance(given, bool):
        raise TypeError(given)
    return given


def _date(given: Any) -> date:
    if isinstance(given, datetime):
        return given.date()
    return given if isinstance(given, date) else date.fromisoformat(_text(given))


def _instant(given: Any) -> datetime:
    """Return a date and time, without zone when the text has none: the function knows the entity's zone."""
    return given if isinstance(given, datetime) else datetime.fromisoformat(_text(given))


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise TypeError(given)
    return given


def _object(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise TypeError(given)
    return given


_CONVERT: Final[Mapping[Kind, Callable[[Any], Any]]] = MappingProxyType(
    {
        "text": _text,
        "integer": _integer,
        "number": _number,
        "boolean": _boolean,
        "date": _date,
        "instant": _instant,
        "list": _list,
        "object": _object,
    }
)
