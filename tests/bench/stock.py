"""Completing a user task, beside stock SpiffWorkflow 3.2 and its own serializer on the same case.

Comes in: a database URL for each side. Goes out: milliseconds, and the size of the stock state. It never touches a
class of the library: parser, tasks, script engine and serializer are as they come. Next: ``tests/bench/__main__.py``.

Stock has the same drawing with Python for FEEL, functions in place of handlers and of the decision table, and one
row with its state as JSON: read, thawed, completed, frozen, written, committed. It is timed twice: with that row
alone, which leaves nothing to list, to search or to prove; and with the rows of tasks, timers and history that the
engine writes, recorded beforehand, in the same transaction.
"""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from engine import store
from engine.tables import Base, InstanceState
from tests.bench import case, completions
from tests.bench.completions import Recorded

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SCRIPTS: Mapping[str, str] = {
    "normalise": "total = sum(line['qty'] * line['price'] for line in lines)",
    "triage": "triageResult = triage(priority, total, customer)",
    "reserve_stock": "stock = reserve(lines)",
    "backorder": "backordered = True",
    "assign": "team = 'team-' + str(len(lines) % 3)",
    "notify": "notified = True",
    "send_reminder": "reminded = True",
    "escalate": "escalated = True",
    "book": "booking = book(total)",
    "mark_closed": "status = 'closed'",
    "calculate": "bill = {'net': total, 'vat': round(total * 0.20, 2)}",
    "post_invoice": "invoiceNumber = 'I-1'",
    "cancel": "bill = {**bill, 'cancelled': True}",
}
CONDITIONS: Mapping[str, str] = {
    "route_to_rejected": "triageResult['route'] == 'reject'",
    "route_to_expert_review": "triageResult['route'] == 'expert'",
    "in_stock_to_backorder": "not stock['ok']",
    "quality_to_do_work": "work['quality'] == 'rework'",
    "large_to_sign_off": "total > 100000",
    "approved_to_post_invoice": "approval['ok']",
}
PARTS = {"loopDataInputRef": "inspections", "loopDataOutputRef": "inspectionResults"}
ITEMS = {"inputDataItem": "item", "outputDataItem": "result"}


def _triage(priority: int, total: float, customer: Mapping[str, Any]) -> dict[str, Any]:
    if priority <= 1:
        return {"route": "expert", "sla": 4}
    if total > 50_000:
        return {"route": "expert", "sla": 24}
    blocked = customer["tier"] == "blocked"
    return {"route": "reject", "sla": 0} if blocked else {"route": "standard", "sla": 48}


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "triage": _triage,
    "reserve": lambda lines: {"ok": True, "reservation": "R-77", "lines": [line["sku"] for line in lines]},
    "book": lambda total: {
        "journal": "J1",
        "entries": [{"account": "4000", "amount": total}, {"account": "1200", "amount": -total}],
    },
    "len": len,
    "round": round,
    "str": str,
    "sum": sum,
}
Times = tuple[float, float]
TURN = 10
_metadata = sa.MetaData()
_states = sa.Table(
    "stock_state",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, nullable=False),
)


@dataclass
class Compared:
    """What one database gave; times in milliseconds: on the wall, and of this process's CPU."""

    engine: list[Times] = field(default_factory=list)
    alone: list[Times] = field(default_factory=list)
    stock: list[Times] = field(default_factory=list)
    state_bytes: list[int] = field(default_factory=list)


def drawing() -> bytes:
    """Return the case as stock SpiffWorkflow reads it: the same nodes and flows, Python for FEEL."""
    tree = etree.parse(case.HERE / "case.bpmn")
    for element in list(tree.iter(f"{BPMN}extensionElements")):
        element.getparent().remove(element)
    for call in tree.iter(f"{BPMN}callActivity"):
        call.set("calledElement", "case_invoice")
    for element in list(tree.iter()):
        if element.get("id") in SCRIPTS:
            element.tag = f"{BPMN}scriptTask"
            etree.SubElement(element, f"{BPMN}script").text = SCRIPTS[element.get("id")]
    for condition in tree.iter(f"{BPMN}conditionExpression"):
        condition.text = CONDITIONS[condition.getparent().get("id")]
    for duration in tree.iter(f"{BPMN}timeDuration"):
        duration.text = repr(duration.text)
    for loop in tree.iter(f"{BPMN}multiInstanceLoopCharacteristics"):
        for name, text in PARTS.items():
            etree.SubElement(loop, f"{BPMN}{name}").text = text
        for name, item in ITEMS.items():
            etree.SubElement(loop, f"{BPMN}{name}", id=item, name=item)
    return bytes(etree.tostring(tree))


class Stock:
    """The stock library on a table of its own."""

    def __init__(self, url: str) -> None:
        self.database = store.connect(url)
        _metadata.create_all(self.database)
        Base.metadata.create_all(self.database)
        parser = BpmnParser()
        parser.add_bpmn_io(io.BytesIO(drawing()), filename="case.bpmn")
        self._specs = parser.get_spec("case"), parser.get_subprocess_specs("case")
        self._scripts = PythonScriptEngine(environment=TaskDataEnvironment(dict(FUNCTIONS)))
        self._serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())

    def start(self, number: int) -> None:
        """Start a case and keep it at its first wait."""
        run = BpmnWorkflow(*self._specs, script_engine=self._scripts)
        run.task_tree.data.update(case.start_variables(number))
        run.do_engine_steps()
        with self.database.begin() as connection:
            frozen = self._serializer.serialize_json(run)
            connection.execute(sa.insert(_states).values(id=number, state=frozen))

    def complete(self, number: int, step: str, rows: Recorded) -> None:
        """Complete the open task of a step and write ``rows``, in one transaction."""
        with self.database.begin() as connection:
            row = sa.select(_states.c.state).where(_states.c.id == number).with_for_update()
            run = self._serializer.deserialize_json(connection.execute(row).scalar_one())
            run.script_engine = self._scripts
            task = run.get_next_task(state=TaskState.READY, manual=True)
            task.data.update(case.FORMS[step])
            task.run()
            run.do_engine_steps()
            frozen = self._serializer.serialize_json(run)
            connection.execute(sa.update(_states).where(_states.c.id == number).values(state=frozen))
            for statement, parameters in rows:
                connection.execute(statement, parameters)

    def peek(self, number: int) -> tuple[list[str], int, bool]:
        """Return the open elements, the size of the state in bytes, and whether the case is over."""
        with self.database.begin() as connection:
            frozen = connection.execute(sa.select(_states.c.state).where(_states.c.id == number)).scalar_one()
        run = self._serializer.deserialize_json(frozen)
        ready = run.get_tasks(state=TaskState.READY, manual=True)
        return [task.task_spec.bpmn_id for task in ready], len(frozen.encode()), run.is_completed()


@contextmanager
def opened(url: str) -> Iterator[Stock]:
    """Open the stock library on an empty database."""
    made = Stock(url)
    yield made
    made.database.dispose()


def measure(url: str, stock_url: str, *, cases: int) -> Compared:
    """Walk ``cases`` cases on each side, in turns of ten.

    Turns are not shorter, so that neither side starts each completion in the caches, and pays for the garbage, of the
    other: no house runs both.
    """
    found = Compared()
    with case.house(url) as house, opened(stock_url) as stock:
        units = [_rows(written) for written in completions.recorded(cases + 1, stock.database)]
        gc.collect()
        gc.freeze()
        _prove(stock, found, units[0])
        for first in range(1, len(units), TURN):
            numbers = range(first, min(first + TURN, len(units)))
            gc.collect()
            for number in numbers:
                case.walk(
                    house,
                    case.start(house, 1_000_000 + number),
                    lambda _step, complete: found.engine.append(_timed(complete)),
                )
            for times, sign in ((found.alone, -1), (found.stock, 1)):
                gc.collect()
                for number in numbers:
                    _walk(stock, sign * number, units[number] if sign > 0 else None, times)
        gc.unfreeze()
    return found


def _walk(stock: Stock, number: int, rows: list[Recorded] | None, times: list[Times]) -> None:
    """Take a stock case from start to end; with ``rows``, write them along."""
    if rows is not None:
        completions.replay(stock.database, rows[0])
    stock.start(number)
    for place, step in enumerate(case.STEPS, start=1):
        written = rows[place] if rows is not None else []
        times.append(_timed(lambda step=step, written=written: stock.complete(number, step, written)))


def _prove(stock: Stock, found: Compared, rows: list[Recorded]) -> None:
    """Show once that stock waits where the engine waits, and ends where it ends."""
    completions.replay(stock.database, rows[0])
    stock.start(0)
    for step, written in zip(case.STEPS, rows[1:], strict=True):
        waiting, size, _ = stock.peek(0)
        assert step.removesuffix(" again") in waiting[0], f"Stock waits at {waiting}, not at {step}"
        found.state_bytes.append(size)
        stock.complete(0, step, written)
    assert stock.peek(0)[2], "Stock has another end"


def _rows(written: list[Recorded]) -> list[Recorded]:
    """Keep what stock writes along: the start whole, completions without reads and the engine's own state."""
    begin, *rest = [completions.floor_of(unit) for unit in written]
    return [begin, *([row for row in unit if _is_row(row[0])] for unit in rest)]


def _is_row(statement: Any) -> bool:
    return statement.is_dml and statement.table.name != InstanceState.__tablename__


def _timed(work: Callable[[], None]) -> Times:
    began, worked = time.perf_counter(), time.thread_time()
    work()
    return (time.perf_counter() - began) * 1000, (time.thread_time() - worked) * 1000
