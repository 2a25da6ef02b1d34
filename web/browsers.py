"""Browsers: which family somebody uses, told from what the browser says of itself.

Comes in: the header ``User-Agent``. Goes out: words such as “Firefox, Windows”, which people recognise their own
device by. It never keeps versions or models: they would tell people apart. Next: ``web/pages/account.py``.
"""

from __future__ import annotations

from typing import Final

# The first word that is found counts: browsers also name those they imitate.
_FAMILIES: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def family(header: str) -> str:
    """Return browser and system in words; empty when neither is known."""
    found = (_first(_FAMILIES, header), _first(_SYSTEMS, header))
    return ", ".join(word for word in found if word)


def _first(known: tuple[tuple[str, str], ...], header: str) -> str:
    return next((word for mark, word in known if mark in header), "")
