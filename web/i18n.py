"""Languages and the way values are written for people.

Comes in: a session, a signed-in person, raw values (cents, thousandths, minutes, instants). Goes out: the language
of the page and texts in it. It never translates what people typed. Next: ``web/translations``.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import flask_babel
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal
from flask import Flask, current_app, has_request_context, request, session
from flask_babel import Babel, get_locale
from flask_login import current_user

from web.settings import LOCALES, Settings

LANGUAGES = {"fr": "Français", "en": "English"}


def gettext(text: str, **values: Any) -> str:
    """Return ``text`` in the language of the page, with its values filled in."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """Return the text for ``num`` things in the language of the page, with its values filled in."""
    return str(flask_babel.ngettext(one, many, num, **values))


def chosen_locale() -> str:
    """Return the language of this page: chosen in the session, else the person's, else the browser's, else ours."""
    settings: Settings = current_app.extensions["settings"]
    if not has_request_context():
        return settings.locale
    wanted = session.get("locale")
    if wanted in LOCALES:
        return str(wanted)
    if current_user and current_user.is_authenticated and current_user.locale in LOCALES:
        return str(current_user.locale)
    first = (settings.locale, *(one for one in LOCALES if one != settings.locale))
    return request.accept_languages.best_match(first, settings.locale) or settings.locale


def install(app: Flask, settings: Settings) -> None:
    """Register languages and the filters that templates write values with."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(
        app, locale_selector=chosen_locale, default_locale=settings.locale, default_timezone=settings.timezone
    )
    filters = (euros, quantity, hours, day, moment, short_day, number, due)
    app.jinja_env.filters.update({function.__name__: function for function in filters})
    app.jinja_env.globals.update(languages=LANGUAGES, language_tag=language_tag, localized=localized)


def language_tag() -> str:
    """Return the language of the page for the ``lang`` attribute."""
    return str(get_locale() or current_app.extensions["settings"].locale).split("_")[0]


def localized(row: Any, stem: str = "name") -> str:
    """Return ``name_fr`` or ``name_en`` of ``row`` in the language of the page; French when there is none."""
    text = getattr(row, f"{stem}_{language_tag()}", None) or getattr(row, f"{stem}_fr", None)
    return str(text or "")


def _zone() -> Any:
    return current_app.extensions["settings"].zone


def _locale() -> str:
    return "fr_FR" if language_tag() == "fr" else "en_GB"


def local(value: datetime) -> datetime:
    """Return ``value`` in the zone of the house."""
    return value.astimezone(_zone())


def today(now: datetime) -> date:
    """Return the local day of ``now``."""
    return local(now).date()


def euros(cents: int | None) -> str:
    """Write integer cents as euros: ``1 234,50 €``."""
    if cents is None:
        return "–"
    return format_currency(Decimal(cents) / 100, "EUR", locale=_locale())


def whole_euros(cents: int) -> str:
    """Write integer cents as whole euros, for scales: ``1 200 €``."""
    return format_currency(
        Decimal(cents) / 100, "EUR", format="#,##0 ¤", locale=_locale(), currency_digits=False
    )


def number(value: Decimal | float | None) -> str:
    """Write a number with the separators of the language."""
    return "–" if value is None else format_decimal(value, locale=_locale())


def quantity(milli: int | None, unit: str = "") -> str:
    """Write integer thousandths of ``unit``: ``12,5 kg``."""
    if milli is None:
        return "–"
    text = format_decimal(Decimal(milli) / 1000, locale=_locale(), decimal_quantization=False)
    return f"{text} {unit}".strip()


def hours(minutes: int | None) -> str:
    """Write integer minutes: ``2 h 30``."""
    if minutes is None:
        return "–"
    whole, rest = divmod(minutes, 60)
    if not whole:
        return f"{rest} min"
    return f"{whole} h {rest:02d}" if rest else f"{whole} h"


def day(value: date | datetime | None) -> str:
    """Write a day in full: ``21 novembre 2026``."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = local(value).date()
    return format_date(value, format="d MMMM yyyy", locale=_locale())


def short_day(value: date | datetime | None) -> str:
    """Write a day for a table: ``21/11/2026``."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = local(value).date()
    return format_date(value, format="dd/MM/yyyy", locale=_locale())


def moment(value: datetime | None) -> str:
    """Write an instant: ``21 nov. 2026 à 14:05`` in the zone of the house."""
    if value is None:
        return "–"
    value = local(value)
    return gettext(
        "%(day)s at %(time)s",
        day=format_date(value.date(), format="d MMM yyyy", locale=_locale()),
        time=format_time(value.time(), format="HH:mm", locale=_locale()),
    )


def due(value: datetime | date | None, now: datetime | None = None) -> tuple[str, str, str]:
    """Tell how a due date stands: words, colour, icon.

    Returns:
        For example ``("2 days late", "red", "triangle-alert")``; a colour never speaks without its words.
    """
    if value is None:
        return gettext("No due date"), "", "clock"
    now = now or current_app.extensions["now"]()
    last = today(value) if isinstance(value, datetime) else value
    days = (last - today(now)).days
    if isinstance(value, datetime) and value < now and days == 0:
        return (
            gettext("Late since %(time)s", time=format_datetime(local(value), "HH:mm", locale=_locale())),
            "red",
            "triangle-alert",
        )
    if days < 0:
        return ngettext("%(num)d day late", "%(num)d days late", -days), "red", "triangle-alert"
    if days == 0:
        return gettext("Today"), "amber", "clock"
    if days == 1:
        return gettext("Tomorrow"), "blue", "clock"
    if last.year == today(now).year:
        return format_date(last, format="d MMM", locale=_locale()), "", "clock"
    return short_day(last), "", "clock"


def plain_number(value: Decimal) -> str:
    """Write a number for an input field: the comma of the language, no grouping."""
    return format_decimal(value, locale=_locale(), group_separator=False, decimal_quantization=False)
