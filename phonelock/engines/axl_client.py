"""The AXL operations that Phone Lock needs, in the element order of Cisco's schema (the same from 10.5 to 15)."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element as Element

from accounting.services.axl import Publisher
from phonelock.engines.soap import SECONDS, SoapConnection, SoapFault

NAMESPACE = "http://www.cisco.com/AXL/API/"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
NOT_FOUND = "5007"
"""What AXL calls an item that is not valid: not there, mostly."""
PAGE, SMALLEST_PAGE = 1000, 50
ROWS = re.compile(r"less than (\d+) rows", re.IGNORECASE)
NEVER_SENT_BACK = {"dialPlanWizardId"}
"""What a phone's line has in answers only."""


@dataclass(frozen=True, slots=True)
class Css:
    """A calling search space as a line names it; both empty for none."""

    name: str = ""
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line as the publisher has it."""

    css: Css
    devices: tuple[str, ...] = ()


class AxlClient:
    """A publisher's AXL in one version of the schema; every operation raises EngineFault, SoapFault when refused."""

    def __init__(self, publisher: Publisher, schema: str, seconds: float = SECONDS) -> None:
        """Take where, as whom, in which version, and the limit of each request; nothing is sent yet."""
        self.soap, self.schema = SoapConnection(publisher, "/axl/", seconds), schema

    def close(self) -> None:
        """Hang up."""
        self.soap.close()

    def call(self, operation: str, *children: Element) -> Element:
        """Ask for one operation; return what the answer holds."""
        namespace = f"{NAMESPACE}{self.schema}"
        request = etree.Element(f"{{{namespace}}}{operation}", nsmap={"ns": namespace})
        request.extend(children)
        return self.soap.ask(f"CUCM:DB ver={self.schema} {operation}", request)

    def version(self) -> str:
        """Return the publisher's version."""
        return self.call("getCCMVersion").findtext(".//version") or ""

    def line(self, number: str, partition: str) -> SeenLine:
        """Return a line's calling search space and its phones; a SoapFault says that there is no such line."""
        tags = node(
            "returnedTags", node("shareLineAppearanceCssName"), node("associatedDevices", node("device")),
        )  # fmt: skip
        found = self.call("getLine", *key_of(number, partition), tags).find(".//line")
        if found is None:
            raise SoapFault(NOT_FOUND, "The specified line was not found")
        devices = (device.text or "" for device in found.iterfind("associatedDevices/device"))
        return SeenLine(css_in(found), tuple(dict.fromkeys(filter(None, devices))))

    def set_css(self, number: str, partition: str, css: Css) -> None:
        """Give a line a calling search space, or none; by its lasting key where its name is not known any more."""
        key = key_of(number, partition)
        try:
            self.call("updateLine", *key, reference("shareLineAppearanceCssName", css.name))
        except SoapFault as fault:
            if fault.code != NOT_FOUND or not css.uuid:
                raise
            by_key = node("shareLineAppearanceCssName")
            by_key.set("uuid", css.uuid)
            self.call("updateLine", *key_of(number, partition), by_key)

    def apply_line(self, number: str, partition: str) -> None:
        """Let the phones of a line take over what was changed."""
        self.call("applyLine", *key_of(number, partition))

    def lines(self, partition: str) -> Iterator[tuple[str, str]]:
        """Yield number and calling search space of each line of a partition, page by page.

        A page that is too large for the publisher is asked for in smaller pieces.
        """
        skip, page = 0, PAGE
        while True:
            try:
                rows = self.page_of_lines(partition, skip, page)
            except SoapFault as fault:
                smaller = rows_that_fit(fault, page)
                if smaller is None:
                    raise
                page = smaller
                continue
            for row in rows:
                if (row.findtext("routePartitionName") or "") == partition:
                    yield number_of(row.findtext("pattern") or ""), css_in(row).name
            if len(rows) < page:
                return
            skip += len(rows)

    def page_of_lines(self, partition: str, skip: int, first: int) -> list[Element]:
        """Return some lines; without a partition those of every partition."""
        criteria = node("searchCriteria", node("pattern", text="%"))
        if partition:
            criteria.append(node("routePartitionName", text=partition))
        tags = node(
            "returnedTags", node("pattern"), node("routePartitionName"), node("shareLineAppearanceCssName"),
        )  # fmt: skip
        counts = node("skip", text=str(skip)), node("first", text=str(first))
        return list(self.call("listLine", criteria, tags, *counts).iterfind(".//line"))

    def has_css(self, name: str) -> bool:
        """Whether there is a calling search space of this name."""
        criteria = node("searchCriteria", node("name", text=name))
        found = self.call("listCss", criteria, node("returnedTags", node("name")))
        return any((one.findtext("name") or "").casefold() == name.casefold() for one in found.iterfind(".//css"))

    def phone_lines(self, device: str) -> list[Element]:
        """Return all lines of a phone with everything that the publisher tells of them, to be sent back whole."""
        return list(self.call("getPhone", node("name", text=device)).iterfind(".//phone/lines/line"))

    def set_phone_lines(self, device: str, lines: list[Element]) -> None:
        """Give a phone these lines: all of them, for a line that is left out is taken away."""
        sent = [sent_back(line) for line in lines]
        self.call("updatePhone", node("name", text=device), node("lines", *sent))
        self.call("applyPhone", node("name", text=device))


def node(name: str, *children: Element, text: str = "") -> Element:
    """Return an element with its content."""
    made = etree.Element(name)
    made.text = text or None
    made.extend(children)
    return made


def reference(name: str, target: str) -> Element:
    """Return an element that names something, or says that there is nothing: an element left out changes nothing."""
    made = node(name, text=target)
    if not target:
        made.set(NIL, "true")
    return made


def key_of(number: str, partition: str) -> list[Element]:
    """Return by what a line is known."""
    return [node("pattern", text=pattern_of(number)), reference("routePartitionName", partition)]


def pattern_of(number: str) -> str:
    r"""Return how UCM writes a number: \+49 for what call records call +49."""
    return f"\\{number}" if number.startswith("+") else number


def number_of(pattern: str) -> str:
    """Return the number that a pattern stands for."""
    return pattern.removeprefix("\\")


def css_in(line: Element) -> Css:
    """Return the calling search space that a line names."""
    found = line.find("shareLineAppearanceCssName")
    if found is None or not (found.text or "").strip():
        return Css()
    return Css((found.text or "").strip(), found.get("uuid", ""))


def rows_that_fit(fault: SoapFault, asked: int) -> int | None:
    """Return how many rows to ask for after a fault, None when fewer would not help."""
    if "too large" not in fault.said.lower() or asked <= SMALLEST_PAGE:
        return None
    found = ROWS.search(fault.said)
    fits = int(found[1]) - 1 if found else asked // 2
    return max(SMALLEST_PAGE, min(fits, asked // 2 if fits >= asked else fits))


def sent_back(line: Element) -> Element:
    """Return a phone's line as it is sent back: what is empty, and what answers only have, is left out."""
    made = etree.Element("line")
    for child in line:
        # An empty label is sent, too: it may have been another one before.
        filled = child.text or len(child) or child.tag == "label"
        if filled and child.tag not in NEVER_SENT_BACK:
            made.append(copy.deepcopy(child))
    for one in made.iter():
        one.attrib.pop("uuid", None)
    number, partition = dirn_of(line)
    for old in made.findall("dirn"):
        made.replace(old, node("dirn", *key_of(number, partition)))
    return made


def dirn_of(line: Element) -> tuple[str, str]:
    """Return number and partition of a phone's line."""
    return number_of(line.findtext("dirn/pattern") or ""), line.findtext("dirn/routePartitionName") or ""


def label_of(line: Element) -> str:
    """Return the text beside a line."""
    return line.findtext("label") or ""


def set_label(line: Element, text: str) -> None:
    """Change the text beside a line, in its place within the line."""
    found = line.find("label")
    if found is None:
        found = node("label")
        line.insert(1, found)
    found.text = text or None
