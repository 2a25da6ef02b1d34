"""What a file may carry that means something elsewhere: each is named at its element, or known to be harmless."""

from __future__ import annotations

import pytest

from engine import definitions
from engine.definitions import File
from tests.unit.test_engine_checks import (
    COMPENSATE,
    END,
    ERROR,
    HEAD,
    LASTING,
    MESSAGE,
    SIGNAL,
    START,
    TASK,
    around,
    chain,
    draw,
    extended,
    flow,
    node,
    timer,
)

JOB = extended('<zeebe:taskDefinition type="a"/>')
CATCH = '<bpmn:messageEventDefinition messageRef="m"/>'
COLLECTION = '<zeebe:loopCharacteristics inputCollection="=a"/>'


def job(*more: str) -> bytes:
    return around(node("serviceTask", "x", extended('<zeebe:taskDefinition type="a"/>', *more)))


def repeated(zeebe: str, inside: str = "", attributes: str = "") -> bytes:
    loop = f"<bpmn:multiInstanceLoopCharacteristics {attributes}>{extended(zeebe)}{inside}</bpmn:multiInstanceLoopCharacteristics>"
    return around(node("task", "x", loop))


def choice(condition: str) -> bytes:
    way = f'<bpmn:sequenceFlow id="f" sourceRef="x" targetRef="e">{condition}</bpmn:sequenceFlow>'
    return draw(
        START,
        node("exclusiveGateway", "x", "", 'default="x_e2"'),
        END,
        node("endEvent", "e2"),
        chain("s", "x", "e2"),
        way,
    )


def border(inside: str, attributes: str = "", defs: str = "") -> bytes:
    event = node("boundaryEvent", "b", inside, f'attachedToRef="x" {attributes}')
    return around(LASTING, event, flow("b", "e"), defs=defs)


def user(extension: str) -> bytes:
    return around(node("userTask", "x", extended('<zeebe:assignmentDefinition assignee="a"/>', extension)))


REFUSED = {
    "a plain attribute of another engine": ("x", around(node("userTask", "x", extended('<zeebe:assignmentDefinition assignee="a"/>'), 'assignee="bob"'))),
    "an attribute of a zeebe extension": ("x", around(node("serviceTask", "x", extended('<zeebe:taskDefinition type="a" timeout="5"/>')))),
    "a zeebe attribute of an element": ("x", around(node("serviceTask", "x", JOB, 'zeebe:timeout="5"'))),
    "an unknown mapping": ("x", job('<zeebe:ioMapping><zeebe:inputs source="=1" target="a"/></zeebe:ioMapping>')),
    "a priority of jobs": ("x", job('<zeebe:jobPriorityDefinition priority="5"/>')),
    "a business id": ("x", around(node("callActivity", "x", extended('<zeebe:calledElement processId="p" businessId="=a"/>')))),
    "mappings twice": ("x", job("<zeebe:ioMapping/><zeebe:ioMapping/>")),
    "a header without key": ("x", job('<zeebe:taskHeaders><zeebe:header value="b"/></zeebe:taskHeaders>')),
    "a back-off that is no duration": ("x", job('<zeebe:taskHeaders><zeebe:header key="retryBackoff" value="soon"/></zeebe:taskHeaders>')),
    "a target called null": ("x", job('<zeebe:ioMapping><zeebe:input source="=1" target="null"/></zeebe:ioMapping>')),
    "a listener of a flow": ("f", choice(extended('<zeebe:executionListeners><zeebe:executionListener eventType="take" type="a"/></zeebe:executionListeners>') + "<bpmn:conditionExpression>=a</bpmn:conditionExpression>")),
    "drools": ("x", around(node("task", "x", "", 'xmlns:drools="http://www.jboss.org/drools" drools:taskName="a"'))),
    "jpdl": ("x", around(node("task", "x", extended('<j:thing xmlns:j="http://www.jbpm.org/4.4/jpdl"/>')))),
    "camunda on a condition": ("f", choice('<bpmn:conditionExpression camunda:resource="a.groovy">=a</bpmn:conditionExpression>')),
    "camunda on an event definition": ("b", border('<bpmn:errorEventDefinition errorRef="err" camunda:errorCodeVariable="c"/>', defs=ERROR)),
    "camunda on an error": ("err", border('<bpmn:errorEventDefinition errorRef="err"/>', defs=ERROR.replace("errorCode", 'camunda:errorMessage="m" errorCode'))),
    "camunda in a message": ("m", around(node("receiveTask", "x", "", 'messageRef="m"'), defs=MESSAGE.replace("<zeebe", "<camunda:foo/><zeebe"))),
    "camunda on a lane": ("l", around(TASK, '<bpmn:laneSet id="ls"><bpmn:lane id="l" camunda:foo="x"/></bpmn:laneSet>')),
    "camunda on the process": ("p", draw(START, END, chain("s", "e"), process='id="p" isExecutable="true" camunda:candidateStarterGroups="g"')),
    "groovy": ("f", choice('<bpmn:conditionExpression language="groovy">=a</bpmn:conditionExpression>')),
    "two conditions": ("x", draw(START, node("task", "y"), chain("s", "y"), '<bpmn:sequenceFlow id="x" sourceRef="y" targetRef="e"><bpmn:conditionExpression>=a</bpmn:conditionExpression><bpmn:conditionExpression>=b</bpmn:conditionExpression></bpmn:sequenceFlow>', END)),
    "an expression of the unified language": ("f", choice("<bpmn:conditionExpression>${a}</bpmn:conditionExpression>")),
    "a default of another element": ("x", draw(START, node("exclusiveGateway", "x", "", 'default="s_x"'), END, node("endEvent", "e2"), chain("s", "x"), flow("x", "e", "=a"), flow("x", "e2", "=b"))),
    "a script beside FEEL": ("x", around(node("scriptTask", "x", extended('<zeebe:script expression="=1" resultVariable="r"/>') + "<bpmn:script>x=1</bpmn:script>", 'scriptFormat="groovy"'))),
    "a decision and a job": ("x", around(node("businessRuleTask", "x", extended('<zeebe:calledDecision decisionId="=d" resultVariable="r"/><zeebe:taskDefinition type="a"/>')))),
    "a potential owner": ("x", around(node("userTask", "x", extended('<zeebe:assignmentDefinition assignee="a"/>') + "<bpmn:potentialOwner/>"))),
    "an assignment of data": ("x", around(node("task", "x", "<bpmn:dataInputAssociation><bpmn:targetRef>d</bpmn:targetRef><bpmn:assignment><bpmn:from>a</bpmn:from><bpmn:to>b</bpmn:to></bpmn:assignment></bpmn:dataInputAssociation>"))),
    "a cardinality": ("x", repeated(COLLECTION, "<bpmn:loopCardinality>5</bpmn:loopCardinality>")),
    "events of a loop": ("x", repeated(COLLECTION, "", 'behavior="One"')),
    "a collection that is a text": ("x", repeated('<zeebe:loopCharacteristics inputCollection="items"/>')),
    "a completion that is a text": ("x", repeated(COLLECTION, "<bpmn:completionCondition>done</bpmn:completionCondition>")),
    "a shared event definition": ("x", around(node("intermediateCatchEvent", "x", "<bpmn:eventDefinitionRef>t</bpmn:eventDefinitionRef>"))),
    "two times of a timer": ("x", around(node("intermediateCatchEvent", "x", timer("PT1H").replace("<bpmn:timeDuration>", "<bpmn:timeDate>2026-01-01T00:00:00Z</bpmn:timeDate><bpmn:timeDuration>")))),
    "a time that runs backwards": ("x", around(node("intermediateCatchEvent", "x", timer("-PT1H")))),
    "all events of a parallel event gateway": ("x", draw(START, node("eventBasedGateway", "x", "", 'eventGatewayType="Parallel"'), chain("s", "x", "t", "e"), node("intermediateCatchEvent", "t", timer("PT1H")), END, chain("x", "y"), node("intermediateCatchEvent", "y", timer("PT2H")))),
    "several events at once": ("x", around(node("intermediateCatchEvent", "x", timer("PT1H"), 'parallelMultiple="true"'))),
    "an error without code": ("x", draw(START, node("endEvent", "x", "<bpmn:errorEventDefinition/>"), chain("s", "x"))),
    "an escalation without code": ("x", around(node("intermediateThrowEvent", "x", '<bpmn:escalationEventDefinition escalationRef="c"/>'), defs='<bpmn:escalation id="c"/>')),
    "a sent message that does not exist": ("x", around(node("sendTask", "x", JOB, 'messageRef="gone"'))),
    "a key that is a text": ("m", around(node("intermediateCatchEvent", "x", CATCH), defs=MESSAGE.replace("=k", "k"))),
    "a key that is no FEEL": ("m", around(node("intermediateCatchEvent", "x", CATCH), defs=MESSAGE.replace("=k", "=k +"))),
    "a due date in words": ("x", user('<zeebe:taskSchedule dueDate="next week"/>')),
    "a priority beyond 100": ("x", user('<zeebe:priorityDefinition priority="200"/>')),
    "a form that is not named": ("x", user("<zeebe:formDefinition/>")),
    "a flow out of a link": ("x", draw(START, node("intermediateThrowEvent", "x", '<bpmn:linkEventDefinition name="L"/>'), chain("s", "x", "e"), node("intermediateCatchEvent", "l", '<bpmn:linkEventDefinition name="L"/>'), END, chain("l", "e"))),
    "a border of another scope": ("b", around(LASTING, node("subProcess", "box", node("startEvent", "s2") + node("boundaryEvent", "b", timer("PT1H"), 'attachedToRef="x"')), chain("x", "box"))),
    "an element of no namespace": ("p", around(TASK, '<task id="q"/>')),
    "an inclusion": ("p", around(TASK, '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>')),
    "an id of a message and a task": ("x", around(TASK, defs='<bpmn:message id="x" name="q"/>')),
    "a drawing alone": ("p", draw(START, END, chain("s", "e"), process='id="p" isExecutable="false"')),
    "a cancel event": ("b", border("<bpmn:cancelEventDefinition/>")),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_passed_over_is_refused_once_at_its_element(name: str) -> None:
    element, content = REFUSED[name]
    problems = definitions.check([File("p.bpmn", content)]).problems
    assert {(p.element, p.severity) for p in problems} == {(element, "error")}
    assert len({p.message("fr") for p in problems}) == len(problems)


HARMLESS = {
    "templates of the modeler": around(node("serviceTask", "x", JOB, 'zeebe:modelerTemplate="t" zeebe:modelerTemplateVersion="1" zeebe:modelerTemplateIcon="d"')),
    "colours": around(node("task", "x", "", 'xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0" bioc:stroke="red"')),
    "notes of Signavio": around(node("task", "x", extended('<s:meta xmlns:s="http://www.signavio.com" metaKey="a"/>'))),
    "data that is drawn": around(node("task", "x", '<bpmn:property id="pr" name="__targetRef_placeholder"/><bpmn:dataInputAssociation id="da"><bpmn:sourceRef>dr</bpmn:sourceRef><bpmn:targetRef>pr</bpmn:targetRef></bpmn:dataInputAssociation>'), '<bpmn:dataObjectReference id="dr" dataObjectRef="do"/><bpmn:dataObject id="do"/>'),
    "comments": job("<!-- why -->", "<zeebe:ioMapping><!-- because --></zeebe:ioMapping>"),
    "one for true": draw(START, END, chain("s", "e"), process='id="p" isExecutable="1"'),
    "an event subprocess marked by one": around(TASK, node("subProcess", "ev", node("startEvent", "s2", '<bpmn:signalEventDefinition signalRef="sig"/>'), 'triggeredByEvent="1"'), defs=SIGNAL),
    "the language of a fixed time": around(node("intermediateCatchEvent", "x", timer("PT1H").replace("<bpmn:timeDuration>", '<bpmn:timeDuration language="http://www.w3.org/1999/XPath">'))),
    "a border of compensation on a task": around(TASK, node("boundaryEvent", "b", COMPENSATE, 'attachedToRef="x"'), node("task", "undo", "", 'isForCompensation="true"'), '<bpmn:association id="a" sourceRef="b" targetRef="undo"/>'),
    "UTF-16": around(TASK).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + around(TASK),
    "Latin-1": around(TASK).decode().replace("UTF-8", "ISO-8859-1").replace("Label", "Été").encode("latin-1"),
    "another prefix": around(TASK).replace(b"bpmn:", b"semantic:").replace(b"xmlns:bpmn", b"xmlns:semantic"),
    "no prefix": around(TASK).replace(b"bpmn:", b"").replace(b"xmlns:bpmn", b"xmlns"),
    "two pools": f'{HEAD}<bpmn:process id="p1" isExecutable="true">{START}</bpmn:process><bpmn:process id="p2" isExecutable="true">{START.replace(chr(34) + "s" + chr(34), chr(34) + "s2" + chr(34))}</bpmn:process></bpmn:definitions>'.encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_what_says_nothing_about_the_run_is_no_problem(name: str) -> None:
    assert definitions.check([File("p.bpmn", HARMLESS[name])]).problems == []
