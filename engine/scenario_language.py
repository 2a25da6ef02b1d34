"""The language of scenarios: which steps and expectations there are, and of what shape their facts must be.

Comes in: one step or expectation as written. Goes out: nothing, or ``Unusable``, which says in both languages what is
not of the language. It never moves or looks at a stage, so that a file can be checked without telling it. Next:
``engine/scenario_steps.py``, ``engine/scenario_expectations.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

from engine import variables
from engine.kernel import FaultKind


class Unusable(Exception):
    """The scenario file is not of the language.

    Attributes:
        texts: why, in English and French.
    """

    def __init__(self, en: str, fr: str) -> None:
        super().__init__(en)
        self.texts = {"en": en, "fr": fr}


STEPS: dict[str, frozenset[str]] = {
    "start": frozenset({"process", "variables", "as", "expect_rejected"}),
    "assign": frozenset({"element", "assignee", "expect_rejected"}),
    "complete": frozenset({"element", "variables", "where", "pick", "type", "expect_rejected"}),
    "complete_all_waiting": frozenset({"variables", "optional"}),
    "deny": frozenset({"element", "reason", "type", "expect_rejected"}),
    "throw_error": frozenset({"element", "code", "variables"}),
    "fail_job": frozenset({"element", "retries", "message"}),
    "set_retries": frozenset({"element", "retries"}),
    "resolve_incident": frozenset({"element"}),
    "set_variables": frozenset({"variables", "instance"}),
    "update": frozenset({"element", "change", "expect_rejected"}),
    "advance_clock": frozenset({"by"}),
    "publish_message": frozenset({"name", "key", "variables", "ttl"}),
    "broadcast_signal": frozenset({"name", "variables"}),
    "cancel_instance": frozenset({"instance"}),
}
"""Each step and its keys; ``scenario_steps.Teller`` has a method of the same name that does it."""
NEEDED: dict[str, frozenset[str]] = {
    "start": frozenset({"process"}),
    "assign": frozenset({"element"}),
    "complete": frozenset({"element"}),
    "deny": frozenset({"element"}),
    "update": frozenset({"element", "change"}),
    "throw_error": frozenset({"element", "code"}),
    "fail_job": frozenset({"element", "retries"}),
    "set_retries": frozenset({"element", "retries"}),
    "resolve_incident": frozenset({"element"}),
    "set_variables": frozenset({"variables"}),
    "advance_clock": frozenset({"by"}),
    "publish_message": frozenset({"name"}),
    "broadcast_signal": frozenset({"name"}),
}
TEXT, OBJECT, NUMBER, YES_OR_NO = (
    (str, "a text"),
    (dict, "an object"),
    (int, "a whole number"),
    (bool, "true or false"),
)
KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "as": TEXT,
    "assignee": TEXT,
    "by": TEXT,
    "change": OBJECT,
    "code": TEXT,
    "element": TEXT,
    "expect_rejected": YES_OR_NO,
    "instance": TEXT,
    "key": ((str, int, Decimal), "a text or a number"),
    "message": TEXT,
    "name": TEXT,
    "optional": YES_OR_NO,
    "pick": NUMBER,
    "process": TEXT,
    "reason": TEXT,
    "retries": NUMBER,
    "ttl": TEXT,
    "type": TEXT,
    "variables": OBJECT,
    "where": OBJECT,
}
"""What the keys of steps must be."""
EXPECTATIONS: dict[str, tuple[type | tuple[type, ...], str] | None] = {
    **dict.fromkeys(
        ("absent", "before", "incidents", "never", "path", "waiting", "waiting_any"), (list, "a list")
    ),
    **dict.fromkeys(("completed", "instances", "task", "task_variables", "variables"), OBJECT),
    **dict.fromkeys(("instance", "process", "status"), TEXT),
    "terminated": ((list, dict), "a list"),
    "note": None,
}
"""The keys of an expectation and what they must be."""
STATUSES = frozenset({"active", "completed", "terminated"})
TASK_FACTS = {
    "assignee": "assignee",
    "candidateGroups": "candidate_groups",
    "candidateUsers": "candidate_users",
    "dueDate": "due_date",
    "followUpDate": "follow_up_date",
    "priority": "priority",
    "formId": "form_id",
}
"""What the language calls the facts of a user task, and the engine."""
CHANGES = {key: fact for key, fact in TASK_FACTS.items() if key not in ("assignee", "formId")}
"""Those that the step ``update`` changes."""
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Whether a duration can be read does not depend on the day."""
IN_FRENCH = {
    "a list": "une liste",
    "a pair of element ids": "un couple d’identifiants d’éléments",
    "a text": "un texte",
    "a text or a number": "un texte ou un nombre",
    "a whole number": "un nombre entier",
    "an object": "un objet",
    "true or false": "vrai ou faux",
}
"""The shapes that scenarios are made of."""


# ---------------------------------------------------------------------- steps


def check_step(action: Any) -> None:
    """Look at one step without doing it.

    Raises:
        Unusable: it is not of the language.
    """
    if not isinstance(action, dict):
        raise Unusable(
            f"expected a step to be an object, but found {action!r}",
            f"une étape devrait être un objet, mais on trouve {action!r}",
        )
    if "expect" in action:
        if set(action) - {"expect", "note"}:
            raise Unusable(
                f"expected “expect” alone, but found {sorted(action)}",
                f"« expect » devrait être seul, mais on trouve {sorted(action)}",
            )
        check_expectation(action["expect"])
        return
    name = action.get("do")
    if not isinstance(name, str) or name not in STEPS:
        known = ", ".join(sorted(STEPS))
        raise Unusable(
            f"there is no step “{name}”; known are {known}",
            f"il n’y a pas d’étape « {name} » ; on connaît {known}",
        )
    unknown = set(action) - STEPS[name] - {"do", "note"}
    if unknown:
        known = ", ".join(sorted(STEPS[name]))
        raise Unusable(
            f"the step “{name}” has no key “{min(unknown)}”; known are {known}",
            f"l’étape « {name} » n’a pas de clé « {min(unknown)} » ; on connaît {known}",
        )
    for key in sorted(NEEDED.get(name, frozenset()) - set(action)):
        raise Unusable(f"the step “{name}” needs “{key}”", f"il manque « {key} » à l’étape « {name} »")
    for key in sorted(set(action) & KINDS.keys()):
        _check_key(name, key, action[key])


def _check_key(step: str, key: str, value: Any) -> None:
    kind, what = KINDS[key]
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        raise Unusable(
            f"the step “{step}” expects {what} as “{key}”, but found {value!r}",
            f"« {key} » de l’étape « {step} » devrait être {IN_FRENCH[what]}, mais on trouve {value!r}",
        )
    if kind is int and value < 0:
        raise Unusable(
            f"the step “{step}” expects “{key}” to be 0 or more, but found {value}",
            f"« {key} » de l’étape « {step} » devrait valoir 0 ou plus, mais on trouve {value}",
        )
    if key in ("by", "ttl"):
        span(value, SOME_DAY)
    elif key == "change":
        task_change(value, "UTC")


def task_change(change: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """Return the facts of a user task that a step changes; dates are ISO 8601 texts or null.

    Raises:
        Unusable: a name is none of ``CHANGES``, or a date is none.
    """
    facts: dict[str, Any] = {}
    for key, value in change.items():
        if key not in CHANGES:
            known = ", ".join(CHANGES)
            raise Unusable(
                f"a task cannot change “{key}”; known are {known}",
                f"une tâche ne peut changer « {key} » ; on connaît {known}",
            )
        facts[CHANGES[key]] = value
        if key.endswith("Date") and value is not None:
            facts[CHANGES[key]] = moment = variables.to_instant(value, zone=zone)
            if moment is None:
                raise Unusable(
                    f"“{key}” is no date and time: {value!r}",
                    f"« {key} » n’est pas une date et heure : {value!r}",
                )
    return facts


def span(text: str, now: datetime) -> timedelta:
    """Return how long a duration is from ``now`` on.

    Raises:
        Unusable: it is no ISO 8601 duration, or leads into the past.
    """
    duration = variables.parse_duration(text)
    try:
        after = None if duration is None else variables.shift(now, duration)
    except (OverflowError, ValueError):  # beyond the year 9999
        after = None
    if after is None or after < now:
        raise Unusable(
            f"“{text}” is no ISO 8601 duration from now on, such as PT2H",
            f"« {text} » n’est pas une durée ISO 8601 à partir de maintenant, comme PT2H",
        )
    return after - now


def numbered(name: str) -> int:
    """Return the number of an instance that is named by its turn, ``#2``; 0 for any other name."""
    digits = name[1:]
    return int(digits) if name[:1] == "#" and digits.isdecimal() and len(digits) <= 9 else 0


# ---------------------------------------------------------------------- expectations


def check_expectation(expected: Any) -> None:
    """Look at an expectation without a stage.

    Raises:
        Unusable: an unknown key, status or shape.
    """
    if not isinstance(expected, dict):
        raise Unusable(
            f"expected an object as “expect”, but found {expected!r}",
            f"« expect » devrait être un objet, mais on trouve {expected!r}",
        )
    for key in sorted(expected):
        if key not in EXPECTATIONS:
            known = ", ".join(sorted(EXPECTATIONS))
            raise Unusable(
                f"there is no expectation “{key}”; known are {known}",
                f"il n’y a pas d’attente « {key} » ; on connaît {known}",
            )
        shape = EXPECTATIONS[key]
        if shape is not None and not isinstance(expected[key], shape[0]):
            raise Unusable(
                f"expected {shape[1]} as “{key}”, but found {expected[key]!r}",
                f"« {key} » devrait être {IN_FRENCH[shape[1]]}, mais on trouve {expected[key]!r}",
            )
    if expected.get("status", "active") not in STATUSES:
        known = ", ".join(sorted(STATUSES))
        raise Unusable(
            f"there is no status “{expected['status']}”; known are {known}",
            f"il n’y a pas d’état « {expected['status']} » ; on connaît {known}",
        )
    for key in ("absent", "never", "path", "terminated", "waiting", "waiting_any"):
        _check_each(key, expected.get(key, ()), _is_text, "a text")
    _check_task(expected)
    pairs = expected.get("before", [])
    if not (len(pairs) == 2 and all(map(_is_text, pairs))):
        _check_each("before", pairs, _is_pair, "a pair of element ids")
    for key in ("completed", "instances", "terminated"):
        value = expected.get(key, {})
        if isinstance(value, dict):
            counts = [count for name, count in value.items() if (key, name) != ("instances", "process")]
            _check_each(key, counts, _is_count, "a whole number")
    _check_instances(expected.get("instances", {"process": ""}))
    for incident in expected.get("incidents", ()):
        _check_incident(incident)


def _check_task(expected: Mapping[str, Any]) -> None:
    for key in ("task", "task_variables"):
        if "element" not in expected.get(key, {"element": ""}):
            raise Unusable(f"“{key}” needs “element”", f"il manque « element » à « {key} »")
    strange = set(expected.get("task", {})) - TASK_FACTS.keys() - {"element"}
    if strange:
        known = ", ".join(TASK_FACTS)
        raise Unusable(
            f"a task has no “{min(strange)}”; known are {known}",
            f"une tâche n’a pas de « {min(strange)} » ; on connaît {known}",
        )
    seen = expected.get("task_variables", {})
    if not isinstance(seen.get("absent", []), list) or not isinstance(seen.get("variables", {}), dict):
        raise Unusable(
            "“task_variables” takes an object as “variables” and a list of names as “absent”",
            "« task_variables » prend un objet comme « variables » et une liste de noms comme « absent »",
        )
    _check_each("absent", seen.get("absent", ()), _is_text, "a text")


def _check_each(key: str, values: Iterable[Any], fits: Callable[[Any], bool], what: str) -> None:
    for value in values:
        if not fits(value):
            raise Unusable(
                f"expected each of “{key}” to be {what}, but found {value!r}",
                f"chacun de « {key} » devrait être {IN_FRENCH[what]}, mais on trouve {value!r}",
            )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_text, value))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _check_incident(value: Any) -> None:
    if not isinstance(value, dict) or not value:
        raise Unusable(
            f"expected each of “incidents” to be an object with element, kind, message: {value!r}",
            f"chacun de « incidents » devrait être un objet avec element, kind, message : {value!r}",
        )
    strange = set(value) - {"element", "kind", "message"}
    if strange:
        raise Unusable(
            f"an incident has no “{min(strange)}”; known are element, kind, message",
            f"un incident n’a pas de « {min(strange)} » ; on connaît element, kind, message",
        )
    kinds = get_args(FaultKind)
    if value.get("kind", kinds[0]) not in kinds:
        raise Unusable(
            f"there is no kind of incident “{value['kind']}”; known are {', '.join(kinds)}",
            f"il n’y a pas d’incident du genre « {value['kind']} » ; on connaît {', '.join(kinds)}",
        )


def _check_instances(value: Mapping[str, Any]) -> None:
    unknown = set(value) - STATUSES - {"process", "total"}
    if unknown or "process" not in value:
        known = ", ".join(sorted(STATUSES))
        raise Unusable(
            f"“instances” takes “process” and {known}, total, but found {sorted(value)}",
            f"« instances » prend « process » et {known}, total, mais on trouve {sorted(value)}",
        )
