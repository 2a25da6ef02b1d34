"""Hands: what the people of the demo town answer in each form, who answers, and how long they take.

Comes in: a case and the element that waits. Goes out: a person, an instant, the answers of the form. It never
completes a task itself: ``web/demo/life.py`` does. Next: ``web/demo/life.py``.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from registry import stock
from web.demo import facts, hours
from web.demo.calls import Call
from web.demo.roll import Roll

# Element → working minutes until somebody answers: shortest, longest; then the same when everybody hurries.
_PATIENCE: Final[dict[str, tuple[int, int, int, int]]] = {
    "qualify": (20, 240, 10, 90),
    "plan": (60, 900, 30, 150),
    "solve_shortage": (30, 300, 20, 90),
    "choose": (60, 600, 20, 90),
    "answer_order": (60, 480, 20, 120),
    "report_done": (500, 4000, 60, 240),
    "accept_work": (60, 900, 20, 120),
    "review": (100, 1200, 20, 120),
    "correct_imputation": (60, 600, 30, 120),
    "correct_costs": (60, 600, 30, 120),
    "settle_dispute": (200, 1500, 30, 120),
}
_DELAYS: Final = {1: 4, 2: 8, 3: 24, 4: 80}
"""Priority → working hours."""
_REVIEWED_EUROS: Final = 320
"""Above the threshold under which the process accepts by rule, so that the accountant sees it."""
_LATE: Final = 0.08
"""How often work takes until the next day, so that the team is reminded."""
_LONG_DAY: Final = 600
_RETURNS: Final = {"correct_imputation": "imputation", "correct_costs": "costs", "settle_dispute": "dispute"}


@dataclass(slots=True)
class Case:
    """One call while it lives: what was decided about it so far."""

    call: Call
    request_id: str
    chance: random.Random
    seen: Counter[str] = field(default_factory=Counter)
    duplicate_of: str | None = None
    supplier: str | None = None
    agent: str | None = None
    planned_end: datetime | None = None
    minutes: int = 0
    wanted: dict[str, Any] | None = None
    voiced: bool = False


@dataclass(slots=True)
class Hands:
    """The people at work.

    Attributes:
        logged: minutes each person has logged by day; days gone by are forgotten.
    """

    roll: Roll
    logged: dict[date, Counter[str]] = field(default_factory=dict)

    def who(self, case: Case, element: str) -> str:
        """Return the person who answers."""
        team = case.call.nature.team
        if element == "do_work" and case.agent is not None:
            return case.agent
        if element in ("answer_order", "report_done"):
            assert case.supplier is not None
            return self.roll.firms[case.supplier]
        if element in ("plan", "choose", "accept_work", "correct_costs", "do_work"):
            return self.roll.leaders[team]
        office = {
            "qualify": "operator2" if case.call.number % 3 == 0 else "operator",
            "solve_shortage": "storekeeper2" if team == "GARAGE" else "storekeeper",
            "settle_dispute": "manager",
        }
        return self.roll.office[office.get(element, "accountant2" if team == "GARAGE" else "accountant")]

    def when(self, case: Case, element: str, local: datetime) -> datetime:
        """Return the local instant at which the person answers."""
        if element == "do_work" and case.planned_end is not None:
            if case.chance.random() < _LATE and not case.call.hurried:
                return hours.after(case.planned_end, days=1)
            early = timedelta(minutes=case.chance.randint(5, 15))
            return max(local, case.planned_end - early)
        shortest, longest, hurried, hurried_longest = _PATIENCE[element]
        if case.call.hurried:
            shortest, longest = hurried, hurried_longest
        return hours.after(local, minutes=case.chance.randint(shortest, longest))

    def answers(self, session: Session, case: Case, element: str, local: datetime) -> dict[str, Any]:
        """Return the answers of the form, as the checked form would give them."""
        case.seen[element] += 1
        match element:
            case "qualify":
                return self._qualify(session, case)
            case "plan":
                return self._plan(case, local)
            case "do_work":
                return self._work(session, case, local.date())
            case "solve_shortage":
                return {"answer": "order"}
            case "choose" | "answer_order" | "report_done" | "accept_work":
                return self._contractor(case, element, local.date())
            case _:
                return _accounts(case, element)

    def _qualify(self, session: Session, case: Case) -> dict[str, Any]:
        call = case.call
        if call.fate == "refused" or (call.fate == "duplicate" and case.duplicate_of is None):
            return {
                "decision": "refuse",
                "refusalReason": "Ce bien n’appartient pas à la ville ; adressez-vous à son propriétaire.",
            }
        if case.duplicate_of is not None:
            return {"decision": "duplicate", "duplicateOf": case.duplicate_of}
        priority = case.chance.choice((2, 3, 3, 4))
        if call.nature.contractor and case.chance.random() < 0.6 and call.stop != "choose":
            case.supplier = case.chance.choice(self._firms(case))
        return {
            "decision": "accept",
            "natureCode": call.nature.code,
            "assetId": call.thing.id,
            "team": call.nature.team,
            "priority": Decimal(priority),
            "workMode": "contractor" if call.nature.contractor else "in_house",
            "delayHours": Decimal(_DELAYS[priority]),
            "supplierCode": case.supplier,
            "materials": self._materials(session, case),
        }

    def _materials(self, session: Session, case: Case) -> list[dict[str, Any]]:
        families = [one for one in case.call.nature.articles if one in self.roll.items]
        if not families or case.call.nature.contractor:
            return []
        scarce = case.call.fate == "shortage" and case.seen["qualify"] == 1
        if not scarce and case.chance.random() < 0.4:
            return []
        line = self._part(case, case.chance.choice(families))
        if scarce:
            available = stock.available(session, *self._place(line)) // 1000
            line["quantity"] = Decimal(available + case.chance.randint(1, 3))
        case.wanted = line
        return [dict(line)]

    def _part(self, case: Case, family: str) -> dict[str, Any]:
        bulk = family in ("ENR", "SEL")
        return {
            "itemCode": case.chance.choice(self.roll.items[family]),
            "storeCode": self.roll.stores[family],
            "quantity": Decimal(case.chance.randint(20, 80) if bulk else case.chance.randint(1, 3)),
        }

    def _place(self, line: dict[str, Any]) -> tuple[str, str]:
        return self.roll.ids[line["itemCode"]], self.roll.ids[line["storeCode"]]

    def _plan(self, case: Case, local: datetime) -> dict[str, Any]:
        shortest, longest = case.call.nature.minutes
        case.minutes = 15 * round(case.chance.randint(shortest, longest) / 15)
        days = 0 if case.call.hurried else case.chance.choice((0, 0, 1, 1, 2, 3, 5))
        begins = hours.after(local, days=days, minutes=case.chance.randint(10, 120))
        ends = begins + timedelta(minutes=case.minutes)
        busy = self.logged.setdefault(begins.date(), Counter())
        agents = self.roll.agents[case.call.nature.team]
        case.agent = min(agents, key=lambda person: (busy[person], agents.index(person)))
        case.planned_end = ends
        return {
            "personId": case.agent,
            "plannedStart": f"{begins:%Y-%m-%dT%H:%M}",
            "plannedEnd": f"{ends:%Y-%m-%dT%H:%M}",
        }

    def _work(self, session: Session, case: Case, day: date) -> dict[str, Any]:
        for past in [one for one in self.logged if one < day - timedelta(days=7)]:
            del self.logged[past]
        busy = self.logged.setdefault(day, Counter())
        workers = [case.agent or self.roll.leaders[case.call.nature.team]]
        if case.minutes >= 120 and case.chance.random() < 0.35:
            workers.append(next(one for one in self.roll.agents[case.call.nature.team] if one != workers[0]))
        labour = []
        for person in workers:
            minutes = min(case.minutes, max(15, _LONG_DAY - busy[person]))
            busy[person] += minutes
            labour.append({"personId": person, "hours": Decimal(minutes) / 60})
        return {
            "report": case.call.report,
            "labour": labour,
            "parts": self._parts(session, case),
            "photos": [],
            "finished": True,
        }

    def _parts(self, session: Session, case: Case) -> list[dict[str, Any]]:
        if case.wanted is not None:
            used = dict(case.wanted)
            if case.call.fate == "shortage" or (used["quantity"] > 1 and case.chance.random() < 0.3):
                used["quantity"] = Decimal(1)
            case.wanted = None
            return [used]
        families = case.call.nature.articles
        if not families or case.chance.random() < 0.45:
            return []
        line = self._part(case, case.chance.choice(families))
        enough = stock.available(session, *self._place(line)) >= line["quantity"] * 1000
        return [line] if enough else []

    def _firms(self, case: Case) -> list[str]:
        known = facts.read("town")["suppliers"]
        fitting = [one["code"] for one in known if case.call.nature.code in one["natures"]]
        return [code for code in fitting if code != case.supplier]

    def _contractor(self, case: Case, element: str, today: date) -> dict[str, Any]:
        call = case.call
        if element == "choose":
            case.supplier = case.chance.choice(self._firms(case))
            return {"supplierCode": case.supplier}
        if element == "answer_order":
            if call.fate == "declined" and case.seen[element] == 1:
                return {"accepted": False, "declineReason": "Toutes nos équipes sont prises ce mois-ci."}
            return {"accepted": True, "promisedDay": (today + timedelta(days=5)).isoformat()}
        if element == "accept_work":
            if call.fate == "rework" and case.seen[element] == 1:
                return {"conform": False, "remarks": "Le chantier n’a pas été nettoyé."}
            return {"conform": True}
        smallest, largest = call.nature.euros
        if call.fate == "disputed" or call.stop == "review":
            smallest = max(smallest, _REVIEWED_EUROS)
        return {
            "report": call.report,
            "amount": Decimal(case.chance.randint(smallest * 20, largest * 20)) / 20,
            "documentReference": f"F-{today:%y%m}-{call.number:05d}-{case.seen[element]}",
            "workDay": today.isoformat(),
            "photos": [],
        }


def _accounts(case: Case, element: str) -> dict[str, Any]:
    if element == "review":
        if case.call.fate != "disputed" or case.seen["review"] > 1:
            return {"verdict": "accept"}
        return {
            "verdict": "reject",
            "rejectionCode": "AMOUNT",
            "rejectionText": "Le montant ne correspond pas au bon de commande.",
            "returnTo": _RETURNS.get(case.call.stop or "", case.chance.choice(list(_RETURNS.values()))),
        }
    correction = {"correction": "Vérifié avec l’entreprise : le montant est juste."}
    return correction | ({"resolution": "resume"} if element == "settle_dispute" else {})
