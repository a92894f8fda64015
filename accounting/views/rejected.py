"""The workbench of rejected rows and files set aside: look, correct, import again, dismiss."""

from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.forms.rejected import COLUMN, DismissalForm, RejectedFilter, RowForm
from accounting.models import AuditedAction, FileState, ImportFile, Job, PhoneSystem, RejectedRow
from accounting.services import jobs, replaying, set_aside
from accounting.services.auditing import record
from accounting.services.examining import examine
from callanalytics.templatetags.ui import number
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import HIGHEST_ID, AuthenticatedRequest, chosen_ids, newest_of, read_id
from callanalytics.web.views import refused

SHOWN = 50


@require_safe
@require(administrators)
def rejected_rows(request: AuthenticatedRequest) -> HttpResponse:
    """Show the reasons with their counts, and the rows that meet the filters, newest first."""
    filters = RejectedFilter(request.GET)
    if filters.problems():
        return refused(request, filters.problems(), reverse("rejected_rows"))
    found = RejectedRow.objects.filter(**filters.conditions())
    rows, paging = newest_of(request, found.select_related("file__phone_system"), SHOWN)
    context = {
        "groups": replaying.rejected_groups(),
        "filters": filters,
        "rows": rows,
        "newest": filters.without(),
        **paging,
        "dismissal": DismissalForm(),
        "outcome": outcome_of(request.GET.get("job", "")),
        "files_set_aside": ImportFile.objects.filter(state=FileState.SET_ASIDE).count(),
    }
    return render(request, "accounting/rejected_rows.html", context)


def outcome_of(job_id: str) -> list[str]:
    """Return in sentences what a finished job has done to the rows, nothing for other jobs."""
    ended = Job.objects.filter(pk=read_id(job_id), kind__in=(replaying.REPLAY, replaying.DISMISS), state="done").first()
    result = ended.result if ended else {}
    told = []
    if "taken" in result:
        words = ngettext("%(count)s row went in.", "%(count)s rows went in.", count := result["taken"])
        told.append(words % {"count": number(count)})
        if result["stayed"]:
            words = ngettext(
                "%(count)s row was rejected again.", "%(count)s rows were rejected again.", count := result["stayed"]
            )
            told.append(words % {"count": number(count)})
    if "dismissed" in result:
        words = ngettext("%(count)s row was dismissed.", "%(count)s rows were dismissed.", count := result["dismissed"])
        told.append(words % {"count": number(count)})
    return told


@require_POST
@require(administrators)
def act_on_rejected(request: AuthenticatedRequest) -> HttpResponse:
    """Import again or dismiss the chosen rows, or all that meet the filters of the address."""
    filters = RejectedFilter(request.GET)
    if filters.problems():
        return refused(request, filters.problems(), reverse("rejected_rows"))
    back = f"{reverse('rejected_rows')}?{filters.without()}"
    chosen = chosen_ids(request, "rows")
    if "all" in request.POST:
        newest = RejectedRow.objects.aggregate(newest=Max("pk"))["newest"] or 0
        parameters: dict[str, Any] = {"conditions": filters.conditions(), "newest": newest}
        title = ", ".join(chip.value for chip in filters.chips())
    elif chosen:
        parameters = {"rows": chosen[:SHOWN]}
        title = row_title(RejectedRow.objects.select_related("file").filter(pk=chosen[0]).first(), len(chosen))
    else:
        messages.warning(request, _("Choose the rows first."))
        return redirect(back)
    if request.POST.get("action") == "dismiss":
        form = DismissalForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Say why the rows are dismissed; the audit log keeps the reason."))
            return redirect(back)
        return begin(request, replaying.DISMISS, title, parameters | {"reason": form.cleaned_data["reason"]})
    return begin(request, replaying.REPLAY, title, parameters)


def row_title(row: RejectedRow | None, count: int) -> str:
    """Return what a job on chosen rows is about."""
    name = f"{row.file}:{row.line}" if row else ""
    return f"{name} (+{count - 1})" if count > 1 else name


def begin(request: AuthenticatedRequest, kind: str, title: str, parameters: dict[str, Any]) -> HttpResponse:
    """Start the work, one at a time, and go to its page."""
    job = jobs.start(kind, request.user, title=title, unique_key="rejected-rows", **parameters)
    if (job.kind, job.parameters) != (kind, parameters):
        messages.warning(request, _("Other rejected rows are being worked on; try again when that has ended."))
    return redirect("job", pk=job.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def rejected_row(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show one row whole beside its header; a POST corrects it and imports it again."""
    row = get_object_or_404(RejectedRow.objects.select_related("file__phone_system"), pk=min(pk, HIGHEST_ID))
    form = RowForm(row, request.POST or None)
    if request.method == "POST" and form.is_valid():
        before, after = row.content, form.cleaned_data["content"]
        if before != after:
            # The original is lost nowhere: the archived file has it, and so does the audit log.
            record(
                AuditedAction.CHANGED,
                "rejected_rows",
                str(row),
                subject_id=row.pk,
                changes={"content": [before, after]},
            )
            RejectedRow.objects.filter(pk=row.pk).update(content=after)
        return begin(request, replaying.REPLAY, str(row), {"rows": [row.pk]})
    if form.is_bound:
        # What was typed stays on the page, with what is wrong with it now.
        row.content = str(form.data.get("content", row.content))
        row.reason_code, row.reason = form.fault or (row.reason_code, row.reason)
    cells = sorted(examine(row), key=lambda cell: not cell.suspicious)
    context = {
        "row": row,
        "cells": cells,
        "form": form,
        "dismissal": DismissalForm(),
        "column": COLUMN,
        "absent": sum(cell.missing and bool(cell.name) for cell in cells),
    }
    return render(request, "accounting/rejected_row.html", context)


@require_safe
@require(administrators)
def files_set_aside(request: AuthenticatedRequest) -> HttpResponse:
    """Show the latest files that hold no call records, of all phone systems or of one."""
    system = PhoneSystem.objects.filter(pk=read_id(request.GET.get("system", ""))).first()
    found = ImportFile.objects.filter(state=FileState.SET_ASIDE).select_related("phone_system")
    if system:
        found = found.filter(phone_system=system)
    files, paging = newest_of(request, found, SHOWN)
    context = {"rows": [(file, set_aside.is_there(file)) for file in files], "system": system, **paging}
    return render(request, "accounting/files_set_aside.html", context)


@require_POST
@require(administrators)
def download_set_aside(request: AuthenticatedRequest, pk: int) -> FileResponse:
    """Return a file as it arrived; the audit log keeps who took it, for it may hold numbers of people."""
    file = get_object_or_404(ImportFile.objects.select_related("phone_system"), pk=pk, state=FileState.SET_ASIDE)
    path = set_aside.original_of(file)
    if path is None:
        raise Http404
    record(AuditedAction.EXPORTED, "set_aside_file", file.name, subject_id=file.pk)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=file.name, content_type="application/octet-stream"
    )


@require_POST
@require(administrators)
def try_file_again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Put a file back into the inbox of its phone system."""
    file = get_object_or_404(ImportFile.objects.select_related("phone_system"), pk=pk, state=FileState.SET_ASIDE)
    if set_aside.try_again(file):
        record(AuditedAction.STARTED, "set_aside_file", file.name, subject_id=file.pk)
        messages.success(request, _("The file is in the inbox again; it is read within a few seconds."))
    else:
        messages.error(request, _("The file is no longer in the folder of files set aside."))
    return redirect("files_set_aside")
