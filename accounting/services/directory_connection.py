"""Talks LDAP: finds a server that answers, signs in for look-ups, and reads entries page by page within a time."""

import re
import socket
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import ldap
import structlog
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from ldap.controls import SimplePagedResultsControl
from ldap.dn import dn2str, str2dn

from accounting.services.directory_access import DirectoryAccess, DirectoryFault, certificate_file

log = structlog.get_logger(__name__)

PAGE_SECONDS = 60
READ_SECONDS = 600
"""For all pages together; less than a job may be silent."""
ACCOUNT_DISABLED = 0x2  # a bit of Active Directory's userAccountControl
NO_SUCH_BRANCH = (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX, ldap.REFERRAL)
ACCOUNT_REFUSED = (ldap.INVALID_CREDENTIALS, ldap.INAPPROPRIATE_AUTH, ldap.UNWILLING_TO_PERFORM)
UNREACHABLE = (OSError, ldap.SERVER_DOWN, ldap.TIMEOUT, ldap.BUSY, ldap.UNAVAILABLE, ldap.TIMELIMIT_EXCEEDED)
LONGEST_KEY = 64

Attributes = Mapping[str, list[bytes]]


def answering_server(uris: str, seconds: float) -> str:
    """Return the first of the servers that answers, all within the seconds; raise OSError if none does."""
    servers = re.split(r"[\s,]+", uris.strip())
    failure = OSError("no server")
    for uri in servers:
        try:
            knock(uri, seconds / len(servers))
        except OSError as error:
            failure = error
        else:
            return uri
    raise failure


def knock(uri: str, seconds: float) -> None:
    """Raise OSError unless the server takes a connection, and shakes hands where it speaks TLS.

    OpenLDAP 2.5 with GnuTLS sets no limit to the TLS handshake: a silent server would hold the page for ever.
    """
    server = urlsplit(uri)
    if not server.hostname:
        return
    secure = server.scheme == "ldaps"
    address = (server.hostname, server.port or (636 if secure else 389))
    with socket.create_connection(address, timeout=seconds) as connection:
        if secure:
            # Nothing is sent here; the certificate is checked by the connection that carries the password.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with suppress(ssl.SSLError):
                context.wrap_socket(connection).close()


def connection_options(access: DirectoryAccess) -> dict[int, Any]:
    """Return libldap's options: time-outs, no referrals (Active Directory needs that), certificates always checked."""
    options = {
        ldap.OPT_NETWORK_TIMEOUT: access.timeout,
        ldap.OPT_TIMEOUT: access.timeout,
        ldap.OPT_REFERRALS: 0,
        ldap.OPT_X_TLS_REQUIRE_CERT: ldap.OPT_X_TLS_DEMAND,
    }
    if access.ca_file or access.ca_certificate:
        options[ldap.OPT_X_TLS_CACERTFILE] = access.ca_file or certificate_file(access.ca_certificate)
    options[ldap.OPT_X_TLS_NEWCTX] = 0  # last: makes the TLS options above count
    return options


@contextmanager
def connected(access: DirectoryAccess) -> Iterator[Any]:
    """Give a connection that is signed in for look-ups; every fault within is raised as DirectoryFault."""
    connection, signed_in = None, False
    try:
        connection = ldap.initialize(answering_server(access.servers, access.timeout))
        for option, value in connection_options(access).items():
            connection.set_option(option, value)
        if access.start_tls:
            connection.start_tls_s()
        connection.simple_bind_s(access.bind_dn, access.bind_password)
        signed_in = True
        yield connection
    except (OSError, ValueError, ldap.LDAPError) as error:
        log.warning("directory_fault", server=access.servers, error=repr(error))
        raise DirectoryFault(
            str(fault_in_words(error, access, answered=connection is not None and not signed_in))
        ) from error
    finally:
        if connection is not None:
            with suppress(ldap.LDAPError):
                connection.unbind_s()


def fault_in_words(error: Exception, access: DirectoryAccess, *, answered: bool) -> str | Promise:
    """Return what to look at; `answered`: a server had just answered the knock."""
    if is_refused_certificate(error, access, answered=answered):
        return _(
            "The encrypted connection failed. Check the CA certificate, and that the server is named here "
            "as its certificate names it."
        )
    for kinds, words in FAULTS:
        if isinstance(error, kinds):
            return words
    return _("The directory answers: %(answer)s") % {"answer": answer_of(error)}


def is_refused_certificate(error: BaseException | None, access: DirectoryAccess, *, answered: bool = True) -> bool:
    """Whether TLS failed: a server that has just answered the knock and then gives up has been refused."""
    # libldap answers with ValueError to a certificate file that it cannot read.
    over_tls = answered and access.over_tls and isinstance(error, ldap.SERVER_DOWN)
    return over_tls or isinstance(error, (ldap.CONNECT_ERROR, ValueError))


FAULTS: tuple[tuple[Any, str | Promise], ...] = (
    (UNREACHABLE, _("The directory does not answer, or not in time.")),
    (ACCOUNT_REFUSED, _("The directory refuses the account for look-ups or its password.")),
    (NO_SUCH_BRANCH, _("The directory has no such branch: check below which entry people are looked for.")),
    (ldap.FILTER_ERROR, _("A filter is not well formed: check its brackets.")),
    (
        (ldap.SIZELIMIT_EXCEEDED, ldap.ADMINLIMIT_EXCEEDED),
        _("The directory gives fewer entries than there are. Allow paged results for the account for look-ups."),
    ),
    (ldap.INSUFFICIENT_ACCESS, _("The account for look-ups may not read there.")),
)


def answer_of(error: Exception) -> str:
    """Return the server's own words."""
    facts = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    words = [str(facts[key]) for key in ("desc", "info") if facts.get(key)]
    return " – ".join(words)[:300] or type(error).__name__


def search(
    connection: Any,
    base: str,
    query: str,
    attributes: list[str],
    page_size: int,
    told: Callable[[int], None] = lambda _count: None,
) -> Iterator[tuple[str, Attributes]]:
    """Give all entries below a branch as DN and values by attribute in small letters, reading page by page.

    `told` hears after each page how many entries were read.
    """
    control = SimplePagedResultsControl(criticality=False, size=page_size, cookie="")
    deadline, count = time.monotonic() + READ_SECONDS, 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ldap.TIMEOUT
        message = connection.search_ext(base, ldap.SCOPE_SUBTREE, query, attributes, serverctrls=[control])
        _kind, rows, _message, answers = connection.result3(message, timeout=min(PAGE_SECONDS, left))
        found = [(dn, values) for dn, values in rows if dn is not None]  # the others are referrals
        count += len(found)
        told(count)
        yield from ((dn, {name.lower(): value for name, value in values.items()}) for dn, values in found)
        paging = [answer for answer in answers if answer.controlType == control.controlType]
        if not paging or not paging[0].cookie:
            return
        control.cookie = paging[0].cookie


def text_of(attributes: Attributes, name: str) -> str:
    """Return the first value of an attribute as clean text, '' without one."""
    values = attributes.get(name.lower()) if name else None
    text = values[0].decode("utf-8", "replace") if values else ""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())


def key_of(attributes: Attributes, name: str) -> str:
    """Return the lasting key of an entry: UUIDs as 32 hexadecimal digits, others as text, '' without one."""
    values = attributes.get(name.lower()) if name else None
    if not values or not values[0]:
        return ""
    value = values[0]
    if len(value) == 16 and name.lower() == "objectguid":
        return uuid.UUID(bytes_le=value).hex
    try:
        return uuid.UUID(value.decode("ascii")).hex
    except ValueError:  # also what is not ASCII
        text = text_of(attributes, name)
        return text if len(text) <= LONGEST_KEY and "\ufffd" not in text else value.hex()[:LONGEST_KEY]


def is_disabled(attributes: Attributes) -> bool:
    """Whether Active Directory has the account disabled."""
    control = text_of(attributes, "userAccountControl")
    return control.lstrip("-").isdigit() and bool(int(control) & ACCOUNT_DISABLED)


def same_dn(dn: str) -> str:
    """Return a DN as it is compared: in small letters, without blanks around its parts."""
    try:
        parts = str2dn(dn)
    except ldap.DECODING_ERROR:
        return dn.strip().lower()
    return str(dn2str([[(name.lower(), value.strip().lower(), kind) for name, value, kind in part] for part in parts]))
