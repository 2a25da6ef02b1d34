"""One evaluation of a model: values found so far, what is being evaluated, warnings and trace.

Comes in: the variables of the caller and the FEEL run that pays for everything. Goes out: the value of each
element, computed once. It never outlives the evaluation and is never shared between threads. Next:
``engine/dmn/program.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from engine.dmn.problems import DecisionFailed, Locale
from engine.dmn.trace import DecisionTrace, TableTrace
from engine.feel.errors import FeelWarning
from engine.feel.run import Run
from engine.feel.values import Value


class Node(Protocol):
    """An element of the requirements graph, compiled."""

    @property
    def name(self) -> str:
        """Its name, for messages."""
        ...

    def compute(self, state: State) -> Value:
        """Find the element's value, asking ``state`` for what it requires."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the model a piece of FEEL stands.

    Attributes:
        element: id of the smallest element that has one.
        label: name of the decision, knowledge model or type that contains it.
        line: 1-based line in the file.
    """

    element: str
    label: str
    line: int
    rule: int | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Why a part of a decision gave null: FEEL's own warnings, and those of types and tables.

    Attributes:
        code: FEEL's code, or ``wrong_type``, ``wrong_argument``, ``input_not_allowed``, ``output_not_allowed``,
            ``not_boolean``, ``not_a_function``.
        place: where in the model.
    """

    code: str
    place: Place
    message_en: str
    message_fr: str

    def message(self, locale: Locale = "en") -> str:
        """Say it in the reader's language."""
        return self.message_fr if locale == "fr" else self.message_en


_WARNINGS_KEPT: Final = 50


@dataclass(slots=True)
class State:
    """One evaluation.

    Attributes:
        run: FEEL's budget, clock, zone and warnings.
        variables: what the caller gave, as FEEL values, by name.
        free: those of the variables that no element of the model is named after; visible everywhere.
        given: namespace and name to value, for callers that must tell models apart (the TCK).
        values: what has been computed.
        active: what is being computed, to catch circles.
        traces: of decisions, in the order in which they were finished.
    """

    run: Run
    variables: Mapping[str, Value]
    free: Mapping[str, Value] = field(default_factory=dict)
    given: Mapping[tuple[str, str], Value] = field(default_factory=dict)
    values: dict[Node, Value] = field(default_factory=dict)
    active: list[Node] = field(default_factory=list)
    traces: list[DecisionTrace] = field(default_factory=list)
    current: DecisionTrace | None = None
    warnings: list[Warned] = field(default_factory=list)

    def value(self, node: Node) -> Value:
        """Return the value of an element, computing it at most once.

        Raises:
            DecisionFailed: the element needs itself.
        """
        if node in self.values:
            return self.values[node]
        if node in self.active:
            names = [each.name for each in [*self.active[self.active.index(node) :], node]]
            raise DecisionFailed(
                f"Expected a decision that does not need itself, but {' needs '.join(names)}.",
                french=f"Une décision ne doit pas avoir besoin d'elle-même, mais : {' → '.join(names)}.",
                reason="cyclic_requirement",
                decision=node.name,
                rules=[],
            )
        self.active.append(node)
        try:
            found = node.compute(self)
        finally:
            self.active.pop()
        self.values[node] = found
        return found

    def apart(self) -> State:
        """Return a state for a decision service: same budget, warnings and trace, nothing known yet."""
        return State(
            run=self.run,
            variables={},
            free=self.free,
            traces=self.traces,
            current=self.current,
            warnings=self.warnings,
        )

    def remember(self, table: TableTrace) -> None:
        """Add a table's trace to the decision that is being evaluated."""
        if self.current is not None:
            self.current.remember(table)

    def warn(self, code: str, place: Place, en: str, fr: str) -> None:
        """Note why a part is null."""
        if len(self.warnings) < _WARNINGS_KEPT:
            self.warnings.append(Warned(code=code, place=place, message_en=en, message_fr=fr))

    def wrong_argument(self, place: Place, parameter: str) -> None:
        """Note that a function was not called, because an argument is not of its parameter's type."""
        self.warn(
            "wrong_argument",
            place,
            f"the value given for “{parameter}” is not of its type",
            f"la valeur donnée pour « {parameter} » n'est pas de son type",
        )

    def adopt(self, place: Place, since: int) -> None:
        """Take over the warnings that FEEL gave since its ``since``-th, with their place in the model."""
        for warning in self.run.warnings[since:]:
            self.warn(warning.code, _at(place, warning), warning.describe("en"), warning.describe("fr"))
        del self.run.warnings[since:]

    def facts(self) -> dict[str, Any]:
        """Name the decision that is being evaluated, for errors."""
        return {"decision": self.current.id if self.current else ""}


def _at(place: Place, warning: FeelWarning) -> Place:
    return Place(
        element=place.element,
        label=place.label,
        line=place.line + warning.line - 1,
        rule=place.rule,
        column=place.column,
    )
