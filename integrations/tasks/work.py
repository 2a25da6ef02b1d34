"""Steps about work orders: open, assign and plan, log hours, finish, close.

Comes in: the inputs that a diagram maps. Goes out: changed work orders and labour entries at the rate of their day.
It never touches stock or costs. Next: ``integrations/tasks/stock.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine import ids
from engine.store import Call, UnitOfWork
from integrations.tasks.declaration import Field, TaskType, WrongInput
from registry import calendars, entities, requests, suppliers, work
from registry.tables.requests import Mode

ORDER = Field("orderId", "text", "Ordre de travail", "Work order")
_HOUR = 60


def open_order(
    unit: UnitOfWork,
    call: Call,
    *,
    request_id: str,
    title: str,
    nature_code: str | None,
    asset_id: str | None,
    priority: int,
    delay_hours: int,
    work_mode: Mode,
    team: str,
) -> Mapping[str, Any]:
    """Open the work order of a request, due after the delay in working time, and say that the request is in progress."""
    request = requests.get(unit.session, request_id)
    order = work.open_order(
        unit.session,
        id=ids.derived(call.step_id, "work order"),
        request_id=request_id,
        entity_id=request.entity_id,
        asset_id=asset_id,
        nature_code=nature_code,
        title=title,
        priority=priority,
        due_at=calendars.due(
            unit.session, request.entity_id, unit.now, delay_hours=delay_hours, priority=priority
        ),
        mode=work_mode,
        team_code=team,
        at=unit.now,
        by=unit.actor,
    )
    if request.status == "accepted":
        requests.start(unit.session, request_id, at=unit.now, by=unit.actor)
    assert order.due_at is not None
    return {"orderId": order.id, "orderReference": order.reference, "dueAt": order.due_at.isoformat()}


def assign(
    unit: UnitOfWork,
    call: Call,
    *,
    order_id: str,
    team: str | None,
    person_id: str | None,
    supplier_code: str | None,
    starts_at: datetime | None,
    ends_at: datetime | None,
) -> Mapping[str, Any]:
    """Give the order to a team, a person or a supplier, and write the planned hours.

    Raises:
        WrongInput: only one of the two planned instants is given.
    """
    if (starts_at is None) != (ends_at is None):
        raise WrongInput(
            "Expected work.assign to get both “startsAt” and “endsAt” or neither, but got one.",
            task_type=call.type,
        )
    session = unit.session
    planned: dict[str, str | None] = {"startsAt": None, "endsAt": None}
    supplier = suppliers.by_code(session, supplier_code) if supplier_code is not None else None
    order = work.assign(
        session,
        order_id,
        team_code=team,
        person_id=person_id,
        supplier_id=supplier.id if supplier is not None else None,
        at=unit.now,
        by=unit.actor,
        id=ids.derived(call.step_id, "assigned"),
    )
    if starts_at is not None and ends_at is not None:
        zone = ZoneInfo(entities.get(session, order.entity_id).timezone)
        begins, ends = _aware(starts_at, zone), _aware(ends_at, zone)
        work.plan(
            session,
            order_id,
            starts_at=begins,
            ends_at=ends,
            at=unit.now,
            by=unit.actor,
            id=ids.derived(call.step_id, "planned"),
        )
        planned = {"startsAt": begins.isoformat(), "endsAt": ends.isoformat()}
    return planned


def _aware(given: datetime, zone: ZoneInfo) -> datetime:
    """Return an instant in UTC; a form's date and time without zone is meant in the entity's zone."""
    return (given.replace(tzinfo=zone) if given.tzinfo is None else given).astimezone(UTC)


def log(unit: UnitOfWork, call: Call, *, order_id: str, labour: list[Any]) -> Mapping[str, Any]:
    """Log hours: one entry a line, of whoever completed the task where the line names nobody, today without a day.

    Raises:
        WrongInput: a line is no object with hours.
    """
    session = unit.session
    order = work.get(session, order_id)
    if order.status in ("assigned", "planned"):
        work.begin(session, order_id, at=unit.now, by=unit.actor)
    today = entities.local_day(entities.get(session, order.entity_id), unit.now)
    minutes = cents = 0
    for number, line in enumerate(labour):
        entry = work.log_labour(
            session,
            order_id,
            id=ids.derived(call.step_id, "labour", number),
            person_id=line_value(call, line, "personId", unit.actor),
            minutes=_minutes(call, line),
            day=date.fromisoformat(line_value(call, line, "day", today.isoformat())),
            at=unit.now,
            by=unit.actor,
        )
        minutes += entry.minutes
        cents += entry.amount_cents
    return {"minutes": minutes, "labourCents": cents}


def _minutes(call: Call, line: Any) -> int:
    hours = line_value(call, line, "hours")
    if isinstance(hours, bool) or not isinstance(hours, int | Decimal):
        raise WrongInput(
            f"Expected each line of hours to hold a number, but found {hours!r}.", task_type=call.type
        )
    return int((Decimal(hours) * _HOUR).to_integral_value(ROUND_HALF_UP))


def line_value(call: Call, line: Any, name: str, default: Any = None) -> Any:
    """Return one value of a line of a list, or the default where it is empty.

    Raises:
        WrongInput: the line is no object, or the value is empty and there is no default.
    """
    value = line.get(name) if isinstance(line, Mapping) else None
    value = default if value is None or value == "" else value
    if value is None:
        raise WrongInput(
            f"Expected each line given to {call.type} to hold “{name}”, but one does not: {line!r}.",
            task_type=call.type,
            input=name,
        )
    return value


def finish(unit: UnitOfWork, call: Call, *, order_id: str, report: str) -> Mapping[str, Any]:
    """Write the report of the work done."""
    finished = ids.derived(call.step_id, "finished")
    work.finish(unit.session, order_id, report=report, at=unit.now, by=unit.actor, id=finished)
    return {}


def close(unit: UnitOfWork, call: Call, *, order_id: str) -> Mapping[str, Any]:
    """Close the order: no more hours."""
    closed = ids.derived(call.step_id, "closed")
    work.close(unit.session, order_id, at=unit.now, by=unit.actor, id=closed)
    return {}


TYPES = (
    TaskType(
        "work.open",
        "Ouvrir un ordre de travail",
        "Open a work order",
        "Crée l’ordre de travail d’une demande et calcule son échéance.",
        "Makes the work order of a request and computes when it is due.",
        open_order,
        inputs=(
            Field("requestId", "text", "Demande", "Request"),
            Field("title", "text", "Intitulé", "Title"),
            Field("natureCode", "text", "Nature", "Nature", required=False),
            Field("assetId", "text", "Bien", "Asset", required=False),
            Field("priority", "integer", "Priorité, de 1 à 4", "Priority, 1 to 4"),
            Field("delayHours", "integer", "Délai en heures ouvrées", "Delay in working hours"),
            Field(
                "workMode", "text", "Régie (in_house) ou entreprise (contractor)", "in_house or contractor"
            ),
            Field("team", "text", "Code de l’équipe", "Team code"),
        ),
        outputs=(
            Field("orderId", "text", "Ordre de travail", "Work order"),
            Field("orderReference", "text", "Numéro de l’ordre", "Order number"),
            Field("dueAt", "instant", "Échéance", "Due date"),
        ),
    ),
    TaskType(
        "work.assign",
        "Affecter et planifier",
        "Assign and plan",
        "Donne l’ordre à une équipe, un agent ou une entreprise, et inscrit les heures prévues.",
        "Gives the order to a team, an agent or a contractor, and writes the planned hours.",
        assign,
        inputs=(
            ORDER,
            Field("team", "text", "Code de l’équipe", "Team code", required=False),
            Field("personId", "text", "Agent", "Agent", required=False),
            Field("supplierCode", "text", "Entreprise", "Contractor", required=False),
            Field("startsAt", "instant", "Début prévu", "Planned start", required=False),
            Field("endsAt", "instant", "Fin prévue", "Planned end", required=False),
        ),
        outputs=(
            Field("startsAt", "instant", "Début prévu, en temps universel", "Planned start, in UTC"),
            Field("endsAt", "instant", "Fin prévue, en temps universel", "Planned end, in UTC"),
        ),
    ),
    TaskType(
        "work.log",
        "Inscrire les heures",
        "Log hours",
        "Inscrit les heures, valorisées au taux du jour. Lignes : personId, day, hours.",
        "Logs hours at the rate of their day. Lines: personId, day, hours.",
        log,
        inputs=(ORDER, Field("labour", "list", "Lignes d’heures", "Lines of hours")),
        outputs=(
            Field("minutes", "integer", "Minutes inscrites", "Minutes logged"),
            Field("labourCents", "integer", "Valeur en centimes", "Value in cents"),
        ),
    ),
    TaskType(
        "work.finish",
        "Terminer l’ordre de travail",
        "Finish the work order",
        "Inscrit le compte rendu ; l’ordre peut être imputé.",
        "Writes the report; the order can be settled.",
        finish,
        inputs=(ORDER, Field("report", "text", "Compte rendu", "Report")),
    ),
    TaskType(
        "work.close",
        "Clore l’ordre de travail",
        "Close the work order",
        "Clôt l’ordre : plus d’heures ni de pièces.",
        "Closes the order: no more hours or parts.",
        close,
        inputs=(ORDER,),
    ),
)
