"""Acts: what each person does on the journey of one request, one transaction each, and how it is told.

Comes in: a journey under way. Goes out: the request one step further, and the telling: who, which file, which rule,
which rows. It never completes a task otherwise than the pages do. Next: ``web/demo/books.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from engine import instances, queries, store, tasks, timers
from engine.clock import SettableClock
from engine.tables import Outbox, Timer
from integrations import intake
from registry import natures, people, quantity, requests, reservations, stock, work
from registry import queries as queries_of_registry
from registry.tables.requests import Request
from registry.tables.work import LabourEntry
from web.demo import books, facts
from web.demo.roll import Roll, Thing
from web.demo.telling import Teller
from web.demo.trail import Trail
from web.demo.watch import watched

PORTAL: Final = "system:portal"
_BEGINS: Final = 75
_STATUSES: Final = {
    "registered": ("enregistrée", "registered"),
    "qualified": ("qualifiée", "qualified"),
    "accepted": ("acceptée", "accepted"),
    "in_progress": ("en cours", "in progress"),
    "answered": ("répondue", "answered"),
    "closed": ("close", "closed"),
    "refused": ("refusée", "refused"),
    "duplicate": ("rattachée", "attached"),
    "reopened": ("rouverte", "reopened"),
}


@dataclass(slots=True)
class Journey:
    """What one telling carries along.

    Attributes:
        house: the house on the journey's own clock; ``clock``: that clock; ``begun``: when the journey did.
        story: what is asked and done; ``thing``: for which asset.
    """

    house: store.Engine
    clock: SettableClock
    begun: datetime
    teller: Teller
    known: Roll
    story: Mapping[str, Any]
    thing: Thing
    trail: Trail = field(default_factory=lambda: Trail(""))
    request_id: str = ""
    agent: str = ""

    def act(self, actor: str, deed: Callable[[store.UnitOfWork], Any]) -> Any:
        """Do one thing in one transaction, then show what the process did and what was written."""
        with watched(self.house.database) as written, self.house.begin(actor) as unit:
            result = deed(unit)
        with self.house.read() as reading:
            self.trail.instance_id = self.trail.instance_id or str(
                queries.instance_of(reading, self.request_id, intake.PROCESS)
            )
            self.teller.trail(self.trail.tell(reading, self.teller))
        self.teller.wrote(written)
        return result

    def complete(self, actor: str, element: str, answers: Mapping[str, Any]) -> None:
        """Complete the open task of an element."""

        def deed(unit: store.UnitOfWork) -> None:
            waiting = queries.open_tasks_of(unit, self.trail.instance_id)
            task = next(one for one in waiting if one.element == element)
            tasks.complete(unit, task.id, answers)

        self.act(actor, deed)

    def at(self, moment: datetime) -> datetime:
        """Move the journey's clock forward to an instant, or leave it when that is past."""
        self.clock.set(max(moment, self.clock.now()))
        return self.clock.now()

    def moment(self, minutes: int) -> datetime:
        """Return the instant so many minutes after the beginning, as the town's clocks show it."""
        return (self.begun + timedelta(minutes=minutes)).astimezone(self.teller.zone)


def ask(journey: Journey) -> None:
    """Let the requester ask, from a phone."""
    teller, story = journey.teller, journey.story
    teller.chapter("Une demande arrive", "A request arrives", journey.clock.now())
    fr, en = story["who"]
    teller.say(
        f"{story['requester']}, {fr}, scanne le code QR du bâtiment « {journey.thing.name} » et écrit :",
        f"{story['requester']}, {en}, scans the QR code of the building “{journey.thing.name}” and writes:",
    )
    teller.quote(f"{story['title']}. {story['description']}")

    def deed(unit: store.UnitOfWork) -> Request:
        request = intake.open_request(
            unit,
            entity_id=journey.thing.entity_id,
            asset_id=journey.thing.id,
            title=story["title"],
            description=story["description"],
            channel="qr",
            requester_name=story["requester"],
            requester_email=facts.email(story["requester"]),
            site_occupied=story["occupied"],
        )
        journey.request_id = request.id
        return request

    teller.files(requests.register, intake.open_request, instances.start)
    request = journey.act(PORTAL, deed)
    teller.say(
        f"La demande porte le numéro {request.reference}. Aucune nature n’a été choisie : la décision propose une urgence, "
        "et demande au guichet de vérifier.",
        f"Its number is {request.reference}. No nature was chosen: the decision proposes an urgency, "
        "and asks the window to check.",
    )


def qualify(journey: Journey) -> None:
    """Let the window qualify the request and ask for parts."""
    teller, story = journey.teller, journey.story
    journey.at(journey.moment(19))
    who = _name(journey, journey.known.office["operator"])
    teller.chapter("Le guichet qualifie", "The window qualifies", journey.clock.now())
    with journey.house.read() as reading:
        nature = natures.by_code(reading.session, story["nature"])
        label = (nature.name_fr, nature.name_en)
        items = [(count, stock.item_by_code(reading.session, code)) for code, count in story["parts"]]
    fr = ", ".join(f"{count} × {item.name_fr}" for count, item in items)
    en = ", ".join(f"{count} × {item.name_en}" for count, item in items)
    teller.say(
        f"{who} choisit la nature « {label[0]} », accepte, et demande de réserver : {fr}.",
        f"{who} chooses the nature “{label[1]}”, accepts, and asks to reserve: {en}.",
    )
    teller.files(tasks.complete, work.open_order, reservations.hold)
    journey.complete(
        journey.known.office["operator"],
        "qualify",
        {
            "decision": "accept",
            "natureCode": nature.code,
            "assetId": journey.thing.id,
            "team": nature.team_code,
            "priority": Decimal(story["priority"]),
            "workMode": "in_house",
            "delayHours": Decimal(story["delay_hours"]),
            "supplierCode": None,
            "materials": _materials(journey, story["parts"]),
        },
    )
    with journey.house.read() as reading:
        order = work.of_request(reading.session, journey.request_id)[0]
    teller.lines("stock", "stock", _stock_lines(journey))
    teller.say(
        f"L’ordre {order.reference} est ouvert et ce qui est réservé n’est plus disponible pour personne d’autre.",
        f"The order {order.reference} is open and what is reserved is not available to anybody else.",
    )


def plan(journey: Journey) -> None:
    """Let the team leader give the order to an agent."""
    teller = journey.teller
    team = _team(journey)
    leader = journey.known.leaders[team]
    begins = journey.moment(_BEGINS)
    ends = begins + timedelta(minutes=journey.story["minutes"])
    journey.at(journey.moment(35))
    journey.agent = _least_busy(journey, team)
    teller.chapter("L’équipe planifie", "The team plans", journey.clock.now())
    who, agent = _name(journey, leader), _name(journey, journey.agent)
    teller.say(
        f"{who} confie l’ordre à {agent}, de {begins:%H:%M} à {ends:%H:%M}.",
        f"{who} gives the order to {agent}, from {begins:%H:%M} to {ends:%H:%M}.",
    )
    teller.files(tasks.complete, work.assign, work.plan)
    journey.complete(
        leader,
        "plan",
        {
            "personId": journey.agent,
            "plannedStart": f"{begins:%Y-%m-%dT%H:%M}",
            "plannedEnd": f"{ends:%Y-%m-%dT%H:%M}",
        },
    )


def report(journey: Journey) -> None:
    """Let the agent report hours, parts and what was done."""
    teller, story = journey.teller, journey.story
    journey.at(journey.moment(_BEGINS + story["minutes"] - 5))
    teller.chapter("L’agent travaille et rend compte", "The agent works and reports", journey.clock.now())
    who = _name(journey, journey.agent)
    hours, minutes = divmod(story["minutes"], 60)
    teller.say(
        f"{who} rend compte depuis son téléphone : {hours} h {minutes:02d}, les pièces utilisées, et ces mots :",
        f"{who} reports from a phone: {hours} h {minutes:02d}, the parts used, and these words:",
    )
    teller.quote(story["report"])
    teller.files(work.log_labour, reservations.consume, reservations.release, work.finish)
    journey.complete(
        journey.agent,
        "do_work",
        {
            "report": story["report"],
            "labour": [{"hours": Decimal(story["minutes"]) / 60}],
            "parts": _materials(journey, story["used"]),
            "photos": [],
            "finished": True,
        },
    )
    teller.lines("stock", "stock", _stock_lines(journey))


def review(journey: Journey, order_id: str) -> None:
    """Let the accountant accept the proposals, those of each entity."""
    teller = journey.teller
    journey.at(journey.moment(350))
    accountant = journey.known.office["accountant"]
    teller.chapter(
        "La comptable contrôle et accepte", "The accountant reviews and accepts", journey.clock.now()
    )
    who = _name(journey, accountant)
    teller.say(
        f"Au-dessus de 250 €, une personne contrôle les écritures de chaque entité : {who} lit les propositions, leurs "
        "règles et leurs sources, et accepte.",
        f"Above 250 €, a person reviews the postings of each entity: {who} reads the proposals, their rules and their "
        "sources, and accepts.",
    )
    books.say_files(teller)
    while _waits(journey, "review"):
        journey.complete(accountant, "review", {"verdict": "accept"})
    books.show_postings(journey.house, teller, order_id)


def _waits(journey: Journey, element: str) -> bool:
    with journey.house.read() as reading:
        waiting = queries.open_tasks_of(reading, journey.trail.instance_id)
    return any(task.element == element for task in waiting)


def five_days(journey: Journey) -> None:
    """Show the answer that left, and rehearse what five days without news will do."""
    teller = journey.teller
    with journey.house.read() as reading:
        ((element, due), *_) = queries.due_timers(reading, journey.trail.instance_id)
        letter = _last_letter(reading, journey)
    teller.chapter("La réponse part", "The answer leaves", journey.clock.now())
    teller.say(
        "Dans la même transaction, une lettre a été mise dans la boîte d’envoi (table outbox, clé unique) :",
        "In the same transaction, a letter was put into the outbox (table outbox, unique key):",
    )
    teller.quote(f"{letter['subject']}")
    for line in letter["text"].splitlines():
        teller.quote(line)
    teller.chapter("Cinq jours plus tard (répétition)", "Five days later (rehearsal)", due)
    teller.say(
        f"La minuterie « {journey.trail.name(element, teller)} » attend dans la table timer ; « guichet serve » la fera "
        "échoir, sauf si « pas réparé » arrive avant. Voici ce qui se passera : la transaction est jouée avec cinq jours "
        "d’avance, puis annulée.",
        f"The timer “{journey.trail.name(element, teller)}” waits in the table timer; “guichet serve” will let it fall "
        "due, unless “not fixed” comes before. This is what will happen: the transaction is played five days ahead, "
        "then rolled back.",
    )
    teller.files(timers.fire)
    _rehearse(journey, due)


class _Rehearsed(Exception):
    """Thrown to roll back what was only shown."""


def _rehearse(journey: Journey, due: datetime) -> None:
    """Fire the timer on a clock that is ahead, show what it does, and roll it back."""
    teller, house = journey.teller, journey.house
    ahead = store.Engine(house.database, clock=SettableClock(due), handlers=house.handlers, zone=house.zone)
    with watched(house.database) as written, suppress(_Rehearsed), ahead.begin(timers.ACTOR) as unit:
        timers.fire(unit, *_timer(unit, journey))
        unit.flush()
        statements = written.statements
        path = journey.trail.tell(unit, teller)
        rows = queries_of_registry.request_timeline(unit.session, journey.request_id, public=True)
        raise _Rehearsed
    written.statements = statements  # what was only read to be shown does not count
    teller.trail(path)
    teller.wrote(written)
    teller.lines(
        "suivi",
        "follow-up",
        [_event(teller, row.at, row.status_before, row.status_after, row.text) for row in rows],
    )


def _event(teller: Teller, at: datetime, before: str | None, after: str, text: str) -> str:
    """Return one line of what the requester sees on the follow page."""
    words = teller.of(*_STATUSES[after]) if after != before else ""
    return f"{teller.moment(at)}  {words}" + (f" : {text}" if text else "")


def _timer(unit: store.UnitOfWork, journey: Journey) -> tuple[str, int]:
    first = sa.select(Timer.token).where(Timer.instance_id == journey.trail.instance_id)
    token = unit.connection.scalar(first.order_by(Timer.due_at).limit(1))
    assert token is not None, "the five days are a timer"
    return journey.trail.instance_id, token


def _last_letter(reading: store.UnitOfWork, journey: Journey) -> dict[str, Any]:
    reference = requests.get(reading.session, journey.request_id).reference
    query = sa.select(Outbox.payload).where(Outbox.created_at == journey.clock.now())
    letters = [json.loads(payload) for payload in reading.connection.scalars(query)]
    found: dict[str, Any] = next(one for one in letters if one.get("reference") == reference)
    return found


def _name(journey: Journey, person_id: str) -> str:
    with journey.house.read() as reading:
        return people.get(reading.session, person_id).name


def _team(journey: Journey) -> str:
    with journey.house.read() as reading:
        code = natures.by_code(reading.session, journey.story["nature"]).team_code
    assert code is not None, "each nature of the demo town has its team"
    return code


def _least_busy(journey: Journey, team: str) -> str:
    """Return the agent of the team who has logged least on the journey's day."""
    day = journey.clock.now().astimezone(journey.teller.zone).date()
    agents = journey.known.agents[team]
    with journey.house.read() as reading:
        rows = reading.session.execute(
            sa.select(LabourEntry.person_id, sa.func.sum(LabourEntry.minutes))
            .where(LabourEntry.day == day, LabourEntry.person_id.in_(agents))
            .group_by(LabourEntry.person_id)
        )
        logged = {row[0]: int(row[1]) for row in rows}
    return min(agents, key=lambda person: (logged.get(person, 0), agents.index(person)))


def _materials(journey: Journey, lines: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    return [
        {
            "itemCode": code,
            "storeCode": journey.known.stores[code.partition("-")[0]],
            "quantity": Decimal(count),
        }
        for code, count in lines
    ]


def _stock_lines(journey: Journey) -> list[str]:
    """Return what stands on the shelf of each part, after what was written."""
    teller = journey.teller
    lines = []
    with journey.house.read() as reading:
        for code, _ in journey.story["parts"]:
            item_id, store_id = place_of(journey, code)
            item = stock.item_by_code(reading.session, code)
            hand = stock.on_hand(reading.session, item_id, store_id)
            free = stock.available(reading.session, item_id, store_id)
            figures = [quantity.formatted(one, locale=teller.language) for one in (hand, hand - free, free)]
            lines.append(
                teller.of(
                    f"{item.name_fr} : {figures[0]} en rayon, {figures[1]} réservé, {figures[2]} disponible",
                    f"{item.name_en}: {figures[0]} on hand, {figures[1]} held, {figures[2]} available",
                )
            )
    return lines


def place_of(journey: Journey, code: str) -> tuple[str, str]:
    """Return the ids of an item and of the store that keeps it."""
    return journey.known.ids[code], journey.known.ids[journey.known.stores[code.partition("-")[0]]]
