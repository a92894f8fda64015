"""Scheduling a report: the form of a new or an existing schedule, with its next due times while they are chosen."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounting.services.masking import mask_for
from accounting.services.recipients import reach
from accounting.services.recurrence_words import due_times
from accounting.services.repeating import NoRoom
from callanalytics.web.requests import AuthenticatedRequest, read_id
from callanalytics.web.views import refused
from reports.engine.question import asker_for, read_question
from reports.engine.words import chips_of
from reports.exports.asking import Asked
from reports.forms.schedules import ScheduleForm, ScheduleTimesForm
from reports.mails.wording import STANDARD_SUBJECT
from reports.models import ReportSchedule, SavedReport
from reports.services import saving, schedule_questions, scheduling
from reports.views.reports import find_report
from reports.views.saved import find as find_saved
from reports.views.saved import reading_of, to_list
from reports.views.schedules import find, named, problem_with

MOST_OFFERED = 200
"""So many own schedules are offered to take a question over."""


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def schedule_report(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Schedule the question in the address."""
    report = find_report(slug, request)
    asker = asker_for(request.user, mask_for(request.user), request.GET.get("zone", ""))
    with timezone.override(asker.zone):
        reading = read_question(request.GET, report.standard, asker)
    if reading.problems:
        return refused(request, reading.problems, reverse("report", args=[slug]))
    query = saving.whole_address(reading.question, report.standard)
    new = ReportSchedule(owner=request.user, slug=slug, query=query)
    back = f"{reverse('report', args=[slug])}?{request.GET.urlencode()}"
    return new_schedule(request, new, Asked(report, reading.question, asker), back)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def schedule_saved(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Schedule a saved report: what it asks when the schedule is due."""
    saved = find_saved(SavedReport.objects.visible_to(request.user), pk)
    base = saving.base_of(saved, request.user)
    if base is None:
        return refused(request, [_("“%(name)s” changes a report that you may not run.") % {"name": saved}], to_list())
    reading = reading_of(request, saved, base)
    if reading.problems:
        return refused(request, reading.problems, to_list())
    new = ReportSchedule(owner=request.user, slug=saved.slug, saved=saved)
    asker = asker_for(request.user, mask_for(request.user), reading.question.zone)
    return new_schedule(request, new, Asked(base, reading.question, asker), reverse("saved_report", args=[pk]))


def new_schedule(request: AuthenticatedRequest, new: ReportSchedule, asked: Asked, back: str) -> HttpResponse:
    """Show the form of a new schedule, or store it; the question may replace that of an existing one instead."""
    name = str(new.saved or asked.report.name)
    if request.method == "POST" and "replace" in request.POST:
        return replace_question(request, new, request.POST["replace"])
    form = ScheduleForm(request.POST or None, instance=new, initial=initial_for(request, name))
    if request.method == "POST" and form.is_valid():
        try:
            scheduling.add(form.save(commit=False))
        except NoRoom as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("“%(name)s” is scheduled.") % {"name": new})
            return redirect("report_schedule", pk=new.pk)
    with timezone.override(asked.asker.zone):
        chips = chips_of(asked.question, asked.report.standard, asked.asker)
    own = ReportSchedule.objects.kept().filter(owner=request.user).only("pk", "name")[:MOST_OFFERED]
    context = {
        "form": form, "report": name, "chips": chips, "back": back, "back_label": name, "own": own,
        "room": scheduling.room_for(request.user),
    }  # fmt: skip
    return form_page(request, context, new)


def initial_for(request: AuthenticatedRequest, name: str) -> dict[str, Any]:
    """Return what the form of a new schedule begins with: weekly, on today's day of the week, to oneself."""
    today = timezone.localdate()
    return {
        "name": name, "subject": STANDARD_SUBJECT, "recipients": [request.user.email] if request.user.email else [],
        "zone": timezone.get_current_timezone_name(), "first_day": today, "weekdays": [today.weekday()],
    }  # fmt: skip


def replace_question(request: AuthenticatedRequest, new: ReportSchedule, wanted: str) -> HttpResponse:
    """Let an own schedule send what another one would, and go on as it is otherwise."""
    found = named(ReportSchedule.objects.kept().filter(owner=request.user), read_id(wanted))
    found.slug, found.query, found.saved = new.slug, new.query, new.saved
    scheduling.keep(found)
    messages.success(request, _("“%(name)s” sends this report from now on.") % {"name": found})
    return redirect("report_schedule", pk=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Change a scheduled report; it opens also when the report that it sends is gone."""
    found = find(request, pk)
    form = ScheduleForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        scheduling.keep(form.save(commit=False))
        messages.success(request, _("“%(name)s” is changed.") % {"name": found})
        return redirect("report_schedule", pk=pk)
    found = find(request, pk)
    problem = problem_with(found)
    context = {
        "form": form, "schedule": found, "report": schedule_questions.name_of(found),
        "report_page": schedule_questions.page_of(found, holds=not problem), "problem": problem,
        "back": reverse("report_schedule", args=[pk]), "back_label": found.name,
    }  # fmt: skip
    return form_page(request, context, found)


def form_page(request: AuthenticatedRequest, context: dict[str, Any], of: ReportSchedule) -> HttpResponse:
    """Return the page of the form; the mail is previewed to its owner, who alone sees what it would hold."""
    own = of.owner_id == request.user.pk and not context.get("problem")
    context |= {
        "mail_preview": schedule_questions.mail_preview_of(of) if own else "",
        "reach": reach(),
    }
    return render(request, "reports/schedule_form.html", context | preview_of(request, of))


@require_POST
@login_required
def preview(request: AuthenticatedRequest) -> HttpResponse:
    """Return the sentence and the next due times of what is chosen in the form."""
    return render(request, "components/due_times.html", preview_of(request, ReportSchedule()))


def preview_of(request: AuthenticatedRequest, stored: ReportSchedule) -> dict[str, Any]:
    """Return when a report would be sent, or what is wrong with the controls."""
    if request.method == "POST":
        form = ScheduleTimesForm(request.POST, instance=ReportSchedule())
        if not form.is_valid():
            return {"problems": [error for errors in form.errors.values() for error in errors]}
        return due_times(form.instance)
    fresh = ReportSchedule(zone=timezone.get_current_timezone_name(), weekdays=[timezone.localdate().weekday()])
    return due_times(stored if stored.pk else fresh)
