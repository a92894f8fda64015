"""Exports made in the background: started, written into the data folder, and found again by their owner."""

import hashlib
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, Job, JobState, User
from accounting.services import jobs
from accounting.services.auditing import record
from accounting.services.jobs import JobFailed, Progress
from reports.catalogue import REPORTS
from reports.engine.words import conditions_in_words, period_in_words
from reports.exports import FORMATS
from reports.exports.asking import Asked, AskedWrongly, file_name, read_asked
from reports.exports.base import Format, TooManyRows
from reports.exports.preparing import export
from reports.mails.notices import tell_ready
from reports.services.saving import whole_address

KIND = "export_report"
FOLDER = "exports"
"""Within the data folder; upkeep deletes its files after seven days."""


def begin(asked: Asked, form: Format, *, notify: bool = False) -> Job:
    """Return the job that makes this export; the one under way when the person has asked the same already.

    With `notify` the person gets a mail when it is ready, unless it took a short time.
    """
    reader = asked.asker.reader
    parameters = {
        "report": asked.report.slug,
        "name": str(asked.report.name),
        # A saved report's page says only what differs from what is saved; the job has to know everything.
        "query": whole_address(asked.question, REPORTS[asked.report.slug].standard),
        "format": form.name,
        "language": translation.get_language() or settings.LANGUAGE_CODE,
        "zone": timezone.get_current_timezone_name(),
    }
    same = hashlib.blake2b(repr(sorted(parameters.items())).encode(), digest_size=16).hexdigest()
    title = f"{asked.report.name} ({form.name.upper()})"
    return jobs.start(KIND, reader, title=title, unique_key=f"{KIND}-{reader.pk}-{same}", notify=notify, **parameters)


def make(progress: Progress) -> dict[str, Any]:
    """Write the export of a job, with the rights that its person has now; return the file's name and number of rows."""
    wanted, reader = progress.parameters, progress.job.started_by
    if reader is None:
        raise JobFailed(_("The person who asked for this export no longer exists."))
    form = FORMATS[wanted["format"]]
    with translation.override(wanted["language"]), timezone.override(ZoneInfo(wanted["zone"])):
        try:
            asked = read_asked(wanted["report"], wanted["query"], reader)
            # A saved report has a name of its own.
            result = written(replace(asked, report=replace(asked.report, name=wanted["name"])), form, progress)
        except (AskedWrongly, TooManyRows) as error:
            raise JobFailed(str(error)) from error
        if wanted.get("notify"):
            tell_ready(progress.job, reader, result["name"], result["rows"])
        return result


def written(asked: Asked, form: Format, progress: Progress) -> dict[str, Any]:
    """Write the file under a name that cannot be guessed; what is not finished is not left behind."""
    folder = Path(settings.DATA_DIR) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_urlsafe(24)}.{form.name}"
    try:
        with path.open("wb") as out:
            rows = export(asked.report, asked.question, asked.asker, form, out, told=progress.step)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    record_export(asked, form, rows)
    return {"file": path.name, "name": file_name(asked.report, form.name), "rows": rows}


def record_export(asked: Asked, form: Format, rows: int) -> None:
    """Enter an export into the audit log."""
    filters = "; ".join([period_in_words(asked.question), *conditions_in_words(asked.question, asked.asker)])
    record(
        AuditedAction.EXPORTED, "report", str(asked.report.name),
        file=form.name.upper(), rows=rows, filters=filters,
    )  # fmt: skip


def path_of(job: Job) -> Path | None:
    """Return the file that a job has made, None when it is deleted."""
    path = Path(settings.DATA_DIR) / FOLDER / Path(str(job.result.get("file", ""))).name
    return path if path.is_file() else None


def own_exports(reader: User) -> QuerySet[Job]:
    """Return a person's finished exports."""
    return Job.objects.filter(kind=KIND, started_by=reader, state=JobState.DONE)
