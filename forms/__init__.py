"""The forms shipped with Guichet: form-js schemas, by domain.

Comes in: the name of a domain. Goes out: names and bytes of its forms, ready to be deployed. It never checks a
submission: ``engine/forms.py`` does. Next: ``bpmn/__init__.py``.
"""

from __future__ import annotations

from importlib.resources import files as resources


def files(domain: str) -> list[tuple[str, bytes]]:
    """Return name and content of each form of a domain, sorted by name; none when the domain has no form."""
    folder = resources(__name__) / domain
    if not folder.is_dir():
        return []
    found = sorted(folder.iterdir(), key=lambda each: each.name)
    return [(one.name, one.read_bytes()) for one in found if one.name.endswith(".form")]
