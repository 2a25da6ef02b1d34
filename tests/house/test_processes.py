"""What ships in bpmn/ and forms/ is whole, drawn cleanly, documented, translated and told by scenarios."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import bpmn
import forms
from engine import definitions, dmn, scenarios
from engine.kernel import ProcessSpec
from integrations import lookups
from integrations.tasks import TYPES, check_task
from tests.factories_processes import MORNING

ROOT = Path(__file__).parents[2]
DOMAINS = bpmn.domains()
NS = {
    "b": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "dd": "http://www.omg.org/spec/DD/20100524/DI",
    "z": "http://camunda.org/schema/zeebe/1.0",
}
BPMN = f"{{{NS['b']}}}*"
TOLD = {"userTask", "serviceTask", "sendTask", "scriptTask", "businessRuleTask", "callActivity", "subProcess"}
DIAGRAMS = [(domain, name) for domain in DOMAINS for name, _ in bpmn.files(domain) if name.endswith(".bpmn")]
STORIES = [(domain, name) for domain in DOMAINS for name, _ in bpmn.scenarios(domain)]
FORMS = [(domain, name) for domain in DOMAINS for name, _ in forms.files(domain)]


@cache
def checked(domain: str) -> definitions.Checked:
    shipped = bpmn.files(domain) + forms.files(domain)
    files = [definitions.File(name, content) for name, content in shipped]
    return definitions.check(files, definitions.Known(task_type=check_task))


def processes() -> list[ProcessSpec]:
    return [process for domain in DOMAINS for _, process in checked(domain).processes]


@cache
def diagram(domain: str, name: str) -> Any:
    return etree.fromstring(dict(bpmn.files(domain))[name])


def components(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in schema.get("components", []):
        yield one
        yield from components(one)


@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_shipped_has_a_problem(domain: str) -> None:
    assert [(one.file, one.element, one.message()) for one in checked(domain).problems] == []


@pytest.mark.parametrize(("domain", "name"), STORIES)
def test_each_story_comes_true(domain: str, name: str) -> None:
    outcome = scenarios.Runner().run(ROOT / "bpmn" / domain / "scenarios" / name)
    assert outcome.passed, f"step {outcome.step}: {outcome.message}"


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_stories_visit_every_element_and_flow(domain: str) -> None:
    runner = scenarios.Runner()
    told = sorted((ROOT / "bpmn" / domain / "scenarios").glob("*.json"))
    outcomes = [runner.run(path) for path in told]
    missed = scenarios.coverage([process for _, process in checked(domain).processes], outcomes)
    assert {process: elements for process, elements in missed.items() if elements} == {}


def test_service_tasks_map_what_their_type_declares_and_nothing_else() -> None:
    strangers = []
    for process in processes():
        for element in process.task_specs.values():
            job = element.details.job
            if job is None:
                continue
            task_type = TYPES[job.type.text]
            declared = {one.name for one in task_type.inputs}
            strangers += [
                (process.process_id, element.name, mapping.target[0])
                for mapping in element.details.inputs
                if mapping.target[0] not in declared
            ]
            returned = {one.name for one in task_type.outputs}
            strangers += [
                (process.process_id, element.name, name)
                for mapping in element.details.outputs
                for name in mapping.source.names - returned
            ]
    assert strangers == []


def test_every_form_belongs_to_a_user_task() -> None:
    used = {
        element.details.user.form_id.text
        for process in processes()
        for element in process.task_specs.values()
        if element.details.user is not None and element.details.user.form_id is not None
    }
    shipped = {form for domain in DOMAINS for _, form in checked(domain).forms}
    assert used == shipped


@pytest.mark.parametrize(("domain", "name"), FORMS)
def test_a_form_speaks_french_and_english(domain: str, name: str) -> None:
    schema = json.loads(dict(forms.files(domain))[name])
    assert schema["id"] == name.removesuffix(".form")
    for one in components(schema):
        english = one["properties"]
        said = "text" if one["type"] == "text" else "label"
        assert one[said], one["id"]
        assert english[f"{said}_en"], one["id"]
        assert ("description" in one) == ("description_en" in english), one["id"]
        assert all("label_en" in option for option in one.get("values", [])), one["id"]


@pytest.mark.parametrize(("domain", "name"), FORMS)
def test_a_drop_down_without_its_own_options_names_a_lookup(domain: str, name: str) -> None:
    schema = json.loads(dict(forms.files(domain))[name])
    named = {one["valuesKey"] for one in components(schema) if "valuesKey" in one}
    assert named <= lookups.NAMES


@pytest.mark.parametrize(("domain", "name"), DIAGRAMS)
def test_each_activity_has_a_label_and_says_what_it_is_for(domain: str, name: str) -> None:
    root = diagram(domain, name)
    for process in root.iterfind("b:process", NS):
        assert process.findtext("b:documentation", namespaces=NS)
        silent = [
            element.get("id")
            for element in process.iter(BPMN)
            if etree.QName(element).localname in TOLD
            and not (element.get("name") and element.findtext("b:documentation", namespaces=NS))
        ]
        assert silent == []


@pytest.mark.parametrize(("domain", "name"), DIAGRAMS)
def test_each_label_has_its_english(domain: str, name: str) -> None:
    english = "b:extensionElements/z:properties/z:property[@name='label_en']"
    labelled = [one for one in diagram(domain, name).iter(BPMN) if one.get("name") and one.get("id")]
    outside = ("message", "error", "definitions")
    missing = [
        one.get("id")
        for one in labelled
        if etree.QName(one).localname not in outside and one.find(english, NS) is None
    ]
    assert missing == []


@pytest.mark.parametrize(("domain", "name"), DIAGRAMS)
def test_everything_is_drawn_on_straight_lines(domain: str, name: str) -> None:
    root = diagram(domain, name)
    drawn = {one.get("bpmnElement") for one in root.iterfind(".//di:BPMNShape", NS)}
    lines = {one.get("bpmnElement"): one for one in root.iterfind(".//di:BPMNEdge", NS)}
    flows = {one.get("id") for one in root.iterfind(".//b:sequenceFlow", NS)}
    nodes = {
        one.get("id")
        for process in root.iterfind("b:process", NS)
        for one in process.iter(BPMN)
        if etree.QName(one).localname.endswith(("Event", "Task", "Gateway", "Activity", "subProcess"))
    }
    assert drawn == nodes
    assert set(lines) == flows
    for edge in lines.values():
        points = [(float(one.get("x")), float(one.get("y"))) for one in edge.iterfind("dd:waypoint", NS)]
        for (x, y), (u, v) in pairwise(points):
            assert x == u or y == v, edge.get("id")


@pytest.mark.parametrize(("domain", "name"), DIAGRAMS)
def test_no_shape_lies_on_another(domain: str, name: str) -> None:
    root = diagram(domain, name)
    attached = {one.get("id") for one in root.iterfind(".//b:boundaryEvent", NS)}
    containers = {one.get("id") for one in root.iterfind(".//b:subProcess", NS)}
    boxes = {}
    for shape in root.iterfind(".//di:BPMNShape", NS):
        bounds = shape.find("dc:Bounds", NS)
        x, y, w, h = (float(bounds.get(key)) for key in ("x", "y", "width", "height"))
        if shape.get("bpmnElement") not in attached | containers:
            boxes[shape.get("bpmnElement")] = (x, y, x + w, y + h)
    touching = [
        (a, b)
        for (a, (x, y, u, v)), (b, (p, q, r, s)) in combinations(boxes.items(), 2)
        if x < r and p < u and y < s and q < v
    ]
    assert touching == []


TRIAGE = [
    ({"natureCode": "BAT.TOITURE"}, "MACONNERIE", "contractor"),
    ({"natureCode": "BAT.ASCENSEUR"}, "ELECTRICITE", "contractor"),
    ({"natureCode": "EVE.ARBRE"}, "ESPACES-VERTS", "contractor"),
    ({"natureCode": "EVE.TONTE", "entityCode": "SPORT"}, "ESPACES-VERTS", "contractor"),
    ({"natureCode": "EVE.TONTE"}, "ESPACES-VERTS", "in_house"),
    ({"natureCode": "BAT.PLOMBERIE"}, "PLOMBERIE", "in_house"),
    ({"natureCode": "BAT.ELECTRICITE"}, "ELECTRICITE", "in_house"),
    ({"natureCode": "BAT.CHAUFFAGE"}, "CHAUFFAGE", "in_house"),
    ({"natureCode": "BAT.MENUISERIE"}, "MENUISERIE", "in_house"),
    ({"natureCode": "BAT.SERRURERIE"}, "MENUISERIE", "in_house"),
    ({"natureCode": "BAT.MACONNERIE"}, "MACONNERIE", "in_house"),
    ({"natureCode": "VOI.SIGNALISATION"}, "SIGNALISATION", "in_house"),
    ({"natureCode": "VOI.CHAUSSEE"}, "VOIRIE", "in_house"),
    ({"natureCode": "ECL.POINT"}, "ECLAIRAGE", "in_house"),
    ({"natureCode": "PRO.DEPOT"}, "PROPRETE", "in_house"),
    ({"natureCode": "VEH.REPARATION"}, "GARAGE", "in_house"),
    ({"natureCode": "INF.POSTE"}, "INFORMATIQUE", "in_house"),
    ({"natureCode": "EVT.MONTAGE"}, "VOIRIE", "in_house"),
    ({"assetClass": "street_light"}, "ECLAIRAGE", "in_house"),
    ({"assetClass": "vehicle"}, "GARAGE", "in_house"),
    ({"assetClass": "green_space"}, "ESPACES-VERTS", "in_house"),
    ({"assetClass": "road"}, "VOIRIE", "in_house"),
    ({}, None, "in_house"),
    ({"natureCode": "XXX.INCONNU"}, None, "in_house"),
]
URGENCY = [
    ({"title": "ODEUR DE GAZ dans le hall"}, 1, 4),
    ({"urgencyWords": ["fumée"]}, 1, 4),
    ({"description": "Une fuite au plafond", "occupied": True}, 2, 8),
    ({"description": "Une fuite au plafond"}, 2, 16),
    ({"natureCode": "PRO.GRAFFITI"}, 4, 80),
    ({"occupied": True}, 3, 24),
    ({}, 3, 40),
    ({"title": "Gazon trop haut"}, 3, 40),
]
ASKED = dict.fromkeys(
    ("natureCode", "assetId", "assetClass", "entityCode", "title", "description", "urgencyWords", "occupied")
)


def triage(facts: Mapping[str, Any]) -> dict[str, Any]:
    model = dmn.read(dict(bpmn.files("intervention"))["triage.dmn"])
    given = ASKED | {"title": "Demande", "entityCode": "COMMUNE", "duplicateScore": 0} | dict(facts)
    outcome = dmn.evaluate(model, "triage", given, now=MORNING, zone="Europe/Paris")
    return dict(outcome.value)


@pytest.mark.parametrize(("facts", "team", "work_mode"), TRIAGE)
def test_triage_names_the_team_and_the_way_of_working(
    facts: dict[str, Any], team: str | None, work_mode: str
) -> None:
    found = triage(facts)
    assert (found["team"], found["workMode"]) == (team, work_mode)


@pytest.mark.parametrize(("facts", "priority", "delay_hours"), URGENCY)
def test_triage_weighs_the_words_and_the_people_on_site(
    facts: dict[str, Any], priority: int, delay_hours: int
) -> None:
    found = triage(facts)
    assert (found["priority"], found["delayHours"]) == (priority, delay_hours)


def test_triage_is_certain_only_when_nobody_needs_to_look() -> None:
    known = {"natureCode": "BAT.PLOMBERIE", "assetId": "b1"}
    assert triage(known)["certain"] is True
    assert triage(known | {"duplicateScore": 0.7})["certain"] is False
    assert triage(known | {"assetId": None})["certain"] is False
    assert triage(known | {"natureCode": "BAT.TOITURE"})["certain"] is False
    assert triage(known | {"natureCode": "XXX.INCONNU"})["certain"] is False
    assert triage({"assetId": "b1", "assetClass": "road"})["certain"] is False
