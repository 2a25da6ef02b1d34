"""Submissions are checked on the server against the form-js schema, as form-js itself would."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine import forms
from engine.errors import Failed
from engine.forms import Filling

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def filling(*components: dict[str, Any], locale: str = "fr") -> Filling:
    """Return somebody in front of a form of these components."""
    return Filling(forms.read(json.dumps({"id": "f", "components": components})), NOW, "Europe/Paris", locale)


def check(
    components: list[dict[str, Any]], sent: dict[str, Any], data: dict[str, Any] | None = None
) -> forms.Checked:
    return forms.check(filling(*components), sent, data or {})


def codes(checked: forms.Checked) -> dict[tuple[str | int, ...], str]:
    return {one.path: one.code for one in checked.issues}


TEXT = {"type": "textfield", "id": "a", "key": "place", "label": "Lieu"}


def test_unknown_keys_are_dropped() -> None:
    assert check([TEXT], {"place": "Lyon", "admin": True}).values == {"place": "Lyon"}


def test_a_hidden_field_is_dropped_and_not_required() -> None:
    hidden = {
        **TEXT,
        "key": "risk",
        "conditional": {"hide": "=danger != true"},
        "validate": {"required": True},
    }
    tick = {"type": "checkbox", "id": "b", "key": "danger"}
    assert check([tick, hidden], {"danger": False, "risk": "x"}).values == {"danger": False}
    assert codes(check([tick, hidden], {"danger": True})) == {("risk",): "required"}


def test_a_condition_sees_the_variables_of_the_task() -> None:
    hidden = {**TEXT, "conditional": {"hide": "=priority > 2"}}
    assert check([hidden], {"place": "x"}, {"priority": 3}).values == {}
    assert check([hidden], {"place": "x"}, {"priority": 1}).values == {"place": "x"}


def test_a_key_that_the_form_does_not_ask_for_cannot_pass_for_a_variable_of_the_task() -> None:
    reason = {
        **TEXT,
        "key": "reason",
        "conditional": {"hide": "=cents < 100"},
        "validate": {"required": True},
    }
    assert codes(check([reason], {"cents": 1}, {"cents": 5000})) == {("reason",): "required"}
    shown = {"type": "number", "id": "c", "key": "cents", "readonly": True}
    assert codes(check([shown, reason], {"cents": 1}, {"cents": 5000})) == {("reason",): "required"}
    group = {"type": "group", "id": "g", "path": "work", "components": [reason]}
    assert codes(check([group], {"work": {"cents": 1}}, {"cents": 5000})) == {("work", "reason"): "required"}


def test_options_cannot_be_brought_along() -> None:
    choice = {"type": "select", "id": "s", "key": "person", "valuesKey": "members"}
    forged = {"person": "stranger", "members": [{"value": "stranger", "label": "X"}]}
    assert check([choice], forged, {"members": [{"value": "ana", "label": "Ana"}]}).values == {"person": None}


@pytest.mark.parametrize(
    ("validate", "sent", "code"),
    [
        ({"required": True}, "", "required"),
        ({"minLength": 5}, "abcd", "minLength"),
        ({"maxLength": 3}, "abcd", "maxLength"),
        ({"pattern": "^[A-Z]+$"}, "abc", "pattern"),
        ({"validationType": "email"}, "nobody", "email"),
        ({"validationType": "phone"}, "call me", "phone"),
    ],
)
def test_a_text_that_breaks_a_rule_is_named_once(validate: dict[str, Any], sent: str, code: str) -> None:
    assert codes(check([{**TEXT, "validate": validate}], {"place": sent})) == {("place",): code}


def test_a_pattern_that_takes_for_ever_is_stopped() -> None:
    slow = {**TEXT, "validate": {"pattern": "^(a+)+$"}}
    assert codes(check([slow], {"place": "a" * 60 + "!"})) == {("place",): "pattern"}


@pytest.mark.parametrize(
    ("sent", "value", "code"),
    [
        (Decimal("12.5"), Decimal("12.5"), None),
        ("12.5", Decimal("12.5"), None),
        (7, Decimal(7), None),
        ("", None, None),
        ("douze", None, "number"),
        ("1e999", None, "number"),
        (Decimal("12.55"), Decimal("12.55"), "decimals"),
        (Decimal(-1), Decimal(-1), "min"),
        (Decimal(51), Decimal(51), "max"),
    ],
)
def test_numbers_are_decimals_within_their_limits(sent: Any, value: Decimal | None, code: str | None) -> None:
    number = {
        "type": "number",
        "id": "n",
        "key": "area",
        "decimalDigits": 1,
        "validate": {"min": 0, "max": 50},
    }
    checked = check([number], {"area": sent})
    assert checked.values == {"area": value}
    assert codes(checked) == ({("area",): code} if code else {})


def test_a_limit_may_be_an_expression_over_what_is_known() -> None:
    number = {"type": "number", "id": "n", "key": "used", "validate": {"max": "=reserved"}}
    assert codes(check([number], {"used": Decimal(13)}, {"reserved": Decimal(12)})) == {("used",): "max"}
    assert codes(check([number], {"used": Decimal(12)}, {"reserved": Decimal(12)})) == {}


def test_a_choice_must_be_one_that_is_offered() -> None:
    choice = {
        "type": "select",
        "id": "s",
        "key": "team",
        "valuesKey": "teams",
        "validate": {"required": True},
    }
    teams = {"teams": [{"label": "Plomberie", "value": "PLOMBERIE"}]}
    assert check([choice], {"team": "PLOMBERIE"}, teams).values == {"team": "PLOMBERIE"}
    assert codes(check([choice], {"team": "OTHER"}, teams)) == {("team",): "required"}


def test_a_choice_gives_the_typed_value_behind_its_text() -> None:
    choice = {
        "type": "radio",
        "id": "r",
        "key": "n",
        "values": [{"label": "Un", "value": 1}, {"label": "Oui", "value": True}],
    }
    assert check([choice], {"n": "1"}).values == {"n": 1}
    assert check([choice], {"n": "true"}).values == {"n": True}


def test_several_choices_keep_only_what_is_offered() -> None:
    several = {
        "type": "checklist",
        "id": "c",
        "key": "words",
        "values": [{"label": "Gaz", "value": "gas"}, {"label": "Feu", "value": "fire"}],
    }
    assert check([several], {"words": ["fire", "flood"]}).values == {"words": ["fire"]}


@pytest.mark.parametrize(
    ("subtype", "good", "bad"),
    [
        ("date", "2026-11-23", "2026-02-30"),
        ("time", "08:30", "25:00"),
        ("datetime", "2026-11-23T08:30", "tomorrow"),
    ],
)
def test_days_and_hours_must_exist(subtype: str, good: str, bad: str) -> None:
    when = {"type": "datetime", "id": "d", "key": "at", "subtype": subtype}
    assert check([when], {"at": good}).values == {"at": good}
    assert codes(check([when], {"at": bad})) == {("at",): subtype}


def test_expressions_are_computed_again_never_taken_from_the_browser() -> None:
    total = {"type": "expression", "id": "e", "key": "total", "expression": "=a * 2"}
    number = {"type": "number", "id": "n", "key": "a"}
    assert check([number, total], {"a": Decimal(4), "total": Decimal(999)}).values == {
        "a": Decimal(4),
        "total": 8,
    }


def test_each_row_of_a_list_is_checked_and_named_by_its_number() -> None:
    rows = {
        "type": "dynamiclist", "id": "l", "path": "parts", "label": "Pièces",
        "components": [
            {"type": "textfield", "id": "i", "key": "item", "validate": {"required": True}},
            {"type": "number", "id": "q", "key": "quantity", "validate": {"min": 1}},
        ],
    }  # fmt: skip
    checked = check(
        [rows],
        {
            "parts": [
                {"item": "joint", "quantity": Decimal(2), "price": 1},
                {"item": "", "quantity": Decimal(0)},
            ]
        },
    )
    assert checked.values["parts"][0] == {"item": "joint", "quantity": Decimal(2)}
    assert codes(checked) == {("parts", 1, "item"): "required", ("parts", 1, "quantity"): "min"}


def test_more_rows_than_anybody_fills_in_are_cut_and_said() -> None:
    rows = {"type": "dynamiclist", "id": "l", "path": "parts", "components": [TEXT]}
    checked = check([rows], {"parts": [{"place": "x"}] * 500})
    assert len(checked.values["parts"]) == forms.MOST_ROWS
    assert codes(checked) == {("parts",): "rows"}


def test_groups_with_a_path_and_dotted_keys_nest() -> None:
    group = {"type": "group", "id": "g", "path": "site", "components": [TEXT]}
    dotted = {**TEXT, "key": "who.name"}
    sent = {"site": {"place": "Nord"}, "who": {"name": "Ana"}}
    assert check([group, dotted], sent).values == sent


def test_a_read_only_field_keeps_what_the_process_knows() -> None:
    assert check([{**TEXT, "readonly": True}], {"place": "forged"}, {"place": "true"}).values == {}
    assert check([{**TEXT, "disabled": True}], {"place": "forged"}).values == {}


def test_files_of_another_kind_are_refused() -> None:
    files = {"type": "filepicker", "id": "p", "key": "photos", "multiple": True, "accept": ".jpg,.png"}
    assert codes(check([files], {"photos": [{"name": "a.JPG"}]})) == {}
    assert codes(check([files], {"photos": [{"name": "a.exe"}]})) == {("photos",): "file_kind"}


def test_labels_speak_the_language_of_the_person_and_fill_in_what_is_known() -> None:
    one = {**TEXT, "label": "Lieu de {{reference}}", "properties": {"label_en": "Place of {{reference}}"}}
    known = {"reference": "2026-000001"}
    assert forms.label_of(filling(one), one, known) == "Lieu de 2026-000001"
    assert forms.label_of(filling(one, locale="en"), one, known) == "Place of 2026-000001"


def test_all_problems_of_a_schema_are_named_at_once() -> None:
    schema = {
        "components": [
            {"type": "iframe", "id": "x"},
            {"type": "textfield", "id": "nokey"},
            {"type": "textfield", "id": "one", "key": "k"},
            {"type": "textfield", "id": "two", "key": "k"},
            {"type": "select", "id": "s", "key": "s"},
            {"type": "textfield", "id": "h", "key": "h", "conditional": {"hide": "=1 +"}},
            {"type": "textfield", "id": "p", "key": "p", "validate": {"pattern": "("}},
        ]
    }
    found = {one.code.removeprefix("form.") for one in forms.problems(json.dumps(schema))}
    assert found == {"no_id", "unknown_type", "no_key", "duplicate_key", "no_options", "feel", "pattern"}


@pytest.mark.parametrize("text", ["{", "[]", '{"id": "f"}', "[" * 100_000])
def test_what_is_no_form_is_refused(text: str) -> None:
    assert forms.problems(text)
    with pytest.raises(Failed):
        forms.read(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("conditional", "x"),
        ("validate", [1]),
        ("properties", 5),
        ("values", {"a": 1}),
        ("values", ["a"]),
        ("key", 5),
        ("label", {}),
        ("components", "x"),
        ("type", ["textfield"]),
        ("id", 7),
    ],
)
def test_a_property_of_another_shape_is_named(name: str, value: Any) -> None:
    component = {"type": "select", "key": "k", "values": [{"label": "A", "value": "a"}], name: value}
    problems = forms.problems(json.dumps({"id": "f", "components": [component]}))
    assert [(one.code, one.facts["name"]) for one in problems] == [("form.misshapen", name)]


def test_a_problem_of_a_form_tells_its_line() -> None:
    text = '{"id": "f",\n "components": [\n  {"id": "Field_1", "type": "select", "key": "k"}]}'
    assert [(one.code, one.element, one.line) for one in forms.problems(text)] == [
        ("form.no_options", "Field_1", 3)
    ]
    broken = forms.problems('{"id": "f",\n "components": [}')[0]
    assert (broken.code, broken.line) == ("form.not_json", 2)


def test_null_stands_for_nothing_in_a_form() -> None:
    component = {"type": "group", "components": None, "conditional": None, "label": None}
    text = json.dumps({"id": "f", "components": [component]})
    assert forms.problems(text) == []
    assert forms.read(text).components == (component,)
