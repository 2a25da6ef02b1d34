"""The words of every problem, by code: (what is wrong, what to do), in English and French.

Comes in: nothing. Goes out: ``CATALOGUE``. It never holds logic. Next: ``engine/problems.py``.
"""

from __future__ import annotations

Wording = dict[str, tuple[str, str]]


def _both(en: str, en_advice: str, fr: str, fr_advice: str) -> Wording:
    return {"en": (en, en_advice), "fr": (fr, fr_advice)}


CATALOGUE: dict[str, Wording] = {
    "file.unreadable": _both(
        "The file cannot be read: {reason}.",
        "Save it again from the editor, as UTF-8 XML or JSON.",
        "Le fichier est illisible : {reason}.",
        "Enregistrez-le de nouveau depuis l’éditeur, en XML ou JSON UTF-8.",
    ),
    "file.hostile": _both(
        "The file contains {what}, which Guichet does not read for safety.",
        "Remove it; a diagram never needs it.",
        "Le fichier contient {what}, que Guichet refuse de lire par sécurité.",
        "Retirez-le ; un diagramme n’en a jamais besoin.",
    ),
    "file.too_big": _both(
        "The file has {size} bytes; at most {limit} are read.",
        "Split the process into called processes.",
        "Le fichier fait {size} octets ; la limite est {limit}.",
        "Découpez le processus en processus appelés.",
    ),
    "file.too_many": _both(
        "The file draws {count} elements and flows; at most {limit} are read.",
        "Split the process into called processes.",
        "Le fichier dessine {count} éléments et flux ; la limite est {limit}.",
        "Découpez le processus en processus appelés.",
    ),
    "file.no_process": _both(
        "The file has no executable process.",
        "Draw a process with a start event and tick “Executable” in its properties.",
        "Le fichier ne contient aucun processus exécutable.",
        "Dessinez un processus avec un événement de début et cochez « Exécutable » dans ses propriétés.",
    ),
    "id.missing": _both(
        "A {what} has no id.",
        "Give it an id in the editor.",
        "Un élément {what} n’a pas d’identifiant.",
        "Donnez-lui un identifiant dans l’éditeur.",
    ),
    "id.duplicate": _both(
        "The id “{element}” is missing or used more than once.",
        "Give each element an id of its own.",
        "L’identifiant « {element} » manque ou est utilisé plusieurs fois.",
        "Donnez à chaque élément son identifiant.",
    ),
    "element.unsupported": _both(
        "“{label}” is a {what}, which Guichet does not run.",
        "{instead}",
        "« {label} » est un élément {what}, que Guichet n’exécute pas.",
        "{instead}",
    ),
    "element.unreachable": _both(
        "No path from a start event leads to “{label}”.",
        "Connect it, or delete it.",
        "Aucun chemin ne mène du début à « {label} ».",
        "Reliez-le ou supprimez-le.",
    ),
    "start.missing": _both(
        "“{label}” has no start event.",
        "Add one and connect it to the first step.",
        "« {label} » n’a pas d’événement de début.",
        "Ajoutez-en un et reliez-le à la première étape.",
    ),
    "start.several": _both(
        "“{label}” has {count} start events where one is meant.",
        "Keep one.",
        "« {label} » a {count} événements de début au lieu d’un.",
        "N’en gardez qu’un.",
    ),
    "start.event": _both(
        "The start event “{label}” cannot be a {what} event here.",
        "Use a plain start event, or a message, timer or signal where the process begins.",
        "L’événement de début « {label} » ne peut pas être de type {what} ici.",
        "Utilisez un début simple, ou un message, une minuterie ou un signal là où le processus commence.",
    ),
    "flow.dangling": _both(
        "The flow “{element}” leads from or to “{missing}”, which does not exist.",
        "Connect it again.",
        "Le flux « {element} » part de ou mène à « {missing} », qui n’existe pas.",
        "Reliez-le de nouveau.",
    ),
    "flow.crosses_scope": _both(
        "The flow “{element}” crosses the border of a subprocess.",
        "End the subprocess inside and continue from its border.",
        "Le flux « {element} » traverse le bord d’un sous-processus.",
        "Terminez le sous-processus à l’intérieur et repartez de son bord.",
    ),
    "flow.into_start": _both(
        "A flow leads into “{label}”, where nothing can arrive.",
        "Remove the flow.",
        "Un flux mène à « {label} », où rien ne peut arriver.",
        "Supprimez ce flux.",
    ),
    "flow.out_of_end": _both(
        "A flow leaves the end event “{label}”.",
        "Remove the flow, or use an intermediate event.",
        "Un flux part de l’événement de fin « {label} ».",
        "Supprimez le flux, ou utilisez un événement intermédiaire.",
    ),
    "flow.no_condition": _both(
        "The flow “{element}” leaves the gateway “{label}” without a condition and is not its default.",
        "Write a condition beginning with =, or mark one flow as default.",
        "Le flux « {element} » quitte la passerelle « {label} » sans condition et n’est pas le flux par défaut.",
        "Écrivez une condition commençant par =, ou désignez un flux par défaut.",
    ),
    "flow.text_condition": _both(
        "The condition of “{element}” is a text, not an expression: {text}",
        "Write = in front to make it a FEEL expression.",
        "La condition de « {element} » est un texte, pas une expression : {text}",
        "Mettez = devant pour en faire une expression FEEL.",
    ),
    "flow.ignored_condition": _both(
        "The flow “{element}” has a condition, but “{label}” does not choose.",
        "Remove the condition, or use an exclusive or inclusive gateway.",
        "Le flux « {element} » porte une condition, mais « {label} » ne choisit pas.",
        "Retirez la condition, ou utilisez une passerelle exclusive ou inclusive.",
    ),
    "gateway.event_target": _both(
        "The event-based gateway “{label}” leads to “{target}”, which is no event that waits for it alone.",
        "Put a message, timer or signal event, or a receive task, right behind the gateway.",
        "La passerelle événementielle « {label} » mène à « {target} », qui n’est pas un événement en attente.",
        "Placez juste derrière un événement message, minuterie ou signal, ou une tâche de réception.",
    ),
    "gateway.event_alone": _both(
        "The event-based gateway “{label}” needs at least two events behind it.",
        "Add the other event.",
        "La passerelle événementielle « {label} » attend au moins deux événements.",
        "Ajoutez l’autre événement.",
    ),
    "gateway.deadlock": _both(
        "The parallel gateway “{label}” waits for every incoming flow, but “{split}” sends a token along one only.",
        "Join with an exclusive gateway, or split with a parallel one.",
        "La passerelle parallèle « {label} » attend tous ses flux, mais « {split} » n’en suit qu’un.",
        "Réunissez par une passerelle exclusive, ou séparez par une parallèle.",
    ),
    "gateway.waits_for_itself": _both(
        "The parallel gateway “{label}” waits for a flow that begins behind it, so it can never open.",
        "Lead the way back to an exclusive gateway before it.",
        "La passerelle parallèle « {label} » attend un flux qui part après elle : elle ne s’ouvrira jamais.",
        "Faites revenir le chemin à une passerelle exclusive placée avant elle.",
    ),
    "gateway.may_wait": _both(
        "The parallel gateway “{label}” waits for every incoming flow, but “{split}” may take only some of them.",
        "Join with an inclusive gateway.",
        "La passerelle parallèle « {label} » attend tous ses flux, mais « {split} » peut n’en suivre que certains.",
        "Réunissez par une passerelle inclusive.",
    ),
    "gateway.merge_repeats": _both(
        "Branches that “{split}” runs side by side meet at “{label}”, so what follows runs once for each of them.",
        "Join the branches with a gateway of the same kind before, unless this is meant.",
        "Des branches menées de front par « {split} » arrivent à « {label} » : la suite s’exécute pour chacune.",
        "Réunissez d’abord les branches par une passerelle du même type, sauf si c’est voulu.",
    ),
    "feel.syntax": _both(
        "In {where} of “{label}”: {reason}",
        "Mend the expression: {text}",
        "Dans « {label} » ({where}) : {reason}",
        "Corrigez l’expression : {text}",
    ),
    "attribute.missing": _both(
        "“{label}” lacks {what}.", "{instead}", "Il manque à « {label} » : {what}.", "{instead}"
    ),
    "reference.missing": _both(
        "“{label}” refers to the {what} “{target}”, which does not exist.",
        "{instead}",
        "« {label} » renvoie à un élément ({what}) « {target} » qui n’existe pas.",
        "{instead}",
    ),
    "extension.foreign": _both(
        "“{label}” carries {name}, which belongs to another engine and is not honoured here.",
        "Remove it and use the zeebe properties instead.",
        "« {label} » porte {name}, propre à un autre moteur et sans effet ici.",
        "Retirez-le et utilisez les propriétés zeebe.",
    ),
    "extension.unknown": _both(
        "“{label}” carries {name}, which Guichet does not honour.",
        "Remove it; what it meant must be drawn in another way.",
        "« {label} » porte {name}, sans effet dans Guichet.",
        "Retirez-le ; dessinez autrement ce qu’il voulait dire.",
    ),
    "timer.text": _both(
        "The timer of “{label}” says “{text}”, which is no {what}.",
        "Write for example {example}.",
        "La minuterie de « {label} » indique « {text} », qui n’est pas du type {what}.",
        "Écrivez par exemple {example}.",
    ),
    "timer.cycle": _both(
        "The timer of “{label}” repeats, which an event on the path cannot.",
        "Use a date or a duration.",
        "La minuterie de « {label} » se répète, ce qu’un événement sur le chemin ne peut pas.",
        "Utilisez une date ou une durée.",
    ),
    "timer.once": _both(
        "The timer of “{label}” repeats, but it interrupts at its first occurrence.",
        "Use a date or a duration, or make the event non-interrupting.",
        "La minuterie de « {label} » se répète, mais elle interrompt dès la première fois.",
        "Utilisez une date ou une durée, ou rendez l’événement non interruptif.",
    ),
    "event.unsupported": _both(
        "“{label}” cannot {verb} a {what} event.",
        "{instead}",
        "« {label} » ne peut pas {verb} un événement {what}.",
        "{instead}",
    ),
    "event.multiple": _both(
        "“{label}” has {count} event definitions.",
        "Keep one; draw several events for several causes.",
        "« {label} » a {count} définitions d’événement.",
        "N’en gardez qu’une ; dessinez plusieurs événements.",
    ),
    "event.duplicate": _both(
        "“{label}” and “{other}” catch the same {what} in the same place.",
        "Keep one, or give them different codes.",
        "« {label} » et « {other} » attrapent le même événement ({what}) au même endroit.",
        "N’en gardez qu’un, ou donnez-leur des codes différents.",
    ),
    "flow.event_subprocess": _both(
        "The flow “{element}” touches the event subprocess “{label}”, which only its own start event begins.",
        "Remove the flow.",
        "Le flux « {element} » touche le sous-processus événementiel « {label} », que seul son événement lance.",
        "Supprimez le flux.",
    ),
    "compensation.handler": _both(
        "“{label}” undoes another activity, so it can have {what}.",
        "Mark it “for compensation” and connect it only by the association that comes from the border.",
        "« {label} » annule une autre activité, elle ne peut donc avoir que : {what}.",
        "Cochez « pour compensation » et reliez-la par la seule association venant du bord.",
    ),
    "compensation.flow": _both(
        "A flow leaves the compensation event “{label}”, which is connected by an association only.",
        "Replace the flow by an association to the activity that undoes.",
        "Un flux part de l’événement de compensation « {label} », qui ne se relie que par une association.",
        "Remplacez le flux par une association vers l’activité qui annule.",
    ),
    "boundary.nowhere": _both(
        "The boundary event “{label}” is attached to no activity.",
        "Drag it onto the border of an activity.",
        "L’événement « {label} » n’est attaché à aucune activité.",
        "Glissez-le sur le bord d’une activité.",
    ),
    "boundary.must_interrupt": _both(
        "The error event “{label}” must interrupt its activity.",
        "Untick “non interrupting”.",
        "L’événement d’erreur « {label} » doit interrompre son activité.",
        "Décochez « sans interruption ».",
    ),
    "link.pair": _both(
        "The link “{name}” of “{label}” has {count} catching events in its scope.",
        "Draw exactly one.",
        "Le lien « {name} » de « {label} » a {count} événements d’arrivée dans son périmètre.",
        "Dessinez-en exactement un.",
    ),
    "tasktype.unknown": _both(
        "“{label}” asks for the task type “{target}”, which this house does not have{hint}.",
        "Choose a type of the catalogue.",
        "« {label} » demande le type de tâche « {target} », inconnu de cette maison{hint}.",
        "Choisissez un type du catalogue.",
    ),
    "tasktype.input_missing": _both(
        "“{label}” ({target}) lacks the input “{name}”: {meaning}.",
        "Add an input mapping whose target is “{name}”.",
        "À « {label} » ({target}) il manque l’entrée « {name} » : {meaning}.",
        "Ajoutez une entrée dont la cible est « {name} ».",
    ),
    "tasktype.input_unknown": _both(
        "“{label}” ({target}) maps the input “{name}”, which this task type does not know{hint}.",
        "Correct the target of the input mapping, or remove it.",
        "« {label} » ({target}) fournit l’entrée « {name} », inconnue de ce type de tâche{hint}.",
        "Corrigez la cible de cette entrée, ou retirez-la.",
    ),
    "tasktype.worker": _both(
        "“{label}” asks for the task type “{target}”, which no part of this house does.",
        "Make sure that an outside worker takes such jobs.",
        "« {label} » demande le type de tâche « {target} », que rien ici ne traite.",
        "Assurez-vous qu’un exécutant externe prend ces travaux.",
    ),
    "process.called_missing": _both(
        "“{label}” calls the process “{target}”, which is neither in these files nor deployed.",
        "Deploy it too, or the call will stop with an incident.",
        "« {label} » appelle le processus « {target} », absent de ces fichiers et non déployé.",
        "Déployez-le aussi, sinon l’appel s’arrêtera sur un incident.",
    ),
    "user_task.nobody": _both(
        "The user task “{label}” has neither assignee nor candidates: nobody will find it in an inbox.",
        "Give it candidate groups.",
        "La tâche « {label} » n’a ni assigné ni candidats : personne ne la trouvera.",
        "Donnez-lui des groupes candidats.",
    ),
    "form.not_json": _both(
        "The form is not JSON: {reason}.",
        "Save it again from the form editor.",
        "Le formulaire n’est pas du JSON : {reason}.",
        "Enregistrez-le de nouveau depuis l’éditeur de formulaires.",
    ),
    "form.no_components": _both(
        "The form has no list of components.",
        "Save it again from the form editor.",
        "Le formulaire n’a pas de liste de composants.",
        "Enregistrez-le de nouveau depuis l’éditeur de formulaires.",
    ),
    "form.no_id": _both(
        "The form has no id.",
        "Give it one: user tasks refer to it.",
        "Le formulaire n’a pas d’identifiant.",
        "Donnez-lui-en un : les tâches y renvoient.",
    ),
    "form.too_many": _both(
        "The form has {count} components; at most {limit} are read.",
        "Split it over several tasks.",
        "Le formulaire a {count} composants ; la limite est {limit}.",
        "Répartissez-le sur plusieurs tâches.",
    ),
    "form.too_deep": _both(
        "Components are nested more than {limit} deep.",
        "Flatten the groups.",
        "Les composants sont imbriqués sur plus de {limit} niveaux.",
        "Aplatissez les groupes.",
    ),
    "form.no_component": _both(
        "{found} is no component.",
        "Remove it.",
        "{found} n’est pas un composant.",
        "Retirez-le.",
    ),
    "form.unknown_type": _both(
        "“{label}” has the type {kind}, which this house does not show.",
        "Use a text, number, choice, date, list or file field.",
        "« {label} » est du type {kind}, que cette maison n’affiche pas.",
        "Utilisez un champ texte, nombre, choix, date, liste ou fichier.",
    ),
    "form.no_key": _both(
        "“{label}” has no key under which its value is kept.",
        "Give it a key.",
        "« {label} » n’a pas de clé où garder sa valeur.",
        "Donnez-lui une clé.",
    ),
    "form.duplicate_key": _both(
        "“{label}” uses the key “{key}”, which another component uses.",
        "Give each a key of its own.",
        "« {label} » utilise la clé « {key} », déjà prise.",
        "Donnez à chacun sa clé.",
    ),
    "form.no_options": _both(
        "“{label}” offers nothing to choose from.",
        "Add options or name their source.",
        "« {label} » ne propose aucun choix.",
        "Ajoutez des options ou nommez leur source.",
    ),
    "form.feel": _both(
        "In “{label}”: {reason}",
        "Mend the expression: {text}",
        "Dans « {label} » : {reason}",
        "Corrigez l’expression : {text}",
    ),
    "form.pattern": _both(
        "“{label}” has a pattern that cannot be read: {reason}.",
        "Mend the pattern.",
        "« {label} » a un motif illisible : {reason}.",
        "Corrigez le motif.",
    ),
    "scenario.unusable": _both(
        "The scenario cannot be used: {reason}",
        "Mend the file; bpmn/README.md describes the language.",
        "Le scénario est inutilisable : {reason}",
        "Corrigez le fichier ; bpmn/README.md décrit le langage.",
    ),
}
