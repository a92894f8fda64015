"""Setting up an alarm: choosing a kind, the form of a rule, and trying it out before it is stored."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.models import User
from accounting.services.recipients import reach
from accounting.services.recurrence_words import due_times
from accounting.services.repeating import NoRoom
from alarms.forms.rules import RuleForm, TimesForm, parameters_form, usual_settings, usual_times
from alarms.kinds import KINDS, reasons
from alarms.kinds.base import Kind, ParametersForm
from alarms.models import AlarmRule
from alarms.services import rules
from alarms.services.picture import picture_of
from alarms.services.trying import Trial, try_out
from alarms.services.wording import worded_findings
from alarms.views.rules import find
from callanalytics.templatetags.ui import number
from callanalytics.web.permissions import overseers, require
from callanalytics.web.requests import AuthenticatedRequest, read_id

SHOWN = 50
"""Findings of a trial that are listed."""
TRIAL_DAYS = 30


@require_safe
@require(overseers)
def kinds(request: AuthenticatedRequest) -> HttpResponse:
    """Offer the kinds of alarms."""
    kinds = [kind for kind in KINDS.values() if is_for(kind, request.user)]
    return render(request, "alarms/kinds.html", {"kinds": kinds, "room": rules.room_for(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
@require(overseers)
def add(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Set up a rule of a kind; it looks with the rights of whoever sets it up."""
    kind = kind_named(slug)
    if not is_for(kind, request.user):
        raise PermissionDenied
    new = AlarmRule(owner=request.user, kind=slug)
    form = RuleForm(request.POST or None, instance=new, initial=usual_settings(kind, request.user))
    parameters = parameters_form(kind, request.user, request.POST or None)
    if request.method == "POST" and both_valid(form, parameters):
        form.save(commit=False).parameters = parameters.parameters()
        try:
            rules.add(new, form.cleaned_data["webhooks"])
        except NoRoom as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("“%(name)s” watches from now on.") % {"name": new})
            return redirect("alarm_rule", pk=new.pk)
    context = {"back": reverse("add_alarm_rule"), "room": rules.room_for(request.user)}
    return form_page(request, kind, form, parameters, context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(overseers)
def edit(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Change a rule."""
    found = find(request, pk)
    kind = KINDS.get(found.kind)
    if kind is None:
        messages.error(request, _("This kind of alarm no longer exists."))
        return redirect("alarm_rule", pk=pk)
    form = RuleForm(request.POST or None, instance=found)
    parameters = parameters_form(kind, found.owner or request.user, request.POST or None, found.parameters)
    if request.method == "POST" and both_valid(form, parameters):
        form.save(commit=False).parameters = parameters.parameters()
        rules.keep(found, form.cleaned_data["webhooks"])
        messages.success(request, _("“%(name)s” is changed.") % {"name": found})
        return redirect("alarm_rule", pk=pk)
    context = {"rule": find(request, pk), "back": reverse("alarm_rule", args=[pk])}
    return form_page(request, kind, form, parameters, context)


def kind_named(slug: str) -> Kind:
    """Return a kind of alarm; 404 for any other word."""
    if slug not in KINDS:
        raise Http404(_("There is no such kind of alarm."))
    return KINDS[slug]


def is_for(kind: Kind, user: User) -> bool:
    """Return whether somebody may set up rules of a kind."""
    return user.is_administrator or not kind.for_administrators


def both_valid(form: RuleForm, parameters: ParametersForm) -> bool:
    """Return whether both parts of the page hold; each is checked, so that everything wrong is marked at once."""
    return all([form.is_valid(), parameters.is_valid()])


def form_page(
    request: AuthenticatedRequest, kind: Kind, form: RuleForm, parameters: ParametersForm, context: dict[str, Any]
) -> HttpResponse:
    """Return the page of the form."""
    context |= {
        "kind": kind, "form": form, "parameters": parameters, "reach": reach(),
        "preview": reverse("preview_alarm_rule"),
    }  # fmt: skip
    return render(request, "alarms/form.html", context | times_of(request, form.instance))


@require_POST
@require(overseers)
def preview(request: AuthenticatedRequest) -> HttpResponse:
    """Return the sentence and the next due times of what is chosen in the form."""
    return render(request, "components/due_times.html", times_of(request, AlarmRule()))


def times_of(request: AuthenticatedRequest, stored: AlarmRule) -> dict[str, Any]:
    """Return how often a rule would look, or what is wrong with the controls."""
    if request.method == "POST":
        form = TimesForm(request.POST, instance=AlarmRule())
        return due_times(form.instance) if form.is_valid() else {"problems": problems_of(form)}
    return due_times(stored if stored.pk else AlarmRule(**usual_times()))


def problems_of(form: forms.BaseForm) -> list[str]:
    """Return what is wrong with a form, each with the field where it was typed."""
    found = []
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        found += [f"{label}: {error}" if label else str(error) for error in errors]
    return found


@require_POST
@require(overseers)
def trial(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Tell what the settings in the form would have raised in the last days; nothing is stored."""
    kind, owner = kind_named(slug), owner_of_trial(request)
    times, parameters = TimesForm(request.POST, instance=AlarmRule()), parameters_form(kind, owner, request.POST)
    if not all([times.is_valid(), parameters.is_valid()]):
        return render(request, "alarms/trial.html", {"problems": [*problems_of(parameters), *problems_of(times)]})
    # As if it had looked all the time: whole weeks, so that the days of the week stay.
    times.instance.first_day = min(times.instance.first_day, timezone.localdate()) - timedelta(weeks=52)
    tried = try_out(kind, parameters.parameters(), owner, times.instance.recurrence, days=TRIAL_DAYS)
    context = {
        "trial": tried, "why": reasons.TEXTS.get(tried.reason, ""), "fired": len(tried.findings), "days": TRIAL_DAYS,
        "shown": SHOWN, "verdict": verdict_on(tried),
        "rows": worded_findings(tried.findings[:SHOWN], kind, request.user, times.instance.zone),
        "picture": picture_of(tried.by_day) if tried.findings else None,
    }  # fmt: skip
    return render(request, "alarms/trial.html", context)


def verdict_on(tried: Trial) -> str:
    """Return how often it would have fired, and how many messages that would have been."""
    fired = ngettext("%(number)s alarm", "%(number)s alarms", len(tried.findings))
    letters = ngettext("%(number)s message", "%(number)s messages", tried.letters)
    text = _("With these settings it would have fired in the last %(days)s days: %(alarms)s in %(messages)s.")
    return text % {
        "days": number(TRIAL_DAYS), "alarms": fired % {"number": number(len(tried.findings))},
        "messages": letters % {"number": number(tried.letters)},
    }  # fmt: skip


def owner_of_trial(request: AuthenticatedRequest) -> User:
    """Return with whose rights is tried: those of the rule that is being changed, else the reader's."""
    wanted = read_id(request.GET.get("rule", ""))
    return (find(request, wanted).owner if wanted else None) or request.user
