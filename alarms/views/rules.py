"""Scheduled alarms: all rules, each with the history of its checks, and what can be done with it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.services.recurrence_words import moment_in_words, next_times_of
from accounting.services.repeating import NoRoom
from accounting.views.repeating import KEYS, hand_over_page, list_of, tabs
from alarms.forms.rules import MuteForm
from alarms.kinds import KINDS, reasons
from alarms.models import AlarmRule, Result
from alarms.querysets import AlarmRuleQuerySet
from alarms.services import rules
from alarms.services.overview import checked, in_order, is_muted, row_of, rows_of
from callanalytics.templatetags.ui import number
from callanalytics.web.pagination import SIZES, Paging
from callanalytics.web.permissions import administrators, overseers, require
from callanalytics.web.requests import AuthenticatedRequest, one_of, problem_of
from callanalytics.web.views import refused

JUST_DELETED = "deleted_alarm_rule"
"""The session keeps the rule for which the next list offers to undo."""
RUNS_SHOWN = {"all": Q(), "fired": Q(result=Result.FIRED), "failed": Q(result=Result.FAILED)}


@require_safe
@require(overseers)
def rule_list(request: AuthenticatedRequest) -> HttpResponse:
    """Show the own rules, to administrators those of everybody, what needs attention first."""
    shown = tabs(request, _("Not checked"))
    problem = problem_of(request, KEYS, shown)
    if problem:
        return refused(request, [problem], reverse("alarm_rules"))
    visible = AlarmRule.objects.visible_to(request.user).select_related("owner")
    context = list_of(request, visible, in_order, JUST_DELETED)
    context |= {"rows": rows_of(list(context["page"])), "tabs": shown.items()}
    return render(request, "alarms/rules.html", context)


@require_safe
@require(overseers)
def rule(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show one rule with the history of its checks."""
    found = find(request, pk)
    shown = {"all": _("All"), "fired": _("Fired"), "failed": _("Not checked")}
    show = request.GET.get("show", "all")
    problem = problem_of(request, {"show", "size", "after", "before"}, shown)
    try:
        paging = Paging.read(request.GET)
    except ValueError as error:
        problem = str(error)
    if problem:
        return refused(request, [problem], reverse("alarm_rule", args=[pk]))
    page = paging.page(found.runs.filter(RUNS_SHOWN[show]).select_related("by"), "due_at")
    context = {
        "rule": found, "row": row_of(found, None, found.alarms.open().count(), 0), "problem": problem_with(found),
        "next_times": next_times_of(found),
        "webhooks": found.webhooks.all(),
        "runs": [checked(run) for run in page.rows], "page": page, "paging": paging, "sizes": SIZES,
        "first_page": urlencode({"show": show, "size": paging.size}), "without_size": urlencode({"show": show}),
        "show": show, "tabs": list(shown.items()), "mute": MuteForm(),
    }  # fmt: skip
    return render(request, "alarms/rule.html", context)


def problem_with(found: AlarmRule) -> str:
    """Return why a rule could not look now, in the reader's language; '' when nothing is known to be wrong."""
    if found.owner is None or not found.owner.is_active:
        return _("Its owner has left. Hand it over, and it goes on with the rights of the new owner.")
    if not found.owner.is_overseer:
        return str(reasons.TEXTS[reasons.NO_RIGHTS])
    if found.kind not in KINDS:
        return str(reasons.TEXTS[reasons.KIND_GONE])
    trouble = found.trouble_with_times
    return str(trouble.label) if trouble else ""


@require_POST
@require(overseers)
def pause(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a rule look no more until it is resumed."""
    found = find(request, pk)
    if not found.is_paused:
        rules.pause(found)
    messages.success(
        request, _("“%(name)s” is paused; what arrives meanwhile is checked when it goes on.") % {"name": found}
    )
    return back(request, found)


@require_POST
@require(overseers)
def resume(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a rule look again, when it can."""
    found = find(request, pk)
    problem = problem_with(found)
    if problem:
        messages.error(request, problem)
        return redirect("alarm_rule", pk=found.pk)
    if found.is_paused:
        rules.resume(found)
    assert found.next_run is not None
    due = moment_in_words(found.next_run, found.recurrence)
    messages.success(request, _("“%(name)s” is active again. Next: %(next)s") % {"name": found, "next": due})
    return back(request, found)


@require_POST
@require(overseers)
def mute(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a rule raise alarms without telling anybody for a while."""
    found, form = find(request, pk), MuteForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("alarm_rule", pk=found.pk)
    rules.mute(found, form.cleaned_data["until"])
    messages.success(request, _("“%(name)s” is muted: its alarms are listed, nobody is told.") % {"name": found})
    return back(request, found)


@require_POST
@require(overseers)
def unmute(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a muted rule tell its recipients again."""
    found = find(request, pk)
    if is_muted(found):
        rules.mute(found, None)
    messages.success(request, _("“%(name)s” tells its recipients again.") % {"name": found})
    return back(request, found)


@require_POST
@require(overseers)
def check_now(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Look at once, beside the rule's times."""
    found = find(request, pk)
    told = checked(rules.check_now(found, request.user))
    if told.run.result == Result.FAILED:
        messages.error(request, told.why)
    elif told.run.result == Result.FIRED:
        text = ngettext("%(number)s alarm was raised.", "%(number)s alarms were raised.", told.run.raised)
        messages.success(request, text % {"number": number(told.run.raised)})
    else:
        messages.success(request, told.why or _("Checked: there is nothing to report."))
    return redirect("alarm_rule", pk=found.pk)


@require_POST
@require(overseers)
def duplicate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Copy a rule; the copy is one's own, and paused until it is resumed."""
    found = find(request, pk)
    try:
        copy = rules.duplicate(found, request.user)
    except NoRoom as error:
        messages.error(request, str(error))
        return redirect("alarm_rules")
    messages.success(request, _("“%(name)s” is paused; change it, then resume it.") % {"name": copy})
    return redirect("edit_alarm_rule", pk=copy.pk)


@require_POST
@require(overseers)
def delete(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Delete a rule; the list then offers to undo."""
    found = find(request, pk)
    rules.delete(found)
    request.session[JUST_DELETED] = found.pk
    return redirect("alarm_rules")


@require_POST
@require(overseers)
def restore(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Bring a deleted rule back."""
    found = named(AlarmRule.objects.visible_to(request.user).recently_deleted(), pk)
    try:
        rules.restore(found)
    except NoRoom as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%(name)s” is back.") % {"name": found})
    return redirect("alarm_rules")


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def hand_over(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Give a rule to another person, with whose rights it goes on."""
    return hand_over_page(request, find(request, pk), rules.hand_over, "alarm_rule", "alarms/hand_over.html")


def find(request: AuthenticatedRequest, pk: int) -> AlarmRule:
    """Return a rule that the person may see and change; 404 for any other."""
    return named(AlarmRule.objects.visible_to(request.user).kept(), pk)


def named(found: AlarmRuleQuerySet, pk: int) -> AlarmRule:
    """Return one of several rules; 404 for any other."""
    return one_of(found.select_related("owner"), pk, _("There is no such scheduled alarm."))


def back(request: AuthenticatedRequest, found: AlarmRule) -> HttpResponse:
    """Lead back to the page from which something was asked: the list, or the page of the rule."""
    return redirect("alarm_rules") if request.POST.get("from") == "list" else redirect("alarm_rule", found.pk)
