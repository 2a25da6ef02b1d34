"""Trail: which elements of the diagrams a process passed, and which code or rule stood behind each.

Comes in: an instance and the last step already told. Goes out: lines for people, made of the instance's own history.
It never tells what the history does not hold. Next: ``engine/queries.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from engine import kernel, queries
from engine.store import UnitOfWork
from engine.tables import Definition, ProcessInstance
from integrations.tasks import TYPES
from web.demo import telling
from web.demo.telling import Teller

_FOLDER: Final = "bpmn/intervention"


@dataclass(slots=True)
class Trail:
    """What has been told of one instance.

    Attributes:
        instance_id: the root instance; ``seen``: number of the last step told.
    """

    instance_id: str
    seen: int = 0
    _files: dict[str, tuple[str, kernel.ProcessSpec]] = field(default_factory=dict)

    def tell(self, unit: UnitOfWork, teller: Teller) -> list[str]:
        """Return a line for each step since the last call, then what waits now."""
        told: list[str] = []
        file = ""
        for step in queries.history(unit, self.instance_id):
            if step.seq <= self.seen:
                continue
            self.seen = step.seq
            name, process = self._process(unit, step.process_instance_id)
            lines = list(_step(step, process, teller))
            if lines and name != file:
                file = name
                told.append(name)
            told += lines
        told += [self._waiting(task, teller) for task in queries.open_tasks_of(unit, self.instance_id)]
        for element, due in queries.due_timers(unit, self.instance_id):
            told.append(
                f"  ◷ {self.name(element, teller)}  {teller.of('échéance', 'due')} {teller.moment(due)}"
            )
        return told

    def _waiting(self, task: Any, teller: Teller) -> str:
        groups = ", ".join(task.candidate_groups)
        form = f"{task.form_id}.form"
        name = self.name(task.element, teller)
        return f"  ■ {name}  {teller.of('attend', 'waits for')} {groups}  ({form})"

    def name(self, element: str, teller: Teller) -> str:
        """Return what people call an element of a process told before."""
        known = [process.task_specs for _, process in self._files.values() if element in process.task_specs]
        return _label(known[0][element], teller) if known else element

    def _process(self, unit: UnitOfWork, process_instance_id: str) -> tuple[str, kernel.ProcessSpec]:
        if process_instance_id not in self._files:
            row = unit.connection.execute(
                sa.select(Definition.id, Definition.file, Definition.version)
                .join(ProcessInstance, ProcessInstance.definition_id == Definition.id)
                .where(ProcessInstance.id == process_instance_id)
            ).one()
            name = f"{_FOLDER}/{row.file}  (version {row.version})"
            self._files[process_instance_id] = (name, unit.house.library.process(unit.connection, row.id))
        return self._files[process_instance_id]


def _step(step: queries.HistoryRow, process: kernel.ProcessSpec, teller: Teller) -> Iterator[str]:
    element = process.task_specs.get(step.element)
    if element is None or step.event not in ("completed", "decided"):
        return
    name = _label(element, teller)
    details = element.details
    if step.event == "decided":
        yield f"  ◆ {name}  → {_FOLDER}/{step.data['decision']}.dmn, engine/dmn/evaluate.py"
        yield from _decision(step.data["trace"], teller)
    elif details.job is not None:
        job = details.job.type.text
        yield f"  ▸ {name}  {job} → {telling.place(TYPES[job].do).partition('  ')[0]}"
    elif element.kind == "user_task":
        yield f"  ● {name}"
    elif "gateway" in element.kind and element.label != element.name:
        flows = set((step.data or {}).get("flows", ()))
        ways = [
            (flow.name if teller.language == "fr" else "") or _label(process.task_specs[flow.target], teller)
            for flow in element.outgoing
            if flow.id in flows
        ]
        yield f"  ◇ {name}" + (f"  → {', '.join(ways)}" if ways else "")
    elif "event" in element.kind or element.kind == "call_activity":
        yield f"  ○ {name}"


def _label(element: Any, teller: Teller) -> str:
    english = element.details.properties.get("label_en") if teller.language == "en" else None
    return str(english or element.label or element.name)


def _decision(trace: dict[str, Any], teller: Teller) -> Iterator[str]:
    """Yield which rule of which table decided, and what it gave: what a requester can be told."""
    for decision in trace["decisions"]:
        for table in decision["tables"]:
            for rule in table["matched"]:
                why = " ".join(rule["annotations"].values()).strip()
                head = teller.of(f"règle {rule['number']}", f"rule {rule['number']}")
                yield f"      {decision['name']}, {head}" + (f" : {why}" if why else "")
                given = [f"{name} = {_text(value)}" for name, value in rule["outputs"].items()]
                yield f"          → {', '.join(given)}"


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
