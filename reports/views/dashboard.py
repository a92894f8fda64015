"""The dashboard: a person's page of widgets, each of which comes by itself (DASH-1 to DASH-3, EX-10)."""

import hashlib
import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounting.models import ReferenceRevision, Role
from accounting.services.columns.reading import TooLongError, limited
from callanalytics.lib.periods import NAMES
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, chosen_ids
from reports.models import SavedReport
from reports.services import dashboards
from reports.services.dashboards import BOTTOM, END, MIDDLE, SAVED, START, TOP, Place
from reports.widgets import WIDGETS
from reports.widgets.base import Content, NothingToShow, Sight

ZONE_LABELS = (
    (TOP, gettext_lazy("At the top")),
    (START, gettext_lazy("At the beginning of the line")),
    (MIDDLE, gettext_lazy("In the middle")),
    (END, gettext_lazy("At the end of the line")),
    (BOTTOM, gettext_lazy("At the bottom")),
)
CLOSED = "closed_widget"
"""The session keeps the widget for which the page offers to undo."""


@require_safe
@never_cache
@login_required
def dashboard(request: AuthenticatedRequest) -> HttpResponse:
    """Show the frames of the person's widgets; what is in them comes by itself."""
    closed = request.session.pop(CLOSED, None)
    context = board(request)
    context |= {
        "widgets": [one for one in WIDGETS.values() if one.slug != SAVED and one.permission(request.user)],
        "zones": ZONE_LABELS, "closed": dashboards.read([closed])[:1] if closed else [],
        "signed": signing.dumps(closed, salt=salt_of(request)) if closed else "",
        "reports": SavedReport.objects.visible_to(request.user).order_by("name"),
        "is_own": dashboards.is_own(request.user), "roles": Role.choices,
        "there": {frame["place"].report or frame["place"].widget for frame in context["frames"]},
    }  # fmt: skip
    return render(request, "dashboard/dashboard.html", context)


@require_safe
@never_cache
@login_required
def wall(request: AuthenticatedRequest) -> HttpResponse:
    """Show the person's widgets alone, for a screen on the wall; minimised ones would say nothing there."""
    frames = [frame for frame in board(request)["frames"] if not frame["place"].folded]
    return render(request, "dashboard/wall.html", {"frames": frames})


def board(request: AuthenticatedRequest) -> dict[str, Any]:
    """Return the frames of the person's widgets in the order in which they are read."""
    places = dashboards.in_order(dashboards.dashboard_of(request.user))
    reports = SavedReport.objects.visible_to(request.user)
    names = dict(reports.filter(pk__in=[one.report for one in places if one.report]).values_list("pk", "name"))
    frames = [
        {"place": one, "widget": one.what, "name": names.get(one.report or 0) or one.what.label,
         "periods": [(name, NAMES[name]) for name in one.what.periods]}
        for one in places
    ]  # fmt: skip
    return {"frames": frames}


@require_safe
@login_required
def widget(request: AuthenticatedRequest, name: str) -> HttpResponse:
    """Return what one widget shows; what goes wrong in it is told in it."""
    place = found(request, name)
    response = HttpResponse(shown(request, place))
    response["Cache-Control"] = "private, no-store"
    return response


def found(request: AuthenticatedRequest, name: str) -> Place:
    """Return one of the person's widgets; 404 for any other."""
    place = next((one for one in dashboards.dashboard_of(request.user) if one.id == name), None)
    if place is None:
        raise Http404
    return place


def shown(request: AuthenticatedRequest, place: Place) -> str:
    """Return the inside of a widget, kept for a moment for the same reader."""
    what, key = place.what, mark_of(request, place)
    kept: str | None = cache.get(key) if what.kept_seconds else None
    if kept is not None:
        return kept
    try:
        with limited(settings.REPORT_SECONDS):
            content = what.show(Sight(request.user, place.w, place.period, place.report, is_narrow(request)))
    except NothingToShow as reason:
        content = Content("widgets/nothing.html", {"text": str(reason)})
    except TooLongError:
        text = _("This takes longer than a widget may. Open the report instead, or choose a shorter time.")
        content = Content("widgets/nothing.html", {"text": text, "again": place.id})
    with timezone.override(content.zone or timezone.get_current_timezone()):
        inside = render_to_string(content.template, {**content.context, "address": content.address}, request)
    if what.kept_seconds:
        cache.set(key, inside, what.kept_seconds)
    return inside


def is_narrow(request: AuthenticatedRequest) -> bool:
    """Return whether the reader's screen is that of a phone, as its browser has told."""
    return request.COOKIES.get("screen") == "narrow"


def mark_of(request: AuthenticatedRequest, place: Place) -> str:
    """Return a text that differs with all but newly arrived calls: reader, scope, masks, language, zone, day, place."""
    user = request.user
    revision = ReferenceRevision.objects.filter(pk=1).values_list("number", flat=True).first()
    scope = list(user.supervisions.order_by("pk").values_list()) if user.is_supervisor else user.role
    seen = (
        user.pk, scope, revision, get_language(), timezone.get_current_timezone_name(), timezone.localdate(),
        place.widget, place.w, place.period, place.report, is_narrow(request),
    )  # fmt: skip
    return f"widget-{hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()}"


@require_POST
@login_required
def add_widgets(request: AuthenticatedRequest) -> HttpResponse:
    """Add the chosen widgets in the chosen part of the screen."""
    slugs = [slug for slug in request.POST.getlist("widget") if slug in WIDGETS]
    reports = chosen_ids(request, "report")
    zone = request.POST.get("zone", BOTTOM)
    if zone not in dashboards.ZONES or not (slugs or reports):
        messages.error(request, _("Choose at least one widget."))
        return redirect("dashboard")
    try:
        dashboards.add(request.user, slugs, zone, reports)
    except dashboards.TooManyWidgets:
        tell_no_room(request)
    return redirect("dashboard")


@require_POST
@login_required
def arrange(request: AuthenticatedRequest) -> HttpResponse:
    """Keep where the widgets are and how large: JSON, by their names x, y, w, h."""
    try:
        wanted = json.loads(request.body)
        dashboards.arrange(request.user, {str(name): dict(values) for name, values in dict(wanted).items()})
    except (ValueError, TypeError, RecursionError):
        return refusal(_("These are no places of widgets."))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def refusal(text: str) -> HttpResponse:
    """Refuse what no form of the page sends; the text may repeat it, so it is no HTML."""
    return HttpResponse(text, status=HTTPStatus.BAD_REQUEST, content_type="text/plain; charset=utf-8")


@require_POST
@login_required
def close_widget(request: AuthenticatedRequest, name: str) -> HttpResponse:
    """Take a widget away, and offer to undo that."""
    closed = dashboards.close(request.user, name)
    if closed is not None:
        request.session[CLOSED] = asdict(closed)
    return redirect("dashboard")


@require_POST
@login_required
def restore_widget(request: AuthenticatedRequest) -> HttpResponse:
    """Put back the widget that was closed, as the page has signed it for this person."""
    try:
        closed = signing.loads(request.POST.get("place", ""), salt=salt_of(request))
        for place in dashboards.read([closed]):
            dashboards.restore(request.user, place)
    except signing.BadSignature:
        messages.error(request, _("These are no places of widgets."))
    except dashboards.TooManyWidgets:
        tell_no_room(request)
    return redirect("dashboard")


def salt_of(request: AuthenticatedRequest) -> str:
    """Return for what and for whom a closed widget is signed."""
    return f"closed widget of {request.user.pk}"


def tell_no_room(request: AuthenticatedRequest) -> None:
    """Tell how many widgets there is room for."""
    text = _("There is room for %(most)s widgets. Close some first.")
    messages.error(request, text % {"most": dashboards.MOST_WIDGETS})


@require_POST
@login_required
def fold_widget(request: AuthenticatedRequest, name: str) -> HttpResponse:
    """Minimise a widget to its name, or show it whole again."""
    if dashboards.change(request.user, name, folded=request.POST.get("folded") == "1") is None:
        raise Http404
    return redirect("dashboard")


@require_POST
@login_required
def choose_period(request: AuthenticatedRequest, name: str) -> HttpResponse:
    """Choose the time that a widget shows; answer with what it shows then."""
    period = request.POST.get("period", "")
    if period not in found(request, name).what.periods:
        return refusal(_("“%(value)s” is not a period of this page.") % {"value": period})
    place = dashboards.change(request.user, name, period=period)
    if place is None:  # closed meanwhile
        raise Http404
    return HttpResponse(shown(request, place)) if request.htmx else redirect("dashboard")


@require_POST
@login_required
def reset(request: AuthenticatedRequest) -> HttpResponse:
    """Let the person begin anew with the widgets of the role."""
    dashboards.reset(request.user)
    messages.success(request, _("Your dashboard is again the one of your role."))
    return redirect("dashboard")


@require_POST
@require(administrators)
def begin_with(request: AuthenticatedRequest) -> HttpResponse:
    """Let everybody of a role who has changed nothing see the widgets of this administrator."""
    role = request.POST.get("role", "")
    if role not in Role.values:
        return refusal(_("“%(value)s” is no role.") % {"value": role})
    dashboards.begin_with(role, dashboards.dashboard_of(request.user))
    text = _("People of the role “%(role)s” who have not changed their dashboard see these widgets from now on.")
    messages.success(request, text % {"role": Role(role).label})
    return redirect("dashboard")
