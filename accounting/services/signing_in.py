"""Sign-in with the organisation's directory: Active Directory or another LDAP server.

Loaded only where LDAP_SERVER_URI is set. An outage is never taken for a wrong password: it is shown as what it is,
and the throttle does not count it.
"""

import re
import socket
import ssl
import time
from contextlib import suppress
from typing import Any, ClassVar
from urllib.parse import urlsplit

import ldap
import structlog
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_auth_ldap.backend import LDAPBackend, ldap_error
from ldap.filter import filter_format

from accounting.models import Role, User
from accounting.services.local_accounts import person_named

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 5
ACCOUNT_DISABLED = 0x2  # a bit of Active Directory's userAccountControl
MEMBER_IN_CHAIN = "1.2.840.113556.1.4.1941"  # Active Directory's rule for membership through other groups
# What servers other than "invalid credentials" answer to the person's own bind: no password, locked, expired.
ACCOUNT_REFUSED = (ldap.INAPPROPRIATE_AUTH, ldap.UNWILLING_TO_PERFORM, ldap.CONSTRAINT_VIOLATION)
LONGEST = {"first_name": 150, "last_name": 150, "email": 254}  # what the person's columns hold
NO_SUCH_GROUP = (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX, ldap.REFERRAL)
UNREACHABLE = (OSError, ldap.SERVER_DOWN, ldap.TIMEOUT, ldap.BUSY, ldap.UNAVAILABLE, ldap.TIMELIMIT_EXCEEDED)


class DirectoryUnavailable(ValidationError):  # noqa: N818  (a state of the directory, not an error of the reader)
    """The directory could not be asked, so nothing is known about the password; any form shows it as its message."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The directory is not reachable just now; local accounts can still sign in. "
                "For a local account, check the user name and the password."
            ),
            code="directory_unavailable",
        )


class DirectoryBackend(LDAPBackend):  # type: ignore[misc]  # the package ships no types
    """Signs in with the directory's password; keeps the person's name, mail and role as the directory has them."""

    # Without a pause, every sign-in during an outage would hold one of the server's threads for the whole time-out.
    silent_until: ClassVar[float] = 0.0

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None
    ) -> User | None:
        """Return the person, None for wrong credentials; raise DirectoryUnavailable when the directory cannot tell."""
        if not username or not password:
            return None
        try:
            return self.ask(request, username.lower(), password)
        except DirectoryUnavailable:
            person = person_named(username)
            if person is not None and person.has_usable_password():
                # The local password was checked and is wrong: guessing it during an outage must be throttled.
                user_login_failed.send(__name__, credentials={"username": username}, request=request)
            raise

    def ask(self, request: HttpRequest | None, username: str, password: str) -> User | None:
        """Return the person whom the directory knows by this name and password; log why it cannot be asked."""
        if time.monotonic() < DirectoryBackend.silent_until:
            raise DirectoryUnavailable
        try:
            # The backend lives for one sign-in: its settings are its own.
            self.settings.SERVER_URI = answering_server(settings.LDAP_SERVER_URI, settings.LDAP_TIMEOUT)
            person: User | None = super().authenticate(request, username=username, password=password)
        except DirectoryUnavailable as outage:
            report(outage.__cause__)
            raise
        except ValueError as error:  # libldap's answer to an option such as a CA file that it cannot read
            report(error)
            raise DirectoryUnavailable from error
        return person

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session; none once the account is disabled, which ends the session."""
        return User.objects.filter(pk=user_id, is_active=True).first()

    def get_or_build_user(self, username: str, ldap_user: Any) -> tuple[User, bool]:
        """Return the person, created or brought up to date; refuse accounts disabled in the directory or here."""
        person = person_named(username)
        if is_disabled(ldap_user.attrs) or (person is not None and not person.is_active):
            raise ldap_user.AuthenticationFailed("the account is disabled")
        if person is None:
            # Two first sign-ins of one person may come at once.
            person, _created = User.objects.get_or_create(username=username, defaults={"password": make_password(None)})
        refresh(person, ldap_user, self.settings.USER_ATTR_MAP)
        return person, False


@receiver(ldap_error, sender=DirectoryBackend)
def tell_outage_from_refusal(context: str, exception: ldap.LDAPError, **_others: Any) -> None:
    """Raise DirectoryUnavailable unless the directory has refused this very account."""
    if not (context == "authenticate" and isinstance(exception, ACCOUNT_REFUSED)):
        raise DirectoryUnavailable from exception


def answering_server(uris: str, seconds: float) -> str:
    """Return the first of the servers that answers, all within the seconds; raise DirectoryUnavailable if none does."""
    servers = re.split(r"[\s,]+", uris.strip())
    failure: OSError | None = None
    for uri in servers:
        try:
            knock(uri, seconds / len(servers))
        except OSError as error:
            failure = error
        else:
            return uri
    raise DirectoryUnavailable from failure


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


def report(cause: BaseException | None) -> None:
    """Log why the directory cannot be asked; pause after a silence, not after a mistake in the settings."""
    # The server has just answered the knock: to give up now is to refuse its certificate.
    over_tls = settings.LDAP_SERVER_URI.startswith("ldaps") and isinstance(cause, ldap.SERVER_DOWN)
    if isinstance(cause, ldap.CONNECT_ERROR) or over_tls:
        log.error("directory_misconfigured", setting="LDAP_CA_FILE", problem="TLS failed", error=repr(cause))
    elif isinstance(cause, UNREACHABLE):
        DirectoryBackend.silent_until = time.monotonic() + PAUSE_SECONDS
        log.error("directory_unreachable", server=settings.LDAP_SERVER_URI, error=repr(cause))
    else:
        log.error("directory_misconfigured", server=settings.LDAP_SERVER_URI, error=repr(cause))


def is_disabled(attributes: dict[str, list[str]]) -> bool:
    """Whether Active Directory has the account disabled; other directories refuse the password themselves."""
    return bool(int(attributes.get("userAccountControl", ["0"])[0]) & ACCOUNT_DISABLED)


def refresh(person: User, ldap_user: Any, attribute_of: dict[str, str]) -> None:
    """Store name, mail and role as the directory has them; write only what has changed."""
    fields: dict[str, str] = {"role": role_by_groups(person, ldap_user)}
    for field, attribute in attribute_of.items():
        value = ldap_user.attrs.get(attribute, [""])[0]
        if value:
            fields[field] = value[: LONGEST[field]]
    changed = [field for field, value in fields.items() if getattr(person, field) != value]
    for field in changed:
        setattr(person, field, fields[field])
    if changed:
        person.save(update_fields=[*changed, "is_staff"])


def role_by_groups(person: User, ldap_user: Any) -> str:
    """Return the highest role that a group gives; a role without a group, and a superuser's, is the portal's to set."""
    groups = {
        Role.ADMINISTRATOR: settings.LDAP_ADMINISTRATORS_GROUP,
        Role.SUPERVISOR: settings.LDAP_SUPERVISORS_GROUP,
    }
    if person.is_superuser:
        return person.role
    for role, group in groups.items():
        if is_member(ldap_user, person.username, group) if group else person.role == role:
            return role
    return Role.USER


def is_member(ldap_user: Any, username: str, group: str) -> bool:
    """Whether the person is in the group, in Active Directory also through other groups; log a missing group."""
    dn = ldap_user.dn
    direct = filter_format("(|(member=%s)(uniqueMember=%s)(memberUid=%s))", [dn, dn, username])
    nested = filter_format(f"(memberOf:{MEMBER_IN_CHAIN}:=%s)", [group])
    try:
        found = ldap_user.connection.search_s(group, ldap.SCOPE_BASE, direct, ["1.1"])
    except NO_SUCH_GROUP as error:
        log.error("directory_misconfigured", group=group, error=repr(error))
        return False
    return bool(found or ldap_user.connection.search_s(dn, ldap.SCOPE_BASE, nested, ["1.1"]))
