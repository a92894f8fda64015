"""Call control of the simulated cluster: asks the portal about calls, and does what its profile says without answer."""

import http.client
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from lxml import etree

NUMBERS = ("callingnumber", "callednumber", "transformedcgpn", "transformedcdpn", "callingdevicename")
HEADERS = {
    "Content-type": "text/xml; charset=ISO-8859-1", "methodName": "isRoleAccessAllowed",
    "User-Agent": "CiscoUCM-HttpClient/1.0",
}  # fmt: skip
KEEP_ALIVE = 30.0  # seconds


@dataclass(slots=True)
class Profile:
    """An External Call Control profile."""

    address: str = ""
    """Of the portal; '' when no profile is set."""
    on_failure: str = "allow"
    """What becomes of calls when there is no decision: allow or block."""
    timer: float = 2.0
    """Seconds until there is none."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """What becomes of a call."""

    passes: bool
    decision: str
    """In XACML's words; '' when there was no answer."""


class CallControl:
    """Asks about each call, and looks now and then whether the portal is there."""

    def __init__(self) -> None:
        """Begin without a profile."""
        self.profile = Profile()
        self.alive: bool | None = None
        """What the last keep-alive has found; None: none yet."""
        self.ended = threading.Event()

    def treat(self, calling: str, called: str, device: str = "") -> Treatment:
        """Return what becomes of a call."""
        if not self.profile.address:
            return Treatment(True, "")
        try:
            status, content = self.send("POST", question(calling, called, device))
            decision = decision_in(content) if status == http.HTTPStatus.OK else ""
        except (OSError, http.client.HTTPException, etree.XMLSyntaxError):
            decision = ""
        if decision in ("Permit", "Deny"):
            return Treatment(decision == "Permit", decision)
        return Treatment(self.profile.on_failure == "allow", decision)

    def send(self, method: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Ask the portal; return status and content. Raises OSError without an answer in time."""
        parts = urlsplit(self.profile.address)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        line = kind(parts.hostname or "", parts.port, timeout=self.profile.timer)
        try:
            line.request(method, parts.path, body, HEADERS)
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def keep_looking(self) -> None:
        """Ask by HEAD every half a minute, until ended."""
        while not self.ended.is_set():
            if self.profile.address:
                self.look()
            self.ended.wait(KEEP_ALIVE)

    def look(self) -> None:
        """Ask once whether the portal is there."""
        try:
            self.alive = self.send("HEAD")[0] == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            self.alive = False


def question(calling: str, called: str, device: str) -> bytes:
    """Return what UCM posts about a call."""
    kind = 'DataType="http://www.w3.org/2001/XMLSchema#string"'
    told = dict(zip(NUMBERS, (calling, called, calling, called, device), strict=True))
    attributes = "".join(
        f'<Attribute AttributeId="urn:Cisco:uc:1.0:{name}" {kind}><AttributeValue>{escape(value)}</AttributeValue>'
        "</Attribute>"
        for name, value in told.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Request xmlns="urn:oasis:names:tc:xacml:2.0:context:schema:os">'
        '<Subject SubjectCategory="urn:oasis:names:tc:xacml:1.0:subject-category:access-subject">'
        f"{attributes}</Subject><Resource/><Action/><Environment>"
        f'<Attribute AttributeId="urn:Cisco:uc:1.0:triggerpointtype" {kind}><AttributeValue>routepattern'
        "</AttributeValue></Attribute></Environment></Request>"
    ).encode()


def decision_in(content: bytes) -> str:
    """Return the decision of an answer."""
    found = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    return str(found.findtext(".//{*}Decision") or "")
