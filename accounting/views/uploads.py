"""Upload of call files, and what became of them."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounting.forms.uploads import UploadForm
from accounting.models import Job, PhoneSystem
from accounting.services import uploading
from accounting.sources.files import LARGEST_FILE
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest

SHOWN = 20
MOST_FILES_SHOWN = 500


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def upload(request: AuthenticatedRequest) -> HttpResponse:
    """Show the form and the latest uploads; a POST stores the files and goes to the job that imports them."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            job = uploading.accept(form.cleaned_data["phone_system"], form.cleaned_data["call_files"], request.user)
            return redirect("job", pk=job.pk)
        except uploading.UploadRefused as error:
            form.add_error("call_files", str(error))
    context = {
        "form": form,
        "latest": Job.objects.filter(kind=uploading.UPLOAD).select_related("started_by")[:SHOWN],
        "largest_file": LARGEST_FILE,
        "largest_whole": uploading.LARGEST_WHOLE,
        "most_files": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
        "has_systems": PhoneSystem.objects.exists(),
    }
    return render(request, "accounting/upload.html", context)


@require_safe
@require(administrators)
def upload_result(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show what became of each file of an upload."""
    job = get_object_or_404(Job, pk=pk, kind=uploading.UPLOAD)
    files = list(uploading.files_of(job))
    context = {
        "job": job,
        "system": PhoneSystem.objects.filter(pk=job.parameters["system"]).first(),
        "summary": uploading.summary_of(job, files),
        "files": [(file, uploading.is_known(job, file)) for file in files[:MOST_FILES_SHOWN]],
        "missing": len(job.parameters["names"]) - len(files),
    }
    return render(request, "accounting/upload_result.html", context)
