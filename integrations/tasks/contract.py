"""Steps about contractors: order, and accept their work with its cost.

Comes in: an order and a supplier's code. Goes out: an order assigned to the supplier, a letter to them, later the
cost they charge. It never pays. Next: ``integrations/tasks/costs.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from engine import ids
from engine.store import Call, UnitOfWork
from integrations.tasks import letters
from integrations.tasks.declaration import Field, TaskType
from integrations.tasks.work import ORDER
from registry import money, suppliers, work

_SUPPLIER = Field("supplierCode", "text", "Entreprise", "Contractor")


def order(unit: UnitOfWork, call: Call, *, order_id: str, supplier_code: str) -> Mapping[str, Any]:
    """Give the order to the supplier and write to them."""
    supplier = suppliers.by_code(unit.session, supplier_code)
    given = work.assign(
        unit.session,
        order_id,
        supplier_id=supplier.id,
        at=unit.now,
        by=unit.actor,
        id=ids.derived(call.step_id, "assigned"),
    )
    letters.put(
        unit,
        call,
        [supplier.email],
        f"Commande {given.reference}",
        f"Bonjour,\n\nNous vous confions : {given.title} ({given.reference}).\n"
        "Acceptez ou déclinez depuis votre espace.",
    )
    return {"supplierName": supplier.name}


def accept(
    unit: UnitOfWork,
    call: Call,
    *,
    order_id: str,
    supplier_code: str,
    amount: Decimal,
    document_reference: str,
    day: date,
    report: str,
) -> Mapping[str, Any]:
    """Record what the supplier charges and finish the order."""
    supplier = suppliers.by_code(unit.session, supplier_code)
    cost = work.record_contractor_cost(
        unit.session,
        order_id,
        id=ids.derived(call.step_id, "contractor cost"),
        supplier_id=supplier.id,
        amount_cents=money.cents(amount),
        document_reference=document_reference,
        day=day,
        at=unit.now,
        by=unit.actor,
    )
    finished = ids.derived(call.step_id, "finished")
    work.finish(unit.session, order_id, report=report, at=unit.now, by=unit.actor, id=finished)
    return {"contractorCents": cost.amount_cents}


TYPES = (
    TaskType(
        "contract.order",
        "Commander à une entreprise",
        "Order from a contractor",
        "Attribue l’ordre de travail à l’entreprise et lui écrit.",
        "Gives the work order to the contractor and writes to them.",
        order,
        inputs=(ORDER, _SUPPLIER),
        outputs=(Field("supplierName", "text", "Nom de l’entreprise", "Name of the contractor"),),
    ),
    TaskType(
        "contract.accept",
        "Réceptionner les travaux",
        "Accept the work",
        "Inscrit le coût de l’entreprise et termine l’ordre de travail.",
        "Records the contractor's cost and finishes the work order.",
        accept,
        inputs=(
            ORDER,
            _SUPPLIER,
            Field("amount", "number", "Montant en euros", "Amount in euros"),
            Field("documentReference", "text", "Numéro de facture ou de bon", "Invoice or docket number"),
            Field("day", "date", "Date du document", "Date of the document"),
            Field("report", "text", "Compte rendu", "Report"),
        ),
        outputs=(Field("contractorCents", "integer", "Coût en centimes", "Cost in cents"),),
    ),
)
