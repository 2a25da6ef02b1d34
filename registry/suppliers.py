"""Suppliers: the firms that work for the town.

Comes in: a session, the facts, who and when. Goes out: rows of ``supplier`` and their changes. It never pays;
it keeps who changed the bank details, so that the same person cannot. Next: ``registry/requests.py``.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import changes, ids, rows, rules, search
from registry.errors import Missing
from registry.tables.suppliers import Supplier

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_VAT = re.compile(r"[A-Z]{2}[A-Z0-9]{2,13}")


class SupplierChanges(TypedDict, total=False):
    """What may change on a supplier."""

    name: str
    vat_number: str | None
    email: str | None
    iban: str | None
    active: bool


def create(
    session: Session,
    *,
    code: str,
    name: str,
    vat_number: str | None = None,
    email: str | None = None,
    iban: str | None = None,
    at: datetime,
    by: str,
) -> Supplier:
    """Create a supplier.

    Raises:
        Taken: the code or the VAT number is in use.
        Unfit: a value has not the form it needs.
    """
    rules.free(session, Supplier.code, code, "a supplier")
    number, account = _vat(vat_number), _iban(iban)
    if number is not None:
        rules.free(session, Supplier.vat_number, number, "a supplier")
    supplier = Supplier(
        id=ids.new(at),
        code=rules.text(code, "code", limit=40),
        name=rules.text(name, "name"),
        vat_number=number,
        email=rules.email(email),
        iban=account,
        iban_changed_at=at if account else None,
        iban_changed_by=by if account else None,
        active=True,
        created_at=at,
        created_by=by,
        changed_at=at,
        changed_by=by,
    )
    session.add(supplier)
    session.flush()
    search.index(session, "supplier", supplier.id, supplier.code, supplier.name)
    return supplier


def get(session: Session, supplier_id: str) -> Supplier:
    """Return the supplier with that id, or raise Missing."""
    return rows.get(session, Supplier, supplier_id, "supplier")


def by_code(session: Session, code: str) -> Supplier:
    """Return the supplier with that code, or raise Missing."""
    supplier = session.scalar(sa.select(Supplier).where(Supplier.code == code))
    if supplier is None:
        raise Missing(
            f"Expected a supplier with code {code}, but there is none.", noun="supplier", value=code
        )
    return supplier


def update(
    session: Session,
    supplier_id: str,
    *,
    reason: str,
    at: datetime,
    by: str,
    **values: Unpack[SupplierChanges],
) -> Supplier:
    """Change a supplier; the log says which fields, never the bank details themselves.

    Raises:
        Missing: there is no such supplier.
        Taken: the VAT number is in use.
        Unfit: a value has not the form it needs.
    """
    supplier = rows.locked(session, Supplier, supplier_id, "supplier")
    wanted = dict(values)
    if "name" in values:
        wanted["name"] = rules.text(values["name"], "name")
    if "email" in values:
        wanted["email"] = rules.email(values["email"])
    if "vat_number" in values:
        wanted["vat_number"] = number = _vat(values["vat_number"])
        if number is not None and number != supplier.vat_number:
            rules.free(session, Supplier.vat_number, number, "a supplier")
    if "iban" in values:
        wanted["iban"] = _iban(values["iban"])
    if wanted.get("iban", supplier.iban) != supplier.iban:
        supplier.iban_changed_at, supplier.iban_changed_by = at, by
    for name, value in wanted.items():
        setattr(supplier, name, value)
    if "name" in wanted:
        search.replace(session, "supplier", supplier.id, supplier.code, supplier.name)
    supplier.changed_at, supplier.changed_by = at, by
    changes.write(
        session,
        "supplier",
        supplier.id,
        kind="changed",
        text=reason,
        facts={"fields": sorted(values)},
        at=at,
        by=by,
    )
    return supplier


def _vat(value: str | None) -> str | None:
    tidy = re.sub(r"[\s.]", "", value or "").upper()
    if tidy and not _VAT.fullmatch(tidy):
        raise rules.Unfit(
            f"Expected a VAT number like FR12345678901 or BE0123456789, but found {tidy}.",
            field="vat_number",
            found=tidy,
        )
    return tidy or None


def _iban(value: str | None) -> str | None:
    """Return an IBAN without spaces; its check digits must make the rest 1 modulo 97 (ISO 13616)."""
    tidy = re.sub(r"\s", "", value or "").upper()
    if not tidy:
        return None
    turned = tidy[4:] + tidy[:4]
    if not _IBAN.fullmatch(tidy) or int("".join(str(int(mark, 36)) for mark in turned)) % 97 != 1:
        raise rules.Unfit("Expected an IBAN whose check digits are right, but they are not.", field="iban")
    return tidy
