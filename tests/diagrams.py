"""Diagrams written in a line: ``process("p", start(), user("a"), end(), flows="start a end")``.

Comes in: elements as short calls and chains of ids. Goes out: BPMN with the zeebe namespace. It never draws the
picture: tests look at behaviour.
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="urn:test">'
)


def process(process_id: str, *elements: str, flows: str = "", extra: str = "") -> bytes:
    """Return a file with one process; ``flows`` is chains of ids, ``;`` between chains."""
    body = "".join(elements) + _drawn(flows)
    return (
        f'{HEAD}{extra}<bpmn:process id="{process_id}" name="{process_id}" isExecutable="true">'
        f"{body}</bpmn:process></bpmn:definitions>"
    ).encode()


def subprocess(element: str, *elements: str, flows: str = "", attributes: str = "") -> str:
    body = "".join(elements) + _drawn(flows)
    return f'<bpmn:subProcess id="{element}" {attributes}>{body}</bpmn:subProcess>'


def _drawn(flows: str) -> str:
    return "".join(
        f'<bpmn:sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}"/>'
        for chain in flows.split(";")
        for source, target in zip(chain.split(), chain.split()[1:], strict=False)
    )


def start(element: str = "start", inside: str = "", attributes: str = "") -> str:
    return f'<bpmn:startEvent id="{element}" {attributes}>{inside}</bpmn:startEvent>'


def end(element: str = "end", inside: str = "") -> str:
    return f'<bpmn:endEvent id="{element}">{inside}</bpmn:endEvent>'


def user(
    element: str, *, groups: str = "agents", label: str = "", form: str = "", listeners: str = ""
) -> str:
    """A user task; ``listeners`` are pairs of event and task type: ``"assigning:check canceling:tell"``."""
    form_part = f'<zeebe:formDefinition formId="{form}"/>' if form else ""
    if listeners:
        pairs = (pair.split(":") for pair in listeners.split())
        drawn = "".join(f'<zeebe:taskListener eventType="{event}" type="{kind}"/>' for event, kind in pairs)
        form_part += f"<zeebe:taskListeners>{drawn}</zeebe:taskListeners>"
    return (
        f'<bpmn:userTask id="{element}" name={quoteattr(label or element)}><bpmn:extensionElements><zeebe:userTask/>'
        f"<zeebe:assignmentDefinition candidateGroups={quoteattr(groups)}/>{form_part}"
        "</bpmn:extensionElements></bpmn:userTask>"
    )


def service(element: str, job_type: str, *, retries: str = "3") -> str:
    return (
        f'<bpmn:serviceTask id="{element}" name="{element}"><bpmn:extensionElements>'
        f'<zeebe:taskDefinition type="{job_type}" retries="{retries}"/></bpmn:extensionElements></bpmn:serviceTask>'
    )


def timer(duration: str) -> str:
    return (
        '<bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">'
        f"{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )


def boundary(element: str, host: str, inside: str, *, interrupting: bool = True) -> str:
    word = "true" if interrupting else "false"
    return (
        f'<bpmn:boundaryEvent id="{element}" attachedToRef="{host}" cancelActivity="{word}">'
        f"{inside}</bpmn:boundaryEvent>"
    )


def catch(element: str, inside: str) -> str:
    return f'<bpmn:intermediateCatchEvent id="{element}">{inside}</bpmn:intermediateCatchEvent>'


def message(element: str, name: str, key: str = "") -> str:
    """A message for ``extra``; ``key`` is the FEEL of its correlation key."""
    subscription = (
        f"<bpmn:extensionElements><zeebe:subscription correlationKey={quoteattr(key)}/></bpmn:extensionElements>"
        if key
        else ""
    )
    return f'<bpmn:message id="{element}" name={quoteattr(name)}>{subscription}</bpmn:message>'


def on_message(element: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="{element}"/>'


def signal(element: str, name: str) -> str:
    return f'<bpmn:signal id="{element}" name={quoteattr(name)}/>'


def on_signal(element: str) -> str:
    return f'<bpmn:signalEventDefinition signalRef="{element}"/>'


def throw(element: str, inside: str) -> str:
    return f'<bpmn:intermediateThrowEvent id="{element}">{inside}</bpmn:intermediateThrowEvent>'


def script(element: str, expression: str, variable: str) -> str:
    return (
        f'<bpmn:scriptTask id="{element}" name="{element}"><bpmn:extensionElements>'
        f"<zeebe:script expression={quoteattr('=' + expression)} resultVariable={quoteattr(variable)}/>"
        "</bpmn:extensionElements></bpmn:scriptTask>"
    )


def fork(element: str) -> str:
    return f'<bpmn:parallelGateway id="{element}"/>'
