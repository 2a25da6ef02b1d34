"""How long FEEL takes, beside feelin 8 in V8 and a bare Python closure: ``python -m tests.bench.feel``."""

from datetime import UTC, date, datetime
from timeit import repeat
from typing import NamedTuple

from engine import dmn, feel
from engine.feel.compiler import Compiled
from tests import drawings as draw
from tests.bench import feelin

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


class Row(NamedTuple):
    """One figure of the bench: microseconds, what it is measured beside, and what it must stay under."""

    name: str
    microseconds: float
    beside: str
    target: float | None = None

    @property
    def kept(self) -> bool:
        return self.target is None or self.microseconds <= self.target


def town_table(rules):
    """Return a model of one table with four inputs whose rules differ in the last one: every cell is tried."""
    rows = [('"leak", "flood"', "[1..4]", f"> {n}", f'"risk {n}"', f'"team {n}"') for n in range(rules)]
    columns = ["nature", ("priority", "number"), ("cost", "number"), "risk"]
    return draw.read(draw.decision("team", draw.table(columns, ["team"], *rows, hit="FIRST")))


def decided(rules):
    model = town_table(rules)
    facts = {"nature": "flood", "priority": 2, "cost": 5_000, "risk": f"risk {rules - 1}"}
    assert dmn.evaluate(model, "team", facts, now=AT).value == f"team {rules - 1}"
    return microseconds(lambda: dmn.evaluate(model, "team", facts, now=AT), 20_000 // rules)


def looped(items):
    compiled, facts = feel.compile("sum(for i in rows return i * 2)"), {"rows": list(range(items))}
    return microseconds(lambda: compiled.eval(facts, now=AT), 200_000 // items)


def rows():
    """Return the figures of issue 3, side by side in one run."""
    gate = feel.compile(GATE)
    bare = microseconds(lambda: HIGH["priority"] == "high" and HIGH["amount"] > 500)
    ours = microseconds(lambda: gate.eval(HIGH))
    found = [
        Row("gateway condition, compiled", ours, f"{ours / bare:.0f} × bare Python", 5),
        Row("the same as a bare Python closure", bare, ""),
    ]
    lacking = feelin.absent()
    if lacking:
        found.append(Row("the same in feelin 8.2 (V8)", float("nan"), lacking))
    else:
        with feelin.racing() as timed:
            theirs, their_loop = timed(GATE, HIGH), timed("sum(for i in 1..100 return i * 2)", {})
        loop = feel.compile("sum(for i in 1..100 return i * 2)")
        ours_loop = microseconds(lambda: loop.eval({}), 500)
        found += [
            Row("the same in feelin 8.2 (V8, mini-racer)", theirs, f"{theirs / ours:.0f} × ours"),
            Row("a loop of 100", ours_loop, ""),
            Row(
                "the same in feelin 8.2 (V8, mini-racer)", their_loop, f"{their_loop / ours_loop:.1f} × ours"
            ),
        ]
    twenty, two_hundred = decided(20), decided(200)
    few, many = looped(100), looped(10_000)
    return [
        *found,
        Row("compile the gateway condition", microseconds(lambda: fresh(GATE), 500), "", 100),
        Row("decision table, 20 rules × 4 inputs", twenty, "with its trace", 100),
        Row(
            "decision table, 200 rules × 4 inputs",
            two_hundred,
            f"{two_hundred / twenty:.1f} × of 20 rules",
            twenty * 12,
        ),
        Row("list of 100", few, ""),
        Row("list of 10,000", many, f"{many / few:.0f} × of 100", few * 120),
    ]


def main():
    for row in rows():
        told = "" if row.target is None else f"target {row.target:.0f}{'' if row.kept else '  MISSED'}"
        print(f"{row.name:42} {row.microseconds:10.2f} µs  {row.beside:24} {told}".rstrip())
    print()
    _details()


def _details():
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
