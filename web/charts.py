"""Small charts drawn on the server as plain SVG, always beside their table.

Comes in: costs by year and kind. Goes out: rectangles, lines and words with their places. It never needs a script.
Next: ``web/templates/asset.html``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from registry.queries import CostRow
from web.i18n import whole_euros

KINDS = ("labour", "material", "contractor")
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 260, 84, 12, 28
MOST_YEARS = 8


def costs_by_year(costs: Iterable[CostRow]) -> dict[str, Any]:
    """Return a stacked bar for each year, its grid and its table; a credit lowers the table, never a bar below zero."""
    table: dict[int, dict[str, int]] = {}
    for one in costs:
        spent = table.setdefault(one.year, dict.fromkeys(KINDS, 0))
        spent[one.kind] = spent.get(one.kind, 0) + one.amount_cents
    years = sorted(table)[-MOST_YEARS:]
    if not years:
        return {"bars": [], "kinds": KINDS, "table": []}
    top = _round_up(max(sum(max(0, cents) for cents in table[year].values()) for year in years))
    room = HEIGHT - TOP - BOTTOM
    step = (WIDTH - LEFT) / len(years)
    bars, labels = [], []
    for place, year in enumerate(years):
        width = min(64.0, step * 0.6)
        x = LEFT + step * place + (step - width) / 2
        base = float(HEIGHT - BOTTOM)
        for kind in KINDS:
            height = max(0, table[year][kind]) / top * room
            base -= height
            bars.append(
                {
                    "kind": kind,
                    "x": round(x, 1),
                    "y": round(base, 1),
                    "width": round(width, 1),
                    "height": round(height, 1),
                }
            )
        labels.append((round(x + width / 2, 1), str(year)))
    grid = [(round(HEIGHT - BOTTOM - room * part / 4, 1), whole_euros(top * part // 4)) for part in range(5)]
    rows = [
        {"year": year, "cents": [table[year][kind] for kind in KINDS], "total": sum(table[year].values())}
        for year in sorted(table, reverse=True)
    ]
    return {
        "bars": bars,
        "kinds": KINDS,
        "table": rows,
        "years": labels,
        "grid": grid,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
    }


def _round_up(cents: int) -> int:
    """Return a round amount at or above ``cents``, divisible by four: the top of the scale."""
    size = 400
    while size * 10 <= cents:
        size *= 10
    return max(size, -(-cents // size) * size)
