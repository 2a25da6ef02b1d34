"""Telling: how the journey looks on a terminal, in French or in English.

Comes in: sentences in both languages, counts, lines. Goes out: text on the standard output, in colour where the
terminal has it. It never decides what is told. Next: ``web/demo/journey.py``.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import click

from web.demo.watch import Written

Language = Literal["fr", "en"]
WIDTH: Final = 100
_ROOT: Final = Path(__file__).resolve().parents[2]
_TIED: Final = re.compile(r"(?<=«) | (?=[»:;?!€])")
_DAYS: Final = {
    "fr": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


@dataclass(slots=True)
class Teller:
    """Whoever tells the journey.

    Attributes:
        language: of everything told; ``zone``: of every hour.
    """

    language: Language
    zone: ZoneInfo
    _chapter: int = 0

    def of(self, fr: str, en: str) -> str:
        """Return the words of the chosen language, with the spaces that French does not break at."""
        return _TIED.sub("\u00a0", fr) if self.language == "fr" else en

    def chapter(self, fr: str, en: str, at: datetime) -> None:
        """Begin a chapter: its number, its title, the instant on the journey's clock."""
        self._chapter += 1
        title, when = f" {self._chapter}. {self.of(fr, en)} ", f" {self.moment(at)} "
        rule = "─" * max(2, WIDTH - 3 - len(title) - len(when))
        click.echo()
        click.echo(
            click.style("━━━", fg="blue")
            + click.style(title, bold=True)
            + click.style(rule + when, fg="blue")
        )

    def say(self, fr: str, en: str) -> None:
        """Tell what happened, in a sentence or two."""
        for line in textwrap.wrap(self.of(fr, en), WIDTH - 3):
            click.echo(f"   {line}")

    def quote(self, text: str) -> None:
        """Show the words of a person."""
        for line in textwrap.wrap(text, WIDTH - 8):
            click.echo(click.style(f"     │ {line}", fg="cyan"))

    def files(self, *functions: Callable[..., Any]) -> None:
        """Name the functions that did it, each with its file and line."""
        self._labelled("code", "code", [place(one) for one in functions])

    def trail(self, lines: Sequence[str]) -> None:
        """Show the elements of the diagrams that the process passed."""
        self._labelled("chemin", "path", lines)

    def lines(self, fr: str, en: str, lines: Iterable[str]) -> None:
        """Show lines as they stand, under a label."""
        self._labelled(fr, en, list(lines))

    def wrote(self, written: Written) -> None:
        """Show what one transaction wrote, counted at the cursor."""
        parts = [f"{table} +{rows}" for table, rows in sorted(written.inserted.items())]
        parts += [f"{table} ~{rows}" for table, rows in sorted(written.changed.items())]
        parts += [f"{table} −{rows}" for table, rows in sorted(written.deleted.items())]
        words = self.of(
            f"1 transaction, {written.statements} instructions SQL",
            f"1 transaction, {written.statements} SQL statements",
        )
        text = f"{words} : " if self.language == "fr" else f"{words}: "
        self._labelled("écrit", "written", textwrap.wrap(text + " · ".join(parts), WIDTH - 14))

    def table(self, rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> None:
        """Show aligned columns; the columns of ``right`` hold figures."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        figures = set(right)
        for row in rows:
            cells = [
                cell.rjust(width) if column in figures else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            click.echo("     " + "  ".join(cells).rstrip())

    def good(self, fr: str, en: str) -> None:
        """Say that something was proved."""
        click.echo("   " + click.style("✓ ", fg="green", bold=True) + self.of(fr, en))

    def bad(self, fr: str, en: str) -> None:
        """Say that something does not hold."""
        click.echo("   " + click.style("✗ ", fg="red", bold=True) + self.of(fr, en))

    def count(self, number: int) -> str:
        """Return a number of things as people write it."""
        return f"{number:,}".replace(",", " ") if self.language == "fr" else f"{number:,}"

    def moment(self, at: datetime) -> str:
        """Return an instant as people of the town write it."""
        local = at.astimezone(self.zone)
        return f"{_DAYS[self.language][local.weekday()]} {local:%d/%m/%Y %H:%M}"

    def euros(self, cents: int) -> str:
        """Return an amount as people write it."""
        text = f"{cents / 100:,.2f} €"
        return text.replace(",", " ").replace(".", ",") if self.language == "fr" else text

    def _labelled(self, fr: str, en: str, lines: Sequence[str]) -> None:
        label = self.of(fr, en)
        for number, line in enumerate(lines):
            shown = label.ljust(10) if number == 0 else " " * 10
            text = line if len(line) <= WIDTH - 14 else line[: WIDTH - 15] + "…"
            click.echo("   " + click.style(shown, dim=True) + text)


def place(function: Callable[..., Any]) -> str:
    """Return where a function stands: ``registry/requests.py:89 register``."""
    plain = inspect.unwrap(function)
    file = Path(inspect.getsourcefile(plain) or "").resolve()
    line = inspect.getsourcelines(plain)[1]
    shown = file.relative_to(_ROOT) if file.is_relative_to(_ROOT) else file
    return f"{shown.as_posix()}:{line}  {plain.__name__}"
