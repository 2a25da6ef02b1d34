"""From a source text to something that runs.

Comes in: a text, what kind of text it is, and the names known where it stands. Goes out: a ``Compiled`` with its
free names, to be evaluated any number of times. It never executes Python made from text. Next: ``builder.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from engine.feel import basics, calls, loops, membership, operators, syntax
from engine.feel.builder import Builder, Closure, Scope, Test
from engine.feel.builtins import FUNCTIONS, TABLE
from engine.feel.convert import ATOMS, PLAIN, to_feel, to_python
from engine.feel.errors import FeelLimit, FeelSyntaxError, FeelWarning, Place
from engine.feel.limits import DEFAULT, Limits
from engine.feel.names import Names, is_plain
from engine.feel.parser import parse
from engine.feel.run import Run, Types
from engine.feel.syntax import Node
from engine.feel.values import MISSING, WHOLE, Value

EXPRESSION: Final = "expression"
UNARY_TESTS: Final = "unary-tests"

LONGEST_CACHED: Final = 10_000
"""Longer texts are compiled each time, so that the cache cannot fill the memory."""

MAKERS: Final = {
    **basics.MAKERS,
    **operators.MAKERS,
    **membership.MAKERS,
    **loops.MAKERS,
    **calls.MAKERS,
    syntax.Name: lambda builder, node: basics.name(builder, node, FUNCTIONS),
}
SPACED_BUILTINS: Final = tuple(name for name in TABLE if not is_plain(name))


class Result(NamedTuple):
    """What an evaluation gave, and why parts of it gave null."""

    value: Any
    warnings: tuple[FeelWarning, ...] = ()


class Compiled:
    """A text that can be evaluated.

    Attributes:
        text: the source.
        kind: ``"expression"`` or ``"unary-tests"``.
        free_names: names that the text uses and does not bind itself. The name of a built-in function is among them
            where it stands as a value, since a variable of that name comes first; where it is called it is not.
        tree: the syntax tree.
        closure: what runs an expression in a ``builder.Scope``, without guard against Python's own recursion limit.
        passing: the same for unary tests; the tested value is also ``?`` in the scope. For callers that test many
            cells against one scope; others use ``holds``.
    """

    __slots__ = ("_needed", "_positions", "closure", "free_names", "kind", "passing", "text", "tree")

    def __init__(self, text: str, kind: str, tree: Node, known: frozenset[str]) -> None:
        self.text = text
        self.kind = kind
        self.tree = tree
        builder = Builder(text, MAKERS, known=known, layers=1 if kind == UNARY_TESTS else 0)
        self.closure: Closure = _no_expression
        self.passing: Test = _no_test
        if kind == UNARY_TESTS:
            builder.bound.append(frozenset({membership.VALUE}))
            self.passing = membership.whole_cell(builder, tree)
        else:
            self.closure = builder.build(tree)
        self.free_names = frozenset(builder.free)
        self._positions = builder.free
        self._needed = tuple({*builder.free, *builder.called, *(n.partition(".")[0] for n in builder.free)})

    def __repr__(self) -> str:
        return f"Compiled({self.text!r})"

    def eval(
        self,
        variables: Mapping[str, Any],
        *,
        now: datetime | None = None,
        zone: str | None = None,
        limits: Limits = DEFAULT,
        types: Types | None = None,
    ) -> Result:
        """Evaluate with Python values; only the names that the text uses are converted.

        Args:
            variables: values by name, as ``convert.to_feel`` accepts them.
            now: the present instant, aware, for ``now()`` and ``today()``.
            zone: the IANA name of the zone in which they are given.
            limits: what the evaluation may cost.
            types: the types of the model, for ``instance of`` and typed parameters.

        Returns:
            The value as plain Python (see ``convert.to_python``), and the warnings.

        Raises:
            FeelLimit: the evaluation would cost too much.
            FeelValueError: a variable is no FEEL value, or a range or function would leave.
            FeelAssertion: the function ``assert`` stopped it.
        """
        run = Run(now, zone, limits, types)
        names = self._convert(variables)
        try:
            value = self.closure(Scope(names, None, run))
            if type(value) not in PLAIN:
                value = to_python(value, run)
        except RecursionError:
            raise FeelLimit("calls", limit=limits.calls) from None
        return Result(value, tuple(run.warnings))

    def test(
        self,
        value: Any,
        variables: Mapping[str, Any] | None = None,
        *,
        now: datetime | None = None,
        zone: str | None = None,
        limits: Limits = DEFAULT,
        types: Types | None = None,
    ) -> Result:
        """Tell whether ``value`` passes these unary tests: true, false, or null when that is not known.

        Arguments, results and errors are those of ``eval``.
        """
        run = Run(now, zone, limits, types)
        return Result(self.holds(run, to_feel(value), self._convert(variables or {})), tuple(run.warnings))

    def value(self, run: Run, names: Mapping[str, Value]) -> Value:
        """Evaluate with FEEL values, in a run that may be shared by many expressions.

        Args:
            run: budget, surroundings and warnings.
            names: FEEL values by name; they are read, never changed.

        Raises:
            FeelLimit: the run would cost too much.
            FeelAssertion: the function ``assert`` stopped it.
        """
        try:
            return self.closure(Scope(names, None, run))
        except RecursionError:
            raise FeelLimit("calls", limit=run.limits.calls) from None

    def holds(self, run: Run, value: Value, names: Mapping[str, Value]) -> bool | None:
        """Tell whether a FEEL value passes these unary tests, in a run that may be shared."""
        try:
            return self.passing(Scope({membership.VALUE: value}, Scope(names, None, run), run), value)
        except RecursionError:
            raise FeelLimit("calls", limit=run.limits.calls) from None

    def place_of(self, name: str) -> Place:
        """Return where a free name is first used."""
        return Place(self.text, self._positions[name])

    def _convert(self, variables: Mapping[str, Any]) -> dict[str, Value]:
        names: dict[str, Value] = {}
        for name in self._needed:
            value = variables.get(name, MISSING)
            shape = type(value)
            if shape in ATOMS or (shape is int and -WHOLE < value < WHOLE):
                names[name] = value
            elif value is not MISSING:
                names[name] = to_feel(value)
        return names


def _no_expression(_scope: Scope) -> Value:
    raise TypeError(
        "Expected an expression, but these are unary tests: call Compiled.test or Compiled.holds."
    )


def _no_test(_scope: Scope, _value: Value) -> bool | None:
    raise TypeError("Expected unary tests, but this is an expression: call Compiled.eval or Compiled.value.")


def compile_text(text: str, kind: str = EXPRESSION, names: frozenset[str] = frozenset()) -> Compiled:
    """Compile ``text``; the last 4,096 texts are kept.

    Args:
        text: FEEL, without the ``=`` of the Zeebe dialect.
        kind: ``"expression"``, or ``"unary-tests"`` for the cell of a decision table.
        names: the names known where the text stands; only those with spaces or signs change how it is read.

    Raises:
        FeelSyntaxError: the text is not FEEL.
    """
    make = _compile if len(text) <= LONGEST_CACHED else _compile.__wrapped__
    return make(text, kind, special(names) if names else names)


@lru_cache(maxsize=256)
def special(names: frozenset[str]) -> frozenset[str]:
    """Keep the names that change how a text is read, so that others do not split the cache."""
    return frozenset(name for name in names if name in TABLE or not is_plain(name))


@lru_cache(maxsize=256)
def _known(names: frozenset[str]) -> Names:
    return Names((*SPACED_BUILTINS, *names))


@lru_cache(maxsize=4096)
def _compile(text: str, kind: str, names: frozenset[str]) -> Compiled:
    if kind not in {EXPRESSION, UNARY_TESTS}:
        raise ValueError(f"Expected the kind 'expression' or 'unary-tests', but got {kind!r}.")
    try:
        return Compiled(text, kind, parse(text, _known(names), kind), names)
    except RecursionError:
        raise FeelSyntaxError("too_deep", Place(text, 0)) from None
