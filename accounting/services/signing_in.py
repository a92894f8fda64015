"""Sign-in with the organisation's directory: Active Directory or another LDAP server.

The set-up says at each attempt which directory, else the environment; without either nothing is asked. An outage is
never taken for a wrong password: it is shown as what it is, and the throttle does not count it.
"""

import time
from typing import Any, ClassVar

import ldap
import structlog
from django.contrib.auth.hashers import make_password
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_auth_ldap.backend import LDAPBackend, ldap_error
from django_auth_ldap.config import LDAPSearch
from ldap.filter import filter_format

from accounting.models import Role, User
from accounting.services.directory_access import DirectoryAccess, current_access
from accounting.services.directory_connection import (
    NO_SUCH_BRANCH,
    UNREACHABLE,
    answering_server,
    connection_options,
    is_disabled,
    is_refused_certificate,
    key_of,
    text_of,
)
from accounting.services.local_accounts import person_named

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 5
MEMBER_IN_CHAIN = "1.2.840.113556.1.4.1941"  # Active Directory's rule for membership through other groups
# What servers other than "invalid credentials" answer to the person's own bind: no password, locked, expired.
ACCOUNT_REFUSED = (ldap.INAPPROPRIATE_AUTH, ldap.UNWILLING_TO_PERFORM, ldap.CONSTRAINT_VIOLATION)
LONGEST = {"first_name": 150, "last_name": 150, "email": 254}  # what the person's columns hold


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
        access = current_access()
        if access is None:
            return None
        if time.monotonic() < DirectoryBackend.silent_until:
            raise DirectoryUnavailable
        try:
            self.prepare(access)
            person: User | None = super().authenticate(request, username=username, password=password)
        except DirectoryUnavailable as outage:
            report(outage.__cause__, access)
            raise
        except (OSError, ValueError, TypeError, KeyError) as error:
            # No server answers, or libldap cannot read the CA file, or the filter has a second percent sign.
            report(error, access)
            raise DirectoryUnavailable from error
        return person

    def prepare(self, access: DirectoryAccess) -> None:
        """Take the settings of this attempt; the backend lives for one sign-in, so they are its own."""
        self.access = access
        attributes = [*access.attribute_of.values(), access.key_attribute, "userAccountControl"]
        own = {
            "SERVER_URI": answering_server(access.servers, access.timeout),
            "BIND_DN": access.bind_dn,
            "BIND_PASSWORD": access.bind_password,
            "START_TLS": access.start_tls,
            "CONNECTION_OPTIONS": connection_options(access),
            "USER_SEARCH": LDAPSearch(
                access.user_base, ldap.SCOPE_SUBTREE, access.login_filter, [name for name in attributes if name]
            ),
            "ALWAYS_UPDATE_USER": False,  # this backend writes by itself, and only what has changed
        }
        for name, value in own.items():
            setattr(self.settings, name, value)

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session; none once the account is disabled, which ends the session."""
        return User.objects.filter(pk=user_id, is_active=True).first()

    def get_or_build_user(self, username: str, ldap_user: Any) -> tuple[User, bool]:
        """Return the person, created or brought up to date; refuse accounts disabled in the directory or here."""
        found = entry_of(ldap_user)
        key = key_of(found, self.access.key_attribute) or None
        person = (User.objects.filter(directory_key=key).first() if key else None) or person_named(username)
        if is_disabled(found) or (person is not None and not person.is_active):
            raise ldap_user.AuthenticationFailed("the account is disabled")
        if person is None:
            # Two first sign-ins of one person may come at once.
            new = {"password": make_password(None), "origin": User.Origin.DIRECTORY, "directory_key": key}
            person, _created = User.objects.get_or_create(username=username, defaults=new)
        refresh(person, ldap_user, self.access)
        return person, False


@receiver(ldap_error, sender=DirectoryBackend)
def tell_outage_from_refusal(context: str, exception: ldap.LDAPError, **_others: Any) -> None:
    """Raise DirectoryUnavailable unless the directory has refused this very account."""
    if not (context == "authenticate" and isinstance(exception, ACCOUNT_REFUSED)):
        raise DirectoryUnavailable from exception


def report(cause: BaseException | None, access: DirectoryAccess) -> None:
    """Log why the directory cannot be asked; pause after a silence, not after a mistake in the settings."""
    if is_refused_certificate(cause, access):
        log.error("directory_misconfigured", setting="LDAP_CA_FILE", problem="TLS failed", error=repr(cause))
    elif isinstance(cause, UNREACHABLE):
        DirectoryBackend.silent_until = time.monotonic() + PAUSE_SECONDS
        log.error("directory_unreachable", server=access.servers, error=repr(cause))
    else:
        log.error("directory_misconfigured", server=access.servers, error=repr(cause))


def entry_of(ldap_user: Any) -> dict[str, list[bytes]]:
    """Return the entry's values as the directory sent them: the package decodes those that look like text."""
    return {
        name.lower(): [value.encode() if isinstance(value, str) else value for value in values]
        for name, values in ldap_user.attrs.items()
    }


def refresh(person: User, ldap_user: Any, access: DirectoryAccess) -> None:
    """Store name, mail and role as the directory has them; write only what has changed."""
    fields: dict[str, str] = {"role": role_by_groups(person, ldap_user, access)}
    found = entry_of(ldap_user)
    for field, attribute in access.attribute_of.items():
        if value := text_of(found, attribute):
            fields[field] = value[: LONGEST[field]]
    changed = [field for field, value in fields.items() if getattr(person, field) != value]
    for field in changed:
        setattr(person, field, fields[field])
    if changed:
        person.save(update_fields=[*changed, "is_staff"])


def role_by_groups(person: User, ldap_user: Any, access: DirectoryAccess) -> str:
    """Return the highest role that a group gives; a role without a group, and a superuser's, is the portal's to set."""
    groups = {
        Role.ADMINISTRATOR: access.administrators_group,
        Role.SUPERVISOR: access.supervisors_group,
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
    except NO_SUCH_BRANCH as error:
        log.error("directory_misconfigured", group=group, error=repr(error))
        return False
    return bool(found or ldap_user.connection.search_s(dn, ldap.SCOPE_BASE, nested, ["1.1"]))
