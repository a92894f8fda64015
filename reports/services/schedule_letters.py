"""The letters of scheduled reports: the report itself, and what its owner is told when it is paused."""

import tempfile
from dataclasses import dataclass
from typing import IO, cast

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import MailPurpose, User
from accounting.services.outbox import Attachment, Letter, checked
from reports.exports import FORMATS
from reports.exports.asking import AskedWrongly, file_name
from reports.exports.preparing import prepare, untold
from reports.models import ReportSchedule, ScheduleRun
from reports.services.schedule_questions import address_as_sent, asked_of


@dataclass(frozen=True, slots=True)
class Made:
    """What a run has made."""

    rows: int
    address: str
    """Of the report as sent."""
    recipients: list[str]
    letter: Letter | None
    """None: the report is empty, and such a one is not to be sent."""


def make(run: ScheduleRun, owner: User) -> Made:
    """Return the letter of a run, in the active language; raise AskedWrongly, TooManyRows or RecipientRefusedError."""
    schedule = run.schedule
    form = FORMATS.get(schedule.format)
    if form is None:
        raise AskedWrongly(_("“%(value)s” is no format of exports.") % {"value": schedule.format})
    recipients = checked(schedule.recipients)
    asked = asked_of(schedule, owner)
    address = address_as_sent(asked)
    with timezone.override(asked.asker.zone):
        document = prepare(asked.report, asked.question, asked.asker, form)
        if not document.count and not schedule.send_empty:
            return Made(0, address, recipients, None)
        with tempfile.SpooledTemporaryFile(2 * 1024 * 1024) as out:
            form.write(document, cast("IO[bytes]", out), untold)
            out.seek(0)
            content = out.read()
    letter = Letter(
        key=run.letter_key, cause=f"schedule:{schedule.pk}", purpose=MailPurpose.SCHEDULE, subject=schedule.subject,
        text=schedule.text, attachments=[Attachment(file_name(asked.report, form.name), form.content_type, content)],
        language=schedule.language, on_behalf_of=owner,
    )  # fmt: skip
    return Made(document.count, address, recipients, letter)


def pausing_letter(schedule: ReportSchedule, owner: User) -> Letter:
    """Return what the owner of a schedule is told when it is paused, in the active language."""
    last = schedule.runs.exclude(finished_at=None).first()
    page = settings.PORTAL_URL.rstrip("/") + reverse("report_schedule", args=[schedule.pk])
    why = (last.text or str(last.get_reason_display())) if last else ""
    text = _(
        "The scheduled report “%(name)s” has failed %(number)s times in a row and is paused.\n\n"
        "%(why)s\n\nOpen it, mend it and resume it: %(page)s"
    )
    words = {"name": schedule.name, "number": schedule.failures, "why": why, "page": page}
    return Letter(
        key=f"schedule-paused:{last.pk if last else schedule.pk}", cause=f"schedule:{schedule.pk}",
        purpose=MailPurpose.NOTICE, subject=_("Paused: %(name)s") % {"name": schedule.name}, text=text % words,
        language=owner.language,
    )  # fmt: skip
