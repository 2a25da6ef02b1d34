"""Files that anybody may have written: each is refused or read at once, none makes the reader hang or swell.

How long each takes is measured by the bench, not here; what would hang, hangs this test.
"""

from __future__ import annotations

import pytest

from engine import definitions
from engine.definitions import File

NAMESPACES = 'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'


def definitions_of(body: str, *, before: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{before}<bpmn:definitions {NAMESPACES} id="d" targetNamespace="u">{body}</bpmn:definitions>'
    ).encode()


def process_of(body: str) -> bytes:
    return definitions_of(f'<bpmn:process id="p" isExecutable="true">{body}</bpmn:process>')


def flow(source: str, target: str) -> str:
    return f'<bpmn:sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}"/>'


def codes(content: bytes) -> set[str]:
    return {problem.code for problem in definitions.check([File("hostile.bpmn", content)]).problems}


def entity_bomb() -> bytes:
    lines = ['<!ENTITY a0 "ha">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    return definitions_of("&a11;", before=f"<!DOCTYPE x [{''.join(lines)}]>")


def nested_subprocesses(depth: int) -> bytes:
    opened = "".join(
        f'<bpmn:subProcess id="b{n}"><bpmn:startEvent id="s{n}"/>{flow(f"s{n}", f"b{n + 1}")}'
        for n in range(depth - 1)
    )
    opened += f'<bpmn:subProcess id="b{depth - 1}"><bpmn:startEvent id="s{depth - 1}"/>'
    return process_of(f'<bpmn:startEvent id="s"/>{opened}{"</bpmn:subProcess>" * depth}{flow("s", "b0")}')


def data_object_loop() -> bytes:
    """Draw data objects and associations that refer to one another in a ring: one such file hangs a parser."""
    objects = "".join(
        f'<bpmn:dataObjectReference id="r{n}" dataObjectRef="r{(n + 1) % 3}"/><bpmn:dataObject id="o{n}"/>'
        for n in range(3)
    )
    task = (
        '<bpmn:task id="t"><bpmn:dataInputAssociation id="i"><bpmn:sourceRef>r0</bpmn:sourceRef>'
        "<bpmn:targetRef>i</bpmn:targetRef></bpmn:dataInputAssociation>"
        '<bpmn:dataOutputAssociation id="o"><bpmn:targetRef>r0</bpmn:targetRef></bpmn:dataOutputAssociation></bpmn:task>'
    )
    return process_of(f'<bpmn:startEvent id="s"/>{objects}{task}{flow("s", "t")}')


def ladder(rungs: int) -> bytes:
    """Draw gateways that split and join in a long row with a way back from the end to the beginning."""
    body = ['<bpmn:startEvent id="s"/>', flow("s", "x0")]
    for n in range(rungs):
        body.append(f'<bpmn:parallelGateway id="x{n}"/><bpmn:task id="a{n}"/><bpmn:task id="b{n}"/>')
        body.append(f'<bpmn:parallelGateway id="j{n}"/>')
        body += [
            flow(f"x{n}", f"a{n}"),
            flow(f"x{n}", f"b{n}"),
            flow(f"a{n}", f"j{n}"),
            flow(f"b{n}", f"j{n}"),
        ]
        if n:
            body.append(flow(f"j{n - 1}", f"x{n}"))
    body += ['<bpmn:endEvent id="e"/>', flow(f"j{rungs - 1}", "e")]
    return process_of("".join(body))


def mesh(size: int) -> bytes:
    """Draw tasks that are all connected to one another."""
    tasks = "".join(f'<bpmn:task id="t{n}"/>' for n in range(size))
    flows = "".join(flow(f"t{a}", f"t{b}") for a in range(size) for b in range(size) if a != b)
    return process_of(f'<bpmn:startEvent id="s"/>{tasks}{flow("s", "t0")}{flows}')


@pytest.mark.parametrize(
    "content",
    [
        entity_bomb(),
        definitions_of("&x;", before='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        definitions_of("&x;", before='<!DOCTYPE x [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]>'),
        definitions_of("%x;", before='<!DOCTYPE x [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>'),
        definitions_of("", before='<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'),
        definitions_of("", before="<!DOCTYPE x>"),
        definitions_of("", before="<!DOCTYPE x>").decode().encode("utf-16"),
    ],
    ids=["bomb", "file", "network", "parameter", "dtd", "doctype", "doctype in UTF-16"],
)
def test_entities_and_document_types_are_refused(content: bytes) -> None:
    assert codes(content) <= {"file.hostile", "file.unreadable"}
    assert codes(content)


def test_a_file_of_fifty_megabytes_is_refused_unread() -> None:
    assert codes(b"<" * 50_000_000) == {"file.too_big"}


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 1000, b"\xff\xfe\xff", b"PK\x03\x04", "é".encode("latin-1"), b"<a/>", b'{"a": 1}'],
    ids=["empty", "zeros", "half a BOM", "zip", "latin-1", "another root", "JSON"],
)
def test_what_is_no_diagram_is_said_to_be_none(content: bytes) -> None:
    assert codes(content) == {"file.unreadable"}


def test_subprocesses_may_be_nested_as_deep_as_the_parser_reads_and_no_deeper() -> None:
    assert codes(nested_subprocesses(100)) == set()
    assert codes(nested_subprocesses(5_000)) == {"file.unreadable"}


def test_data_objects_in_a_ring_are_a_drawing_and_nothing_else() -> None:
    assert codes(data_object_loop()) == set()


def test_a_ladder_of_hundreds_of_gateways_is_checked() -> None:
    assert codes(ladder(1_000)) == set()


def test_a_mesh_of_all_to_all_is_checked() -> None:
    assert codes(mesh(90)) <= {"gateway.merge_repeats"}


@pytest.mark.parametrize("kind", ["exclusiveGateway", "parallelGateway", "inclusiveGateway", "task"])
def test_thousands_of_ways_between_a_split_and_a_join_are_checked(kind: str) -> None:
    ways = "".join(f'<bpmn:task id="t{n}"/>{flow("x", f"t{n}")}{flow(f"t{n}", "j")}' for n in range(3_000))
    body = (
        f'<bpmn:startEvent id="s"/><bpmn:{kind} id="x"/><bpmn:parallelGateway id="j"/>{flow("s", "x")}{ways}'
    )
    found = codes(process_of(f'{body}<bpmn:endEvent id="e"/>{flow("j", "e")}'))
    assert found <= {"gateway.deadlock", "gateway.may_wait", "flow.no_condition", "file.more"}


def test_more_elements_than_anybody_can_draw_are_refused() -> None:
    assert codes(ladder(3_000)) == {"file.too_many"}


def test_thousands_of_empty_subprocesses_are_all_reported() -> None:
    body = "".join(f'<bpmn:subProcess id="b{n}"/>' for n in range(9_000))
    assert codes(process_of(f"<bpmn:startEvent id='s'/>{body}")) == {"start.missing", "file.more"}


def test_processes_that_call_one_another_in_a_ring_are_whole() -> None:
    ring = "".join(
        f'<bpmn:process id="p{n}" isExecutable="true"><bpmn:startEvent id="s{n}"/><bpmn:callActivity id="c{n}">'
        f'<bpmn:extensionElements><zeebe:calledElement processId="p{(n + 1) % 3}"/></bpmn:extensionElements>'
        f"</bpmn:callActivity>{flow(f's{n}', f'c{n}')}</bpmn:process>"
        for n in range(3)
    )
    assert codes(definitions_of(ring)) == set()


def test_elements_that_refer_to_themselves_are_refused() -> None:
    assert codes(
        process_of(
            '<bpmn:startEvent id="s"/><bpmn:boundaryEvent id="b" attachedToRef="b"><bpmn:timerEventDefinition>'
            "<bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        )
    ) >= {"boundary.nowhere"}
    own = process_of(f'<bpmn:startEvent id="s"/><bpmn:task id="t"/>{flow("s", "t")}{flow("t", "t")}')
    assert codes(own) == set()


def test_an_expression_that_nests_without_end_is_refused() -> None:
    body = (
        '<bpmn:startEvent id="s"/><bpmn:scriptTask id="t"><bpmn:extensionElements>'
        f'<zeebe:script expression="={"(" * 50_000}1{")" * 50_000}" resultVariable="r"/>'
        f"</bpmn:extensionElements></bpmn:scriptTask>{flow('s', 't')}"
    )
    assert codes(process_of(body)) == {"feel.syntax"}


@pytest.mark.parametrize(
    ("content", "words", "line"),
    [
        (b" \n", "il est vide", 0),
        (b"hello", "ce n’est pas du XML", 1),
        (b"<a>\n<b></a>", "fermé par le nom d’un autre", 2),
        (b"<a>\n<b>", "s’interrompt avant sa fin", 2),
        (b"<bpmn:definitions/>", "un préfixe sans le déclarer", 1),
        (b'<a\nb="1" b="2"/>', "deux fois le même attribut", 2),
        (b"<a>\n& b</a>", "&amp;", 2),
        (b'<a b="<"/>', "&lt;", 1),
        (b"<a b=c/>", "sans guillemets", 1),
        ('<?xml version="1.0" encoding="UTF-8"?><a>é</a>'.encode("latin-1"), "de l’encodage annoncé", 1),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "encodage que personne ne connaît", 1),
        (b' <?xml version="1.0"?><a/>', "précède la déclaration", 1),
        (b"<a/>\n<b/>", "suit la fin", 2),
        (b"\n<a/>", "se trouve à la place de <bpmn:definitions>", 2),
        (b'<definitions xmlns="urn:other"/>', "mais en « urn:other »", 1),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_french_with_its_line(
    content: bytes, words: str, line: int
) -> None:
    [problem] = definitions.check([File("a.bpmn", content)]).problems
    assert (problem.code, problem.line) == ("file.unreadable", line)
    assert words in problem.message("fr")


def on_the_border(cycle: str) -> str:
    return (
        '<bpmn:userTask id="a"/><bpmn:boundaryEvent id="b" attachedToRef="a" cancelActivity="false">'
        f"<bpmn:timerEventDefinition><bpmn:timeCycle>{cycle}</bpmn:timeCycle></bpmn:timerEventDefinition>"
        "</bpmn:boundaryEvent>"
    )


def extended(kind: str, extension: str) -> str:
    return f'<bpmn:{kind} id="a"><bpmn:extensionElements>{extension}</bpmn:extensionElements></bpmn:{kind}>'


@pytest.mark.parametrize(
    "inside",
    [
        extended("userTask", '<zeebe:priorityDefinition priority="{}"/>'),
        extended("serviceTask", '<zeebe:taskDefinition type="t" retries="{}"/>'),
        on_the_border("R{}/PT1H"),
        on_the_border("0 0 {} * * *"),
    ],
    ids=["priority", "retries", "repetition", "cron"],
)
def test_a_number_of_thousands_of_digits_is_refused(inside: str) -> None:
    body = '<bpmn:startEvent id="s"/>' + inside.format("9" * 5_000) + flow("s", "a")
    assert codes(process_of(body)) & {"value.text", "timer.text"}
