"""The words of BPMN that problems name, in both languages.

Comes in: the English word a reader of diagrams reports. Goes out: both words. It never holds a sentence:
``engine/wordings.py`` does. Next: ``engine/kernel/source.py``.
"""

from __future__ import annotations

Both = dict[str, str]

FRENCH = {
    "a date": "une date",
    "a cycle": "un cycle",
    "the input collection": "la collection d’entrée",
    "the task type": "le type de tâche",
    "the name of its signal": "le nom de son signal",
    "the name of its message": "le nom de son message",
    "the script": "le script",
    "a duration": "une durée",
    "a number from 0 to 100": "un nombre de 0 à 100",
    "a FEEL expression": "une expression FEEL",
    "a FEEL script": "un script FEEL",
    "a correlation key": "une clé de corrélation",
    "a cycle such as R3/PT2H or 0 0 9 * * MON-FRI": "un cycle comme R3/PT2H ou 0 0 9 * * MON-FRI",
    "a date and time": "une date et heure",
    "a date, duration or cycle": "une date, une durée ou un cycle",
    "a decision": "une décision",
    "a due date": "une échéance",
    "a duration such as PT2H or P5D": "une durée comme PT2H ou P5D",
    "a follow-up date": "une date de relance",
    "a form": "un formulaire",
    "a key for a header": "une clé pour un en-tête",
    "a link name": "un nom de lien",
    "a list": "une liste",
    "a list of element ids": "une liste d’identifiants d’éléments",
    "a message": "un message",
    "a message name": "un nom de message",
    "a name": "un nom",
    "a name for its message": "un nom pour son message",
    "a name for its signal": "un nom pour son signal",
    "a number of retries": "un nombre d’essais",
    "a priority from 0 to 100": "une priorité de 0 à 100",
    "a process": "un processus",
    "a result variable": "une variable de résultat",
    "a signal": "un signal",
    "a signal name": "un nom de signal",
    "a task type": "un type de tâche",
    "a version tag": "une étiquette de version",
    "a whole number": "un nombre entier",
    "an assignee": "un assigné",
    "an error": "une erreur",
    "an error code": "un code d’erreur",
    "an escalation": "une escalade",
    "an escalation code": "un code d’escalade",
    "an input collection": "une collection d’entrée",
    "candidate groups": "des groupes candidats",
    "candidate users": "des personnes candidates",
    "compensation": "compensation",
    "at least one activity inside": "au moins une activité à l’intérieur",
    "cycle": "cycle",
    "date": "date",
    "duration": "durée",
    "either the output collection or the output element": "soit la collection de sortie, soit l’élément de sortie",
    "error": "erreur",
    "escalation": "escalade",
    "link": "lien",
    "message": "message",
    "none": "simple",
    "process": "processus",
    "signal": "signal",
    "standard loop": "boucle standard",
    "terminate": "terminaison",
    "the activity that undoes": "l’activité qui annule",
    "the assignee": "l’assigné",
    "the binding to its version tag": "la liaison à son étiquette de version",
    "the candidate groups": "les groupes candidats",
    "the candidate users": "les personnes candidates",
    "the completion condition": "la condition d’achèvement",
    "the condition": "la condition",
    "the correlation key": "la clé de corrélation",
    "the decision to call": "la décision à appeler",
    "the due date": "l’échéance",
    "the error code": "le code d’erreur",
    "the escalation code": "le code d’escalade",
    "the follow-up date": "la date de relance",
    "the form": "le formulaire",
    "the header retryBackoff": "l’en-tête retryBackoff",
    "the id of a decision to call": "l’identifiant de la décision à appeler",
    "the id of a process to call": "l’identifiant du processus à appeler",
    "the list of elements that begin (active elements collection)": "la liste des éléments qui commencent",
    "the number of retries": "le nombre d’essais",
    "the output element": "l’élément de sortie",
    "the priority": "la priorité",
    "the process to call": "le processus à appeler",
    "the task type of a listener": "le type de tâche d’un écouteur",
    "the timer": "la minuterie",
    "timer": "minuterie",
}


THE = {
    "a FEEL expression": "the script",
    "a name for its message": "the name of its message",
    "a name for its signal": "the name of its signal",
    "a task type": "the task type",
    "an input collection": "the input collection",
}
"""What is missing has an indefinite article, what is there a definite one."""
KINDS: dict[str, tuple[str, str]] = {
    "adHocSubProcess": ("ad-hoc subprocess", "sous-processus ad hoc"),
    "boundaryEvent": ("boundary event", "événement de bord"),
    "businessRuleTask": ("business rule task", "tâche de règle métier"),
    "callActivity": ("call activity", "activité d’appel"),
    "endEvent": ("end event", "événement de fin"),
    "eventBasedGateway": ("event-based gateway", "passerelle événementielle"),
    "exclusiveGateway": ("exclusive gateway", "passerelle exclusive"),
    "inclusiveGateway": ("inclusive gateway", "passerelle inclusive"),
    "intermediateCatchEvent": ("intermediate catch event", "événement intermédiaire de réception"),
    "intermediateThrowEvent": ("intermediate throw event", "événement intermédiaire d’envoi"),
    "manualTask": ("manual task", "tâche manuelle"),
    "parallelGateway": ("parallel gateway", "passerelle parallèle"),
    "process": ("process", "processus"),
    "receiveTask": ("receive task", "tâche de réception"),
    "scriptTask": ("script task", "tâche de script"),
    "sendTask": ("send task", "tâche d’envoi"),
    "sequenceFlow": ("sequence flow", "flux de séquence"),
    "serviceTask": ("service task", "tâche de service"),
    "startEvent": ("start event", "événement de début"),
    "subProcess": ("subprocess", "sous-processus"),
    "task": ("task", "tâche"),
    "userTask": ("user task", "tâche utilisateur"),
}
"""What BPMN calls its elements."""


def kind(tag: str) -> Both:
    """Return how elements of this name in XML are called."""
    en, fr = KINDS.get(tag, (tag, tag))
    return {"en": en, "fr": fr}


def in_both(fact: object) -> object:
    """Return a word of the glossary in both languages; anything else as it is."""
    if type(fact) is str and fact in FRENCH:
        return {"en": fact, "fr": FRENCH[fact]}
    return fact


def source_of(kind: str, target: str) -> Both:
    """Return how the source of a mapping is called."""
    which = {"input": "de l’entrée", "output": "de la sortie"}[kind]
    return {"en": f"the source of the {kind} “{target}”", "fr": f"la source {which} « {target} »"}


def target_of(kind: str) -> Both:
    """Return how the target of a mapping is called."""
    which = {"input": "de l’entrée", "output": "de la sortie"}[kind]
    return {"en": f"the target of the {kind}", "fr": f"la cible {which}"}
