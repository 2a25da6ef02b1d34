"""The words for refusals: what a person reads when the floors below say no.

Comes in: the stable code of an error. Goes out: one sentence to translate. It never shows a fact of the error: those
stand in its own English sentence, which programs and logs keep. Next: ``web/errors.py``.
"""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext as _

SENTENCES: Final[dict[str, Any]] = {
    "busy": _("Another action on this file is under way."),
    "stale": _("This changed while you had it open. Nothing you entered was saved."),
    "task_taken": _("Somebody else has taken this task."),
    "not_waiting": _("This step is already done, or no longer waits."),
    "wrong_state": _("The file has moved on: this is no longer possible where it stands now."),
    "missing": _("There is nothing under this name or number."),
    "taken": _("This name or code is already used."),
    "unfit": _("A value has not the form it needs."),
    "unfit_fields": _("Some values have not the form they need."),
    "different_facts": _("The same command came twice with different contents; the first one counts."),
    "stock_not_enough": _("The store has less than that available."),
    "stock_held_below": _("Work orders hold more than that: release reservations first."),
    "stock_wrong_quantity": _("A quantity above zero is expected."),
    "reservation_answered": _("This reservation was already used or released."),
    "proposal_answered": _("Somebody has already decided on this proposal."),
    "own_work": _("You had a hand in this work: somebody else must accept its postings."),
    "posting_source_settled": _("One of these costs is already posted."),
    "posting_reversal_stays": _("A reversal cannot be reversed."),
    "period_closed": _("The accounting period of this day is closed."),
    "period_still_pending": _("Proposals of this month still wait for a decision."),
    "account_unknown": _("The chart of accounts has no such account."),
    "settlement_no_rule": _("No settlement rule says where this cost belongs."),
    "settlement_undecided_rule": _("Two settlement rules claim this cost; one must be given priority."),
}
