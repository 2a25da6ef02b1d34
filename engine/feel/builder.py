"""The workshop in which a tree becomes closures.

Comes in: nodes. Goes out: one closure for each, with the constants, names and weights met on the way. It knows
no node by itself: ``compiler.py`` hands it a table of makers. Next: ``operators.py``, ``loops.py``, ``calls.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.feel.errors import Place
from engine.feel.run import Run
from engine.feel.syntax import Node
from engine.feel.values import MISSING, Value

if TYPE_CHECKING:
    from collections.abc import Generator

WEIGHT = 2
"""A body costs one step more for every 2 to this power of its nodes."""


class Scope:
    """The names visible at a place: a chain of dictionaries, innermost first."""

    __slots__ = ("names", "outer", "run")

    def __init__(self, names: Mapping[str, Value], outer: Scope | None, run: Run) -> None:
        self.names = names
        self.outer = outer
        self.run = run

    def find(self, name: str) -> Value:
        """Return the value of ``name``, or ``MISSING``."""
        scope: Scope | None = self
        while scope is not None:
            value = scope.names.get(name, MISSING)
            if value is not MISSING:
                return value
            scope = scope.outer
        return MISSING


Closure = Callable[[Scope], Value]
Test = Callable[[Scope, Value], bool | None]
Maker = Callable[["Builder", Any], Closure]


class Builder:
    """Turn the nodes of one text into closures.

    Attributes:
        free: names that nothing in the text binds, with the place of their first use.
        constants: closures whose value is known already.
        layers: how many scopes stand between here and the variables; 0 allows a direct look-up.
    """

    def __init__(
        self, text: str, makers: Mapping[type, Maker], *, known: frozenset[str], layers: int = 0
    ) -> None:
        self.text = text
        self.makers = makers
        self.known = known
        self.free: dict[str, int] = {}
        self.called: dict[str, int] = {}
        self.constants: dict[Closure, Value] = {}
        self.layers = layers
        self.bound: list[frozenset[str]] = []
        self.nodes = 0

    def build(self, node: Node) -> Closure:
        """Make the closure of ``node``."""
        self.nodes += 1
        return self.makers[type(node)](self, node)

    def build_all(self, nodes: Iterable[Node]) -> list[Closure]:
        """Make the closures of ``nodes``."""
        return [self.build(node) for node in nodes]

    def weigh(self, node: Node) -> tuple[Closure, int]:
        """Make a closure that will run repeatedly, with the steps one run of it costs."""
        before = self.nodes
        closure = self.build(node)
        return closure, 1 + ((self.nodes - before) >> WEIGHT)

    def place(self, node: Node) -> Place:
        """Return where ``node`` stands, for warnings."""
        return Place(self.text, node.position)

    def constant(self, value: Value) -> Closure:
        """Make a closure that gives ``value``."""

        def give(_scope: Scope) -> Value:
            return value

        self.constants[give] = value
        return give

    def value_of(self, closure: Closure) -> Value:
        """Return the value of a constant closure, or ``MISSING``."""
        return self.constants.get(closure, MISSING)

    def values_of(self, closures: Sequence[Closure]) -> list[Value] | None:
        """Return the values of closures that are all constant, or None."""
        values = [self.constants.get(closure, MISSING) for closure in closures]
        return None if MISSING in values else values

    def mention(self, name: str, position: int) -> None:
        """Note that ``name`` is used as a value."""
        if not any(name in names for names in self.bound):
            self.free.setdefault(name, position)

    def mention_call(self, name: str, position: int) -> None:
        """Note that a name is called which a built-in function has too."""
        if not any(name in names for names in self.bound):
            self.called.setdefault(name, position)

    @contextmanager
    def binding(self, *names: str) -> Generator[None]:
        """Bind ``names`` while the nodes below are built."""
        self.bound.append(frozenset(names))
        self.layers += 1
        try:
            yield
        finally:
            self.layers -= 1
            self.bound.pop()
