"""The vocabulary of BPMN 2.0 and of the zeebe namespace: what may stand where, and what of it is not run.

Comes in: nothing. Goes out: tables by the name of an element. It never reads a file: ``honoured.py`` does.
Next: ``engine/kernel/honoured.py``.
"""

from __future__ import annotations

from typing import get_args

from engine.kernel.model import Phase, TaskPhase

Names = frozenset[str]


def _names(text: str) -> Names:
    return frozenset(text.split())


FOREIGN = {
    "http://camunda.org/schema/1.0/bpmn": "camunda",
    "http://flowable.org/bpmn": "flowable",
    "http://activiti.org/bpmn": "activiti",
    "http://www.jboss.org/drools": "drools",
    "http://www.imixs.org/bpmn2": "imixs",
    "http://processmaker.com/BPMN2": "processmaker",
    "http:///com.sap.ifl.model/Ifl.xsd": "ifl",
    "http://xmlns.oracle.com/bpm/OracleExtensions": "oracle",
    "http://www.ibm.com/xmlns/prod/bpm/bpmn/ext": "ibm",
}
"""Other engines: what stands in their namespaces is behaviour, so it is refused by name."""
FOREIGN_ROOTS = (("http://spiffworkflow.org/", "spiffworkflow"), ("http://www.jbpm.org/", "jbpm"))
DECORATION = (
    "http://camunda.org/schema/modeler/",
    "http://bpmn.io/",
    "http://bpmn.sourceforge.net",
    "http://www.boc-",
    "http://www.bizagi.com/",
    "http://www.bpsim.org/",
    "http://www.omg.org/spec/",
    "http://www.signavio.com",
    "http://www.trisotech.com/",
    "http://www.w3.org/",
)
"""Colours, layout, notes and simulation figures of editors: they say nothing about how a process runs."""
MERE_NOTES = _names("diagramRelationId modelerTemplate modelerTemplateIcon modelerTemplateVersion")
"""Attributes of engines that only their editor reads."""

# ---------------------------------------------------------------------- BPMN

_ANY = _names("id name")
_ACTIVITY = _ANY | _names("completionQuantity default isForCompensation startQuantity")
_GATEWAY = _ANY | _names("gatewayDirection")
_EXPRESSION = _names("evaluatesToTypeRef id language")
ATTRIBUTES: dict[str, Names] = {
    "process": _ANY | _names("definitionalCollaborationRef isClosed isExecutable processType"),
    "task": _ACTIVITY,
    "manualTask": _ACTIVITY,
    "userTask": _ACTIVITY | {"implementation"},
    "serviceTask": _ACTIVITY | _names("implementation operationRef"),
    "sendTask": _ACTIVITY | _names("implementation messageRef operationRef"),
    "receiveTask": _ACTIVITY | _names("implementation instantiate messageRef operationRef"),
    "scriptTask": _ACTIVITY | {"scriptFormat"},
    "businessRuleTask": _ACTIVITY | {"implementation"},
    "callActivity": _ACTIVITY | {"calledElement"},
    "subProcess": _ACTIVITY | {"triggeredByEvent"},
    "adHocSubProcess": _ACTIVITY | _names("cancelRemainingInstances ordering triggeredByEvent"),
    "startEvent": _ANY | _names("isInterrupting parallelMultiple"),
    "intermediateCatchEvent": _ANY | {"parallelMultiple"},
    "boundaryEvent": _ANY | _names("attachedToRef cancelActivity parallelMultiple"),
    "intermediateThrowEvent": _ANY,
    "endEvent": _ANY,
    "exclusiveGateway": _GATEWAY | {"default"},
    "inclusiveGateway": _GATEWAY | {"default"},
    "parallelGateway": _GATEWAY,
    "eventBasedGateway": _GATEWAY | _names("eventGatewayType instantiate"),
    "sequenceFlow": _ANY | _names("isImmediate sourceRef targetRef"),
    "message": _ANY | {"itemRef"},
    "signal": _ANY | {"structureRef"},
    "error": _ANY | _names("errorCode structureRef"),
    "escalation": _ANY | _names("escalationCode structureRef"),
    "timerEventDefinition": _names("id"),
    "messageEventDefinition": _names("id messageRef"),
    "signalEventDefinition": _names("id signalRef"),
    "errorEventDefinition": _names("errorRef id"),
    "escalationEventDefinition": _names("escalationRef id"),
    "compensateEventDefinition": _names("activityRef id waitForCompletion"),
    "linkEventDefinition": _ANY,
    "terminateEventDefinition": _names("id"),
    "multiInstanceLoopCharacteristics": _names(
        "behavior id isSequential noneBehaviorEventRef oneBehaviorEventRef"
    ),
    **dict.fromkeys(
        _names("completionCondition conditionExpression loopCardinality timeCycle timeDate timeDuration"),
        _EXPRESSION,
    ),
}
"""The attributes without a namespace; another one is a slip, such as ``cancelactivity``."""

_NODE = _names("auditing categoryValueRef documentation extensionElements incoming monitoring outgoing")
_ROLES = _names("humanPerformer performer potentialOwner resourceRole")
_DATA = _names("dataInputAssociation dataOutputAssociation ioSpecification property")
_LOOPS = _names("multiInstanceLoopCharacteristics standardLoopCharacteristics")
_IN_ACTIVITY = _NODE | _DATA | _LOOPS | _ROLES | {"boundaryEventRefs"}
_IN_EVENT = (
    _NODE
    | _DATA
    | _names("dataInput dataOutput eventDefinitionRef inputSet outputSet")
    | {f"{kind}EventDefinition" for kind in _names("cancel compensate conditional error escalation")}
    | {f"{kind}EventDefinition" for kind in _names("link message signal terminate timer")}
)
_NOTED = _names("documentation extensionElements")
CHILDREN: dict[str, Names] = {
    **dict.fromkeys(
        _names("businessRuleTask callActivity manualTask receiveTask sendTask serviceTask task"), _IN_ACTIVITY
    ),
    "userTask": _IN_ACTIVITY | {"rendering"},
    "scriptTask": _IN_ACTIVITY | {"script"},
    **dict.fromkeys(
        _names("boundaryEvent endEvent intermediateCatchEvent intermediateThrowEvent startEvent"), _IN_EVENT
    ),
    **dict.fromkeys(_names("eventBasedGateway exclusiveGateway inclusiveGateway parallelGateway"), _NODE),
    "sequenceFlow": _NODE | {"conditionExpression"},
    "timerEventDefinition": _NOTED | _names("timeCycle timeDate timeDuration"),
    "multiInstanceLoopCharacteristics": _NOTED
    | _names("completionCondition complexBehaviorDefinition inputDataItem loopCardinality")
    | _names("loopDataInputRef loopDataOutputRef outputDataItem"),
}
"""The children in BPMN's own namespace; scopes are read child by child in ``dialect.py``."""
NOT_RUN_CHILDREN = (
    _ROLES
    | _names("assignment complexBehaviorDefinition eventDefinitionRef inputDataItem loopCardinality")
    | _names("loopDataInputRef loopDataOutputRef outputDataItem rendering transformation")
)
"""What BPMN gives a meaning that Guichet does not run."""
NOT_RUN_ATTRIBUTES = _names("noneBehaviorEventRef oneBehaviorEventRef")
ONLY_VALUES: dict[str, Names] = {
    "behavior": _names("All"),
    "completionQuantity": _names("1"),
    "eventGatewayType": _names("Exclusive"),
    "parallelMultiple": _names("false 0"),
    "startQuantity": _names("1"),
    "waitForCompletion": _names("true 1"),
}
"""Attributes of which one meaning is run."""
FLAGS = _names(
    "cancelActivity cancelRemainingInstances instantiate isExecutable isForCompensation isInterrupting"
    " isSequential parallelMultiple propagateAllChildVariables propagateAllParentVariables triggeredByEvent"
    " waitForCompletion"
)
"""Attributes that are true or false."""
ONCE = (
    _names("completionCondition"),
    _names("conditionExpression"),
    _names("loopCardinality"),
    _LOOPS,
    _names("timeCycle timeDate timeDuration"),
)
"""Groups of children of which an element has one at most."""
NODES = (
    frozenset(ATTRIBUTES)
    - _names("completionCondition conditionExpression loopCardinality timeCycle timeDate timeDuration")
    - _names("error escalation message multiInstanceLoopCharacteristics signal")
    - frozenset(name for name in ATTRIBUTES if name.endswith("EventDefinition"))
)
DEFINED = _names("error escalation message signal")
"""What events refer to, beside the processes."""
IDENTIFIED = NODES | DEFINED
"""What references and rows name by its id."""

# ---------------------------------------------------------------------- zeebe

_BINDING = _names("bindingType versionTag")
_LISTENER = _names("eventType retries type")
ZEEBE_ATTRIBUTES: dict[str, Names] = {
    "adHoc": _names("activeElementsCollection outputCollection outputElement"),
    "assignmentDefinition": _names("assignee candidateGroups candidateUsers"),
    "calledDecision": _BINDING | _names("decisionId resultVariable"),
    "calledElement": _BINDING | _names("processId propagateAllChildVariables propagateAllParentVariables"),
    "executionListener": _LISTENER,
    "formDefinition": _BINDING | _names("externalReference formId formKey"),
    "header": _names("id key value"),
    "input": _names("modelerConfigurationName modelerConfigurationTemplate source target"),
    "loopCharacteristics": _names("inputCollection inputElement outputCollection outputElement"),
    "output": _names("source target"),
    "priorityDefinition": _names("priority"),
    "property": _names("id modelerConfigurationName modelerConfigurationTemplate name value"),
    "script": _names("expression resultVariable"),
    "subscription": _names("correlationKey"),
    "taskDefinition": _names("retries type"),
    "taskListener": _LISTENER,
    "taskSchedule": _names("dueDate followUpDate"),
    "userTaskForm": _names("id"),
    "versionTag": _names("value"),
}
ZEEBE_NOTES = _names("header ioMapping properties property taskHeaders userTask")
"""Extensions whose further attributes can only be notes of an editor: a warning."""
ZEEBE_CHILDREN: dict[str, Names] = {
    "executionListener": _names("taskHeaders"),
    "executionListeners": _names("executionListener"),
    "ioMapping": _names("input output"),
    "properties": _names("property"),
    "taskHeaders": _names("header"),
    "taskListener": _names("taskHeaders"),
    "taskListeners": _names("taskListener"),
}
PROPERTIES = _names("properties")
ZEEBE_INSIDE: dict[str, Names] = {
    "conditionalEventDefinition": _names("conditionalFilter properties"),
    "message": _names("properties subscription"),
    "multiInstanceLoopCharacteristics": _names("loopCharacteristics properties"),
}
"""Extensions of what is no flow node; those of flow nodes stand in ``ZEEBE_PLACES``."""
_TASKS = _names(
    "adHocSubProcess businessRuleTask callActivity manualTask receiveTask scriptTask sendTask serviceTask"
    " subProcess task userTask"
)
_THROWS = _names("endEvent intermediateThrowEvent")
CATCHES = _names("boundaryEvent intermediateCatchEvent startEvent")
_GATEWAYS = _names("eventBasedGateway exclusiveGateway inclusiveGateway parallelGateway")
_JOBS = _names("businessRuleTask scriptTask sendTask serviceTask") | _THROWS
ZEEBE_PLACES: dict[str, Names] = {
    "adHoc": _names("adHocSubProcess"),
    "assignmentDefinition": _names("userTask"),
    "calledDecision": _names("businessRuleTask"),
    "calledElement": _names("callActivity"),
    "executionListeners": _TASKS | _THROWS | CATCHES | _GATEWAYS | {"process"},
    "formDefinition": _names("startEvent userTask"),
    "ioMapping": _TASKS | _THROWS | CATCHES,
    "priorityDefinition": _names("userTask"),
    "properties": NODES,
    "script": _names("scriptTask"),
    "taskDefinition": _JOBS,
    "taskHeaders": _JOBS | {"userTask"},
    "taskListeners": _names("userTask"),
    "taskSchedule": _names("userTask"),
    "userTask": _names("userTask"),
    "userTaskForm": _names("process"),
    "versionTag": _names("process"),
}
"""The extensions of flow nodes, of the process and of flows that mean something, and where."""
_AROUND = _names("start end")
PHASES: dict[str, Names] = {
    **dict.fromkeys(_TASKS | _THROWS | {"intermediateCatchEvent", "process"}, _AROUND),
    **dict.fromkeys(_GATEWAYS, _names("start")),
    **dict.fromkeys(("startEvent", "boundaryEvent"), _names("end")),
}
"""When execution listeners are called: a gateway decides as it ends, an event has happened as it starts."""
TASK_PHASES: dict[str, Phase] = {
    **{phase: phase for phase in get_args(TaskPhase)},
    "create": "creating",
    "assignment": "assigning",
    "update": "updating",
    "complete": "completing",
    "cancel": "canceling",
}
"""When task listeners are called; the short words are those of zeebe 8.6."""
