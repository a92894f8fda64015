"""The kinds of background work of call accounting."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounting.models import ChangeJournal, Job
from accounting.services import (
    corrections,
    directory_sync,
    erasing,
    journals,
    privacy,
    replaying,
    retention,
    sheet_imports,
    uploading,
)
from accounting.services.jobs import JobKind, register


def rejected_rows_page(job: Job) -> str:
    """Return the list of rejected rows, where the outcome of this job is told."""
    return f"{reverse('rejected_rows')}?job={job.pk}"


def directory_run_page(job: Job) -> str:
    """Return what a synchronisation has changed, or would change."""
    return reverse("directory_run", args=[job.result["run"]])


def correction_page(job: Job) -> str:
    """Return the page of the correction that a job has worked on."""
    return reverse("correction", args=[job.parameters["correction"]])


register(JobKind(replaying.REPLAY, _("Import of rejected rows"), replaying.replay, rejected_rows_page))
register(JobKind(replaying.DISMISS, _("Dismissal of rejected rows"), replaying.dismiss, rejected_rows_page))
for name, run in corrections.STEPS.items():
    register(JobKind(name, corrections.JOB_LABELS[name], run, correction_page))
register(
    JobKind(
        uploading.UPLOAD,
        _("Upload of call files"),
        uploading.import_upload,
        lambda job: reverse("upload_result", args=[job.pk]),
    )
)


def sheet_page(job: Job) -> str:
    """Return the preview of a sheet."""
    return reverse("sheet_import", args=[job.parameters["sheet_import"]])


register(JobKind(sheet_imports.PREVIEW, _("Preview of a sheet"), sheet_imports.run_preview, sheet_page))
register(JobKind(sheet_imports.APPLY, _("Import of a sheet"), sheet_imports.run_apply, sheet_page))
register(JobKind(directory_sync.KIND, _("Synchronisation of people"), directory_sync.synchronise, directory_run_page))
register(JobKind(retention.RETENTION, _("Retention"), retention.apply_terms))


def person_page(job: Job) -> str:
    """Return the page of the person whose data was exported or erased."""
    return reverse("privacy_person", args=[job.parameters["person"]])


register(JobKind(privacy.EXPORT, _("Export of a person's data"), privacy.export, person_page))
register(JobKind(erasing.ERASE, _("Erasure of a person"), erasing.erase, person_page))


def undone_page(job: Job) -> str:
    """Return the page of the work that a job has undone."""
    return reverse("audit_entry", args=[ChangeJournal.objects.get(pk=job.parameters["journal"]).entry_id])


register(JobKind(journals.UNDO, _("Undoing an import"), journals.run_undo, undone_page))
