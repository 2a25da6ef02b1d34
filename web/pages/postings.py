"""Accounting: proposals to decide, postings, exports.

Comes in: filters, decisions of the accountant. Goes out: pages, files for accounting systems. It never changes a
posting: it can only be reversed. Next: ``registry/settlement.py``.
"""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user

from integrations import accounting
from integrations.tasks.costs import RULE
from registry import entities, queries, settlement, work
from registry import postings as books
from registry.errors import Refused
from registry.tables.accounting import Layer, RejectCode
from web import cases, duties, lists
from web.database import begin, read
from web.errors import sentence_of
from web.i18n import euros, language_tag, localized, moment, short_day
from web.i18n import gettext as _
from web.parts import state
from web.security import can, needs, require

pages = Blueprint("postings", __name__, url_prefix="/postings")

STATUSES = ("pending", "accepted", "rejected")


@pages.get("/")
@needs("posting.read")
def index() -> Any:
    """Show the proposals; those to decide unless the address asks for others."""
    chosen = lists.wanted("status", "entity")
    if not chosen.status:
        chosen = chosen._replace(filters={**chosen.filters, "status": STATUSES[0]})
    with read() as reading:
        page = queries.proposals_page(
            reading.session,
            entity_ids=lists.visible(reading.session, "posting.read", chosen.entity),
            status=(chosen.status,) if chosen.status in STATUSES else (),
            text=chosen.text,
            page=chosen.page,
            sort=chosen.sort,
        )
        return render_template(
            "proposals.html",
            **_frame(reading.session, "proposals"),
            page=page,
            chosen=chosen,
            statuses=_words("proposal", STATUSES),
        )


@pages.get("/posted")
@needs("posting.read")
def posted() -> Any:
    """Show the postings."""
    chosen = lists.wanted("entity", "layer", "year")
    with read() as reading:
        page = queries.postings_page(
            reading.session,
            entity_ids=lists.visible(reading.session, "posting.read", chosen.entity),
            layer=chosen.layer or None,
            fiscal_year=int(chosen.year) if chosen.year.isdecimal() and len(chosen.year) == 4 else None,
            text=chosen.text,
            page=chosen.page,
            sort=chosen.sort,
        )
        years = [(str(year), str(year)) for year in range(reading.now.year, reading.now.year - 6, -1)]
        return render_template(
            "posted.html",
            **_frame(reading.session, "postings"),
            page=page,
            chosen=chosen,
            layers=_words("layer", get_args(Layer)),
            years=years,
        )


@pages.get("/proposals/<proposal_id>")
@needs("posting.read")
def proposal(proposal_id: str, errors: Any = (), status: int = 200) -> Any:
    """Show one proposal with the rules that made its lines."""
    with read() as reading:
        sheet = queries.proposal_sheet(reading.session, proposal_id)
        require("posting.read", sheet.row.entity_id)
        found = settlement.get(reading.session, proposal_id)
        found_case = work.get(reading.session, found.order_id).request_id
        page = render_template(
            "proposal.html",
            proposal=sheet.row,
            lines=sheet.lines,
            sources=sheet.sources,
            reasons=settlement.explained(found, language_tag()),
            facts=_proposal_facts(reading.session, sheet.row, found),
            task_url=cases.open_task_url(reading, found_case, duties.REVIEW_FORM),
            may_decide=can(current_user, "posting.decide", sheet.row.entity_id),
            reject_codes=_words("reject", get_args(RejectCode)),
            typed=request.form,
            errors=errors,
        )
    return page, status


@pages.post("/proposals/<proposal_id>/accept")
@needs("posting.decide")
def accept(proposal_id: str) -> Any:
    """Accept a proposal that no process waits for; it becomes a numbered posting."""
    with begin() as unit:
        _require_all(unit.session, proposal_id)
        made = books.accept(unit.session, proposal_id, at=unit.now, by=unit.actor)
        number, posting_id = queries.posting_sheet(unit.session, made.id).row.reference, made.id
    flash(_("Posted under number %(number)s.", number=number))
    return redirect(url_for("postings.show", posting_id=posting_id))


@pages.post("/proposals/<proposal_id>/reject")
@needs("posting.decide")
def reject(proposal_id: str) -> Any:
    """Reject a proposal with a reason; it uses no number."""
    code, text = request.form.get("code", ""), request.form.get("text", "").strip()
    if code not in get_args(RejectCode):
        line = {
            "target": "code",
            "label": _("Reason of the rejection"),
            "message": _("this must be filled in"),
        }
        return proposal(proposal_id, [line], 422)
    with begin() as unit:
        _require_all(unit.session, proposal_id)
        settlement.reject(unit.session, proposal_id, code=code, text=text, at=unit.now, by=unit.actor)
    flash(_("The proposal is rejected."))
    return redirect(url_for("postings.index"))


def _require_all(session: Any, proposal_id: str) -> None:
    """Refuse whoever may not decide in each entity of a re-invoice: both legs are answered together."""
    for leg in settlement.group_of(session, proposal_id):
        require("posting.decide", leg.entity_id)


@pages.get("/posted/<posting_id>")
@needs("posting.read")
def show(posting_id: str) -> Any:
    """Show one posting."""
    with read() as reading:
        sheet = queries.posting_sheet(reading.session, posting_id)
        require("posting.read", sheet.row.entity_id)
        found = books.get(reading.session, posting_id)
        order = url_for("orders.show", reference=sheet.row.order_reference)
        facts = lists.facts(
            (_("Number"), sheet.row.reference),
            (_("Supporting document"), sheet.row.piece_reference),
            (_("Entity"), sheet.row.entity_name),
            (_("Journal"), sheet.row.journal_code),
            (_("Layer"), state("layer", sheet.row.layer).label),
            (_("Day"), short_day(sheet.row.day)),
            (_("Amount"), euros(sheet.row.total_cents)),
            (_("Work order"), sheet.row.order_reference, order),
            (_("Posted"), moment(found.posted_at)),
            (_("Decided by"), _decider(reading.session, found.posted_by)),
            (_("Why"), found.reason),
        )
        return render_template("posting.html", posting=found, row=sheet.row, lines=sheet.lines, facts=facts)


@pages.get("/export")
@needs("posting.export")
def export_form(typed: dict[str, str] | None = None, errors: Any = (), status: int = 200) -> Any:
    """Ask which postings to export, and for which program."""
    with read() as reading:
        year = reading.now.year
        typed = typed or {"entity": "", "format": "fec", "from": f"{year}-01-01", "to": f"{year}-12-31"}
        formats = [(one.code, one.code.upper(), localized(one)) for one in accounting.FORMATS.values()]
        frame = _frame(reading.session, "export")
        return render_template("export.html", **frame, formats=formats, typed=typed, errors=errors), status


@pages.get("/export/file")
@needs("posting.export")
def export() -> Any:
    """Return the file."""
    typed = {name: request.args.get(name, "") for name in ("entity", "format", "from", "to")}
    try:
        start, end = date.fromisoformat(typed["from"]), date.fromisoformat(typed["to"])
        with read() as reading:
            require("posting.export", entities.by_code(reading.session, typed["entity"]).id)
            made = accounting.export(
                reading.session,
                entity_code=typed["entity"],
                start=start,
                end=end,
                format_code=typed["format"],
            )
    except (ValueError, Refused) as error:
        words = sentence_of(error) or _("a day and an hour that exist are expected")
        return export_form(typed, [{"target": "from", "label": _("Export"), "message": words}], 422)
    headers = {"Content-Disposition": f'attachment; filename="{made.filename}"'}
    return Response(made.content, mimetype=made.media_type, headers=headers)


def _frame(session: Any, here: str) -> dict[str, Any]:
    seen = lists.visible(session, "posting.read")
    pending = queries.proposals_page(session, entity_ids=seen, status=("pending",), size=1).total
    return {"here_is": here, "pending": pending, "entities": lists.entity_choices(session, "posting.read")}


def _words(noun: str, codes: Any) -> list[tuple[str, Any]]:
    return [(code, state(noun, code).label) for code in codes]


def _decider(session: Any, by: str | None) -> str:
    """Return the name of who decided; a rule of the process, or a program, has a name of its own."""
    if by == RULE:
        return _("the process, by its rule for small amounts")
    return queries.names_of(session, {by}).get(by, by) if by else ""


def _proposal_facts(session: Any, row: Any, found: Any) -> list[tuple[str, Any, str]]:
    return lists.facts(
        (_("Entity"), row.entity_name),
        (_("Journal"), row.journal_code),
        (_("Layer"), state("layer", row.layer).label),
        (_("Day"), short_day(row.day)),
        (_("Amount"), euros(row.total_cents)),
        (_("Work order"), row.order_reference, url_for("orders.show", reference=row.order_reference)),
        (_("Decided"), moment(found.answered_at)),
        (_("Decided by"), _decider(session, found.answered_by)),
        (_("Reason of the rejection"), state("reject", found.reject_code).label if found.reject_code else ""),
        (_("What must be corrected"), found.reject_text),
    )
