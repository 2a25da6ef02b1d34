"""FEEL for the editors: problems with places, values with warnings, tight limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api_house import ROOT, Caller, program
from tests.web_house import WebHouse, opened


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    with opened(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="module")
def editor(web: WebHouse) -> Caller:
    return program(web, "feel")


def value(editor: Caller, text: str, **more: Any) -> Any:
    return editor.post("/feel/evaluate", {"text": text, **more}).json["value"]


def test_a_good_text_names_what_it_needs(editor: Caller) -> None:
    answer = editor.post("/feel/check", {"text": '=amount > limit and priority = "high"'}).json
    assert answer == {"valid": True, "freeNames": ["amount", "limit", "priority"], "problems": []}


def test_a_broken_text_is_told_with_its_place_in_both_languages(editor: Caller) -> None:
    answer = editor.post("/feel/check", {"text": "=a > 1 and\n  b + "}).json
    [problem] = answer["problems"]
    assert (answer["valid"], problem["severity"], problem["line"], problem["column"]) == (
        False,
        "error",
        2,
        7,
    )
    assert problem["message"]["fr"] != problem["message"]["en"]


def test_unknown_names_and_functions_are_told_with_what_was_meant(editor: Caller) -> None:
    answer = editor.post(
        "/feel/check", {"text": "amout > 5 and cout(items) > 1", "names": ["amount", "items"]}
    ).json
    assert answer["valid"]
    assert [
        (one["code"], one["severity"], one["column"], one["suggestion"]) for one in answer["problems"]
    ] == [
        ("unknown_name", "warning", 1, "amount"),
        ("unknown_function", "warning", 15, "count"),
    ]


def test_names_with_spaces_are_read_as_one_when_they_are_given(editor: Caller) -> None:
    answer = editor.post("/feel/check", {"text": "due date - 1 > a-b", "names": ["due date", "a-b"]}).json
    assert answer["freeNames"] == ["a-b", "due date"]


def test_unary_tests_are_checked_and_tried_on_a_value(editor: Caller) -> None:
    assert editor.post("/feel/check", {"text": "> 5, [1..3", "kind": "unary-tests"}).json["valid"] is False
    assert value(editor, "> 5, [1..3]", kind="unary-tests", input=2) is True
    assert value(editor, "> limit", kind="unary-tests", input=2, variables={"limit": 3}) is False


def test_values_are_exact_and_dates_are_iso_text(web: WebHouse, editor: Caller) -> None:
    assert b'"value":0.3' in editor.post("/feel/evaluate", {"text": "0.1 + 0.2"}).data
    assert value(editor, 'date("2026-11-21") + duration("P3D")') == "2026-11-24"
    assert value(editor, 'duration("P1Y2M")') == "P1Y2M"
    assert value(editor, "{a: [x, null]}", variables={"x": {"b": "c"}}) == {"a": [{"b": "c"}, None]}
    assert value(editor, "today()") == web.clock.now().date().isoformat()


def test_null_is_explained_with_places(editor: Caller) -> None:
    answer = editor.post("/feel/evaluate", {"text": 'amount + "x"', "variables": {"amount": 1}}).json
    assert answer["value"] is None
    assert answer["warnings"][0]["column"] == 8


@pytest.mark.parametrize(
    "text",
    [
        "a +",
        "for i in 1..1000000 return i",
        "{f: function(n) f(n + 1), r: f(1)}.r",
        'string join(for i in 1..9999 return "xxxxxxxxxxxxxxxxxxxxxx", "")',
        "(" * 60 + "1" + ")" * 60,
        "[1..3]",
        "function(x) x",
        'assert(a, a > 0, "no")',
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_both_languages(editor: Caller, text: str) -> None:
    answer = editor.post("/feel/evaluate", {"text": text})
    assert answer.status_code == 422
    error = answer.json["error"]
    assert error["code"].startswith("feel_")
    assert set(error["facts"]["words"]) == {"fr", "en"}


def test_long_texts_are_refused(editor: Caller) -> None:
    assert editor.post("/feel/check", {"text": "1+" * 10_001}).status_code == 422
    assert editor.post("/feel/check", {"text": "1", "names": ["x" * 199] * 1999}).status_code == 413


def test_a_signed_in_owner_needs_the_mark_against_forgery(tmp_path: Path) -> None:
    with opened(tmp_path, guarded=True) as web:
        client = web.signed_in("owner")
        refused = client.post(f"{ROOT}/feel/check", json={"text": "1"})
        assert refused.status_code == 400
        assert set(refused.json["error"]) == {"code", "message", "facts"}
        page = client.get("/processes/").text
        mark = re.search(r'name="csrf[-_]token"\s+(?:content|value)="([^"]+)"', page)
        assert mark is not None
        answer = client.post(f"{ROOT}/feel/check", json={"text": "1"}, headers={"X-CSRFToken": mark[1]})
        assert answer.json == {"valid": True, "freeNames": [], "problems": []}
        token = program(web, "feel").post("/feel/check", {"text": "1"})
        assert token.status_code == 200


def test_another_role_may_not_try_expressions(web: WebHouse) -> None:
    answer = web.signed_in("agent").post(f"{ROOT}/feel/evaluate", json={"text": "1"})
    assert answer.status_code == 403
