"""How long FEEL takes, beside a bare Python closure of the same condition: ``python -m tests.bench.feel``."""

from datetime import UTC, date, datetime
from timeit import repeat

from engine import feel
from engine.feel.compiler import Compiled

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
ROWS = {"items": [{"qty": number, "stock": 3} for number in range(5)]}
WIDE = {f"v{number}": number for number in range(60)} | {"rows": [{"a": number} for number in range(20)]}
GATE = 'priority = "high" and amount > 500'
HIGH = {"priority": "high", "amount": 600}

EXPRESSIONS = {
    "gateway": (GATE, HIGH),
    "gateway among 60 variables": (GATE, WIDE | HIGH),
    "constant dates": ('date("2026-11-21") + duration("P3D")', {}),
    "due date": ('due < today() + duration("P3D")', {"due": date(2026, 11, 23)}),
    "filter of 5 rows": ("count(items[qty > stock]) > 0", ROWS),
    "loop of 1,000": ("sum(for i in 1..1000 return i * 2)", {}),
}
CELLS = {"cell: range": ("[10..20)", 15), "cell: list": ('"a", "b"', "b"), "cell: comparison": ("> 5", 7)}


def microseconds(action, number=2_000):
    """Return the best of five rounds."""
    return min(repeat(action, number=number, repeat=5)) / number * 1e6


def fresh(text, kind="expression"):
    """Compile without the cache."""
    return feel.compiler._compile.__wrapped__(text, kind, frozenset())


def main():
    bare = microseconds(lambda: HIGH["priority"] == "high" and HIGH["amount"] > 500)
    print(f"{'':30} {'run µs':>9} {'compile µs':>11}")
    print(f"{'bare Python of the gateway':30} {bare:9.2f}")
    for name, (text, variables) in EXPRESSIONS.items():
        compiled: Compiled = feel.compile(text)
        number = 50 if "1,000" in name else 2_000
        run = microseconds(lambda c=compiled, v=variables: c.eval(v, now=AT, zone="Europe/Brussels"), number)
        print(f"{name:30} {run:9.2f} {microseconds(lambda t=text: fresh(t), 500):11.1f}")
    shared = feel.Run(limits=feel.Limits(steps=10**12))
    for name, (text, value) in CELLS.items():
        cell = feel.compile(text, "unary-tests")
        run = microseconds(lambda c=cell, v=value: c.holds(shared, v, {}))
        print(f"{name:30} {run:9.2f} {microseconds(lambda t=text: fresh(t, 'unary-tests'), 500):11.1f}")


if __name__ == "__main__":
    main()
