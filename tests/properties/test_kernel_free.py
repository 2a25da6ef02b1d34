"""Diagrams drawn at random, without any block structure: whatever is deployed runs, rests and thaws.

No second opinion can be had of these; what must hold is that nothing breaks, that no token is lost without an
incident, and that a run frozen and thawed at every step is the same run.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine import kernel
from tests.blocks import HEAD, Drawing
from tests.properties.test_kernel_oracle import World

KINDS = st.sampled_from(
    [
        "userTask",
        "userTask",
        "script",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "timer",
        "end",
    ]
)
TIMER = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
MOST_STEPS = 300


@st.composite
def diagrams(draw: Any) -> bytes:
    """Return a file whose elements lead anywhere."""
    kinds = draw(st.lists(KINDS, min_size=2, max_size=9))
    drawing = Drawing()
    drawing.node("startEvent", "start")
    drawing.flow("start", "n0")
    for index, kind in enumerate(kinds):
        _element(draw, drawing, f"n{index}", kind, len(kinds))
    body = "".join(drawing.lines)
    return f'{HEAD}<bpmn:process id="p" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'.encode()


def _element(draw: Any, drawing: Drawing, name: str, kind: str, count: int) -> None:
    if kind == "end":
        drawing.node("endEvent", name)
        return
    targets = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3, unique=True))
    chooses = kind in ("exclusiveGateway", "inclusiveGateway") and len(targets) > 1
    default = f'default="{name}-n{targets[-1]}"' if chooses else ""
    if kind == "script":
        drawing.script(name, "total", "total + 1")
    elif kind == "timer":
        drawing.node("intermediateCatchEvent", name, TIMER)
    else:
        drawing.node(kind, name, "", default)
    for target in targets:
        conditional = chooses and target != targets[-1]
        limit = draw(st.integers(0, 5)) if conditional else 0
        drawing.flow(name, f"n{target}", f"=modulo(total, 6) &gt; {limit}" if conditional else "")


def process_of(content: bytes) -> kernel.ProcessSpec | None:
    reading = kernel.read(content, "random.bpmn")
    if any(problem.severity == "error" for problem in reading.problems):
        return None
    return reading.processes[0]


def act(run: kernel.Run, waits: dict[int, kernel.Wait], token: int | None) -> list[kernel.Step]:
    """Begin the run, or let one wait end; return what happened."""
    run.max_steps = MOST_STEPS
    if token is None:
        start = run.spec.none_start()
        assert start is not None
        run.begin(start, {"total": 0})
    elif waits[token].kind == "timer":
        run.trigger(token)
    else:
        run.finish(token, {})
    effects, run.effects = run.effects, kernel.Effects()
    for closed in effects.closed:
        waits.pop(closed, None)
    waits.update(effects.opened)
    return [*effects.history]


def whole(run: kernel.Run, waits: dict[int, kernel.Wait]) -> None:
    """Check that every token lives where it should and that nothing stands still without a reason."""
    for token in run.tasks.values():
        assert token.alive
        assert token.parent is None or token.parent.alive
        assert token.parent is None or token in token.parent.children
        if token is run.task_tree or run.status == "completed":
            continue
        joins = len(token.task_spec.incoming) > 1 and token.task_spec.kind.endswith("gateway")
        assert token.id in waits or "fault" in token.internal_data or joins
    assert (run.status == "completed") == (len(run.tasks) == 1)


@settings(
    max_examples=150,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(content=diagrams(), choices=st.lists(st.integers(0, 1_000), max_size=15))
def test_whatever_is_deployed_runs_rests_and_thaws(content: bytes, choices: list[int]) -> None:
    process = process_of(content)
    assume(process is not None)
    assert process is not None
    straight, frozen = kernel.Run(process, World()), kernel.Run(process, World())
    waits: dict[int, kernel.Wait] = {}
    waits_of_frozen: dict[int, kernel.Wait] = {}
    token: int | None = None
    for choice in [0, *choices]:
        assert act(straight, waits, token) == act(frozen, waits_of_frozen, token)
        assert waits == waits_of_frozen
        text = kernel.freeze(frozen)
        assert kernel.freeze(straight) == text
        whole(straight, waits)
        frozen = kernel.thaw(text, process, World(), lambda _: process)
        if not waits:
            return
        token = sorted(waits)[choice % len(waits)]
