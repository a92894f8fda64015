"""Puts a mail of the outbox into the form in which SMTP carries it."""

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage as Mime
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounting.models import MailServer, OutgoingMail
from accounting.services.outbox import FOLDER, one_line

QUOTED = "quoted-printable"
"""No line is too long and no letter too foreign for old servers."""


class FilesGoneError(Exception):
    """An attached file of the mail is no longer in the data folder."""


class UnfitSenderError(Exception):
    """The address from which the portal's mails come is none."""


class Readied(Mime):
    """A whole MIME message as Django's SMTP backend asks for it."""

    def as_bytes(self, unixfrom: bool = False, policy: Any = None, linesep: str = "\r\n") -> bytes:
        """Return the message as it travels."""
        return super().as_bytes(unixfrom, policy or SMTP.clone(linesep=linesep))


class Envelope(EmailMessage):
    """What the mail backend sends: its message is already whole."""

    def __init__(self, mime: Readied, sender: str, recipient: str) -> None:
        super().__init__(str(mime["Subject"]), "", sender, [recipient])
        self.mime = mime

    def message(self) -> Any:  # type: ignore[override]
        """Return the message."""
        return self.mime


def envelope_of(mail: OutgoingMail, server: MailServer) -> Envelope:
    """Return a mail ready to be sent through a server.

    Raises FilesGoneError, UnfitSenderError, and ValueError when the recipient's address cannot be written.
    """
    with translation.override(mail.letter.language or settings.LANGUAGE_CODE):
        mime = Readied(policy=SMTP)
        # Headers last: adding a body moves those that speak of the content into the first part.
        add_bodies(mime, mail)
        add_headers(mime, mail, server)
        return Envelope(mime, parseaddr(str(mime["From"]))[1], mail.recipient)


def add_headers(mime: Readied, mail: OutgoingMail, server: MailServer) -> None:
    """Write from whom, to whom, and that a machine has written it, so that no other machine answers."""
    letter = mail.letter
    configured = server.sender or settings.DEFAULT_FROM_EMAIL
    name, address = parseaddr(configured)
    name = name or "Call Analytics"
    if letter.sender is not None:
        name = _("%(person)s via %(portal)s") % {"person": one_line(str(letter.sender)), "portal": name}
    mime["Subject"] = letter.subject
    sender = address_of(name, address)
    if sender is None:
        raise UnfitSenderError(configured)
    recipient = address_of("", mail.recipient)
    if recipient is None:
        raise ValueError(mail.recipient)
    mime["From"], mime["To"] = sender, recipient
    # A person's address comes from the directory as it is there.
    answers = address_of(one_line(str(letter.sender)), letter.sender.email) if letter.sender else None
    if answers is not None:
        mime["Reply-To"] = answers
    mime["Date"] = format_datetime(timezone.now())
    mime["Message-ID"] = f"<{mail.message_id}>"
    mime["Auto-Submitted"] = "auto-generated"
    mime["X-Auto-Response-Suppress"] = "All"
    host = urlsplit(settings.PORTAL_URL).hostname or "localhost"
    mime["List-Id"] = f"Call Analytics <{letter.purpose}.{host}>"
    mime["Content-Language"] = letter.language or settings.LANGUAGE_CODE


def address_of(name: str, address: str) -> Address | None:
    """Return an address with its name as a header takes it, None when it is none."""
    try:
        return Address(name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        return None


def add_bodies(mime: Readied, mail: OutgoingMail) -> None:
    """Add the text, the HTML with its pictures, and the attachments."""
    letter = mail.letter
    mime.set_content(letter.text, cte=QUOTED)
    files = [(file, content_of(file)) for file in letter.files]
    if letter.html:
        mime.add_alternative(letter.html, subtype="html", cte=QUOTED)
        page = mime.get_payload(1)
        for file, content in files:
            if file["cid"]:
                page.add_related(content, *file["type"].split("/"), cid=f"<{file['cid']}>")  # type: ignore[union-attr]
    for file, content in files:
        if not file["cid"]:
            mime.add_attachment(content, *file["type"].split("/"), filename=file["name"])


def content_of(file: dict[str, str]) -> bytes:
    """Return the content of a file of a letter; raise FilesGoneError when it is not there."""
    try:
        return (Path(settings.DATA_DIR) / FOLDER / file["path"]).read_bytes()
    except FileNotFoundError as error:
        raise FilesGoneError(file["name"]) from error
