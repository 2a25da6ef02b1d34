"""``python -m tests.bench``: the engine's figures, each beside what it is measured against, in one run.

Comes in: options. Goes out: tables on the screen. It never judges and never fails for being slow: the tables name
the targets. Next: ``engine/README.md``, where the figures of this machine stand.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests import databases
from tests.bench import completions, feel, flat, inbox, scale, stock

KINDS = ("SQLite", "PostgreSQL")
TARGETS = {"SQLite": 2.0, "PostgreSQL": 1.6}
STOCK_TARGETS = {"SQLite": 8, "PostgreSQL": 5}


@contextmanager
def _urls(kind: str, count: int) -> Iterator[list[str]]:
    """Give ``count`` empty databases of a kind: files on disk, or databases of one server."""
    if kind == "SQLite":
        with tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder:
            yield [f"sqlite:///{pathlib.Path(folder) / f'{number}.db'}" for number in range(count)]
        return
    if count == 1:
        with databases.scratch() as url:
            yield [url]
        return
    with databases.scratch() as url, _urls(kind, count - 1) as others:
        yield [url, *others]


def _line(*cells: object, widths: tuple[int, ...] = (34, 14, 14, 12, 12)) -> None:
    drawn = [
        f"{cell:<{width}}" if place == 0 else f"{cell:>{width}}"
        for place, (cell, width) in enumerate(zip(cells, widths, strict=False))
    ]
    print("  " + "".join(drawn).rstrip())


def show_completions(cases: int) -> None:
    """Completions of the 30-node case beside the bare transaction that writes the same rows."""
    print(f"\nCompleting a user task of a 32-node process, {cases * 8} times, beside the bare transaction")
    print("  (the same rows recorded and written by SQLAlchemy Core alone, in turns with the engine)\n")
    _line("", "engine ms", "bare ms", "ratio", "target")
    details = []
    for kind in KINDS:
        with _urls(kind, 2) as (url, twin):
            found = completions.measure(url, twin, cases=cases)
        for name, middle in (("median", statistics.median), ("mean", statistics.fmean)):
            engine, floor = middle(found.engine), middle(found.floor)
            target = f"≤ {TARGETS[kind]}"
            _line(f"{kind}, {name}", f"{engine:.3f}", f"{floor:.3f}", f"{engine / floor:.2f}", target)
        rate = 1000 / statistics.fmean(found.engine)
        details.append(
            f"  {kind}: {rate:,.0f} completions a second in one thread; SQL statements per completion "
            f"{', '.join(map(str, found.statements))} (budget 12); state {min(found.state_bytes):,} to "
            f"{max(found.state_bytes):,} bytes (target under 6,000)"
        )
    print("\n" + "\n".join(details))


def show_stock(cases: int) -> None:
    """Completions of the same case by stock SpiffWorkflow and its serializer."""
    print(f"\nThe same {cases * 8} completions by stock SpiffWorkflow 3.2, loaded and saved each time\n")
    wide = (42, 12, 12, 10, 10)
    _line("", "engine ms", "stock ms", "faster", "target", widths=wide)
    sizes = []
    for kind in KINDS:
        with _urls(kind, 2) as (url, other):
            found = stock.measure(url, other, cases=cases)
        sizes = found.state_bytes
        for what, times in (("same rows", found.stock), ("state alone", found.alone)):
            for name, middle, part in (
                ("median", statistics.median, 0),
                ("mean", statistics.fmean, 0),
                ("client CPU", statistics.fmean, 1),
            ):
                ours = middle([pair[part] for pair in found.engine])
                theirs = middle([pair[part] for pair in times])
                target = f"≥ {STOCK_TARGETS[kind]} ×"
                shown = f"{kind}, {what}, {name}"
                _line(shown, f"{ours:.3f}", f"{theirs:.3f}", f"{theirs / ours:.1f} ×", target, widths=wide)
    print("\n  same rows: stock also writes the engine's rows of tasks, timers and history")
    print("  state alone: one row with the state as JSON, nothing else; the engine writes all of its rows")
    print(f"  state of stock: {min(sizes):,} to {max(sizes):,} bytes")


def show_flat() -> None:
    """The same completion at both ends of a scale."""
    print("\nThe same completion at both ends of a scale (target: within 1.5)\n")
    _line("", "small ms", "large ms", "ratio")
    measures: tuple[Callable[[str], flat.Scale], ...] = (flat.nodes, flat.rounds)
    for kind in KINDS:
        for measure in measures:
            with _urls(kind, 1) as (url,):
                scale = measure(url)
            name, ratio = f"{kind}, {scale.name}", scale.large / scale.small
            _line(name, f"{scale.small:.3f}", f"{scale.large:.3f}", f"{ratio:.2f}", widths=(46, 12, 12, 10))


def show_inbox(open_tasks: int, finished: int) -> None:
    """Pages of the inbox among many tasks."""
    print(
        f"\nThe inbox among {open_tasks:,} open and {finished:,} finished tasks (target: p95 under 20 ms)\n"
    )
    _line("", "median ms", "p95 ms")
    for kind in KINDS:
        with _urls(kind, 1) as (url,):
            for page in inbox.measure(url, open_tasks=open_tasks, finished=finished):
                _line(f"{kind}, {page.name}", f"{page.median:.2f}", f"{page.p95:.2f}")


def show_scale(completions_wanted: int, instances_wanted: int) -> None:
    """Memory first, while this process is fresh; then two processes and a full database."""
    print("\nMemory of a process after so many completions (target: flat)\n")
    _line("", "completions", "resident MB")
    for kind in KINDS:
        with _urls(kind, 1) as (url,):
            for mark in scale.memory(url, completions=completions_wanted):
                _line(kind, f"{mark.completions:,}", f"{mark.kilobytes / 1024:.1f}")
    print("\nTwo processes on PostgreSQL beside one, in turns (target: ≥ 1.7)\n")
    _line("completions a second", "one", "two", "ratio")
    for name, core_each in (("a core for each and its backend", True), ("left to the scheduler", False)):
        with _urls("PostgreSQL", 1) as (url,):
            rates = scale.processes(url, seconds=2, rounds=6, core_each=core_each)
        _line(name, f"{rates.one:,.0f}", f"{rates.two:,.0f}", f"{rates.two / rates.one:.2f}")
    print(
        f"\nA completion among 1,000 and among {instances_wanted:,} instances, in turns (target: within 1.5)\n"
    )
    _line("", "few ms", "many ms", "ratio")
    for kind in KINDS:
        with _urls(kind, 2) as (url, other):
            taken = scale.filled(url, other, small=1_000, large=instances_wanted, cases=40)
        for name, middle in (("median", statistics.median), ("mean", statistics.fmean)):
            few, many = map(middle, taken)
            _line(f"{kind}, {name}", f"{few:.3f}", f"{many:.3f}", f"{many / few:.2f}")


def main() -> None:
    """Print what was asked for; without options everything that takes less than a minute."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--cases", type=int, default=150, help="cases walked per database (8 completions each)"
    )
    parser.add_argument(
        "--inbox", type=int, default=0, metavar="N", help="also time the inbox with N open tasks"
    )
    parser.add_argument(
        "--finished", type=int, default=100_000, help="finished tasks beside those of --inbox"
    )
    parser.add_argument(
        "--only",
        choices=["completions", "stock", "flat", "feel", "inbox", "scale"],
        help="one table only; inbox and scale come when they are asked for",
    )
    parser.add_argument("--memory", type=int, default=20_000, help="completions of --only scale")
    parser.add_argument("--instances", type=int, default=100_000, help="instances of --only scale")
    given = parser.parse_args()
    if given.only in (None, "completions"):
        show_completions(given.cases)
    if given.only in (None, "stock"):
        show_stock(max(1, given.cases // 3))
    if given.only in (None, "flat"):
        show_flat()
    if given.only in (None, "feel"):
        print("\nFEEL and DMN\n")
        feel.main()
    if given.only == "scale":
        show_scale(given.memory, given.instances)
    if given.inbox or given.only == "inbox":
        show_inbox(given.inbox or 100_000, given.finished)


if __name__ == "__main__":
    main()
