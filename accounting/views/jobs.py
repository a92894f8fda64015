"""Work in the background: how far it is, what came of it, and the way to end it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounting.models import Job, JobState
from accounting.services import jobs
from callanalytics.web.requests import AuthenticatedRequest

SHOWN = 100


def visible(request: AuthenticatedRequest) -> QuerySet[Job]:
    """Return the jobs that the reader may see: the own ones, administrators all."""
    every = Job.objects.select_related("started_by")
    return every if request.user.is_administrator else every.filter(started_by=request.user)


@require_safe
@login_required
def job_list(request: AuthenticatedRequest) -> HttpResponse:
    """Show the latest jobs."""
    rows = [(job, jobs.label_of(job)) for job in visible(request)[:SHOWN]]
    return render(request, "accounting/jobs.html", {"rows": rows})


@require_safe
@login_required
def job_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show a job's progress, by itself anew while it runs; when it is done, go on to what it has made."""
    job = get_object_or_404(visible(request), pk=pk)
    page = jobs.page_of(job) if job.state == JobState.DONE else None
    if page:
        return HttpResponseClientRedirect(page) if request.htmx else redirect(page)
    template = "accounting/job_state.html" if request.htmx else "accounting/job.html"
    return render(request, template, {"job": job, "label": jobs.label_of(job)})


@require_POST
@login_required
def cancel_job(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask a job to end."""
    job = get_object_or_404(visible(request), pk=pk)
    jobs.cancel(job)
    messages.info(request, _("The work ends at its next step. What is finished until then stays as it is."))
    return redirect("job", pk=pk)
