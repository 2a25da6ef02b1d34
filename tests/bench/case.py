"""The process every figure is measured on: 32 nodes, a called process of 8, eight user tasks from start to end.

Comes in: a database URL. Goes out: a house with the case deployed, and hands that walk an instance through it. It
never measures: ``completions.py`` does. Next: ``tests/bench/completions.py``.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from engine import definitions, instances, store, tasks
from engine.clock import SettableClock
from engine.tables import Base, UserTask

HERE = pathlib.Path(__file__).parent
FILES = ("case.bpmn", "case.dmn", "case.form")
MORNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
ACTOR = "person-17"

FORMS: Mapping[str, dict[str, Any]] = {
    "review_intake": {
        "intake": {"complete": True, "comment": "Address checked by phone.", "reviewer": "u17"},
    },
    "do_work": {
        "work": {
            "quality": "rework",
            "hours": 3.5,
            "comment": "Seal replaced, still leaks.",
            "parts": ["S-1"],
        },
    },
    "do_work again": {
        "work": {"quality": "ok", "hours": 1.5, "comment": "Holds 6 bar for 10 minutes.", "parts": ["S-1"]},
    },
    "inspect": {"result": {"ok": True, "measured": [1.01, 1.02, 0.99], "inspector": "u21"}},
    "approve": {"approval": {"ok": True, "by": "u33", "limit": 5000}},
    "close": {"closing": {"rating": 5, "comment": "Confirmed on the phone."}},
}
STEPS = ("review_intake", "do_work", "do_work again", "inspect", "inspect", "inspect", "approve", "close")


def start_variables(number: int) -> dict[str, Any]:
    """Return about 2.3 kB of variables, as an intake would give them."""
    return {
        "caseNumber": f"C-{number:07d}",
        "channel": "web",
        "priority": 3,
        "region": "EU-NORTH",
        "customer": {
            "id": 10_000 + number,
            "name": "École des Tilleuls et ses annexes",
            "tier": "gold",
            "contact": {"name": "Alex Exemple", "mail": "alex@exemple.example", "phone": "+33 4 00 00 00 00"},
            "address": {"street": "12 rue des Exemples", "zip": "34000", "city": "Valmont", "country": "FR"},
        },
        "lines": [
            {
                "sku": f"SKU-{1000 + line}",
                "name": f"Replacement part number {line} with a longer description",
                "qty": 1 + line % 4,
                "price": 19.5 + line,
                "warehouse": f"W{line % 3}",
                "attrs": {"colour": "grey", "size": "M", "hazmat": False},
            }
            for line in range(10)
        ],
        "notes": [
            "The customer asks for delivery before noon, gate code at the counter, please call ahead.",
            "Second note that explains the reason for the complaint in one longer sentence of text.",
        ],
        "inspections": [{"sku": "SKU-1000"}, {"sku": "SKU-1001"}, {"sku": "SKU-1002"}],
    }


def _reserve(_unit: store.UnitOfWork, call: store.Call) -> dict[str, Any]:
    kept = [line["sku"] for line in call.inputs["lines"]]
    return {"stock": {"ok": True, "reservation": "R-77", "lines": kept}}


def _book(_unit: store.UnitOfWork, call: store.Call) -> dict[str, Any]:
    total = call.inputs["total"]
    entries = [{"account": "4000", "amount": total}, {"account": "1200", "amount": -total}]
    return {"booking": {"journal": "J1", "entries": entries}}


HANDLERS: Mapping[str, store.Handler] = {
    "reserve_stock": _reserve,
    "notify": lambda _unit, _call: {"notified": True},
    "post_invoice": lambda _unit, _call: {"invoiceNumber": "I-1"},
    "book": _book,
}


@contextmanager
def house(url: str, *, files: Mapping[str, bytes] | None = None) -> Iterator[store.Engine]:
    """Open an empty database with the case, or other files, deployed."""
    database = store.connect(url)
    Base.metadata.create_all(database)
    opened = store.Engine(database, clock=SettableClock(MORNING), handlers=HANDLERS)
    given = files or {name: (HERE / name).read_bytes() for name in FILES}
    with opened.begin("system:bench") as unit:
        kept = [definitions.File(name, content) for name, content in given.items()]
        definitions.deploy(unit, kept, message="The process that figures are measured on")
    yield opened
    database.dispose()


def start(opened: store.Engine, number: int) -> str:
    """Start one case; return its id."""
    with opened.begin("system:intake") as unit:
        return instances.start(unit, "case", start_variables(number))


def open_task(opened: store.Engine, instance_id: str, element: str) -> str:
    """Return the oldest open task of an element."""
    with opened.read() as reading:
        found: str | None = reading.connection.scalar(
            sa.select(UserTask.id)
            .where(
                UserTask.instance_id == instance_id, UserTask.element == element, UserTask.status == "open"
            )
            .order_by(UserTask.token)
            .limit(1)
        )
    assert found is not None, f"{element} does not wait in {instance_id}"
    return found


def walk(opened: store.Engine, instance_id: str, timed: Callable[[str, Callable[[], None]], None]) -> None:
    """Take an instance from its start to its end, giving each completion to ``timed``."""
    for step in STEPS:
        task_id = open_task(opened, instance_id, step.removesuffix(" again"))

        def complete(task_id: str = task_id, step: str = step) -> None:
            with opened.begin(ACTOR) as unit:
                tasks.complete(unit, task_id, FORMS[step])

        timed(step, complete)
