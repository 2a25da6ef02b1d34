"""Settlement rules: which accounts take which cost, from which day on.

Comes in: versions of rules, from people or from the shipped defaults. Goes out: the one rule that decides a cost,
with the reasons. It never guesses between two rules and never changes a version. Next:
``registry/settlement.py``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import assets, ids, journal, natures, rows, rules
from registry.errors import Missing, Refused
from registry.tables.accounting import Account, Journal, Layer, RuleKind, SettlementRule
from registry.tables.entities import Entity


class NoRule(Refused):
    """No settlement rule matches a cost."""

    code = "settlement_no_rule"


class UndecidedRule(Refused):
    """Two settlement rules match a cost equally well."""

    code = "settlement_undecided_rule"


class LabourAlreadyPosted(Refused):
    """A rule would post labour outside the analytic layer, where payroll has posted it already."""

    code = "settlement_labour_layer"


@dataclass(frozen=True, slots=True)
class Question:
    """What a rule is asked about one cost."""

    kind: str
    entity_id: str
    day: date
    natures: tuple[str, ...]
    """The order's nature, then its wider natures, the nearest first."""
    asset_class: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """The rule that decides, and the ones it was preferred to."""

    rule: SettlementRule
    passed_over: tuple[SettlementRule, ...]


def create_rule(
    session: Session,
    *,
    code: str,
    version: int,
    valid_from: date,
    valid_until: date | None = None,
    entity_id: str | None = None,
    kind: RuleKind,
    nature_code: str | None = None,
    asset_class: str | None = None,
    debit_account: str,
    credit_account: str,
    journal_code: str,
    layer: Layer,
    priority: int = 0,
    label: str | None = None,
    at: datetime,
    by: str,
) -> SettlementRule:
    """Write a version of a settlement rule; it supersedes the version before it from its first day on.

    Args:
        session: the transaction.
        code: what people call the rule; all its versions share it.
        version: 1, then one more each time.
        valid_from: first day on which it decides; ``valid_until`` is the last, or None.
        entity_id: the entity whose books it writes, or None for every entity.
        kind: labour, material, contractor, reinvoice_out (the provider) or reinvoice_in (the receiver).
        nature_code: only for this nature of work and those below it; ``asset_class`` for assets of a class.
        debit_account: account code that takes the cost (reinvoice_out: the receivable).
        credit_account: account code on the other side.
        journal_code: journal of the entity; ``layer`` is general, analytic or budget.
        priority: decides between rules that name as much; the higher wins.
        label: words for the line; the code when None.
        at: the instant; ``by`` is who.

    Raises:
        Missing: there is no such entity, nature or class.
        LabourAlreadyPosted: a rule of kind labour is not analytic.
        Taken: the version exists.
        Unfit: the version is not the next one, starts before the last one, or ends before it starts.
    """
    _check_layer(code, kind, layer)
    _check_scope(session, entity_id, nature_code, asset_class)
    _check_version(session, code, version, valid_from, valid_until)
    rule = SettlementRule(
        id=ids.derived("settlement rule", code, version),
        code=rules.text(code, "code", limit=80),
        version=version,
        valid_from=valid_from,
        valid_until=valid_until,
        entity_id=entity_id,
        kind=rules.word(kind, "kind", get_args(RuleKind)),
        nature_code=nature_code,
        asset_class=asset_class,
        debit_account=debit_account,
        credit_account=credit_account,
        journal_code=journal_code,
        layer=rules.word(layer, "layer", get_args(Layer)),
        priority=priority,
        label=label or code,
        created_at=at,
        created_by=by,
    )
    session.add(rule)
    session.flush()
    return rule


def install_defaults(
    session: Session, entity_id: str, *, valid_from: date, at: datetime, by: str
) -> list[SettlementRule]:
    """Give an entity the chart, journals and rules shipped for its kind of accounting; what exists stays.

    Reads ``registry/defaults/public.toml`` or ``commercial.toml``, after the entity's ``accounting``.

    Raises:
        Missing: there is no such entity.
    """
    entity = rows.get(session, Entity, entity_id, "entity")
    shipped = defaults(entity.accounting)
    known_accounts = set(session.scalars(sa.select(Account.code).where(Account.entity_id == entity_id)))
    for facts in shipped["accounts"]:
        if facts["code"] not in known_accounts:
            journal.create_account(session, entity_id=entity_id, **facts, at=at, by=by)
    known_journals = set(session.scalars(sa.select(Journal.code).where(Journal.entity_id == entity_id)))
    for facts in shipped["journals"]:
        if facts["code"] not in known_journals:
            journal.create_journal(session, entity_id=entity_id, **facts, at=at, by=by)
    made = []
    for facts in shipped["rules"]:
        code = f"{entity.code}.{facts['kind']}"
        if session.scalar(sa.select(sa.exists().where(SettlementRule.code == code))):
            continue
        made.append(
            create_rule(
                session,
                code=code,
                version=1,
                valid_from=valid_from,
                entity_id=entity_id,
                **facts,
                at=at,
                by=by,
            )
        )
    return made


def defaults(accounting: str) -> dict[str, list[dict[str, Any]]]:
    """Return the shipped accounts, journals and rules for a kind of accounting.

    Raises:
        Missing: nothing is shipped for it.
    """
    file = resources.files("registry") / "defaults" / f"{accounting}.toml"
    if not file.is_file():
        raise Missing(
            f"Expected shipped defaults for {accounting} accounting, but there are none.",
            accounting=accounting,
        )
    return tomllib.loads(file.read_text(encoding="utf-8"))


def of_entities(session: Session, entity_ids: Iterable[str]) -> Sequence[SettlementRule]:
    """Return every version of every rule that may decide for these entities."""
    query = sa.select(SettlementRule).where(
        SettlementRule.entity_id.is_(None) | SettlementRule.entity_id.in_(list(entity_ids))
    )
    return session.scalars(query.order_by(SettlementRule.code, SettlementRule.version)).all()


def choose(candidates: Sequence[SettlementRule], question: Question) -> Match:
    """Return the rule that decides: the one that names the nearest nature, then the class, then the entity.

    When rules name as much, the higher priority decides.

    Raises:
        NoRule: none matches.
        UndecidedRule: the best two match equally.
    """
    found = [rule for rule in _in_force(candidates, question.day) if _fits(rule, question)]
    found.sort(key=lambda rule: (_weight(rule, question), rule.code), reverse=True)
    about = f"{question.kind} on {question.day}"
    if not found:
        raise NoRule(
            f"Expected a settlement rule for {about}, but none matches.",
            kind=question.kind,
            day=question.day,
            entity_id=question.entity_id,
            natures=question.natures,
            asset_class=question.asset_class,
        )
    if len(found) > 1 and _weight(found[0], question) == _weight(found[1], question):
        raise UndecidedRule(
            f"Expected one settlement rule to decide {about}, "
            f"but {found[0].code} and {found[1].code} match equally. Give one a higher priority.",
            rules=[found[0].code, found[1].code],
        )
    return Match(found[0], tuple(found[1:]))


def _in_force(candidates: Sequence[SettlementRule], day: date) -> list[SettlementRule]:
    newest: dict[str, SettlementRule] = {}
    for rule in candidates:
        before = newest.get(rule.code)
        if rule.valid_from <= day and (before is None or rule.version > before.version):
            newest[rule.code] = rule
    return [rule for rule in newest.values() if rule.valid_until is None or day <= rule.valid_until]


def _fits(rule: SettlementRule, question: Question) -> bool:
    return (
        rule.kind == question.kind
        and rule.entity_id in {None, question.entity_id}
        and (rule.nature_code is None or rule.nature_code in question.natures)
        and rule.asset_class in {None, question.asset_class}
    )


def _weight(rule: SettlementRule, question: Question) -> tuple[int, bool, bool, int]:
    nearness = 0
    if rule.nature_code is not None:
        nearness = len(question.natures) - question.natures.index(rule.nature_code)
    return nearness, rule.asset_class is not None, rule.entity_id is not None, rule.priority


def _check_layer(code: str, kind: str, layer: str) -> None:
    if kind == "labour" and layer != "analytic":
        raise LabourAlreadyPosted(
            f"Expected rule {code} to settle labour on the analytic layer, but it names the {layer} layer. "
            "Payroll has posted it there already.",
            rule=code,
            layer=layer,
        )


def _check_scope(
    session: Session, entity_id: str | None, nature_code: str | None, asset_class: str | None
) -> None:
    if entity_id is not None:
        rows.get(session, Entity, entity_id, "entity")
    if nature_code is not None:
        natures.by_code(session, nature_code)
    if asset_class is not None:
        assets.class_by_code(session, asset_class)


def _check_version(
    session: Session, code: str, version: int, valid_from: date, valid_until: date | None
) -> None:
    versions = sa.select(SettlementRule).where(SettlementRule.code == code)
    last = session.scalars(versions.order_by(SettlementRule.version.desc()).limit(1)).one_or_none()
    newest = last.version if last is not None else 0
    if version <= newest:
        raise rules.Taken(
            f"Expected a new version of rule {code}, but version {version} exists.",
            noun="settlement rule",
            field="version",
            value=version,
        )
    if version != newest + 1:
        raise rules.Unfit(
            f"Expected version {newest + 1} of rule {code}, but got {version}.",
            field="version",
            found=version,
        )
    if (last is not None and valid_from < last.valid_from) or (valid_until and valid_until < valid_from):
        raise rules.Unfit(
            f"Expected rule {code} to begin after its last version and before its end, but it begins {valid_from}.",
            field="valid_from",
            found=valid_from,
        )
