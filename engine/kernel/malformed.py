"""What is wrong with a text that is no XML, in the words of its author and not of the parser.

Comes in: the parser's error. Goes out: the reason in both languages, and the line. It never parses. Next:
``engine/kernel/source.py``.
"""

from __future__ import annotations

from lxml import etree

from engine.kernel.terms import Both

CODES = etree.ErrorTypes
WORDS: dict[int, tuple[str, str]] = {
    CODES.ERR_DOCUMENT_EMPTY: ("it is no XML", "ce n’est pas du XML"),
    CODES.ERR_DOCUMENT_END: (
        "something follows after the end of the diagram",
        "quelque chose suit la fin du diagramme",
    ),
    CODES.ERR_INVALID_CHAR: (
        "it holds a character that XML does not allow",
        "il contient un caractère que XML n’admet pas",
    ),
    CODES.ERR_UNDECLARED_ENTITY: (
        "it names an entity that XML does not know",
        "il cite une entité que XML ne connaît pas",
    ),
    CODES.ERR_UNSUPPORTED_ENCODING: (
        "it says to be in an encoding that nobody knows",
        "il annonce un encodage que personne ne connaît",
    ),
    CODES.ERR_INVALID_ENCODING: (
        "its bytes are not of the encoding that it announces",
        "ses octets ne sont pas de l’encodage annoncé",
    ),
    CODES.ERR_LT_IN_ATTRIBUTE: (
        "an attribute holds <, which is written &lt;",
        "un attribut contient <, qui s’écrit &lt;",
    ),
    CODES.ERR_ATTRIBUTE_NOT_STARTED: (
        "the value of an attribute has no quotes",
        "la valeur d’un attribut est sans guillemets",
    ),
    CODES.ERR_ATTRIBUTE_REDEFINED: (
        "an element has the same attribute twice",
        "un élément porte deux fois le même attribut",
    ),
    CODES.ERR_RESERVED_XML_NAME: (
        "something stands before the XML declaration",
        "quelque chose précède la déclaration XML",
    ),
    CODES.ERR_SPACE_REQUIRED: ("a space is missing", "il manque une espace"),
    CODES.ERR_NAME_REQUIRED: ("a lone & is written &amp;", "un & isolé s’écrit &amp;"),
    CODES.ERR_TAG_NAME_MISMATCH: (
        "an element is closed by the name of another",
        "un élément est fermé par le nom d’un autre",
    ),
    CODES.ERR_TAG_NOT_FINISHED: ("it breaks off before its end", "il s’interrompt avant sa fin"),
    CODES.NS_ERR_UNDEFINED_NAMESPACE: (
        "it uses a prefix without declaring it (xmlns)",
        "il utilise un préfixe sans le déclarer (xmlns)",
    ),
    114: ("elements are nested more than 256 deep", "des éléments sont imbriqués sur plus de 256 niveaux"),
}
"""By the parser's code; 114 (too deep) has no name in lxml."""
OTHERWISE = ("its XML is broken", "son XML est rompu")


def reason(error: Exception) -> tuple[Both, int]:
    """Return why a text cannot be read, and its line; 0 when no line is to blame."""
    if not isinstance(error, etree.XMLSyntaxError):
        return {"en": OTHERWISE[0], "fr": OTHERWISE[1]}, 0
    line, column = error.position
    en, fr = WORDS.get(getattr(error, "code", 0), OTHERWISE)
    return {"en": f"{en} (column {column})", "fr": f"{fr} (colonne {column})"}, line
