"""Personal reports: save, run with one click, change, share, duplicate, delete and bring back (REP-7)."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.services.masking import mask_for
from callanalytics.web.requests import AuthenticatedRequest, one_of
from callanalytics.web.views import refused
from reports.catalogue.base import Report
from reports.engine.question import Reading, asker_for, read_question
from reports.engine.words import chips_of
from reports.forms.saving import SavedReportForm, initial_of
from reports.models import SavedReport
from reports.querysets import SavedReportQuerySet
from reports.services import saving
from reports.views.reports import JUST_DELETED, find_report, run_page

NAME_LENGTH = 80


@require_safe
@login_required
def saved_report(request: AuthenticatedRequest, pk: int) -> HttpResponseBase:
    """Run a saved report in the reader's scope; what no longer holds of it is told and nothing is shown."""
    saved = find(SavedReport.objects.visible_to(request.user), pk)
    base = saving.base_of(saved, request.user)
    if base is None:
        return refused(request, [_("“%(name)s” changes a report that you may not run.") % {"name": saved}], to_list())
    reading = reading_of(request, saved, base)
    if reading.problems:
        intro = _("“%(name)s” cannot be run as it is saved:") % {"name": saved}
        return refused(request, [intro, *reading.problems], reverse("report", args=[base.slug]))
    description = saved.description or base.description
    own = replace(base, name=saved.name, description=description, standard=reading.question)
    return run_page(request, own, saved)


def reading_of(request: AuthenticatedRequest, saved: SavedReport, base: Report) -> Reading:
    """Return the saved question as the signed-in person asks it."""
    asker = asker_for(request.user, mask_for(request.user), QueryDict(saved.query).get("zone", ""))
    with timezone.override(asker.zone):
        return saving.read_saved(saved, base, asker)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def save(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Save the question in the address as a report of one's own."""
    report = find_report(slug, request)
    asker = asker_for(request.user, mask_for(request.user), request.GET.get("zone", ""))
    with timezone.override(asker.zone):
        reading = read_question(request.GET, report.standard, asker)
        if reading.problems:
            return refused(request, reading.problems, reverse("report", args=[slug]))
        form = SavedReportForm(request.POST or None, owner=request.user, initial={"name": report.name})
        if request.method == "POST" and form.is_valid():
            query = saving.whole_address(reading.question, report.standard)
            made = keep(SavedReport(owner=request.user, slug=slug, query=query), form)
            messages.success(request, _("“%(name)s” is saved with your reports.") % {"name": made})
            return redirect("saved_report", pk=made.pk)
        chips = chips_of(reading.question, report.standard, asker)
        back = f"{reverse('report', args=[slug])}?{request.GET.urlencode()}"
        context = {"form": form, "base": report, "chips": chips, "back": back, "back_label": report.name}
        return render(request, "reports/save.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Change name, description, group and sharing of one's own report."""
    saved = find(SavedReport.objects.kept().owned_by(request.user), pk)
    form = SavedReportForm(request.POST or None, owner=request.user, saved=saved, initial=initial_of(saved))
    if request.method == "POST" and form.is_valid():
        keep(saved, form)
        messages.success(request, _("“%(name)s” is changed.") % {"name": saved})
        return to_list_page()
    base = saving.base_of(saved, request.user)
    context = {"form": form, "saved": saved, "base": base, "back": to_list(), "back_label": _("Reports")}
    return render(request, "reports/save.html", context)


def keep(saved: SavedReport, form: SavedReportForm) -> SavedReport:
    """Store what the form says of a report."""
    saved.name = form.cleaned_data["name"]
    saved.description = form.cleaned_data["description"]
    saved.group = form.cleaned_data["group"]
    saving.share(saved, form.chosen())
    saved.save()
    return saved


@require_POST
@login_required
def change_question(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let one's own report ask what its page shows now."""
    saved = find(SavedReport.objects.kept().owned_by(request.user), pk)
    report = find_report(saved.slug, request)
    params = QueryDict(request.POST.get("query", ""))
    asker = asker_for(request.user, mask_for(request.user), params.get("zone", ""))
    with timezone.override(asker.zone):
        reading = read_question(params, report.standard, asker)
    if reading.problems:
        return refused(request, reading.problems, reverse("saved_report", args=[pk]))
    saved.query = saving.whole_address(reading.question, report.standard)
    saved.save()
    messages.success(request, _("The changes of “%(name)s” are saved.") % {"name": saved})
    return redirect("saved_report", pk=pk)


@require_POST
@login_required
def duplicate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Copy a report that one may run; the copy is one's own."""
    saved = find(SavedReport.objects.visible_to(request.user), pk)
    base = saving.base_of(saved, request.user)
    if base is None:
        raise Http404
    problems = reading_of(request, saved, base).problems if saved.owner_id != request.user.pk else []
    if problems:
        return refused(request, problems, to_list())
    name = _("Copy of %(name)s") % {"name": saved}
    made = saving.duplicate(saved, request.user, name[:NAME_LENGTH])
    messages.success(request, _("“%(name)s” is one of your reports now.") % {"name": made})
    return redirect("edit_saved_report", pk=made.pk)


@require_POST
@login_required
def delete(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Delete one's own report; the list then offers to undo."""
    saved = find(SavedReport.objects.kept().owned_by(request.user), pk)
    saving.delete(saved)
    request.session[JUST_DELETED] = saved.pk
    return to_list_page()


@require_POST
@login_required
def restore(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Bring one's own deleted report back."""
    saved = find(SavedReport.objects.recently_deleted().owned_by(request.user), pk)
    saving.restore(saved)
    messages.success(request, _("“%(name)s” is back.") % {"name": saved})
    return to_list_page()


def find(reports: SavedReportQuerySet, pk: int) -> SavedReport:
    """Return one of several reports; 404 for any other."""
    rows = reports.select_related("owner", "department", "cost_centre", "office")
    return one_of(rows, pk, _("There is no such report."))


def to_list() -> str:
    """Return the address of the list of reports."""
    return reverse("reports")


def to_list_page() -> HttpResponse:
    """Lead back to the own reports in the list."""
    return redirect(f"{to_list()}#mine")
