"""What a storekeeper does on the page of an item: receive, count, transfer.

Comes in: what was typed, an item. Goes out: one move in the caller's transaction, and the sentence that says what
changed; or the points to correct. It never opens a transaction itself. Next: ``integrations/goods.py``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from engine.store import UnitOfWork
from integrations import goods
from registry import queries, stock
from registry.tables.stock import Item, Store
from web import i18n
from web.errors import sentence_of
from web.i18n import gettext as _
from web.i18n import ngettext
from web.security import require

VERBS: Final = ("receive", "count", "transfer")
_MOST: Final = Decimal(10_000_000)
_LONGEST: Final = 200


class Point(NamedTuple):
    """One point to correct: the field it stands at, its label, what is wrong."""

    target: str
    label: str
    message: str


class Incomplete(Exception):
    """What was typed cannot be carried out; ``points`` says every reason at once."""

    def __init__(self, points: list[Point]) -> None:
        super().__init__("; ".join(f"{one.label}: {one.message}" for one in points))
        self.points = points


class Typed:
    """Reads the fields of one form and keeps what is wrong with them."""

    def __init__(self, verb: str, fields: Mapping[str, str]) -> None:
        self.verb = verb
        self.fields = fields
        self.points: list[Point] = []

    def wrong(self, name: str, label: str, message: str) -> None:
        """Note what is wrong with a field."""
        self.points.append(Point(f"{self.verb}-{name}", label, message))

    def text(self, name: str, label: str) -> str:
        """Return a text that must be filled in."""
        text = self.fields.get(name, "").strip()
        if not text:
            self.wrong(name, label, _("this must be filled in"))
        elif len(text) > _LONGEST:
            self.wrong(name, label, _("at most %(limit)s characters", limit=_LONGEST))
        return text

    def number(self, name: str, label: str, decimals: int, *, above_zero: bool) -> int:
        """Return a number, comma or point, times ten to the power of ``decimals``; 0 when it is wrong."""
        bare = "".join(self.fields.get(name, "").split()).replace(",", ".")
        if not bare:
            self.wrong(name, label, _("this must be filled in"))
            return 0
        try:
            value = Decimal(bare)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            self.wrong(name, label, _("a number is expected"))
        elif value < 0 or (above_zero and not value):
            self.wrong(name, label, _("more than zero is expected") if above_zero else _("at least 0"))
        elif value > _MOST:
            self.wrong(name, label, _("at most %(limit)s", limit=i18n.number(_MOST)))
        elif value != round(value, decimals):
            self.wrong(name, label, _("at most %(limit)s digits after the comma", limit=decimals))
        else:
            return int(value.scaleb(decimals))
        return 0

    def store(self, unit: UnitOfWork, name: str, label: str) -> Store | None:
        """Return the store that was chosen; refuse with 403 unless the person keeps it."""
        code = self.fields.get(name, "").strip()
        if not code:
            self.wrong(name, label, _("this must be filled in"))
            return None
        store = stock.store_by_code(unit.session, code)
        require("stock.change", store.entity_id)
        return store

    def key(self) -> str | None:
        """Return the form's own id: sent twice, it moves goods once."""
        try:
            return str(uuid.UUID(self.fields.get("key", "")))
        except ValueError:
            return None

    def check(self) -> None:
        """Refuse when anything is wrong."""
        if self.points:
            raise Incomplete(self.points)


def receive(unit: UnitOfWork, item: Item, typed: Typed) -> str:
    """Receive goods and wake the work that waits for them; returns what changed, in words.

    Raises:
        Incomplete: with the points to correct.
        Refused: as ``goods.receive``.
    """
    store = typed.store(unit, "store", _("Store"))
    milli = typed.number("quantity", _("Quantity"), 3, above_zero=True)
    cents = typed.number("cost", _("Cost"), 2, above_zero=False)
    document = typed.text("document", _("Delivery note"))
    typed.check()
    assert store is not None
    cost = {"value_cents" if typed.fields.get("per") == "total" else "unit_cost_cents": cents}

    def enter() -> None:
        goods.receive(
            unit,
            item_id=item.id,
            store_id=store.id,
            quantity_milli=milli,
            document=document,
            id=typed.key(),
            **cost,
        )

    served = _served(unit, item, store, enter)
    said = _(
        "Receipt of %(quantity)s in %(store)s", quantity=i18n.quantity(milli, item.unit), store=store.name
    )
    return _told(said, served)


def count(unit: UnitOfWork, item: Item, typed: Typed) -> str:
    """Write down what was found; a surplus wakes the work that waits. Returns what changed, in words.

    Raises:
        Incomplete: with the points to correct.
        Refused: as ``stock.count``.
    """
    store = typed.store(unit, "store", _("Store"))
    milli = typed.number("quantity", _("Counted quantity"), 3, above_zero=False)
    reason = typed.text("reason", _("Reason"))
    typed.check()
    assert store is not None
    before = stock.on_hand(unit.session, item.id, store.id)

    def correct() -> None:
        stock.count(
            unit.session,
            item_id=item.id,
            store_id=store.id,
            counted_milli=milli,
            reason=reason,
            at=unit.now,
            by=unit.actor,
            id=typed.key(),
        )
        goods.wake(unit, item_id=item.id, store_id=store.id)

    served = _served(unit, item, store, correct)
    found = i18n.quantity(milli, item.unit)
    if milli == before:
        return _told(
            _("The count of %(store)s agrees with the books: %(found)s", store=store.name, found=found),
            served,
        )
    expected = i18n.quantity(before, item.unit)
    said = _(
        "%(store)s: %(found)s counted, the books said %(expected)s and are corrected",
        store=store.name,
        found=found,
        expected=expected,
    )
    return _told(said, served)


def transfer(unit: UnitOfWork, item: Item, typed: Typed) -> str:
    """Move goods to another store and wake the work that waits there; returns what changed, in words.

    Raises:
        Incomplete: with the points to correct.
        Refused: as ``stock.transfer``.
    """
    source = typed.store(unit, "from", _("From store"))
    target = typed.store(unit, "to", _("To store"))
    if source is not None and target is not None and source.id == target.id:
        typed.wrong("to", _("To store"), _("another store than the first is expected"))
    milli = typed.number("quantity", _("Quantity"), 3, above_zero=True)
    reason = typed.text("reason", _("Reason"))
    typed.check()
    assert source is not None
    assert target is not None

    def carry() -> None:
        stock.transfer(
            unit.session,
            item_id=item.id,
            from_store_id=source.id,
            to_store_id=target.id,
            quantity_milli=milli,
            reason=reason,
            at=unit.now,
            by=unit.actor,
            id=typed.key(),
        )
        goods.wake(unit, item_id=item.id, store_id=target.id)

    served = _served(unit, item, target, carry)
    said = _(
        "%(quantity)s moved from %(source)s to %(target)s",
        quantity=i18n.quantity(milli, item.unit),
        source=source.name,
        target=target.name,
    )
    return _told(said, served)


HANDS: Final[Mapping[str, Callable[[UnitOfWork, Item, Typed], str]]] = {
    "receive": receive,
    "count": count,
    "transfer": transfer,
}


def explained(refusal: Exception, verb: str, item: Item) -> Point:
    """Return why the floors below refused, with the figures a storekeeper needs."""
    point = Point(f"{verb}-quantity", _("Quantity"), sentence_of(refusal))
    if isinstance(refusal, stock.NotEnough):
        words = _(
            "%(wanted)s asked, but only %(available)s are available in this store "
            "(%(on_hand)s on hand, %(held)s held for work orders)",
            wanted=i18n.quantity(refusal.wanted_milli, item.unit),
            available=i18n.quantity(refusal.available_milli, item.unit),
            on_hand=i18n.quantity(refusal.on_hand_milli, item.unit),
            held=i18n.quantity(refusal.held_milli, item.unit),
        )
        return point._replace(message=words)
    if isinstance(refusal, stock.HeldBelow):
        words = _(
            "%(counted)s counted, but %(held)s are held for work orders: release reservations first",
            counted=i18n.quantity(refusal.counted_milli, item.unit),
            held=i18n.quantity(refusal.held_milli, item.unit),
        )
        return point._replace(label=_("Counted quantity"), message=words)
    return point


def _served(unit: UnitOfWork, item: Item, store: Store, move: Callable[[], None]) -> int:
    """Carry out ``move`` and return how many reservations the woken work made in the store."""
    before = _held(unit, item, store)
    move()
    return len(_held(unit, item, store) - before)


def _held(unit: UnitOfWork, item: Item, store: Store) -> set[str]:
    rows = queries.reservations_of_item(unit.session, item.id)
    return {one.id for one in rows if one.store_id == store.id}


def _told(said: str, served: int) -> str:
    if served:
        said += _("; ") + ngettext("%(num)d reservation served", "%(num)d reservations served", served)
    return f"{said}."
