"""Books: the accounting end of the journey, read back from the rows and from the exported files.

Comes in: a house, the order of the journey. Goes out: costs, explained proposals, numbered postings, the lines of
three file formats, and the proof of every invariant. It never posts. Next: ``registry/checks.py``.
"""

from __future__ import annotations

import textwrap
from datetime import date
from typing import Final

import sqlalchemy as sa

from engine import store
from integrations.accounting import beancount, exports, fec, hledger
from registry import chain, checks, costs, entities, postings, quantity, settlement
from registry.queries.accounting import reference
from registry.queries.ledger import Entry, entries
from registry.tables.accounting import Journal, Posting, PostingLine, ProposalLine
from registry.tables.costs import CostItem
from registry.tables.entities import Entity
from registry.tables.stock import Item
from registry.tables.work import WorkOrder
from web.demo.telling import WIDTH, Teller

_KINDS: Final = {
    "labour": ("main-d’œuvre", "labour"),
    "material": ("pièces", "parts"),
    "contractor": ("entreprise", "contractor"),
}
_LAYERS: Final = {
    "general": ("comptabilité générale", "general accounts"),
    "analytic": ("analytique", "analytic"),
    "budget": ("budgétaire", "budget"),
}


def show_costs(house: store.Engine, teller: Teller, order_id: str) -> None:
    """Show what the order cost and what is proposed, with the rules that say so."""
    with house.read() as reading:
        session = reading.session
        items = costs.of_order(session, order_id)
        names = {one.id: one.name for one in entities.every(session)}
        rows = [(_what(reading, teller, item), teller.euros(item.amount_cents)) for item in items]
        total = sum(item.amount_cents for item in items)
        proposals = [
            (one, settlement.explained(one, teller.language), settlement.lines_of(session, one.id))
            for one in settlement.of_order(session, order_id)
        ]
    teller.chapter("Les coûts deviennent une proposition", "The costs become a proposal", house.clock.now())
    teller.files(costs.gather, settlement.propose)
    teller.say(
        "La clôture a relevé les coûts, chaque source une seule fois, et proposé des écritures :",
        "The closure has gathered the costs, each source once, and proposed postings:",
    )
    teller.table([*rows, (teller.of("total", "total"), teller.euros(total))], right=[1])
    for proposal, sentences, lines in proposals:
        layer = teller.of(*_LAYERS[proposal.layer])
        teller.say(
            f"Proposition chez {names[proposal.entity_id]} ({layer}) : {teller.euros(proposal.total_cents)}",
            f"Proposal for {names[proposal.entity_id]} ({layer}): {teller.euros(proposal.total_cents)}",
        )
        teller.table([_line(teller, line) for line in lines], right=[2, 3])
        teller.lines("pourquoi", "why", sentences)


def _what(reading: store.UnitOfWork, teller: Teller, item: CostItem) -> str:
    words = teller.of(*_KINDS[item.kind])
    if item.kind == "labour":
        hours, minutes = divmod(item.quantity or 0, 60)
        return f"{words}, {hours} h {minutes:02d}"
    if item.item_id is not None:
        used = reading.session.get_one(Item, item.item_id)
        amount = quantity.formatted(item.quantity or 0, used.unit, teller.language)
        return f"{words}, {teller.of(used.name_fr, used.name_en)}, {amount}"
    return words


def _line(teller: Teller, line: ProposalLine) -> tuple[str, str, str, str]:
    axes = ", ".join(f"{axis} {code}" for axis, code in line.axes.items())
    debit = teller.euros(line.debit_cents) if line.debit_cents else ""
    credit = teller.euros(line.credit_cents) if line.credit_cents else ""
    return f"{line.account_code} {line.account_name}", axes, debit, credit


def say_files(teller: Teller) -> None:
    """Name the code that posts."""
    teller.files(postings.accept, chain.link)


def show_postings(house: store.Engine, teller: Teller, order_id: str) -> None:
    """Show the numbers and the hashes that the postings got, and that they stay."""
    with house.read() as reading:
        query = (
            sa.select(Posting, Journal.code, Entity.name)
            .join(Journal, Journal.id == Posting.journal_id)
            .join(Entity, Entity.id == Posting.entity_id)
            .where(Posting.order_id == order_id)
            .order_by(Entity.code, Journal.code, Posting.number)
        )
        rows = [
            (
                reference(code, posting.fiscal_year, posting.number),
                name,
                teller.euros(posting.total_cents),
                f"{posting.previous_hash[:8]} → {posting.hash[:8]}",
            )
            for posting, code, name in reading.session.execute(query)
        ]
    teller.say(
        "Chaque écriture a pris le numéro suivant de son journal, sans trou, et son empreinte SHA-256 contient celle "
        "de la précédente. Un déclencheur de la base refuse qu’elle change :",
        "Each posting has taken the next number of its journal, without a gap, and its SHA-256 hash contains the one "
        "before. A trigger of the database refuses that it change:",
    )
    teller.table(rows, right=[2])


def show_exports(house: store.Engine, teller: Teller, order_id: str) -> None:
    """Show the order's postings as three accounting formats write them, and prove the whole files."""
    teller.chapter(
        "La comptabilité extérieure reçoit", "The accounting system outside receives", house.clock.now()
    )
    with house.read() as reading:
        session = reading.session
        order = session.get_one(WorkOrder, order_id)
        posted = session.scalars(sa.select(Posting).where(Posting.order_id == order_id)).all()
        concerned = {one.entity_id for one in posted}
        year = max(one.fiscal_year for one in posted)
        first, last = date(year, 1, 1), date(year, 12, 31)
        books = [one for one in entities.every(session) if one.id in concerned]
        for entity in books:
            everything = list(
                entries(session, entity_id=entity.id, start=first, end=last, layers=("general", "analytic"))
            )
            own = [entry for entry in everything if entry.order_reference == order.reference]
            _show_formats(teller, entity, own)
        teller.files(fec.render, hledger.render, beancount.render, fec.validate)
        files = [
            exports.export(session, entity_code=one.code, start=first, end=last, format_code="fec")
            for one in books
        ]
    for file in files:
        problems = [one for one in fec.validate(file.content, name=file.filename) if one.level == "error"]
        assert not problems, "an export with an error is refused before it is handed over"
        teller.good(
            f"{file.filename} : {file.entries} écritures, {teller.euros(file.total_cents)} au débit et au crédit, "
            "0 erreur (article A47 A-1 du LPF)",
            f"{file.filename}: {file.entries} postings, {teller.euros(file.total_cents)} debit and credit, "
            "0 errors (article A47 A-1 LPF)",
        )


def _show_formats(teller: Teller, entity: Entity, own: list[Entry]) -> None:
    general = [entry for entry in own if entry.layer == "general"]
    if general:
        heads, *records = (line.split("\t") for line in fec.render(general).decode("iso8859-15").splitlines())
        teller.say(
            f"FEC, {entity.name} : les deux premières de {len(records)} lignes, champs remplis des {len(heads)}",
            f"FEC, {entity.name}: the first two of {len(records)} lines, filled fields of {len(heads)}",
        )
        for record in records[:2]:
            shown = [f"{head} {cell}" for head, cell in zip(heads, record, strict=True) if cell]
            teller.lines("", "", textwrap.wrap(" · ".join(shown), WIDTH - 16, subsequent_indent="  "))
    written = hledger.render(own).decode().splitlines()
    teller.say(f"hledger, {entity.name} :", f"hledger, {entity.name}:")
    teller.lines("", "", [line for line in written if line[:1] in "0123456789 " and line.strip()])


def show_proof(house: store.Engine, teller: Teller) -> bool:
    """Prove every invariant again over all rows of the house; returns whether all hold."""
    teller.chapter("Les comptes sont-ils justes ?", "Are the books right?", house.clock.now())
    teller.files(checks.prove)
    with house.read() as reading:
        proofs = list(checks.prove(reading.session))
        totals = reading.session.execute(
            sa.select(
                Entity.name,
                sa.func.count(sa.distinct(Posting.id)),
                sa.func.sum(PostingLine.debit_cents),
                sa.func.sum(PostingLine.credit_cents),
            )
            .join(Posting, Posting.entity_id == Entity.id)
            .join(PostingLine, PostingLine.posting_id == Posting.id)
            .group_by(Entity.name)
            .order_by(Entity.name)
        ).all()
    heads = teller.of("entité|écritures|débit|crédit|écart", "entity|postings|debit|credit|difference").split(
        "|"
    )
    rows = [
        (name, str(count), teller.euros(debit), teller.euros(credit), teller.euros(debit - credit))
        for name, count, debit, credit in totals
    ]
    teller.table([tuple(heads), *rows], right=[1, 2, 3, 4])
    findings = [finding for proof in proofs for finding in proof.findings]
    looked = sum(proof.rows for proof in proofs)
    for finding in findings[:10]:
        teller.bad(
            f"{finding.subject} : {finding.expected} attendu, {finding.found} trouvé",
            f"{finding.subject}: expected {finding.expected}, found {finding.found}",
        )
    balanced = all(debit == credit for _, _, debit, credit in totals)
    if balanced and not findings:
        teller.good(
            f"Les comptes sont justes : {len(proofs)} invariants prouvés de nouveau sur {teller.count(looked)} lignes, "
            "aucun écart.",
            f"The books balance: {len(proofs)} invariants proved again over {teller.count(looked)} rows, nothing found.",
        )
    return balanced and not findings
