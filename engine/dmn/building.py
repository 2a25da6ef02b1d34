"""The workshop in which the parts of a model become closures.

Comes in: FEEL texts, type names and where they stand. Goes out: closures of scope and state, and the problems met
on the way. It never evaluates more than constants, and a text that is not FEEL gives null, not a crash. Next:
``engine/dmn/boxed.py``, ``engine/dmn/program.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final, Literal

from engine import feel
from engine.dmn import constants
from engine.dmn.model import DecisionTable, Element, ItemDefinition, OutputClause, Text
from engine.dmn.problems import Problem
from engine.dmn.state import Place, State
from engine.dmn.types import ANYTHING_NAMES, BUILT_IN, Test, Type, TypeBook
from engine.feel.builder import Scope as FeelScope
from engine.feel.errors import FeelSyntaxError
from engine.feel.run import Run
from engine.feel.suggest import unknown_names
from engine.feel.text import write
from engine.feel.values import MISSING, Value

#: The names a FEEL text may use, with their values.
Scope = Mapping[str, Value]

#: Gives the value of an expression.
Evaluator = Callable[[Scope, State], Value]

#: Tests a value against a cell, in a FEEL scope that holds it as ``?``.
CellTest = Callable[[FeelScope, Value], "bool | None"]

#: The names in scope where a text stands; None: not known, so that no name is reported.
Known = frozenset[str] | None

Kind = Literal["expression", "unary-tests"]

_NOTHING: Final[Scope] = MappingProxyType({})


def named(value: Value, *, longest: int = 80) -> str:
    """Write a value for a sentence, cut when it is longer than ``longest`` characters."""
    shown = f'"{value}"' if type(value) is str else write(value)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def typed(evaluator: Evaluator, wanted: Type | None, place: Place) -> Evaluator:
    """Convert what an evaluator gives to a type; what does not fit is null and a warning."""
    if wanted is None:
        return evaluator

    def evaluate(scope: Scope, state: State) -> Value:
        value = evaluator(scope, state)
        if value is None:
            return None
        made = wanted.coerce(value, state.run)
        if made is MISSING:
            shown = named(value)
            state.warn(
                "wrong_type",
                place,
                f"{shown} is not of the type {wanted.title}",
                f"{shown} n'est pas du type {wanted.title}",
            )
            return None
        return made

    return evaluate


@dataclass(slots=True)
class Builder:
    """Compile the texts of one model.

    Attributes:
        names: every name of the model that needs more than one token.
        book: its types.
        owner: name of the element being compiled, for problems.
        promised: type that the owner's variable promises.
        problems: what was found on the way.
        uses: free names of the texts compiled so far.
        inner: names that the model declares inside its elements: components, entries, columns.
        lone: the model draws no input data, so that every free name means a variable of the process.
    """

    names: frozenset[str]
    definitions: Mapping[str, ItemDefinition]
    imports: Mapping[str, TypeBook]
    owner: str = ""
    promised: str | None = None
    problems: list[Problem] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)
    inner: frozenset[str] = frozenset()
    lone: bool = False
    told: set[tuple[str, str]] = field(default_factory=set)
    book: TypeBook = field(init=False)

    def __post_init__(self) -> None:
        self.book = TypeBook(self.definitions, self.imports, self._allowed)

    # --- places and problems ------------------------------------------------------------------------------

    def place(
        self, element: Element, *, rule: int | None = None, column: str | None = None, line: int | None = None
    ) -> Place:
        """Name the place of an element within its owner."""
        return Place(
            element=element.id,
            label=self.owner,
            line=element.line if line is None else line,
            rule=rule,
            column=column or None,
        )

    def report(self, code: str, place: Place, **facts: Any) -> None:
        """Note a problem."""
        self.problems.append(
            Problem(
                code=code,
                line=place.line,
                element=place.element,
                label=place.label,
                rule=place.rule,
                column=place.column,
                facts=facts,
            )
        )

    def _once(self, code: str, name: str) -> bool:
        """Tell whether this is the first such problem of the owner."""
        key = (f"{code} {self.owner}", name)
        first = key not in self.told
        self.told.add(key)
        return first

    # --- types --------------------------------------------------------------------------------------------

    def type(self, name: str | None, element: Element) -> Type | None:
        """Return the type to convert to, and report one that nobody defined."""
        if name is not None and self.book.get(name) is None and self._once("unknown_type", name):
            near = get_close_matches(name, [*self.definitions, *BUILT_IN, *ANYTHING_NAMES], 1)
            self.report("unknown_type", self.place(element), type=name, suggestion=_meant(near))
        return self.book.of(name)

    def result_type(self, name: str | None, element: Element) -> Type | None:
        """Return the type of what a function gives, from the type of the function or of its value."""
        self.type(name, element)
        return self.book.result_of(name)

    def allowed_of(self, name: str | None, *, component: str | None = None) -> Text | None:
        """Return the allowed values that a type, or a component of it, lists."""
        return self.book.allowed_of(name, component)

    # --- FEEL ---------------------------------------------------------------------------------------------

    def expression(self, text: Text | None, place: Place, known: Known) -> Evaluator:
        """Compile an expression; no text, or a broken one, gives null."""
        compiled = self._compile(text, "expression", place, known)
        if compiled is None or text is None:
            return lambda _scope, _state: None
        evaluate_text = compiled.closure
        place = replace(place, line=text.line)

        def evaluate(scope: Scope, state: State) -> Value:
            run = state.run
            before = len(run.warnings)
            value = evaluate_text(FeelScope(scope, None, run))
            if len(run.warnings) > before:
                state.adopt(place, before)
            return value

        return evaluate

    def cell(self, text: Text, place: Place, known: Known) -> CellTest:
        """Compile the tests of a cell; a broken one never passes."""
        inside = None if known is None else known | {"?"}
        compiled = self._compile(text, "unary-tests", place, inside)
        return (lambda _scope, _value: None) if compiled is None else compiled.passing

    def allowed(self, text: Text | None, place: Place) -> Test | None:
        """Compile allowed values into a test of a value."""
        compiled = self._compile(text, "unary-tests", place, frozenset({"?"}))
        if compiled is None:
            return None
        passes = compiled.holds

        def test(value: Value, run: Run) -> bool | None:
            before = len(run.warnings)
            verdict = passes(run, value, _NOTHING)
            del run.warnings[before:]
            return verdict

        return test

    def _allowed(self, text: Text) -> Test:
        place = Place(element="", label=self.owner, line=text.line)
        return self.allowed(text, place) or (lambda _value, _run: True)

    def ranking(self, table: DecisionTable, output: OutputClause) -> tuple[Value, ...] | None:
        """Return the allowed values of a conclusion, most important first (None: nothing ranks it)."""
        written = output.allowed or self.allowed_of(output.type_ref)
        if written is None:
            component = output.name if len(table.outputs) > 1 else None
            written = self.allowed_of(table.type_ref or self.promised, component=component)
        return None if written is None else self.constants(written)

    def built_in(self, name: str | None) -> str | None:
        """Return the built-in type that a type comes down to, when it is a single one."""
        passed: set[str] = set()
        while name is not None and name in self.definitions and name not in passed:
            passed.add(name)
            definition = self.definitions[name]
            name = None if definition.is_collection or definition.components else definition.type_ref
        kinds = BUILT_IN.get(name or "", frozenset())
        return next(iter(kinds)) if len(kinds) == 1 else None

    def constants(self, text: Text) -> tuple[Value, ...] | None:
        """Return the values that allowed values list, in order; None when they are not a list of constants."""
        try:
            return constants.listed(text.text, self.names)
        except (FeelSyntaxError, constants.NotConstant):
            return None

    def _compile(self, text: Text | None, kind: Kind, place: Place, known: Known) -> feel.Compiled | None:
        """Compile a text; None when there is none or it is broken, which is reported."""
        if text is None or not text.text.strip():
            return None
        place = replace(place, line=text.line)
        try:
            compiled = feel.compile(text.text, kind, self.names)
        except FeelSyntaxError as error:
            self.report(
                "feel_syntax",
                replace(place, line=text.line + error.line - 1),
                detail=(error.describe("en"), error.describe("fr")),
                text=text.text.strip(),
                position=error.column,
            )
            return None
        self.uses |= compiled.free_names
        if known is not None:
            self._report_unknown(compiled, known, place)
        return compiled

    def _report_unknown(self, compiled: feel.Compiled, known: frozenset[str], place: Place) -> None:
        """Report names that nothing in scope answers for."""
        for unknown in unknown_names(compiled, known | self.inner):
            code = "unknown_function" if unknown.function else "unknown_name"
            if not self._once(code, unknown.name) or (self.lone and not unknown.function):
                continue
            self.report(
                code,
                replace(place, line=place.line + unknown.place.line - 1),
                name=unknown.name,
                suggestion=_meant([unknown.suggestion] if unknown.suggestion else []),
            )


def _meant(near: list[str]) -> tuple[str, str]:
    """Suggest a name, in both languages, or nothing."""
    return (f" Did you mean “{near[0]}”?", f" Vouliez-vous dire « {near[0]} » ?") if near else ("", "")
