"""The letters of scheduled reports: the report itself, and what its owner is told when it is paused."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import MailPurpose, User
from accounting.services.outbox import Letter
from accounting.services.recipients import still_here
from reports.engine.words import conditions_in_words, period_in_words
from reports.exports import FORMATS
from reports.exports.asking import Asked, AskedWrongly
from reports.exports.preparing import prepare
from reports.mails.composing import letter_of
from reports.mails.wording import Wording
from reports.models import PausedBecause, ReportSchedule, ScheduleRun
from reports.services.schedule_questions import address_as_sent, asked_of


@dataclass(frozen=True, slots=True)
class Made:
    """What a run has made."""

    rows: int
    address: str
    """Of the report as sent."""
    recipients: list[str]
    letter: Letter | None = None
    """None: the report is empty, and such a one is not to be sent."""
    report: str = ""
    note: str = ""
    """What the list of runs says beside the result."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the audit log keeps of it."""


def make(run: ScheduleRun, owner: User) -> Made:
    """Return the letter of a run, in the active language.

    Raises AskedWrongly, TooManyRows, MailTooLarge or RecipientRefusedError with what is in its way.
    """
    schedule = run.schedule
    form = FORMATS.get(schedule.format)
    if form is None:
        raise AskedWrongly(_("“%(value)s” is no format of exports.") % {"value": schedule.format})
    recipients, left = still_here(schedule.recipients)
    asked = asked_of(schedule, owner)
    address = address_as_sent(asked)
    with timezone.override(asked.asker.zone):
        document = prepare(asked.report, asked.question, asked.asker, form)
        if not document.count and not schedule.send_empty:
            return Made(0, address, recipients)
        reason = _("You get it by the schedule “%(name)s” of %(owner)s.") % {"name": schedule.name, "owner": owner}
        letter = letter_of(
            asked, document, form, Wording(schedule.subject, schedule.text), key=run.letter_key,
            purpose=MailPurpose.SCHEDULE, cause=f"schedule:{schedule.pk}", reason=reason,
        )  # fmt: skip
        facts = facts_of(asked, schedule, recipients) | {"rows": document.count, "mail": letter.subject}
    note = _("Not sent to %(addresses)s: they have left.") % {"addresses": ", ".join(left)} if left else ""
    return Made(document.count, address, recipients, letter, str(asked.report.name), note, facts)


def facts_of(asked: Asked, schedule: ReportSchedule, recipients: list[str]) -> dict[str, Any]:
    """Return what the audit log keeps of a report that is sent."""
    filters = "; ".join([period_in_words(asked.question), *conditions_in_words(asked.question, asked.asker)])
    return {
        "recipients": ", ".join(recipients), "file": schedule.format.upper(), "filters": filters,
        "schedule": schedule.name,
    }  # fmt: skip


def pausing_letter(schedule: ReportSchedule, owner: User) -> Letter:
    """Return what the owner of a schedule is told when it is paused, in the active language."""
    last = schedule.runs.exclude(finished_at=None).first()
    page = settings.PORTAL_URL.rstrip("/") + reverse("report_schedule", args=[schedule.pk])
    why = (last.text or str(last.get_reason_display())) if last else ""
    if schedule.paused_because == PausedBecause.BROKEN:
        said = _("The scheduled report “%(name)s” cannot be sent any more and is paused.")
    else:
        said = ngettext(
            "The scheduled report “%(name)s” has failed %(number)s time and is paused.",
            "The scheduled report “%(name)s” has failed %(number)s times in a row and is paused.",
            schedule.failures,
        )
    parts = [said % {"name": schedule.name, "number": schedule.failures}, why]
    parts.append(_("Open it, mend it and resume it: %(page)s") % {"page": page})
    return Letter(
        key=f"schedule-paused:{last.pk if last else schedule.pk}", cause=f"schedule:{schedule.pk}",
        purpose=MailPurpose.NOTICE, subject=_("Paused: %(name)s") % {"name": schedule.name}, text="\n\n".join(parts),
        language=owner.language,
    )  # fmt: skip
