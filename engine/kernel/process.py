"""A process as compiled from a diagram: all its elements and flows in one flat, shared, frozen table.

Comes in: what ``dialect.py`` reads. Goes out: ``ProcessSpec``, a SpiffWorkflow process specification whose
subprocesses are elements with a parent rather than specifications of their own. It never changes after
``seal``; every thread shares it. Next: ``engine/kernel/elements.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from engine.kernel.model import Flow

if TYPE_CHECKING:
    from engine.kernel.elements import Element, ProcessElement
    from engine.kernel.events import StartEvent


class ProcessSpec(BpmnProcessSpec):
    """One executable process of one deployed file.

    Attributes:
        key: what instances remember: the id of the definition's row, or the process id in memory.
        deployment: the deployment it came with, for ``bindingType="deployment"``.
        version_tag: ``zeebe:versionTag`` or None.
        root: the element of the process itself, the outermost scope.
        flows: sequence flows by id.
        task_specs: elements by id (SpiffWorkflow's name for them).
        inside: the elements of each scope by the scope's id, in file order; None holds the root.
        starts: start events of the process level, in file order.
    """

    task_specs: dict[str, Element]

    def __init__(self, process_id: str, name: str, filename: str) -> None:
        super().__init__(name=process_id, description=name, filename=filename)
        # SpiffWorkflow's own Start, EndJoin and End: its tree needs them, a token game does not.
        self.task_specs.clear()
        self.process_id = process_id
        self.label = name or process_id
        self.key = process_id
        self.deployment: str | None = None
        self.version_tag: str | None = None
        self.flows: dict[str, Flow] = {}
        self.starts: list[StartEvent] = []
        self.inside: dict[str | None, list[Element]] = {}
        self.root: ProcessElement

    def _add_notify(self, task_spec: Element) -> None:
        """Take an element in; SpiffWorkflow walks through all it has already, which large diagrams feel."""
        self.task_specs[task_spec.name] = task_spec
        task_spec.id = len(self.task_specs)

    def seal(self) -> None:
        """Connect elements to their flows, scopes and boundary events, once."""
        for flow in self.flows.values():
            self.task_specs[flow.source].outgoing.append(flow)
            self.task_specs[flow.target].incoming.append(flow)
        for element in self.task_specs.values():
            element.seal()

    def none_start(self) -> StartEvent | None:
        """Return the plain start event of the process, if it has one."""
        return next((start for start in self.starts if start.details.event.kind == "none"), None)
