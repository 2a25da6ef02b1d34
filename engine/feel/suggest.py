"""What was probably meant.

Comes in: a compiled text and the names known where it stands. Goes out: every name and function nobody knows,
with its place and the nearest known one. It never evaluates. Next: ``compiler.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from engine.feel import syntax
from engine.feel.builtins import TABLE
from engine.feel.compiler import Compiled
from engine.feel.errors import Place
from engine.feel.membership import children
from engine.feel.messages import describe


class Unknown(NamedTuple):
    """A name that nobody knows.

    Attributes:
        name: as it is written.
        place: its first use.
        function: whether it is called.
        suggestion: the nearest known name.
    """

    name: str
    place: Place
    function: bool
    suggestion: str | None

    def describe(self, language: str = "fr") -> str:
        """Say it in ``"fr"`` or ``"en"``."""
        return describe(
            "NO_FUNCTION" if self.function else "NO_VARIABLE",
            language,
            {
                "name": self.name,
                "line": self.place.line,
                "column": self.place.column,
                "suggestion": self.suggestion,
            },
        )


def unknown_names(compiled: Compiled, known: Iterable[str]) -> tuple[Unknown, ...]:
    """List the free names of ``compiled`` that are not ``known``, in the order of the text.

    Names used only inside filters are left out: they may be entries of the elements.
    """
    names = set(known)
    called = _called_names(compiled.tree)
    inside = _names_in_filters(compiled.tree)
    found = []
    for name in sorted(compiled.free_names - names, key=lambda name: compiled.place_of(name).position):
        if name in inside or name in TABLE or name.partition(".")[0] in names:
            continue
        choices = sorted(names | TABLE.keys()) if name in called else sorted(names)
        nearest = next(iter(get_close_matches(name, choices, 1)), None)
        found.append(Unknown(name, compiled.place_of(name), name in called, nearest))
    return tuple(found)


def _called_names(tree: syntax.Node) -> set[str]:
    names = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, syntax.Call) and isinstance(node.function, syntax.Name):
            names.add(node.function.name)
        waiting.extend(children(node))
    return names


def _names_in_filters(tree: syntax.Node) -> set[str]:
    """Give the names that stand in filters and nowhere else."""
    inside: set[str] = set()
    outside: set[str] = set()
    waiting = [(tree, False)]
    while waiting:
        node, filtered = waiting.pop()
        if isinstance(node, syntax.Name):
            (inside if filtered else outside).add(node.name)
        if isinstance(node, syntax.Filter):
            waiting += [(node.base, filtered), (node.condition, True)]
        else:
            waiting.extend((child, filtered) for child in children(node))
    return inside - outside
