"""Timetables: the list with pictures of their weeks, the form with its preview, pause and deletion (EX-12)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.models import Office, User
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest
from phonelock.forms.timetables import TimetableForm
from phonelock.models import Timetable
from phonelock.services.ruling import follow_soon
from phonelock.services.timetable_words import rule_in_words, week_of
from phonelock.services.timetables import effect_of, reach_of

MOST_SHOWN = 100


@require_safe
@require(administrators)
def lock_timetables(request: AuthenticatedRequest) -> HttpResponse:
    """List the timetables with what they do now."""
    now = timezone.now()
    found = Timetable.objects.select_related("office", "department").prefetch_related("exemptions__person")
    cards = [
        {
            "timetable": one, "rule": rule_in_words(one), "office": (office := office_shown(one)),
            "week": week_of(one, office), "exempt": (exempt := [row.person for row in one.exemptions.all()]),
            "effect": effect_of(one, exempt, now) if one.active else None,
        }
        for one in found[:MOST_SHOWN]
    ]  # fmt: skip
    return render(request, "phonelock/timetables.html", {"cards": cards})


def office_shown(timetable: Timetable) -> Office | None:
    """Return the office by whose hours the week is drawn: its own, else that of most of its people."""
    if timetable.office_id:
        return Office.objects.prefetch_related("holidays").get(pk=timetable.office_id)
    reach = reach_of([timetable])
    counts: dict[int, int] = {}
    for person in reach.places:
        if office := reach.offices.get(person):
            counts[office] = counts.get(office, 0) + 1
    most = max(counts, key=lambda pk: (counts[pk], -pk), default=None)
    return Office.objects.prefetch_related("holidays").get(pk=most) if most else None


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def add_timetable(request: AuthenticatedRequest) -> HttpResponse:
    """Show the form of a new timetable, preview it, or store it."""
    return handle(request, Timetable())


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def edit_timetable(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Change a timetable; lines follow at once."""
    return handle(request, get_object_or_404(Timetable, pk=pk))


def handle(request: AuthenticatedRequest, timetable: Timetable) -> HttpResponse:
    """Show, preview or store a timetable."""
    is_new, name = timetable.pk is None, str(timetable)
    data = request.POST if request.method == "POST" else None
    form = TimetableForm(data, instance=timetable, reader=request.user)
    context: dict[str, Any] = {"form": form, "timetable": None if is_new else timetable, "name": name}
    if data is None or not form.is_valid():
        return render(request, "phonelock/timetable_form.html", context)
    if "preview" in data:
        exempt: list[User] = form.cleaned_data["exempt"]
        office = office_shown(timetable)
        context |= {
            "effect": effect_of(timetable, exempt, timezone.now()), "office": office,
            "week": week_of(timetable, office), "rule": rule_in_words(timetable),
        }  # fmt: skip
        return render(request, "phonelock/timetable_form.html", context)
    form.save()
    follow_soon()
    text = _("“%(name)s” is set and acts within a minute.") if is_new else _("“%(name)s” is changed.")
    messages.success(request, text % {"name": timetable})
    return redirect("lock_timetables")


@require_POST
@require(administrators)
def pause_timetable(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a timetable lock nothing until it is resumed; what it holds is released."""
    return act(request, pk, active=False)


@require_POST
@require(administrators)
def resume_timetable(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a timetable act again."""
    return act(request, pk, active=True)


def act(request: AuthenticatedRequest, pk: int, *, active: bool) -> HttpResponse:
    """Pause or resume."""
    timetable = get_object_or_404(Timetable, pk=pk)
    timetable.active = active
    timetable.save()
    follow_soon()
    text = _("“%(name)s” acts again.") if active else _("“%(name)s” is paused: its locks are lifted within a minute.")
    messages.success(request, text % {"name": timetable})
    return redirect("lock_timetables")


@require_POST
@require(administrators)
def delete_timetable(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Delete a timetable; what it holds is released."""
    timetable = get_object_or_404(Timetable, pk=pk)
    timetable.delete()
    follow_soon()
    messages.success(request, _("“%(name)s” is deleted: its locks are lifted within a minute.") % {"name": timetable})
    return redirect("lock_timetables")
