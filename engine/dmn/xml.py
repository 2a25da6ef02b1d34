"""XML elements without their namespaces.

Comes in: bytes, or elements of a parsed tree. Goes out: local names, children, texts with their lines. It never
resolves entities, loads a DTD, opens files or the network, and knows nothing of DMN. Next:
``engine/dmn/reader.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine.dmn.model import Text

Node = etree._Element  # noqa: SLF001 - lxml offers no public name for the type of its elements


def parse(source: bytes) -> Node:
    """Parse XML without entities, network, DTD or huge trees.

    Raises:
        etree.XMLSyntaxError: the bytes are not well-formed, or exceed the limits of libxml2.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(source, parser)


def local(node: Node) -> str:
    """Return the name without its namespace."""
    return etree.QName(node).localname


def kids(node: Node, *names: str) -> Iterator[Node]:
    """Yield the child elements with one of these local names (all of them without a name).

    Comments and instructions are gone (``parse``); entity nodes cannot occur without a DTD.
    """
    for child in node:
        if not names or local(child) in names:
            yield child


def kid(node: Node, name: str) -> Node | None:
    """Return the first child element of that local name."""
    return next(kids(node, name), None)


def line_of(node: Node) -> int:
    """Return the 1-based line where the element begins (0: unknown)."""
    line: Any = node.sourceline
    return line if type(line) is int else 0


def whole_text(node: Node) -> str:
    """Return the text of the element and of everything below it."""
    return "".join(str(part) for part in node.itertext())


def text_of(node: Node | None, child: str = "text") -> Text | None:
    """Return the text of a child with its line; None when the child is absent."""
    found = None if node is None else kid(node, child)
    if found is None:
        return None
    return Text(text=whole_text(found), line=line_of(found))
