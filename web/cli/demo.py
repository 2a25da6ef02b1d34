"""The command ``guichet demo``: a town that has lived eight months, and the journey of one more request.

Comes in: options. Goes out: a database in the data folder, the journey on the terminal, the accounts that may sign
in. It never touches a database that holds another town. Next: ``web/demo/journey.py``.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import click

from engine import store
from web import migrations, settings
from web.database import open_house
from web.demo import facts, journey, roll, town
from web.demo.telling import Language, Teller

_HOME = Path("var") / "demo"


@click.command("demo")
@click.option(
    "--scale",
    type=click.Choice(list(town.SCALES)),
    default="seed",
    show_default=True,
    help="seed: 600 closed orders in eight months; full: 15,000 in a year.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Last day the town has lived; by default the last working day. The same day gives the same town.",
)
@click.option("--journey-only", is_flag=True, help="Tell the journey; the town must be there.")
@click.option("--no-journey", is_flag=True, help="Found the town and tell nothing.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Language.")
def demo(*, scale: str, until: datetime | None, journey_only: bool, no_journey: bool, lang: Language) -> None:
    """Found the demo town where it is absent, then tell the journey of one new request.

    The town lives in var/demo, unless GUICHET_HOME or GUICHET_DATABASE names another place. Exit code 1 when an
    invariant does not hold at the end.
    """
    chosen = settings.read()
    if "environment" not in (chosen.origins["home"], chosen.origins["database"]):
        chosen = replace(chosen, home=_HOME)
    house = open_house(chosen)
    teller = Teller(lang, chosen.zone)
    migrations.upgrade(house.database)
    state = town.state(house)
    if state in ("another", "half"):
        raise click.ClickException(_refusal(state, chosen, teller))
    if state == "none" and journey_only:
        raise click.ClickException(
            teller.of(
                "La ville de démonstration manque. Lancez : guichet demo",
                "There is no demo town. Run: guichet demo",
            )
        )
    if state == "none":
        last = until.date() if until is not None else town.last_day(house.clock.now(), teller.zone)
        _build(house, town.SCALES[scale], last, teller)
    proved = no_journey or journey.tell(house, teller)
    _say_accounts(house, teller, chosen)
    if not proved:
        sys.exit(1)


def _refusal(state: str, chosen: settings.Settings, teller: Teller) -> str:
    where = chosen.database or chosen.home / "guichet.db"
    if state == "half":
        return teller.of(
            f"La ville de démonstration de {where} est restée inachevée. Effacez cette base et recommencez.",
            f"The demo town in {where} was left half built. Delete this database and begin again.",
        )
    return teller.of(
        f"La base {where} contient une autre ville : la démonstration n’y touche pas. Donnez un autre GUICHET_HOME.",
        f"The database {where} holds another town: the demo does not touch it. Name another GUICHET_HOME.",
    )


def _build(house: store.Engine, scale: town.Scale, last: date, teller: Teller) -> None:
    teller.say(
        f"La ville de démonstration se construit : {scale.orders} ordres clos en {scale.days} jours, chaque geste par "
        "le vrai moteur. Une seule fois ; moins d’une minute à l’échelle « seed ».",
        f"The demo town is being built: {scale.orders} closed orders in {scale.days} days, each action by the real "
        "engine. Only once; less than a minute at scale “seed”.",
    )
    label = teller.of("   la ville vit", "   the town lives")
    with click.progressbar(length=scale.days, label=label, show_pos=False, item_show_func=str) as bar:
        lived = 0

        def tell(today: date) -> None:
            nonlocal lived
            days = max(0, scale.days - (last - today).days)
            bar.update(days - lived, today.strftime("%d/%m/%Y"))
            lived = days

        town.build(house, scale, last, tell)
        bar.update(scale.days - lived)


def _say_accounts(house: store.Engine, teller: Teller, chosen: settings.Settings) -> None:
    with house.read() as reading:
        accounts = roll.accounts(reading)
    click.echo()
    teller.say(
        f"Comptes de démonstration, mot de passe « {facts.read('town')['password']} » :",
        f"Demo accounts, password “{facts.read('town')['password']}”:",
    )
    teller.table([(one.email, one.name, one.about[teller.language]) for one in accounts])
    click.echo()
    place = "" if "environment" in chosen.origins.values() else f"GUICHET_HOME={chosen.home} "
    teller.say(
        f"Ensuite : {place}guichet serve, puis {chosen.base_url}.",
        f"Next: {place}guichet serve, then {chosen.base_url}.",
    )


COMMANDS: list[click.Command] = [demo]
