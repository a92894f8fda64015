"""The outbox: mails are posted in the transaction that causes them, and delivered afterwards (services.delivering).

    with transaction.atomic():
        ...
        post(Letter(key=f"schedule:{run.pk}", purpose=MailPurpose.SCHEDULE, subject=..., text=...), addresses)

What is rolled back is never sent, and what is committed is sent even if this process ends at once.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import MailFault, MailPurpose, MailServer, MailState, OutgoingLetter, OutgoingMail, User
from accounting.models.outgoing import UNSENT
from accounting.services.mailing import RecipientRefusedError, check_addresses

TASK = "accounting.tasks.deliver_mail"
FOLDER = "outbox"
"""Within the data folder: a folder for each letter with files."""
LETTERS_KEPT, FILES_KEPT = timedelta(days=90), timedelta(days=7)
TOLD_FOR = timedelta(days=7)
LONGEST_ADDRESS = 254


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a letter: its content, or where it lies now (it is copied)."""

    name: str
    content_type: str
    content: bytes | Path


@dataclass(frozen=True, slots=True)
class InlineImage:
    """A PNG picture that the HTML shows as <img src="cid:...">."""

    cid: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent. `key` names purpose and cause: what was posted under a key is not posted again."""

    key: str
    purpose: MailPurpose
    subject: str
    text: str
    html: str = ""
    attachments: Sequence[Attachment] = ()
    images: Sequence[InlineImage] = ()
    language: str = ""
    on_behalf_of: User | None = None
    cause: str = ""


def post(letter: Letter, recipients: Iterable[str]) -> list[OutgoingMail]:
    """Put a letter into the outbox, one mail for each address, within the caller's transaction; return its mails.

    Under a key that is already there only recipients who did not get it are added; subject, text and files stay.
    Raises RecipientRefusedError, before anything is stored, for addresses that are none or of other domains.
    """
    addresses = checked(recipients)
    with transaction.atomic():
        stored, new = OutgoingLetter.objects.get_or_create(
            key=letter.key,
            defaults={
                "cause": letter.cause,
                "purpose": letter.purpose,
                "sender": letter.on_behalf_of,
                "language": letter.language,
                "subject": one_line(letter.subject)[:255],
                "text": letter.text,
                "html": letter.html,
            },
        )
        if new and (letter.attachments or letter.images):
            stored.files = keep_files(stored, letter)
            stored.save(update_fields=["files"])
        now = timezone.now()
        mails = [OutgoingMail(letter=stored, recipient=address, next_attempt_at=now) for address in addresses]
        OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True)
    transaction.on_commit(nudge, robust=True)
    return list(OutgoingMail.objects.filter(letter=stored, recipient__in=addresses))


def checked(recipients: Iterable[str]) -> list[str]:
    """Return addresses without repetitions; raise RecipientRefusedError for what is none or of another domain."""
    addresses = list(dict.fromkeys(address_of(recipient) for recipient in recipients))
    if not addresses:
        raise RecipientRefusedError(_("There is no recipient."))
    for address in addresses:
        if not is_address(address):
            text = _("“%(address)s” is not an e-mail address.")
            raise RecipientRefusedError(text % {"address": address})
    check_addresses(addresses, MailServer.current())
    return addresses


def is_address(text: str) -> bool:
    """Return whether a text is an e-mail address to which SMTP can deliver (RFC 5321 knows no longer ones)."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= LONGEST_ADDRESS


def address_of(recipient: str) -> str:
    """Return an address as it is compared: domains know no upper case."""
    local, at, domain = recipient.strip().rpartition("@")
    return f"{local}{at}{domain.lower()}"


def one_line(text: str) -> str:
    """Return a text without line breaks: in a header they would begin another one."""
    return " ".join(text.split())


def folder_of(letter: OutgoingLetter) -> Path:
    """Return where the files of a letter lie."""
    return Path(settings.DATA_DIR) / FOLDER / str(letter.uuid)


def keep_files(stored: OutgoingLetter, letter: Letter) -> list[dict[str, str]]:
    """Copy the files of a letter to where they wait for its delivery; return what the row says about them."""
    folder = folder_of(stored)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return list(copied(folder, letter))
    except OSError:
        # Half a file would stay on a disk that is full.
        shutil.rmtree(folder, ignore_errors=True)
        raise


def copied(folder: Path, letter: Letter) -> Iterator[dict[str, str]]:
    """Copy the files of a letter into a folder; yield what the row says about each."""
    files = [(file.name, file.content_type, "", file.content) for file in letter.attachments]
    files += [("", "image/png", image.cid, image.content) for image in letter.images]
    for number, (name, content_type, cid, content) in enumerate(files):
        path = folder / str(number)
        if isinstance(content, Path):
            shutil.copyfile(content, path)
        else:
            path.write_bytes(content)
        yield {"path": f"{folder.name}/{number}", "name": one_line(name), "type": content_type, "cid": cid}


def nudge() -> None:
    """Ask for delivery now; the timetable would do it a little later."""
    current_app.send_task(TASK, expires=60)


@dataclass(frozen=True, slots=True)
class Troubles:
    """What administrators should know of the outbox."""

    stuck: int
    """Mails that wait because the server is away or did not take them."""
    failed: int
    """Mails of the last days that were given up."""
    latest: OutgoingMail | None
    """The newest of them, one that waits before others; it says why."""


def troubles() -> Troubles:
    """Return how many mails cannot be delivered at present, and how many were given up within a week."""
    stuck = Q(state=MailState.WAITING) & ~Q(fault=MailFault.NONE)
    failed = Q(state=MailState.FAILED, ended_at__gt=timezone.now() - TOLD_FOR)
    mails = OutgoingMail.objects.filter(stuck | failed)
    counts = mails.aggregate(stuck=Count("pk", filter=stuck), failed=Count("pk", filter=failed))
    latest = mails.order_by("-state", "-pk").first() if any(counts.values()) else None
    return Troubles(**counts, latest=latest)


def forget(person: User) -> None:
    """Delete what a person has mailed, with its files, and what was mailed to the person's address.

    The files go once that is committed: what is rolled back is still sent, with its files.
    """
    letters = OutgoingLetter.objects.filter(sender=person)
    for folder in [folder_of(letter) for letter in letters.only("uuid")]:
        transaction.on_commit(partial(shutil.rmtree, folder, ignore_errors=True))
    letters.delete()
    if person.email:
        OutgoingMail.objects.filter(recipient__iexact=person.email).delete()


def clear_away() -> None:
    """Delete letters and files that nobody needs any more; what still waits is kept."""
    now = timezone.now()
    unsent = OutgoingMail.objects.filter(state__in=UNSENT)
    old = OutgoingLetter.objects.filter(created_at__lt=now - LETTERS_KEPT)
    old.exclude(pk__in=unsent.values("letter")).delete()
    folder = Path(settings.DATA_DIR) / FOLDER
    needed = {str(name) for name in unsent.values_list("letter__uuid", flat=True).distinct()}
    for path in folder.iterdir() if folder.is_dir() else ():
        age = now.timestamp() - path.stat().st_mtime
        if path.name not in needed and age > FILES_KEPT.total_seconds():
            shutil.rmtree(path, ignore_errors=True)
