"""The command ``guichet``: one module a noun, each with its ``COMMANDS``, read when its command is typed.

Comes in: what somebody typed. Goes out: plain sentences and an exit code: 0 done, 1 refused or failed, 2 not
understood. It never decides anything itself. Next: ``web/cli/house.py``.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

MODULES: Final = {
    "audit": "accounting",
    "check": "processes",
    "db": "house",
    "decide": "decisions",
    "demo": "demo",
    "deploy": "deployment",
    "import": "imports",
    "letters": "house",
    "person": "house",
    "posting": "accounting",
    "serve": "house",
    "settings": "house",
    "test": "processes",
    "token": "tokens",
    "worker": "house",
}
"""Command → module. Reading only what is asked for makes ``guichet check`` start without the pages."""


class Guichet(click.Group):
    """The group that turns the errors of the floors below into a sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click’s signature
        """Return every command's name."""
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Read the module of a command."""
        if cmd_name not in MODULES:
            return None
        module = importlib.import_module(f"web.cli.{MODULES[cmd_name]}")
        found: click.Command = next(command for command in module.COMMANDS if command.name == cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a refusal is one red sentence, not a trace."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            code = _exit_code(error)
            if code is None:
                raise
            click.secho(str(error), fg="red", err=True)
            sys.exit(code)


def _exit_code(error: Exception) -> int | None:
    """Return 2 for what was not understood, 1 for what was refused, None for what is a mistake of ours."""
    from engine.errors import EngineError  # noqa: PLC0415 - read with the first error, not at every start
    from registry.errors import RegistryError  # noqa: PLC0415
    from web.bundle import NotBuilt  # noqa: PLC0415
    from web.settings import SettingsError  # noqa: PLC0415

    if isinstance(error, (SettingsError, NotBuilt)):
        return 2
    return 1 if isinstance(error, (EngineError, RegistryError)) else None


@click.group(cls=Guichet, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="guichet-unique", prog_name="guichet")
def main() -> None:
    """Guichet: the single window of a municipality, from the request to the accounts."""
