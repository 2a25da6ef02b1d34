"""Decisions, knowledge models and decision services, evaluated.

Comes in: a model, the id of an element, variables, and the instant. Goes out: ``Outcome``: value, trace and
warnings. It never reads the clock and never keeps anything between two evaluations. Next:
``engine/dmn/checks.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.dmn import program
from engine.dmn.model import Model
from engine.dmn.program import DecisionNode, DrgNode, InputNode, KnowledgeNode, ModelTypes, ServiceNode
from engine.dmn.state import State, Warned
from engine.dmn.trace import Trace
from engine.errors import Missing
from engine.feel.convert import to_feel, to_python
from engine.feel.errors import FeelLimit
from engine.feel.limits import DEFAULT, Limits
from engine.feel.run import Run
from engine.feel.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a decision answered, and why."""

    value: Any
    trace: Trace
    warnings: tuple[Warned, ...]


def evaluate(
    source: Model,
    decision_id: str,
    variables: Mapping[str, Any],
    *,
    now: datetime,
    zone: str | None = None,
    limits: Limits = DEFAULT,
    given: Mapping[tuple[str, str], Any] | None = None,
) -> Outcome:
    """Evaluate a decision, and whatever it requires, each element once.

    A decision service or a knowledge model is called with those of ``variables`` that are its parameters; a
    parameter that is not given is null.

    Args:
        source: the model; it is compiled at its first evaluation, and may be shared between threads.
        decision_id: id of the element, or its name.
        variables: by name. Those that no element of the model is named after are visible to every expression.
        now: the instant that ``now()`` and ``today()`` see; one for the whole evaluation.
        zone: IANA name of the zone of ``now()`` and ``today()``.
        limits: bounds of the whole evaluation, all expressions together.
        given: namespace and name to value, for inputs of imported models, and for decisions whose value is
            known already and must not be computed.

    Raises:
        Missing: the model has no such element.
        DecisionFailed: the rules of a UNIQUE or ANY table contradict one another, or a decision needs itself.
        FeelLimit: the evaluation costs more than its limits.
        FeelValueError: a variable is of a type that FEEL does not know, or the value is a function or a range.
    """
    compiled = program.of(source)
    node = compiled.find(decision_id)
    if node is None:
        raise Missing(
            f"Expected a decision “{decision_id}” in {source.file or source.name}, but it has "
            f"{', '.join(source.decision_ids) or 'none'}.",
            decision=decision_id,
        )
    run = Run(now, zone, limits, None)
    run.types = ModelTypes(compiled.builder.book).on(run)
    state = _state(compiled, run, variables, given or {})
    try:
        value = to_python(_value(node, state), run)
    except RecursionError:
        raise FeelLimit("calls", limit=limits.calls) from None
    return Outcome(
        value=value,
        trace=Trace(decision=node.drawn.id, decisions=tuple(state.traces)),
        warnings=tuple(state.warnings),
    )


def _state(
    compiled: program.Program, run: Run, variables: Mapping[str, Any], given: Mapping[tuple[str, str], Any]
) -> State:
    reads, own = compiled.reads, compiled.own_names
    values = {name: to_feel(value) for name, value in variables.items() if name in reads}
    state = State(
        run=run,
        variables=values,
        free={name: value for name, value in values.items() if name not in own},
        given={key: to_feel(value) for key, value in given.items()},
    )
    for (namespace, name), value in state.given.items():
        decided = compiled.decision_of(namespace, name)
        if decided is not None:
            state.values[decided] = value
    return state


def _value(node: DrgNode, state: State) -> Value:
    match node:
        case InputNode() | DecisionNode():
            return state.value(node)
        case ServiceNode():
            arguments = [state.variables.get(name) for name in node.parameters]
            return state.run.call(state.value(node), arguments)
        case KnowledgeNode():
            function = state.value(node)
            if function is None:
                return None
            return state.run.call(function, [state.variables.get(name) for name in function.parameters])
