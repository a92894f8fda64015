"""Tests of the connections that the set-up names, each within five seconds, with the reason in plain words."""

import os
import shutil
import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import Directory, MailServer, PhoneSystem, User
from accounting.services import axl
from accounting.services.collecting import inbox
from accounting.services.directory_access import DirectoryAccess, DirectoryFault, access_by_environment, entered_access
from accounting.services.mailing import RecipientRefusedError, check_recipients, smtp_of

SECONDS = 5.0
STEP_SECONDS = 3
NO_MAIL_SERVER = (("", 25), ("localhost", 25))
"""What the environment holds when nobody has named a server."""
LITTLE_SPACE = 1_000_000_000
ENOUGH_PEOPLE = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test has found."""

    well: bool
    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """A test that people can run, of one phone system or of none."""

    label: str | Promise
    icon: str
    run: Callable[..., Finding]
    per_system: bool = False


def within(seconds: float, work: Callable[[], Finding]) -> Finding:
    """Return what the work finds, or that there was no answer in time: no library's own limits are trusted."""
    found: list[Finding] = []
    language = translation.get_language() or settings.LANGUAGE_CODE

    def go() -> None:
        with translation.override(language):
            try:
                found.append(work())
            except (ValueError, ArithmeticError):  # what no socket takes: ports and names that cannot exist
                found.append(Finding(False, _("There can be no such address.")))
        connection.close()

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else Finding(False, _("No answer within %(count)s seconds.") % {"count": int(seconds)})


def try_directory() -> Finding:
    """Sign in to the directory as for look-ups and count people."""
    entered = Directory.current()
    if not entered.server_uri and not settings.LDAP_SERVER_URI:
        return Finding(False, _("No directory is entered."))
    access = entered_access(entered) if entered.server_uri else access_by_environment()
    query = entered.people_filter if entered.server_uri else "(objectClass=person)"
    return within(SECONDS, lambda: _count_people(access, query))


def _count_people(access: DirectoryAccess, query: str) -> Finding:
    # libldap costs every start 0.1 s.
    from accounting.services.directory_connection import connected, search  # noqa: PLC0415

    try:
        with connected(access) as found:
            count = 0
            for count, _entry in enumerate(search(found, access.user_base, query, ["1.1"], 500), 1):
                if count >= ENOUGH_PEOPLE:
                    break
    except DirectoryFault as fault:
        return Finding(False, str(fault))
    if not count:
        return Finding(True, _("The directory answers, but the filter finds nobody below that entry."), warning=True)
    if count >= ENOUGH_PEOPLE:
        return Finding(True, _("The directory answers and knows %(count)s people or more.") % {"count": count})
    text = ngettext(
        "The directory answers and knows %(count)s person.", "The directory answers and knows %(count)s people.", count
    )
    return Finding(True, text % {"count": count})


def is_entered(server: MailServer) -> bool:
    """Whether the set-up or the environment names a mail server."""
    return bool(server.host or (settings.EMAIL_HOST, settings.EMAIL_PORT) not in NO_MAIL_SERVER)


def try_mail() -> Finding:
    """Connect to the mail server, encrypt and sign in as it is entered."""
    server = MailServer.current()
    if not is_entered(server):
        return Finding(False, _("No mail server is entered."))
    return within(SECONDS, lambda: _talk_smtp(server, lambda _smtp: None, _("The mail server answers and lets us in.")))


def send_test_mail(reader: User) -> Finding:
    """Send a mail to the person who asks."""
    server = MailServer.current()
    if not reader.email:
        return Finding(False, _("Your account has no e-mail address."))
    if not is_entered(server):
        return Finding(False, _("No mail server is entered."))
    message = EmailMessage(
        _("Test mail of Call Analytics"),
        _("The mail server works: this mail was sent from the set-up at your request."),
        server.sender or settings.DEFAULT_FROM_EMAIL,
        [reader.email],
    )
    try:
        check_recipients([message], server)
    except RecipientRefusedError as refused:
        return Finding(False, str(refused))
    sent = _("A test mail is on its way to %(address)s.") % {"address": reader.email}
    return within(SECONDS, lambda: _talk_smtp(server, lambda smtp: smtp.send_messages([message]), sent))


def _talk_smtp(server: MailServer, then: Callable[[Any], object], success: str) -> Finding:
    smtp = smtp_of(server, timeout=STEP_SECONDS)
    try:
        smtp.open()
        then(smtp)
    except (OSError, smtplib.SMTPException) as error:
        return Finding(False, _smtp_fault(error))
    finally:
        with suppress(OSError, smtplib.SMTPException):
            smtp.close()
    return Finding(True, success)


def _smtp_fault(error: Exception) -> str:
    """Return what to look at, with the server's own words where it has some."""
    for kinds, words in SMTP_FAULTS:
        if isinstance(error, kinds):
            return str(words)
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return _("The mail server refuses: %(code)s %(answer)s") % {"code": error.smtp_code, "answer": said[:200]}
    return _("The mail server does not answer at this address and port.")


SMTP_FAULTS: tuple[tuple[Any, Promise], ...] = (
    (smtplib.SMTPAuthenticationError, gettext_lazy("The mail server refuses the user name or the password.")),
    (smtplib.SMTPNotSupportedError, gettext_lazy("The mail server does not offer this encryption or sign-in.")),
    (
        ssl.SSLCertVerificationError,
        gettext_lazy(
            "The certificate of the mail server is not trusted, or names another server than the one entered."
        ),
    ),
    (ssl.SSLError, gettext_lazy("The encrypted connection failed: check the port and the kind of encryption.")),
    (smtplib.SMTPServerDisconnected, gettext_lazy("The mail server ended the connection: check port and encryption.")),
    (smtplib.SMTPRecipientsRefused, gettext_lazy("The mail server refuses the recipient.")),
    (smtplib.SMTPSenderRefused, gettext_lazy("The mail server refuses the sender.")),
)


def try_inbox(system: PhoneSystem) -> Finding:
    """Try to write into the folder into which a phone system's files are pushed."""
    folder, names = inbox(system), {"system": system.name, "folder": str(inbox(system))}
    probe = folder / f".test-{os.getpid()}-{threading.get_ident()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"test\n")
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        hint = _owner_hint(folder)
        text = _("%(system)s: the folder %(folder)s cannot be written (%(reason)s). %(hint)s")
        return Finding(False, text % {**names, "reason": error.strerror, "hint": hint})
    facts = {**names, "space": f"{free / 1e9:.1f}"}
    if free < LITTLE_SPACE:
        text = _("%(system)s: the folder %(folder)s can be written, but only %(space)s GB are free.")
        return Finding(True, text % facts, warning=True)
    return Finding(True, _("%(system)s: the folder %(folder)s can be written; %(space)s GB are free.") % facts)


def _owner_hint(folder: Path) -> str:
    """Return which account must be allowed to write where."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    facts = {"account": os.geteuid(), "folder": str(there), "owner": there.stat().st_uid}
    return _("The portal runs as account %(account)s; %(folder)s belongs to account %(owner)s.") % facts


def try_phone_system(system: PhoneSystem) -> Finding:
    """Connect to a publisher, check its certificate and, with an AXL user, ask for its version."""
    if not system.address:
        return Finding(True, _("%(system)s: no publisher is entered.") % {"system": system.name}, warning=True)
    publisher = axl.Publisher.of(system)

    def ask() -> Finding:
        try:
            version = axl.version_of(publisher, SECONDS)
        except axl.AxlFault as fault:
            return Finding(False, f"{system.name}: {fault}")
        if not system.axl_username:
            text = _("%(system)s: the publisher answers, and its certificate is trusted.")
        else:
            text = _("%(system)s: the publisher answers with AXL; it is version %(version)s.")
        return Finding(True, text % {"system": system.name, "version": version})

    return within(SECONDS, ask)


TESTS: dict[str, ConnectionTest] = {
    "directory": ConnectionTest(gettext_lazy("Test the directory"), "plug-zap", try_directory),
    "mail": ConnectionTest(gettext_lazy("Test the mail server"), "plug-zap", try_mail),
    "send_mail": ConnectionTest(gettext_lazy("Send a test mail to me"), "send", send_test_mail),
    "inbox": ConnectionTest(gettext_lazy("Test the inbox"), "folder-check", try_inbox, per_system=True),
    "ucm": ConnectionTest(gettext_lazy("Test the connection"), "plug-zap", try_phone_system, per_system=True),
}
"""By name in addresses."""


def run(name: str, reader: User, system: PhoneSystem | None = None) -> list[Finding]:
    """Run a test: of one phone system, of all enabled ones without a choice, or of the server that is entered."""
    test = TESTS[name]
    if name == "send_mail":
        return [test.run(reader)]
    if not test.per_system:
        return [test.run()]
    systems = [system] if system else list(PhoneSystem.objects.filter(enabled=True))
    return [test.run(one) for one in systems]
