"""What a scheduled report asks, as its owner may ask it now."""

from dataclasses import replace

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import User
from accounting.services.masking import mask_for
from reports.catalogue import REPORTS
from reports.catalogue.base import Report
from reports.engine.question import CUSTOM, asker_for
from reports.exports.asking import Asked, AskedWrongly, read_asked
from reports.models import ReportSchedule, SavedReport
from reports.services.saving import read_saved


class ReportGone(AskedWrongly):
    """What a schedule sends is no longer there, so that it fails at each of its times until somebody mends it."""


def asked_of(schedule: ReportSchedule, reader: User) -> Asked:
    """Return what a schedule asks, in the active language and zone.

    Raises AskedWrongly with everything in its way, ReportGone when the report itself is.
    """
    if schedule.query:
        report_for(schedule.slug, reader)
        return read_asked(schedule.slug, schedule.query, reader)
    saved = SavedReport.objects.visible_to(reader).filter(pk=schedule.saved_id or 0).first()
    if saved is None:
        text = _("The saved report that this schedule sends was deleted or is no longer shared. Choose a report anew.")
        raise ReportGone(text)
    report = report_for(saved.slug, reader)
    asker = asker_for(reader, mask_for(reader), QueryDict(saved.query).get("zone", ""))
    with timezone.override(asker.zone):
        reading = read_saved(saved, report, asker)
    if reading.problems:
        raise AskedWrongly("\n".join(reading.problems))
    return Asked(replace(report, name=saved.name), reading.question, asker)


def report_for(slug: str, reader: User) -> Report:
    """Return a public report that a person may run; raise AskedWrongly for any other, ReportGone for none."""
    report = REPORTS.get(slug)
    if report is None:
        raise ReportGone(_("The report that this schedule sends no longer exists. Choose a report anew."))
    if not reader.is_active or not report.permission(reader):
        text = _("%(person)s may not run the report “%(report)s”.")
        raise AskedWrongly(text % {"person": reader, "report": report.name})
    return report


def keeps_question_itself(schedule: ReportSchedule, reader: User) -> None:
    """Let a schedule keep the question of its saved report, where that is not there for a person; nothing is saved."""
    saved = schedule.saved
    if schedule.query or saved is None or SavedReport.objects.visible_to(reader).filter(Q(pk=saved.pk)).exists():
        return
    schedule.slug, schedule.query, schedule.saved = saved.slug, saved.query, None


def name_of(schedule: ReportSchedule) -> str:
    """Return the name of what is sent, as far as it is still there."""
    if not schedule.query and schedule.saved is not None:
        return schedule.saved.name
    report = REPORTS.get(schedule.slug)
    return str(report.name) if report is not None and schedule.query else ""


def page_of(schedule: ReportSchedule, *, holds: bool) -> str:
    """Return the address of the report's page, as it is before the options when they no longer hold; '' for none."""
    if not holds:
        return reverse("report", args=[schedule.slug]) if schedule.slug in REPORTS else ""
    if not schedule.query:
        return reverse("saved_report", args=[schedule.saved_id])
    return f"{reverse('report', args=[schedule.slug])}?{schedule.query}"


def mail_preview_of(schedule: ReportSchedule) -> str:
    """Return the address at which the mail of a schedule that holds is drawn."""
    if schedule.query or schedule.saved is None:
        return f"{reverse('preview_mail', args=[schedule.slug])}?{schedule.query}"
    saved = schedule.saved
    return f"{reverse('preview_mail', args=[saved.slug])}?{saved.query}&saved={saved.pk}"


def address_as_sent(asked: Asked) -> str:
    """Return the address of a report whose days and zone stay those of now."""
    with timezone.override(asked.asker.zone):
        first, last = asked.question.days()
    fixed = replace(asked.question, zone=str(asked.asker.zone))
    if first or last:
        fixed = replace(fixed, period=CUSTOM, first=first, last=last)
    standard = REPORTS[asked.report.slug].standard
    return f"{reverse('report', args=[asked.report.slug])}?{fixed.address(standard).urlencode()}"
