"""Speaks SOAP with a UCM publisher: one connection and its session for many requests, faults in plain words."""

import base64
import http.client
import random
import re
import ssl
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from django.utils import timezone
from django.utils.translation import gettext as _
from lxml import etree
from lxml.etree import _Element as Element

from accounting.services import axl
from accounting.services.axl import AxlFault, Publisher
from phonelock.engines.base import EngineFault

SECONDS = 10.0
LONGEST_ANSWER = 32_000_000
"""Bytes; a publisher gives 8 MB at most, more only in several parts."""
SPOILT = (http.client.HTTPException, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""What a connection that the publisher has closed meanwhile ends with."""
FIRST_BUSY, MEMORY_WAIT = 5.0, 15.0
SESSION = re.compile(r"(JSESSIONID(?:SSO)?)=([^;\s]+)")
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


class SoapFault(EngineFault):
    """A fault in the publisher's own words, with its code."""

    def __init__(self, code: str, said: str) -> None:
        """Take the code (that of AXL where there is one) and the words."""
        self.code, self.said = code, said
        is_memory = "Memory Allocation" in said
        text = _("The phone system answers: %(answer)s") % {"answer": said[:200]}
        super().__init__(text, concerns_all=is_memory, wait=MEMORY_WAIT if is_memory else None)


class SoapConnection:
    """One connection to a publisher, opened at the first request, used again for the next ones."""

    def __init__(self, publisher: Publisher, path: str, seconds: float = SECONDS) -> None:
        """Take where, as whom, and the limit of each request in seconds."""
        self.publisher, self.path, self.seconds = publisher, path, seconds
        self.line: axl.Line | None = None
        self.cookies: dict[str, str] = {}

    def close(self) -> None:
        """Hang up; the session is forgotten."""
        if self.line is not None:
            self.line.close()
        self.line = None

    def ask(self, action: str, request: Element) -> Element:
        """Send a request; return the content of the answer. Raises EngineFault, SoapFault for what UCM refuses.

        What a lost connection or an ended session has spoilt is sent once more: requests may be repeated.
        """
        body = enveloped(request)
        used, known = self.line is not None, bool(self.cookies)
        try:
            status, wait, content = self.post(action, body)
        except SPOILT as error:
            self.close()
            if not used:
                raise away(error) from error
            return self.ask(action, request)
        except (OSError, AxlFault) as error:
            self.close()
            raise away(error) from error
        if known and status in {HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED}:
            self.cookies.clear()
            return self.ask(action, request)
        return content_of(status, wait, content)

    def post(self, action: str, body: bytes) -> tuple[int, str, bytes]:
        """Send one request; return the status, what Retry-After says, and the body."""
        if self.line is None:
            host, port = self.publisher.host_and_port
            self.line = axl.connect(self.publisher, host, port, self.seconds)
        login = base64.b64encode(f"{self.publisher.username}:{self.publisher.password}".encode()).decode()
        headers = {
            "Authorization": f"Basic {login}", "Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"',
        }  # fmt: skip
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.line.request("POST", self.path, body, headers)
        answer = self.line.getresponse()
        content = self.read(answer)
        self.cookies.update(SESSION.findall("\n".join(answer.headers.get_all("Set-Cookie", []))))
        return answer.status, answer.headers.get("Retry-After", ""), content

    def read(self, answer: http.client.HTTPResponse) -> bytes:
        """Return the body; raises TimeoutError when it drips in too slowly, EngineFault when it does not end."""
        parts, size, end = [], 0, time.monotonic() + self.seconds
        while part := answer.read(1 << 14):
            parts.append(part)
            size += len(part)
            if size > LONGEST_ANSWER:
                self.close()
                raise EngineFault(_("The answer of the phone system is too long."), concerns_all=True)
            if time.monotonic() > end:
                raise TimeoutError
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
        return b"".join(parts)


def enveloped(request: Element) -> bytes:
    """Return a request as it is sent."""
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soapenv": ENVELOPE})
    etree.SubElement(envelope, f"{{{ENVELOPE}}}Body").append(request)
    sent: bytes = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
    return sent


def away(error: Exception) -> EngineFault:
    """Return what to look at when there was no answer."""
    text = str(error) if isinstance(error, AxlFault) else axl.in_words(error)
    return EngineFault(text, concerns_all=True)


def content_of(status: int, wait: str, content: bytes) -> Element:
    """Return what the body of an answer holds; raises EngineFault or SoapFault for everything but success."""
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise EngineFault(str(axl.REFUSALS[503]), concerns_all=True, wait=seconds_of(wait))
    if status not in {HTTPStatus.OK, HTTPStatus.INTERNAL_SERVER_ERROR}:
        words = axl.REFUSALS.get(status) or _("The publisher answers with HTTP status %(status)s.") % {"status": status}
        raise EngineFault(str(words), concerns_all=True)
    body = parsed(content)
    found = body.find("{*}Body/*") if body is not None else None
    if found is None:
        raise EngineFault(_("The phone system answers with something that is no SOAP."), concerns_all=True)
    if etree.QName(found).localname == "Fault":
        raise fault_in(found)
    return found


def parsed(content: bytes) -> Element | None:
    """Return the document, None for what is none; nothing outside of it is read."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_blank_text=True)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def fault_in(fault: Element) -> SoapFault:
    """Return a fault with AXL's code and words, the protocol's where it has none."""
    code = fault.findtext(".//{*}axlcode") or fault.findtext("{*}faultcode") or fault.findtext("faultcode") or ""
    said = fault.findtext(".//{*}axlmessage") or fault.findtext("{*}faultstring") or fault.findtext("faultstring")
    return SoapFault(code.strip(), " ".join((said or code).split()))


def seconds_of(wait: str) -> float:
    """Return what Retry-After asks for, seconds or a date; a few seconds when it asks for nothing."""
    if wait.strip().isdigit():
        return float(wait)
    try:
        return max(0.0, (parsedate_to_datetime(wait) - timezone.now()).total_seconds())
    except (TypeError, ValueError):
        return FIRST_BUSY * random.uniform(0.8, 1.2)  # noqa: S311  (spreads retries)
