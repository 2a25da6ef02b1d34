"""FEEL here and FEEL in the browser give the same values, or the difference is written down with its reason."""

from __future__ import annotations

from tests.feel_agreement import corpus

LISTED = corpus.listed()


def test_the_corpus_is_what_is_shipped_and_three_hundred_of_our_own() -> None:
    own = corpus.own()
    assert len(own) == len(set(own)) >= 300
    kinds = {file.rpartition(".")[2] for file, _text, _kind in corpus.shipped()}
    assert kinds == {"bpmn", "dmn", "form"}


def test_every_value_agrees_or_its_difference_is_listed() -> None:
    listed = {name: both for found in LISTED["differences"].values() for name, both in found.items()}
    # A new line is a difference nobody has explained, a missing one has gone: python -m tests.feel_agreement --write
    assert corpus.differences() == listed


def test_every_difference_has_its_reason_and_every_reason_its_difference() -> None:
    assert list(LISTED["differences"]) == list(LISTED["reasons"])
    assert all(reason.strip().endswith(".") for reason in LISTED["reasons"].values())


def test_forms_agree_on_values_that_they_can_hold() -> None:
    # Form fields hold null or the type they were drawn with: a text, or for a checkbox a boolean.
    wrong = [
        name
        for found in LISTED["differences"].values()
        for name in found
        if ".form [null]" in name or (".form [text]" in name and ' != "' in name)
    ]
    assert wrong == []
