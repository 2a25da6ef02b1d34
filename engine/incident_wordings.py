"""The words of every incident, by code: (what was expected and found, what to do), in English and French.

Comes in: nothing. Goes out: ``INCIDENTS``. It never holds logic, and of ``engine/wordings.py`` only the shape: those
words are for authors of diagrams, these for operators. Next: ``engine/kernel/faults.py``.
"""

from __future__ import annotations

from engine.wordings import Wording

_MEND = (
    "Correct the data, or mend the expression, deploy it and migrate the instance; then try again.",
    "Corrigez les données, ou réparez l’expression, déployez-la et migrez l’instance ; puis réessayez.",
)

INCIDENTS: dict[str, Wording] = {
    # words from outside stay as they were said
    "worker.failed": {
        "en": ("{text}", "Look at what the worker logged, mend the cause, then try again."),
        "fr": ("{text}", "Consultez le journal de l’exécutant, réparez la cause, puis réessayez."),
    },
    "handler.refused": {
        "en": ("{text}", "Set right what the sentence names, then try again."),
        "fr": ("{text}", "Rétablissez ce que la phrase nomme, puis réessayez."),
    },
    # expressions
    "expression.value": {
        "en": ("Expected “{text}” to give {what}, but it is {found}{reason}.", _MEND[0]),
        "fr": ("« {text} » devait donner {what}, mais vaut {found}{reason}.", _MEND[1]),
    },
    "expression.failed": {
        "en": ("Expected “{text}” to give a value, but it cannot: {reason}.", _MEND[0]),
        "fr": ("« {text} » devait donner une valeur, mais ne le peut pas : {reason}.", _MEND[1]),
    },
    "expression.truth": {
        "en": ("Expected “{text}” to be true or false, but it is {found}{reason}.", _MEND[0]),
        "fr": ("« {text} » devait être vrai ou faux, mais vaut {found}{reason}.", _MEND[1]),
    },
    "condition.none": {
        "en": (
            "Expected a condition on a flow of “{label}” to hold, but none does and it has no default flow.",
            "Correct the data, or draw a default flow and migrate the instance; then try again.",
        ),
        "fr": (
            "Une condition d’un flux de « {label} » devait être remplie, mais aucune ne l’est, sans flux par défaut.",
            "Corrigez les données, ou dessinez un flux par défaut et migrez l’instance ; puis réessayez.",
        ),
    },
    "loop.too_many": {
        "en": (
            "Expected “{text}” to have at most {limit} items, but it has {count}.",
            "Shorten the list, or spread it over several cases; then try again.",
        ),
        "fr": (
            "« {text} » devait avoir au plus {limit} éléments, mais en a {count}.",
            "Raccourcissez la liste, ou répartissez-la sur plusieurs dossiers ; puis réessayez.",
        ),
    },
    "steps.endless": {
        "en": (
            "Expected “{label}” to lead to a wait state, but {steps} steps did not.",
            "Correct what keeps the loop going, or mend the diagram and migrate the instance; then try again.",
        ),
        "fr": (
            "« {label} » devait mener à une attente, mais {steps} pas n’y ont pas suffi.",
            "Corrigez ce qui entretient la boucle, ou réparez le diagramme et migrez l’instance ; puis réessayez.",
        ),
    },
    # ad-hoc subprocesses
    "ad_hoc.unknown": {
        "en": (
            "Expected “{text}” to give ids of elements in “{label}”, but {unknown} is none of them.",
            _MEND[0],
        ),
        "fr": (
            "« {text} » devait donner des identifiants d’éléments de « {label} », mais {unknown} n’en est pas un.",
            _MEND[1],
        ),
    },
    "ad_hoc.empty": {
        "en": ("Expected “{text}” to give ids of elements in “{label}”, but it gives none.", _MEND[0]),
        "fr": (
            "« {text} » devait donner des identifiants d’éléments de « {label} », mais n’en donne aucun.",
            _MEND[1],
        ),
    },
    "ad_hoc.unfinished": {
        "en": ("Expected “{text}” to become true, but nothing is left to do in “{label}”.", _MEND[0]),
        "fr": ("« {text} » devait devenir vrai, mais il ne reste rien à faire dans « {label} ».", _MEND[1]),
    },
    "collection.overwritten": {
        "en": (
            "Expected “{name}” to hold what “{label}” collects, but a step inside has made it {found}.",
            "Give the result of that step another name, and migrate the case to the mended version.",
        ),
        "fr": (
            "« {name} » devait recueillir les résultats de « {label} », mais une étape y a écrit {found}.",
            "Donnez un autre nom au résultat de cette étape, puis migrez le dossier vers la version corrigée.",
        ),
    },
    # what is called
    "process.missing": {
        "en": (
            "Expected a process “{process}”{which} to call, but none is deployed.",
            "Deploy it, or correct the call in the diagram and migrate the instance; then try again.",
        ),
        "fr": (
            "Un processus « {process} »{which} devait être appelé, mais aucun n’est déployé.",
            "Déployez-le, ou corrigez l’appel dans le diagramme et migrez l’instance ; puis réessayez.",
        ),
    },
    "process.no_start": {
        "en": (
            "Expected the process “{process}” to have a plain start event, but it has none.",
            "Draw one and deploy it, or call another process and migrate the instance; then try again.",
        ),
        "fr": (
            "Le processus « {process} » devait avoir un événement de début simple, mais n’en a pas.",
            "Dessinez-en un et déployez, ou appelez un autre processus et migrez l’instance ; puis réessayez.",
        ),
    },
    "process.too_deep": {
        "en": (
            "Expected at most {limit} processes to call one another, but “{label}” calls one more.",
            "Break the ring of calls in the diagram, deploy it and migrate the instance; then try again.",
        ),
        "fr": (
            "Au plus {limit} processus devaient s’appeler l’un l’autre, mais « {label} » en appelle un de plus.",
            "Rompez la boucle d’appels dans le diagramme, déployez-le et migrez l’instance ; puis réessayez.",
        ),
    },
    "decision.missing": {
        "en": (
            "Expected a decision “{decision}”{which} to evaluate, but none is deployed.",
            "Deploy it, or correct the call in the diagram and migrate the instance; then try again.",
        ),
        "fr": (
            "Une décision « {decision} »{which} devait être évaluée, mais aucune n’est déployée.",
            "Déployez-la, ou corrigez l’appel dans le diagramme et migrez l’instance ; puis réessayez.",
        ),
    },
    "decision.failed": {
        "en": (
            "Expected the decision “{decision}” to give one answer, but it gives none: {reason}.",
            "Correct the data, or mend the decision and deploy it; then try again.",
        ),
        "fr": (
            "La décision « {decision} » devait donner une réponse, mais n’en donne pas : {reason}.",
            "Corrigez les données, ou réparez la décision et déployez-la ; puis réessayez.",
        ),
    },
    # errors that nothing catches
    "error.uncaught": {
        "en": (
            "Expected an event that catches the error “{error}” thrown by “{label}”, but there is none{detail}.",
            "Mend what threw it, or draw an event that catches it and migrate the instance; then try again.",
        ),
        "fr": (
            "Un événement devait intercepter l’erreur « {error} » lancée par « {label} », mais il n’y en a pas{detail}.",
            "Réparez ce qui l’a lancée, ou dessinez un événement qui l’intercepte et migrez l’instance ; puis réessayez.",
        ),
    },
    "listener.threw": {
        "en": (
            "Expected the listener {type} of “{label}” to throw no BPMN error, but it threw “{error}”.",
            "Mend the worker of the listener: its failures are no BPMN errors; then try again.",
        ),
        "fr": (
            "L’écouteur {type} de « {label} » ne devait pas lancer d’erreur BPMN, mais a lancé « {error} ».",
            "Réparez l’exécutant de l’écouteur : ses échecs ne sont pas des erreurs BPMN ; puis réessayez.",
        ),
    },
    # rehearsals alone
    "rehearsal.restless": {
        "en": (
            "Expected the instances to come to rest, but {rounds} rounds did not do.",
            "Look for messages, signals or timers that call one another for ever.",
        ),
        "fr": (
            "Les instances devaient trouver le repos, mais {rounds} tours n’ont pas suffi.",
            "Cherchez des messages, signaux ou minuteries qui s’appellent sans fin.",
        ),
    },
}
