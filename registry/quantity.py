"""Quantities of stock: whole thousandths of the item's unit inside, ``Decimal`` at the edges.

Comes in: quantities as ``Decimal`` or text. Goes out: integer thousandths (``quantity_milli``), text for
people. It never rounds: a fourth decimal is refused. Next: ``registry/stock.py``.
"""

from __future__ import annotations

from decimal import Decimal

from registry.errors import Refused

ONE = 1000
"""Thousandths in one unit."""


class TooFine(Refused):
    """A quantity has more decimals than stock is kept in."""

    code = "quantity_too_fine"


def milli(quantity: Decimal | int | str) -> int:
    """Return a quantity as integer thousandths of the unit.

    Raises:
        TooFine: the quantity has more than three decimals, or is not a finite number.
    """
    amount = Decimal(quantity)
    scaled = amount.scaleb(3) if amount.is_finite() else None
    if scaled is None or scaled != scaled.to_integral_value():
        raise TooFine(
            f"Expected a quantity with at most three decimals, but got {amount}.", quantity=str(amount)
        )
    return int(scaled)


def units(quantity_milli: int) -> Decimal:
    """Return thousandths as units, without trailing zeros: ``1500`` is ``1.5``."""
    amount = Decimal(quantity_milli).scaleb(-3).normalize()
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount


def formatted(quantity_milli: int, unit: str = "", locale: str = "en") -> str:
    """Return a quantity for people: ``1,5 kg`` in French, ``1.5 kg`` in English."""
    number = f"{units(quantity_milli):,}"
    if locale.startswith("fr"):
        number = number.replace(",", "\u202f").replace(".", ",")
    return f"{number} {unit}".rstrip()
