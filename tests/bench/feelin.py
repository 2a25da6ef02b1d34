"""feelin 8, the FEEL of the JavaScript world, in V8 inside this process: the engine to race against.

Comes in: an expression and variables. Goes out: microseconds for one evaluation, counted inside V8, so that neither
JSON nor the way between the languages is charged to it. It never races without its files. Next: ``feel.py``.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ASSETS = Path(__file__).parents[2] / "web" / "assets"
SOURCE = "node_modules/feelin/dist/index.js"
WARM_UP, ROUNDS = 500, 1_000


def absent() -> str:
    """Return what is missing for the race, or nothing."""
    try:
        import py_mini_racer  # noqa: F401
    except ImportError:
        return "mini-racer is not installed"
    if not (ASSETS / SOURCE).is_file() or not _bundlers():
        return "feelin is not in web/assets/node_modules: run npm ci there"
    return ""


def _bundlers() -> list[Path]:
    return sorted((ASSETS / "node_modules" / "@esbuild").glob("*/bin/esbuild"))


@contextmanager
def racing() -> Iterator[Callable[[str, dict], float]]:
    """Give a function that times an expression; the engine is closed at the end, else Python would not stop."""
    from py_mini_racer import MiniRacer

    bundle = subprocess.run(
        [str(_bundlers()[0]), "--bundle", "--format=iife", "--global-name=feelin", "--target=es2022", SOURCE],
        cwd=ASSETS,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    engine = MiniRacer()
    try:
        engine.eval("var console = {log() {}, warn() {}, error() {}};" + bundle)

        def timed(text: str, variables: dict) -> float:
            once = f"feelin.evaluate({json.dumps(text)}, {json.dumps(variables)})"
            loops = f"for (let n = 0; n < {WARM_UP}; n++) {once}; const start = Date.now();"
            counted = (
                f"for (let n = 0; n < {ROUNDS}; n++) {once}; return (Date.now() - start) / {ROUNDS} * 1000;"
            )
            return float(engine.eval(f"(() => {{{loops} {counted}}})()"))

        yield timed
    finally:
        engine.close()
