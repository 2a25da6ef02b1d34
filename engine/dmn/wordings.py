"""The words of every problem, in English and French, with what to do about it.

Comes in: nothing. Goes out: ``WORDINGS`` by code; ``{names}`` in them are the facts of the problem. It never
decides what is wrong. Next: ``engine/dmn/problems.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """The two languages of one problem, and what to do about it."""

    severity: Severity
    en: str
    fr: str
    advice_en: str
    advice_fr: str


def _wording(severity: Severity, en: str, fr: str, advice_en: str, advice_fr: str) -> Wording:
    return Wording(severity=severity, en=en, fr=fr, advice_en=advice_en, advice_fr=advice_fr)


WORDINGS: Mapping[str, Wording] = MappingProxyType(
    {
        # --- the file -----------------------------------------------------------------------------------
        "dmn_too_large": _wording(
            "error",
            "the file has {size} bytes; the limit is {limit}",
            "le fichier fait {size} octets ; la limite est de {limit}",
            "Split the model, or remove embedded images.",
            "Divisez le modèle, ou retirez les images incorporées.",
        ),
        "dmn_not_xml": _wording(
            "error",
            "the file is not well-formed XML: {detail}",
            "le fichier n'est pas du XML bien formé : {detail}",
            "Export the model again from the modeler.",
            "Exportez à nouveau le modèle depuis le modeleur.",
        ),
        "dmn_doctype": _wording(
            "error",
            "the file declares a document type or entities, which are refused",
            "le fichier déclare un type de document ou des entités, ce qui est refusé",
            "Remove the DOCTYPE; a DMN model needs none.",
            "Retirez le DOCTYPE ; un modèle DMN n'en a pas besoin.",
        ),
        "dmn_encoding": _wording(
            "error",
            "the file is encoded as {found}",
            "le fichier est codé en {found}",
            "Save the file as UTF-8.",
            "Enregistrez le fichier en UTF-8.",
        ),
        "dmn_not_dmn": _wording(
            "error",
            "the file holds “{found}”, not DMN definitions",
            "le fichier contient « {found} » et non des définitions DMN",
            "Choose a file saved as DMN.",
            "Choisissez un fichier enregistré en DMN.",
        ),
        "dmn_version": _wording(
            "error",
            "the namespace {found} is not DMN 1.3, 1.4 or 1.5",
            "l'espace de noms {found} n'est ni DMN 1.3, ni 1.4, ni 1.5",
            "Open the model in the modeler and save it: it is brought to DMN 1.3.",
            "Ouvrez le modèle dans le modeleur et enregistrez-le : il passe en DMN 1.3.",
        ),
        "dmn_nesting": _wording(
            "error",
            "boxed expressions are nested more than {limit} deep",
            "des expressions encadrées sont imbriquées sur plus de {limit} niveaux",
            "Move the inner logic to decisions of their own.",
            "Déplacez la logique intérieure dans des décisions distinctes.",
        ),
        "dmn_no_id": _wording(
            "warning",
            "“{name}” has no id",
            "« {name} » n'a pas d'identifiant",
            "Give it an id, so that processes can call it.",
            "Donnez-lui un identifiant, pour que les processus puissent l'appeler.",
        ),
        "dmn_duplicate_id": _wording(
            "error",
            "the id “{id}” is used twice",
            "l'identifiant « {id} » est utilisé deux fois",
            "Give each element an id of its own.",
            "Donnez à chaque élément son propre identifiant.",
        ),
        "dmn_duplicate_name": _wording(
            "error",
            "the name “{name}” is used by two elements (the other is on line {other})",
            "le nom « {name} » est porté par deux éléments (l'autre est à la ligne {other})",
            "Rename one of them: expressions refer to names.",
            "Renommez l'un des deux : les expressions désignent les éléments par leur nom.",
        ),
        "dmn_hit_policy": _wording(
            "error",
            "the hit policy “{found}” does not exist",
            "la politique d'application « {found} » n'existe pas",
            "Use UNIQUE, ANY, FIRST, PRIORITY, RULE ORDER, OUTPUT ORDER or COLLECT.",
            "Utilisez UNIQUE, ANY, FIRST, PRIORITY, RULE ORDER, OUTPUT ORDER ou COLLECT.",
        ),
        "dmn_aggregation": _wording(
            "error",
            "the aggregation “{found}” does not exist",
            "l'agrégation « {found} » n'existe pas",
            "Use SUM, MIN, MAX or COUNT.",
            "Utilisez SUM, MIN, MAX ou COUNT.",
        ),
        # --- the requirements graph ---------------------------------------------------------------------
        "missing_requirement": _wording(
            "error",
            "requires “{target}”, which does not exist",
            "requiert « {target} », qui n'existe pas",
            "Draw the arrow again from an element of the diagram.",
            "Retracez la flèche depuis un élément du diagramme.",
        ),
        "wrong_requirement": _wording(
            "error",
            "requires “{target}” as {expected}, but it is {found}",
            "requiert « {target} » comme {expected}, mais c'est {found}",
            "Draw the arrow again: the modeler chooses its kind.",
            "Retracez la flèche : le modeleur en choisit la sorte.",
        ),
        "cyclic_requirement": _wording(
            "error",
            "needs itself: {path}",
            "a besoin d'elle-même : {path}",
            "Remove one of the arrows of this circle.",
            "Retirez l'une des flèches de ce cercle.",
        ),
        "unknown_import": _wording(
            "error",
            "the imported model “{name}” ({namespace}) is not among the files",
            "le modèle importé « {name} » ({namespace}) ne figure pas parmi les fichiers",
            "Deploy the imported model together with this one.",
            "Déployez le modèle importé avec celui-ci.",
        ),
        "unknown_type": _wording(
            "error",
            "the type “{type}” is not defined",
            "le type « {type} » n'est pas défini",
            "Define it as an item definition, or choose a type of FEEL.{suggestion}",
            "Définissez-le comme type de données, ou choisissez un type FEEL.{suggestion}",
        ),
        "cyclic_type": _wording(
            "error",
            "the type “{type}” contains itself without end",
            "le type « {type} » se contient lui-même sans fin",
            "Remove the circle between the types.",
            "Retirez le cercle entre les types.",
        ),
        "no_logic": _wording(
            "warning",
            "has no logic: its value is always null",
            "n'a pas de logique : sa valeur est toujours nulle",
            "Draw a table or write an expression.",
            "Dessinez une table ou écrivez une expression.",
        ),
        "empty_service": _wording(
            "error",
            "offers no decision",
            "n'offre aucune décision",
            "Put at least one decision in the upper part of the service.",
            "Placez au moins une décision dans la partie haute du service.",
        ),
        # --- expressions --------------------------------------------------------------------------------
        "feel_syntax": _wording(
            "error",
            "{detail} in “{text}”, column {position}",
            "{detail} dans « {text} », colonne {position}",
            "Correct the expression at this place.",
            "Corrigez l'expression à cet endroit.",
        ),
        "unknown_name": _wording(
            "warning",
            "“{name}” is not required by this decision, so it must come from the process",
            "« {name} » n'est pas requis par cette décision ; il doit donc venir du processus",
            "Draw an input or a decision of that name and an arrow from it.{suggestion}",
            "Dessinez une donnée ou une décision de ce nom et une flèche qui en part.{suggestion}",
        ),
        "unknown_function": _wording(
            "error",
            "there is no function “{name}”",
            "il n'existe pas de fonction « {name} »",
            "Use a function of FEEL, or draw an arrow from a knowledge model.{suggestion}",
            "Utilisez une fonction FEEL, ou tracez une flèche depuis un modèle de connaissance.{suggestion}",
        ),
        "not_feel": _wording(
            "error",
            "the expression is written in “{language}”; only FEEL is run",
            "l'expression est écrite en « {language} » ; seul FEEL est exécuté",
            "Rewrite it in FEEL and remove the expression language.",
            "Réécrivez-la en FEEL et retirez le langage d'expression.",
        ),
        "external_function": _wording(
            "error",
            "the function is of kind {kind}; functions outside FEEL are never run",
            "la fonction est de sorte {kind} ; les fonctions hors FEEL ne sont jamais exécutées",
            "Write the function in FEEL, or compute the value in a service task before the decision.",
            "Écrivez la fonction en FEEL, ou calculez la valeur dans une tâche de service avant la décision.",
        ),
        "missing_expression": _wording(
            "error",
            "{part} is empty",
            "{part} est vide",
            "Write an expression, or null.",
            "Écrivez une expression, ou null.",
        ),
        # --- tables -------------------------------------------------------------------------------------
        "input_count": _wording(
            "error",
            "has {found} condition cells, the table has {expected} condition columns",
            "a {found} cellules de condition, la table a {expected} colonnes de condition",
            "Delete the rule and write it again.",
            "Supprimez la règle et écrivez-la à nouveau.",
        ),
        "output_count": _wording(
            "error",
            "has {found} conclusion cells, the table has {expected} conclusion columns",
            "a {found} cellules de conclusion, la table a {expected} colonnes de conclusion",
            "Delete the rule and write it again.",
            "Supprimez la règle et écrivez-la à nouveau.",
        ),
        "no_output": _wording(
            "error",
            "the table has no conclusion column",
            "la table n'a pas de colonne de conclusion",
            "Add a conclusion column.",
            "Ajoutez une colonne de conclusion.",
        ),
        "unnamed_output": _wording(
            "error",
            "a table with several conclusions needs a name for each of them",
            "une table à plusieurs conclusions doit nommer chacune d'elles",
            "Name the conclusion column.",
            "Nommez la colonne de conclusion.",
        ),
        "duplicate_output": _wording(
            "error",
            "two conclusion columns are named “{name}”",
            "deux colonnes de conclusion s'appellent « {name} »",
            "Rename one of them.",
            "Renommez l'une des deux.",
        ),
        "aggregation_policy": _wording(
            "error",
            "{aggregation} belongs to the hit policy COLLECT, but the table is {policy}",
            "{aggregation} va avec la politique COLLECT, mais la table est {policy}",
            "Choose COLLECT, or remove the aggregation.",
            "Choisissez COLLECT, ou retirez l'agrégation.",
        ),
        "aggregation_outputs": _wording(
            "error",
            "{aggregation} needs a table with one conclusion; this one has {found}",
            "{aggregation} demande une table à une seule conclusion ; celle-ci en a {found}",
            "Keep one conclusion, or remove the aggregation.",
            "Gardez une seule conclusion, ou retirez l'agrégation.",
        ),
        "outputs_not_ordered": _wording(
            "error",
            "{policy} needs the allowed values of a conclusion, in order of importance",
            "{policy} demande les valeurs permises d'une conclusion, par ordre d'importance",
            "List the allowed values of the conclusion, the most important first.",
            "Énumérez les valeurs permises de la conclusion, la plus importante d'abord.",
        ),
        "output_not_allowed": _wording(
            "error",
            "{value} is not among the allowed values {allowed}",
            "{value} ne figure pas parmi les valeurs permises {allowed}",
            "Correct the cell, or add the value to the allowed ones.",
            "Corrigez la cellule, ou ajoutez la valeur à celles qui sont permises.",
        ),
        "range_inverted": _wording(
            "warning",
            "{text} contains nothing: its end lies before its start",
            "{text} ne contient rien : sa fin précède son début",
            "Exchange the two ends.",
            "Échangez les deux bornes.",
        ),
        "rules_overlap": _wording(
            "error",
            "rules {first} and {second} both match when {example}",
            "les règles {first} et {second} s'appliquent toutes deux quand {example}",
            "Narrow one of the rules, or choose the hit policy FIRST or COLLECT.",
            "Resserrez l'une des règles, ou choisissez la politique FIRST ou COLLECT.",
        ),
        "rules_contradict": _wording(
            "error",
            "rules {first} and {second} both match and answer differently when {example}",
            "les règles {first} et {second} s'appliquent toutes deux et répondent différemment quand {example}",
            "Give them the same conclusions, or narrow one of them.",
            "Donnez-leur les mêmes conclusions, ou resserrez l'une des deux.",
        ),
        "rule_hidden": _wording(
            "warning",
            "rule {second} never applies: rule {first} answers first in every one of its situations",
            "la règle {second} ne s'applique jamais : la règle {first} répond avant elle dans tous ses cas",
            "Move rule {second} above rule {first}, or delete it.",
            "Placez la règle {second} au-dessus de la règle {first}, ou supprimez-la.",
        ),
        "rules_not_compared": _wording(
            "warning",
            "the table has {found} rules; overlaps and gaps are looked for up to {limit}",
            "la table a {found} règles ; les recouvrements et les trous sont cherchés jusqu'à {limit}",
            "Split the table by one of its columns.",
            "Divisez la table selon l'une de ses colonnes.",
        ),
        "rules_gap": _wording(
            "warning",
            "no rule matches when {example}; the answer is then null",
            "aucune règle ne s'applique quand {example} ; la réponse est alors nulle",
            "Add a rule for it, or a default conclusion.",
            "Ajoutez une règle pour ce cas, ou une conclusion par défaut.",
        ),
    }
)
