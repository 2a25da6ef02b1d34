"""The command ``guichet``: one module a noun, each with its ``COMMANDS``.

Comes in: what somebody typed. Goes out: plain sentences and an exit code: 0 done, 1 refused or failed, 2 not
understood. It never decides anything itself. Next: ``web/cli/house.py``.
"""

from __future__ import annotations

import sys

import click

from engine.errors import EngineError
from registry.errors import RegistryError
from web.bundle import NotBuilt
from web.cli import accounting, decisions, house, imports, processes
from web.settings import SettingsError

MODULES = (house, processes, decisions, imports, accounting)


class Guichet(click.Group):
    """The group that turns the errors of the floors below into a sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a refusal is one red sentence, not a trace."""
        try:
            return super().invoke(ctx)
        except (SettingsError, NotBuilt) as error:
            click.secho(str(error), fg="red", err=True)
            sys.exit(2)
        except (EngineError, RegistryError) as error:
            click.secho(error.message, fg="red", err=True)
            sys.exit(1)


@click.group(cls=Guichet, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="guichet-unique", prog_name="guichet")
def main() -> None:
    """Guichet: the single window of a municipality, from the request to the accounts."""


for module in MODULES:
    for command in module.COMMANDS:
        main.add_command(command)
