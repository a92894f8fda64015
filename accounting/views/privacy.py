"""One person's data: find the person, export everything, erase."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.forms.privacy import ErasureForm
from accounting.models import AuditedAction, Job, JobState, User
from accounting.services import erasing, jobs, privacy
from accounting.services.auditing import record
from accounting.services.finding import MOST_FOUND, people_matching, with_extensions
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest

LONGEST_NAME = 150
SHOWN = 10


@require_safe
@require(administrators)
def people(request: AuthenticatedRequest) -> HttpResponse:
    """Find a person by name, user name or extension."""
    typed = request.GET.get("person", "")[:LONGEST_NAME]
    found = list(with_extensions(people_matching(request.user, typed))[: MOST_FOUND + 1])
    context = {"typed": typed, "people": found[:MOST_FOUND], "more": len(found) > MOST_FOUND}
    return render(request, "accounting/privacy.html", context)


@require_safe
@require(administrators)
def person(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show what is held about a person, the exports made of it, and the way to erase it."""
    return _page(request, get_object_or_404(User, pk=pk))


@require_POST
@require(administrators)
def export_person(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Start an export of everything about a person."""
    subject = get_object_or_404(User, pk=pk)
    key = f"{privacy.EXPORT}-{subject.pk}"
    job = jobs.start(privacy.EXPORT, request.user, title=str(subject), unique_key=key, person=subject.pk)
    return redirect("job", pk=job.pk)


@require_POST
@require(administrators)
def download_export(request: AuthenticatedRequest, pk: int) -> FileResponse:
    """Return the file of a finished export; the audit log keeps who fetched it."""
    job = get_object_or_404(Job, pk=pk, kind=privacy.EXPORT, state=JobState.DONE)
    path = privacy.exported_file(job)
    if path is None:
        raise Http404
    subject = User.objects.filter(pk=job.parameters["person"]).first()
    name = subject.username if subject else str(job.parameters["person"])
    record(AuditedAction.EXPORTED, "person_data", str(subject or name), subject_id=job.parameters["person"], file="ZIP")
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"{slugify(name) or 'person'}.zip")


@require_http_methods(["POST"])
@require(administrators)
def erase_person(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Start the erasure of a person once the user name was typed."""
    subject = get_object_or_404(User, pk=pk)
    form = ErasureForm(subject, request.POST)
    problem = erasing.reason_against(subject, request.user)
    if problem or not form.is_valid():
        if problem:
            messages.error(request, problem)
        return _page(request, subject, form)
    key = f"{erasing.ERASE}-{subject.pk}"
    # The title outlives the person, so it is the neutral name.
    title = erasing.neutral_name(subject)
    job = jobs.start(erasing.ERASE, request.user, title=title, unique_key=key, person=subject.pk)
    return redirect("job", pk=job.pk)


def _page(request: AuthenticatedRequest, subject: User, form: ErasureForm | None = None) -> HttpResponse:
    latest = Job.objects.filter(kind=privacy.EXPORT, parameters__person=subject.pk).select_related("started_by")[:SHOWN]
    context = {
        "person": subject,
        "held": privacy.holdings(subject),
        "exports": [(job, job.state == JobState.DONE and privacy.exported_file(job) is not None) for job in latest],
        "form": form or ErasureForm(subject),
        "reason_against": erasing.reason_against(subject, request.user),
        "is_erased": subject.username == erasing.neutral_name(subject),
        "audit_url": f"{reverse('audit_log')}?kind=user",
    }
    return render(request, "accounting/privacy_person.html", context)
