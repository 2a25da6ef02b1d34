"""Reading DMN: what is accepted, what is refused, and with which words."""

from __future__ import annotations

import pytest

from engine import dmn
from engine.dmn.model import Context, DecisionTable, LiteralExpression
from tests import drawings as draw

VERSIONS = {
    "1.3": "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "1.4": "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "1.5": "https://www.omg.org/spec/DMN/20230324/MODEL/",
}


def refusal_of(source: bytes) -> list[str]:
    with pytest.raises(dmn.DmnRefused) as caught:
        dmn.read(source, name="bad.dmn")
    return [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_supported_version_is_read(version):
    model = draw.read(draw.decision("Priority", draw.feel("1 + 1")), version=VERSIONS[version])
    assert model.version == version
    assert model.decision_ids == ("d_Priority",)
    assert draw.decide(model, "d_Priority") == 2


def test_an_older_version_is_refused_with_what_to_do():
    with pytest.raises(dmn.DmnRefused) as caught:
        draw.read(version="http://www.omg.org/spec/DMN/20180521/MODEL/")
    (problem,) = caught.value.problems
    assert problem.code == "dmn_version"
    assert "modeler" in problem.advice("en")
    assert "modeleur" in problem.advice("fr")


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE definitions [<!ENTITY a "b">]>',
        '<!DOCTYPE definitions SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE definitions PUBLIC "x" "http://example.org/x.dtd">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_any_encoding(prolog, encoding):
    source = f'<?xml version="1.0" encoding="{encoding}"?>{prolog}<definitions xmlns="{draw.DMN_15}"/>'
    assert refusal_of(source.encode(encoding)) == ["dmn_doctype"]


def test_an_encoding_that_could_hide_a_document_type_is_refused():
    source = f'<?xml version="1.0" encoding="utf-7"?><definitions xmlns="{draw.DMN_15}"/>'
    assert refusal_of(source.encode("utf-7"))[0] in {"dmn_encoding", "dmn_not_xml"}


def test_bytes_that_are_no_xml_are_refused_with_their_line():
    with pytest.raises(dmn.DmnRefused) as caught:
        dmn.read(b"<definitions>\n<decision>\n</definitions>")
    assert caught.value.problems[0].code == "dmn_not_xml"
    assert caught.value.problems[0].line == 3


def test_xml_that_is_no_dmn_is_refused_by_name():
    assert refusal_of(b"<html/>") == ["dmn_not_dmn"]
    assert refusal_of(b"") == ["dmn_not_xml"]


def test_a_file_beyond_five_megabytes_is_refused_unread():
    assert refusal_of(b" " * 5_000_001) == ["dmn_too_large"]


def test_very_deep_nesting_is_refused():
    deep = "<list>" * 60 + "</list>" * 60
    assert refusal_of(draw.definitions(draw.decision("Deep", deep)))[0] == "dmn_nesting"


def test_every_structural_problem_is_told_at_once():
    found = refusal_of(
        draw.definitions(
            draw.decision("A", draw.table(["x"], ["y"], hit="BEST")),
            draw.decision("A", draw.table(["x"], ["y"], hit="COLLECT", aggregation="MEAN")),
        )
    )
    assert sorted(found) == ["dmn_aggregation", "dmn_duplicate_id", "dmn_duplicate_name", "dmn_hit_policy"]


def test_texts_keep_the_line_where_they_stand():
    source = draw.definitions(
        "\n",
        draw.decision("Priority", "\n" + draw.table(["x"], ["y"], ["1", "2"]).replace("<rule", "\n<rule")),
    )
    table = dmn.read(source).decisions[0].expression
    assert isinstance(table, DecisionTable)
    assert table.line == 3
    assert table.rules[0].inputs[0].line == 4


def test_boxed_contexts_keep_order_and_result():
    entries = (
        '<contextEntry><variable name="net"/>' + draw.feel("100") + "</contextEntry>"
        "<contextEntry>" + draw.feel("net * 1.21") + "</contextEntry>"
    )
    logic = draw.read(draw.decision("Gross", f"<context>{entries}</context>")).decisions[0].expression
    assert isinstance(logic, Context)
    assert [entry.variable.name if entry.variable else None for entry in logic.entries] == ["net", None]
    assert isinstance(logic.entries[1].value, LiteralExpression)


def test_the_version_tag_of_a_decision_is_read():
    tag = '<extensionElements><z:versionTag xmlns:z="http://camunda.org/schema/zeebe/1.0" value="2026.1"/></extensionElements>'
    model = draw.read(draw.decision("Priority", tag + draw.feel("1")))
    assert model.decisions[0].version_tag == "2026.1"


def test_models_that_import_one_another_are_read_in_any_order():
    base = draw.definitions(draw.decision("Rate", draw.feel("21")), namespace="base")
    main = draw.definitions(
        '<import name="base" namespace="base" importType="dmn"/>',
        draw.decision("Gross", draw.feel("100 + base.Rate"), needs=["base#d_Rate"]),
    )
    models = dmn.read_all({"a.dmn": main, "b.dmn": base})
    assert draw.decide(models["a.dmn"], "Gross") == 121
    assert dmn.check(models["a.dmn"]) == []


def test_an_import_that_is_not_among_the_files_is_told():
    model = draw.read('<import name="base" namespace="base" importType="dmn"/>')
    assert draw.codes(model) == ["unknown_import"]


def test_models_that_import_each_other_in_a_circle_are_told_not_looped():
    first = draw.definitions('<import name="b" namespace="b" importType="dmn"/>', namespace="a")
    second = draw.definitions('<import name="a" namespace="a" importType="dmn"/>', namespace="b")
    models = dmn.read_all({"a.dmn": first, "b.dmn": second})
    assert "unknown_import" in [code for model in models.values() for code in draw.codes(model)]
