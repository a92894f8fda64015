"""The Call Analytics gadget: the own outgoing calls as a chart, and the newest calls (GAD-2)."""

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_bidi
from django.views.decorators.http import require_safe

from accounting.services.arrivals import arrival_mark
from accounting.services.masking import mask_for
from accounting.services.naming import named_calls
from accounting.views.gadgets import gadget, shown
from accounting.views.live import Found, first_part, news, view_mark
from callanalytics.lib.periods import NAMES
from callanalytics.web.requests import AuthenticatedRequest
from reports.charts.drawing import Sheet
from reports.charts.svg import draw
from reports.services.own_calls import KINDS, PERIODS, OwnCalls, own_calls

LAYOUT = 3
"""Raise it when the template of the live part changes, so that open gadgets fetch the new form."""
NARROW = 304.0


def chosen(request: AuthenticatedRequest) -> tuple[str, str]:
    """Return the period and the kind of calls that the address names; what is unknown is the first of each."""
    period, kind = request.GET.get("period", ""), request.GET.get("calls", "")
    return period if period in PERIODS else PERIODS[0], kind if kind in KINDS else "all"


@require_safe
@gadget
def calls(request: AuthenticatedRequest) -> HttpResponse:
    """Show the gadget."""
    period, kind = chosen(request)
    choices = {
        "period": period, "periods": [(name, NAMES[name]) for name in PERIODS],
        "kind": kind, "kinds": [(name, label) for name, (label, _condition) in KINDS.items()],
    }  # fmt: skip
    fragment, tag = first_part(seen_as(request), arrival_mark(), lambda: found(request))
    return shown(request, "gadgets/calls.html", "gadget_calls_live", fragment, tag, **choices)


@require_safe
@gadget
def calls_live(request: AuthenticatedRequest) -> HttpResponse:
    """Return the part that updates itself; 304 after one small query when nothing has arrived."""
    return news(request, seen_as(request), lambda: found(request))


def seen_as(request: AuthenticatedRequest) -> str:
    """Return a text that differs with everything that the live part shows but the calls."""
    return view_mark(request, LAYOUT, chosen(request))


def found(request: AuthenticatedRequest) -> Found:
    """Return what the live part shows."""
    calls = own_calls(request.user, *chosen(request))
    return Found(calls.mark, lambda: rendered(request, calls))


def rendered(request: AuthenticatedRequest, found: OwnCalls) -> str:
    """Return the live part."""
    period, kind = chosen(request)
    sheet = Sheet(get_language_bidi(), None, NARROW)
    drawing = mark_safe(draw(found.chart, sheet)) if found.outgoing else ""  # noqa: S308  (escaped by draw)
    context = {
        "drawing": drawing, "outgoing": found.outgoing, "period": NAMES[period],
        "calls": named_calls(found.records, mask_for(request.user)), "narrowed": kind != "all",
        # Asked only when the list is empty: whether calls are to be expected at all.
        "without_line": not found.records and not request.user.lines.exists(),
        "reader": request.user,
    }  # fmt: skip
    return render_to_string("gadgets/calls_live.html", context)
