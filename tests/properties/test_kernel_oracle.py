"""Random processes: the token game against continuations, and against itself frozen and thawed at every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from engine import kernel
from tests.blocks import Block, as_bpmn, processes, renamed
from tests.interpreter import Interpreter

STEPS = 40


class World:
    """A world with nobody in it: no handlers, no called processes, a clock that stands still."""

    now = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    zone = "UTC"

    def called_process(self, called: Any, process_id: str, caller: Any) -> kernel.ProcessSpec:
        raise AssertionError(f"nothing calls {process_id}")

    def decide(self, called: Any, decision_id: str, variables: Mapping[str, Any], caller: Any) -> Any:
        raise AssertionError(f"nothing decides {decision_id}")

    def handler(self, job_type: str) -> None:
        return None


@dataclass
class Played:
    """A run of the engine, and what it waits for."""

    process: kernel.ProcessSpec
    thawing: bool
    run: kernel.Run = field(init=False)
    waits: dict[int, kernel.Wait] = field(default_factory=dict)
    history: list[kernel.Step] = field(default_factory=list)

    def begin(self) -> None:
        self.run = kernel.Run(self.process, World())
        start = self.process.none_start()
        assert start is not None
        self.run.begin(start, {"total": 0})
        self._take()

    def act(self, token: int) -> None:
        if self.waits[token].kind == "timer":
            self.run.trigger(token)
        else:
            self.run.finish(token, {})
        self._take()

    def open(self) -> list[tuple[str, str, tuple[tuple[int, int], ...], int]]:
        """Return kind, element, items and token of what waits, as the interpreter orders them."""
        return sorted(
            (wait.kind, wait.element, _items(self.run.tasks[token]), token)
            for token, wait in self.waits.items()
        )

    def take_over(self, target: kernel.ProcessSpec, mapping: Mapping[str, str]) -> None:
        """Go over to another version, as an operator would."""
        plan = kernel.Plan(self.process, target, mapping)
        assert kernel.reasons(self.run, plan) == []
        kernel.migrate(self.run, plan)
        self.process = target
        self._take()
        for token, wait in self.waits.items():
            self.waits[token] = replace(wait, element=mapping.get(wait.element, wait.element))

    def total(self) -> Any:
        return self.run.task_tree.data["total"]

    def _take(self) -> None:
        effects = self.run.effects
        for token in effects.closed:
            self.waits.pop(token, None)
        self.waits.update(effects.opened)
        self.history += effects.history
        assert effects.incidents == {}
        self.run.effects = kernel.Effects()
        if self.thawing:
            text = kernel.freeze(self.run)
            self.run = kernel.thaw(text, self.process, World(), lambda _: self.process)
            assert kernel.freeze(self.run) == text


def _items(token: Any) -> tuple[tuple[int, int], ...]:
    seen = token.visible()
    return tuple(sorted((int(name[2:]), value) for name, value in seen.items() if name.startswith("it")))


def process_of(block: Block) -> kernel.ProcessSpec:
    return read(as_bpmn(block))


def read(content: bytes) -> kernel.ProcessSpec:
    reading = kernel.read(content, "random.bpmn")
    assert [problem for problem in reading.problems if problem.severity == "error"] == []
    return reading.processes[0]


SOME = settings(
    max_examples=120,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SOME
@given(block=processes(), data=st.data())
def test_the_engine_waits_for_just_what_the_second_opinion_waits_for(
    block: Block, data: st.DataObject
) -> None:
    played, opinion = Played(process_of(block), thawing=True), Interpreter()
    played.begin()
    opinion.begin(block)
    for _ in range(STEPS):
        ours, theirs = played.open(), opinion.open()
        assert [row[:3] for row in ours] == [(wait.kind, wait.element, wait.items) for wait in theirs]
        assert (played.run.status == "completed") == opinion.over
        assert played.total() == opinion.total
        if not ours:
            assert opinion.over
            return
        choice = data.draw(st.integers(0, len(ours) - 1))
        note(f"{ours[choice]}")
        played.act(ours[choice][3])
        opinion.act(theirs[choice])


@SOME
@given(block=processes(), data=st.data())
def test_a_run_frozen_and_thawed_at_every_step_is_the_same_run(block: Block, data: st.DataObject) -> None:
    process = process_of(block)
    straight, frozen = Played(process, thawing=False), Played(process, thawing=True)
    straight.begin()
    frozen.begin()
    for _ in range(STEPS):
        assert straight.history == frozen.history
        assert straight.waits == frozen.waits
        assert kernel.freeze(straight.run) == kernel.freeze(frozen.run)
        rows = straight.open()
        if not rows:
            return
        token = rows[data.draw(st.integers(0, len(rows) - 1))][3]
        straight.act(token)
        frozen.act(token)


@SOME
@given(block=processes(), data=st.data())
def test_a_run_taken_over_by_a_version_with_other_ids_is_the_same_run(
    block: Block, data: st.DataObject
) -> None:
    content = as_bpmn(block)
    other, names = renamed(content)
    back = {name: old for old, name in names.items()}
    here, there = read(content), read(other)
    stays, goes = Played(here, thawing=False), Played(here, thawing=True)
    stays.begin()
    goes.begin()
    for _ in range(STEPS):
        if data.draw(st.booleans()):
            goes.take_over(*((there, names) if goes.process is here else (here, back)))
        rows = stays.open()
        found = [(kind, back.get(element, element), *rest) for kind, element, *rest in goes.open()]
        assert sorted(found) == rows
        assert stays.run.status == goes.run.status
        if not rows:
            return
        token = rows[data.draw(st.integers(0, len(rows) - 1))][3]
        note(f"{token}")
        stays.act(token)
        goes.act(token)
