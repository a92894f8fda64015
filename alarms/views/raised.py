"""What was raised: the list, each alarm with the calls behind it, and acknowledging."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounting.services.masking import mask_for
from accounting.services.naming import named_calls
from accounting.services.recurrence_words import when_of
from accounting.services.witnessing import witness
from accounting.tables import ALL_CALLS
from alarms.filters import SHOWN, AlarmFilter
from alarms.models import Alarm, AlarmRule
from alarms.querysets import AlarmQuerySet
from alarms.services.acknowledging import acknowledge, reopen
from alarms.services.overview import count_anew
from alarms.services.rules import settings_of
from alarms.services.told import messages_of
from alarms.services.wording import calls_of, worded
from callanalytics.web.pagination import SIZES, Paging
from callanalytics.web.permissions import overseers, require
from callanalytics.web.requests import AuthenticatedRequest, chosen_ids, client_address, one_of, way_back
from callanalytics.web.tables import Table
from callanalytics.web.views import refused

JUST_DONE = "acknowledged_alarms"
"""The session keeps the alarms for which the next page offers to undo."""
CALLS = 100
"""Calls that the page of an alarm shows."""
MOST_AT_ONCE = 1000
LONGEST_NOTE = 300


@require_safe
@require(overseers)
def alarms(request: AuthenticatedRequest) -> HttpResponse:
    """Show the alarms of the own rules, to administrators those of all, the open ones first."""
    filters = AlarmFilter(request.GET, reader=request.user)
    problems = filters.problems()
    try:
        paging = Paging.read(request.GET)
    except ValueError as error:
        problems = [str(error), *problems]
    if problems:
        return refused(request, problems, reverse("alarms"))
    found = filters.narrow(visible(request)).select_related("rule", "acknowledged_by")
    page = paging.page(found, "raised_at")
    context = {
        "rows": worded(page.rows, request.user), "page": page, "paging": paging, "sizes": SIZES, "filters": filters,
        "states": [(name, label, with_state(filters, name)) for name, label in SHOWN.items()],
        "show": filters.shown, "first_page": filters.without(), "without_size": filters.without("size"),
        "done": just_done(request), "any_rule": AlarmRule.objects.visible_to(request.user).kept().exists(),
        "can_acknowledge": any(alarm.acknowledged_at is None for alarm in page.rows),
    }  # fmt: skip
    return render(request, "alarms/alarms.html", context)


def with_state(filters: AlarmFilter, name: str) -> str:
    """Return the query string of the same list in another state."""
    left = filters.params.copy()
    for key in ("show", "after", "before"):
        left.pop(key, None)
    left["show"] = name
    return left.urlencode()


@require_safe
@require(overseers)
def alarm(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show one alarm with the calls behind it that the reader may see."""
    found = find(request, pk)
    records = list(calls_of(found, request.user)[: CALLS + 1])
    shown, masker = records[:CALLS], mask_for(request.user)
    told = worded([found], request.user)[0]
    subject = f"{found.rule.name}: {told.sentence}"
    witness(masker, shown, "alarm", found.pk, subject, client_address(request) or None)
    context = {
        "told": told, "when": when_of(found.rule), "settings": settings_of(found.rule), "more": len(records) > CALLS,
        "table": Table(ALL_CALLS, named_calls(shown, masker, owners=True)) if shown else None, "most": CALLS,
        "report": told.report, "done": just_done(request), "told_to": messages_of(found),
    }  # fmt: skip
    return render(request, "alarms/alarm.html", context)


@require_POST
@require(overseers)
def acknowledge_some(request: AuthenticatedRequest) -> HttpResponse:
    """Acknowledge the chosen alarms; the next page offers to undo."""
    note = " ".join(request.POST.get("note", "").replace("\0", "").split())[:LONGEST_NOTE]
    keys = acknowledge(chosen(request), request.user, note)
    count_anew(request.user)
    if keys:
        request.session[JUST_DONE] = keys
    else:
        messages.info(request, _("No open alarm was chosen."))
    return redirect(way_back(request, reverse("alarms")))


@require_POST
@require(overseers)
def reopen_some(request: AuthenticatedRequest) -> HttpResponse:
    """Undo the acknowledgement of the chosen alarms."""
    keys = reopen(chosen(request), request.user)
    count_anew(request.user)
    if not keys:
        messages.error(request, _("Only who has acknowledged an alarm, or an administrator, can open it again."))
    return redirect(way_back(request, reverse("alarms")))


def visible(request: AuthenticatedRequest) -> AlarmQuerySet:
    """Return the alarms of rules that the person may see and that are not deleted."""
    return Alarm.objects.visible_to(request.user).filter(rule__deleted_at__isnull=True)


def chosen(request: AuthenticatedRequest) -> AlarmQuerySet:
    """Return the alarms that a form names, as far as the person may see them."""
    return visible(request).filter(pk__in=chosen_ids(request, "alarm")[:MOST_AT_ONCE])


def just_done(request: AuthenticatedRequest) -> list[int]:
    """Return the ids of the alarms that were acknowledged just now."""
    keys: list[int] = request.session.pop(JUST_DONE, [])
    return keys


def find(request: AuthenticatedRequest, pk: int) -> Alarm:
    """Return an alarm of a rule that the person may see; 404 for any other."""
    found = visible(request).select_related("rule__owner", "run", "acknowledged_by")
    return one_of(found, pk, _("There is no such alarm."))
