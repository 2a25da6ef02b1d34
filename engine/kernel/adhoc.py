"""Ad-hoc subprocesses: a list says which elements begin, a condition when it is enough (BPMN 2.0, 13.3.5).

Comes in: a token on the subprocess, or one that left inside. Goes out: tokens on the elements of the list, each on a
path of its own when outputs are collected; the list of what the paths brought. It never begins an element that
nobody asked for. Next: ``engine/kernel/events.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import variables as values
from engine.kernel.activities import SubProcess, collection, own_variable
from engine.kernel.elements import Element
from engine.kernel.faults import Fault
from engine.kernel.model import AdHoc
from engine.kernel.token import STARTED, Token


class AdHocSubProcess(SubProcess):
    """A subprocess without start."""

    def begin_inside(self, token: Token) -> None:
        """Put a token on each element of the list.

        Raises:
            Fault: the list is empty, or names what cannot begin here.
        """
        wanted = self._facts.active.listing(token, "a list of element ids")
        inside: dict[Any, Element] = {
            element.name: element
            for element in self.process.inside.get(self.name, ())
            if not element.details.attached_to and not element.details.triggered_by_event
        }
        unknown = [name for name in wanted if type(name) is not str or name not in inside]
        if unknown or not wanted:
            facts = {"text": self._facts.active.text, "label": self.label}
            if unknown:
                raise Fault("expression", "ad_hoc.unknown", **facts, unknown=values.to_text(unknown[0]))
            raise Fault("expression", "ad_hoc.empty", **facts)
        if self._facts.output_collection is not None:
            token.data[self._facts.output_collection] = []
        for name in wanted:
            token.workflow.place(inside[name], self._path(token))

    def _path(self, box: Token) -> Token:
        """Return the scope for what one element of the list begins: outputs are collected path by path."""
        output = self._facts.output_element
        if output is None:
            return box
        path = box.workflow.place(self, box, state=STARTED, mark="path")
        if kept := own_variable(output):
            path.data[kept] = None
        return path

    def path_left(self, path: Token) -> None:
        """Collect what a path has brought once its last token has left.

        Raises:
            Fault: the output cannot be evaluated, or the collection is no list any more.
        """
        box, facts = path.parent, self._facts
        if path.has_live_children() or box is None:
            return
        if facts.output_collection is not None and facts.output_element is not None:
            output = facts.output_element.value(path)
            box.data[facts.output_collection] = [*collection(box, facts.output_collection), output]
        path.workflow.remove(path)

    def element_left(self, token: Token) -> None:
        """See after each element inside whether it is enough."""
        completion = self._facts.completion
        if completion is None or token.internal_data.get("enough") or not completion.truth(token):
            return
        token.internal_data["enough"] = True
        if self._facts.cancels_rest:
            token.workflow.clear(token)

    def scope_done(self, token: Token) -> None:
        """Leave when nothing is left inside; a condition that never came true stops it."""
        facts = self._facts
        if facts.completion is not None and not token.internal_data.get("enough"):
            raise Fault("condition", "ad_hoc.unfinished", text=facts.completion.text, label=self.label)
        if facts.output_collection is not None:
            name = facts.output_collection
            token.internal_data["results"] = {name: token.data.get(name)}
        token.complete()

    def write_results(self, token: Token, results: Mapping[str, Any]) -> None:
        """Propagate the collection whatever the mappings say; an item whose output is collected keeps it."""
        loop = self.details.loop
        kept = token.mark == "item" and loop is not None and loop.output_element is not None
        if token.parent is not None and not kept:
            for name, value in results.items():
                token.parent.propagate(name, value)
        super().write_results(token, results)

    @property
    def _facts(self) -> AdHoc:
        assert self.details.ad_hoc is not None, "checked at deployment"
        return self.details.ad_hoc
