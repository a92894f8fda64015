"""Sends the portal's mail through the server of the set-up, else through the one of the environment."""

from collections.abc import Iterable, Sequence
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounting.models import MailServer, User


class RecipientRefusedError(ValueError):
    """A mail was to go to an address that is not allowed; nothing was sent to anybody."""


class MailBackend(BaseEmailBackend):
    """Sends by SMTP, as Django's own backend does, with the settings that hold when a mail is sent.

    Between open() and close() all mails take one connection.
    """

    _smtp: SmtpBackend | None = None

    def open(self) -> bool | None:
        """Connect to the mail server; raise what smtplib raises."""
        self._smtp = smtp_of(MailServer.current(), fail_silently=self.fail_silently)
        return self._smtp.open()

    def close(self) -> None:
        """End the connection."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send mails and return how many; raise RecipientRefusedError, or what smtplib raises."""
        server = MailServer.current()
        check_recipients(email_messages, server)
        for message in email_messages:
            if server.sender and message.from_email == settings.DEFAULT_FROM_EMAIL:
                message.from_email = server.sender
        smtp = self._smtp or smtp_of(server, fail_silently=self.fail_silently)
        return smtp.send_messages(email_messages) or 0


def smtp_of(server: MailServer, timeout: int | None = None, *, fail_silently: bool = False) -> SmtpBackend:
    """Return the connection to a mail server, not yet open; `timeout` in seconds for each step."""
    if not server.host:
        return SmtpBackend(timeout=timeout, fail_silently=fail_silently)
    return SmtpBackend(
        host=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.security == MailServer.Security.STARTTLS,
        use_ssl=server.security == MailServer.Security.TLS,
        timeout=timeout,
        fail_silently=fail_silently,
    )


def check_recipients(messages: Iterable[EmailMessage], server: MailServer) -> None:
    """Raise RecipientRefusedError when a recipient is not allowed."""
    check_addresses((address for message in messages for address in message.recipients()), server)


def check_addresses(addresses: Iterable[str], server: MailServer) -> None:
    """Raise RecipientRefusedError for addresses outside of the named domains; without those, for strangers' ones."""
    asked = {parseaddr(address)[1] or address for address in addresses}
    allowed = allowed_domains(server)
    if allowed:
        refused = {address for address in asked if address.rpartition("@")[2].lower() not in allowed}
        text = _("Mail to %(addresses)s is not allowed: the set-up of the mail server names other domains.")
    elif server.every_address:
        return
    else:
        refused = strangers_among(asked)
        text = _(
            "Mail to %(addresses)s is not allowed: only people with an account here get mail. "
            "An administrator can allow domains, or every address, in the set-up of the mail server."
        )
    if refused:
        raise RecipientRefusedError(text % {"addresses": ", ".join(sorted(refused))})


def strangers_among(addresses: set[str]) -> set[str]:
    """Return those addresses that belong to nobody who can sign in here."""
    people = User.objects.filter(is_active=True).annotate(address=Lower("email"))
    known = set(people.filter(address__in={one.lower() for one in addresses}).values_list("address", flat=True))
    return {one for one in addresses if one.lower() not in known}


def allowed_domains(server: MailServer) -> set[str]:
    """Return the domains to which alone mail may go; none are named: empty."""
    return {line.strip().lower().lstrip("@") for line in server.allowed_domains.splitlines() if line.strip()}
