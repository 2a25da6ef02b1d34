"""The wording of errors and warnings, in French and English.

Comes in: a code, a language and facts. Goes out: one sentence. It never decides what is wrong.
Next: ``errors.py``, which gives these sentences to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS: dict[str, tuple[str, str]] = {
    "null": ("rien (null)", "nothing (null)"),
    "boolean": ("vrai/faux", "true/false"),
    "number": ("un nombre", "a number"),
    "string": ("un texte", "a text"),
    "date": ("une date", "a date"),
    "time": ("une heure", "a time"),
    "date and time": ("une date et heure", "a date and time"),
    "days and time duration": ("une durée en jours et heures", "a duration in days and hours"),
    "years and months duration": ("une durée en années et mois", "a duration in years and months"),
    "list": ("une liste", "a list"),
    "context": ("un contexte", "a context"),
    "range": ("un intervalle", "a range"),
    "function": ("une fonction", "a function"),
    "": ("aucun argument", "no argument"),
}
"""What people read for each kind of value."""

PARTS: dict[str, tuple[str, str]] = {
    "expression": ("une expression", "an expression"),
    "name": ("un nom", "a name"),
    "type": ("un type", "a type"),
}
"""Parts of the grammar, which are not quoted like words of the text."""

TEXTS: dict[str, tuple[str, str]] = {
    # errors of syntax, each in French and in English
    "expected": (
        "On attendait {expected}, mais on trouve {found}",
        "Expected {expected}, but found {found}",
    ),
    "character": ("Le caractère {found} n'a pas de sens ici", "The character {found} means nothing here"),
    "unterminated": ("Le texte ouvert ici n'est jamais fermé", "The text opened here is never closed"),
    "unexpected": ("{found} n'est pas attendu ici", "Did not expect {found} here"),
    "mixed_arguments": (
        "Les arguments nommés et les arguments par position ne se mélangent pas",
        "Named arguments and arguments by position cannot be mixed",
    ),
    "source_too_long": ("L'expression est trop longue", "The expression is too long"),
    "too_deep": ("L'expression est trop imbriquée", "The expression is nested too deeply"),
    # limits
    "steps": ("L'expression demande trop de calculs", "The expression needs too many steps"),
    "calls": ("Des fonctions s'appellent trop profondément", "Functions call one another too deeply"),
    "characters": ("Un texte devient trop long", "A text becomes too long"),
    "items": ("Une liste devient trop longue", "A list becomes too long"),
    "pattern_seconds": ("Le motif de texte prend trop de temps", "The text pattern takes too long"),
    "value_depth": ("La valeur est trop imbriquée", "The value is nested too deeply"),
    # values at the edge
    "not_feel": ("FEEL ne connaît pas de valeur du type {type}", "FEEL knows no value of type {type}"),
    "not_a_name": ("Un nom doit être un texte, pas {type}", "A name must be a text, not {type}"),
    "must_stay": (
        "{kind} ne peut pas sortir d'une expression",
        "{kind} cannot leave an expression",
    ),
    "far_year": (
        "L'année {year} ne peut pas sortir d'une expression : seules les années 1 à 9999 existent au dehors",
        "The year {year} cannot leave an expression: outside there are only the years 1 to 9999",
    ),
    # warnings
    "NO_VARIABLE": ("« {name} » n'est pas connu ici", "'{name}' is not known here"),
    "NO_PROPERTY": ("« {name} » n'existe pas dans {kind}", "'{name}' does not exist in {kind}"),
    "NOT_COMPARABLE": ("{left} ne se compare pas avec {right}", "{left} cannot be compared with {right}"),
    "TEXT_AND_DATE": (
        'Un texte est comparé avec {kind} : écrivez date("…"), time("…"), date and time("…") ou duration("…")',
        'A text is compared with {kind}: write date("…"), time("…"), date and time("…") or duration("…")',
    ),
    "INVALID_TYPE": ("« {operator} » ne s'applique pas à {kind}", "'{operator}' cannot be applied to {kind}"),
    "INVALID_ARGUMENTS": (
        "« {name} » n'accepte pas {given}",
        "'{name}' does not accept {given}",
    ),
    "NO_FUNCTION": ("« {name} » n'est pas une fonction", "'{name}' is not a function"),
    "NO_TYPE": ("Le type « {name} » n'est pas connu", "The type '{name}' is not known"),
    "NO_CLOCK": ("L'instant présent n'est pas connu ici", "The present instant is not known here"),
    "ASSERT_FAILED": (
        "La condition exigée n'est pas remplie : {text}",
        "The required condition does not hold: {text}",
    ),
    "DUPLICATE_ENTRY": ("L'entrée « {name} » est donnée deux fois", "The entry '{name}' is given twice"),
    "EXTERNAL_FUNCTION": (
        "Les fonctions externes ne sont pas exécutées",
        "External functions are not run",
    ),
}

PLACE = (" (ligne {line}, colonne {column})", " (line {line}, column {column})")
MEANT = (". Vouliez-vous dire « {suggestion} » ?", ". Did you mean '{suggestion}'?")
END = ("la fin", "the end")
OR = (" ou ", " or ")
LONGEST_QUOTE = 40
KIND_FACTS = frozenset({"kind", "left", "right", "given"})


def describe(code: str, language: str, facts: Mapping[str, Any]) -> str:
    """Write the sentence of ``code`` with its ``facts``; any language but ``"fr"`` gives English."""
    which = 0 if language == "fr" else 1
    words = dict(facts)
    if "expected" in words:
        words["expected"] = OR[which].join(
            PARTS[word][which] if word in PARTS else quote(word, which) for word in words["expected"]
        )
    if "found" in words:
        words["found"] = quote(words["found"], which) if words["found"] else END[which]
    for key in KIND_FACTS & words.keys():
        words[key] = ", ".join(name_kind(part, which) for part in str(words[key]).split(", "))
    sentence = TEXTS[code][which].format_map(words)
    if words.get("line"):
        sentence += PLACE[which].format_map(words)
    if words.get("suggestion"):
        sentence += MEANT[which].format_map(words)
    return sentence[:1].upper() + sentence[1:]


def name_kind(kind: str, which: int) -> str:
    """Name a kind of value for people."""
    return KINDS[kind][which] if kind in KINDS else kind


def quote(word: str, which: int) -> str:
    """Put ``word`` between the language's quotation marks."""
    shown = word if len(word) <= LONGEST_QUOTE else word[:LONGEST_QUOTE] + "…"
    return f"« {shown} »" if which == 0 else f"'{shown}'"
