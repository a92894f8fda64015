"""How long calls are kept: the terms, what would go, and the run at once."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.forms.retention import RetentionForm
from accounting.models import Job, PhoneSystem
from accounting.services import jobs, retention
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest


@require_safe
@require(administrators)
def terms(request: AuthenticatedRequest) -> HttpResponse:
    """Show the term of each phone system and the last run."""
    systems = list(PhoneSystem.objects.all())
    context = {
        "systems": [
            (system, retention.end_of_term(system.keep_days) if system.keep_days else None) for system in systems
        ],
        "last": Job.objects.filter(kind=retention.RETENTION).first(),
        "any_term": any(system.keep_days for system in systems),
    }
    return render(request, "accounting/retention.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def term(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show what would go now under a term, chosen in the address; a POST makes it the phone system's term."""
    system = get_object_or_404(PhoneSystem, pk=pk)
    stored = {"keep_days": system.keep_days, "after_term": system.after_term}
    posted = request.POST if request.method == "POST" else None
    asked = request.GET if "after_term" in request.GET else stored
    form = RetentionForm(posted or asked)
    valid = form.is_valid()
    keep_days, after_term = (form.cleaned_data.get(name) for name in ("keep_days", "after_term"))
    if posted and valid:
        system.keep_days, system.after_term = keep_days, str(after_term)
        system.save(update_fields=["keep_days", "after_term"])
        messages.success(request, _("The term is saved. It is applied once a day."))
        return redirect("retention")
    months = retention.months_to_go(system, keep_days, str(after_term)) if valid and keep_days else []
    context = {
        "system": system,
        "form": form,
        "chosen": form.cleaned_data if valid else None,
        "changed": valid and (keep_days, after_term) != (system.keep_days, system.after_term),
        "months": months,
        "calls": sum(calls for _month, calls in months),
        "last_day": retention.end_of_term(keep_days) - timedelta(days=1) if valid and keep_days else None,
    }
    return render(request, "accounting/retention_term.html", context)


@require_POST
@require(administrators)
def apply_now(request: AuthenticatedRequest) -> HttpResponse:
    """Start the run at once."""
    return redirect("job", pk=jobs.start(retention.RETENTION, request.user, unique_key=retention.RETENTION).pk)
