"""The Call Analytics gadget: the own outgoing calls as a chart, and the newest calls (GAD-2)."""

import hashlib

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, get_language_bidi
from django.views.decorators.http import require_safe

from accounting.services.masking import mask_for
from accounting.services.naming import named_calls
from accounting.views.gadgets import gadget, news, shown
from callanalytics.lib.periods import NAMES
from callanalytics.web.requests import AuthenticatedRequest
from reports.charts.drawing import Sheet
from reports.charts.svg import draw
from reports.services.home import arrival_mark
from reports.services.own_calls import KINDS, PERIODS, own_calls

LAYOUT = 1
"""Raise it when the template of the live part changes, so that open gadgets fetch the new form."""
NARROW = 300.0


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
    tag = tag_of(request)
    return shown(request, "gadgets/calls.html", "gadget_calls_live", rendered(request), tag, **choices)


@require_safe
@gadget
def calls_live(request: AuthenticatedRequest) -> HttpResponse:
    """Return the part that updates itself; 304 after one small query when nothing has arrived."""
    return news(request, tag_of(request), lambda: rendered(request))


def rendered(request: AuthenticatedRequest) -> str:
    """Return the live part."""
    period, kind = chosen(request)
    found = own_calls(request.user, period, kind)
    sheet = Sheet(get_language_bidi(), None, NARROW)
    drawing = mark_safe(draw(found.chart, sheet)) if found.outgoing else ""  # noqa: S308  (escaped by draw)
    context = {
        "drawing": drawing, "outgoing": found.outgoing, "period": NAMES[period],
        "calls": named_calls(found.records, mask_for(request.user)),
    }  # fmt: skip
    return render_to_string("gadgets/calls_live.html", context)


def tag_of(request: AuthenticatedRequest) -> str:
    """Return a text that differs with everything that the live part shows."""
    seen = (
        request.user.pk, get_language(), timezone.get_current_timezone_name(), timezone.localdate(), LAYOUT,
        chosen(request), arrival_mark(),
    )  # fmt: skip
    return hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()
