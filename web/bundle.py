"""The built browser files.

Comes in: a name as templates know it (``app.css``). Goes out: its address with the content's hash. It never builds:
when the manifest is missing it says how to make it. Next: ``web/assets/build.mjs``.
"""

from __future__ import annotations

import json
from pathlib import Path

DIST = Path(__file__).parent / "static" / "dist"
TRANSLATIONS = Path(__file__).parent / "translations"


class NotBuilt(RuntimeError):
    """The installation lacks the browser files or the catalogues that its build makes."""


def manifest(folder: Path = DIST) -> dict[str, str]:
    """Return the manifest: name in a template → file below ``folder``.

    Raises:
        NotBuilt: the browser files were never built.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise NotBuilt(
            f"Expected the browser files at {path}, but they were never built: "
            "run `pip install -e .` (or `npm ci && node build.mjs` in web/assets)."
        )
    loaded: dict[str, str] = json.loads(path.read_text())
    return loaded


def check_catalogues(folder: Path = TRANSLATIONS) -> None:
    """Refuse to start when a catalogue was not compiled: the pages would silently show another language.

    Raises:
        NotBuilt: a ``.po`` has no ``.mo`` beside it.
    """
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        if not source.with_suffix(".mo").is_file():
            raise NotBuilt(
                f"Expected {source.with_suffix('.mo')}, but the catalogue was never compiled: run `pip install -e .`."
            )
