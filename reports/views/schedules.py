"""Scheduled reports: the list, the history of one, and what can be done with it (REP-9)."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F, OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.models import MailState, OutgoingMail, User
from accounting.services.recurrence_words import moment_in_words, next_times_of, when_of
from accounting.services.repeating import NoRoom
from accounting.views.repeating import KEYS, hand_over_page, list_of, tabs
from callanalytics.web.filters import Chip
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, one_of, problem_of
from callanalytics.web.views import refused
from reports.engine.words import chips_of
from reports.exports.asking import AskedWrongly
from reports.models import PausedBecause, ReportSchedule, RunState, ScheduleRun
from reports.querysets import ReportScheduleQuerySet
from reports.services import schedule_questions, scheduling

JUST_DELETED = "deleted_schedule"
"""The session keeps the schedule for which the next list offers to undo."""
RUNS = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A schedule in the list, in words."""

    schedule: ReportSchedule
    report: str
    when: str
    last: ScheduleRun | None
    delivery: str
    """How far the mails of the last run are, as delivery_of() says."""


@require_safe
@login_required
def schedules(request: AuthenticatedRequest) -> HttpResponse:
    """Show the own scheduled reports, to administrators those of everybody, what needs attention first."""
    shown = tabs(request, _("Failed"))
    problem = problem_of(request, KEYS, shown)
    if problem:
        return refused(request, [problem], reverse("report_schedules"))
    visible = ReportSchedule.objects.visible_to(request.user).select_related("owner", "saved")
    context = list_of(request, visible, in_order, JUST_DELETED)
    context |= {"rows": rows_of(list(context["page"])), "tabs": shown.items()}
    return render(request, "reports/schedules.html", context)


def in_order(found: ReportScheduleQuerySet) -> ReportScheduleQuerySet:
    """Order what needs attention first, then by the next run; each with the id of its last finished run."""
    finished = ScheduleRun.objects.filter(schedule=OuterRef("pk"), finished_at__isnull=False)
    newest = Subquery(finished.order_by("-due_at", "-pk").values("pk")[:1])
    waits = (PausedBecause.FAILURES, PausedBecause.BROKEN, PausedBecause.LEFT)
    attention = Q(paused_because__in=waits) | Q(failures__gt=0)
    return found.annotate(last_id=newest, attention=attention).order_by(
        "-attention", F("next_run").asc(nulls_last=True), "name", "pk"
    )


def rows_of(found: list[ReportSchedule]) -> list[Row]:
    """Return the rows of a list that in_order() has prepared; two queries."""
    last = ScheduleRun.objects.in_bulk([one.last_id for one in found if one.last_id])  # type: ignore[attr-defined]
    deliveries = {run.pk: delivery_of(run, mails) for run, mails in with_mails(list(last.values()))}
    return [
        Row(
            one, schedule_questions.name_of(one), when_of(one),
            last.get(one.last_id), deliveries.get(one.last_id, ""),  # type: ignore[attr-defined]
        )
        for one in found
    ]  # fmt: skip


def delivery_of(run: ScheduleRun, mails: list[OutgoingMail]) -> str:
    """Return how far the mails of a run are: sent, on their way, or not sent to everybody; '' without mails."""
    states = {mail.state for mail in mails}
    if run.state != RunState.SENT or not states:
        return ""
    if states & {MailState.FAILED, MailState.CANCELLED}:
        return "refused"
    return "sent" if states == {MailState.SENT} else "waiting"


@require_safe
@login_required
def schedule(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show one scheduled report with the history of its runs and what became of their mails."""
    found = find(request, pk)
    problem = problem_with(found)
    page = Paginator(found.runs.select_related("started_by"), RUNS).get_page(request.GET.get("page"))
    runs = list(page)
    context = {
        "schedule": found, "report": schedule_questions.name_of(found),
        "report_page": schedule_questions.page_of(found, holds=not problem), "problem": problem,
        "chips": chips_for(found, request.user), "when": when_of(found),
        "next_times": next_times_of(found),
        "runs": [(run, mails, delivery_of(run, mails)) for run, mails in with_mails(runs)], "page": page,
        "under_way": any(run.is_unfinished for run in runs),
    }  # fmt: skip
    return render(request, "reports/schedule.html", context)


def problem_with(found: ReportSchedule) -> str:
    """Return why a schedule could not run now, in the reader's language; '' when it could."""
    if found.owner is None or not found.owner.is_active:
        return _("Its owner has left. Hand it over, and it goes on with the rights of the new owner.")
    if trouble := found.trouble_with_times:
        return str(trouble.label)
    try:
        schedule_questions.asked_of(found, found.owner)
    except AskedWrongly as error:
        return str(error)
    return ""


def chips_for(found: ReportSchedule, reader: User) -> list[Chip]:
    """Return the period and filters of a schedule in words, none where the reader cannot ask the same."""
    try:
        asked = schedule_questions.asked_of(found, reader)
    except AskedWrongly:
        return []
    with timezone.override(asked.asker.zone):
        return chips_of(asked.question, asked.report.standard, asked.asker)


def with_mails(runs: list[ScheduleRun]) -> list[tuple[ScheduleRun, list[OutgoingMail]]]:
    """Return runs with their mails; one query."""
    by_key: dict[str, list[OutgoingMail]] = {run.letter_key: [] for run in runs}
    mails = OutgoingMail.objects.filter(letter__key__in=list(by_key)).select_related("letter")
    for mail in mails.defer("letter__html", "letter__text").order_by("recipient"):
        by_key[mail.letter.key].append(mail)
    return [(run, by_key[run.letter_key]) for run in runs]


@require_POST
@login_required
def pause(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a scheduled report send no more until it is resumed."""
    found = find(request, pk)
    if not found.is_paused:
        scheduling.pause(found)
    messages.success(request, _("“%(name)s” is paused.") % {"name": found})
    return back(request, found)


@require_POST
@login_required
def resume(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a scheduled report send again, when it can."""
    found = find(request, pk)
    problem = problem_with(found)
    if problem:
        messages.error(request, problem)
        return redirect("report_schedule", pk=found.pk)
    scheduling.resume(found)
    text = _("“%(name)s” is active again. Next: %(next)s")
    assert found.next_run is not None
    due = moment_in_words(found.next_run, found.recurrence)
    messages.success(request, text % {"name": found, "next": due})
    return back(request, found)


@require_POST
@login_required
def run_now(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Send a scheduled report now, beside its times; its page tells how that went."""
    found = find(request, pk)
    scheduling.run_now(found, request.user)
    messages.success(request, _("“%(name)s” is being made; this page says how it went.") % {"name": found})
    return redirect("report_schedule", pk=found.pk)


@require_POST
@login_required
def duplicate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Copy a scheduled report; the copy is one's own, and paused until it is resumed."""
    found = find(request, pk)
    try:
        copy = scheduling.duplicate(found, request.user)
    except NoRoom as error:
        messages.error(request, str(error))
        return redirect("report_schedules")
    messages.success(request, _("“%(name)s” is paused; change it, then resume it.") % {"name": copy})
    return redirect("edit_report_schedule", pk=copy.pk)


@require_POST
@login_required
def delete(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Delete a scheduled report; the list then offers to undo."""
    found = find(request, pk)
    scheduling.delete(found)
    request.session[JUST_DELETED] = found.pk
    return redirect("report_schedules")


@require_POST
@login_required
def restore(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Bring a deleted scheduled report back."""
    found = named(ReportSchedule.objects.visible_to(request.user).recently_deleted(), pk)
    try:
        scheduling.restore(found)
    except NoRoom as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%(name)s” is back.") % {"name": found})
    return redirect("report_schedules")


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def hand_over(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Give a scheduled report to another person, with whose rights it goes on."""
    found = find(request, pk)
    return hand_over_page(request, found, scheduling.hand_over, "report_schedule", "reports/schedule_hand_over.html")


def find(request: AuthenticatedRequest, pk: int) -> ReportSchedule:
    """Return a scheduled report that the person may see and change; 404 for any other."""
    return named(ReportSchedule.objects.visible_to(request.user).kept(), pk)


def named(found: ReportScheduleQuerySet, pk: int) -> ReportSchedule:
    """Return one of several scheduled reports; 404 for any other."""
    return one_of(found.select_related("owner", "saved"), pk, _("There is no such scheduled report."))


def back(request: AuthenticatedRequest, found: ReportSchedule) -> HttpResponse:
    """Lead back to the page from which something was asked: the list, or the page of the schedule."""
    return redirect("report_schedules") if request.POST.get("from") == "list" else redirect("report_schedule", found.pk)
