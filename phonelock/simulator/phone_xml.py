"""Reads the documents of phone services as strictly as the strictest phones: order, limits, no unknown elements.

Written from Cisco's published notes, apart from the product's own writer, so that each checks the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

PARSE, OBJECT, UNSUPPORTED = "XML Error [4]: Parse Error", "XML Error [4]: Invalid object", "XML Error [5]: Unsupported"


class XmlFault(Exception):  # noqa: N818  (what a display shows)
    """A document that a phone refuses; the text is what its display says, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Part:
    """One element that may stand at a place: how often, how long its text, what is inside, which attributes."""

    tag: str
    least: int = 0
    most: int = 1
    text: int | None = None
    """Longest text; None for elements that hold others."""
    inside: Sequence["Part"] = ()
    attributes: Sequence[str] = ()


HEAD = (Part("Title", text=32), Part("Prompt", text=32))
ADDRESS = Part("URL", 1, 1, 256)
PLACE = (Part("LocationX", text=4), Part("LocationY", text=4))
DOCUMENTS: dict[str, Sequence[Part]] = {
    "CiscoIPPhoneMenu": (
        *HEAD, Part("MenuItem", 1, 100, inside=(Part("Name", 1, 1, 64), ADDRESS)),
    ),
    "CiscoIPPhoneText": (*HEAD, Part("Text", 1, 1, 4000)),
    "CiscoIPPhoneInput": (
        *HEAD,
        Part("URL", 1, 1, 256, attributes=("method",)),
        Part(
            "InputItem", 1, 5,
            inside=(Part("DisplayName", text=32), Part("QueryStringParam", 1, 1, 32), Part("InputFlags", 1, 1, 3)),
        ),
    ),
    "CiscoIPPhoneDirectory": (
        *HEAD, Part("DirectoryEntry", 1, 32, inside=(Part("Name", text=32), Part("Telephone", text=32))),
    ),
    "CiscoIPPhoneStatusFile": (Part("Text", text=32), Part("Timer", text=5), *PLACE, ADDRESS),
    "CiscoIPPhoneExecute": (Part("ExecuteItem", 1, 3, attributes=("URL", "Priority")),),
}  # fmt: skip
FLAGS = {"A", "T", "N", "E", "U", "L", "AP", "TP", "NP", "EP", "UP", "LP"}


def read(content: bytes, charset: str) -> Any:
    """Return the root of a document; raises XmlFault for what a phone would refuse.

    `charset` is that of the header: the first line of the document must say the same.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise XmlFault(f"{PARSE}: {error}") from error
    declared = root.getroottree().docinfo.encoding or ""
    if declared.lower() != charset.lower():
        raise XmlFault(f"{PARSE}: {declared} is declared, {charset} is sent")
    if root.tag not in DOCUMENTS:
        raise XmlFault(f"{OBJECT}: {root.tag}")
    check_children(root, DOCUMENTS[root.tag])
    check_more(root)
    return root


def check_children(element: Any, parts: Sequence[Part]) -> None:
    """Raise XmlFault unless an element holds these parts, in this order."""
    children = list(element)
    if not parts and children:
        raise XmlFault(f"{OBJECT}: {element.tag} holds {children[0].tag}")
    for part in parts:
        found = []
        while children and children[0].tag == part.tag:
            found.append(children.pop(0))
        if not part.least <= len(found) <= part.most:
            raise XmlFault(f"{OBJECT}: {len(found)} {part.tag} in {element.tag}")
        for one in found:
            check_part(one, part)
    if children:
        raise XmlFault(f"{OBJECT}: {children[0].tag} at the wrong place of {element.tag}")


def check_part(element: Any, part: Part) -> None:
    """Raise XmlFault for attributes, texts and children that do not belong to an element."""
    unknown = set(element.attrib) - set(part.attributes)
    if unknown:
        raise XmlFault(f"{OBJECT}: attribute {unknown} of {element.tag}")
    text = element.text or ""
    if part.text is None and text.strip():
        raise XmlFault(f"{OBJECT}: text in {element.tag}")
    if part.text is not None and len(text) > part.text:
        raise XmlFault(f"{OBJECT}: {element.tag} of {len(text)} characters")
    if part.tag in {"URL", "QueryStringParam", "Telephone"} and (not text.isascii() or not text.strip()):
        raise XmlFault(f"{OBJECT}: {element.tag} {text!r}")
    check_children(element, part.inside)


def check_more(root: Any) -> None:
    """Raise XmlFault for what the order and length of elements do not tell."""
    for flags in root.iter("InputFlags"):
        if flags.text not in FLAGS:
            raise XmlFault(f"{OBJECT}: InputFlags {flags.text}")
    urls = [item.get("URL", "") for item in root.iter("ExecuteItem")]
    if any(not url or len(url) > 256 for url in urls) or sum(url.startswith("http") for url in urls) > 1:
        raise XmlFault(f"{OBJECT}: ExecuteItem {urls}")
    if any(item.get("Priority", "0") not in {"0", "1", "2"} for item in root.iter("ExecuteItem")):
        raise XmlFault(f"{OBJECT}: Priority")
