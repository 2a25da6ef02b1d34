"""The choice of a language.

Comes in: a language. Goes out: the same page in it. It never touches anything else. Next: ``web/i18n.py``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request, session

from web.pages.sign_in import inside
from web.security import needs
from web.settings import LOCALES

pages = Blueprint("language", __name__)


@pages.post("/language")
@needs("public")
def choose() -> Any:
    """Keep the chosen language in the session and show the page again."""
    locale = request.form.get("locale")
    if locale not in LOCALES:
        abort(400)
    session["locale"] = locale
    return redirect(inside(request.form.get("next")) or "/")
