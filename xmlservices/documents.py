"""The documents of Cisco phones: in the published order and within the published limits, whatever is put in.

None has soft keys or default values: on these Cisco's own texts and schemas disagree, and phones bring their own keys.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

TITLE = PROMPT = LABEL = NAME = NUMBER = STATUS = 32
ITEM_NAME, MOST_ITEMS = 64, 100
LONGEST_TEXT = 4000
MOST_FIELDS, MOST_ENTRIES = 5, 32
LONGEST_ADDRESS = 256
UTF_8, LATIN = "utf-8", "iso-8859-1"
MARKS = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Invisible marks of direction, which phones show as boxes."""
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|[\ud800-\udfff]")
TAGS = re.compile(r"</?(?:bdi|span|b|strong)\b[^>]*>")
PLAIN = str.maketrans(
    {
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE", "€": "EUR", "…": "...", "–": "-",
        "—": "-", "‑": "-", "−": "-", "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "•": "-", "→": ">",
        "‹": "<", "›": ">", "₂": "2", "™": "TM",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Writing:
    """How texts reach one phone: in its charset, cut to the limits."""

    charset: str = UTF_8

    def line(self, text: object, limit: int) -> str:
        """Return a text on one line, of `limit` characters at the most."""
        return self.cut(" ".join(self.readable(text).split()), limit)

    def lines(self, text: object, limit: int) -> str:
        """Return a text that may have several lines."""
        kept = [" ".join(line.split()) for line in self.readable(text).splitlines()]
        return self.cut("\n".join(kept).strip(), limit)

    def readable(self, text: object) -> str:
        """Return what of a text the phone can show: letters that its charset lacks are replaced by the nearest."""
        plain = CONTROLS.sub("", MARKS.sub("", html.unescape(TAGS.sub("", str(text)))))
        plain = re.sub("[\u00a0\u2000-\u200a\u202f]", " ", plain)
        if self.charset == UTF_8:
            return unicodedata.normalize("NFC", plain)
        return "".join(nearest(letter) for letter in unicodedata.normalize("NFC", plain.translate(PLAIN)))

    def cut(self, text: str, limit: int) -> str:
        """Return the text, with an ellipsis where it is too long."""
        if len(text) <= limit:
            return text
        dots = "…" if self.charset == UTF_8 else "..."
        return text[: limit - len(dots)].rstrip() + dots


def nearest(letter: str) -> str:
    """Return a letter as Latin-1 has it, else without its accents, else a question mark."""
    if ord(letter) < 256:
        return letter
    base = "".join(part for part in unicodedata.normalize("NFKD", letter) if ord(part) < 128)
    return base or ("" if unicodedata.combining(letter) else "?")


def address(url: str) -> str:
    """Return an address that phones take; a longer one is a fault of the product or of the set-up."""
    if len(url) > LONGEST_ADDRESS:
        raise ValueError(f"an address of {len(url)} characters is too long for phones")
    return url


def child(parent: etree._Element, tag: str, text: str) -> None:
    """Add an element with a text."""
    etree.SubElement(parent, tag).text = text


@dataclass(frozen=True, slots=True)
class Document:
    """What every document that a phone shows begins with."""

    title: object = ""
    prompt: object = ""
    keep: bool = field(default=False, kw_only=True)
    """Whether the phone's way back leads to it; never for forms and their results."""
    name = "CiscoIPPhone"

    def tree(self, writing: Writing) -> etree._Element:
        """Return the document with its own content."""
        root = etree.Element(self.name)
        if title := writing.line(self.title, TITLE):
            child(root, "Title", title)
        if prompt := writing.line(self.prompt, PROMPT):
            child(root, "Prompt", prompt)
        self.fill(root, writing)
        return root

    def fill(self, root: etree._Element, writing: Writing) -> None:
        """Add what this kind of document has."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Menu(Document):
    """Choices that lead to other pages."""

    items: Sequence[tuple[object, str]] = ()
    """Name and address of each."""
    name = "CiscoIPPhoneMenu"

    def fill(self, root: etree._Element, writing: Writing) -> None:
        """Add the choices."""
        for text, url in self.items[:MOST_ITEMS]:
            item = etree.SubElement(root, "MenuItem")
            child(item, "Name", writing.line(text, ITEM_NAME))
            child(item, "URL", address(url))


@dataclass(frozen=True, slots=True)
class Text(Document):
    """A text to read."""

    text: object = ""
    name = "CiscoIPPhoneText"

    def fill(self, root: etree._Element, writing: Writing) -> None:
        """Add the text."""
        child(root, "Text", writing.lines(self.text, LONGEST_TEXT))


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form."""

    label: object
    parameter: str
    flags: str = "NP"
    """What can be typed: digits that are not shown."""


@dataclass(frozen=True, slots=True)
class Input(Document):
    """A form; the phone sends what was typed to its address."""

    url: str = ""
    questions: Sequence[Question] = ()
    by_post: bool = False
    """Whether what was typed travels in the body instead of the address; newer phones only."""
    name = "CiscoIPPhoneInput"

    def fill(self, root: etree._Element, writing: Writing) -> None:
        """Add the address and the fields."""
        url = etree.SubElement(root, "URL")
        url.text = address(self.url)
        if self.by_post:
            url.set("method", "post")
        for question in self.questions[:MOST_FIELDS]:
            item = etree.SubElement(root, "InputItem")
            child(item, "DisplayName", writing.line(question.label, LABEL))
            child(item, "QueryStringParam", question.parameter)
            child(item, "InputFlags", question.flags)


@dataclass(frozen=True, slots=True)
class Directory(Document):
    """Names with numbers that the phone can dial."""

    entries: Sequence[tuple[object, str]] = ()
    """Name and number of each; '' where it cannot be dialled."""
    name = "CiscoIPPhoneDirectory"

    def fill(self, root: etree._Element, writing: Writing) -> None:
        """Add the entries."""
        for text, number in self.entries[:MOST_ENTRIES]:
            entry = etree.SubElement(root, "DirectoryEntry")
            child(entry, "Name", writing.line(text, NAME))
            if number and len(number) <= NUMBER:
                child(entry, "Telephone", number)


@dataclass(frozen=True, slots=True)
class StatusFile:
    """A picture and a text that stay above the calls until the application's status is cleared."""

    text: object
    url: str
    keep = False

    def tree(self, writing: Writing) -> etree._Element:
        """Return the document; the picture stands in the middle."""
        root = etree.Element("CiscoIPPhoneStatusFile")
        child(root, "Text", writing.line(self.text, STATUS))
        child(root, "LocationX", "-1")
        child(root, "LocationY", "-1")
        child(root, "URL", address(self.url))
        return root


def written(document: Document | StatusFile, writing: Writing) -> bytes:
    """Return a document as the bytes that are sent, with the charset in its first line."""
    content: bytes = etree.tostring(document.tree(writing), xml_declaration=True, encoding=writing.charset)
    return content
