"""What is wrong with a model, told before it is deployed.

Comes in: a model. Goes out: every problem at once, each with decision, rule, column and line. It never evaluates
a decision and never changes the model. Next: ``engine/dmn/table_checks.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from engine.dmn import program, table_checks
from engine.dmn.model import (
    BusinessKnowledgeModel,
    Conditional,
    Context,
    Decision,
    DecisionService,
    DecisionTable,
    DrgElement,
    Expression,
    Filter,
    FunctionDefinition,
    InputData,
    Invocation,
    Iteration,
    ListExpression,
    Model,
    Reference,
    Relation,
    RequirementKind,
)
from engine.dmn.problems import Problem
from engine.dmn.program import Program
from engine.dmn.types import circular

#: What each kind of element is called, in English and French.
_CALLED: Final = {
    InputData: ("input data", "une donnée d'entrée"),
    Decision: ("a decision", "une décision"),
    BusinessKnowledgeModel: ("a knowledge model", "un modèle de connaissance"),
    DecisionService: ("a decision service", "un service de décision"),
}
_ALLOWED: Final[dict[RequirementKind, tuple[type, ...]]] = {
    "input": (InputData,),
    "decision": (Decision,),
    "knowledge": (BusinessKnowledgeModel, DecisionService),
}


def check(model: Model) -> list[Problem]:
    """Find everything that is wrong with a model, in the order of its lines.

    Texts that are not FEEL, names and types that nobody defined, arrows that lead nowhere or in a circle, tables
    with the wrong number of cells, hit policies that do not fit, rules of a UNIQUE table that meet, situations
    without a rule, rules that never answer.
    """
    compiled = program.of(model)
    problems = [
        *compiled.problems,
        *_imports(model),
        *_types(model),
        *_requirements(compiled),
        *_circles(compiled),
        *_logic(compiled),
    ]
    named = [replace(problem, label=problem.label or model.name) for problem in problems]
    return sorted(named, key=lambda problem: (problem.line, problem.rule or 0))


def _problem(code: str, element: DrgElement, *, line: int | None = None, **facts: object) -> Problem:
    return Problem(
        code=code,
        line=element.line if line is None else line,
        element=element.id,
        label=element.name,
        facts=facts,
    )


def _imports(model: Model) -> Iterator[Problem]:
    for found in model.imports:
        if found.model is None:
            facts = {"name": found.name, "namespace": found.namespace}
            yield Problem(code="unknown_import", line=found.line, element=found.id, facts=facts)


def _types(model: Model) -> Iterator[Problem]:
    """Find types that name nothing, or only themselves."""
    book = program.of(model).builder.book
    for name in sorted(circular(model.types)):
        definition = model.types[name]
        yield Problem(code="cyclic_type", line=definition.line, element=definition.id, facts={"type": name})
    waiting = list(model.types.values())
    while waiting:
        definition = waiting.pop()
        waiting.extend(definition.components)
        wanted = definition.type_ref
        if wanted is not None and book.get(wanted) is None:
            yield Problem(
                code="unknown_type",
                line=definition.line,
                element=definition.id,
                label=definition.name,
                facts={"type": wanted, "suggestion": ""},
            )


def _requirements(compiled: Program) -> Iterator[Problem]:
    """Find arrows that lead nowhere, or to the wrong kind of element."""
    missing_models = any(found.model is None for found in compiled.source.imports)
    for element in compiled.source.elements.values():
        if element.id.startswith("#"):
            yield _problem("dmn_no_id", element, name=element.name)
        for kind, target, line in _arrows(element):
            found = compiled.resolve(target)
            if found is None:
                if not (target.namespace and missing_models):
                    yield _problem("missing_requirement", element, line=line, target=target.id)
            elif not isinstance(found[0].drawn, _ALLOWED[kind]):
                yield _problem(
                    "wrong_requirement",
                    element,
                    line=line,
                    target=found[0].name,
                    expected=_CALLED[_ALLOWED[kind][0]],
                    found=_CALLED[type(found[0].drawn)],
                )
        if isinstance(element, DecisionService) and not element.outputs:
            yield _problem("empty_service", element)


def _arrows(element: DrgElement) -> Iterator[tuple[RequirementKind, Reference, int]]:
    match element:
        case Decision() | BusinessKnowledgeModel():
            for requirement in element.requirements:
                yield requirement.kind, requirement.target, requirement.line
        case DecisionService():
            for target in (*element.outputs, *element.encapsulated, *element.input_decisions):
                yield "decision", target, element.line
            for target in element.input_data:
                yield "input", target, element.line
        case _:
            return


def _circles(compiled: Program) -> Iterator[Problem]:
    """Find decisions that need themselves; knowledge models may call themselves."""
    needs = {
        decision.id: [
            requirement.target.id
            for requirement in decision.requirements
            if requirement.kind == "decision"
            and requirement.target.namespace in {None, compiled.source.namespace}
            and isinstance(compiled.source.elements.get(requirement.target.id), Decision)
        ]
        for decision in compiled.source.decisions
    }
    for path in _loops(needs):
        names = " → ".join(compiled.source.elements[each].name for each in path)
        yield _problem("cyclic_requirement", compiled.source.elements[path[0]], path=names)


def _loops(needs: dict[str, list[str]]) -> Iterator[list[str]]:
    """Yield ways that lead back to their start, each decision at most once as a start; each arrow is walked once."""
    done: set[str] = set()
    for start in needs:
        way: list[str] = []
        waiting = [(start, False)]
        while waiting:
            here, leaving = waiting.pop()
            if leaving:
                done.add(way.pop())
            elif here in way:
                yield [*way[way.index(here) :], here]
            elif here not in done:
                way.append(here)
                waiting.append((here, True))
                waiting.extend((target, False) for target in needs[here])


def _logic(compiled: Program) -> Iterator[Problem]:
    for element in compiled.source.elements.values():
        match element:
            case Decision(expression=None) | BusinessKnowledgeModel(function=None):
                yield _problem("no_logic", element)
            case Decision():
                yield from _tables(element, element.expression, compiled)
            case BusinessKnowledgeModel():
                yield from _tables(element, element.function, compiled)
            case _:
                continue


def _tables(owner: DrgElement, expression: Expression | None, compiled: Program) -> Iterator[Problem]:
    """Check every table inside an expression."""
    if isinstance(expression, DecisionTable):
        yield from table_checks.check(owner, expression, compiled)
    for part in _parts(expression):
        yield from _tables(owner, part, compiled)


def _parts(expression: Expression | None) -> Iterable[Expression | None]:
    """Return the expressions directly inside another."""
    match expression:
        case Context():
            return [entry.value for entry in expression.entries]
        case FunctionDefinition():
            return [expression.body]
        case Invocation():
            return [expression.function, *(binding.value for binding in expression.bindings)]
        case Relation():
            return [cell for row in expression.rows for cell in row]
        case ListExpression():
            return expression.items
        case Conditional():
            return [expression.condition, expression.then, expression.otherwise]
        case Filter():
            return [expression.source, expression.match]
        case Iteration():
            return [expression.source, expression.body]
        case _:
            return []
