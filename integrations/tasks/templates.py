"""Element templates: the form that the diagram editor shows for each task type.

Comes in: the catalogue. Goes out: bpmn-io element templates (JSON), in French or English. It never invents a
field: what the editor offers is what the code declares. Next: ``integrations/tasks/catalogue.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from integrations.tasks.catalogue import TYPES
from integrations.tasks.declaration import KINDS, Field, TaskType

Locale = Literal["fr", "en"]

_SCHEMA: Final = "https://unpkg.com/@camunda/zeebe-element-templates-json-schema/resources/schema.json"
_PREFIX: Final = "guichet."
_CATEGORIES: Final[Mapping[str, tuple[str, str]]] = {
    "request": ("Demandes", "Requests"),
    "work": ("Travaux", "Work"),
    "stock": ("Stock", "Stock"),
    "contract": ("Entreprises", "Contractors"),
    "cost": ("Comptabilité", "Accounting"),
    "posting": ("Comptabilité", "Accounting"),
    "notify": ("Courriels", "Mail"),
}


def element_templates(locale: Locale = "fr") -> list[dict[str, Any]]:
    """Return one template per task type, in the language of the process owner."""
    return [_template(task_type, locale) for task_type in TYPES.values()]


def _template(task_type: TaskType, locale: Locale) -> dict[str, Any]:
    noun = task_type.name.partition(".")[0]
    words = _CATEGORIES[noun]
    return {
        "$schema": _SCHEMA,
        "name": _said(locale, task_type.fr, task_type.en),
        "id": _PREFIX + task_type.name,
        "version": 1,
        "description": _said(locale, task_type.about_fr, task_type.about_en),
        "category": {"id": noun, "name": _said(locale, *words)},
        "appliesTo": ["bpmn:Task", "bpmn:ServiceTask", "bpmn:SendTask"],
        "elementType": {"value": "bpmn:ServiceTask"},
        "groups": [
            {"id": "inputs", "label": _said(locale, "Ce qu’il faut", "What it needs")},
            {"id": "outputs", "label": _said(locale, "Ce qui en sort", "What comes out")},
        ],
        "properties": [
            {
                "type": "Hidden",
                "value": task_type.name,
                "binding": {"type": "zeebe:taskDefinition", "property": "type"},
            },
            *(_input(one, locale) for one in task_type.inputs),
            *(_output(one, locale) for one in task_type.outputs),
        ],
    }


def _input(one: Field, locale: Locale) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": one.name,
        "label": _said(locale, one.fr, one.en),
        "description": _said(locale, *KINDS[one.kind]),
        "group": "inputs",
        "type": "String",
        "feel": "optional" if one.kind == "text" else "required",
        "value": f"={one.name}",
        "binding": {"type": "zeebe:input", "name": one.name},
    }
    if one.required:
        found["constraints"] = {"notEmpty": True}
    else:
        found["optional"] = True
        del found["value"]
    return found


def _output(one: Field, locale: Locale) -> dict[str, Any]:
    store_in = _said(locale, "Ranger dans la variable : ", "Keep in the variable: ")
    return {
        "id": f"out_{one.name}",
        "label": store_in + _said(locale, one.fr, one.en),
        "group": "outputs",
        "type": "String",
        "value": one.name,
        "binding": {"type": "zeebe:output", "source": f"={one.name}"},
        "constraints": {"notEmpty": True},
    }


def _said(locale: Locale, fr: str, en: str) -> str:
    return fr if locale == "fr" else en
