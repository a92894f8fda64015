"""The kinds of background work of reports."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounting.models import Job
from accounting.services.jobs import JobKind, register
from reports.exports import filed
from reports.mails import sending


def export_page(job: Job) -> str:
    """Return the page from which an export is downloaded."""
    return reverse("report_export", args=[job.pk])


def mail_page(job: Job) -> str:
    """Return the page that tells what became of a mail."""
    return reverse("sent_mail", args=[job.result["letter"]])


register(JobKind(filed.KIND, _("Export of a report"), filed.make, export_page))
register(JobKind(sending.KIND, _("Mail with a report"), sending.make, mail_page))
