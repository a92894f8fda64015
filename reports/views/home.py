"""The home page: the person's newest calls and a summary, which update themselves while the page is open."""

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounting.models import User
from accounting.services.arrivals import arrival_mark
from accounting.services.masking import mask_for
from accounting.services.naming import named_calls
from accounting.views.live import Found, first_part, news, view_mark
from alarms.services.overview import MOST_COUNTED, open_alarms
from callanalytics.lib.periods import NAMES, named
from callanalytics.web.requests import AuthenticatedRequest
from callanalytics.web.views import refused
from phonelock.models import LockSetUp
from phonelock.services.seeing import LineView, lines_held_by
from phonelock.services.words import sign_of
from reports.models import SavedReport
from reports.services.home import HomeCalls, home_calls
from reports.services.usage import SHORTCUTS, most_used

PERIODS = ("today", "7d", "month", "30d")
DEFAULT_PERIOD = "7d"
KEPT_SECONDS = 300
LAYOUT = 4
"""Raise it when the template of the live part changes, so that open pages fetch the new form."""


@require_safe
@login_required
def home(request: AuthenticatedRequest) -> HttpResponse:
    """Show the person's newest calls and the summary of a period (HOME-1 to HOME-4)."""
    problem = _problem(request)
    if problem:
        return refused(request, [problem], reverse("home"))
    period = _period(request)
    fragment, tag = _fragment(request, period)
    context = {
        "fragment": fragment,
        "etag": tag,
        "period": period,
        "periods": [(name, NAMES[name]) for name in PERIODS],
        "most_used": most_used(request.user),
        "lines": own_locks(request.user),
        "alarms": open_alarms(request.user) if request.user.is_overseer else 0,
        "most_alarms": MOST_COUNTED,
        "own_reports": SavedReport.objects.kept().owned_by(request.user).only("pk", "name")[:SHORTCUTS],
    }
    return render(request, "reports/home.html", context)


def own_locks(person: User) -> list[tuple[LineView, str]]:
    """Return the person's lines and the icons of their states, where Phone Lock is set up at all."""
    return [(line, sign_of(line)) for line in lines_held_by(person)] if LockSetUp.objects.exists() else []


@require_safe
@login_required
def live(request: AuthenticatedRequest) -> HttpResponse:
    """Return the part that updates itself; 304 after one small query when nothing has arrived."""
    problem = _problem(request)
    if problem:
        return refused(request, [problem], reverse("home"))
    period = _period(request)
    return news(request, view_mark(request, period, LAYOUT), lambda: _found(request, period))


def _found(request: AuthenticatedRequest, period: str) -> Found:
    """Return what the live part shows."""
    calls = home_calls(request.user, named(period))
    return Found(calls.mark, lambda: _rendered(request, calls))


def _fragment(request: AuthenticatedRequest, period: str) -> tuple[str, str]:
    """Return the rendered live part and its tag; kept in the cache as long as nothing arrives."""
    view, arrival = view_mark(request, period, LAYOUT), arrival_mark()
    key = f"{view}-{arrival}"
    kept: tuple[str, str] | None = cache.get(key)
    if kept is None:
        kept = first_part(view, arrival, lambda: _found(request, period))
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _rendered(request: AuthenticatedRequest, calls: HomeCalls) -> str:
    rows = named_calls(calls.records, mask_for(request.user))
    # Asked only when the list is empty: whether calls are to be expected at all.
    without_line = not rows and not request.user.lines.exists()
    context = {
        "calls": rows, "summary": calls.summary, "private": calls.private, "without_line": without_line,
        "user": request.user,
    }  # fmt: skip
    return render_to_string("reports/home_live.html", context)


def _period(request: AuthenticatedRequest) -> str:
    return request.GET.get("period", DEFAULT_PERIOD)


def _problem(request: AuthenticatedRequest) -> str:
    """Return what is wrong with the address, '' when nothing is."""
    unknown = sorted(set(request.GET) - {"period"})
    if unknown:
        return _("“%(key)s” is not a setting of this page.") % {"key": unknown[0]}
    if len(request.GET.getlist("period")) > 1:
        return _("“%(key)s” is given more than once.") % {"key": "period"}
    if _period(request) not in PERIODS:
        return _("“%(value)s” is not a period of this page.") % {"value": _period(request)}
    return ""
