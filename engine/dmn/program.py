"""A model, compiled once: nodes of the requirements graph that find their own values.

Comes in: a model and its imports. Goes out: ``Program``, whose nodes are shared by all evaluations and threads.
It holds no values of any evaluation: those live in ``State``. Next: ``engine/dmn/evaluate.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from engine.dmn import boxed, model
from engine.dmn.building import Builder, Evaluator, typed
from engine.dmn.problems import Problem
from engine.dmn.state import Node, Place, State
from engine.dmn.trace import DecisionTrace
from engine.dmn.types import Type, TypeBook
from engine.feel.compiler import special
from engine.feel.names import is_plain
from engine.feel.run import Run
from engine.feel.values import MISSING, Function, Value

_COMPILING: Final = threading.Lock()


@dataclass(eq=False, slots=True)
class InputNode:
    """Input data: its value comes from the caller, by name, by the variable's name, or by id."""

    drawn: model.InputData
    namespace: str
    wanted: Type | None
    place: Place

    @property
    def name(self) -> str:
        """The name."""
        return self.drawn.name

    def compute(self, state: State) -> Value:
        """Convert the caller's value; one that does not fit is null and a warning."""
        value = state.given.get((self.namespace, self.drawn.name), MISSING)
        for name in _names(self.drawn):
            if value is MISSING:
                value = state.variables.get(name, MISSING)
        if value is MISSING:
            return None
        return typed(lambda _scope, _state: value, self.wanted, self.place)({}, state)


@dataclass(eq=False, slots=True)
class Link:
    """A required element and the names under which its value is seen; ``prefix`` is that of an import."""

    node: Node
    names: tuple[str, ...]
    prefix: tuple[str, ...] = ()


def _scope(links: Iterable[Link], state: State) -> dict[str, Value]:
    """Gather what an element requires, and the variables that no element is named after."""
    scope: dict[str, Value] = dict(state.free)
    for link in links:
        value = state.value(link.node)
        into = scope
        for part in link.prefix:
            below = into.get(part)
            into[part] = below = dict(below) if type(below) is dict else {}
            into = below
        for name in link.names:
            into[name] = value
    return scope


@dataclass(eq=False, slots=True)
class DecisionNode:
    """A decision; its links and logic are set once all nodes exist."""

    drawn: model.Decision
    book: ModelTypes
    links: tuple[Link, ...] = ()
    evaluate: Evaluator | None = None

    @property
    def name(self) -> str:
        """The name."""
        return self.drawn.name

    def compute(self, state: State) -> Value:
        """Evaluate what the decision requires, then its logic, and keep a trace of both."""
        if self.evaluate is None:
            return None
        outer, types = state.current, state.run.types
        scope = _scope(self.links, state)
        trace = DecisionTrace(id=self.drawn.id, name=self.drawn.name)
        state.current, state.run.types = trace, self.book.on(state.run)
        try:
            trace.value = self.evaluate(scope, state)
        finally:
            state.current, state.run.types = outer, types
        trace.requires = tuple(
            link.node.drawn.id for link in self.links if isinstance(link.node, DecisionNode)
        )
        trace.inputs = {
            link.node.name: state.value(link.node) for link in self.links if isinstance(link.node, InputNode)
        }
        state.traces.append(trace)
        return trace.value


@dataclass(eq=False, slots=True)
class KnowledgeNode:
    """A business knowledge model: its value is a function, which sees itself and what it requires."""

    drawn: model.BusinessKnowledgeModel
    book: ModelTypes
    links: tuple[Link, ...] = ()
    make: Callable[[Mapping[str, Value], State], Function] | None = None

    @property
    def name(self) -> str:
        """The name."""
        return self.drawn.name

    def compute(self, state: State) -> Value:
        """Make the function."""
        if self.make is None:
            return None
        scope = _scope(self.links, state)
        made = self.make(scope, state)

        def call(run: Run, arguments: list[Value]) -> Value:
            outer, run.types = run.types, self.book.on(run)
            try:
                return made.call(run, arguments)
            finally:
                run.types = outer

        function = Function(made.parameters, call, self.name)
        # The scope is read when the function runs, so it may hold the function itself: recursion.
        scope.update(dict.fromkeys(_names(self.drawn), function))
        return function


@dataclass(eq=False, slots=True)
class ServiceNode:
    """A decision service: its value is a function of its input data, then its input decisions."""

    drawn: model.DecisionService
    inputs: tuple[tuple[Node, Type | None], ...] = ()
    outputs: tuple[Node, ...] = ()
    result: Type | None = None
    place: Place | None = None

    @property
    def name(self) -> str:
        """The name."""
        return self.drawn.name

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, in order."""
        return tuple(node.name for node, _ in self.inputs)

    def compute(self, state: State) -> Value:
        """Make the function."""

        def call(run: Run, arguments: list[Value]) -> Value:
            return self.answer(state, run, arguments)

        return Function(self.parameters, call, self.name)

    def answer(self, state: State, run: Run, arguments: list[Value]) -> Value:
        """Evaluate the output decisions on the arguments alone; several of them give a context."""
        assert self.place is not None
        apart = state.apart()
        for (node, wanted), given in zip(self.inputs, arguments, strict=True):
            value = given if wanted is None else wanted.coerce(given, run)
            if value is MISSING:
                state.wrong_argument(self.place, node.name)
                return None
            apart.values[node] = value
        found = {node.name: apart.value(node) for node in self.outputs}
        value = next(iter(found.values())) if len(found) == 1 else found
        return typed(lambda _scope, _state: value, self.result, self.place)({}, state)


DrgNode = InputNode | DecisionNode | KnowledgeNode | ServiceNode


@dataclass(frozen=True, slots=True)
class ModelTypes:
    """What FEEL asks of a model's types while it evaluates (``instance of``, typed parameters)."""

    book: TypeBook

    def on(self, run: Run) -> RunTypes:
        """Pay for conversions from a run."""
        return RunTypes(self.book, run)


@dataclass(frozen=True, slots=True)
class RunTypes:
    """The types of a model within one run."""

    book: TypeBook
    run: Run

    def holds(self, value: Value, name: str) -> bool | None:
        """Tell whether a value is an instance of a type; None when there is no such type."""
        wanted = self.book.get(name)
        return None if wanted is None else value is not None and wanted.holds(value)

    def coerce(self, value: Value, name: str) -> Value:
        """Convert a value to a type, or give ``MISSING``."""
        wanted = self.book.get(name)
        return value if wanted is None else wanted.coerce(value, self.run)


def _names(drawn: model.DrgElement) -> tuple[str, ...]:
    """Return the names under which an element's value is seen: its own, its variable's, its id when plain.

    The standard knows only the first (DMN 1.5, 7.3.3); modelers of process engines use the others.
    """
    found = [drawn.name]
    if drawn.variable is not None and drawn.variable.name:
        found.append(drawn.variable.name)
    if is_plain(drawn.id):
        found.append(drawn.id)
    return tuple(dict.fromkeys(found))


@dataclass(eq=False)
class Program:
    """A model, compiled.

    Attributes:
        nodes: by the id of the element.
        problems: what compiling found; ``checks.check`` adds what the structure shows.
        inputs: names that the model's own elements answer for, so that they are not free variables.
    """

    source: model.Model
    imports: Mapping[str, Program]
    builder: Builder
    nodes: dict[str, DrgNode] = field(default_factory=dict)

    @property
    def problems(self) -> list[Problem]:
        """The problems that compiling found."""
        return self.builder.problems

    @cached_property
    def own_names(self) -> frozenset[str]:
        """Names that elements of the model have."""
        return frozenset(name for drawn in self.source.elements.values() for name in _names(drawn))

    @cached_property
    def reads(self) -> frozenset[str]:
        """Names of variables that may matter to the model: others need not even be converted."""
        found = set(self.own_names)
        for node in self.nodes.values():
            if isinstance(node, ServiceNode):
                found.update(node.parameters)
            if isinstance(node, KnowledgeNode) and node.drawn.function is not None:
                found.update(parameter.name for parameter in node.drawn.function.parameters)
        for name in self.builder.uses:
            found.update((name, name.partition(".")[0]))
        return frozenset(found).union(*(imported.reads for imported in self.imports.values()))

    def resolve(self, target: model.Reference) -> tuple[DrgNode, tuple[str, ...]] | None:
        """Find what an href names, and the names of the imports that lead to it."""
        if target.namespace is None or target.namespace == self.source.namespace:
            node = self.nodes.get(target.id)
            return None if node is None else (node, ())
        for name, imported in self.imports.items():
            found = imported.resolve(target)
            if found is not None:
                return found[0], (name, *found[1]) if name else found[1]
        return None

    def decision_of(self, namespace: str, name: str) -> DecisionNode | None:
        """Find a decision by the namespace of its model, this one or an imported one, and its name."""
        if namespace == self.source.namespace:
            nodes = (node for node in self.nodes.values() if isinstance(node, DecisionNode))
            return next((node for node in nodes if node.name == name), None)
        found = (imported.decision_of(namespace, name) for imported in self.imports.values())
        return next((node for node in found if node is not None), None)

    def find(self, id_or_name: str) -> DrgNode | None:
        """Find a node by the id, else the name, of its element."""
        drawn = self.source.find(id_or_name)
        return None if drawn is None else self.nodes.get(drawn.id)


def of(source: model.Model) -> Program:
    """Return the compiled form of a model, compiling it once; safe from any thread."""
    found = source.compiled.get("program")
    if found is None:
        with _COMPILING:
            found = source.compiled.get("program") or _compile(source)
            source.compiled["program"] = found
    assert isinstance(found, Program)
    return found


def _compile(source: model.Model) -> Program:
    imports: dict[str, Program] = {}
    for each in source.imports:
        if each.model is not None:
            known = each.model.compiled.get("program")
            program = known if isinstance(known, Program) else _compile(each.model)
            each.model.compiled["program"] = imports[each.name] = program
    names = frozenset(_all_names(source))
    builder = Builder(
        names=special(names),
        inner=names.difference(*(_names(drawn) for drawn in source.elements.values())),
        definitions=source.types,
        lone=not source.inputs,
        imports={name: program.builder.book for name, program in imports.items()},
    )
    program = Program(source=source, imports=imports, builder=builder)
    for drawn in source.elements.values():
        builder.owner = drawn.name
        program.nodes[drawn.id] = _node(drawn, program)
    for node in program.nodes.values():
        builder.owner, builder.promised = node.name, node.drawn.type_ref
        _finish(node, program)
    builder.owner, builder.promised = "", None
    return program


def _node(drawn: model.DrgElement, program: Program) -> DrgNode:
    builder = program.builder
    match drawn:
        case model.InputData():
            wanted = builder.type(drawn.type_ref, drawn)
            return InputNode(drawn, program.source.namespace, wanted, builder.place(drawn))
        case model.Decision():
            return DecisionNode(drawn, ModelTypes(builder.book))
        case model.BusinessKnowledgeModel():
            return KnowledgeNode(drawn, ModelTypes(builder.book))
        case model.DecisionService():
            return ServiceNode(drawn)


def _finish(node: DrgNode, program: Program) -> None:
    """Link a node to what it requires and compile its logic."""
    builder = program.builder
    match node:
        case InputNode():
            return
        case DecisionNode():
            node.links = tuple(_links(node.drawn.requirements, program))
            wanted = builder.type(node.drawn.type_ref, node.drawn)
            if node.drawn.expression is not None:
                logic = boxed.build(node.drawn.expression, builder, _known(node.links))
                node.evaluate = typed(logic, wanted, builder.place(node.drawn))
        case KnowledgeNode():
            node.links = tuple(_links(node.drawn.requirements, program))
            if node.drawn.function is not None:
                known = _known(node.links) | frozenset(_names(node.drawn))
                node.make = boxed.build_function(
                    node.drawn.function, builder, known, result=node.drawn.type_ref, name=node.name
                )
        case ServiceNode():
            _finish_service(node, program)


def _finish_service(node: ServiceNode, program: Program) -> None:
    builder = program.builder
    inputs: list[tuple[Node, Type | None]] = []
    for target in (*node.drawn.input_data, *node.drawn.input_decisions):
        found = program.resolve(target)
        if found is not None:
            drawn = found[0].drawn
            inputs.append((found[0], builder.type(drawn.type_ref, drawn) if found[1] == () else None))
    outputs = (program.resolve(target) for target in node.drawn.outputs)
    node.inputs = tuple(inputs)
    node.outputs = tuple(found[0] for found in outputs if found is not None)
    node.result = builder.result_type(node.drawn.type_ref, node.drawn)
    node.place = builder.place(node.drawn)


def _links(requirements: Iterable[model.Requirement], program: Program) -> Iterator[Link]:
    for requirement in requirements:
        found = program.resolve(requirement.target)
        if found is not None:
            node, prefix = found
            yield Link(node, _names(node.drawn), prefix)


def _known(links: Iterable[Link]) -> frozenset[str]:
    found: set[str] = set()
    for link in links:
        found.update(link.prefix[:1] or link.names)
    return frozenset(found)


def _all_names(source: model.Model) -> Iterator[str]:
    """Yield every name that a text of the model may use, also those of imported models."""
    for each in source.imports:
        yield each.name
        if each.model is not None:
            yield from _all_names(each.model)
    for definition in source.types.values():
        yield from _component_names(definition)
    for drawn in source.elements.values():
        yield from _names(drawn)
        match drawn:
            case model.Decision() if drawn.expression is not None:
                yield from _inner_names(drawn.expression)
            case model.BusinessKnowledgeModel() if drawn.function is not None:
                yield from _inner_names(drawn.function)
            case _:
                continue


def _component_names(definition: model.ItemDefinition) -> Iterator[str]:
    yield definition.name
    for part in definition.components:
        yield from _component_names(part)


def _inner_names(expression: model.Expression | None) -> Iterator[str]:
    """Yield the names that an expression declares: entries, parameters, columns, loop variables, outputs."""
    match expression:
        case model.Context():
            for entry in expression.entries:
                if entry.variable is not None:
                    yield entry.variable.name
                yield from _inner_names(entry.value)
        case model.FunctionDefinition():
            yield from (parameter.name for parameter in expression.parameters)
            yield from _inner_names(expression.body)
        case model.Invocation():
            yield from (binding.name for binding in expression.bindings)
            for binding in expression.bindings:
                yield from _inner_names(binding.value)
        case model.Relation():
            yield from (column.name for column in expression.columns)
            for row in expression.rows:
                for cell in row:
                    yield from _inner_names(cell)
        case model.ListExpression():
            for item in expression.items:
                yield from _inner_names(item)
        case model.DecisionTable():
            yield from (output.name for output in expression.outputs if output.name)
        case model.Iteration():
            yield expression.variable
            yield from _inner_names(expression.source)
            yield from _inner_names(expression.body)
        case model.Conditional():
            for part in (expression.condition, expression.then, expression.otherwise):
                yield from _inner_names(part)
        case model.Filter():
            yield from _inner_names(expression.source)
            yield from _inner_names(expression.match)
        case _:
            return
