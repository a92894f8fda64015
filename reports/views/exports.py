"""Exports of reports: small ones at once, large ones in the background, with a page from which they are downloaded."""

import tempfile

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounting.services.retention import FILES_KEPT
from callanalytics.web.requests import AuthenticatedRequest
from callanalytics.web.views import refused
from reports.exports import FORMATS, filed
from reports.exports.asking import Asked, file_name
from reports.exports.base import TooManyRows
from reports.exports.preparing import prepare, untold

IN_MEMORY = 2 * 1024 * 1024
"""Bytes of an export that are kept in memory; larger ones wait on disk until they are sent."""


def exported(request: AuthenticatedRequest, asked: Asked) -> HttpResponseBase:
    """Return what is asked as a file, within its zone; what is too large to wait for is made in the background."""
    form = FORMATS.get(request.GET["export"])
    if form is None:
        problem = _("“%(value)s” is no format of exports.") % {"value": request.GET["export"][:40]}
        return refused(request, [problem], request.path)
    try:
        document = prepare(asked.report, asked.question, asked.asker, form, at_once=True)
    except TooManyRows:
        return redirect("job", pk=filed.begin(asked, form).pk)
    out = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (the response closes it)
    form.write(document, out, untold)
    filed.record_export(asked, form, document.count)
    out.seek(0)
    name = file_name(asked.report, form.name)
    return FileResponse(out, as_attachment=True, filename=name, content_type=form.content_type)


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
