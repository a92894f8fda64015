"""Exports of reports: small ones at once, large ones in the background, with a page from which they are downloaded."""

import tempfile
from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounting.services.retention import FILES_KEPT
from callanalytics.web.requests import AuthenticatedRequest
from callanalytics.web.views import refused
from reports.catalogue import REPORTS
from reports.engine.field_kinds import row_id
from reports.engine.words import chips_of
from reports.exports import FORMATS, filed
from reports.exports.asking import Asked, AskedWrongly, file_name, read_asked
from reports.exports.base import Format, TooManyRows
from reports.exports.preparing import beyond, count_calls, prepare, untold
from reports.models import SavedReport
from reports.services.saving import whole_address

IN_MEMORY = 2 * 1024 * 1024
"""Bytes of an export that are kept in memory; larger ones wait on disk until they are sent."""
MOST_COUNTED = 1_000_000
"""Calls that are counted before an export is offered; beyond, the job itself finds a limit."""


def exported(request: AuthenticatedRequest, asked: Asked, saved: SavedReport | None = None) -> HttpResponseBase:
    """Return what is asked as a file, within its zone; what is too large to wait for is offered for the background."""
    form = FORMATS.get(request.GET["export"])
    if form is None:
        return refused(request, [no_format(request.GET["export"])], request.path)
    try:
        document = prepare(asked.report, asked.question, asked.asker, form, at_once=True)
    except TooManyRows as error:
        return offered(request, asked, form, error.rows, saved)
    out = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (the response closes it)
    form.write(document, out, untold)
    filed.record_export(asked, form, document.count)
    out.seek(0)
    name = file_name(asked.report, form.name)
    return FileResponse(out, as_attachment=True, filename=name, content_type=form.content_type)


def no_format(name: str) -> str:
    """Return what is said of an unknown format."""
    return _("“%(value)s” is no format of exports.") % {"value": name[:40]}


def offered(
    request: AuthenticatedRequest, asked: Asked, form: Format, rows: int, saved: SavedReport | None
) -> HttpResponse:
    """Say how large an export is, and offer to begin it; refuse one beyond the limit of its format."""
    address = request.GET.copy()
    address.pop("export", None)
    back = f"{request.path}?{address.urlencode()}"
    if asked.report.run is None and not asked.question.group:
        rows = count_calls(asked.question, asked.asker, min(form.most_rows, MOST_COUNTED))
    if rows > form.most_rows:
        return refused(request, [beyond(form)], back)
    context = {
        "report": asked.report, "form": form, "back": back, "saved": saved,
        "rows": min(rows, MOST_COUNTED), "is_more": rows > MOST_COUNTED,
        "chips": chips_of(asked.question, asked.report.standard, asked.asker),
        "query": whole_address(asked.question, REPORTS[asked.report.slug].standard),
    }  # fmt: skip
    return render(request, "reports/export_start.html", context)


@require_POST
@login_required
def begin(request: AuthenticatedRequest) -> HttpResponse:
    """Begin an export in the background, and show its job; the one that is under way when it is asked for again."""
    form = FORMATS.get(request.POST.get("format", ""))
    if form is None:
        return refused(request, [no_format(request.POST.get("format", ""))], reverse("reports"))
    try:
        asked = read_asked(request.POST.get("report", ""), request.POST.get("query", ""), request.user)
    except AskedWrongly as error:
        return refused(request, str(error).splitlines(), reverse("reports"))
    saved = saved_of(request)
    if saved:
        asked = replace(asked, report=replace(asked.report, name=saved.name))
    return redirect("job", pk=filed.begin(asked, form, notify="notify" in request.POST).pk)


def saved_of(request: AuthenticatedRequest) -> SavedReport | None:
    """Return the saved report whose name the file gets, None for a public one."""
    pk = row_id(request.POST.get("saved", ""))
    return SavedReport.objects.visible_to(request.user).filter(pk=pk).first() if pk is not None else None


@require_safe
@login_required
def export_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show an own export that is ready: the file, its rows and until when it is kept."""
    job = get_object_or_404(filed.own_exports(request.user), pk=pk)
    context = {
        "job": job,
        "is_there": filed.path_of(job) is not None,
        "rows": job.result["rows"],
        "kept_until": (job.finished_at or job.created_at) + FILES_KEPT,
        "report_page": f"{reverse('report', args=[job.parameters['report']])}?{job.parameters['query']}",
    }
    return render(request, "reports/export.html", context)


@require_safe
@login_required
def download(request: AuthenticatedRequest, pk: int) -> FileResponse:
    """Return the file of an own export."""
    job = get_object_or_404(filed.own_exports(request.user), pk=pk)
    path = filed.path_of(job)
    if path is None:
        raise Http404(_("This file has been deleted. Export the report again."))
    content_type = FORMATS[job.parameters["format"]].content_type
    return FileResponse(path.open("rb"), as_attachment=True, filename=job.result["name"], content_type=content_type)
