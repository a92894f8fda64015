"""Mails a report to several people, at once or, when it is large, as background work (REP-6)."""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, Job, MailPurpose, OutgoingLetter, User
from accounting.services import jobs
from accounting.services.auditing import record
from accounting.services.jobs import JobFailed, Progress
from accounting.services.mailing import RecipientRefusedError
from accounting.services.outbox import post
from callanalytics.lib.disk import is_full
from reports.catalogue import REPORTS
from reports.engine.words import conditions_in_words, period_in_words
from reports.exports import FORMATS
from reports.exports.asking import Asked, AskedWrongly, read_asked
from reports.exports.base import Format, Told, TooManyRows
from reports.exports.preparing import prepare, untold
from reports.mails.composing import MailTooLarge, letter_of
from reports.mails.wording import Wording
from reports.services.saving import whole_address

KIND = "mail_report"
MAIL_FORMATS = ("xlsx", "pdf", "csv")


class NoRoom(Exception):  # noqa: N818  (what people read)
    """The server has no room for the attached file, and nothing was sent; the text says so."""


REFUSALS = (MailTooLarge, RecipientRefusedError, NoRoom)
"""Why a mail was not sent, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person has asked to be sent."""

    asked: Asked
    form: Format
    wording: Wording
    recipients: tuple[str, ...]
    token: str
    """The same for the same press of a button: pressed twice, one mail is sent."""

    @property
    def key(self) -> str:
        """The key of its letter: what was changed after going back to the form is another mail."""
        asked, wording = self.asked, self.wording
        told = (query_of(asked), str(asked.report.name), self.form.name, wording.subject, wording.text)
        digest = sha256("\0".join((*told, *self.recipients)).encode()).hexdigest()[:16]
        return f"report:{asked.asker.reader.pk}:{digest}:{self.token}"


def query_of(asked: Asked) -> str:
    """Return everything that is asked as a query string."""
    return whole_address(asked.question, REPORTS[asked.report.slug].standard)


def send(order: Order, told: Told = untold, *, at_once: bool = False) -> OutgoingLetter:
    """Compose the mail, post it and enter it into the audit log; return what was posted, now or before.

    Raises TooManyRows (with at_once above the lower limit) and one of the REFUSALS.
    """
    try:
        return composed_and_posted(order, told, at_once=at_once)
    except OSError as error:
        if not is_full(error):
            raise
        text = _("The server’s disk has no room for the attached file. Nothing was sent; tell an administrator.")
        raise NoRoom(text) from error


def composed_and_posted(order: Order, told: Told, *, at_once: bool) -> OutgoingLetter:
    """Do the work of send(); raises OSError, too."""
    posted = OutgoingLetter.objects.filter(key=order.key).first()
    if posted is not None:
        return posted
    asked, form = order.asked, order.form
    with timezone.override(asked.asker.zone):
        document = prepare(asked.report, asked.question, asked.asker, form, at_once=at_once)
        letter = letter_of(asked, document, form, order.wording, key=order.key, told=told)
    with transaction.atomic():
        mails = post(letter, order.recipients)
        record_mail(order, letter.subject, document.count)
    return mails[0].letter


def record_mail(order: Order, subject: str, rows: int) -> None:
    """Enter into the audit log what was sent to whom."""
    asked = order.asked
    filters = "; ".join([period_in_words(asked.question), *conditions_in_words(asked.question, asked.asker)])
    record(
        AuditedAction.SENT, "report", str(asked.report.name), recipients=", ".join(order.recipients),
        file=order.form.name.upper(), rows=rows, filters=filters, mail=subject,
    )  # fmt: skip


def begin(order: Order) -> Job:
    """Return the job that composes and posts the mail; the one under way when the same button was pressed twice."""
    asked = order.asked
    title = f"{asked.report.name} ({order.form.name.upper()})"
    return jobs.start(
        KIND, asked.asker.reader, title=title, unique_key=order.key[:100],
        report=asked.report.slug, name=str(asked.report.name),
        query=query_of(asked),
        format=order.form.name, subject=order.wording.subject, text=order.wording.text,
        recipients=list(order.recipients), token=order.token,
        language=translation.get_language() or settings.LANGUAGE_CODE, zone=timezone.get_current_timezone_name(),
    )  # fmt: skip


def make(progress: Progress) -> dict[str, Any]:
    """Do a job of begin(), with the rights that its person has now; return which letter was posted."""
    wanted, reader = progress.parameters, progress.job.started_by
    if reader is None:
        raise JobFailed(_("The person who asked for this mail no longer exists."))
    with translation.override(wanted["language"]), timezone.override(ZoneInfo(wanted["zone"])):
        try:
            asked = read_asked(wanted["report"], wanted["query"], reader)
            # A saved report has a name of its own.
            asked = replace(asked, report=replace(asked.report, name=wanted["name"]))
            wording = Wording(wanted["subject"], wanted["text"])
            order = Order(asked, FORMATS[wanted["format"]], wording, tuple(wanted["recipients"]), wanted["token"])
            return {"letter": send(order, progress.step).pk}
        except (AskedWrongly, TooManyRows, *REFUSALS) as error:
            raise JobFailed(str(error)) from error


def own_letter(reader: User, pk: int) -> OutgoingLetter | None:
    """Return a report that a person has mailed, None for any other letter."""
    return OutgoingLetter.objects.filter(pk=pk, sender=reader, purpose=MailPurpose.REPORT).first()
