"""A second opinion: block-structured processes run by continuations instead of tokens.

Comes in: a tree of blocks. Goes out: what waits after each step. It shares no code and no idea with the engine: no
tokens, no flows, no gateways; a block calls what comes after it. Next: ``tests/properties/test_kernel_oracle.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.blocks import Block

Items = tuple[tuple[int, int], ...]
Then = Callable[[], None]
Undoable = tuple[str, Items, list[Any]]
"""The task that undoes, the items it knows, and what it asks for when it is done."""


class Region:
    """What can be ended from outside as a whole."""

    def __init__(self, parent: Region | None, catch: Then | None = None) -> None:
        self.parent = parent
        self.catch = catch
        self.alive = True

    @property
    def lives(self) -> bool:
        """Tell whether neither this region nor one around it has ended."""
        return self.alive and (self.parent is None or self.parent.lives)


class Scope(Region):
    """A region that is over when every strand in it is; it remembers what can be undone."""

    def __init__(self, parent: Region | None, then: Then) -> None:
        super().__init__(parent)
        self.inner = Region(self)
        self.strands = 1
        self.then = then
        self.done: list[Any] = []

    def strand_ends(self) -> None:
        self.strands -= 1
        if self.strands == 0 and self.lives:
            self.alive = False
            self.then()


@dataclass
class Wait:
    """Something the outside may do: answer a task or let a timer ring."""

    kind: str
    element: str
    items: Items
    region: Region
    then: Then
    repeats: bool = False


@dataclass
class Interpreter:
    """One run."""

    waits: list[Wait] = field(default_factory=list)
    total: int = 0
    over: bool = False

    def begin(self, block: Block) -> None:
        """Run to the first rest."""
        scope = Scope(None, self._end)
        self._run(block, scope, scope.inner, (), scope.strand_ends)

    def open(self) -> list[Wait]:
        """Return what waits, in an order that does not depend on how it came about."""
        self.waits = [wait for wait in self.waits if wait.region.lives]
        return sorted(self.waits, key=lambda wait: (wait.kind, wait.element, wait.items))

    def act(self, wait: Wait) -> None:
        """Let it happen."""
        if not wait.repeats:
            self.waits.remove(wait)
        wait.then()

    def _end(self) -> None:
        self.over = True

    def _wait(self, kind: str, element: str, items: Items, region: Region, then: Then) -> Wait:
        wait = Wait(kind, element, items, region, then)
        self.waits.append(wait)
        return wait

    def _run(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        if region.lives:
            getattr(self, f"_{block.kind}")(block, scope, region, items, then)

    # ------------------------------------------------------------------ leaves

    def _task(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        self._wait("task", f"t{block.n}", items, region, then)

    def _script(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        self.total += 1
        then()

    def _undoable(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        def done() -> None:
            scope.done.append((f"u{block.n}", items, []))
            then()

        self._wait("task", f"t{block.n}", items, region, done)

    def _multi(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        def one(index: int, after: Then) -> None:
            self._wait("task", f"t{block.n}", (*items, (block.n, index)), region, after)

        self._repeat(block, one, then)

    def _raise(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        def done() -> None:
            if not block.facts["raises"]:
                then()
                return
            around: Region | None = region
            while around is not None and around.catch is None:
                around = around.parent
            assert around is not None
            assert around.catch is not None
            around.catch()

        self._wait("task", f"t{block.n}", items, region, done)

    # ------------------------------------------------------------------ structures

    def _sequence(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        def step(index: int) -> None:
            if index == len(block.inside):
                then()
            else:
                self._run(block.inside[index], scope, region, items, lambda: step(index + 1))

        step(0)

    def _parallel(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        self._all(block.inside, scope, region, items, then)

    def _exclusive(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        self._run(block.inside[0 if block.facts["first"] else 1], scope, region, items, then)

    def _inclusive(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        chosen = [inner for inner, taken in zip(block.inside, block.facts["taken"], strict=False) if taken]
        self._all(chosen or [block.inside[-1]], scope, region, items, then)

    def _all(self, blocks: list[Block], scope: Scope, region: Region, items: Items, then: Then) -> None:
        left = [len(blocks)]

        def arrived() -> None:
            left[0] -= 1
            if left[0] == 0:
                then()

        for inner in blocks:
            self._run(inner, scope, region, items, arrived)

    def _loop(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        def turn(left: int) -> None:
            if left == 0:
                then()
            else:
                self._run(block.inside[0], scope, region, items, lambda: turn(left - 1))

        turn(block.facts["rounds"])

    def _repeat(self, block: Block, one: Callable[[int, Then], None], then: Then) -> None:
        size = block.facts["size"]
        if size == 0:
            then()
            return
        done = [0]

        def after() -> None:
            done[0] += 1
            if done[0] == size:
                then()
            elif block.facts["sequential"]:
                one(done[0], after)

        for index in range(1 if block.facts["sequential"] else size):
            one(index, after)

    # ------------------------------------------------------------------ scopes

    def _enter(
        self, body: Block, scope: Scope, region: Region, items: Items, then: Callable[[Scope], None]
    ) -> Scope:
        inner = Scope(region, lambda: then(inner))
        self._run(body, inner, inner.inner, items, inner.strand_ends)
        return inner

    def _subprocess(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        def left(inner: Scope) -> None:
            _remember(block, inner, items, scope.done)
            then()

        inner = Scope(region, lambda: left(inner))
        interrupting = block.facts["event"]

        def happen() -> None:
            if interrupting:
                inner.inner.alive = False
                inner.inner = Region(inner)
                inner.strands = 0
            inner.strands += 1
            self._wait("task", f"et{block.n}", items, inner.inner, inner.strand_ends)

        if interrupting is not None:
            wait = self._wait("timer", f"es{block.n}", items, inner, happen)
            wait.repeats = not interrupting
        self._run(block.inside[0], inner, inner.inner, items, inner.strand_ends)

    def _undoing(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        def left() -> None:
            if inner.done:
                scope.done.append(inner.done)
            then()

        inner = Scope(region, left)
        asked: list[Undoable] = []

        def throw() -> None:
            asked[:] = _flat(inner.done)
            inner.done = []
            undo(asked, inner.strand_ends)

        def undo(todo: list[Undoable], after: Then) -> None:
            if not todo:
                after()
                return
            element, known, inside = todo.pop()
            self._wait(
                "task", element, known, inner.inner, lambda: undo(_flat(inside), lambda: undo(todo, after))
            )

        def happen() -> None:
            inner.inner.alive = False
            inner.inner = Region(inner)
            inner.strands = 1
            inner.done = [*asked, *inner.done]
            self._wait("task", f"et{block.n}", items, inner.inner, throw)

        if block.facts["event"]:
            self._wait("timer", f"es{block.n}", items, inner, happen)
        self._run(block.inside[0], inner, inner.inner, items, throw)

    def _ad_hoc(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        def left() -> None:
            if inner.done:
                scope.done.append(inner.done)
            then()

        inner = Scope(region, left)
        ended = [0]

        def path(index: int) -> None:
            def boxed(box: Scope) -> None:
                if box.done:
                    inner.done.append(box.done)
                self._wait("task", f"qt{block.n}_{index}", items, inner.inner, ends)

            self._enter(block.inside[index], inner, inner.inner, items, boxed)

        def ends() -> None:
            ended[0] += 1
            if ended[0] == block.facts["enough"]:
                inner.alive = False
                left()

        for index in block.facts["begun"]:
            path(index)

    def _multi_subprocess(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        done: list[Any] = []

        def one(index: int, after: Then) -> None:
            known = (*items, (block.n, index))

            def left(inner: Scope) -> None:
                _remember(block, inner, known, done)
                after()

            self._enter(block.inside[0], scope, region, known, left)

        def whole() -> None:
            if done:
                scope.done.append(done)
            then()

        self._repeat(block, one, whole)

    # ------------------------------------------------------------------ borders

    def _catching(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        def caught() -> None:
            host.alive = False
            self._run(block.inside[1], scope, region, items, then)

        def left(inner: Scope) -> None:
            if inner.done:
                scope.done.append(inner.done)
            then()

        host = Region(region, caught)
        self._enter(block.inside[0], scope, host, items, left)

    def _timed(self, block: Block, scope: Scope, region: Region, items: Items, then: Then) -> None:
        host = Region(region)

        def ring() -> None:
            if block.facts["interrupting"]:
                host.alive = False
                self._run(block.inside[1], scope, region, items, then)
            else:
                scope.strands += 1
                self._run(block.inside[1], scope, region, items, scope.strand_ends)

        def left() -> None:
            host.alive = False
            then()

        self._wait("timer", f"w{block.n}", items, host, ring)
        self._run(block.inside[0], scope, host, items, left)


def _remember(block: Block, inner: Scope, items: Items, done: list[Any]) -> None:
    """Note what can be undone of a subprocess that is over: by its own handler, or by those inside."""
    handler = block.facts["handler"]
    if handler is not None:
        done.append((f"ut{block.n}", items, inner.done if handler == "asks" else []))
    elif inner.done:
        done.append(inner.done)


def _flat(done: list[Any]) -> list[Undoable]:
    """Return what can be undone in the order it was done; the last is undone first."""
    found: list[Undoable] = []
    for entry in done:
        found += _flat(entry) if isinstance(entry, list) else [entry]
    return found
