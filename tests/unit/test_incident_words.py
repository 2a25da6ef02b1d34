"""Incidents are told in the language of the reader; what came from outside, and what is old, as it was said."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
import sqlalchemy as sa

import engine
from engine import incidents, jobs, queries
from engine.errors import Refused
from engine.incident_wordings import INCIDENTS
from engine.kernel.terms import FRENCH
from engine.tables import Incident
from tests import diagrams as d
from tests.factories_engine import House

SOURCES = [ast.parse(path.read_text()) for path in Path(engine.__path__[0]).rglob("*.py")]
CALLS = [call for tree in SOURCES for call in ast.walk(tree) if isinstance(call, ast.Call)]
TERMS = ("words", "words_or_none", "listing", "names_of", "instant", "unfit")


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_fault_that_the_engine_raises_has_words_and_all_words_are_used() -> None:
    codes = {call.args[1].value for call in CALLS if _name(call) == "Fault"}  # type: ignore[attr-defined]
    assert codes == set(INCIDENTS)


def test_words_say_what_to_do_and_take_the_same_facts_in_both_languages() -> None:
    for code, texts in INCIDENTS.items():
        assert _places(texts["en"][0]) == _places(texts["fr"][0]), code
        assert all(advice and not _places(advice) for _, advice in texts.values()), code


def test_faults_bring_the_facts_that_their_words_take() -> None:
    told = [call for call in CALLS if _name(call) == "Fault"]
    whole = [call for call in told if all(given.arg for given in call.keywords)]
    assert len(whole) > 10
    for call in whole:
        code = call.args[1].value  # type: ignore[attr-defined]
        assert {given.arg for given in call.keywords} == _places(INCIDENTS[code]["en"][0]), code


def test_what_an_expression_had_to_give_has_a_name_in_french() -> None:
    named = [
        one.value
        for call in CALLS
        if _name(call) in TERMS
        for one in call.args
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]
    assert len(named) > 15
    assert set(named) <= set(FRENCH)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def _stopped(house: House, *elements: str, flows: str, **variables: object) -> queries.IncidentRow:
    house.deploy(d.process("p", *elements, flows=flows))
    house.start(variables=variables)
    [row] = house.do(queries.open_incidents)
    assert isinstance(row, queries.IncidentRow)
    return row


def _told(row: queries.IncidentRow, language: str) -> incidents.Told:
    return incidents.tell(row.message, row.code, row.facts, "fr" if language == "fr" else "en")


GATEWAY = (
    '<bpmn:exclusiveGateway id="choose" default="f1"/>',
    '<bpmn:sequenceFlow id="f1" sourceRef="choose" targetRef="end"/>',
    (
        '<bpmn:sequenceFlow id="f2" sourceRef="choose" targetRef="end"><bpmn:conditionExpression>=amount &gt; 5'
        "</bpmn:conditionExpression></bpmn:sequenceFlow>"
    ),
)


def test_a_condition_is_told_in_both_languages_with_the_reasons_of_feel(house: House) -> None:
    row = _stopped(house, d.start(), *GATEWAY, d.end(), flows="start choose")
    assert (row.kind, row.code) == ("condition", "expression.truth")
    english, french = _told(row, "en"), _told(row, "fr")
    assert english.message == row.message
    assert row.message.startswith(
        "Expected “=amount > 5” to be true or false, but it is null ('amount' is not"
    )
    assert french.message.startswith(
        "« =amount > 5 » devait être vrai ou faux, mais vaut null (« amount » n'est"
    )
    assert (english.language, french.language) == ("en", "fr")
    assert english.advice.endswith("then try again.")
    assert french.advice.endswith("puis réessayez.")


@pytest.mark.parametrize(
    ("expression", "said", "dit"),
    [
        ('assert(n, n > 5, "too few")', "does not hold: too few", "pas remplie : too few"),
        ("function(a) a", "A function cannot leave", "Une fonction ne peut pas sortir"),
        ("for i in 1..10000000 return i", "A list becomes too long", "Une liste devient trop longue"),
    ],
)
def test_an_expression_that_feel_stops_is_an_incident_at_its_element(
    house: House, expression: str, said: str, dit: str
) -> None:
    row = _stopped(
        house, d.start(), d.script("compute", expression, "m"), d.end(), flows="start compute end", n=2
    )
    assert (row.element, row.kind, row.code) == ("compute", "expression", "expression.failed")
    assert said in _told(row, "en").message
    assert dit in _told(row, "fr").message


def test_a_long_value_is_quoted_in_part(house: House) -> None:
    row = _stopped(house, d.start(), *GATEWAY, d.end(), flows="start choose", amount="x" * 100_000)
    assert len(row.message) < 500
    drawn = d.user("task").replace("agents", "=[many]")
    house.deploy(d.process("q", d.start(), drawn, d.end(), flows="start task end"))
    house.start("q", {"many": list(range(1000))})
    assert max(len(one.message) for one in house.do(queries.open_incidents)) < 500


def test_what_a_worker_says_stays_as_it_said_it(house: House) -> None:
    house.deploy(d.process("p", d.start(), d.service("work", "print"), d.end(), flows="start work end"))
    house.start()
    [leased] = house.do(jobs.acquire, ["print"], worker="w")
    house.do(jobs.fail, leased.id, leased.fence, message="kein {Papier}", retries=0)
    [row] = house.do(queries.open_incidents)
    told = _told(row, "fr")
    assert (told.message, told.language) == ("kein {Papier}", None)
    assert told.advice.startswith("Consultez le journal")


def test_what_a_handler_refuses_stays_english(house: House) -> None:
    def refuse(*_given: object) -> dict[str, object]:
        raise Refused("Expected paper, but there is none.")

    other = House(handlers={"print": refuse})
    row = _stopped(other, d.start(), d.service("work", "print"), d.end(), flows="start work end")
    assert _told(row, "fr")[::2] == ("Expected paper, but there is none.", "en")
    other.close()


def test_incidents_from_before_and_codes_of_another_release_keep_their_text(house: House) -> None:
    row = _stopped(house, d.start(), *GATEWAY, d.end(), flows="start choose")
    for code, facts in ((None, None), ("no.such", {"a": 1}), ("condition.none", {"gateway": "other facts"})):
        with house.engine.begin("ana") as unit:
            unit.connection.execute(sa.update(Incident).values(code=code, facts=facts))
        [old] = house.do(queries.open_incidents)
        assert (old.code, old.facts) == (code, facts)
        assert _told(old, "fr") == (row.message, "", "en")


def test_open_incidents_of_one_instance_are_its_own(house: House) -> None:
    house.deploy(d.process("p", d.start(), *GATEWAY, d.end(), flows="start choose"))
    first, second = house.start(), house.start()
    assert [one.instance_id for one in house.do(queries.open_incidents, instance_id=second)] == [second]
    assert {one.instance_id for one in house.do(queries.open_incidents)} == {first, second}
