"""Asks a UCM publisher for its version: connection, certificate and AXL user in one look."""

import base64
import http.client
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import PhoneSystem

PORT = 8443
SCHEMAS = ("14.0", "12.5", "11.5", "10.5")
"""A publisher serves its own schema and those of two major releases back; release 15 still serves 14.0."""
UNSUPPORTED = 599
LONGEST_ANSWER = 65536
VERSION = re.compile(rb"<version>([\w.()-]{1,40})</version>")
ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:ns="http://www.cisco.com/AXL/API/{schema}"><soapenv:Body><ns:getCCMVersion/></soapenv:Body>'
    "</soapenv:Envelope>"
)


class AxlFault(Exception):  # noqa: N818  (what people read)
    """The publisher cannot be asked; the text says why and what to look at."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Where a publisher is, by which certificate it is known, and as whom it is asked."""

    address: str
    certificate: str
    """PEM text of its certificate or CA, '' for the system's authorities."""
    username: str
    password: str

    @classmethod
    def of(cls, system: PhoneSystem) -> Self:
        """Return the publisher that is entered at a phone system."""
        return cls(system.address, system.certificate, system.axl_username, system.axl_password)

    def __repr__(self) -> str:
        """Leave the password out of logs and error pages."""
        return f"<Publisher {self.address}>"

    @property
    def host_and_port(self) -> tuple[str, int]:
        """The name and the port; raises AxlFault for what is no address."""
        try:
            parts = urlsplit(f"//{self.address.strip()}")
            host, port = parts.hostname, parts.port or PORT
        except ValueError:
            host, port = None, PORT
        if not host or parts.path:
            raise AxlFault(_("The publisher must be a host name or an address, without https:// and without a path."))
        return host, port


def version_of(publisher: Publisher, seconds: float) -> str:
    """Return the version of a publisher, '' without an AXL user; raise AxlFault with the reason.

    `seconds` is the limit of each step.
    """
    host, port = publisher.host_and_port
    try:
        with connect(publisher, host, port, seconds) as line:
            if not publisher.username:
                line.connect()
                return ""
            return _ask(line, publisher)
    except AxlFault:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise AxlFault(in_words(error)) from error


class Line(http.client.HTTPSConnection):
    """An HTTPS connection that closes at the end of a with block."""

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()


def connect(publisher: Publisher, host: str, port: int, seconds: float) -> Line:
    """Return the connection, not yet open; raise AxlFault for a certificate that is no PEM text."""
    pem = publisher.certificate.strip()
    try:
        context = ssl.create_default_context(cadata=pem or None)
    except (ssl.SSLError, ValueError) as error:
        raise AxlFault(_("The certificate entered here is not PEM text.")) from error
    if pem:
        # What is entered is trusted, also where it is the publisher's own certificate and no authority's.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return Line(host, port, timeout=seconds, context=context)


def _ask(line: Line, publisher: Publisher) -> str:
    """Ask in one schema after another until the publisher knows one."""
    for schema in SCHEMAS:
        status, content = _post(line, publisher, schema)
        if status != UNSUPPORTED:
            break
    found = VERSION.search(content)
    if status == http.HTTPStatus.OK and found:
        return found[1].decode()
    words = REFUSALS.get(status)
    raise AxlFault(
        str(words) if words else _("The publisher answers with HTTP status %(status)s.") % {"status": status}
    )


def _post(line: Line, publisher: Publisher, schema: str) -> tuple[int, bytes]:
    login = base64.b64encode(f"{publisher.username}:{publisher.password}".encode()).decode()
    headers = {
        "Authorization": f"Basic {login}",
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": f'"CUCM:DB ver={schema} getCCMVersion"',
    }
    line.request("POST", "/axl/", ENVELOPE.format(schema=schema).encode(), headers)
    answer = line.getresponse()
    content = answer.read(LONGEST_ANSWER)
    answer.close()
    return answer.status, content


REFUSALS: dict[int, Promise] = {
    401: gettext_lazy("The publisher refuses the AXL user or its password (401)."),
    403: gettext_lazy("The AXL user may not use AXL (403): give it the role Standard AXL API Access."),
    404: gettext_lazy("The publisher has no AXL (404): activate the Cisco AXL Web Service in its Serviceability."),
    503: gettext_lazy(
        "AXL is not available (503): activate the Cisco AXL Web Service, or wait until the publisher is less busy."
    ),
    UNSUPPORTED: gettext_lazy("The publisher speaks none of the AXL versions 14.0, 12.5, 11.5 and 10.5 (599)."),
}


def in_words(error: Any) -> str:
    """Return what to look at when there was no answer."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message or str(error.reason)
        return _("The certificate of the publisher is not accepted: %(reason)s.") % {"reason": reason}
    if isinstance(error, ssl.SSLError):
        return _("The publisher answers, but not with TLS: check the address and the port.")
    if isinstance(error, socket.gaierror):
        return _("No such host name is known.")
    if isinstance(error, ConnectionRefusedError):
        return _("The publisher refuses the connection at this port.")
    if isinstance(error, TimeoutError):
        return _("The publisher does not answer in time.")
    return _("The publisher cannot be reached.")
