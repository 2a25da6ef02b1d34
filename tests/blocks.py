"""Random block-structured processes: their shape, and the shape drawn as BPMN.

Comes in: Hypothesis. Goes out: a tree of blocks and its XML. It knows nothing of the engine. Next:
``tests/interpreter.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from hypothesis import strategies as st

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="urn:test">'
    '<bpmn:error id="oops" errorCode="OOPS"/>'
)
COMPENSATE = "<bpmn:compensateEventDefinition/>"


@dataclass
class Block:
    """One entry, one exit; ``n`` makes its element ids unique once the process is numbered."""

    kind: str
    inside: list[Block] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    n: int = 0


def number(block: Block, counter: Any = None) -> Block:
    """Give every block its number, in the order of the drawing."""
    counter = counter or count(1)
    block.n = next(counter)
    for inner in block.inside:
        number(inner, counter)
    return block


LEAVES = st.sampled_from(["task", "task", "script", "undoable", "multi"])
LEAVES_THAT_MAY_RAISE = st.sampled_from(["task", "raise", "undoable", "multi", "raise"])
STRUCTURES = st.sampled_from(
    [
        "sequence",
        "parallel",
        "timed",
        "subprocess",
        "sequence",
        "undoing",
        "catching",
        "exclusive",
        "inclusive",
        "multi_subprocess",
        "loop",
        "ad_hoc",
        "leaf",
    ]
)
COINS, TWO_OR_THREE, UP_TO_TWO = st.booleans(), st.integers(2, 3), st.integers(0, 2)
EVENTS = st.sampled_from([None, True, False])
HANDLERS = st.sampled_from([None, None, "alone", "asks"])
"""No compensation event subprocess, one that does its own task, one that asks for what is inside too."""
Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def processes(draw: Draw, depth: int = 4) -> Block:
    """Return a numbered process.

    Loops do not stand in what is repeated side by side: they count in a variable of the process.
    """
    return number(_structure(draw, depth, frozenset()))


def _structure(draw: Draw, depth: int, around: frozenset[str]) -> Block:
    kind = draw(STRUCTURES) if depth else "leaf"
    if kind == "leaf" or (kind == "loop" and "repeated" in around):
        return _leaf(draw, around)

    def inner(*more: str) -> Block:
        return _structure(draw, depth - 1, around | set(more))

    if kind in ("sequence", "parallel"):
        return Block(kind, [inner() for _ in range(draw(TWO_OR_THREE))])
    if kind == "exclusive":
        return Block(kind, [inner(), inner()], {"first": draw(COINS)})
    if kind == "inclusive":
        branches = [inner() for _ in range(draw(TWO_OR_THREE))]
        return Block(kind, branches, {"taken": [draw(COINS) for _ in branches[1:]]})
    if kind == "loop":
        return Block(kind, [inner()], {"rounds": 1 + draw(UP_TO_TWO)})
    if kind == "multi_subprocess":
        repeats = {"size": draw(UP_TO_TWO), "sequential": draw(COINS)}
        return Block(kind, [inner("repeated")], {**repeats, "handler": draw(HANDLERS)})
    if kind == "subprocess":
        return Block(kind, [inner()], {"event": draw(EVENTS), "handler": draw(HANDLERS)})
    if kind == "undoing":
        return Block(kind, [inner()], {"event": draw(COINS)})
    if kind == "ad_hoc":
        paths = [inner("repeated") for _ in range(draw(TWO_OR_THREE))]
        begun = draw(st.lists(st.integers(0, len(paths) - 1), min_size=1, max_size=3))
        return Block(kind, paths, {"begun": begun, "enough": draw(st.integers(1, len(begun)))})
    if kind == "catching":
        return Block(kind, [inner("caught"), inner()])
    if kind == "timed":
        return Block(kind, [_host(draw, inner), inner()], {"interrupting": draw(COINS)})
    return Block(kind, [inner()])


def _host(draw: Draw, inner: Callable[[], Block]) -> Block:
    """Return something that can have an event on its border."""
    leaf = _leaf(draw, frozenset())
    if leaf.kind in ("task", "multi"):
        return leaf
    return Block("subprocess", [inner()], {"event": draw(EVENTS), "handler": draw(HANDLERS)})


def _leaf(draw: Draw, around: frozenset[str]) -> Block:
    kind = draw(LEAVES_THAT_MAY_RAISE if "caught" in around else LEAVES)
    if kind == "multi":
        return Block(kind, [], {"size": draw(UP_TO_TWO), "sequential": draw(COINS)})
    return Block(kind, [], {"raises": draw(COINS)} if kind == "raise" else {})


# ---------------------------------------------------------------------- drawing


class Drawing:
    """Collects the elements of one scope."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def node(self, kind: str, element: str, inside: str = "", attributes: str = "") -> str:
        self.lines.append(f'<bpmn:{kind} id="{element}" {attributes}>{inside}</bpmn:{kind}>')
        return element

    def flow(self, source: str, target: str, condition: str = "") -> None:
        inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
        self.lines.append(
            f'<bpmn:sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">{inside}'
            "</bpmn:sequenceFlow>"
        )

    def script(self, element: str, variable: str, expression: str) -> str:
        extension = f'<zeebe:script expression="={expression}" resultVariable="{variable}"/>'
        return self.node(
            "scriptTask", element, f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>"
        )

    def box(
        self, element: str, body: Block, *, before: str = "", attributes: str = "", throws: bool = False
    ) -> str:
        """Draw a subprocess around ``body``."""
        inner = Drawing()
        inner.node("startEvent", f"{element}_s")
        entry, leave = inner.draw(body)
        inner.flow(f"{element}_s", entry)
        event = COMPENSATE if throws else ""
        inner.node("endEvent", f"{element}_e", event)
        inner.flow(leave, f"{element}_e")
        return self.node("subProcess", element, before + "".join(inner.lines), attributes)

    def draw(self, block: Block) -> tuple[str, str]:
        """Draw a block; return the ids where it begins and ends."""
        drawn: tuple[str, str] = getattr(self, f"_{block.kind}")(block, block.n, block.facts)
        return drawn

    def _task(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        return (self.node("userTask", f"t{n}"),) * 2

    def _script(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        return (self.script(f"k{n}", "total", "total + 1"),) * 2

    def _undoable(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        self.node("userTask", f"t{n}")
        self.node("boundaryEvent", f"c{n}", COMPENSATE, f'attachedToRef="t{n}"')
        self.node("userTask", f"u{n}", "", 'isForCompensation="true"')
        self.lines.append(f'<bpmn:association id="a{n}" sourceRef="c{n}" targetRef="u{n}"/>')
        return f"t{n}", f"t{n}"

    def _multi(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        return (self.node("userTask", f"t{n}", _loop(n, facts)),) * 2

    def _raise(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        self.node("userTask", f"t{n}")
        self.node("exclusiveGateway", f"x{n}", "", f'default="x{n}-p{n}"')
        self.node("endEvent", f"f{n}", '<bpmn:errorEventDefinition errorRef="oops"/>')
        self.node("task", f"p{n}")
        self.flow(f"t{n}", f"x{n}")
        self.flow(f"x{n}", f"f{n}", f"={str(facts['raises']).lower()}")
        self.flow(f"x{n}", f"p{n}")
        return f"t{n}", f"p{n}"

    def _sequence(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        drawn = [self.draw(inner) for inner in block.inside]
        for (_, leave), (entry, _) in pairwise(drawn):
            self.flow(leave, entry)
        return drawn[0][0], drawn[-1][1]

    def _parallel(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        return self._split(block, "parallelGateway", ["" for _ in block.inside])

    def _exclusive(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        return self._split(block, "exclusiveGateway", [f"={str(facts['first']).lower()}", "default"])

    def _inclusive(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        conditions = [f"={str(taken).lower()}" for taken in facts["taken"]]
        return self._split(block, "inclusiveGateway", [*conditions, "default"])

    def _split(self, block: Block, kind: str, conditions: list[str]) -> tuple[str, str]:
        split, join = f"g{block.n}", f"j{block.n}"
        drawn = [self.draw(inner) for inner in block.inside]
        default = f'default="{split}-{drawn[-1][0]}"' if conditions[-1] == "default" else ""
        self.node(kind, split, "", default)
        self.node(kind, join)
        for (entry, leave), condition in zip(drawn, conditions, strict=True):
            self.flow(split, entry, "" if condition == "default" else condition)
            self.flow(leave, join)
        return split, join

    def _loop(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        self.script(f"z{n}", f"r{n}", "0")
        self.node("exclusiveGateway", f"g{n}")
        entry, leave = self.draw(block.inside[0])
        self.script(f"i{n}", f"r{n}", f"r{n} + 1")
        self.node("exclusiveGateway", f"x{n}", "", f'default="x{n}-g{n}"')
        self.node("task", f"p{n}")
        for source, target in ((f"z{n}", f"g{n}"), (f"g{n}", entry), (leave, f"i{n}"), (f"i{n}", f"x{n}")):
            self.flow(source, target)
        self.flow(f"x{n}", f"g{n}")
        self.flow(f"x{n}", f"p{n}", f"=r{n} >= {facts['rounds']}")
        return f"z{n}", f"p{n}"

    def _subprocess(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        before = ""
        if facts["event"] is not None:
            interrupting = str(facts["event"]).lower()
            when = "<bpmn:timerEventDefinition><bpmn:timeCycle>R/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition>"
            if facts["event"]:
                when = when.replace("timeCycle>R/", "timeDuration>").replace("timeCycle", "timeDuration")
            before = _event_subprocess("e", n, when, f'isInterrupting="{interrupting}"')
        before += _handler(n, facts)
        return (self.box(f"b{n}", block.inside[0], before=before),) * 2

    def _undoing(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        when = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
        before = _event_subprocess("e", n, when, throws=True) if facts["event"] else ""
        return (self.box(f"b{n}", block.inside[0], before=before, throws=True),) * 2

    def _ad_hoc(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        inner = Drawing()
        for index, path in enumerate(block.inside):
            inner.box(f"q{n}_{index}", path)
            inner.node("userTask", f"qt{n}_{index}")
            inner.flow(f"q{n}_{index}", f"qt{n}_{index}")
        begun = ",".join(f'"q{n}_{index}"' for index in facts["begun"])
        extension = (
            f"<bpmn:extensionElements><zeebe:adHoc activeElementsCollection='=[{begun}]' "
            f'outputCollection="got{n}" outputElement="=brought"/></bpmn:extensionElements>'
        )
        enough = f"<bpmn:completionCondition>=count(got{n}) >= {facts['enough']}</bpmn:completionCondition>"
        return (self.node("adHocSubProcess", f"b{n}", extension + "".join(inner.lines) + enough),) * 2

    def _multi_subprocess(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        return (self.box(f"b{n}", block.inside[0], before=_loop(n, facts) + _handler(n, facts)),) * 2

    def _catching(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        self.box(f"b{n}", block.inside[0])
        event = '<bpmn:errorEventDefinition errorRef="oops"/>'
        return self._bordered(f"b{n}", f"b{n}", block.inside[1], n, event)

    def _timed(self, block: Block, n: int, facts: dict[str, Any]) -> tuple[str, str]:
        host, _ = self.draw(block.inside[0])
        event = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
        if facts["interrupting"]:
            return self._bordered(host, host, block.inside[1], n, event)
        self.node("boundaryEvent", f"w{n}", event, f'attachedToRef="{host}" cancelActivity="false"')
        entry, leave = self.draw(block.inside[1])
        self.flow(f"w{n}", entry)
        self.node("endEvent", f"we{n}")
        self.flow(leave, f"we{n}")
        return host, host

    def _bordered(self, entry: str, host: str, handler: Block, n: int, event: str) -> tuple[str, str]:
        self.node("boundaryEvent", f"w{n}", event, f'attachedToRef="{host}"')
        first, last = self.draw(handler)
        self.node("exclusiveGateway", f"m{n}")
        self.flow(f"w{n}", first)
        self.flow(last, f"m{n}")
        self.flow(host, f"m{n}")
        return entry, f"m{n}"


def _event_subprocess(letter: str, n: int, event: str, attributes: str = "", *, throws: bool = False) -> str:
    """Draw one that does a task and then, maybe, asks for compensation."""
    inner, outer = Drawing(), Drawing()
    inner.node("startEvent", f"{letter}s{n}", event, attributes)
    inner.node("userTask", f"{letter}t{n}")
    inner.flow(f"{letter}s{n}", f"{letter}t{n}")
    if throws:
        inner.node("endEvent", f"{letter}e{n}", COMPENSATE)
        inner.flow(f"{letter}t{n}", f"{letter}e{n}")
    outer.node("subProcess", f"{letter}v{n}", "".join(inner.lines), 'triggeredByEvent="true"')
    return "".join(outer.lines)


def _handler(n: int, facts: dict[str, Any]) -> str:
    """Draw the compensation event subprocess, if there is one."""
    if facts["handler"] is None:
        return ""
    return _event_subprocess("u", n, COMPENSATE, throws=facts["handler"] == "asks")


def renamed(content: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the same drawing with another id for each element, and which is which; flows keep theirs."""
    text = content.decode()
    names = {name: f"{name}_too" for name in re.findall(r'<bpmn:\w+ id="([a-z]+\d\w*)"', text)}
    names |= {"start": "start_too", "end": "end_too"}

    def other(found: re.Match[str]) -> str:
        return f'{found[1]}"{names.get(found[2], found[2])}"'

    text = re.sub(r'((?:\bid|Ref)=)"([^"]*)"', other, text)
    return re.sub(r'([\[,])"(q\w+)"', other, text).encode(), names


def _loop(n: int, facts: dict[str, Any]) -> str:
    items = ", ".join(str(index) for index in range(facts["size"]))
    sequential = str(facts["sequential"]).lower()
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}"><bpmn:extensionElements>'
        f'<zeebe:loopCharacteristics inputCollection="=[{items}]" inputElement="it{n}"/>'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )


def as_bpmn(block: Block) -> bytes:
    """Return the process as a file."""
    drawing = Drawing()
    drawing.node("startEvent", "start")
    entry, leave = drawing.draw(block)
    drawing.flow("start", entry)
    drawing.node("endEvent", "end")
    drawing.flow(leave, "end")
    body = "".join(drawing.lines)
    return f'{HEAD}<bpmn:process id="p" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'.encode()
