"""Money: whole cents inside, ``Decimal`` at the edges.

Comes in: euros as ``Decimal`` or text, integer cents, weights. Goes out: integer cents, shares that sum to
the whole, text for people. It never touches a float. Next: ``registry/quantity.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from registry.errors import Refused

_CENT = Decimal("0.01")
_NARROW_SPACE = "\u202f"
_HARD_SPACE = "\u00a0"


class NoWeight(Refused):
    """A total cannot be split when nothing weighs."""

    code = "money_no_weight"


def cents(euros: Decimal | int | str) -> int:
    """Return ``euros`` as integer cents, rounded half up (away from zero at the half).

    Raises:
        Refused: the amount is not a finite number.
    """
    amount = Decimal(euros)
    if not amount.is_finite():
        raise Refused(f"Expected an amount in euros, but got {amount}.", amount=str(amount))
    return int(amount.quantize(_CENT, rounding=ROUND_HALF_UP).scaleb(2))


def euros(amount_cents: int) -> Decimal:
    """Return integer cents as euros with two decimals."""
    return Decimal(amount_cents).scaleb(-2).quantize(_CENT)


def rounded(amount: Fraction) -> int:
    """Round an exact number of cents to the nearest integer, the half away from zero."""
    whole = (abs(amount.numerator) * 2 + amount.denominator) // (2 * amount.denominator)
    return whole if amount >= 0 else -whole


def part(total_cents: int, numerator: int, denominator: int) -> int:
    """Return ``total_cents × numerator ÷ denominator``, rounded once, half up."""
    return rounded(Fraction(total_cents * numerator, denominator))


def split(total_cents: int, weights: Sequence[int | Decimal]) -> list[int]:
    """Split a total by weights so that the shares sum to it exactly (largest remainder).

    Each share is the exact share rounded towards zero; the cents left go one by one to the largest
    remainders, the earlier share first when two are equal. A negative total splits like its opposite.

    Args:
        total_cents: what to split, in cents.
        weights: one per share, none negative, at least one positive.

    Raises:
        NoWeight: no weight is positive, or one is negative.
    """
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact, Fraction(0))
    if whole <= 0 or any(weight < 0 for weight in exact):
        raise NoWeight(
            f"Expected weights of zero or more with one above zero, but got {[str(w) for w in weights]}.",
            weights=[str(weight) for weight in weights],
        )
    size = abs(total_cents)
    quotas = [size * weight / whole for weight in exact]
    shares = [quota.numerator // quota.denominator for quota in quotas]
    by_remainder = sorted(range(len(shares)), key=lambda i: (shares[i] - quotas[i], i))
    for index in by_remainder[: size - sum(shares)]:
        shares[index] += 1
    return shares if total_cents >= 0 else [-share for share in shares]


def formatted(amount_cents: int, locale: str = "fr") -> str:
    """Return an amount for people: ``1 234,56 €`` in French, ``€1,234.56`` in English.

    French groups thousands by a narrow no-break space and sets a no-break space before the sign
    (Lexique des règles typographiques en usage à l'Imprimerie nationale).
    """
    sign = "-" if amount_cents < 0 else ""
    whole, rest = divmod(abs(amount_cents), 100)
    if locale.startswith("fr"):
        grouped = f"{whole:,}".replace(",", _NARROW_SPACE)
        return f"{sign}{grouped},{rest:02d}{_HARD_SPACE}€"
    return f"{sign}€{whole:,}.{rest:02d}"
