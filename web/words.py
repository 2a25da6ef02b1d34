"""The words for refusals: what a person reads when the floors below say no.

Comes in: the stable code of an error, followed by the state it met where that matters. Goes out: one sentence to
translate. It never shows a fact of the error: those stand in its own English sentence, which programs and logs keep.
Next: ``web/errors.py``.
"""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext as _

SENTENCES: Final[dict[str, Any]] = {
    "refused": _("This cannot be done as it was asked."),
    "busy": _("Another action on this file is under way."),
    "stale": _("This changed while you had it open. Nothing you entered was saved."),
    "task_taken": _("Somebody else has taken this task."),
    "not_waiting": _("This step is already done, or no longer waits."),
    "not_waiting.cancelling": _("The process has been cancelled; a check of its tasks has yet to answer."),
    "undecided": _("An earlier change of this task still waits for its check."),
    "denied": _("A check of this task does not allow it."),
    "not_waiting.suspended": _("The process is suspended: nothing moves it until it is resumed."),
    "not_waiting.active": _("The process is not suspended: it goes on already."),
    "variables_too_large": _("The case would hold more text than it may. Shorten what you entered."),
    "key_taken": _("There is already a process for this."),
    "wrong_state": _("The file has moved on: this is no longer possible where it stands now."),
    "missing": _("There is nothing under this name or number."),
    "taken": _("This name or code is already used."),
    "unfit": _("A value has not the form it needs."),
    "unfit_fields": _("Some values have not the form they need."),
    "cycle": _("This would become a part of itself."),
    "calendar_never_open": _("The working calendar has too few open hours to fix a date."),
    "different_facts": _("The same command came twice with different contents; the first one counts."),
    "stock_not_enough": _("The store has less than that available."),
    "stock_held_below": _("Work orders hold more than that: release reservations first."),
    "stock_wrong_cost": _(
        "Either the cost of one unit or that of the whole receipt is expected, zero or more."
    ),
    "quantity_too_fine": _("A quantity with at most three decimals is expected."),
    "stock_wrong_quantity": _("A quantity above zero is expected."),
    "reservation_answered": _("This reservation was already used or released."),
    "proposal_answered": _("Somebody has already decided on this proposal."),
    "not_accountant": _("Only an accountant of this entity decides on its postings."),
    "own_work": _("You had a hand in this work: somebody else must accept its postings."),
    "posting_source_settled": _("One of these costs is already posted."),
    "posting_reversal_stays": _("A reversal cannot be reversed."),
    "period_closed": _("The accounting period of this day is closed."),
    "period_still_pending": _("Proposals of this month still wait for a decision."),
    "account_unknown": _("The chart of accounts has no such account."),
    "settlement_no_rule": _("No settlement rule says where this cost belongs."),
    "settlement_undecided_rule": _("Two settlement rules claim this cost; one must be given priority."),
    "settlement_labour_layer": _(
        "Payroll has posted this labour already: a rule may settle it on the analytic layer only."
    ),
    "money_no_weight": _("This total cannot be split: nothing carries a part of it."),
    "export_wrong_span": _("The first day must not follow the last, and a FEC holds one fiscal year."),
    "export_unknown_format": _("There is no such format."),
    "export_accounts_collide": _("Two accounts of the chart would have the same name in this format."),
    "export_unusable_profile": _("The profile of this export cannot be used."),
}
